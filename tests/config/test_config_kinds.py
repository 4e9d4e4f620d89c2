"""Every kind of value: what it takes, and what it says to what it does not take."""

from datetime import date, time, timedelta
from decimal import Decimal

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.config.campaigns import Tier
from agent.config.complaints import Unfit, found
from agent.config.countries import COUNTRIES
from agent.config.kinds import (
    Choice,
    Date,
    Digits,
    Duration,
    Flag,
    Growing,
    Items,
    Kind,
    Money,
    Optional,
    Text,
    TimeOfDay,
    Whole,
)
from agent.config.places import Address, Country, File, Listen, PublicUrl, Url, Zone
from agent.config.schema import Secret, Tables, toml
from agent.config.wordings import Body, Wording


@pytest.mark.parametrize(
    ("kind", "raw", "value"),
    [
        (Text(), "", ""),
        (Choice(("a", "b")), "b", "b"),
        (Flag(), True, True),
        (Whole(0, 7), 0, 0),
        (Whole(0, 7), 7, 7),
        (Digits(), "0123", "0123"),
        (Digits(), 123, "123"),
        (Duration("0s", "7d"), "90s", timedelta(seconds=90)),
        (Duration("0s", "7d"), "15m", timedelta(minutes=15)),
        (Duration("0s", "7d"), "1h", timedelta(hours=1)),
        (Duration("0s", "7d"), "7d", timedelta(days=7)),
        (Duration("0s", "7d"), "0d", timedelta(0)),
        (Date(), "2026-10-01", date(2026, 10, 1)),
        (Date(), date(2026, 10, 1), date(2026, 10, 1)),
        (TimeOfDay(), "09:00", time(9)),
        (TimeOfDay(), "9:05", time(9, 5)),
        (TimeOfDay(), "23:59", time(23, 59)),
        (TimeOfDay(), time(7, 30), time(7, 30)),
        (Money(), 500, Decimal(500)),
        (Money(), "19.90", Decimal("19.90")),
        (Country(), "es", "ES"),
        (Country(optional=True), "", ""),
        (Zone(), "", ""),
        (Zone(), "Europe/Madrid", "Europe/Madrid"),
        (Url(), "https://shop.example/", "https://shop.example"),
        (Url(), "http://127.0.0.1:8080/tienda", "http://127.0.0.1:8080/tienda"),
        (PublicUrl(), "", ""),
        (PublicUrl(), "https://shop.example/", "https://shop.example"),
        (PublicUrl(), "http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        (PublicUrl(), "http://[::1]:8080", "http://[::1]:8080"),
        (PublicUrl(), "http://localhost", "http://localhost"),
        (Listen(), "localhost:80", Address("localhost", 80)),
        (Listen(), "[::]:65535", Address("::", 65535)),
        (Optional(File()), "", None),
        (Items(Whole(1, 3)), [1, 3], (1, 3)),
        (Items(Whole(1, 3)), [], ()),
        (Growing(Whole(1, 30)), [2, 20], (2, 20)),
        (Secret("ck_"), "ck_1", "ck_1"),
        (Wording("we_miss_you"), "hello {{you}}", "hello {{you}}"),
        (Wording("we_miss_you", suffix=True), "", ""),
        (Wording("loyalty_reward"), "{coupon_code} {first_name|x}", "{coupon_code} {first_name|x}"),
        (Body("we_miss_you"), ["a", "a"], ("a", "a")),
        (Body("we_miss_you"), {"name_1": "a"}, {"name_1": "a"}),
        (Body("we_miss_you"), [], ()),
    ],
)
def test_what_fits_is_read(kind: Kind[object], raw: object, value: object) -> None:
    assert kind.read(raw) == value


@pytest.mark.parametrize(
    ("kind", "raw", "what", "remedy"),
    [
        (Text(), 7, "is the whole number 7, not a text", "quotes"),
        (Text("a word", r"\w+"), "a b", 'is the text "a b", not a word', "quotes"),
        (
            Choice(("info", "debug")),
            "Info",
            'is the text "Info", not one of "info", "debug"',
            'write "info"',
        ),
        (Choice(("info", "debug")), "zzz", 'is the text "zzz", not one of', "for example"),
        (Choice(("info", "debug")), 3, "is the whole number 3, not one of", "for example"),
        (Flag(), "true", 'is the text "true", not true or false', "without quotes"),
        (Flag(), 1, "is the whole number 1, not true or false", "without quotes"),
        (Whole(1, 9), True, "is the switch true, not a whole number from 1 to 9", "whole number"),
        (Whole(1, 9), "7", 'is the text "7", not a whole number from 1 to 9', "without quotes"),
        (Whole(1, 9), 2.0, "is the number 2.0, not a whole number from 1 to 9", "whole number"),
        (
            Whole(1, 9),
            0,
            "is the whole number 0, not a whole number from 1 to 9",
            "nearest that works is 1",
        ),
        (Whole(1, 9), 10, "is the whole number 10, not", "nearest that works is 9"),
        (Whole(1, 9), 10**30, "is a huge number, not", "nearest that works is 9"),
        (Digits(), "+34 600", 'is the text "+34 600", not an id', "no +"),
        (Digits(), True, "is the switch true, not an id", "digits"),
        (Digits(), -5, "is the whole number -5, not an id", "digits"),
        (Duration("5s", "1h"), "90", 'is the text "90", not a duration from 5s to 1h', '"90s"'),
        (Duration("5s", "1h"), 90, "is the whole number 90, not a duration", '"90s"'),
        (Duration("5s", "1h"), "1.5h", 'is the text "1.5h", not a duration', '"90s"'),
        (Duration("5s", "1h"), "-1h", 'is the text "-1h", not a duration', '"90s"'),
        (Duration("5s", "1h"), "1h30m", 'is the text "1h30m", not a duration', '"90s"'),
        (Duration("5s", "1h"), "٣m", "is the text", '"90s"'),
        (Duration("5s", "1h"), "4s", 'is the text "4s", not', 'nearest that works is "5s"'),
        (Duration("5s", "1h"), "999999999999d", "is the text", 'nearest that works is "1h"'),
        (Date(), "1.10.2026", 'is the text "1.10.2026", not a date', '"2026-10-01"'),
        (Date(), 20261001, "is the whole number 20261001, not a date", '"2026-10-01"'),
        (TimeOfDay(), "24:00", 'is the text "24:00", not a time of day', '"00:00"'),
        (TimeOfDay(), "9", 'is the text "9", not a time of day', '"09:00"'),
        (TimeOfDay(), 9, "is the whole number 9, not a time of day", '"09:00"'),
        (Money(), 19.9, "is the number 19.9, not an amount", '"19.90"'),
        (Money(), "19,90", 'is the text "19,90", not an amount', "point"),
        (Money(), -1, "is the whole number -1, not an amount", "point"),
        (Money(), True, "is the switch true, not an amount", "point"),
        (Money(), "€5", 'is the text "€5", not an amount', "no currency sign"),
        (Country(), "UK", 'is the text "UK", not a country', '"GB"'),
        (Country(), "", 'is the text "", not a country', '"BR"'),
        (Country(optional=True), "Spain", 'is the text "Spain", not a country', '"ES"'),
        (Country(), 5, "is the whole number 5, not a country", '"ES"'),
        (Zone(), "Europe/Madird", 'is the text "Europe/Madird", not a time zone', "Europe/Madrid"),
        (Zone(), "???", 'is the text "???", not a time zone', "Europe/Madrid"),
        (Zone(), 3, "is the whole number 3, not a time zone", "quotes"),
        (Url(), 1, "is the whole number 1, not a web address", "quotes"),
        (Url(), "ftp://shop.example", "is the text", "https://"),
        (Url(), "https://", "is the text", "https://"),
        (Url(), "https://my shop.example", "is the text", "https://"),
        (Url(), "https://[::1", "is the text", "browser"),
        (Url(), "https://shop.example:port", "is the text", "browser"),
        (Url(), "https://shop.example/?a=b", "has a query", "? or #"),
        (Url(), "https://shop.example?", "has a query", "? or #"),
        (Url(), "https://shop.example/#top?a", "has a fragment", "? or #"),
        (Url(), "https://shop.example/wp-json/wc/v3", "is the text", "/wp-json"),
        (PublicUrl(), "http://shop.example", "is the text", "what goes there names people"),
        (PublicUrl(), "https://shop.example?x=1", "has a query", "? or #"),
        (PublicUrl(), "http://10.0.0.5", "is the text", "https://"),
        (PublicUrl(), "shop.example", "is the text", "https://"),
        (PublicUrl(), 5, "is the whole number 5, not an https address", "quotes"),
        (Url(), "https://me:hunter2@shop.example", "has a name or password in it", "before the @"),
        (Listen(), "8087", 'is the text "8087", not an address and a port', "127.0.0.1:8087"),
        (Listen(), "127.0.0.1:70000", 'is the text "127.0.0.1:70000", not', "0 to 65535"),
        (Listen(), 8087, "is the whole number 8087, not", "127.0.0.1:8087"),
        (File(), "", 'is the text "", not the path', "quotes"),
        (File(), "a\0b", "is the text", "quotes"),
        (File(), [], "is a list, not the path", "quotes"),
        (Optional(File()), 5, "is the whole number 5, not the path", "quotes"),
        (Growing(Whole(1, 30)), [20, 2], "does not grow", "write [2, 20]"),
        (Items(Text()), "x", 'is the text "x", not a list, each a text', "square brackets"),
        (Items(Text(), least=1), [], "is an empty list", "at least one"),
        (Items(Text(), most=1), ["a", "b"], "has 2 entries", "at most 1"),
        (Items(Text(), most=1), {}, "is a table, not a list of at most 1, each a text", "brackets"),
        (
            Items(Text(), least=1),
            {},
            "is a table, not a list of at least 1, each a text",
            "brackets",
        ),
        (Items(Text()), ["a", "b", "a"], "stands there twice", "leave one"),
        (Secret("ck_"), "cs_1", "does not begin with ck_", "copy"),
        (Secret("ck_"), "ck_", "is empty", "copy"),
        (Secret(), "", "is empty", "copy"),
        (Secret(), "a b", "is empty or has spaces", "copy"),
        (Secret(), "a\nb", "is empty or has spaces, line breaks", "copy"),
        (Secret(), "ñ", "is empty or has", "copy"),
        (Secret(), 12345, "is not a text", "quotes"),
        (
            Wording("we_miss_you"),
            5,
            "is the whole number 5, not a text with {placeholders}",
            "quotes",
        ),
        (
            Wording("we_miss_you", suffix=True),
            5,
            'is the whole number 5, not a text with {placeholders}, or ""',
            "qu",
        ),
        (Wording("we_miss_you"), " ", "is an empty text", "WhatsApp takes no empty"),
        (Wording("we_miss_you", suffix=True), " ", "is an empty text", "WhatsApp takes no empty"),
        (Wording("we_miss_you"), "hello {", "at character 7", "{name|fallback}"),
        (
            Wording("we_miss_you"),
            "{shop_ulr}",
            "{shop_ulr} is not known",
            "did you mean {shop_url}?",
        ),
        (Wording("we_miss_you"), "{zzzzzz}", "{zzzzzz} is not known", "known are first_name"),
        (Wording("we_miss_you"), "{first_name}", "{first_name} can be empty", "{first_name|...}"),
        (
            Wording("we_miss_you"),
            "{coupon_code}",
            "{coupon_code} is nothing that we_miss_you knows",
            "use it in loyalty_reward",
        ),
        (Body("we_miss_you"), "x", 'is the text "x", not a list of texts, or a table', "{{1}}"),
        (Body("we_miss_you"), {"Name": "x"}, "is no name of a template variable", "small letters"),
        (
            Tables(Tier),
            5,
            "is the whole number 5, not a list of tables such as {spent = ..., perc",
            "[{",
        ),
        (Tables(Tier), [], "is an empty list", "at least one"),
        (Tables(Tier), [5], "is the whole number 5, not a table", "{...}"),
        (Tables(Tier), [{"spent": 5}], "is missing", "{spent = 500, percent = 15}"),
        (
            Tables(Tier),
            [{"spent": 5, "percent": 5, "spend": 5}],
            "is not known",
            "did you mean spent?",
        ),
    ],
)
def test_what_does_not_fit_is_told_with_a_remedy(
    kind: Kind[object], raw: object, what: str, remedy: str
) -> None:
    with pytest.raises(Unfit) as caught:
        kind.read(raw)
    (wrong,) = caught.value.wrongs
    assert wrong.what.startswith(what)
    assert remedy in wrong.remedy


def test_every_entry_of_a_list_is_judged() -> None:
    with pytest.raises(Unfit) as caught:
        Tables(Tier).read([{"spent": 1.5, "percent": 0, "extra": 1}, {"spent": 5, "percent": 5}, 3])
    assert {wrong.inside for wrong in caught.value.wrongs} == {
        (0, "spent"), (0, "percent"), (0, "extra"), (2,)
    }  # fmt: skip


def test_every_placeholder_of_a_text_is_judged() -> None:
    with pytest.raises(Unfit, match=r"first_name.*zzz"):
        Wording("we_miss_you").read("{first_name} {zzz}")


def test_no_complaint_shows_a_secret() -> None:
    for raw in ["cs_hunter2", 1234567, ["hunter2"], "hunter 2"]:
        with pytest.raises(Unfit) as caught:
            Secret("ck_").read(raw)
        assert "hunter" not in str(caught.value)
        assert "1234567" not in str(caught.value)


@pytest.mark.parametrize("kind", [Whole(1, 9), Digits(), Money(), Text(), TimeOfDay(), Secret()])
def test_a_number_of_thousands_of_digits_is_refused_like_any_other(kind: Kind[object]) -> None:
    # TOML's 0xffff... has no limit, and Python raises when it should write such a number
    with pytest.raises(Unfit):
        kind.read(int("f" * 5000, 16))


@pytest.mark.parametrize("raw", ["ck_hunter2", "cs_hunter2", "EAAhunter2"])
def test_a_secret_pasted_beside_its_key_is_not_shown(raw: str) -> None:
    with pytest.raises(Unfit, match="looks like a secret, not an id") as caught:
        Digits().read(raw)
    assert "hunter2" not in str(caught.value)


def test_long_and_odd_values_are_shown_short_and_on_one_line() -> None:
    assert found("x" * 100) == f'the text "{"x" * 39}…"'
    assert found("a\nb\rc") == 'the text "a\\nb\\rc"'
    assert found(time(9)) == "the date or time 09:00:00"


@given(st.integers(0, 10**6), st.sampled_from("smhd"))
def test_a_duration_is_within_its_bounds_or_refused(number: int, unit: str) -> None:
    least, most = timedelta(minutes=5), timedelta(days=7)
    try:
        span = Duration("5m", "7d").read(f"{number}{unit}")
    except Unfit:
        full = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}[unit]
        assert not least <= timedelta(**{full: number}) <= most
    else:
        assert least <= span <= most


def test_no_country_that_has_phone_numbers_is_missing() -> None:
    # AC and TA (Ascension, Tristan da Cunha) are part of SH for the post, and for WooCommerce
    assert set(phonenumbers.SUPPORTED_REGIONS) - {"AC", "TA"} <= COUNTRIES


def test_an_address_is_written_as_it_is_read() -> None:
    for text in ["127.0.0.1:8087", "[::1]:0", "localhost:80"]:
        assert str(Listen().read(text)) == text


def test_defaults_are_written_as_toml() -> None:
    assert (
        toml([{"spent": 500, "on": True, "name": 'a"b'}])
        == '[{spent = 500, on = true, name = "a\\"b"}]'
    )
