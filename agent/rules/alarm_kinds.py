"""All alarms that there are, and what one that stands says."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Final

CRITICAL: Final = "critical"  # messages do not leave, or what people said does not arrive
WARNING: Final = "warning"

KINDS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "whatsapp_token": (CRITICAL, "WhatsApp refuses the token, or it lacks a right"),
        "whatsapp_stopped": (CRITICAL, "WhatsApp answered that the account may not send"),
        "whatsapp_number": (
            CRITICAL,
            "the number or its account is not well: red, flagged, banned",
        ),
        "whatsapp_restriction": (CRITICAL, "Meta restricts the account, or announced that it will"),
        "template": (WARNING, "the template of a campaign that is on cannot be used"),
        "template_category": (WARNING, "WhatsApp counts a template of order news as marketing"),
        "shop_key": (CRITICAL, "the shop refuses the key"),
        "mirror_stale": (CRITICAL, "the shop was not read for long"),
        "mirror_drift": (WARNING, "rows of the mirror were not equal to the shop's"),
        "shop_webhooks": (WARNING, "the shop's webhooks are switched off or wrong"),
        "queue_stuck": (CRITICAL, "messages are due and may leave, and none leaves"),
        "unsure": (WARNING, "of many messages nobody knows whether they were sent"),
        "webhooks_wait": (CRITICAL, "webhooks of WhatsApp are not worked off"),
        "webhooks_missing": (CRITICAL, "WhatsApp takes messages, and tells nothing of them"),
        "set_aside": (WARNING, "parts of webhooks could not be read or worked off"),
        "disk": (CRITICAL, "the database's disk is nearly full"),
        "budget_spent": (WARNING, "the month's budget is spent"),
        "budget_prices": (WARNING, "money is limited, and prices are missing"),
        "restored": (CRITICAL, "the database was put back, or may have been"),
        "forward": (WARNING, "the address that is told of replies does not take them"),
        "coupons": (WARNING, "the shop does not make coupons as asked"),
        "canary": (WARNING, "a campaign stopped while its template was tried out"),
        "job_failing": (WARNING, "a job fails again and again"),
        "job_hung": (CRITICAL, "a job makes no progress"),
    }
)
"""kind -> (severity, what it is). A kind has one severity, so that a receiver can decide by it."""

PARTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        **dict.fromkeys(
            ("whatsapp_token", "whatsapp_stopped", "whatsapp_number", "whatsapp_restriction"),
            "whatsapp",
        ),
        **dict.fromkeys(("webhooks_wait", "webhooks_missing", "set_aside"), "whatsapp"),
        **dict.fromkeys(("shop_key", "shop_webhooks", "coupons"), "shop"),
        **dict.fromkeys(("mirror_stale", "mirror_drift"), "mirror"),
        **dict.fromkeys(("queue_stuck", "unsure", "budget_spent", "budget_prices"), "queue"),
        **dict.fromkeys(("template", "template_category", "canary"), "campaigns"),
        **dict.fromkeys(("disk", "restored", "forward", "job_failing", "job_hung"), "daemon"),
    }
)
"""kind -> the part of winback that it is about, for those who show the health of each."""


@dataclass(frozen=True, slots=True)
class Standing:
    """An alarm that stands: what is so, what to do, and since when where that is known."""

    kind: str
    what: str
    fix: str
    subject: str = ""
    since: datetime | None = None

    @property
    def severity(self) -> str:
        return KINDS[self.kind][0]

    @property
    def key(self) -> tuple[str, str]:
        return self.kind, self.subject
