"""What a person saw of an article, and what it is now: do they wait for it, is it cheaper?"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.rules.interest import (
    IN_STOCK,
    SOLD_OUT,
    Article,
    Sight,
    Wish,
    oldest_first,
    places,
    units_of,
)

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)
ARTICLE = Article(article_id=7, product_id=7, name="Linen Shirt", price=9000, in_stock=True)


def sight(
    days_ago: float, stock: str = IN_STOCK, price: int | None = 10_000, kind: str = "view"
) -> Sight:
    at = NOW - timedelta(days=days_ago)
    return Sight(kind, at, at, price, stock)


def wish(*sights: Sight, **more: object) -> Wish:
    article = replace(ARTICLE, sold_out_at=more.pop("sold_out_at", None))  # type: ignore[arg-type]
    since = min(one.first_at for one in sights)
    return Wish(article=article, since=since, sights=sights, **more)  # type: ignore[arg-type]


# who waits


def test_who_saw_it_sold_out_waits() -> None:
    assert wish(sight(3, SOLD_OUT)).waits
    assert not wish(sight(3, IN_STOCK)).waits
    assert not wish(sight(3, "")).waits  # what they saw is not known
    assert not wish(sight(3, "onbackorder")).waits  # that could be ordered


def test_who_has_seen_it_back_does_not_wait_any_more() -> None:
    assert not wish(sight(3, SOLD_OUT), sight(1, IN_STOCK)).waits
    assert wish(sight(3, IN_STOCK), sight(1, SOLD_OUT)).waits
    assert wish(sight(3, SOLD_OUT), sight(3, IN_STOCK)).waits  # in one moment: rather told


@pytest.mark.parametrize("kind", ["wishlist", "cart"])
def test_what_goes_while_it_is_on_a_list_is_waited_for(kind: str) -> None:
    gone = NOW - DAY
    assert wish(sight(3, kind=kind), sold_out_at=gone).waits
    assert wish(sight(1, kind=kind), sold_out_at=gone).waits  # in that very moment
    assert not wish(sight(0.5, kind=kind), sold_out_at=gone).waits  # it was back when they did
    assert not wish(sight(3, kind="view"), sold_out_at=gone).waits  # a look is over
    assert not wish(sight(3, kind=kind), sight(0.5, IN_STOCK), sold_out_at=gone).waits


@pytest.mark.parametrize("what", ["bought_at", "told_back_at"])
def test_who_bought_it_or_was_told_since_does_not_wait(what: str) -> None:
    out = sight(3, SOLD_OUT)
    assert not wish(out, **{what: out.seen_at + SECOND}).waits
    assert wish(out, **{what: out.seen_at}).waits
    assert wish(out, **{what: out.seen_at - DAY}).waits


def test_who_was_told_and_met_it_sold_out_again_waits_again() -> None:
    told = NOW - 2 * DAY
    assert wish(sight(3, SOLD_OUT), sight(1, SOLD_OUT), told_back_at=told).waits


def test_wishes_are_looked_at_oldest_first_and_in_a_certain_order() -> None:
    old, new = wish(sight(9)), wish(sight(1))
    same = replace(new, article=replace(ARTICLE, article_id=3))
    assert oldest_first([new, old, same]) == [old, same, new]


# whether it is cheaper


@pytest.mark.parametrize(
    ("seen", "now", "cheaper"),
    [
        (10_000, 9_000, False),  # exactly 10 % is none
        (10_000, 8_999, True),
        (10_000, 10_000, False),
        (10_000, 12_000, False),
        (99, 89, True),  # 10.1 %
        (100, 90, False),
        (0, 0, False),
        (1, 0, True),
        (None, 9_000, False),
        (10_000, None, False),
    ],
)
def test_cheaper_means_by_more_than_ten_percent(
    seen: int | None, now: int | None, cheaper: bool
) -> None:
    one = wish(sight(3, price=seen))
    assert replace(one, article=replace(ARTICLE, price=now)).cheaper_by(10) is cheaper


def test_the_price_that_counts_is_the_one_they_saw_last() -> None:
    assert wish(sight(9, price=20_000), sight(2, price=9_500)).price_seen == 9_500
    assert wish(sight(2, price=9_500), sight(9, price=20_000)).price_seen == 9_500
    assert wish(sight(9, price=20_000), sight(2, price=None)).price_seen == 20_000
    assert wish(sight(2, price=None)).price_seen is None


def test_a_price_that_was_raised_and_lowered_again_is_no_drop() -> None:
    """They saw 100; 120 in between is none of their business."""
    assert not wish(sight(3, price=9_000)).cheaper_by(10)


@pytest.mark.parametrize(
    ("told", "known"), [(None, False), (8_999, True), (9_000, True), (9_001, False)]
)
def test_once_per_price_level(told: int | None, known: bool) -> None:
    prices = () if told is None else ((NOW, told),)
    assert wish(sight(3), told_prices=prices).told_of_this_price is known


def test_without_a_price_nothing_was_told_of_it() -> None:
    one = wish(sight(3), told_prices=((NOW, 9_000),))
    assert not replace(one, article=replace(ARTICLE, price=None)).told_of_this_price


def test_bought_since_means_since_the_first_sight() -> None:
    one = sight(3)
    assert wish(one, bought_at=one.first_at).bought_since
    assert not wish(one, bought_at=one.first_at - SECOND).bought_since
    assert not wish(one).bought_since


# waves


@pytest.mark.parametrize(
    ("units", "told", "free"),
    [(0, 0, 0), (1, 0, 5), (2, 0, 10), (2, 9, 1), (2, 10, 0), (2, 11, 0), (-3, 0, 0)],
)
def test_so_many_people_a_unit(units: int, told: int, free: int) -> None:
    assert places(units, 5, told) == free


def test_where_units_are_not_counted_everybody_may_be_told() -> None:
    assert places(None, 5, 10_000) is None


def test_a_product_has_the_units_of_its_variations_that_are_in_stock() -> None:
    small = replace(ARTICLE, units=2)
    none_left = replace(ARTICLE, units=9, in_stock=False)
    assert units_of([small, replace(ARTICLE, units=3), none_left]) == 5
    assert units_of([small, replace(ARTICLE, units=None)]) is None
    assert units_of([]) == 0


sights = st.builds(
    sight,
    st.integers(0, 40),
    st.sampled_from([IN_STOCK, SOLD_OUT, "onbackorder", ""]),
    st.none() | st.integers(0, 30_000),
    st.sampled_from(["view", "wishlist", "cart"]),
)
moments = st.none() | st.integers(0, 40).map(lambda days: NOW - timedelta(days=days))


@given(st.lists(sights, min_size=1, max_size=5), moments, moments, moments, st.randoms())
def test_the_order_in_which_sights_are_told_makes_no_difference(
    seen: list[Sight],
    sold_out_at: datetime | None,
    bought_at: datetime | None,
    told_at: datetime | None,
    random: st.DataObject,
) -> None:
    one = wish(*seen, sold_out_at=sold_out_at, bought_at=bought_at, told_back_at=told_at)
    shuffled = list(seen)
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # a Random
    other = replace(one, sights=tuple(shuffled))
    assert (one.waits, one.since) == (other.waits, other.since)
    if len({each.seen_at for each in seen}) == len(seen):
        assert one.price_seen == other.price_seen


def test_what_was_told_before_they_saw_it_dearer_says_nothing() -> None:
    seen = sight(3)
    for at, known in ((seen.seen_at, False), (seen.seen_at + SECOND, True)):
        assert wish(seen, told_prices=((at, 8_000),)).told_of_this_price is known
    without = Sight("view", NOW, NOW, None, IN_STOCK)
    assert not wish(without, told_prices=((NOW, 8_000),)).told_of_this_price
