"""What a change of the mirror makes stale: rows as they were, and as they become."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from models.base import Table, among, tuples
from models.insight import CATEGORIES, CONTACT, CUSTOMER, EMAIL, ORDER, PRODUCT, Stale

Row = Mapping[str, Any]
Changes = Sequence[tuple[Row | None, Row | None]]
"""(before, after); before is null for a row that is new, after for one that goes."""

NAMES = ("contact_id", "customer_id", "email")


def changes(
    table: type[Table], columns: Sequence[str], rows: Sequence[Row]
) -> list[tuple[Row | None, Row]]:
    """Those of `rows` that are new or differ in `columns` from what the table has.

    An answer that set out before the one that the table has changes nothing.
    """
    before = {
        row["woo_id"]: row
        for row in known(table, (*columns, "read_at"), [row["woo_id"] for row in rows])
    }
    told = [name for name in columns if rows and name in rows[0]]
    differing: list[tuple[Row | None, Row]] = []
    for row in rows:
        was = before.get(row["woo_id"])
        if was is None:
            differing.append((None, row))
        elif was["read_at"] <= row["read_at"] and any(was[name] != row[name] for name in told):
            differing.append((was, {**was, **row}))
    return differing


def known(table: type[Table], columns: Sequence[str], ids: Iterable[int]) -> Iterator[Row]:
    """These rows as the table has them."""
    names = ("woo_id", *columns)
    rows: Any = table
    query = table.select(*(getattr(rows, name) for name in names)).where(among(rows.woo_id, ids))
    for row in tuples(query):
        yield dict(zip(names, row, strict=True))


def mark_orders(of: Changes) -> None:
    """An order changes what its people bought, and perhaps whose the others under its names are.

    The names that it has now are found through the order itself.
    """
    Stale.mark(ORDER, (after["woo_id"] for _, after in of if after is not None))
    left = [
        before
        for before, after in of
        if before is not None
        and (after is None or any(before[name] != after[name] for name in NAMES))
    ]
    # of one that stays, the holder that it had is still told by the order
    Stale.mark(CONTACT, (row.get(name) for row in left for name in ("contact_id", "holder_id")))
    Stale.mark(CUSTOMER, (row["customer_id"] for row in left))
    Stale.mark(EMAIL, (row["email"] for row in left))


def mark_refunds(of: Changes) -> None:
    Stale.mark(ORDER, (row["order_id"] for both in of for row in both if row is not None))


def mark_products(of: Changes) -> None:
    """The tastes of those who bought a product stand on its categories."""
    Stale.mark(
        CATEGORIES,
        (
            (before or after or {})["woo_id"]
            for before, after in of
            if _categories(before) != _categories(after)
        ),
    )


def _categories(product: Row | None) -> Sequence[int]:
    return product.get("categories", []) if product else []


Line = tuple[int, int, int]  # order, product, quantity


def mark_lines(before: Iterable[Line], after: Iterable[Line]) -> None:
    """As they were and as they become. The products that an order has now are found through it."""
    was, becomes = Counter(before), Counter(after)
    Stale.mark(ORDER, {order for order, _, _ in (*(was - becomes), *(becomes - was))})
    Stale.mark(PRODUCT, {product for _, product, _ in was - becomes})
