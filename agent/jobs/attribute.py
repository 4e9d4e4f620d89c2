"""orders + outbox -> conversions: which message earned which order, and how much is left of it.

Worked out anew from the tables every time, so an order that is cancelled or refunded later takes its
revenue back, and one that is restored gives it again.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from peewee import JOIN, chunked

from agent.config import Settings
from agent.rules.credit import Bought, Credit, Touch, last_touch
from agent.rules.states import TAKEN
from models import Conversion, Coupon, Message, Order, ShopFact
from models.base import transaction, tuples
from models.histories import GIVEN_BACK, bought
from models.refresh import refresh

ROWS_A_STATEMENT = 200


def attribute(settings: Settings, *, beat: Callable[[], None]) -> dict[str, int]:
    """Credit every order that a message can have earned. Returns how many there are."""
    touches = _touches()
    if touches:  # whose the orders are
        refresh(settings.audience.paid_statuses, ShopFact.all()["currency"], beat=beat)
    earned = _earned(settings, touches) if touches else []
    written_to = {touch.message_id: contact for contact, own in touches.items() for touch in own}
    beat()
    with transaction():
        Conversion.delete().execute()
        rows = [_row(written_to[one.touch.message_id], one) for one in earned]
        for batch in chunked(rows, ROWS_A_STATEMENT):
            Conversion.insert_many(batch).execute()
    return {"orders": len(earned)}


def _earned(settings: Settings, touches: Mapping[int, Sequence[Touch]]) -> list[Credit]:
    """The credits of everybody.

    A coupon was made for one message, so the order that used it belongs to that message's person,
    whatever phone and e-mail it came with.
    """
    first = min(touch.accepted_at for own in touches.values() for touch in own)
    made_for = {touch.coupon: who for who, own in touches.items() for touch in own if touch.coupon}
    orders: dict[int, list[Bought]] = {}
    for holder, order in _bought_since(settings, first):
        person = next(
            (made_for[code] for code in sorted(order.coupons) if code in made_for), holder
        )
        if person is not None:
            orders.setdefault(person, []).append(order)
    old_numbers = _old_numbers()
    earned: list[Credit] = []
    for person, bought_by_them in orders.items():
        numbers = (person, *old_numbers.get(person, ()))
        own = [touch for number in numbers for touch in touches.get(number, ())]
        earned.extend(last_touch(bought_by_them, own, settings.attribution.window))
    return earned


def _touches() -> dict[int, list[Touch]]:
    """contact -> the messages to them that WhatsApp took."""
    query = (
        Message.select(
            Message.contact_id, Message.id, Message.campaign, Message.accepted_at, Coupon.code
        )
        .join(Coupon, JOIN.LEFT_OUTER, on=(Coupon.message_uid == Message.uid))
        .where(
            Message.state.in_(TAKEN),
            Message.accepted_at.is_null(False),
            Message.order_id.is_null(),  # news of an order earn nothing
        )
    )
    touches: dict[int, list[Touch]] = {}
    for contact, number, campaign, at, code in tuples(query):
        touches.setdefault(contact, []).append(Touch(number, campaign, at, (code or "").lower()))
    return touches


def _old_numbers() -> dict[int, list[int]]:
    """contact -> contacts of the numbers that they were written to at before they changed them."""
    written_to = Message.select(Message.contact_id).where(Message.state.in_(TAKEN))
    query = (
        Order.select(Order.holder_id, Order.contact_id)
        .distinct()
        .where(Order.contact_id.in_(written_to), Order.contact_id != Order.holder_id)
    )
    numbers: dict[int, list[int]] = {}
    for holder, old in tuples(query):
        numbers.setdefault(holder, []).append(old)
    return numbers


def _bought_since(settings: Settings, first: datetime) -> Iterator[tuple[int | None, Bought]]:
    """The orders since `first` that count as bought, oldest first, each with who it belongs to."""
    query = (
        Order.select(
            Order.holder_id, Order.woo_id, Order.created_at, Order.total - GIVEN_BACK,
            Order.currency, Order.coupons,
        )
        .where(Order.created_at >= first, bought(settings.audience.paid_statuses))
        .order_by(Order.created_at, Order.woo_id)
    )  # fmt: skip
    for holder, number, at, net, currency, codes in tuples(query):
        yield holder, Bought(number, at, net, currency, frozenset(codes or ()))


def _row(contact: int, credit: Credit) -> dict[str, Any]:
    return {
        "order_id": credit.order.order_id,
        "message_id": credit.touch.message_id,
        "contact_id": contact,
        "campaign": credit.touch.campaign,
        "by_coupon": credit.by_coupon,
        "ordered_at": credit.order.ordered_at,
        "revenue": credit.order.net,
        "currency": credit.order.currency,
    }
