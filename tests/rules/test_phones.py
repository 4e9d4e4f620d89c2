"""Phone numbers as people type them into a checkout.

Most numbers here are the library's own examples, or reserved for fiction where their country has a
usable range for that (+1 ... 555-01XX); the rest is made up.
"""

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from agent.rules.phones import Phone, digits_of, masked, read_phone, wa_id_candidates

MOBILE_EXAMPLES = {
    region: number
    for region in sorted(phonenumbers.SUPPORTED_REGIONS)
    if (number := phonenumbers.example_number_for_type(region, PhoneNumberType.MOBILE))
}


@pytest.mark.parametrize(
    ("typed", "region", "e164"),
    [
        ("+1 (202) 555-0123", "GB", "+12025550123"),
        ("202.555.0123", "US", "+12025550123"),
        ("202.555.0123", "us", "+12025550123"),
        ("07400 123456", "GB", "+447400123456"),
        ("7400123456", "GB", "+447400123456"),
        ("+44 (0)7400 123456", "", "+447400123456"),
        ("0044 7400 123456", "ES", "+447400123456"),
        ("00 44 7400 123456", "", "+447400123456"),
        ("0044 7400 123456", "US", "+447400123456"),  # 00 is no prefix there, but what else is it
        ("+0044 7400 123456", "", "+447400123456"),
        ("011 44 7400 123456", "US", "+447400123456"),
        ("202-555-0123 x12", "US", "+12025550123"),
        ("202-555-0123 ext. 12", "US", "+12025550123"),
        ("612345678 (anexo 4)", "ES", "+34612345678"),
        ("612345678;612345679", "ES", "+34612345678"),  # two numbers: the first
        ("\u202a+34 612 34 56 78\u202c", "ES", "+34612345678"),  # as copied from an address book
        ("٠٧٤٠٠١٢٣٤٥٦", "GB", "+447400123456"),
        ("\uff0b\uff14\uff14 7400 123456", "", "+447400123456"),
        ("347 1234567", "IT", "+393471234567"),
        ("8 912 345-67-89", "RU", "+79123456789"),
    ],
)
def test_a_number_is_read_as_people_write_it(typed: str, region: str, e164: str) -> None:
    phone = read_phone(typed, region)
    assert (phone.e164, phone.reason) == (e164, "")


@pytest.mark.parametrize(
    ("typed", "region", "e164"),
    [
        # with the country code, but without +
        ("55 11 96123-4567", "BR", "+5511961234567"),
        ("447400123456", "GB", "+447400123456"),
        ("34 612 34 56 78", "FR", "+34612345678"),
        # Brazil: the ninth digit
        ("(11) 96123-4567", "BR", "+5511961234567"),
        ("11 6123-4567", "BR", "+5511961234567"),
        ("+55 11 9123 4567", "", "+5511991234567"),
        ("0 15 11 96123 4567", "BR", "+5511961234567"),  # through carrier 15
        # Mexico: prefixes of the past
        ("222 123 4567", "MX", "+522221234567"),
        ("+52 1 222 123 4567", "", "+522221234567"),
        ("521 222 123 4567", "MX", "+522221234567"),
        ("044 222 123 4567", "MX", "+522221234567"),
        ("01 222 123 4567", "MX", "+522221234567"),
        # Argentina: 15 at home is 9 from abroad
        ("011 15-2345-6789", "AR", "+5491123456789"),
        ("+54 9 11 2345-6789", "", "+5491123456789"),
    ],
)
def test_each_number_has_one_canonical_form(typed: str, region: str, e164: str) -> None:
    assert read_phone(typed, region).e164 == e164


@pytest.mark.parametrize(
    ("typed", "region", "reason"),
    [
        ("", "GB", "empty"),
        (" \t", "GB", "empty"),
        ("ext. 5", "GB", "empty"),
        ("ana@example.com", "GB", "not a phone number: it has letters"),
        ("1-800-FLOWERS", "US", "not a phone number: it has letters"),
        ("-", "GB", "not a phone number"),
        ("0" * 30, "GB", "too long for a phone number"),
        ("+1 2", "", "not a phone number"),
        ("+1 2025", "", "too short for US"),
        ("00", "GB", "too short for a phone number"),
        ("0044 1", "FR", "too short for a phone number"),
        ("07400 123456", "", "neither a country nor a country code to read it by"),
        ("07400 123456", "XX", "neither a country nor a country code to read it by"),
        ("+999 12345678", "GB", "neither a country nor a country code to read it by"),
        ("112", "ES", "too short for ES"),
        ("11 9612", "BR", "too short for BR"),
        ("555-0123", "US", "too short for US: the area code is missing"),
        ("+34 612 345 678 901", "FR", "too long for ES"),
        ("555-012-3456", "US", "no number of US begins like that"),
        ("+1 555 012 3456", "CA", "no number of CA begins like that"),
        ("96123-4567", "BR", "no number of BR begins like that"),
        ("0017 000 0000", "BR", "no number of BR begins like that"),  # no area code starts with 0
        ("0044 7700 900123", "", "no number of GB begins like that"),  # reserved for fiction
        ("+44 20 7946 0958", "", "a landline"),
        ("11 3123-4567", "BR", "a landline"),
        ("+54 11 2345-6789", "", "a landline"),  # a 9 is never added: it may be somebody else's
        ("+1 800 555 0123", "", "a toll-free number"),
        ("+800 1234 5678", "GB", "a toll-free number"),
        ("+44 9012 345678", "", "a premium-rate number"),
        ("+44 5612 345678", "", "an internet telephony number"),
        ("+44 7640 123456", "", "a pager"),
    ],
)
def test_what_cannot_be_written_to_comes_with_its_reason(
    typed: str, region: str, reason: str
) -> None:
    phone = read_phone(typed, region)
    assert (phone.e164, phone.reason, phone.zones) == ("", reason, ())


def test_a_typing_mistake_does_not_reach_a_stranger_abroad() -> None:
    """Fault 10: no + is put before a national number."""
    # given a number as long as one of the country, which would be a Dane's with a "+"
    assert phonenumbers.is_valid_number(phonenumbers.parse("+4520123456"))
    assert read_phone("452-012-3456", "US").e164 == ""
    # and a number without its area code
    assert read_phone("290-5123", "US").e164 == ""


def test_a_phone_knows_its_own_region_and_its_zones() -> None:
    assert read_phone("+1 787 555 0123", "US") == Phone(
        "+17875550123", "PR", ("America/Puerto_Rico",)
    )
    assert read_phone("612345678", "ES").zones == ("Atlantic/Canary", "Europe/Madrid")
    assert read_phone("+44 20 7946 0958", "ES").region == "GB"


def test_a_zone_that_is_not_known_is_none() -> None:
    # the library knows satellite phones, and says Etc/Unknown for where they are
    assert read_phone("+870 301 234 567", "") == Phone("+870301234567", "001", ())


@pytest.mark.parametrize("region", MOBILE_EXAMPLES)
def test_the_librarys_examples_of_all_regions_are_read_in_all_forms(region: str) -> None:
    number = MOBILE_EXAMPLES[region]
    e164 = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    national = phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL)
    international = phonenumbers.format_number(number, PhoneNumberFormat.INTERNATIONAL)
    assert read_phone(national, region).e164 == e164
    for typed in (e164, international, "00" + e164[1:]):
        assert read_phone(typed, "").e164 == e164
        assert read_phone(typed, region).e164 == e164


@settings(max_examples=200)
@given(
    typed=st.text(max_size=20) | st.from_regex(r"\+?[\d ().-]{5,18}", fullmatch=True),
    region=st.sampled_from(["", "BR", "MX", "AR", "US", "GB", "DE", "IT", "??"]),
)
def test_whatever_is_typed_gives_a_stable_number_or_a_reason(typed: str, region: str) -> None:
    phone = read_phone(typed, region)
    assert bool(phone.e164) != bool(phone.reason)
    if phone.e164:
        assert read_phone(phone.e164, "") == phone
        assert phone.e164 in wa_id_candidates(phone.e164)


@pytest.mark.parametrize(
    ("wa_id", "candidates"),
    [
        ("34612345678", ("+34612345678",)),
        ("+34612345678", ("+34612345678",)),
        # Brazil: ids of before the ninth digit; what starts with 2 to 5 without it is a landline
        ("5511961234567", ("+5511961234567", "+551161234567")),
        ("551161234567", ("+5511961234567", "+551161234567")),
        ("551191234567", ("+5511991234567", "+551191234567")),
        ("551131234567", ("+551131234567",)),
        ("5511931234567", ("+5511931234567",)),
        ("5212221234567", ("+522221234567", "+5212221234567")),
        ("522221234567", ("+522221234567", "+5212221234567")),
        ("5491123456789", ("+5491123456789", "+541123456789")),
        ("541123456789", ("+541123456789", "+5491123456789")),
        ("", ()),
        ("US.13491208655302741918", ()),
        ("٣٤٦١٢", ()),
    ],
)
def test_a_whatsapp_id_names_the_numbers_it_may_belong_to(
    wa_id: str, candidates: tuple[str, ...]
) -> None:
    assert wa_id_candidates(wa_id) == candidates


@pytest.mark.parametrize(
    ("typed", "region", "wa_id"),
    [
        ("11 6123-4567", "BR", "551161234567"),
        ("222 123 4567", "MX", "5212221234567"),
        ("011 15-2345-6789", "AR", "5491123456789"),
    ],
)
def test_who_ordered_is_found_by_the_id_whatsapp_gives_them(
    typed: str, region: str, wa_id: str
) -> None:
    assert read_phone(typed, region).e164 == wa_id_candidates(wa_id)[0]


def test_00_before_a_country_code_is_not_taken_for_a_carrier_of_brazil() -> None:
    # 00 55 chooses a carrier there, and +7 990 005-2769 would be a stranger in Russia
    assert read_phone("0055 79 90005-2769", "BR").e164 == "+5579900052769"


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("+12025550101", "+12...01"),
        ("US.13491208655302741918", "US.1...18"),
        ("", "..."),
        ("+1234", "..."),
    ],
)
def test_in_a_log_nobody_is_known_by_their_number(address: str, shown: str) -> None:
    assert masked(address) == shown


def test_the_digits_of_what_was_typed() -> None:
    assert digits_of(" +1 (202) 555-\u0660\u0661 ") == "120255501"
    assert digits_of("x") == ""
