"""The shop's rows as they were at a moment: orders with what hangs on them, products, accounts."""

from collections.abc import Collection, Sequence
from typing import Any

from agent.rehearse.known import Known, later_than
from agent.rehearse.later import (
    LaterCustomer,
    LaterOrder,
    LaterOrderChange,
    LaterOrderLine,
    LaterProduct,
    LaterProductChange,
    LaterProductWas,
    LaterRefund,
)
from models import Customer, Order, OrderChange, OrderLine, Product, ProductChange, Refund
from models.attached import copy_seen
from models.base import among, instant, tuples
from models.interest import CARTS
from models.order_changes import STATUS, TOTAL
from models.past import GONE

FAR = "9998-12-31 00:00:00.000000"
"""When all products were read: what the copy has of them is the shop's own word."""

Row = dict[str, Any]


def wind_back(known: Known, at: str) -> None:
    """In the caller's transaction; nothing is marked as stale."""
    new = later_than(known.orders, at)
    Order.delete().where(among(Order.woo_id, new)).execute()
    OrderLine.delete().where(among(OrderLine.order_id, new)).execute()
    gone = [*later_than(known.refunds, at)]
    Refund.delete().where(among(Refund.woo_id, gone) | among(Refund.order_id, new)).execute()
    put_orders(orders_as_they_were(_changed_after(at), at))
    OrderChange.delete().where(OrderChange.seen_at > _moment(at)).execute()
    Customer.delete().where(among(Customer.woo_id, later_than(known.customers, at))).execute()
    Product.delete().where(among(Product.woo_id, later_than(known.products, at))).execute()
    put_products({one for one in _changed_products(at) if known.products.get(one, at) <= at}, at)
    ProductChange.delete().where(ProductChange.seen_at > _moment(at)).execute()
    Product.update(read_at=_moment(FAR)).execute()


def _moment(text: str) -> Any:
    return instant(text)


def _changed_after(at: str) -> list[int]:
    """Orders that were there, and were changed later."""
    moment = _moment(at)
    query = Order.select(Order.woo_id).where(
        (Order.modified_at > moment) | (Order.paid_at > moment)
    )
    seen = OrderChange.select(OrderChange.order_id).distinct().where(OrderChange.seen_at > moment)
    there = Order.select(Order.woo_id).where(Order.woo_id.in_(seen))
    return sorted({number for (number,) in (*tuples(query), *tuples(there))})


def orders_as_they_were(ids: Collection[int], at: str) -> list[Row]:
    """The headers of these orders at `at`, as rows of the table. Not those of whom nobody knew."""
    moment = _moment(at)
    were: dict[int, dict[str, str]] = {}
    changed: dict[int, Any] = {}
    query = (
        LaterOrderChange.select(
            LaterOrderChange.order_id, LaterOrderChange.what, LaterOrderChange.was,
            LaterOrderChange.changed_at, LaterOrderChange.seen_at,
        )
        .where(among(LaterOrderChange.order_id, ids))
        .order_by(LaterOrderChange.seen_at.desc(), LaterOrderChange.id.desc())
    )  # fmt: skip
    for order, what, was, changed_at, seen_at in tuples(query):
        if seen_at > moment:
            were.setdefault(order, {})[what] = was  # the first after it comes last
        else:
            changed.setdefault(order, changed_at)
    rows = []
    for row in LaterOrder.select().where(among(LaterOrder.woo_id, ids)).dicts():
        was = were.get(row["woo_id"], {})
        if was.get(STATUS) == "":
            continue
        if STATUS in was:
            row["status"] = was[STATUS]
        if TOTAL in was:
            row["total"] = int(was[TOTAL])
        if row["paid_at"] is not None and row["paid_at"] > moment:
            row["paid_at"] = None
        if row["modified_at"] is not None and row["modified_at"] > moment:
            known = changed.get(row["woo_id"]) or row["created_at"] or moment
            row["modified_at"] = min(known, moment)
        row |= {"holder_id": None, "lines_at": moment}
        rows.append(row)
    return rows


def put_orders(rows: Sequence[Row]) -> list[Row]:
    """Whatever the copy has of them is older; what stands on them is marked. Returns those that are new."""
    if not rows:
        return []
    known = {
        number
        for (number,) in tuples(
            Order.select(Order.woo_id).where(among(Order.woo_id, [row["woo_id"] for row in rows]))
        )
    }
    Order.absorb(rows)
    new = [row for row in rows if row["woo_id"] not in known]
    if new:
        numbers = [row["woo_id"] for row in new]
        lines = LaterOrderLine.select().where(among(LaterOrderLine.order_id, numbers))
        OrderLine.replace_for(numbers, list(lines.dicts()))
    return new


def has_carts(ids: Collection[int]) -> bool:
    """Is any of these an order that nobody has paid, as the copy has it?"""
    carts = Order.select().where(among(Order.woo_id, ids), Order.status.in_(CARTS))
    return bool(carts.exists())


def put_refunds(ids: Collection[int]) -> None:
    Refund.absorb(list(LaterRefund.select().where(among(LaterRefund.woo_id, ids)).dicts()))


def put_accounts(ids: Collection[int]) -> list[Row]:
    """Returns their rows, each with its own number as that of an account, as orders have it."""
    rows = list(LaterCustomer.select().where(among(LaterCustomer.woo_id, ids)).dicts())
    Customer.absorb(rows)
    return [row | {"customer_id": row["woo_id"]} for row in rows]


def put_products(ids: Collection[int], at: str) -> None:
    """These as they were at `at`: as the first change after it says they had been."""
    if not ids:
        return
    moment = _moment(at)
    were: dict[int, Row] = {}
    changes = (
        LaterProductChange.select(
            LaterProductChange.product_id, LaterProductChange.field, LaterProductChange.was
        )
        .where(among(LaterProductChange.product_id, ids), LaterProductChange.seen_at > moment)
        .order_by(LaterProductChange.seen_at.desc(), LaterProductChange.id.desc())
    )
    for product, field, was in tuples(changes):
        were.setdefault(product, {})[field] = _observed(field, was)
    others = (
        LaterProductWas.select(
            LaterProductWas.product_id, LaterProductWas.field, LaterProductWas.was
        )
        .where(among(LaterProductWas.product_id, ids), LaterProductWas.until > moment)
        .order_by(LaterProductWas.until.desc(), LaterProductWas.id.desc())
    )
    for product, field, was in tuples(others):
        were.setdefault(product, {})[field] = was
    rows = {
        row["woo_id"]: row
        for row in LaterProduct.select().where(among(LaterProduct.woo_id, ids)).dicts()
    }
    for product, own in were.items():
        gone = own.pop(GONE, None)
        if product not in rows and gone is not None:
            rows[product] = {name: _read(name, value) for name, value in gone.items()}
    for number, row in rows.items():
        row |= {**were.get(number, {}), "read_at": _moment(FAR)}
    Product.forget(sorted(set(ids) - rows.keys()))
    Product.absorb(list(rows.values()))


def _read(name: str, value: Any) -> Any:
    """A value as the table has it -> as a row has it."""
    return getattr(Product, name).python_value(value)


def _observed(name: str, text: str | None) -> Any:
    """A value as the history of changes has it -> as the mirror has it."""
    if name == "stock_status":
        return text or ""
    return None if text is None else int(text)


def _changed_products(after: str) -> set[int]:
    """All that were seen to change after `after`."""
    moment = _moment(after)
    changes = LaterProductChange.select(LaterProductChange.product_id)
    others = LaterProductWas.select(LaterProductWas.product_id)
    return {number for (number,) in (
        *tuples(changes.distinct().where(LaterProductChange.seen_at > moment)),
        *tuples(others.distinct().where(LaterProductWas.until > moment)),
    )}  # fmt: skip


def put_changes_of_products(after: str, until: str) -> None:
    """What was seen of stock and prices in between."""
    copy_seen(ProductChange, LaterProductChange, _moment(after), _moment(until))
