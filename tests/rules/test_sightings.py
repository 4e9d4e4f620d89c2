"""What one person saw of one article: one row where it belongs together, whatever order it is told in."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise, permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.rules.sightings import TOGETHER, Changes, Sighting, put_together

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)


def seen(minutes: float, price: int | None = 1000, stock: str = "instock") -> Sighting:
    at = NOON + minutes * MINUTE
    return Sighting(at, at, price, stock, "events")


def spanning(first: float, last: float, price: int = 1000) -> Sighting:
    return replace(seen(last, price), first_at=NOON + first * MINUTE)


def after(
    kept: dict[int, Sighting], told: Iterable[Sighting], *, lasting: bool = False
) -> dict[int, Sighting]:
    """The table after it was changed; its keys are refused where they meet, as the real ones are."""
    changes = put_together(kept, told, lasting=lasting)
    table = {number: one for number, one in kept.items() if number not in changes.removed}
    assert len(table) == len(kept) - len(changes.removed)
    for number, one in changes.changed.items():
        assert table[number] != one, "written although nothing changed"
        table[number] = one
        assert len({row.first_at for row in table.values()}) == len(table)
    for one in changes.added:
        table[max(table, default=0) + 1] = one
        assert len({row.first_at for row in table.values()}) == len(table)
    return table


def told_one_by_one(told: Sequence[Sighting], *, lasting: bool = False) -> list[Sighting]:
    table: dict[int, Sighting] = {}
    for one in told:
        table = after(table, [one], lasting=lasting)
    return by_time(table.values())


def by_time(rows: Iterable[Sighting]) -> list[Sighting]:
    return sorted(rows, key=lambda row: row.first_at)


# views within an hour


@pytest.mark.parametrize(
    ("minutes", "rows"),
    [
        ((0, 59.99), 1),
        ((0, 60), 2),  # an hour later is another view
        ((0, 0), 1),
        ((0, 50, 100), 1),  # each within an hour of the next
        ((0, 50, 110), 2),
        ((0, 100), 2),
    ],
)
def test_views_within_an_hour_are_one_row(minutes: tuple[float, ...], rows: int) -> None:
    for order in permutations(seen(at) for at in minutes):
        assert len(told_one_by_one(order)) == rows


def test_the_latest_price_and_stock_are_kept_not_the_first() -> None:
    looks = [seen(0, 1000), seen(20, 900, "outofstock"), seen(40, 1200, "onbackorder")]
    for order in permutations(looks):
        assert told_one_by_one(order) == [
            Sighting(NOON, NOON + 40 * MINUTE, 1200, "onbackorder", "events")
        ]


def test_a_view_between_two_joins_them() -> None:
    kept = {7: spanning(0, 10), 3: spanning(80, 90, 900), 9: seen(500)}
    changes = put_together(kept, [seen(50, 5)], lasting=False)
    assert changes == Changes([7], {3: spanning(0, 90, 900)}, [])


def test_what_is_told_twice_changes_nothing() -> None:
    kept = {1: spanning(0, 30), 2: seen(200)}
    for minutes in (0, 30, 200):
        assert put_together(kept, [seen(minutes)], lasting=False) == Changes([], {}, [])


def test_of_two_at_one_moment_one_with_a_price_and_the_lower_price_counts() -> None:
    for order in permutations([seen(0, None), seen(0, 900), seen(0, 1000)]):
        assert told_one_by_one(order) == [seen(0, 900)]


def test_a_look_at_what_has_no_price_is_the_latest_too() -> None:
    assert told_one_by_one([seen(0, 900), seen(5, None)]) == [replace(seen(5, None), first_at=NOON)]


def test_a_view_before_an_hour_of_views_is_told_late() -> None:
    assert put_together({1: spanning(0, 30)}, [seen(-59)], lasting=False) == Changes(
        [], {1: spanning(-59, 30)}, []
    )
    assert put_together({1: spanning(0, 30)}, [seen(-60)], lasting=False).added == [seen(-60)]


# wishes and carts


def test_what_is_lasting_is_one_row_however_far_apart() -> None:
    far = 60 * 24 * 30
    for order in permutations([seen(0, 1000), seen(far, 900), seen(2 * far, 1100)]):
        assert told_one_by_one(order, lasting=True) == [spanning(0, 2 * far, 1100)]


looks = st.lists(
    st.builds(
        seen,
        st.sampled_from([0, 0.5, 30, 59, 60, 61, 90, 119, 120, 180, 240, 241])
        | st.integers(0, 600),
        st.none() | st.integers(0, 3),
        st.sampled_from(["", "instock", "outofstock"]),
    ),
    max_size=8,
)


@given(looks, st.randoms(use_true_random=False), st.booleans())
def test_the_order_and_the_batches_make_no_difference(
    told: list[Sighting], random: st.DataObject, lasting: bool
) -> None:
    at_once = by_time(after({}, told, lasting=lasting).values())
    shuffled = list(told)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    half = len(shuffled) // 2
    in_two = after(after({}, shuffled[:half], lasting=lasting), shuffled[half:], lasting=lasting)
    assert told_one_by_one(shuffled, lasting=lasting) == at_once
    assert by_time(in_two.values()) == at_once
    assert after(in_two, told, lasting=lasting) == in_two  # all of it again


@given(looks)
def test_every_view_lies_in_one_row_and_rows_are_an_hour_apart(told: list[Sighting]) -> None:
    rows = by_time(after({}, told).values())
    for one in told:
        holding = [row for row in rows if row.first_at <= one.seen_at <= row.seen_at]
        assert len(holding) == 1
    for row, following in pairwise(rows):
        assert following.first_at - row.seen_at >= TOGETHER
    for row in rows:
        inside = [one for one in told if row.first_at <= one.seen_at <= row.seen_at]
        latest = [one for one in inside if one.seen_at == row.seen_at]
        assert (row.price, row.stock_status) in [(one.price, one.stock_status) for one in latest]
        moments = sorted(one.seen_at for one in inside)
        assert all(later - earlier < TOGETHER for earlier, later in pairwise(moments))
