"""WhatsApp -> facts and pauses: how well our number and account are, and what they may send."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from agent.clients.whatsapp import WhatsApp
from agent.log import Log
from agent.pauses import ACCOUNT
from agent.room import LIMIT, THROUGHPUT
from agent.rules.account_health import Trouble, throughput, troubles
from agent.rules.room import people_a_day
from models import Pause, ShopFact
from models.base import transaction
from models.delivery import EVERYTHING, MARKETING

log = Log(__name__)

QUALITY: Final = "whatsapp_quality"
STATUS: Final = "whatsapp_status"


def read_account(whatsapp: WhatsApp, *, now: datetime) -> dict[str, int]:
    """Ask anew, write down what is said, and pause what it stands against.

    Meta raises the limit of those who write well, and lowers it without a word. A number that no longer
    tells a limit has none that we know of.
    """
    number = whatsapp.phone_number()
    told = {
        LIMIT: str(number.get("whatsapp_business_manager_messaging_limit") or ""),
        THROUGHPUT: str(throughput(number) or ""),
        QUALITY: str(number.get("quality_rating") or ""),
        STATUS: str(number.get("status") or ""),
    }
    with transaction():
        _write_down(told)
        found = troubles(number)
        for scope, stops_all in ((EVERYTHING, True), (MARKETING, False)):
            _pause(scope, [one for one in found if one.stops_all == stops_all], now)
    limit = people_a_day(told[LIMIT])
    counts = {} if limit is None else {"people a day": limit}
    return counts | ({"troubles": len(found)} if found else {})


def _write_down(told: Mapping[str, str]) -> None:
    """Each change is told once; another quality too, before it becomes a trouble."""
    before = ShopFact.all()
    changed: dict[str, Any] = {
        name: value for name, value in told.items() if value != before.get(name)
    }
    for name, value in changed.items():
        log.info(
            "account.changed", which=name.removeprefix("whatsapp_"), now=value or "not told",
            was=before.get(name) or "not known",
        )  # fmt: skip
    if changed:
        ShopFact.put(changed)


def _pause(scope: str, found: list[Trouble], now: datetime) -> None:
    """Pause while there is something, and end it when there is nothing any more; told when it changes."""
    standing = Pause.get_or_none(Pause.scope == scope, Pause.source == ACCOUNT)
    was = "" if standing is None else standing.reason
    reason = "; ".join(one.what for one in found)
    if reason == was:
        return
    pauses = "everything" if scope == EVERYTHING else "marketing"
    if not reason:
        Pause.lift(scope, ACCOUNT)
        log.info("account.well", goes_on=pauses, was=was)
        return
    Pause.put(scope, ACCOUNT, reason, now=now)
    tell = log.error if scope == EVERYTHING else log.warning
    tell("account.trouble", pauses=pauses, reason=reason, fix="; ".join(one.fix for one in found))
