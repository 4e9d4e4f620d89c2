"""What goes with what, and what of it is recommended to a person."""

from datetime import timedelta
from math import isclose

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.rules.recommend import (
    BEST,
    HALF_LIFE,
    WHOLE_SHOP,
    Together,
    advise,
    bestsellers,
    companions,
    weight,
)

TEA, POT, CUP, CAKE = 1, 2, 3, 4
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("age", "weighs"),
    [(0 * DAY, 1), (HALF_LIFE, 0.5), (2 * HALF_LIFE, 0.25), (-5 * DAY, 1)],
)
def test_an_order_weighs_half_as_much_for_every_half_life(age: timedelta, weighs: float) -> None:
    assert weight(age) == weighs


def test_a_score_is_the_shrunk_cosine() -> None:
    [found] = companions(TEA, {POT: Together(10, 6.0)}, {TEA: 9.0, POT: 16.0})
    assert (found.product, found.support) == (POT, 10)
    assert isclose(found.score, 6 / 12 * 10 / 20)


@pytest.mark.parametrize(("support", "counts"), [(2, False), (3, True)])
def test_what_two_orders_say_is_chance(support: int, counts: bool) -> None:
    found = companions(TEA, {POT: Together(support, 3.0)}, {TEA: 3.0, POT: 3.0})
    assert bool(found) is counts


def test_what_sells_to_everybody_is_not_everybodys_companion() -> None:
    # given bags, which are in many orders, also in those with tea
    together = {POT: Together(20, 20.0), CAKE: Together(30, 30.0)}
    found = companions(TEA, together, {TEA: 40.0, POT: 25.0, CAKE: 4_000.0})
    assert [one.product for one in found] == [POT, CAKE]


def test_what_many_orders_say_counts_more() -> None:
    together = {POT: Together(4, 4.0), CUP: Together(40, 4.0)}
    found = companions(TEA, together, {TEA: 40.0, POT: 4.0, CUP: 4.0})
    assert [one.product for one in found] == [CUP, POT]


def test_equal_scores_come_by_number_and_no_more_than_the_best() -> None:
    others = range(100, 140)
    alone = dict.fromkeys((TEA, *others), 9.0)
    found = companions(TEA, dict.fromkeys(reversed(others), Together(5, 5.0)), alone)
    assert [one.product for one in found] == list(others)[:BEST]


def test_scores_do_not_fade_while_nothing_is_sold() -> None:
    def after(days: int) -> float:
        old, new = weight((days + 80) * DAY), weight(days * DAY)
        together = {POT: Together(4, 2 * old + 2 * new)}
        [found] = companions(TEA, together, {TEA: 3 * old + 2 * new, POT: 2 * old + 4 * new})
        return found.score

    assert after(0) == after(1) == after(150)


def test_a_product_that_nobody_has_counted_yet_waits() -> None:
    assert companions(TEA, {POT: Together(5, 5.0)}, {TEA: 9.0}) == []
    assert companions(TEA, {POT: Together(5, 5.0)}, {POT: 9.0}) == []


def test_bestsellers_of_each_category_and_of_the_shop() -> None:
    rows = bestsellers(
        {TEA: 5, POT: 9, CUP: 9, CAKE: 0, 99: 1_000},
        {TEA: [20], POT: [20, 30], CUP: [], CAKE: [20]},
    )
    assert rows == [
        (WHOLE_SHOP, POT, 9), (WHOLE_SHOP, CUP, 9), (WHOLE_SHOP, TEA, 5),
        (20, POT, 9), (20, TEA, 5), (30, POT, 9),
    ]  # fmt: skip


def test_only_the_best_sellers_are_bestsellers() -> None:
    sold = {number: 1_000 - number for number in range(1, 50)}
    rows = bestsellers(sold, dict.fromkeys(sold, ()))
    assert [product for _, product, _ in rows] == list(range(1, BEST + 1))


def advised(
    most: int = 3, had: tuple[int, ...] = (TEA, POT), likes: tuple[int, ...] = (20,)
) -> list:
    """Somebody who bought a pot, and tea before."""
    return advise(
        (POT, TEA),
        had,
        likes,
        go_with={POT: [TEA, CUP], TEA: [POT, CAKE, CUP]},
        selling={20: [CUP, 11], 30: [12], WHOLE_SHOP: [CAKE, 11, 13, 14]},
        most=most,
    )


def test_what_goes_with_the_last_purchase_comes_first_and_says_why() -> None:
    assert advised(most=2) == [(CUP, POT), (CAKE, TEA)]


def test_then_what_sells_in_their_categories_and_in_the_shop() -> None:
    assert advised(most=5) == [(CUP, POT), (CAKE, TEA), (11, None), (13, None), (14, None)]
    assert advised(most=9, likes=(30, 20))[2:] == [(12, None), (11, None), (13, None), (14, None)]


def test_nothing_that_they_had() -> None:
    assert advised(had=(TEA, POT, CUP, CAKE, 11)) == [(13, None), (14, None)]


def test_who_bought_nothing_gets_what_sells() -> None:
    assert advise((), (), (), go_with={}, selling={WHOLE_SHOP: [CAKE]}, most=3) == [(CAKE, None)]
    assert advise((), (), (), go_with={}, selling={}, most=3) == []


few = st.lists(st.integers(1, 9), unique=True, max_size=6)


@given(few, few, few, st.dictionaries(st.integers(1, 9), few), st.integers(0, 4))
def test_never_what_they_had_never_twice_never_too_many(
    bought: list[int], had: list[int], likes: list[int], lists: dict[int, list[int]], most: int
) -> None:
    found = advise(bought, had, likes, go_with=lists, selling=lists, most=most)
    products = [product for product, _ in found]
    assert len(products) == len(set(products)) <= most
    assert not set(products) & set(had)
    assert all(because is None or because in bought for _, because in found)
