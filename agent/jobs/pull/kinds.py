"""The kinds of row that we mirror: where the shop has them, how they are filed, what they point at."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from agent.jobs.pull.filing import Filed, Filing, copied, file_rows, forget
from agent.jobs.pull.people import ConsentRead, file_people, learn_languages
from agent.rules import copies
from agent.rules.consent import COLUMNS, PURPOSES, rules_of
from agent.rules.copies import Json, Row
from models import Category, Cursor, Customer, Departed, Hint, Order, Product, Refund, ShopCoupon
from models.base import among, tuples
from models.erasures import ORDER_ERASED
from models.mirror import Copy

Params = Mapping[str, str]
Rows = list[dict[str, Any]]

ANALYTICS_VARIATIONS = "wc-analytics/variations"
TRASH: Params = {"status": "trash"}


@dataclass(frozen=True, slots=True)
class Kind:
    """One list of the shop, and the table that has its rows.

    `by_change`: the shop can filter it by the date of the last change. `shared`: its rows may be known
    from another list, so even the first reading can bring a change. `mine` says which rows of the
    table stand in this list, `missing` which hints to give for rows that do so no more.
    """

    name: str
    endpoint: Callable[[Filing], str]
    fields: str
    table: type[Copy]
    absorb: Callable[[Rows, datetime, Filing], Filed]
    params: Callable[[Filing], Params] = lambda _: {}
    by_change: bool = True
    shared: bool = False
    mine: Callable[[Filing], Any] = lambda _: True
    missing: Callable[[Sequence[int]], tuple[str, Sequence[int]]] = lambda ids: ("", ids)

    def held(self, filing: Filing) -> Any:
        """A query for the ids of the rows that we have of this list."""
        columns: Any = self.table
        query = self.table.select(columns.woo_id)
        condition = self.mine(filing)
        return query if condition is True else query.where(condition)


# Follow-ups are noted in the transaction of the page that gives the reason.


def _orders(rows: Rows, read_at: datetime, filing: Filing) -> Filed:
    fit = copied(
        "order",
        rows,
        lambda one: copies.order(
            one, read_at, filing.order_consent, filing.language_meta, filing.details
        ),
    )
    said = _consent_before(Order, fit)
    _note_erased(rows, said, ORDER_ERASED, filing)
    file_people(fit, "order", said, country=filing.country, now=filing.now)
    filed = file_rows(Order, "orders", fit, read_at, filing)
    learn_languages(fit)
    if not filing.first:
        Hint.note("customers", _moved_customers(filed), "order", filing.now)
        if filed.news:  # a refund moves the date of its order
            Cursor.update(hurry=True).where(Cursor.name == REFUNDS.name).execute()
        if any(row["status"] not in filing.statuses for row in filed.rows):
            Cursor.update(polled_at=None).where(Cursor.name == "turn fact statuses").execute()
    return filed


def _moved_customers(filed: Filed) -> list[int]:
    """Accounts that a new order shows in another light: its billing block is the newest there is."""
    told = {
        row["customer_id"]: (row["phone"], row["email"])
        for row in filed.rows
        if row["customer_id"] and row["woo_id"] in filed.news and row["status"] != "trash"
    }
    query = Customer.select(Customer.woo_id, Customer.phone, Customer.email)
    known = {
        number: (phone, email)
        for number, phone, email in tuples(query.where(among(Customer.woo_id, told)))
    }
    return [number for number, billing in told.items() if known.get(number) != billing]


def _customers(rows: Rows, read_at: datetime, filing: Filing) -> Filed:
    fit = copied(
        "customer", rows, lambda one: copies.customer(one, read_at, filing.customer_consent)
    )
    if not filing.every_role:
        others = [row["woo_id"] for row in fit if row["role"] not in filing.roles]
        forget(Customer, "customers", others, filing)
        fit = [row for row in fit if row["role"] in filing.roles]
    said = _consent_before(Customer, fit)
    _note_erased(rows, said, "account erased", filing)
    file_people(fit, "customer", said, country=filing.country, now=filing.now)
    return file_rows(Customer, "customers", fit, read_at, filing)


def _note_erased(rows: Rows, before: Mapping[int, ConsentRead], how: str, filing: Filing) -> None:
    """Whose orders or accounts the shop erased since we saw them."""
    erased = [int(one["id"]) for one in rows if copies.is_erased(one)]
    Departed.note((before[one].contact_id for one in erased if one in before), how, filing.now)


def _roles(filing: Filing) -> Params:
    """The list takes one role or all."""
    only = next(iter(filing.roles)) if len(filing.roles) == 1 else "all"
    return {"role": only}


def _products(rows: Rows, read_at: datetime, filing: Filing) -> Filed:
    fit = copied("product", rows, lambda one: copies.product(one, read_at, filing.currency))
    filed = file_rows(Product, "products", fit, read_at, filing)
    if not filing.first or not filing.variations:
        # a variation's change moves its product, and trashing a product trashes its variations
        parents = [
            row["woo_id"]
            for row in fit
            if row["woo_id"] in filed.news
            and (is_variable(row) or "type" in filed.news[row["woo_id"]])
        ]
        Hint.note("variations", parents, filing.means, filing.now)
    return filed


def is_variable(product: Row) -> bool:
    """Whether it may have variations; plugins bring types such as variable-subscription."""
    return str(product["type"]).startswith("variable")


def _variations(rows: Rows, read_at: datetime, filing: Filing) -> Filed:
    fit = copied("variation", rows, lambda one: copies.product(one, read_at, filing.currency))
    return file_rows(Product, "variations", fit, read_at, filing)


def _refunds(rows: Rows, read_at: datetime, filing: Filing) -> Filed:
    parents = {int(one.get("parent_id") or 0) for one in rows}
    orders = Order.select(Order.woo_id, Order.currency).where(Order.woo_id.in_(list(parents)))
    currency = {order.woo_id: order.currency for order in orders}

    def copy(one: Json) -> Row:
        return copies.refund(one, read_at, currency.get(one["parent_id"], filing.currency))

    return file_rows(Refund, "refunds", copied("refund", rows, copy), read_at, filing)


def _categories(rows: Rows, read_at: datetime, filing: Filing) -> Filed:
    fit = copied("category", rows, lambda one: copies.category(one, read_at))
    return file_rows(Category, "categories", fit, read_at, filing)


def _coupons(rows: Rows, read_at: datetime, filing: Filing) -> Filed:
    fit = copied("coupon", rows, lambda one: copies.coupon(one, read_at))
    return file_rows(ShopCoupon, "coupons", fit, read_at, filing)


def _orders_of(refunds: Sequence[int]) -> tuple[str, Sequence[int]]:
    query = Refund.select(Refund.order_id).where(Refund.woo_id.in_(list(refunds))).distinct()
    return "refunds", [order for (order,) in tuples(query)]


def _parents_of(variations: Sequence[int]) -> tuple[str, Sequence[int]]:
    query = Product.select(Product.parent_id).where(Product.woo_id.in_(list(variations)))
    return "variations", [parent for (parent,) in tuples(query.distinct())]


def _consent_before(
    table: type[Order] | type[Customer], rows: Iterable[Row]
) -> dict[int, ConsentRead]:
    """What the consent fields of each row said when we last read it; new rows are absent."""
    ids = [row["woo_id"] for row in rows]
    said = [getattr(table, COLUMNS[purpose]) for purpose in PURPOSES]
    known = table.select(table.woo_id, table.consent_rule, table.contact_id, *said)
    return {
        number: ConsentRead(dict(zip(PURPOSES, says, strict=True)), rules_of(rule), contact)
        for number, rule, contact, *says in tuples(known.where(among(table.woo_id, ids)))
    }


ORDERS = Kind(
    "orders", lambda _: "orders", copies.ORDER_FIELDS, Order, _orders,
    params=lambda filing: {"status": ",".join(filing.statuses)},
    # those of a plugin that was switched off are in no list, and not gone
    mine=lambda filing: Order.status.in_(filing.statuses),
    missing=lambda ids: ("orders", ids),
)  # fmt: skip
REFUNDS = Kind(
    "refunds", lambda _: "refunds", copies.REFUND_FIELDS, Refund, _refunds, missing=_orders_of
)
PRODUCTS = Kind(
    "products", lambda _: "products", copies.PRODUCT_FIELDS, Product, _products,
    mine=lambda _: (Product.parent_id == 0) & (Product.status != "trash"),
    missing=lambda ids: ("products", ids),
)  # fmt: skip
TRASHED = Kind(
    "trashed products", lambda _: "products", copies.PRODUCT_FIELDS, Product, _products,
    params=lambda _: TRASH,
    shared=True,
    mine=lambda _: (Product.parent_id == 0) & (Product.status == "trash"),
    missing=lambda ids: ("products", ids),
)  # fmt: skip
VARIATIONS = Kind(
    "variations", lambda filing: filing.variations, copies.PRODUCT_FIELDS, Product, _variations,
    mine=lambda _: Product.parent_id > 0, missing=_parents_of,
)  # fmt: skip
CUSTOMERS = Kind(
    "customers", lambda _: "customers", copies.CUSTOMER_FIELDS, Customer, _customers,
    params=_roles, by_change=False, missing=lambda ids: ("customers", ids),
)  # fmt: skip
CATEGORIES = Kind(
    "categories", lambda _: "products/categories", copies.CATEGORY_FIELDS, Category, _categories,
    by_change=False, missing=lambda ids: ("categories", ids),
)  # fmt: skip
COUPONS = Kind(
    "coupons", lambda _: "coupons", copies.COUPON_FIELDS, ShopCoupon, _coupons,
    missing=lambda ids: ("coupons", ids),
)  # fmt: skip
