"""Whose order is it, and does it count."""

from datetime import UTC, datetime, timedelta

import pytest
from table_rows import NOON, a_contact, a_refund, an_order

from models import History, Identity, Order, Refund
from models.base import tuples
from models.histories import GIVEN_BACK, NOT_BOUGHT, bought
from models.mirror import NOT_ORDERS
from models.refresh import refresh

PAID = ("processing", "completed")
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def people() -> list[int]:
    """Contacts 1, 2 and 3."""
    return [a_contact(f"+44770090010{number}") for number in range(3)]


def holds(contact_id: int, kind: str, value: str, since: datetime = NOON) -> None:
    Identity.put([{"kind": kind, "value": value, "contact_id": contact_id, "seen_at": since}])


def owners() -> dict[int, int | None]:
    """order -> the contact whose it is."""
    refresh(PAID, "EUR")
    return dict(tuples(Order.select(Order.woo_id, Order.holder_id)))


def of(contact_id: int) -> History | None:
    refresh(PAID, "EUR")
    found: History | None = History.get_or_none(History.contact_id == contact_id)
    return found


def one_order(**columns: object) -> History:
    """The history of contact 1, whose only order is this one."""
    Order.absorb([an_order(1, contact_id=1, **columns)])
    return of(1) or History(contact_id=1)  # who has none never ordered anything


def test_a_guests_order_belongs_to_the_phone() -> None:
    holds(2, "email", "ana@example.com")
    Order.absorb([an_order(1, contact_id=1, email="ana@example.com")])
    assert owners() == {1: 1}


def test_a_guests_order_without_a_usable_phone_belongs_to_the_e_mail() -> None:
    holds(2, "email", "ana@example.com")
    Order.absorb([an_order(1, contact_id=None, email="ana@example.com")])
    assert owners() == {1: 2}


def test_an_order_with_an_account_belongs_to_whoever_holds_the_account_now() -> None:
    # given somebody who ordered with an old number, and holds the account with a new one
    holds(1, "customer", "5", NOON - DAY)
    holds(2, "customer", "5", NOON)
    Order.absorb(
        [an_order(1, customer_id=5, contact_id=1), an_order(2, customer_id=5, contact_id=2)]
    )
    assert owners() == {1: 2, 2: 2}


def test_an_account_that_nobody_holds_leaves_the_order_with_its_phone() -> None:
    Order.absorb([an_order(1, customer_id=5, contact_id=1)])
    assert owners() == {1: 1}


def test_an_order_without_anything_belongs_to_nobody() -> None:
    Order.absorb([an_order(1, email="nobody@example.com")])
    assert owners() == {1: None}
    assert of(1) is None


def test_other_kinds_of_identity_own_no_orders() -> None:
    holds(2, "wa_id", "5")
    holds(3, "user_id", "ana@example.com")
    Order.absorb([an_order(1, customer_id=5, email="ana@example.com", contact_id=1)])
    assert owners() == {1: 1}


def test_who_changed_numbers_is_one_person_with_one_history() -> None:
    holds(2, "customer", "5")
    Order.absorb(
        [
            an_order(1, customer_id=5, contact_id=1, created_at=NOON - DAY),
            an_order(2, customer_id=5, contact_id=2),
        ]
    )
    old, history = of(1), of(2)
    assert old is not None
    assert history is not None
    # under the old number too it is known that they are not quiet, and that is all
    assert (old.bought, old.spent, old.last_order_at, old.last_bought) == (0, 0, NOON, None)
    assert (history.bought, history.spent, history.last_order_at) == (2, 20_000, NOON)
    assert history.last_bought == 2


@pytest.mark.parametrize(
    ("columns", "counts"),
    [
        ({"status": "completed", "paid_at": None}, True),
        ({"status": "processing", "paid_at": None}, True),
        ({"status": "on-hold", "paid_at": None}, False),
        ({"status": "on-hold", "paid_at": NOON}, True),
        ({"status": "being-packed", "paid_at": NOON}, True),  # a status of the shop's own
        ({"status": "being-packed", "paid_at": None}, False),
        *(({"status": status, "paid_at": NOON}, False) for status in NOT_BOUGHT),
        ({"total": 0}, True),
    ],
)
def test_bought_is_what_was_paid_and_kept(columns: dict[str, object], counts: bool) -> None:
    history = one_order(**columns)
    assert history.bought == int(counts)
    assert history.last_bought == (1 if counts else None)
    assert history.spent == (10_000 if counts and "total" not in columns else 0)


@pytest.mark.parametrize("status", NOT_ORDERS)
def test_what_never_became_an_order_does_not_end_the_quiet(status: str) -> None:
    assert one_order(status=status).last_order_at is None


@pytest.mark.parametrize("status", ["pending", "on-hold", "processing", "completed", "refunded"])
def test_any_other_order_ends_the_quiet(status: str) -> None:
    assert one_order(status=status, paid_at=None).last_order_at == NOON


@pytest.mark.parametrize(
    ("amounts", "bought_orders", "spent"),
    [
        ((), 1, 10_000),
        ((2_500,), 1, 7_500),
        ((2_500, 2_500), 1, 5_000),
        ((9_999,), 1, 1),
        ((10_000,), 0, 0),
        ((5_000, 5_000), 0, 0),
        ((10_001,), 0, 0),
    ],
)
def test_refunds_are_taken_off_and_a_whole_one_takes_the_order(
    amounts: tuple[int, ...], bought_orders: int, spent: int
) -> None:
    Refund.absorb(a_refund(number, 1, amount) for number, amount in enumerate(amounts, 1))
    history = one_order()
    assert (history.bought, history.spent) == (bought_orders, spent)
    # it was an order all the same
    assert history.last_order_at == NOON


def test_a_refund_of_another_order_takes_nothing_off() -> None:
    Refund.absorb([a_refund(1, 2, 10_000)])
    assert one_order().spent == 10_000


def test_orders_in_other_currencies_count_but_are_not_added_up() -> None:
    Order.absorb(
        [
            an_order(1, contact_id=1),
            an_order(2, contact_id=1, currency="USD", total=99_000),
        ]
    )
    history = of(1)
    assert history is not None
    assert (history.bought, history.spent, history.last_bought) == (2, 10_000, 2)


@pytest.mark.parametrize(
    ("dates", "newest"),
    [
        ({10: NOON, 11: NOON - DAY}, 10),  # the older one was imported after it
        ({9: NOON, 10: NOON}, 10),
        ({1: NOON, 2: None}, 1),
        ({1: None, 2: None}, 2),
        ({2: datetime(1, 1, 1, tzinfo=UTC), 1: datetime(9999, 12, 31, tzinfo=UTC)}, 1),
        ({10**18: NOON, 5: NOON}, 10**18),
    ],
)
def test_the_last_that_was_bought_is_the_newest_by_its_date(
    dates: dict[int, datetime | None], newest: int
) -> None:
    Order.absorb(an_order(n, contact_id=1, created_at=date) for n, date in dates.items())
    Order.absorb([an_order(7, contact_id=1, created_at=NOON + DAY, status="failed")])
    history = of(1)
    assert history is not None
    assert history.last_bought == newest


def test_each_person_has_a_history_of_their_own() -> None:
    Order.absorb(
        [
            an_order(1, contact_id=1, created_at=NOON - DAY),
            an_order(2, contact_id=2, total=500),
            an_order(3, contact_id=1, status="failed"),
        ]
    )
    first, second = of(1), of(2)
    assert first is not None
    assert second is not None
    assert (first.bought, first.spent, first.last_order_at) == (1, 10_000, NOON - DAY)
    assert (second.bought, second.spent, second.last_order_at) == (1, 500, NOON)


def test_working_out_again_begins_anew() -> None:
    assert one_order().bought == 1
    Order.absorb([an_order(1, contact_id=1, status="cancelled")])
    assert of(1) is None


def test_what_is_left_of_an_order_is_the_same_for_the_report() -> None:
    Order.absorb([an_order(1, contact_id=1), an_order(2, contact_id=1, status="refunded")])
    Refund.absorb([a_refund(1, 1, 2_500)])
    left = Order.select(Order.woo_id, Order.total - GIVEN_BACK).where(bought(PAID))
    assert tuples(left) == [(1, 7_500)]
