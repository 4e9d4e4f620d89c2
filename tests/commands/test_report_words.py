"""What the report says in words: of groups that can be compared, and of those that cannot."""

from collections import Counter
from datetime import date, timedelta
from decimal import Decimal

import pytest

from agent.commands.report.words import (
    beforehand,
    campaign_name,
    comparison_lines,
    cost,
    in_order,
    money,
)
from agent.rules.comparison import Arm, Comparison
from agent.rules.figures import Figures
from agent.rules.intervals import Sums

WINDOW = timedelta(days=30)


def arm(people: int, buyers: int) -> Arm:
    return Arm(people, buyers, Sums(people, buyers * 5_000, buyers * 5_000**2))


def told(
    treated: tuple[int, int],
    control: tuple[int, int],
    *,
    share: float | None = 0.1,
    complete: int | None = None,
) -> str:
    people = treated[0] + control[0]
    one = Comparison(arm(*treated), arm(*control), share, people if complete is None else complete)
    return "\n".join(comparison_lines(one, "USD", WINDOW))


def test_what_they_brought_is_said_with_how_sure_it_is() -> None:
    said = told((9_000, 540), (1_000, 30))
    assert "9,000 people may be written to, 6.0% of them bought" in said
    assert "1,000 people held out, 3.0% of them bought" in said
    assert "difference: 3.00 points more bought (95 % sure: +1.66 to +4.03 points)" in said
    assert "brought 270 buyers who would not have come (150 to 362), and $13,500.00" in said
    assert "cannot tell" not in said
    assert "may still buy" not in said


def test_what_they_cost_in_buyers_is_said_as_plainly() -> None:
    said = told((9_000, 90), (1_000, 40))
    assert "3.00 points fewer bought" in said
    assert "the messages kept 270 people from buying" in said
    assert "-$13,500.00 of revenue" in said


def test_what_cannot_be_told_yet_says_how_many_more_people_it_takes() -> None:
    said = told((1_800, 72), (200, 6), complete=500)
    assert "cannot tell yet, about 24,000 more people needed" in said
    assert "so many people can show a difference of 3.56 points or more" in said
    assert "1,500 of 2,000 may still buy: their 30 days are not over" in said


def test_so_few_that_nothing_could_be_seen_is_said_so() -> None:
    said = told((5, 1), (3, 1))
    assert "so few people can show no difference at all" in said
    assert "points or more" not in said


def test_since_when_they_were_drawn_like_this_is_said() -> None:
    one = Comparison(arm(90, 3), arm(10, 1), 0.1, 100, since=date(2026, 3, 2))
    assert "since 02 Mar 2026, when they were first drawn like this" in [
        *comparison_lines(one, "USD", WINDOW)
    ]


def test_before_anybody_bought_nothing_is_known() -> None:
    said = told((9, 0), (1, 0))
    assert "1 person held out" in said
    assert said.endswith("cannot tell yet: nobody bought")


def test_a_difference_that_does_not_matter_is_called_none() -> None:
    assert "no difference worth knowing" in told((900_000, 27_010), (100_000, 3_000))


def test_groups_of_the_wrong_sizes_are_not_compared() -> None:
    said = told((8_000, 400), (2_000, 20))
    assert "THE GROUPS CANNOT BE COMPARED: 10.0% were to be held out, and 20.0% are" in said
    assert "difference" not in said


def test_an_empty_group_is_nobody_to_compare() -> None:
    assert told((10, 1), (0, 0)).endswith("nobody to compare yet")


def test_of_a_single_person_held_out_no_revenue_is_told() -> None:
    said = told((1_000_000, 990_000), (1, 0), share=None)
    assert "buyers who would not have come" in said
    assert "of revenue" not in said


@pytest.mark.parametrize(
    ("spent", "unpriced", "said"),
    [("1.25", 0, "$1.25"), ("0", 0, "$0.00"), ("1.25", 3, "$1.25 and 3 without a price"),
     ("0", 3_000, "3,000 without a price")],
)  # fmt: skip
def test_what_has_no_price_is_never_taken_for_nothing(spent: str, unpriced: int, said: str) -> None:
    assert cost(Figures(cost=Decimal(spent), unpriced=unpriced), "USD") == said


def test_names_and_their_order() -> None:
    assert campaign_name("we_miss_you") == "We miss you"
    assert campaign_name("order_completed") == "Order completed"
    assert campaign_name("statuses.ready-for-pickup") == "ready-for-pickup"
    assert campaign_name("of_old") == "of_old"
    keys = ["of_old", "order_completed", "we_miss_you", "back_in_stock"]
    assert in_order(keys, str) == ["back_in_stock", "we_miss_you", "order_completed", "of_old"]
    assert money(sum(Counter(USD=5).values()), "USD") == "$0.05"


def test_what_can_be_seen_at_all_is_said_beforehand() -> None:
    everything = Comparison(arm(4_900, 147), arm(100, 3), 0.02, 5_000)
    assert beforehand(everything, 0.1) == (
        "of the 5,000 people who agreed, 3.0% bought in this time; a campaign that chooses all of them and "
        "holds out 10.0% can show a difference of 2.25 points or more"
    )
    assert beforehand(everything, 0.0) == ""
