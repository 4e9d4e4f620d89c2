"""What a message may call people."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.rules.names import first_name, last_name


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("Ana", "Ana"),
        ("  MARIA josé da silva", "Maria José da Silva"),
        ("MARIA JOSÉ", "Maria José"),
        ("MARIA JOSE\u0301", "Maria José"),
        ("MARIA DO CARMO", "Maria do Carmo"),
        ("McDonald", "McDonald"),
        ("ana", "Ana"),
        ("de", "De"),
        ("JEAN-PIERRE", "Jean-Pierre"),
        ("o'neil", "O'Neil"),
        ("D\u2019ANGELO", "D\u2019Angelo"),
        ("JP", "JP"),
        ("J.R.R.", "J.R.R."),
        ("j.", "J."),
        ("AL", "Al"),
        ("İBRAHİM", "İbrahim"),
        ("Ana & Luis", "Ana & Luis"),
        ("Ana 🌸", "Ana 🌸"),
        ("Ana 2", "Ana 2"),
        ("李雷", "李雷"),
        ("ნინო", "ნინო"),
        ("Ma.Teresa", "Ma.Teresa"),
    ],
)
def test_a_name_is_taken_as_typed_but_does_not_shout(typed: str, name: str) -> None:
    assert first_name(typed) == name


@pytest.mark.parametrize(
    "typed",
    [
        "", "  ", "-", "...", "12345", "🌸", "ana@example.com", "https://spam.example", "www.spam.example",
        "win at casino.com", "bit.ly/x", "+1 202 555 0123", "tel 202-555-0123", "n/a", "NULL", "undefined",
        "<b>Ana</b>", "{first_name}", "please call me before you deliver the parcel, second door on the left",
    ],
)  # fmt: skip
def test_what_is_no_name_is_left_out(typed: str) -> None:
    assert first_name(typed) == ""


LATIN = st.characters(
    max_codepoint=0x24F, exclude_characters="\u00df\u0149"
)  # their capitals are two letters


@given(st.text(LATIN, max_size=40))
def test_a_tidy_name_stays_as_it_is(typed: str) -> None:
    name = first_name(typed)
    assert first_name(name) == name


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("DE LA CRUZ", "de la Cruz"),
        ("van der Berg", "van der Berg"),
        ("garcía lópez", "García López"),
        ("O'NEIL", "O'Neil"),
        ("dos", "Dos"),
        ("win at casino.com", ""),
        ("  ", ""),
    ],
)
def test_a_family_name_may_begin_small(typed: str, name: str) -> None:
    assert last_name(typed) == name
