"""mirror + outbox -> what an order did, and what was told of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from agent.order_news import order_states
from agent.rules.order_news import OrderState
from models import Contact, Message, Order, OrderChange


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderHistory:
    """One order. `order` and `state` are None where the shop has deleted it; `contact` where nobody can be
    written to."""

    order_id: int
    order: Any  # Order | None
    state: OrderState | None
    contact: Any  # Contact | None
    changes: Sequence[OrderChange]
    messages: Sequence[Message]

    @property
    def currency(self) -> str:
        return str(self.order.currency) if self.order else ""


def find_orders(number: str) -> list[OrderHistory]:
    """The orders that the shop's owner knows by this number; by its id where no number is like that.

    Plugins for order numbers may give one twice.
    """
    named = list(Order.select(Order.woo_id).where(Order.number == number).order_by(Order.woo_id))
    ids = [one.woo_id for one in named]
    if not ids and number.isdecimal() and len(number) < 19:
        seen = OrderChange.select().where(OrderChange.order_id == int(number)).exists()
        known = Order.select().where(Order.woo_id == int(number)).exists()
        ids = [int(number)] if seen or known else []
    return [_history(one) for one in ids]


def _history(number: int) -> OrderHistory:
    order = Order.get_or_none(Order.woo_id == number)
    contact = Contact.get_or_none(Contact.id == order.contact_id) if order else None
    changes = OrderChange.select().where(OrderChange.order_id == number).order_by(OrderChange.id)
    messages = Message.select().where(
        Message.order_id == number, Message.order_id.is_null(False)
    ).order_by(Message.id)  # fmt: skip
    return OrderHistory(
        order_id=number,
        order=order,
        state=order_states([number]).get(number),
        contact=contact,
        changes=list(changes),
        messages=list(messages),
    )


def ended_at(message: Message) -> datetime | None:
    """When the message came to the state that it is in, as far as is known."""
    moments = (
        message.read_at, message.delivered_at, message.sent_at, message.ended_at,
        message.accepted_at, message.claimed_at, message.created_at,
    )  # fmt: skip
    by_state = {
        "read": message.read_at, "delivered": message.delivered_at, "sent": message.sent_at,
        "accepted": message.accepted_at, "held": message.accepted_at, "queued": message.not_before,
    }  # fmt: skip
    own: datetime | None = by_state.get(message.state) or message.ended_at
    return own or next((one for one in moments if one is not None), None)
