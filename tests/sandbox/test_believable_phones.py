"""What people type as their telephone number, read with the library that decides in earnest."""

from __future__ import annotations

import re
from collections import Counter
from random import Random

import phonenumbers
import pytest
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from agent.sandbox.town.dialling import COUNTRIES
from agent.sandbox.town.people import HOMES, Person, Registry
from agent.sandbox.town.phones import READABLE, UNREACHABLE, Line, Phonebook, Spelling, type_number

MOBILE = (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE)


@pytest.fixture(scope="module")
def people() -> list[Person]:
    registry = Registry(Random(11))
    return [registry.person(registered=True) for _ in range(4000)]


def read(typed: str, country: str) -> str | None:
    """The mobile that is meant: at home, or abroad with 00 or with nothing before the code."""
    digits = re.sub(r"\D", "", typed)
    if digits.startswith("00"):
        ways: tuple[str, ...] = ("+" + digits[2:],)
    elif country == "BR" and re.fullmatch(r"\d\d[6-9]\d{7}", digits):
        ways = (f"{digits[:2]}9{digits[2:]}",)
    else:
        ways = (typed, "+" + digits)
    for way in ways:
        try:
            number = phonenumbers.parse(way, country)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_valid_number(number) and phonenumbers.number_type(number) in MOBILE:
            return phonenumbers.format_number(number, PhoneNumberFormat.E164)
    return None


def test_every_kind_of_spelling_and_every_country_occurs(people: list[Person]) -> None:
    assert {person.spelling for person in people} == set(Spelling)
    assert {person.country for person in people} == set(HOMES) == set(COUNTRIES)
    assert sum(person.country == "BR" for person in people) > 0.7 * len(people)


def test_every_number_given_away_is_a_valid_mobile(people: list[Person]) -> None:
    for line in {line for person in people for line in person.lines}:
        number = phonenumbers.parse(line.e164)
        assert phonenumbers.is_valid_number(number), line
        assert phonenumbers.number_type(number) in MOBILE, line
        assert phonenumbers.region_code_for_number(number) == line.country


@pytest.mark.parametrize("spelling", sorted(READABLE))
def test_a_readable_spelling_leads_to_the_persons_own_mobile(
    people: list[Person], spelling: Spelling
) -> None:
    typed = [p for p in people if p.spelling is spelling]
    assert typed
    for person in typed:
        mobiles = {line.e164 for line in person.lines}
        assert {read(text, person.country) for text in person.fields} == mobiles, person


@pytest.mark.parametrize("spelling", sorted(UNREACHABLE))
def test_an_unreachable_person_has_no_mobile_in_the_field(
    people: list[Person], spelling: Spelling
) -> None:
    typed = [p for p in people if p.spelling is spelling]
    assert typed
    for person in typed:
        assert person.lines == ()
        assert not person.reachable
        assert read(person.phone, person.country) is None


def test_some_share_a_telephone_and_some_have_two(people: list[Person]) -> None:
    owners = Counter(line for person in people for line in person.lines)
    shared = sum(count == 2 for count in owners.values())
    assert 20 < shared < 120
    assert max(owners.values()) <= 4
    two = [p for p in people if len(p.lines) == 2 and p.spelling is not Spelling.TWO_NUMBERS]
    assert len(two) > 20
    assert all(len(person.fields) >= 2 for person in two if len(set(person.fields)) > 1)


def test_some_type_their_one_number_differently_from_order_to_order(people: list[Person]) -> None:
    changing = [p for p in people if len(p.lines) == 1 and len(set(p.fields)) > 1]
    assert len(changing) > 0.15 * len(people)


def test_ranges_reserved_for_fiction_are_used_where_they_can_be(people: list[Person]) -> None:
    lines = {line for person in people for line in person.lines}
    american = [line.number for line in lines if line.country == "US"]
    german = [line.number for line in lines if line.country == "DE"]
    assert all(re.fullmatch(r"\d{3}55501\d\d", number) for number in american)
    assert all(re.fullmatch(r"176040690\d\d|17139200\d\d", number) for number in german)


@pytest.mark.parametrize("country", ["US", "DE", "GB", "AR"])
def test_no_number_is_given_twice_until_the_range_is_used_up(country: str) -> None:
    book, capacity = Phonebook(Random(0)), COUNTRIES[country].capacity
    given = {book.mobile(country) for _ in range(capacity)}
    assert len(given) == capacity
    assert not book.has_left(country)
    with pytest.raises(ValueError, match=country):
        book.mobile(country)


def test_when_a_country_has_no_numbers_left_people_live_in_brazil() -> None:
    registry = Registry(Random(3))
    for _ in range(COUNTRIES["DE"].capacity):
        registry._phonebook.mobile("DE")
    crowd = [registry.person(registered=False) for _ in range(1000)]
    assert {person.country for person in crowd} == set(COUNTRIES) - {"DE"}


def test_a_number_is_written_as_its_country_does() -> None:
    dice, line = Random(0), Line("BR", "11900001234")
    assert type_number(line, Spelling.NATIONAL, dice) == "(11) 90000-1234"
    assert type_number(line, Spelling.INTERNATIONAL, dice) == "+55 11 90000-1234"
    assert type_number(line, Spelling.NO_PLUS, dice) == "5511900001234"
    assert type_number(line, Spelling.DOUBLE_ZERO, dice) == "0055 11900001234"
    assert type_number(Line("BR", "11999991234"), Spelling.NINTH_MISSING, dice) == "(11) 9999-1234"
    assert type_number(Line("AR", "91150001234"), Spelling.NATIONAL, dice) == "11 15-5000-1234"
    assert type_number(Line("GB", "7400001234"), Spelling.NATIONAL, dice) == "07400 001234"
    with pytest.raises(KeyError):
        type_number(line, Spelling.WORDS, dice)
