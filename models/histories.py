"""Whose order is it, and does it count: said once, as parts of SQL.

An order belongs to the contact who holds its customer account now; a guest's order to the contact with
its phone, and without a usable phone to the one who holds its e-mail. So somebody who changed numbers
is one person, and is written to at the newer number only.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from peewee import JOIN, AutoField, BigIntegerField, Case, IntegerField, fn

from models.base import Table, UtcField, among, carry_out_each, rows_of, tuples
from models.contacts import Contact, Identity
from models.insight import Basis, Taste
from models.insight import History as Lasting
from models.mirror import NOT_ORDERS as NOT_ORDERS  # noqa: PLC0414 - others import it from here
from models.mirror import Order, OrderLine, Product, Refund
from models.newest import newest_dates

NOT_BOUGHT = (*NOT_ORDERS, "refunded")

MOST_NUMBERS = 3  # of one person; an account with more is a till's, and its orders are strangers'

_account = Identity.alias()
_mailbox = Identity.alias()
HOLDER = fn.COALESCE(_account.contact_id, Order.contact_id, _mailbox.contact_id)

GIVEN_BACK = fn.COALESCE(  # minor units
    Refund.select(fn.SUM(Refund.amount)).where(Refund.order_id == Order.woo_id), 0
)


class History(Table):
    """What each contact ordered, worked out for one run: a temporary table.

    Temporary, and keyed by an integer, because SQLite joins a subquery of this size by scanning it
    once for every contact.
    """

    contact_id = IntegerField(primary_key=True)
    last_order_at = UtcField(null=True)
    bought = IntegerField()
    spent = BigIntegerField()  # minor units of the shop's currency, refunds taken off
    last_bought = BigIntegerField(null=True)  # id of the newest order that counts as bought

    class Meta:
        temporary = True
        table_name = (
            "passing_history"  # a temporary table hides one of the same name, also from DROP
        )

    @classmethod
    def work_out(cls, paid_statuses: Sequence[str], currency: str) -> None:
        """Fill it anew from all orders."""
        was_bought = bought(paid_statuses)
        in_shops_money = was_bought & (Order.currency == currency)
        histories = (
            with_holders(
                Order.select(
                    HOLDER,
                    fn.MAX(Case(None, [(Order.status.not_in(NOT_ORDERS), Order.created_at)])),
                    fn.SUM(Case(None, [(was_bought, 1)], 0)),
                    fn.SUM(Case(None, [(in_shops_money, Order.total - GIVEN_BACK)], 0)),
                    fn.MAX(Case(None, [(was_bought, Order.woo_id)])),
                )
            )
            .where(HOLDER.is_null(False))
            .group_by(HOLDER)
        )
        cls.drop_table(safe=True)
        cls.create_table()
        columns = (cls.contact_id, cls.last_order_at, cls.bought, cls.spent, cls.last_bought)
        cls.insert_from(histories, columns).execute()


class Turn(Table):
    """The order in which contacts are decided about; a temporary table too.

    With it a run can read some, write, and read on: a write in the middle of one long read fails in
    SQLite as soon as somebody else has written since that read began.
    """

    position = AutoField()
    contact_id = IntegerField()

    class Meta:
        temporary = True

    @classmethod
    def line_up(cls) -> int:
        """Everybody, the most recently quiet first. Returns how many there are."""
        everybody = (
            Contact.select(Contact.id)
            .join(History, JOIN.LEFT_OUTER, on=(History.contact_id == Contact.id))
            .order_by(fn.COALESCE(History.last_order_at, "").desc(), Contact.id)
        )
        cls.drop_table(safe=True)
        cls.create_table()
        cls.insert_from(everybody, (cls.contact_id,)).execute()
        return int(cls.select().count())


def forget_histories() -> None:
    """Give the memory of the temporary tables back."""
    for table in (History, Turn):
        table.drop_table(safe=True)


def bought(paid_statuses: Sequence[str]) -> Any:
    """The condition that an order was paid, and not cancelled or given back in full."""
    paid = Order.paid_at.is_null(False) | Order.status.in_(list(paid_statuses))
    kept = (Order.total == 0) | (Order.total > GIVEN_BACK)
    return paid & Order.status.not_in(NOT_BOUGHT) & kept


def _shared_accounts() -> Any:
    """Accounts under which many numbers ordered."""
    other = Order.alias()
    return (
        other.select(other.customer_id)
        .where(other.customer_id > 0)
        .group_by(other.customer_id)
        .having(fn.COUNT(other.contact_id.distinct()) > MOST_NUMBERS)
    )


def with_holders(query: Any) -> Any:
    """A select over orders, with the joins that HOLDER stands on."""
    return query.join(
        _account,
        JOIN.LEFT_OUTER,
        on=(_account.kind == "customer")
        & (_account.value == Order.customer_id.cast("TEXT"))
        & Order.customer_id.not_in(_shared_accounts()),
    ).join(
        _mailbox,
        JOIN.LEFT_OUTER,
        on=(_mailbox.kind == "email") & (_mailbox.value == Order.email),
    )


def write_histories(contacts: Iterable[int], basis: Basis) -> None:
    """Work out what these contacts ordered, and in which categories they bought."""
    contacts = sorted(set(contacts))
    was_bought = bought(basis.paid_statuses)
    in_shops_money = was_bought & (Order.currency == basis.currency)
    theirs = among(Order.holder_id, contacts)
    sums = Order.select(
        Order.holder_id,
        fn.SUM(Case(None, [(was_bought, 1)], 0)),
        fn.SUM(Case(None, [(in_shops_money, Order.total - GIVEN_BACK)], 0)),
        fn.MAX(Case(None, [(was_bought, Order.woo_id)])),
    ).where(theirs)
    orders = {row[0]: row[1:] for row in tuples(sums.group_by(Order.holder_id))}
    newest = newest_dates(contacts)
    nothing = (0, 0, None)
    rows = [
        (contact, newest.get(contact), *orders.get(contact, nothing))
        for contact in contacts
        if contact in newest or orders.get(contact, nothing)[0]
    ]
    none = set(contacts).difference(row[0] for row in rows)
    Lasting.delete().where(among(Lasting.contact_id, none)).execute()
    carry_out_each(_put_history(), rows)
    Taste.delete().where(among(Taste.contact_id, contacts)).execute()
    categories, category = rows_of(Product.categories, "category")
    tastes = (
        Order.select(Order.holder_id, category, fn.SUM(OrderLine.quantity))
        .from_(Order, categories)
        .join(OrderLine, on=(OrderLine.order_id == Order.woo_id))
        .join(Product, on=(Product.woo_id == OrderLine.product_id))
        .where(theirs, was_bought)
        .group_by(Order.holder_id, category)
    )
    Taste.insert_from(tastes, (Taste.contact_id, Taste.category_id, Taste.bought)).execute()


def _put_history() -> str:
    columns = ("contact_id", "last_order_at", "bought", "spent", "last_bought")
    insert = Lasting.insert(dict.fromkeys(columns)).on_conflict(
        conflict_target=[Lasting.contact_id],
        preserve=[getattr(Lasting, name) for name in columns[1:]],
    )
    return str(insert.sql()[0])
