"""The kinds of row that we mirror: where the shop has them, and how they are filed."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from agent.config import Settings
from agent.jobs.pull.people import ConsentRead, file_people
from agent.log import Log
from agent.rules import copies
from agent.rules.copies import ConsentFields, Json, Row
from models import Customer, Order, Product, Refund, ShopFact
from models.base import tuples

log = Log(__name__)

# The default list leaves out trash, so a trashed order would look unchanged for ever. What else the
# shop has (drafts of its checkout, statuses of plugins) it says itself; one that it does not have
# would make it refuse the whole request.
ORDER_STATUSES = (
    "pending", "processing", "on-hold", "completed", "cancelled", "refunded", "failed", "trash",
)  # fmt: skip


def order_statuses(facts: Mapping[str, str]) -> tuple[str, ...]:
    """All that an order of this shop may have, trash too."""
    return tuple(dict.fromkeys((*facts["order_statuses"].split(), *ORDER_STATUSES)))


@dataclass(frozen=True, slots=True)
class Filing:
    """What filing a page needs to know beside its rows."""

    now: datetime
    page_size: int
    overlap: timedelta
    currency: str
    country: str
    statuses: tuple[str, ...]
    order_consent: ConsentFields
    customer_consent: ConsentFields

    @classmethod
    def from_settings(cls, settings: Settings, now: datetime) -> "Filing":
        facts = ShopFact.all()
        says = settings.consent
        yes, refusals = tuple(says.yes), tuple(says.refusals)
        return cls(
            now=now,
            page_size=settings.shop.page_size,
            overlap=settings.shop.overlap,
            currency=facts["currency"],
            country=settings.shop.default_country or facts["country"],
            statuses=order_statuses(facts),
            order_consent=ConsentFields(frozenset(says.order_meta), yes, refusals),
            customer_consent=ConsentFields(frozenset(says.customer_meta), yes, refusals),
        )


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of row. `by_change`: the shop can filter it by the date of its last change."""

    name: str
    endpoint: str
    fields: str
    absorb: Callable[[list[dict[str, Any]], datetime, Filing], None]
    params: Callable[[Filing], Mapping[str, str]] = lambda _: {}
    by_change: bool = True


def _orders(rows: list[dict[str, Any]], read_at: datetime, filing: Filing) -> None:
    copied = _copy("order", rows, lambda one: copies.order(one, read_at, filing.order_consent))
    said = _consent_before(Order, copied)
    file_people(copied, "order", said, country=filing.country, now=filing.now)
    _write(Order, copied, read_at, filing)


def _customers(rows: list[dict[str, Any]], read_at: datetime, filing: Filing) -> None:
    copied = _copy(
        "customer", rows, lambda one: copies.customer(one, read_at, filing.customer_consent)
    )
    said = _consent_before(Customer, copied)
    file_people(copied, "customer", said, country=filing.country, now=filing.now)
    _write(Customer, copied, read_at, filing)


def _products(rows: list[dict[str, Any]], read_at: datetime, filing: Filing) -> None:
    copied = _copy("product", rows, lambda one: copies.product(one, read_at, filing.currency))
    _write(Product, copied, read_at, filing)


def _refunds(rows: list[dict[str, Any]], read_at: datetime, filing: Filing) -> None:
    parents = {int(one.get("parent_id") or 0) for one in rows}
    orders = Order.select(Order.woo_id, Order.currency).where(Order.woo_id.in_(list(parents)))
    currency = {order.woo_id: order.currency for order in orders}

    def copy(one: Json) -> Row:
        return copies.refund(one, read_at, currency.get(one["parent_id"], filing.currency))

    _write(Refund, _copy("refund", rows, copy), read_at, filing)


def _write(
    table: type[Order] | type[Customer] | type[Product] | type[Refund],
    rows: list[Row],
    read_at: datetime,
    filing: Filing,
) -> None:
    """Absorb the rows, also over those that were read while the shop's clock was ahead.

    No answer is under way for as long as the overlap: a row that was read that much later than this
    page has its date from a clock that was set right since, and would refuse every copy until then.
    """
    written = table.woo_id.in_([row["woo_id"] for row in rows])
    ahead = read_at + filing.overlap
    table.update(read_at=read_at).where(written, table.read_at > ahead).execute()
    if table is Order:
        Order.update(lines_at=None).where(written, Order.lines_at > ahead).execute()
    table.absorb(rows)


def _copy(what: str, rows: Iterable[Json], copy: Callable[[Json], Row]) -> list[Row]:
    copied, set_aside = copies.each(rows, copy)
    for number, reason in set_aside:
        log.warning("mirror.set_aside", kind=what, id=number, reason=reason)
    return copied


def _consent_before(table: type[Order] | type[Customer], rows: list[Row]) -> dict[int, ConsentRead]:
    """What the consent field of each row said when we last read it; new rows are absent."""
    ids = [row["woo_id"] for row in rows]
    known = table.select(table.woo_id, table.consent, table.consent_rule, table.contact_id)
    return {
        number: ConsentRead(says, rule, contact)
        for number, says, rule, contact in tuples(known.where(table.woo_id.in_(ids)))
    }


ORDERS = Kind(
    "orders",
    "orders",
    copies.ORDER_FIELDS,
    _orders,
    params=lambda filing: {"status": ",".join(filing.statuses)},
)
REFUNDS = Kind("refunds", "refunds", copies.REFUND_FIELDS, _refunds)
PRODUCTS = Kind("products", "products", copies.PRODUCT_FIELDS, _products)
VARIATIONS = Kind("variations", "wc-analytics/variations", copies.PRODUCT_FIELDS, _products)
CUSTOMERS = Kind(
    "customers", "customers", copies.CUSTOMER_FIELDS, _customers,
    params=lambda _: {"role": "all"}, by_change=False,
)  # fmt: skip
