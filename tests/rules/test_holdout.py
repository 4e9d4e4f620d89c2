"""Chance decides who is held out: evenly, always the same, and apart for each campaign."""

import pytest

from agent.rules.holdout import held_out, held_out_of_everything, lot

KEY, OTHER_KEY = bytes(32), bytes(31) + b"\x01"
PEOPLE = [f"+1202555{number:05}" for number in range(20_000)]


@pytest.mark.parametrize("percent", [0, 2, 10, 50])
def test_as_many_are_held_out_as_the_share_says(percent: int) -> None:
    held = sum(held_out(KEY, phone, "we_miss_you", percent) for phone in PEOPLE)
    everything = sum(held_out_of_everything(KEY, phone, percent) for phone in PEOPLE)
    deviation = 4 * (percent * (100 - percent) / 100**2 * len(PEOPLE)) ** 0.5
    assert abs(held - percent / 100 * len(PEOPLE)) <= deviation
    assert abs(everything - percent / 100 * len(PEOPLE)) <= deviation


def test_a_larger_share_holds_out_the_same_people_and_more() -> None:
    few = {phone for phone in PEOPLE if held_out(KEY, phone, "price_drop", 5)}
    many = {phone for phone in PEOPLE if held_out(KEY, phone, "price_drop", 20)}
    assert few < many


def test_the_groups_have_nothing_to_do_with_each_other() -> None:
    """Of the tenth that one campaign holds out, a tenth is held out of another, and not all or none."""
    first = [phone for phone in PEOPLE if held_out(KEY, phone, "we_miss_you", 10)]
    both = sum(held_out(KEY, phone, "new_arrivals", 10) for phone in first)
    neither = sum(held_out_of_everything(KEY, phone, 10) for phone in first)
    assert 140 < both < 260
    assert 140 < neither < 260


def test_another_installation_draws_other_people() -> None:
    here = {phone for phone in PEOPLE[:2000] if held_out(KEY, phone, "we_miss_you", 10)}
    there = {phone for phone in PEOPLE[:2000] if held_out(OTHER_KEY, phone, "we_miss_you", 10)}
    assert here != there


def test_it_is_what_it_has_always_been() -> None:
    """A new version that draws otherwise would mix the groups of every experiment under way."""
    held = [phone for phone in PEOPLE[:60] if held_out(KEY, phone, "we_miss_you", 10)]
    assert [phone[-5:] for phone in held] == EXPECTED


EXPECTED = ["00013", "00022", "00026", "00028"]


def test_a_lot_says_at_which_share_somebody_begins_to_be_held_out() -> None:
    for phone in PEOPLE[:2000]:
        drawn = lot(KEY, phone)
        assert 0 <= drawn < 100
        assert not held_out_of_everything(KEY, phone, drawn)
        assert held_out_of_everything(KEY, phone, drawn + 1)
