"""The section about money: prices by date, country and category, and what they cannot be."""

from datetime import date
from decimal import Decimal

import pytest
from config_file import ConfigFile

from agent.config import Price

BRAZIL = '{since = "2026-10-01", country = "BR", price = "0.0625"}'


def test_prices_arrive_typed_and_marketing_is_meant(config: ConfigFile) -> None:
    budget = config.minimal(
        "[budget]\nmessages_per_month = 10_000\nmoney_per_month = 250\n"
        f'prices = [{BRAZIL}, {{since = 2026-01-01, country = "*", category = "utility", price = 0}}]'
    ).budget
    assert (budget.messages_per_month, budget.money_per_month) == (10_000, Decimal(250))
    assert budget.prices == (
        Price(since=date(2026, 10, 1), country="BR", category="marketing", price=Decimal("0.0625")),
        Price(since=date(2026, 1, 1), country="*", category="utility", price=Decimal(0)),
    )


def test_no_limit_is_the_default(config: ConfigFile) -> None:
    budget = config.minimal().budget
    assert (budget.messages_per_month, budget.money_per_month, budget.prices) == (None, None, ())


def test_no_limit_of_people_a_day_is_the_default(config: ConfigFile) -> None:
    assert config.minimal().whatsapp.messages_per_day is None
    assert config.minimal("[whatsapp]\nmessages_per_day = 900").whatsapp.messages_per_day == 900


@pytest.mark.parametrize(
    ("more", "complaint"),
    [
        (
            f"prices = [{BRAZIL}, {BRAZIL.replace('0.0625', '0.07').replace('BR', 'br')}]",
            "prices: entry 2: has the date, country and category of entry 1; leave one of them away",
        ),
        (
            "money_per_month = 250",
            "money_per_month: is set, and prices is empty: nobody knows what a message costs, no camp",
        ),
        (
            f"prices = [{BRAZIL.replace('BR', '**')}]",
            'prices: entry 1: country: is the text "**", not a country of two letters (ISO 3166-1), or "*" fo',
        ),
        (
            f"prices = [{BRAZIL.replace('0.0625', '0,06')}]",
            'prices: entry 1: price: is the text "0,06", not an amount of money, without its currency; write',
        ),
        (
            "money_per_month = 9.5",
            "money_per_month: is the number 9.5, not an amount of money, without its currency; put amounts",
        ),
    ],
)
def test_a_mistake_is_named_with_its_remedy(config: ConfigFile, more: str, complaint: str) -> None:
    (said,) = config.complaints_of(f"[budget]\n{more}")
    assert said.startswith(f"[budget] {complaint}")


@pytest.mark.parametrize(
    "second",
    [
        BRAZIL.replace("2026-10-01", "2026-01-01"),  # in any order
        BRAZIL.replace("BR", "AR"),
        BRAZIL.replace("price", 'category = "utility", price'),
    ],
)
def test_prices_that_differ_stand_beside_each_other(config: ConfigFile, second: str) -> None:
    assert config.minimal(f"[budget]\nmoney_per_month = 1\nprices = [{BRAZIL}, {second}]")


def test_prices_that_are_wrong_are_not_missed_as_well(config: ConfigFile) -> None:
    assert len(config.complaints_of("[budget]\nmoney_per_month = 1\nprices = 5")) == 1
