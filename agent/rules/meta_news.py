"""What Meta tells of our templates, our number and our account, as typed events.

Fields: Meta's webhook reference for the seven fields that are named in NEWS. `at` is when Meta told it,
None where the webhook does not say.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from agent.rules.webhook_values import elements, inner, instant, optional, text


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateStatus:
    """A template was approved, rejected, paused, disabled... `title` says which pause it is."""

    name: str
    language: str
    event: str
    reason: str = ""
    title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateQuality:
    """What people think of a template: GREEN, YELLOW, RED, UNKNOWN."""

    name: str
    language: str
    now: str
    was: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateCategory:
    """Another category: of a change that is announced `becomes`, of one that is done `was`."""

    name: str
    language: str
    now: str
    was: str = ""
    becomes: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberChange:
    """The number's throughput, limit or standing; Meta's field for it is named after its quality."""

    event: str
    limit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Capability:
    """The limit of people in 24 hours: a number, -1 for none, or a word as TIER_2K."""

    limit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Restriction:
    """What the account may not do, until when; None: no end is known."""

    kind: str
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountUpdate:
    """A restriction, a violation, a ban, the end of one, or something that matters less."""

    event: str
    at: datetime | None = None
    restrictions: tuple[Restriction, ...] = ()
    ban: str = ""  # DISABLE, SCHEDULE_FOR_DISABLE, REINSTATE
    ban_date: str = ""
    violation: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountAlert:
    """Something that Meta wants to be read by a person."""

    kind: str
    severity: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountError:
    """An error that is about no message: of the number or the account."""

    code: int
    said: str = ""


TemplateNews = TemplateStatus | TemplateQuality | TemplateCategory
AccountNews = NumberChange | Capability | AccountUpdate | AccountAlert | AccountError
MetaNews = TemplateNews | AccountNews


def _template_status(value: Mapping[str, Any], _: datetime | None) -> TemplateStatus:
    reason = optional(value, "reason")
    return TemplateStatus(
        **_template(value),
        event=text(value["event"]),
        reason=optional(inner(value, "rejection_info"), "reason")
        or ("" if reason == "NONE" else reason),
        title=optional(inner(value, "other_info"), "title"),
    )


def _template_quality(value: Mapping[str, Any], _: datetime | None) -> TemplateQuality:
    return TemplateQuality(
        **_template(value),
        now=text(value["new_quality_score"]),
        was=optional(value, "previous_quality_score"),
    )


def _template_category(value: Mapping[str, Any], _: datetime | None) -> TemplateCategory:
    now, correct = text(value["new_category"]), optional(value, "correct_category")
    return TemplateCategory(
        **_template(value),
        now=now,
        was=optional(value, "previous_category"),
        becomes="" if correct == now else correct,
    )


def _template(value: Mapping[str, Any]) -> dict[str, str]:
    """Its name and language: `en-US` in some of these, `en_US` in others."""
    return {
        "name": text(value["message_template_name"]),
        "language": text(value["message_template_language"]).replace("-", "_"),
    }


def _number_change(value: Mapping[str, Any], _: datetime | None) -> NumberChange:
    return NumberChange(
        event=text(value["event"]),
        limit=optional(value, "max_daily_conversations_per_business")
        or optional(value, "current_limit"),
    )


def _capability(value: Mapping[str, Any], _: datetime | None) -> Capability:
    limit = optional(value, "max_daily_conversations_per_business")
    return Capability(limit=limit or optional(value, "max_daily_conversation_per_phone"))


def _account_update(value: Mapping[str, Any], at: datetime | None) -> AccountUpdate:
    ban = inner(value, "ban_info")
    return AccountUpdate(
        event=text(value["event"]),
        at=at,
        restrictions=tuple(
            _restriction(one)
            for one in elements(value, "restriction_info")
            if isinstance(one, Mapping)
        ),
        ban=optional(ban, "waba_ban_state"),
        ban_date=optional(ban, "waba_ban_date"),
        violation=optional(inner(value, "violation_info"), "violation_type"),
    )


def _restriction(one: Mapping[str, Any]) -> Restriction:
    """One whose end cannot be read is one without an end: it must not be overlooked."""
    try:
        until = instant(one["expiration"])
    except (KeyError, ValueError, OverflowError, OSError):
        until = None
    return Restriction(kind=optional(one, "restriction_type") or "of an unknown kind", until=until)


def _account_alert(value: Mapping[str, Any], _: datetime | None) -> AccountAlert:
    told = inner(value, "alert_info") or value
    return AccountAlert(
        kind=text(told["alert_type"]),
        severity=optional(told, "alert_severity"),
        description=optional(told, "alert_description"),
    )


NEWS: Final[Mapping[str, Callable[[Any, datetime | None], MetaNews]]] = MappingProxyType(
    {
        "message_template_status_update": _template_status,
        "message_template_quality_update": _template_quality,
        "template_category_update": _template_category,
        "phone_number_quality_update": _number_change,
        "business_capability_update": _capability,
        "account_update": _account_update,
        "account_alerts": _account_alert,
    }
)
"""Field of a webhook -> what reads its value; KeyError, TypeError and ValueError where it cannot be read."""
