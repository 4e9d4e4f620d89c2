"""All that came after a moment, each with when it was seen, and whether an alert may follow from it.

From most of it none can: an order, a look at an article that nobody could see cheaper, a STOP only make
fewer alerts. Who looks for alerts every hour needs to look only after the rest.
"""

from bisect import bisect_right
from collections.abc import Collection, Iterator
from typing import Any, Final, NamedTuple

from peewee import fn

from agent.config import PriceDrop, Settings
from agent.rehearse.known import Known
from agent.rehearse.later import (
    LaterContact,
    LaterCustomer,
    LaterInterest,
    LaterInterestWas,
    LaterMessage,
    LaterOrder,
    LaterOrderChange,
    LaterProduct,
    LaterProductChange,
    LaterProductWas,
    LaterStatement,
)
from agent.rehearse.looks import TOLD
from agent.rules.consent import NO
from models.base import instant, raw
from models.delivery import MARKETING
from models.interest import CARTS, SHOP
from models.mirror import NOT_ORDERS
from models.past import GONE

CONTACT, STATEMENT, ERASED, ACCOUNT, ORDER, REFUND, PRODUCT, INTEREST, OTHER = (
    "contact", "statement", "erased", "account", "order", "refund", "product", "interest", "other",
)  # fmt: skip
NOT_BOUGHT: Final = frozenset((*NOT_ORDERS, *CARTS))
IN_STOCK: Final = "instock"


class Event(NamedTuple):
    """`key` is the id of a row; of interest the contact and the product."""

    at: str
    what: str
    key: Any
    stirs: bool


def events_after(known: Known, after: str, settings: Settings) -> Iterator[Event]:
    """In no order."""
    drop = settings.campaigns["price_drop"]
    assert isinstance(drop, PriceDrop)  # noqa: S101 - each name has its own type of settings
    for what, since in (
        (CONTACT, known.contacts),
        (ERASED, known.erased),
        (REFUND, known.refunds),
        (PRODUCT, known.products),
    ):
        yield from (Event(at, what, number, False) for number, at in since.items() if at > after)
    yield from _said(known, after)
    yield from _orders(known, after)
    yield from _products(after)
    yield from _interest(after, drop.more_than_percent)
    others = LaterMessage.select(LaterMessage.created_at, LaterMessage.id)
    for at, number in raw(
        others.where(LaterMessage.created_at > instant(after), LaterMessage.kind != MARKETING)
    ):
        yield Event(at, OTHER, number, False)


def _said(known: Known, after: str) -> Iterator[Event]:
    """Who agrees may wait for something already."""
    interested = (LaterInterest.select(LaterInterest.contact_id)) | (
        LaterInterestWas.select(LaterInterestWas.contact_id)
    )
    phones = {phone for (phone,) in raw(
        LaterContact.select(LaterContact.phone).where(LaterContact.id.in_(interested))
    )}  # fmt: skip
    query = LaterStatement.select(LaterStatement.id, LaterStatement.phone, LaterStatement.says)
    for number, phone, says in raw(query):
        at = known.statements[number]
        if at > after:
            yield Event(at, STATEMENT, number, says != NO and phone in phones)


def _orders(known: Known, after: str) -> Iterator[Event]:
    """One that is not bought after all lets a wish stand again. And under a name that moves from one number
    to another, what was wished moves too."""
    accounts, emails = _moving("customer_id"), _moving("email")
    moving: dict[int, bool] = {}
    query = LaterOrder.select(
        LaterOrder.woo_id, LaterOrder.customer_id, LaterOrder.email, LaterOrder.paid_at
    )
    for number, account, email, paid_at in raw(query):
        stirs = moving[number] = account in accounts or email in emails
        at = known.orders[number]
        if at > after:
            yield Event(at, ORDER, number, stirs)
        if paid_at is not None and paid_at > max(at, after):
            yield Event(paid_at, ORDER, number, stirs)
    changes = LaterOrderChange.select(
        LaterOrderChange.seen_at, LaterOrderChange.order_id, LaterOrderChange.was,
        LaterOrderChange.became,
    ).where(LaterOrderChange.seen_at > instant(after))  # fmt: skip
    for at, number, was, became in raw(changes):
        if number in moving:
            undone = became in NOT_BOUGHT and was not in {"", *NOT_BOUGHT}
            yield Event(at, ORDER, number, moving[number] or undone)
    for number, email in raw(LaterCustomer.select(LaterCustomer.woo_id, LaterCustomer.email)):
        at = known.customers[number]
        if at > after:
            yield Event(at, ACCOUNT, number, number in accounts or email in emails)


def _moving(name: str) -> Collection[Any]:
    """Accounts or e-mails that stand on orders of more than one number."""
    column = getattr(LaterOrder, name)
    query = (
        LaterOrder.select(column)
        .where(LaterOrder.contact_id.is_null(False))
        .group_by(column)
        .having(fn.COUNT(LaterOrder.contact_id.distinct()) > 1)
    )
    orders = {value for (value,) in raw(query) if value}
    if name == "email":
        return orders
    # an account whose own number is another than that of its orders
    query = (
        LaterCustomer.select(LaterCustomer.woo_id)
        .distinct()
        .join(LaterOrder, on=(LaterOrder.customer_id == LaterCustomer.woo_id))
        .where(LaterOrder.contact_id != LaterCustomer.contact_id)
    )
    return orders | {value for (value,) in raw(query)}


def _products(after: str) -> Iterator[Event]:
    """Of how many there are, only that there are some again."""
    query = LaterProductChange.select(
        LaterProductChange.seen_at, LaterProductChange.product_id, LaterProductChange.field,
        LaterProductChange.was,
    ).where(LaterProductChange.seen_at > instant(after))  # fmt: skip
    for at, number, field, was in raw(query):
        stirs = field != "stock_quantity" or was is None or int(was) <= 0
        yield Event(at, PRODUCT, number, stirs)
    others = LaterProductWas.select(
        LaterProductWas.until, LaterProductWas.product_id, LaterProductWas.field
    ).where(LaterProductWas.until > instant(after))
    for at, number, field in raw(others):
        yield Event(at, PRODUCT, number, field in ("status", GONE))


def _interest(after: str, percent: int) -> Iterator[Event]:
    """Who sees something that is there, at its price, waits for nothing: not before it changes."""
    prices = _Prices()
    live = LaterInterest.select(
        LaterInterest.contact_id, LaterInterest.product_id, LaterInterest.variation_id,
        LaterInterest.price, LaterInterest.stock_status, LaterInterest.first_at, LaterInterest.seen_at,
    ).where(
        LaterInterest.seen_at > instant(after), LaterInterest.source.not_in((SHOP, TOLD))
    )  # fmt: skip
    for contact, product, variation, price, stock, first, last in raw(live):
        for at in {first, last}:
            if at > after:
                now = prices.at(variation or product, at)
                cheaper = price is not None and (now is None or price * (100 - percent) > now * 100)
                yield Event(at, INTEREST, (contact, product), stock != IN_STOCK or cheaper)
    was = LaterInterestWas.select(
        LaterInterestWas.contact_id, LaterInterestWas.product_id, LaterInterestWas.first_at,
        LaterInterestWas.seen_at, LaterInterestWas.until, LaterInterestWas.moved_to,
    ).where(LaterInterestWas.until > instant(after))  # fmt: skip
    for contact, product, first, last, until, moved_to in raw(was):
        for at in {first, last, until}:
            if at > after:
                yield Event(at, INTEREST, (contact, product), True)
        if moved_to is not None:
            yield Event(until, INTEREST, (moved_to, product), True)


class _Prices:
    """What each article cost at a moment, in minor units."""

    def __init__(self) -> None:
        self._now = dict(raw(LaterProduct.select(LaterProduct.woo_id, LaterProduct.price)))
        self._moments: dict[int, list[str]] = {}
        self._was: dict[int, list[str | None]] = {}
        query = LaterProductChange.select(
            LaterProductChange.product_id, LaterProductChange.seen_at, LaterProductChange.was
        ).where(LaterProductChange.field == "price")
        for number, at, was in raw(
            query.order_by(LaterProductChange.seen_at, LaterProductChange.id)
        ):
            self._moments.setdefault(number, []).append(at)
            self._was.setdefault(number, []).append(was)

    def at(self, number: int, moment: str) -> int | None:
        """None where it had none, or nobody knows."""
        place = bisect_right(self._moments.get(number, ()), moment)
        if place == len(self._moments.get(number, ())):
            now: int | None = self._now.get(number)
            return now
        was = self._was[number][place]
        return None if was is None else int(was)
