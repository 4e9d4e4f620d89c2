"""The list of messages, and one message's life.

Each look reads by an index, and so many rows at most: where nothing of what was asked for is among
them, the page says how far it looked, and goes on from there if somebody wants it to.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from peewee import JOIN, SQL, fn

from agent.config import Settings
from agent.rules.as_seen import Seen, as_seen
from agent.rules.states import State
from agent.rules.templates import compile_template, components
from agent.rules.whatsapp_codes import meaning
from models import Contact, Conversion, Coupon, Link, Message, Order, Reply, Status, Template
from models.base import tuples
from models.figures import code_listed, state_listed

PAGE: Final = 50
LOOKED_AT: Final = 4_000  # rows of one look, where no index has all; read from disk at worst
MOST_COUNTED: Final = 10_000
LARGEST: Final = 2**63 - 1
STATES: Final = tuple(State)


@dataclass(frozen=True, slots=True)
class Filter:
    """What somebody wants to see; "" and None: whatever it is. `reason` is a text of WhatsApp's or ours
    that stands with the message, word for word."""

    state: str = ""
    campaign: str = ""
    code: int | None = None
    reason: str = ""

    @classmethod
    def read(cls, given: Mapping[str, str]) -> "Filter":
        """Of an address that anybody may have typed: what makes no sense asks for nothing."""
        state, code = given.get("state", ""), given.get("code", "")
        return cls(
            state if state in STATES else "",
            given.get("campaign", "")[:100],
            int(code) if code.isascii() and code.isdecimal() and len(code) < 12 else None,
            given.get("reason", "")[:500],
        )

    @property
    def by_one_index(self) -> bool:
        """Does one index have all that is asked for?"""
        return not self.reason and (self.code is None or not (self.state or self.campaign))

    @property
    def words(self) -> dict[str, str]:
        """As parts of an address."""
        told = {"state": self.state, "campaign": self.campaign, "reason": self.reason}
        if self.code is not None:
            told["code"] = str(self.code)
        return {name: value for name, value in told.items() if value}


def number_in(text: str) -> int:
    """A number of an address; LARGEST for what is none."""
    fits = text.isascii() and text.isdecimal() and len(text) < 19
    return int(text) if fits else LARGEST


def messages(wanted: Filter, before: int) -> dict[str, Any]:
    """The newest with a smaller number than `before`, of those that are wanted."""
    known = _campaigns()
    found, older, looked = _page(wanted, before, known)
    return {
        "rows": _rows(found),
        "older": older,
        "looked": looked,
        "wanted": wanted,
        "first": before == LARGEST,
        "counted": _count(wanted, known),
        "most_counted": MOST_COUNTED,
        "states": STATES,
        "campaigns": known,
        "codes": [(code, meaning(code)) for code in _codes()],
    }


def _page(
    wanted: Filter, before: int, known: Sequence[str]
) -> tuple[list[int], int | None, int | None]:
    """(numbers, from where older ones are shown, how many were looked at in vain)."""
    if wanted.by_one_index:
        found = [number for (number,) in tuples(_newest(wanted, before, known, PAGE + 1))]
        return found[:PAGE], found[PAGE - 1] if len(found) > PAGE else None, None
    some = _newest(wanted, before, known, LOOKED_AT).alias("some")
    # the cross join goes by the numbers, and reads what else is asked for row by row
    query = (
        Message.select(some.c.id, Message.state, Message.campaign, Message.reason, Message.detail)
        .from_(some)
        .join(Message, on=(Message.id == some.c.id))
        .order_by(some.c.id.desc())
    )
    rows = tuples(query)
    fits = [
        number
        for number, state, campaign, reason, detail in rows
        if wanted.state in ("", state)
        and wanted.campaign in ("", campaign)
        and wanted.reason in ("", reason, detail)
    ]
    if len(fits) > PAGE:
        return fits[:PAGE], fits[PAGE - 1], None
    return fits, (rows[-1][0] if len(rows) == LOOKED_AT else None), len(rows)


def _newest(wanted: Filter, before: int, known: Sequence[str], limit: int) -> Any:
    """A query for the numbers of the newest, as far as one index has what is asked for."""
    numbers = Message.select(Message.id).where(Message.id < before)
    numbers = numbers.order_by(Message.id.desc()).limit(limit)
    if wanted.code is not None:
        return numbers.where(Message.code.is_null(False), code_listed == wanted.code)
    if not wanted.state and not wanted.campaign:
        return numbers
    pairs = [
        (state, campaign)
        for state in ([wanted.state] if wanted.state else STATES)
        for campaign in ([wanted.campaign] if wanted.campaign else known)
    ]
    parts = [
        numbers.where(state_listed == str(state), Message.campaign == one) for state, one in pairs
    ]
    return _together(parts).order_by(SQL("id").desc()).limit(limit)


def _together(parts: Sequence[Any]) -> Any:
    """The rows of all: each part is read by the index and in its order, so none is sorted whole."""
    if not parts:
        return Message.select(Message.id).where(Message.id < 0)
    each = [part.alias(f"part{place}") for place, part in enumerate(parts)]
    whole: Any = Message.select(each[0].c.id).from_(each[0])
    for part in each[1:]:
        whole = whole.union_all(Message.select(part.c.id).from_(part))
    named = whole.alias("whole")
    return Message.select(named.c.id).from_(named)


def _count(wanted: Filter, known: Sequence[str]) -> int | None:
    """How many there are, at most MOST_COUNTED + 1; None where that would take long."""
    if not wanted.by_one_index:
        return None
    return int(_newest(wanted, LARGEST, known, MOST_COUNTED + 1).count())


def _campaigns() -> list[str]:
    """Every campaign and kind of news that a message was ever of, hopping over the index."""
    found: list[str] = []
    last = ""
    while True:
        nexts = Message.select(fn.MIN(Message.campaign)).where(Message.campaign > last)
        last = nexts.scalar()
        if last is None or len(found) >= 100:
            return found
        found.append(last)


def _codes() -> list[int]:
    """WhatsApp's codes that some message failed with, hopping over the index."""
    found: list[int] = []
    last = -1
    while True:
        nexts = Message.select(fn.MIN(code_listed)).where(
            Message.code.is_null(False), code_listed > last
        )
        last = nexts.scalar()
        if last is None or len(found) >= 100:
            return found
        found.append(last)


def _rows(numbers: Sequence[int]) -> list[Message]:
    """These messages with `name` and `phone` of their people, newest first."""
    query = (
        Message.select(Message, Contact.first_name, Contact.last_name, Contact.phone)
        .join(Contact, JOIN.LEFT_OUTER, on=(Contact.id == Message.contact_id))
        .where(Message.id.in_(list(numbers)))
        .order_by(Message.id.desc())
    )
    return list(query.objects())


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a message. `what` is one of EVENTS; `told` are words beside it."""

    at: datetime
    what: str
    told: str = ""


EVENTS: Final = (
    "decided", "due", "claimed", "accepted", "sent", "delivered", "read", "failed", "ended", "clicked",
    "replied", "ordered",
)  # fmt: skip


def life(number: int, settings: Settings) -> dict[str, Any] | None:
    """What the page of one message shows; None where there is none."""
    message = Message.get_or_none(Message.id == number)
    if message is None:
        return None
    links = list(Link.select().where(Link.message_uid == message.uid).order_by(Link.token))
    earned = list(Conversion.select().where(Conversion.message_id == number))
    events = sorted(
        {(one.at, one.what): one for one in _events(message, links, earned)}.values(),
        key=lambda one: one.at,
    )
    return {
        "message": message,
        "person": Contact.get_or_none(Contact.id == message.contact_id),
        "events": events,
        "links": links,
        "earned": earned,
        "coupon": Coupon.get_or_none(Coupon.message_uid == message.uid),
        "order": Order.get_or_none(Order.woo_id == message.order_id) if message.order_id else None,
        "meaning": meaning(message.code) if message.code is not None else "",
        "seen": _seen(message, settings),
    }


def _events(
    message: Message, links: Sequence[Link], earned: Sequence[Conversion]
) -> Iterator[Event]:
    yield Event(message.created_at, "decided", message.reason)
    if message.state == State.QUEUED:
        yield Event(message.not_before, "due")
    for what in ("claimed", "accepted", "sent", "delivered", "read"):
        if (at := getattr(message, f"{what}_at")) is not None:
            yield Event(at, what)
    for status in Status.select().where(Status.message_id == message.id):
        told = status.detail or (f"{status.code}" if status.code is not None else "")
        if status.status in EVENTS and getattr(message, f"{status.status}_at", None) is None:
            yield Event(status.at, status.status, told)
    if message.ended_at is not None:
        yield Event(message.ended_at, "ended", message.detail)
    for link in links:
        if link.first_at is not None:
            yield Event(link.first_at, "clicked", link.target)
    if message.wamid is not None and message.replied:
        answers = Reply.select().where(
            Reply.contact_id == message.contact_id, Reply.in_reply_to == message.wamid
        )
        for reply in answers:
            yield Event(reply.at, "replied", reply.text)
    for order in earned:
        yield Event(order.ordered_at, "ordered", f"#{order.order_id}")


def _seen(message: Message, settings: Settings) -> Seen | None:
    """What the person sees of it, by the template as it is now; None where it is gone, or does not fit
    what was written then."""
    occasion = settings.occasions.get(message.campaign)
    template = Template.get_or_none(
        Template.name == message.template, Template.language == message.language
    )
    if occasion is None or template is None:
        return None
    mapping, contract = occasion.mapping_in(message.language), compile_template(template.body)
    try:
        return as_seen(template.body, components(contract, mapping, message.variables))
    except ValueError:  # it was written for another text
        return None
