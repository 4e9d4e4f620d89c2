"""orders + outbox -> conversions: which message earned which order, and how much is left of it.

Worked out anew from the tables every time, so an order that is cancelled or refunded later takes its
revenue back, and one that is restored gives it again. Only orders that a message can have earned are
looked at, some thousand people at a time, and only what differs from before is written.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import chain
from typing import Any

from peewee import JOIN, chunked, fn

from agent.config import Settings
from agent.rules.credit import Bought, Credit, Touch, credit, earned_of
from agent.rules.states import TAKEN
from models import Contact, Conversion, Coupon, Message, Order, ShopFact
from models.base import among, carry_out_each, instant, later_by, raw, rows_of
from models.histories import GIVEN_BACK, bought
from models.mirror import USED_COUPONS, WAS_MOVED
from models.outbox_indexes import TOUCHED
from models.refresh import refresh

PEOPLE_A_STEP = 20_000  # contacts whose orders are looked at together
ORDERS_A_STEP = 2_000  # with a coupon of ours
COLUMNS = (
    "order_id", "message_id", "contact_id", "campaign", "by_coupon", "ordered_at", "revenue",
    "currency", "period", "template", "language", "first_message_id",
)  # fmt: skip


def attribute(settings: Settings, *, beat: Callable[[], None]) -> dict[str, int]:
    """Credit every order that a message can have earned. Returns how many there are."""
    if Message.select().where(TOUCHED).exists():  # whose the orders are
        refresh(settings.audience.paid_statuses, ShopFact.all()["currency"], beat=beat)
    credited: set[int] = set()
    coupons = _coupons_used()
    for rows in chain(_by_coupon(settings, coupons), _by_time(settings, coupons)):
        beat()
        _write(rows)
        credited.update(row[0] for row in rows)
    _forget_others(credited)
    return {"orders": len(credited)}


Row = tuple[Any, ...]
"""A conversion as the table has it: the values of COLUMNS."""


@dataclass(frozen=True, slots=True)
class _Message:
    """A message that WhatsApp took."""

    touch: Touch
    contact_id: int
    period: str
    template: str
    language: str


def _by_time(settings: Settings, coupons: Mapping[int, int]) -> Iterator[list[Row]]:
    """The credits of orders without a coupon of ours, by those whose orders they are."""
    last = Contact.select(fn.MAX(Contact.id)).scalar() or 0
    erased = Message.select(fn.MIN(Message.contact_id)).scalar() or 0  # they are below 0
    for first in range(min(erased, 1), last + 1, PEOPLE_A_STEP):
        people = first, first + PEOPLE_A_STEP - 1
        pairs = [
            pair
            for pair in (*_in_time(settings, people), *_in_time_moved(settings, people))
            if pair[2] not in coupons
        ]
        if pairs:
            yield _credited(settings, pairs)


def _by_coupon(settings: Settings, coupons: Mapping[int, int]) -> Iterator[list[Row]]:
    """The credits of orders that used a coupon of ours.

    It was made for one message, so the order belongs to that message's person, whatever phone and
    e-mail it came with.
    """
    for some in chunked(sorted(coupons.items()), ORDERS_A_STEP):
        people = {person for _, person in some}
        old_numbers = Order.select(Order.holder_id, Order.contact_id).distinct()
        numbers = [(person, person) for person in people]
        numbers += raw(old_numbers.where(WAS_MOVED, among(Order.holder_id, people)))
        messages: dict[int, list[int]] = {}
        holders: dict[int, list[int]] = {}
        for person, number in numbers:
            holders.setdefault(number, []).append(person)
        query = Message.select(Message.contact_id, Message.id)
        for number, message in raw(query.where(TOUCHED, among(Message.contact_id, holders))):
            for person in holders[number]:
                messages.setdefault(person, []).append(message)
        pairs = [
            (person, message, order)
            for order, person in some
            for message in messages.get(person, ())  # none where it was put off meanwhile
        ]
        yield _credited(settings, pairs)


def _coupons_used() -> dict[int, int]:
    """order -> the contact for whom the coupon was made that it used; the first of several."""
    codes, code = rows_of(Order.coupons, "code")
    query = (
        Order.select(Order.woo_id, Message.contact_id)
        .from_(Order, codes)
        .join(Coupon, on=(Coupon.code == fn.UPPER(code)))
        .join(Message, on=(Message.uid == Coupon.message_uid))
        .where(USED_COUPONS, Message.state.in_(TAKEN), Message.accepted_at.is_null(False))
        .order_by(Order.woo_id, Coupon.code.desc())
    )
    return dict(raw(query))


def _within(settings: Settings) -> Any:
    """The condition that an order came in the time after a message, or a second later: who looks at
    them closely is `credit`."""
    until = later_by(Message.accepted_at, settings.attribution.window + timedelta(seconds=1))
    return (Order.created_at >= Message.accepted_at) & (Order.created_at <= until)


def _in_time(settings: Settings, people: tuple[int, int]) -> list[tuple[int, int, int]]:
    """(contact, message, order) for all orders of these contacts that came after a message to them."""
    query = (
        Message.select(Message.contact_id, Message.id, Order.woo_id)
        .join(Order, on=(Order.holder_id == Message.contact_id) & _within(settings))
        .where(TOUCHED, Message.contact_id.between(*people))
    )
    return raw(query)


def _in_time_moved(settings: Settings, people: tuple[int, int]) -> list[tuple[int, int, int]]:
    """The same for messages to the numbers that they had before they changed them."""
    before = Order.alias("before")
    moved = (
        before.select(before.holder_id, before.contact_id)
        .distinct()
        .where(before.contact_id != before.holder_id, before.holder_id.between(*people))
        .alias("moved")
    )
    query = (
        Message.select(moved.c.holder_id, Message.id, Order.woo_id)
        .join(moved, on=(moved.c.contact_id == Message.contact_id))
        .join(Order, on=(Order.holder_id == moved.c.holder_id) & _within(settings))
        .where(TOUCHED)
    )
    return raw(query)


def _credited(settings: Settings, pairs: Sequence[tuple[int, int, int]]) -> list[Row]:
    """The conversions that come of these (person, message, order)."""
    messages = _messages({message for _, message, _ in pairs})
    orders = _bought(settings, {order for _, _, order in pairs})
    touches: dict[int, dict[int, Touch]] = {}
    own: dict[int, dict[int, Bought]] = {}
    for person, message, order in pairs:
        if message in messages and order in orders:
            touches.setdefault(person, {})[message] = messages[message].touch
            own.setdefault(person, {})[order] = orders[order]
    window = settings.attribution.window
    return [
        _row(messages[one.touch.message_id], one)
        for person, bought_by_them in own.items()
        for one in credit(bought_by_them.values(), list(touches[person].values()), window)
    ]


def _messages(ids: Iterable[int]) -> dict[int, _Message]:
    """Those of these messages that WhatsApp took, as far as anybody knows."""
    query = (
        Message.select(
            Message.id, Message.contact_id, Message.campaign, Message.accepted_at, Coupon.code,
            Message.period, Message.template, Message.language,
        )
        .join(Coupon, JOIN.LEFT_OUTER, on=(Coupon.message_uid == Message.uid))
        .where(among(Message.id, ids), Message.state.in_(TAKEN))
    )  # fmt: skip
    return {
        number: _Message(
            Touch(number, campaign, instant(at), (code or "").lower()), contact, *described
        )
        for number, contact, campaign, at, code, *described in raw(query)
    }


def _bought(settings: Settings, ids: Iterable[int]) -> dict[int, Bought]:
    """Those of these orders that count as bought, with what of them counts as earned."""
    query = Order.select(
        Order.woo_id, Order.created_at, Order.currency, Order.coupons,
        Order.total, GIVEN_BACK, Order.tax, Order.shipping,
    ).where(
        among(Order.woo_id, ids),
        bought(settings.audience.paid_statuses),
        Order.created_at.is_null(False),  # without a date it came after nothing
    )  # fmt: skip
    counts = settings.attribution
    return {
        number: Bought(
            number,
            instant(at),
            earned_of(
                total, given_back, tax=tax, shipping=shipping,
                with_tax=counts.tax, with_shipping=counts.shipping,
            ),
            currency,
            frozenset(Order.coupons.python_value(codes) or ()),
        )
        for number, at, currency, codes, total, given_back, tax, shipping in raw(query)
    }  # fmt: skip


def _row(message: _Message, one: Credit) -> Row:
    return (
        one.order.order_id,
        one.touch.message_id,
        message.contact_id,
        one.touch.campaign,
        one.by_coupon,
        Conversion.ordered_at.db_value(one.order.ordered_at),
        one.order.net,
        one.order.currency,
        message.period,
        message.template,
        message.language,
        one.first.message_id,
    )


def _write(rows: Sequence[Row]) -> None:
    """What is new or different."""
    columns = [getattr(Conversion, name) for name in COLUMNS]
    known = Conversion.select(*columns).where(among(Conversion.order_id, [row[0] for row in rows]))
    before = set(raw(known))
    put = Conversion.insert(dict.fromkeys(columns)).on_conflict(
        conflict_target=[Conversion.order_id], preserve=columns[1:]
    )
    changed = [row for row in rows if row not in before]
    if changed:
        carry_out_each(put.sql()[0], changed)


def _forget_others(credited: set[int]) -> None:
    """But for those of people who were erased: nobody can tell any more whose order it was, and it was
    earned all the same."""
    is_known = Contact.select().where(Contact.id == Conversion.contact_id)
    query = Conversion.select(Conversion.order_id).where(fn.EXISTS(is_known))
    known = (order for (order,) in raw(query))
    gone = [order for order in known if order not in credited]
    if gone:
        Conversion.delete().where(among(Conversion.order_id, gone)).execute()
