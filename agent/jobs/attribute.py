"""orders + outbox -> conversions: which message earned which order, and how much is left of it.

Worked out anew from the tables every time, so an order that is cancelled or refunded later takes its
revenue back, and one that is restored gives it again.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from peewee import JOIN, chunked

from agent.config import Settings
from agent.rules.credit import Bought, Credit, Touch, last_touch
from agent.rules.states import TAKEN
from models import Conversion, Coupon, Message, Order
from models.base import transaction, tuples
from models.histories import GIVEN_BACK, HOLDER, bought, with_holders

ROWS_A_STATEMENT = 200


def attribute(settings: Settings, *, beat: Callable[[], None]) -> dict[str, int]:
    """Credit every order that a message can have earned. Returns how many there are."""
    touches = _touches()
    if not touches:
        return {"orders": 0}
    first = min(touch.accepted_at for own in touches.values() for touch in own)
    earned: list[tuple[int, Credit]] = []
    for contact, orders in _bought_since(settings, first).items():
        if contact in touches:
            own = last_touch(orders, touches[contact], settings.attribution.window)
            earned.extend((contact, one) for one in own)
    beat()
    with transaction():
        Conversion.delete().execute()
        for batch in chunked([_row(*one) for one in earned], ROWS_A_STATEMENT):
            Conversion.insert_many(batch).execute()
    return {"orders": len(earned)}


def _touches() -> dict[int, list[Touch]]:
    """contact -> the messages to them that WhatsApp took."""
    query = (
        Message.select(
            Message.contact_id, Message.id, Message.campaign, Message.accepted_at, Coupon.code
        )
        .join(Coupon, JOIN.LEFT_OUTER, on=(Coupon.message_uid == Message.uid))
        .where(Message.state.in_(TAKEN), Message.accepted_at.is_null(False))
    )
    touches: dict[int, list[Touch]] = {}
    for contact, number, campaign, at, code in tuples(query):
        touches.setdefault(contact, []).append(Touch(number, campaign, at, (code or "").lower()))
    return touches


def _bought_since(settings: Settings, first: datetime) -> dict[int, list[Bought]]:
    """contact -> their orders since `first` that count as bought, oldest first."""
    query = (
        with_holders(
            Order.select(
                HOLDER, Order.woo_id, Order.created_at, Order.total - GIVEN_BACK,
                Order.currency, Order.coupons,
            )
        )
        .where(Order.created_at >= first, bought(settings.audience.paid_statuses))
        .order_by(Order.created_at, Order.woo_id)
    )  # fmt: skip
    orders: dict[int, list[Bought]] = {}
    for contact, number, at, net, currency, codes in tuples(query):
        if contact is not None:
            used = frozenset(codes or ())
            orders.setdefault(contact, []).append(Bought(number, at, net, currency, used))
    return orders


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
