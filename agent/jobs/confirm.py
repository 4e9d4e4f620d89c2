"""Confirmations of a STOP -> WhatsApp: each at most once, in the person's own window, and in no hurry.

They are not in the outbox: no template, no campaign and no cap has to do with them. What was claimed and
of which no answer was written may have been sent, so it is never sent again.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from agent import faults
from agent.clients.outcomes import Accepted, Action, Declined, Lost, NotSent, Outcome
from agent.clients.whatsapp import WhatsApp
from agent.config import Settings
from agent.consent import stands
from agent.consequences import stop_account
from agent.conversations import WINDOW
from agent.log import Log
from agent.rules.consent import MARKETING, YES
from models import Confirmation, Contact, Pause
from models.base import transaction
from models.delivery import EVERYTHING

log = Log(__name__)

UNSURE = "nothing to do: the STOP holds, and it is not confirmed twice"

IN_TIME: Final = timedelta(minutes=1)  # before the window closes, so that it does not on the way
OVER: Final = "the 24 hours after their message are over"
ENDED: Final = "the process ended before the answer came: it may have been sent"
AGAIN: Final[Mapping[Action, timedelta]] = {
    Action.RETRY: timedelta(seconds=30),
    Action.SLOW: timedelta(seconds=60),
    Action.PAIR: timedelta(seconds=16),
    Action.ACCOUNT: timedelta(minutes=5),  # when nothing is paused any more
}
MOST_ATTEMPTS: Final = 6
NOT_SENT: Final = timedelta(seconds=30)


def confirm_stops(
    whatsapp: WhatsApp,
    settings: Settings,
    *,
    now: Callable[[], datetime],
    beat: Callable[[], None],
) -> dict[str, int]:
    """Send what waits, one by one. Returns how many ended how. Nothing is sent while all is paused."""
    tally: Counter[str] = Counter()
    lost = Confirmation.select().where(Confirmation.state == "claimed").count()
    if lost:
        tally["unsure"] += Confirmation.end_all("claimed", "unsure", ENDED, now())
        log.warning("confirmation.unsure", confirmations=lost, reason=ENDED, fix=UNSURE)
    beat()
    while (one := _claim(settings, now(), tally)) is not None:
        faults.point("confirmation claimed")
        beat()  # which may end us: then it is unsure, and not sent
        try:
            outcome = whatsapp.send(_request(one))
        except BaseException:  # we must stop, and nothing has left: see `WhatsApp.send`
            Confirmation.move(one.wamid, "claimed", "waiting")
            raise
        faults.point("confirmation answered")
        with transaction():
            _write(one, outcome, now(), tally)
        beat()
    return dict(tally)


def _claim(settings: Settings, now: datetime, tally: Counter[str]) -> Confirmation | None:
    """The next one, claimed on the disk; those that are not right any more end here."""
    if not Confirmation.select().where(Confirmation.state == "waiting").exists():
        return None
    with transaction():
        if EVERYTHING in Pause.scopes(now):
            return None
        due = Confirmation.select().where(
            Confirmation.state == "waiting", Confirmation.not_before <= now
        )
        for one in due.order_by(Confirmation.said_at, Confirmation.wamid):
            state, why_not = _why_not(one, settings, now)
            if not why_not:
                attempts = one.attempts + 1
                Confirmation.move(
                    one.wamid, "waiting", "claimed", claimed_at=now, attempts=attempts
                )
                one.attempts = attempts
                return one
            Confirmation.move(one.wamid, "waiting", state, detail=why_not, ended_at=now)
            tally[state] += 1
    return None


def _why_not(one: Confirmation, settings: Settings, now: datetime) -> tuple[str, str]:
    if now >= one.said_at + WINDOW - IN_TIME:
        return "expired", OVER
    if not settings.consent.confirm_stop:
        return "cancelled", "confirm_stop was switched off"
    phone = one.recipient
    if one.contact_id is not None and (contact := Contact.get_or_none(id=one.contact_id)):
        phone = contact.phone
    if stands(phone)[MARKETING].answer == YES:
        return "cancelled", "they agreed again meanwhile"
    return "", ""


def _request(one: Confirmation) -> dict[str, Any]:
    """A free-form text. Somebody whose number is hidden is reached by the user id."""
    address = "to" if one.recipient.startswith("+") else "recipient"
    return {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        address: one.recipient,
        "type": "text",
        "biz_opaque_callback_data": one.uid,
        "text": {"preview_url": False, "body": one.text},
    }


def _write(one: Confirmation, outcome: Outcome, now: datetime, tally: Counter[str]) -> None:
    match outcome:
        case Accepted():
            Confirmation.move(
                one.wamid, "claimed", "sent", sent_as=outcome.wamid, ended_at=now, detail=""
            )
            tally["sent"] += 1
            log.info("stop.confirmed", contact=one.contact_id or "unknown", language=one.language)
        case Lost():
            Confirmation.move(one.wamid, "claimed", "unsure", detail=outcome.reason, ended_at=now)
            tally["unsure"] += 1
            log.warning("confirmation.unsure", uid=one.uid, reason=outcome.reason, fix=UNSURE)
        case NotSent():
            wait = max(NOT_SENT, timedelta(seconds=outcome.after or 0))
            _again(one, now + wait, outcome.reason, tally)
        case Declined():
            _declined(one, outcome, now, tally)


def _declined(one: Confirmation, outcome: Declined, now: datetime, tally: Counter[str]) -> None:
    """An answer is an answer: it was not sent, and is tried again where that can help."""
    said = f"{outcome.code} {outcome.detail}"
    log.warning(
        "confirmation.declined",
        uid=one.uid,
        code=outcome.code,
        trace=outcome.fbtrace_id,
        detail=outcome.detail,
        fix="the STOP holds all the same; what can pass is tried again",
    )
    if outcome.action is Action.ACCOUNT:
        stop_account(outcome.code, said, at=now, now=now)
    if outcome.action in AGAIN and one.attempts < MOST_ATTEMPTS:
        _again(one, now + AGAIN[outcome.action], said, tally)
    else:
        Confirmation.move(one.wamid, "claimed", "refused", detail=said, ended_at=now)
        tally["refused"] += 1


def _again(one: Confirmation, when: datetime, why: str, tally: Counter[str]) -> None:
    Confirmation.move(one.wamid, "claimed", "waiting", not_before=when, detail=why)
    tally["tried again later"] += 1
