"""Hints, what was found by which means, samples; what changed, and what somebody waits for."""

from datetime import UTC, datetime, timedelta

from table_rows import NOON

from models import Found, Hint, Order, OrderLine, Product, Sample
from models.interest import waited_for

SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)


def waiting(kind: str = "products") -> list[tuple[int, str]]:
    return [(hint.woo_id, hint.means) for hint in Hint.waiting(kind, 100)]


def test_a_hint_is_kept_once_with_its_first_reason() -> None:
    Hint.note("products", [7, 8, 7], "order", NOON)
    Hint.note("products", [7], "webhook", NOON)
    assert waiting() == [(7, "order"), (8, "order")]
    assert waiting("orders") == []


def test_a_settled_hint_is_gone() -> None:
    Hint.note("products", [7, 8], "order", NOON)
    Hint.settle(Hint.waiting("products", 1))
    assert waiting() == [(8, "order")]
    Hint.settle([])
    assert Hint.kinds() == {"products"}


def test_a_hint_that_was_noted_again_while_its_row_was_read_stays() -> None:
    Hint.note("products", [7], "order", NOON)
    read = Hint.waiting("products", 10)
    Hint.note("products", [7], "webhook", NOON + SECOND)
    Hint.settle(read)
    assert [number for number, _ in waiting()] == [7]


def test_what_was_found_is_added_up_by_day_kind_and_means() -> None:
    today = NOON.date()
    Found.add("orders", "poll", 3, today)
    Found.add("orders", "poll", 2, today)
    Found.add("orders", "sweep", 0, today)
    Found.add("orders", "sweep", 1, today - DAY)
    assert Found.since(today) == {("orders", "poll"): 5}
    assert Found.since(today - DAY) == {("orders", "poll"): 5, ("orders", "sweep"): 1}

    assert Found.forget_before(today) == 1
    assert Found.since(today - DAY) == {("orders", "poll"): 5}


def test_exactness_is_over_all_samples_of_a_time() -> None:
    for differing, when in ((1, NOON), (0, NOON - DAY), (50, NOON - 30 * DAY)):
        Sample.insert(kind="orders", taken_at=when, compared=100, differing=differing).execute()
    assert Sample.exactness(NOON - 7 * DAY) == {"orders": (199, 200)}


def test_what_lies_in_carts_is_waited_for_the_longest_unread_first() -> None:
    def product(number: int, read_at: datetime, parent: int = 0) -> None:
        Product.insert(woo_id=number, parent_id=parent, read_at=read_at).execute()

    def cart(number: int, status: str, modified: datetime, line: tuple[int, int]) -> None:
        Order.insert(woo_id=number, status=status, modified_at=modified, read_at=NOON).execute()
        OrderLine.insert(
            woo_id=number, order_id=number, product_id=line[0], variation_id=line[1]
        ).execute()

    product(1, NOON - 2 * SECOND)
    product(2, NOON - 3 * SECOND)
    product(3, NOON - 9 * SECOND, parent=2)
    product(4, NOON - 9 * SECOND)
    product(5, NOON)
    cart(11, "checkout-draft", NOON, (1, 0))
    cart(12, "failed", NOON, (2, 3))
    cart(13, "completed", NOON, (4, 0))  # bought: nobody waits for it
    cart(14, "pending", NOON - 60 * DAY, (4, 0))  # left so long ago
    cart(15, "pending", NOON, (5, 0))  # read just now

    assert waited_for(NOON - 30 * DAY, NOON, 10) == [(3, 2), (1, 0)]
    assert waited_for(NOON - 30 * DAY, NOON, 1) == [(3, 2)]


def test_times_are_aware() -> None:
    Hint.note("orders", [1], "webhook", NOON)
    [hint] = Hint.waiting("orders", 1)
    assert hint.noted_at == NOON.astimezone(UTC)
