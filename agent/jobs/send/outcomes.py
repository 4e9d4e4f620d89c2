"""What an outcome means for its message: one table of what follows from which class of error."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import peewee

from agent.clients.outcomes import Accepted, Action, Declined, Lost, NotSent, Outcome, action_of
from agent.consent import Heard, record
from agent.log import Log
from models import CampaignStanding, Contact, Identity, Message
from models.base import transaction

log = Log(__name__)

MOST_ATTEMPTS = 6  # for errors that may pass; afterwards the message is refused
LONGEST_BACKOFF = timedelta(minutes=15)
ASKED = ("claimed", "unsure")  # an answer may come after its run was given up, and still is one

# Nothing was sent in any of these: a received error is an answer. So the message may be tried again
# where the error can pass, and its place under the caps is given back where it cannot.
LATER: Mapping[Action, timedelta] = {
    Action.RETRY: timedelta(seconds=30),
    Action.SLOW: timedelta(seconds=60),
    Action.PAIR: timedelta(seconds=16),
    Action.ACCOUNT: timedelta(hours=1),
    Action.DEFER: timedelta(hours=24),
}


@dataclass(frozen=True, slots=True)
class Halt:
    """The account cannot send at all."""

    code: int
    detail: str


def write_outcomes(
    outcomes: Sequence[tuple[Message, Outcome]], *, now: datetime, tally: Counter[str]
) -> Halt | None:
    """Move each message where its outcome says; in the caller's transaction."""
    halt = None
    identities = []
    for message, outcome in outcomes:
        match outcome:
            case Accepted():
                state = "held" if outcome.held else "accepted"
                try:
                    with transaction():  # one that the table refuses takes no other with it
                        Message.accepted(message.id, wamid=outcome.wamid, state=state, now=now)
                except peewee.IntegrityError:
                    _unsure(message, f"WhatsApp gave {outcome.wamid} to another message", tally)
                    continue
                if outcome.wa_id:
                    identities.append(_wa_id(message, outcome.wa_id, now))
                tally[state] += 1
            case NotSent():
                wait = timedelta(seconds=outcome.after) if outcome.after else _backoff(message)
                _again(message, now + wait, outcome.reason)
                tally["not sent, tried again later"] += 1
            case Lost():
                _unsure(message, outcome.reason, tally)
            case Declined():
                halt = _declined(message, outcome, now, tally) or halt
    Identity.put(identities)
    return halt


def _declined(
    message: Message, outcome: Declined, now: datetime, tally: Counter[str]
) -> Halt | None:
    said = f"{outcome.code} {outcome.detail}"
    log.warning(
        "send.declined",
        uid=message.uid,
        code=outcome.code,
        action=outcome.action.value,
        trace=outcome.fbtrace_id,
        detail=outcome.detail,
    )
    wait = LATER.get(outcome.action)
    if wait is not None and _worth_another_try(message, outcome):
        _again(message, now + max(wait, _backoff(message)), said, outcome.code)
        tally["declined, tried again later"] += 1
    else:
        Message.move(
            [message.id], ASKED, "refused",
            code=outcome.code, detail=outcome.detail, ended_at=now,
        )  # fmt: skip
        tally["refused"] += 1
    if outcome.action is Action.SUPPRESS_MARKETING:
        phone = Contact.get_by_id(message.contact_id).phone
        refusal = Heard(phone=phone, says="no", source="whatsapp", said_at=now, words=said)
        record([refusal], now=now)
    if outcome.action is Action.TEMPLATE:
        CampaignStanding.put(message.campaign, f"WhatsApp refused it: {said}", now)
    return Halt(outcome.code, outcome.detail) if outcome.action is Action.ACCOUNT else None


def _worth_another_try(message: Message, outcome: Declined) -> bool:
    """Until its own expiry where the account is at fault, once after a day's rest, else some times."""
    match outcome.action:
        case Action.ACCOUNT:
            return True
        case Action.DEFER:
            return message.code != outcome.code
    attempts: int = message.attempts
    return attempts + 1 < MOST_ATTEMPTS


def _again(message: Message, when: datetime, detail: str, code: int | None = None) -> None:
    """Back into the queue, as the same row. That it was deferred once is never forgotten."""
    if message.code is not None and action_of(message.code) is Action.DEFER:
        code = message.code
    Message.move([message.id], ASKED, "queued", not_before=when, detail=detail, code=code)


def _unsure(message: Message, reason: str, tally: Counter[str]) -> None:
    Message.move([message.id], ("claimed",), "unsure", detail=reason)
    log.warning("send.unsure", uid=message.uid, reason=reason)
    tally["unsure"] += 1


def _backoff(message: Message) -> timedelta:
    doublings: int = min(message.attempts, 10)
    return min(timedelta(seconds=15 * 2**doublings), LONGEST_BACKOFF)


def _wa_id(message: Message, wa_id: str, now: datetime) -> dict[str, object]:
    return {"kind": "wa_id", "value": wa_id, "contact_id": message.contact_id, "seen_at": now}
