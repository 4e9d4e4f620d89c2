"""What a month may cost: exact, deterministic, and nothing that is unknown counts as free."""

from datetime import date, timedelta
from decimal import Decimal
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.rules.budget import Allowance, Budget, Prices, Rate, Sent, Spent, Unpriced

TODAY = date(2026, 10, 15)
DAY = timedelta(days=1)


def rate(price: str, country: str = "BR", since: date = date(2026, 1, 1), **more: str) -> Rate:
    return Rate(since, country, more.get("category", "marketing"), Decimal(price))


def sent(count: int, country: str = "BR", kind: str = "marketing", day: date = TODAY) -> Sent:
    return Sent(country, kind, day, count)


def budget(
    *rates: Rate,
    messages: int | None = None,
    money: str | None = None,
    spent: Spent | None = None,
    reachable: dict[str, int] | None = None,
) -> Budget:
    allowance = Allowance(messages=messages, money=None if money is None else Decimal(money))
    return Budget(
        allowance, Prices(rates), spent or Spent(), today=TODAY, reachable=reachable or {}
    )


# the price table


@pytest.mark.parametrize(
    ("day", "price"),
    [
        (date(2025, 12, 31), None),  # before the first price nothing is known
        (date(2026, 1, 1), "0.06"),
        (date(2026, 9, 30), "0.06"),
        (date(2026, 10, 1), "0.07"),  # the day of a change has the new price
        (date(2027, 5, 1), "0.07"),
    ],
)
def test_the_newest_price_that_holds_by_then_wins(day: date, price: str | None) -> None:
    prices = Prices([rate("0.07", since=date(2026, 10, 1)), rate("0.06")])  # in any order
    assert prices.of("BR", "marketing", day) == (None if price is None else Decimal(price))


def test_a_price_is_of_its_country_and_category_alone() -> None:
    prices = Prices([rate("0.06")])
    assert prices.of("AR", "marketing", TODAY) is None
    assert prices.of("BR", "utility", TODAY) is None
    assert prices.of("", "marketing", TODAY) is None


def test_a_line_for_all_others_stands_behind_a_country_s_own() -> None:
    prices = Prices([rate("0.06"), rate("0.2", "*", since=date(2026, 10, 1))])
    assert prices.of("BR", "marketing", TODAY) == Decimal("0.06")  # though it is older
    assert prices.of("AR", "marketing", TODAY) == Decimal("0.2")
    assert prices.of("", "marketing", TODAY) == Decimal("0.2")
    assert prices.of("AR", "marketing", date(2026, 9, 30)) is None


def test_an_empty_table_is_none() -> None:
    assert not Prices()
    assert Prices([rate("0.06")])


# what was spent


def test_spending_is_exact() -> None:
    spent = Spent.of([sent(3), sent(7)], Prices([rate("0.0625")]))
    assert (spent.messages, spent.money) == (10, Decimal("0.6250"))


def test_each_message_costs_what_it_cost_on_its_day() -> None:
    prices = Prices([rate("0.06"), rate("0.07", since=TODAY)])
    assert Spent.of([sent(1, day=TODAY - DAY), sent(1)], prices).money == Decimal("0.13")


def test_other_kinds_cost_money_but_are_no_marketing() -> None:
    prices = Prices([rate("0.06"), rate("0.01", category="utility")])
    spent = Spent.of([sent(1), sent(5, kind="order_news")], prices)
    assert (spent.messages, spent.money) == (1, Decimal("0.11"))


def test_what_has_no_price_is_told_and_not_free() -> None:
    spent = Spent.of(
        [sent(2, "AR"), sent(3, "AR", day=TODAY - DAY), sent(1, kind="utility"), sent(4)],
        Prices([rate("0.06")]),
    )
    assert spent.unpriced == (Unpriced("AR", "marketing", 5), Unpriced("BR", "utility", 1))
    assert (spent.messages, spent.money) == (9, Decimal("0.24"))


# whether one more fits


def test_without_a_limit_everything_fits() -> None:
    free = budget()
    assert all(free.take(country) for country in ("BR", "AR", ""))
    assert (free.messages_left, free.money_left, free.unpriced) == (None, None, ())


def test_messages_fit_until_the_last() -> None:
    left = budget(messages=10, spent=Spent(messages=8))
    assert [left.take("BR") for _ in range(3)] == [True, True, False]
    assert left.messages_left == 0
    assert left.why_not("BR") == "this month's 10 messages are spent"


@pytest.mark.parametrize("messages", [0, 3])
def test_nothing_fits_where_more_is_spent_than_allowed(messages: int) -> None:
    # given a limit that was lowered in the middle of the month
    left = budget(messages=messages, spent=Spent(messages=3))
    assert left.messages_left == 0
    assert not left.take("BR")


@pytest.mark.parametrize(("money", "fit"), [("0.1874", 2), ("0.1875", 3), ("0.1876", 3)])
def test_money_fits_to_the_last_digit(money: str, fit: int) -> None:
    left = budget(rate("0.0625"), money=money)
    assert [left.take("BR") for _ in range(4)] == [True] * fit + [False] * (4 - fit)


def test_what_a_message_cost_is_taken_off_what_is_left() -> None:
    left = budget(rate("0.0625"), money="1", spent=Spent(money=Decimal("0.4")))
    assert left.take("BR")
    assert left.money_left == Decimal("0.5375")


def test_more_money_spent_than_allowed_leaves_none() -> None:
    left = budget(rate("0.06"), money="1", spent=Spent(money=Decimal(2)))
    assert left.money_left == 0
    assert not left.take("BR")


def test_a_message_that_is_too_dear_does_not_keep_a_cheaper_one_back() -> None:
    left = budget(rate("0.06"), rate("0.2", "AR"), money="0.3")
    assert [left.take(country) for country in ("AR", "AR", "BR", "BR")] == [
        True, False, True, False,
    ]  # fmt: skip
    assert "0.20" not in left.why_not("AR")
    assert (
        left.why_not("AR") == "a message for 0.2 is more than the 0.04 left of this month's 0.3 USD"
    )


def test_a_price_of_nothing_is_a_price() -> None:
    left = budget(rate("0"), money="0")
    assert left.take("BR")
    assert not left.unpriced


@pytest.mark.parametrize(
    ("money", "reachable", "spent"),
    [
        ("0.06", {"BR": 1, "AR": 1}, False),
        ("0.05", {"BR": 1, "AR": 1}, True),
        ("0.06", {"AR": 1}, True),  # what is cheaper is for nobody there is
        ("0.06", {"AR": 1, "": 1}, True),
        ("0.10", {"AR": 1, "": 1}, False),  # somebody of no country, at the price of all others
        ("0.10", {"AR": 1}, True),
        ("0", {}, True),
        ("0.01", {}, False),
        (None, {"BR": 1}, False),
    ],
)
def test_a_budget_is_spent_when_less_is_left_than_any_message_costs(
    money: str | None, reachable: dict[str, int], spent: bool
) -> None:
    prices = rate("0.06"), rate("0.2", "AR"), rate("0.1", "*")
    assert budget(*prices, money=money, reachable=reachable).is_spent == spent


def test_a_budget_of_messages_is_spent_with_the_last() -> None:
    left = budget(messages=1)
    assert not left.is_spent
    assert left.take("BR")
    assert left.is_spent


def test_what_costs_nothing_never_spends_a_budget() -> None:
    assert not budget(rate("0"), money="0", reachable={"BR": 1}).is_spent


def test_numbers_of_no_country_ask_for_no_price() -> None:
    assert budget(rate("0.06"), money="10", reachable={"BR": 1, "": 5}).unpriced == ()


def test_without_a_price_nothing_fits_a_budget_of_money() -> None:
    left = budget(rate("0.06"), money="10")
    assert not left.take("AR")
    assert left.why_not("AR") == "what a message to AR costs is not known"
    assert left.why_not("") == "what a message to an unknown country costs is not known"
    assert left.take("BR")


def test_without_a_limit_in_money_prices_need_not_be_known() -> None:
    spent = Spent(unpriced=(Unpriced("BR", "marketing", 1),))
    left = budget(messages=1, spent=spent, reachable={"BR": 1})
    assert left.unpriced == ()
    assert left.take("BR")


def test_a_missing_price_stops_all_where_money_counts() -> None:
    spent = Spent(unpriced=(Unpriced("CL", "utility", 3),))
    left = budget(rate("0.06"), money="10", spent=spent, reachable={"BR": 5, "PY": 2, "AR": 1})
    assert left.unpriced == (
        Unpriced("CL", "utility", 3), Unpriced("AR", "marketing", 1), Unpriced("PY", "marketing", 2),
    )  # fmt: skip
    assert not left.take("BR")
    assert left.why_not("BR") == "what this month cost is not known: prices are missing"


# in words


def test_order_news_ask_for_their_own_price_once() -> None:
    left = Budget(
        Allowance(money=Decimal(10)), Prices([rate("0.06")]), Spent(unpriced=(Unpriced("BR", "utility", 3),)),
        today=TODAY, reachable={"BR": 5}, hear_news={"BR": 7, "AR": 2, "": 1},
    )  # fmt: skip
    assert left.unpriced == (Unpriced("BR", "utility", 3), Unpriced("AR", "utility", 2))


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({}, "1,234 messages this month"),
        ({"messages": 10_000}, "1,234 of 10,000 messages this month"),
        ({"money": "250"}, "1,234 messages, 61.20 of 250.00 USD this month"),
        (
            {"messages": 10_000, "money": "1250.5"},
            "1,234 of 10,000 messages, 61.20 of 1,250.50 USD this month",
        ),
    ],
)
def test_in_words(given: dict[str, object], told: str) -> None:
    spent = Spent(messages=1234, money=Decimal("61.1994"))
    assert budget(spent=spent, **given).in_words == told  # type: ignore[arg-type]


def test_there_is_something_to_tell_where_there_is_a_limit_or_a_price() -> None:
    assert not budget().is_told
    assert budget(messages=0).is_told
    assert budget(rate("0.06")).is_told


@pytest.mark.parametrize(
    ("messages", "most", "told"),
    [
        (1, None, "1 message"),
        (1, 2, "1 of 2 messages"),
        (0, 1, "0 of 1 message"),
        (0, None, "0 messages"),
    ],
)
def test_one_message_is_no_messages(messages: int, most: int | None, told: str) -> None:
    assert budget(messages=most, spent=Spent(messages)).in_words == f"{told} this month"


def test_in_words_with_prices_and_no_limit() -> None:
    spent = Spent(3, Decimal("0.12"), (Unpriced("AR", "marketing", 1),))
    told = budget(rate("0.06"), spent=spent).in_words
    assert told == "3 messages, 0.12 USD this month; 1 have no price"


# whatever is asked

countries = st.sampled_from(["BR", "AR", "ES", ""])
cents = st.decimals(min_value=0, max_value=1, places=4)
tables = st.dictionaries(st.sampled_from(["BR", "AR", "ES"]), cents)


@given(tables, st.lists(countries, max_size=60), st.none() | st.integers(0, 40), st.none() | cents)
def test_a_budget_is_never_overdrawn(
    table: dict[str, Decimal], asked: list[str], messages: int | None, money: Decimal | None
) -> None:
    rates = [rate(str(price), country) for country, price in table.items()]
    left = budget(*rates, messages=messages, money=None if money is None else str(money))
    taken = [country for country in asked if left.take(country)]
    if messages is not None:
        assert len(taken) <= messages
    if money is not None:
        assert sum(table[country] for country in taken) <= money  # and each had its price
    # the same people in the same order get the same answer
    again = budget(*rates, messages=messages, money=None if money is None else str(money))
    assert [country for country in asked if again.take(country)] == taken


@given(tables, st.lists(countries, max_size=30), cents)
def test_the_order_of_the_table_makes_no_difference(
    table: dict[str, Decimal], asked: list[str], money: Decimal
) -> None:
    rates = [rate(str(price), country) for country, price in table.items()]
    shuffled = Random(1).sample(rates, len(rates))
    one, other = budget(*rates, money=str(money)), budget(*shuffled, money=str(money))
    assert [one.take(country) for country in asked] == [other.take(country) for country in asked]


@given(st.lists(countries, max_size=30), st.integers(0, 30), st.integers(0, 30))
def test_a_larger_budget_lets_nobody_wait_who_had_a_message(
    asked: list[str], small: int, more: int
) -> None:
    one, other = budget(messages=small), budget(messages=small + more)
    for country in asked:
        had = one.take(country)
        assert other.take(country) or not had
