"""Amounts from the shop's texts, exactly."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.rules.money import amount, exponent, minor_units


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("89", "EUR", 8900),
        ("88.00", "EUR", 8800),
        ("-12.5", "EUR", -1250),
        (" 5. ", "EUR", 500),
        (".5", "EUR", 50),
        (89, "EUR", 8900),
        ("1500", "JPY", 1500),
        ("1500.00", "jpy", 1500),
        ("1.234", "KWD", 1234),
        ("1.2345", "CLF", 12345),
        ("19.99", "POINTS", 1999),
    ],
)
def test_an_amount_becomes_minor_units_of_its_currency(
    text: str | int, currency: str, minor: int
) -> None:
    assert minor_units(text, currency) == minor


def test_nothing_entered_is_nothing() -> None:
    assert minor_units("", "EUR") == 0
    assert minor_units("  ", "EUR") == 0


@pytest.mark.parametrize(
    ("text", "minor"),
    [
        ("1.004", 100),
        ("1.005", 101),
        ("-1.005", -101),
        ("0.0049", 0),
        ("1.0E-5", 0),
        ("1.0E+3", 100000),
    ],
)
def test_decimals_too_many_are_rounded_as_php_does(text: str, minor: int) -> None:
    assert minor_units(text, "EUR") == minor


@pytest.mark.parametrize(
    "text",
    [
        "NaN",
        "inf",
        "-Infinity",
        "1,50",
        "1.234,00",
        "12 €",
        "abc",
        ".",
        "-",
        "1_000",
        "١٢",
        "1.2.3",
        "1e999999",
    ],
)
def test_what_is_no_plain_number_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not an amount"):
        minor_units(text, "EUR")


def test_what_no_integer_column_holds_is_refused() -> None:
    assert minor_units(2**63 - 1, "JPY") == 2**63 - 1
    with pytest.raises(ValueError, match="too large"):
        minor_units(2**63, "JPY")


def test_an_amount_shows_all_the_decimals_of_its_currency() -> None:
    assert str(amount(8900, "EUR")) == "89.00"
    assert str(amount(-5, "EUR")) == "-0.05"
    assert str(amount(1500, "JPY")) == "1500"
    assert str(amount(1, "KWD")) == "0.001"


@given(
    minor=st.integers(min_value=-(2**63) + 1, max_value=2**63 - 1),
    currency=st.sampled_from(["EUR", "JPY", "KWD", "CLF", "BRL"]),
)
def test_minor_units_come_back_from_their_amount(minor: int, currency: str) -> None:
    shown = amount(minor, currency)
    assert shown == Decimal(minor) / 10 ** exponent(currency)
    assert minor_units(f"{shown:f}", currency) == minor
