"""What an outcome means for its message: one table of what follows from which class of error."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import peewee

from agent.clients.outcomes import Accepted, Action, Declined, Lost, NotSent, Outcome
from agent.config import Settings
from agent.consequences import OF_THE_PERSON, UNSURE, heed, named
from agent.log import Log
from models import Identity, Message

log = Log(__name__)

NOT_SENT = "not sent for now"  # no connection came about
LONGEST_BACKOFF = timedelta(minutes=15)
ASKED = ("claimed", "unsure")  # an answer may come after its run was given up, and still is one

# Nothing was sent in any of these: a received error is an answer. So the message may be tried again
# where the error can pass, and its place under the caps is given back where it cannot.
LATER: Mapping[Action, timedelta] = {
    Action.RETRY: timedelta(seconds=30),
    Action.SLOW: timedelta(seconds=60),
    Action.PAIR: timedelta(0),  # its own, see `_wait`
    Action.ACCOUNT: timedelta(hours=1),
    Action.DEFER: timedelta(hours=24),
}
MOST_ATTEMPTS = 6  # for errors that may pass; afterwards the message is refused
ATTEMPTS = {1: 3, 131000: 4}  # "unknown error" may as well be a fault of the request
PAIR_POWERS = range(2, 6)  # Meta asks for 4^x seconds: 16 s to 17 min, and then an hour each time
HOUR = timedelta(hours=1)
# News of an order are soon old: three more tries, and each looks first whether they are still true.
NEWS_TRIES = 4
NEWS_WAIT = timedelta(minutes=5)
STOPPED = "winback was stopped"
GIVEN_UP = "nothing to do here: winback order shows what the customer was told; tell them yourself"
DECLINED = (
    "`action` says what follows; where the account or template is stopped, a line of its own tells"
)


@dataclass(slots=True)
class Verdicts:
    """What the outcomes of a batch mean for the sending itself."""

    halt: Declined | None = None  # the account cannot send at all
    too_fast: bool = False


def write_outcomes(
    outcomes: Sequence[tuple[Message, Outcome]],
    settings: Settings,
    *,
    now: datetime,
    tally: Counter[str],
) -> Verdicts:
    """Move each message where its outcome says; in the caller's transaction."""
    verdicts = Verdicts()
    accepted: list[tuple[Message, Accepted]] = []
    for message, outcome in outcomes:
        match outcome:
            case Accepted():
                accepted.append((message, outcome))
            case NotSent():
                _not_sent(message, outcome, now, tally)
            case Lost():
                _unsure(message, outcome.reason, tally)
            case Declined():
                _declined(message, outcome, settings, now, tally)
                if outcome.action is Action.ACCOUNT:
                    verdicts.halt = outcome
                verdicts.too_fast |= outcome.action is Action.SLOW
    taken = _accepted(accepted, now, tally)
    Identity.put([_wa_id(message, one.wa_id, now) for message, one in taken if one.wa_id])
    return verdicts


def _accepted(
    accepted: Sequence[tuple[Message, Accepted]], now: datetime, tally: Counter[str]
) -> list[tuple[Message, Accepted]]:
    """Write them down together; one that the table refuses takes no other with it."""
    if not accepted:
        return []
    rows = [(one.id, outcome.wamid, _taken_as(outcome)) for one, outcome in accepted]
    try:
        Message.accepted(rows, now)
    except peewee.IntegrityError:
        if len(accepted) > 1:
            return [one for pair in accepted for one in _accepted([pair], now, tally)]
        [(message, outcome)] = accepted
        _unsure(message, f"WhatsApp gave {outcome.wamid} to another message", tally)
        return []
    tally.update(state for _, _, state in rows)
    return list(accepted)


def _not_sent(message: Message, outcome: NotSent, now: datetime, tally: Counter[str]) -> None:
    asked = timedelta(seconds=outcome.after or 0)
    if message.order_id is None:
        _again(message, now + (asked or _backoff(message)), outcome.reason)
        tally[NOT_SENT] += 1
    elif outcome.reason == STOPPED:  # by us, before anything could go wrong
        _again(message, now, outcome.reason, attempts=message.attempts)
        tally[NOT_SENT] += 1
    elif message.attempts + 1 < NEWS_TRIES:
        _again(message, now + max(asked, NEWS_WAIT), outcome.reason)
        tally[NOT_SENT] += 1
    else:
        reason = f"not sent in {NEWS_TRIES} tries: {outcome.reason}"
        Message.end([message.id], ASKED, "expired", detail=reason, ended_at=now)
        log.warning("send.given_up", **named(message), reason=reason, fix=GIVEN_UP)
        tally["given up"] += 1


def _taken_as(outcome: Accepted) -> str:
    return "held" if outcome.held else "accepted"


def _declined(
    message: Message, outcome: Declined, settings: Settings, now: datetime, tally: Counter[str]
) -> None:
    said = f"{outcome.code} {outcome.detail}"
    tell = log.info if outcome.action in OF_THE_PERSON else log.warning
    tell(
        "send.declined",
        **named(message),
        code=outcome.code,
        action=outcome.action.value,
        trace=outcome.fbtrace_id,
        detail=outcome.detail,
        fix=DECLINED,
    )
    if outcome.action in LATER and _worth_another_try(message, outcome):
        when = now + _wait(message, outcome.action)
        deferred = message.deferred or outcome.action is Action.DEFER
        _again(message, when, said, outcome.code, deferred=deferred)
        if outcome.action is Action.PAIR:
            Message.put_off([message.contact_id], when)
        tally["declined for now"] += 1
    else:
        Message.move(
            [message.id], ASKED, "refused",
            code=outcome.code, detail=outcome.detail, ended_at=now,
        )  # fmt: skip
        tally["refused"] += 1
    heed(settings, message, outcome.code, outcome.action, said, at=now, now=now)


def _worth_another_try(message: Message, outcome: Declined) -> bool:
    """Until its own expiry where others are at fault, once after a day's rest, else some times."""
    match outcome.action:
        case Action.ACCOUNT | Action.PAIR:
            return True
        case Action.DEFER:
            return not message.deferred
    attempts: int = message.attempts
    if message.order_id is not None:
        return attempts + 1 < NEWS_TRIES
    return attempts + 1 < ATTEMPTS.get(outcome.code, MOST_ATTEMPTS)


def _wait(message: Message, action: Action) -> timedelta:
    if action is Action.PAIR:
        powers = dict(enumerate(PAIR_POWERS))
        power = powers.get(message.attempts)
        return HOUR if power is None else timedelta(seconds=4**power)
    if message.order_id is not None and action in {Action.RETRY, Action.SLOW}:
        return NEWS_WAIT
    return max(LATER[action], _backoff(message))


def _again(
    message: Message, when: datetime, detail: str, code: int | None = None, **columns: object
) -> None:
    """Back into the queue, as the same row."""
    Message.move(
        [message.id], ASKED, "queued", not_before=when, detail=detail, code=code, **columns
    )


def _unsure(message: Message, reason: str, tally: Counter[str]) -> None:
    Message.move([message.id], ("claimed",), "unsure", detail=reason)
    log.warning("send.unsure", **named(message), reason=reason, fix=UNSURE)
    tally["unsure"] += 1


def _backoff(message: Message) -> timedelta:
    doublings: int = min(message.attempts, 10)
    return min(timedelta(seconds=15 * 2**doublings), LONGEST_BACKOFF)


def _wa_id(message: Message, wa_id: str, now: datetime) -> dict[str, object]:
    return {"kind": "wa_id", "value": wa_id, "contact_id": message.contact_id, "seen_at": now}
