"""What can be said of two groups, and what cannot."""

import pytest

from agent.rules.comparison import Arm, Comparison, Verdict, visible_beforehand
from agent.rules.intervals import Sums


def arm(people: int, buyers: int, each: int = 5_000) -> Arm:
    """Every buyer paid the same."""
    return Arm(people, buyers, Sums(people, buyers * each, buyers * each * each))


def compared(
    treated: tuple[int, int], control: tuple[int, int], share: float | None = 0.1
) -> Comparison:
    """Each of them (people, buyers)."""
    people = treated[0] + control[0]
    return Comparison(arm(*treated), arm(*control), share, complete=people)


def test_a_clear_difference_is_told_in_buyers_and_money() -> None:
    one = compared((9_000, 540), (1_000, 30))
    assert one.verdict is Verdict.MORE
    assert one.difference.value == pytest.approx(0.03)
    buyers = one.extra_buyers
    assert buyers.value == pytest.approx(270)
    assert 0 < buyers.low < 270 < buyers.high < 540
    revenue = one.extra_revenue
    assert revenue is not None
    assert revenue.value == pytest.approx(270 * 5_000)
    assert revenue.low < revenue.value < revenue.high


def test_messages_can_keep_people_away_too() -> None:
    assert compared((9_000, 90), (1_000, 40)).verdict is Verdict.FEWER


def test_too_few_people_are_said_to_be_too_few() -> None:
    one = compared((1_800, 72), (200, 6))
    assert one.verdict is Verdict.CANNOT_TELL
    # 1 point where 3 percent buy takes 25,379 people with a tenth held out
    assert one.more_needed == 25_379 - 2_000
    assert one.visible == pytest.approx(0.0356, abs=0.00005)


def test_a_difference_that_is_too_small_to_matter_is_none() -> None:
    one = compared((900_000, 27_010), (100_000, 3_000))
    assert one.verdict is Verdict.NO_DIFFERENCE
    assert one.more_needed == 0


def test_while_nobody_held_out_has_bought_all_of_them_tell_how_many_do() -> None:
    one = compared((180, 2), (20, 0))
    assert one.base == pytest.approx(0.01)
    assert one.more_needed is not None
    nobody = compared((180, 0), (20, 0))
    assert (nobody.base, nobody.visible, nobody.more_needed) == (0, None, None)
    assert nobody.verdict is Verdict.CANNOT_TELL


@pytest.mark.parametrize(("treated", "control"), [((0, 0), (0, 0)), ((10, 1), (0, 0))])
def test_a_group_without_anybody_cannot_be_compared(
    treated: tuple[int, int], control: tuple[int, int]
) -> None:
    one = compared(treated, control)
    assert one.verdict is Verdict.NOBODY
    assert one.extra_revenue is None
    assert one.more_needed is None
    assert one.base == one.control.rate or one.people
    assert one.control.rate == 0


def test_groups_that_chance_would_not_give_are_not_compared() -> None:
    # a tenth was to be held out, and a fifth is
    one = compared((8_000, 400), (2_000, 20))
    assert one.chance is not None
    assert one.chance < 0.001
    assert one.verdict is Verdict.NOT_COMPARABLE


def test_where_nothing_is_to_be_held_out_any_more_the_sizes_say_nothing() -> None:
    one = compared((8_000, 400), (2_000, 20), share=None)
    assert one.chance is None
    assert one.verdict is Verdict.MORE
    assert compared((0, 0), (0, 0)).chance is None


def test_what_a_campaign_can_show_is_known_before_it_begins() -> None:
    # 3 percent of 5,000 people buy, a tenth is held out: 2.25 points
    one = compared((4_900, 147), (100, 3), share=0.02)
    visible = visible_beforehand(one, 0.1)
    assert visible is not None
    assert round(visible * 100, 2) == 2.25
    assert visible_beforehand(one, 0.0) is None
    assert visible_beforehand(compared((98, 0), (2, 0)), 0.1) is None
