"""News of an order as they would be composed, without anything having happened to it.

The order is one of the mirror; what it has not come to is made up, and `Preview.stand_ins` says so. Who
has none gets an example, and nothing of anybody else's. Nothing is written.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from agent.config import Settings
from agent.errors import BadInput
from agent.examples import NO_ID, example_article, example_customer, example_order
from agent.jobs.order_news.facts import Batch, Facts
from agent.jobs.order_news.wording import Words
from agent.order_news import delivered_statuses, order_states
from agent.rules.composing import Composed
from agent.rules.order_kinds import (
    CANCELLED,
    COMPLETED,
    DELIVERED,
    ON_HOLD,
    PARTLY_REFUNDED,
    PROCESSING,
    REFUNDED,
    SHIPPING,
    STATUSES,
)
from agent.rules.order_news import GONE, OrderState
from agent.rules.shown import ProductShown
from agent.rules.templates import TemplateMapping
from agent.rules.wording import EmptyValue
from models import Contact, Order, ShopFact

LOOKED_AT = 50  # newest orders, among which one that fits is looked for
SYNC = "run `winback sync` first, or wait until the daemon has read the shop"

_STATUS = {
    PROCESSING: "processing",
    ON_HOLD: "on-hold",
    COMPLETED: "completed",
    CANCELLED: "cancelled",
    REFUNDED: "refunded",
}
_SHIPMENT = {
    "carrier": "Example Post",
    "number": "EX123456789",
    "url": "https://tracking.example/EX123456789",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """A message as it would be composed, to whom, and what of it is not so."""

    contact: Contact
    composed: Composed
    stand_ins: tuple[str, ...]


def preview(
    settings: Settings,
    kind: str,
    contact: Contact | None,
    mappings: Mapping[str, TemplateMapping],
    *,
    now: datetime,
) -> Preview:
    """News of this kind in the best of `mappings`, the one to fall back on first.

    They are of the newest order of `contact` that fits, or of an example where they have none; of
    anybody's where `contact` is None, of one who agreed to order news if there is one.

    Raises BadInput while the mirror has no such order, or nothing of the shop.
    """
    shop = ShopFact.all()
    if "zone" not in shop:
        raise BadInput("the mirror knows nothing of the shop yet", fix=SYNC)
    status = _status_of(settings, kind)
    found = _newest_that_fits(contact, kind, status)
    article = example_article()
    if found is None:
        assert contact is not None  # noqa: S101 - for the type checker: of anybody there is one
        facts, _ = _made_up(_of_example(contact, article, shop, now), kind, status)
        stand_ins: tuple[str, ...] = (f"order {facts.order.number}",)
    else:
        facts, stand_ins = _made_up(found, kind, status)
    words = Words.gather(settings, Batch({facts.order_id: facts}), ZoneInfo(shop["zone"]))
    words = replace(words, mappings={**words.mappings, kind: mappings})
    if found is None:
        customers = {NO_ID: example_customer(facts.contact, now)}
        words = replace(words, items={NO_ID: [(1, article)]}, customers=customers)
    try:
        composed = words.compose(facts, kind)
    except EmptyValue as error:
        raise BadInput(f"order {facts.order.number}: {error}", fix=SYNC) from None
    return Preview(contact=facts.contact, composed=composed, stand_ins=stand_ins)


def _status_of(settings: Settings, kind: str) -> str:
    """The status that such news tell of; "" where they are of something else."""
    if kind == DELIVERED:
        return min(delivered_statuses(settings))
    section, _, own = kind.partition(".")
    return own if section == STATUSES else _STATUS.get(kind, "")


def _newest_that_fits(contact: Contact | None, kind: str, status: str) -> Facts | None:
    """The newest order of which this could be said, else simply the newest; None where `contact` has none.

    Raises BadInput where nobody has.
    """
    query = (
        Order.select()
        .join(Contact, on=(Contact.id == Order.contact_id))
        .where(Order.status.not_in(GONE))
        .order_by(
            (Contact.order_news == "yes").desc(),
            Order.lines_at.is_null(),
            Order.created_at.desc(),
            Order.woo_id.desc(),
        )
        .limit(LOOKED_AT)
    )
    found = list(query if contact is None else query.where(Contact.id == contact.id))
    if not found and contact is None:
        raise BadInput("the mirror has no order of anybody with a mobile number yet", fix=SYNC)
    if not found:
        return None
    states = order_states([order.woo_id for order in found])
    order = next(
        (one for one in found if _fits(states[one.woo_id], kind, status)),
        found[0],
    )
    return _facts(order, states[order.woo_id], Contact.get_by_id(order.contact_id))


def _of_example(
    contact: Contact, article: ProductShown, shop: Mapping[str, str], now: datetime
) -> Facts:
    order = example_order(contact, article, shop, now)
    order.first_name, order.last_name = contact.first_name, contact.last_name
    return _facts(order, OrderState(status=order.status, total=order.total), contact)


def _facts(order: Order, state: OrderState, contact: Contact) -> Facts:
    return Facts(
        order_id=order.woo_id,
        changes=(),
        order=order,
        state=state,
        contact=contact,
        told=frozenset(),
        queued={},
        marketing_days=(),
    )


def _fits(state: OrderState, kind: str, status: str) -> bool:
    if kind == SHIPPING:
        return bool(state.numbers)
    if kind in {REFUNDED, PARTLY_REFUNDED}:
        return state.refunded > 0 and state.fully_refunded == (kind == REFUNDED)
    return status in {"", state.status}


def _made_up(facts: Facts, kind: str, status: str) -> tuple[Facts, tuple[str, ...]]:
    """As if the order had come to what such news tell of; and what had to be made up for that."""
    if _fits(facts.state, kind, status):
        return facts, ()
    order, state = Order(**facts.order.__data__), facts.state  # a copy, which nobody saves
    told = f"order {order.number} as {status}"
    order.status = status or order.status
    if kind == SHIPPING:
        order.details = {**(order.details or {}), "shipments": [_SHIPMENT]}
        state, told = replace(state, numbers=(_SHIPMENT["number"],)), "the shipment"
    elif kind == REFUNDED:
        state = replace(state, refunded=order.total)
    elif kind == PARTLY_REFUNDED:
        state, told = replace(state, refunded=order.total // 2), "what was refunded"
    return replace(facts, order=order, state=replace(state, status=order.status)), (told,)
