"""What an error code of WhatsApp means beyond its own message: for its person, its campaign, for all."""

from datetime import datetime, timedelta
from typing import Any

from agent.clients.outcomes import ACTIONS, Action
from agent.clients.whatsapp_failures import remedy
from agent.config import Settings
from agent.consent import SWITCH, Heard, record
from agent.conversations import mark_stopped, newest_before
from agent.log import Log
from agent.pauses import ERROR
from agent.rules.consent import NO
from agent.templates import stop_template
from models import Contact, Message, Pause
from models.delivery import EVERYTHING, MARKETING

log = Log(__name__)

STOPPED = timedelta(hours=1)  # then we look whether the account may send again
SPAM = 131048  # people blocked or reported us
STOPPED_LONGER = {SPAM: timedelta(hours=24)}
ONLY_MARKETING = frozenset({SPAM})
# Not on WhatsApp, or a very old client, or terms not accepted: it may pass, so not the first time.
PERHAPS_UNREACHABLE = frozenset({131026})
OF_THE_PERSON = frozenset(
    {Action.DEFER, Action.PAIR, Action.SUPPRESS_MARKETING, Action.SUPPRESS_ALL, Action.DROP}
)
"""Nothing is wrong with us: there is nothing to do about it."""
WRONG = "look the code up in Meta's list; winback templates list tells whether the template fits"
UNSURE = "nothing to do: a status settles it, and it is not sent twice; many of them are an alarm"


def heed(
    settings: Settings,
    message: Message,
    code: int,
    action: Action,
    said: str,
    *,
    at: datetime,
    now: datetime,
) -> None:
    """Do what `action` asks for, in the caller's transaction.

    `said` is the code and WhatsApp's words; `at` is when it was said. The message itself is the
    caller's.
    """
    match action:
        case Action.SUPPRESS_MARKETING:
            phone = Contact.get_by_id(message.contact_id).phone
            record([Heard(phone=phone, says=NO, source=SWITCH, said_at=at, words=said)], now=now)
            last = newest_before(message.contact_id, at, but_for=message.id)
            if last is not None:
                mark_stopped([last.id])
        case Action.SUPPRESS_ALL:
            if code not in PERHAPS_UNREACHABLE or _failed_before(message, code):
                Contact.update(unreachable=said).where(Contact.id == message.contact_id).execute()
                log.info("contact.unreachable", contact=message.contact_id, reason=said)
        case Action.TEMPLATE:
            stop_template(settings, message.template, message.language, said, now=now)
        case Action.ACCOUNT:
            stop_account(code, said, at=at, now=now)
        case Action.BUG:
            known = (
                "never sent again unchanged" if code in ACTIONS else "a code that we do not know"
            )
            log.error("message.wrong", **named(message), reason=said, so=known, fix=WRONG)


def stop_account(code: int, said: str, *, at: datetime, now: datetime) -> None:
    """The account may not send, by an error that was told at `at`: all that it holds back is paused."""
    until = min(at, now) + STOPPED_LONGER.get(code, STOPPED)  # Meta's clock is not ours
    scope = MARKETING if code in ONLY_MARKETING else EVERYTHING
    reason = f"WhatsApp stopped us: {said}"
    if until > now and Pause.put(scope, ERROR, reason, now=now, until=until):
        log.error(
            "account.stopped", until=until, reason=said,
            fix=remedy(code),
        )  # fmt: skip


def named(message: Message) -> dict[str, Any]:
    """By which people find it in the log: news of an order by its id, which `winback order` takes as well."""
    names: dict[str, Any] = {"uid": message.uid, "campaign": message.campaign}
    if message.order_id is not None:
        names["order"] = message.order_id
    return names


def _failed_before(message: Message, code: int) -> bool:
    """Has another message to this person failed with this code?"""
    same_person = Message.contact_id == message.contact_id
    query = Message.select().where(same_person, Message.code == code, Message.id != message.id)
    return bool(query.exists())


def look_again() -> None:
    """The owner has done something, a new token perhaps: ask WhatsApp anew whether we may send.

    What people said of our messages (SPAM) stands.
    """
    Pause.lift(EVERYTHING, ERROR)
