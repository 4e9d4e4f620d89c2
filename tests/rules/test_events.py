"""An event as it was told becomes a typed one, or a reason; nothing that is told breaks anything."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from agent.rules.events import (
    CART,
    CLOCKS_DIFFER_BY,
    FIELDS,
    KINDS,
    MOST_IN_A_CART,
    Event,
    Frame,
    NotAnEvent,
    What,
    Who,
    parse,
    price_text,
    read_event,
    reread,
    words,
)

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
FRAME = Frame(now=NOW, oldest=NOW - timedelta(days=90), undated=NOW, country="GB")
VIEW = {"kind": "product_view", "customer_id": 17, "product_id": 42}
ANA = "+12025550101"
SECOND = timedelta(seconds=1)
ENDLESS = pytest.param(10**5000, id="endless")  # Python refuses to write it out
MINUS_ENDLESS = pytest.param(-(10**5000), id="minus endless")

# JSON as Python reads it: half surrogates, NaN and numbers without bounds come through json.loads.
texts = st.text(st.characters(exclude_categories=()), max_size=8)
leaves = st.one_of(
    st.none(), st.booleans(), st.integers(), st.integers(10**18, 10**30), st.floats(), texts
)
json_values = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
likely = st.sampled_from(
    [
        *KINDS,
        "+447700900123",
        "GB",
        17,
        "42",
        "a@b.example",
        "19.90",
        "instock",
        "EUR",
        NOW.isoformat(),
    ]
)


def read(**more: Any) -> Event:
    """The view, with other fields; None takes one away."""
    told = {name: value for name, value in (VIEW | more).items() if value is not None}
    (event,) = read_event(told, FRAME)
    return event


def refused(told: object, frame: Frame = FRAME) -> str:
    with pytest.raises(NotAnEvent) as refusal:
        read_event(told, frame)
    return str(refusal.value)


def why_not(**more: Any) -> str:
    return refused({name: value for name, value in (VIEW | more).items() if value is not None})


# kinds and shapes


@pytest.mark.parametrize("kind", KINDS)
def test_the_four_kinds(kind: str) -> None:
    assert read(kind=kind) == Event(
        kind=kind, who=Who(customer_id=17), what=What(product_id=42), at=NOW
    )


@pytest.mark.parametrize("told", [None, [], "product_view", 17, [VIEW]])
def test_what_is_no_object_is_no_event(told: object) -> None:
    assert refused(told) == "an event is an object with fields"


@pytest.mark.parametrize(
    ("kind", "shown"),
    [
        (None, "kind is missing"),
        ("", "kind is missing"),
        ("view", "kind is 'view'"),
        (7, "kind is 7"),
        (["cart"], "kind is a list"),
        ({}, "kind is an object"),
    ],
)
def test_another_kind_is_refused_with_those_that_there_are(kind: object, shown: str) -> None:
    reason = why_not(kind=kind)
    assert reason == f"{shown}: write product_view, wishlist_add, wishlist_remove or cart"


def test_a_field_that_is_misspelt_is_no_field_that_is_missing() -> None:
    assert why_not(variaton_id=3).startswith("'variaton_id' is no field here: kind, phone")
    assert why_not(quantity=3).startswith("'quantity' is no field here")  # of a cart
    assert read(kind=CART, quantity=3).kind == CART


# who


@pytest.mark.parametrize(
    ("typed", "country", "home"),
    [
        ("+1 202 555 0101", None, ""),
        ("(202) 555-0101", None, "US"),
        ("(202) 555-0101", "us", "GB"),  # the event's own country says more than the shop's
    ],
)
def test_a_phone_is_read_as_one_of_its_country(typed: str, country: str | None, home: str) -> None:
    told = {"kind": "cart", "phone": typed, "sku": "S"} | ({"country": country} if country else {})
    (event,) = read_event(told, replace(FRAME, country=home))
    assert event.who == Who(phone=ANA)


def test_a_national_phone_of_no_known_country_is_refused() -> None:
    told = {"kind": "cart", "phone": "(202) 555-0101", "sku": "S"}
    reason = "phone '(202) 555-0101': neither a country nor a country code to read it by"
    assert refused(told, replace(FRAME, country="")) == reason


def test_all_names_of_a_person_are_kept() -> None:
    event = read(customer_id="17", email=" Ana@Shop.Example ", phone=ANA)
    assert event.who == Who(ANA, 17, "ana@shop.example")


def test_a_phone_that_cannot_be_used_matters_only_where_nothing_else_names_the_person() -> None:
    landline = "020 7946 0000"
    assert read(phone=landline).who == Who(customer_id=17)
    assert why_not(customer_id=None, phone=landline).startswith(f"phone '{landline}': ")


@pytest.mark.parametrize("guest", [None, 0, "0", "", " "])
def test_a_guest_without_a_name_is_nobody(guest: object) -> None:
    assert why_not(customer_id=guest) == "no person: give a phone, customer_id, email or link"


def test_a_link_names_whoever_nothing_else_names() -> None:
    link = "AbCdEfGhI1"
    assert read(customer_id=None, link=link).who == Who(link=link)
    assert read(customer_id=0, phone="no phone", link=f" {link} ").who == Who(link=link)
    assert read(link=link).who == Who(customer_id=17)
    assert read(link="no link").who == Who(customer_id=17)


@pytest.mark.parametrize(
    "link", ["AbCdEfGhI", "AbCdEfGhI12", "AbCdEfGh_1", "AbCdEfGhIç", 1234567890]
)
def test_what_is_no_link_is_refused(link: object) -> None:
    assert why_not(customer_id=None, link=link).startswith("link ")


@pytest.mark.parametrize("email", ["ana", "ana@", "@shop.example", "a b@shop.example", "a@b@c"])
def test_what_is_no_address_is_refused(email: str) -> None:
    assert "is no address" in why_not(email=email)


@pytest.mark.parametrize(
    "number", [-1, 2**63, True, 1.5, "x", "17x", [17], {}, Decimal(17), ENDLESS]
)
def test_what_is_no_number_of_the_shop_is_refused(number: object) -> None:
    for field in ("customer_id", "product_id", "variation_id"):
        assert "write the number of the shop" in why_not(**{field: number})


def test_the_largest_number_that_a_column_holds() -> None:
    assert read(product_id=str(2**63 - 1)).what == What(product_id=2**63 - 1)
    assert "write the number" in why_not(product_id=str(2**63))


# what


@pytest.mark.parametrize(
    ("fields", "what"),
    [
        ({"product_id": "42"}, What(product_id=42)),
        ({"product_id": 42, "variation_id": 43}, What(42, 43)),
        ({"product_id": 42, "variation_id": 0}, What(42)),
        ({"product_id": None, "variation_id": 43}, What(variation_id=43)),
        ({"product_id": None, "sku": " SHIRT-1 "}, What(sku="SHIRT-1")),
        ({"product_id": None, "retailer_id": "wc_post_id_42"}, What(retailer_id="wc_post_id_42")),
    ],
)
def test_the_names_of_a_product(fields: dict[str, Any], what: What) -> None:
    assert read(**fields).what == what


@pytest.mark.parametrize("product", [None, 0, ""])
def test_without_any_product_it_is_refused(product: object) -> None:
    assert why_not(product_id=product) == "no product: give a product_id, sku or retailer_id"


@pytest.mark.parametrize("bad", ["a\x00b", "a\nb", "\ud83d", "\x7f"])
def test_what_no_table_holds_is_refused(bad: str) -> None:
    for field in ("sku", "retailer_id", "email", "phone", "at", "currency"):
        assert "characters that no text has" in why_not(**{field: bad + "x"})


def test_whole_emoji_are_texts_like_others() -> None:
    assert read(sku="SHIRT-👕").what.sku == "SHIRT-👕"


@pytest.mark.parametrize(
    ("field", "longest"), [("sku", 200), ("retailer_id", 200), ("currency", 40), ("country", 2)]
)
def test_texts_are_bounded(field: str, longest: int) -> None:
    read(**{field: "a" * longest})
    assert why_not(**{field: "a" * (longest + 1)}) == f"{field} is longer than {longest} characters"


@pytest.mark.parametrize("value", [17, True, [], {"a": 1}, 1.5])
def test_what_should_be_a_text_is_one(value: object) -> None:
    for field in ("phone", "email", "sku", "retailer_id", "at", "currency", "stock_status"):
        assert why_not(**{field: value}).endswith("write it as a text")


# what was seen


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("19.90", "19.90"),
        (" 20 ", "20"),
        ("0", "0"),
        (20, "20"),
        (19.9, "19.9"),
        (Decimal("19.90"), "19.90"),
        ("19.899999999999999", "19.899999999999999"),
        (None, ""),
        ("", ""),
    ],
)
def test_a_price_is_a_plain_number(value: object, text: str) -> None:
    assert read(price=value).price == text


@pytest.mark.parametrize(
    "value", ["1,50", "-1", "$5", "1e3", "NaN", "9" * 13, "1." + "9" * 21, True, [], -5, ENDLESS,
              float("nan"), float("inf"), 1e300, "٣"],
)  # fmt: skip
def test_what_is_no_price_is_refused(value: object) -> None:
    assert 'write a plain number such as "19.90"' in why_not(price=value)
    assert price_text(value) == ""


def test_currency_and_stock_are_words() -> None:
    event = read(currency="eur", stock_status="InStock")
    assert (event.currency, event.stock_status) == ("EUR", "instock")
    assert "letters and digits only" in why_not(currency="€")
    assert "letters and digits only" in why_not(stock_status="in stock")
    reason = "stock_status is 'out-of-stock': write instock, outofstock or onbackorder"
    assert why_not(stock_status="out-of-stock") == reason


# when


@pytest.mark.parametrize(
    ("written", "at"),
    [
        (None, NOW),
        ("2026-03-02T12:00:00+01:00", NOW - timedelta(hours=1)),
        ("2026-03-02T11:59:59.5Z", NOW - SECOND / 2),
        ((NOW + CLOCKS_DIFFER_BY).isoformat(), NOW),  # a clock that is ahead
        (FRAME.oldest.isoformat(), FRAME.oldest),
    ],
)
def test_the_time_of_an_event(written: str | None, at: datetime) -> None:
    event = read(at=written)
    assert event.at == at
    assert event.at.tzinfo is UTC


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("2026-03-02T12:00:00", "has no offset"),
        ("2026-03-02", "has no offset"),
        ("yesterday", "is no date and time"),
        ("1772452800", "is no date and time"),
        ((NOW + CLOCKS_DIFFER_BY + SECOND).isoformat(), "is in the future"),
        ((FRAME.oldest - SECOND).isoformat(), "is too old: nothing older than 90 days is kept"),
        ("9999-12-31T23:59:59-23:59", "is beyond all calendars"),
        ("0001-01-01T00:00:00+23:59", "is beyond all calendars"),
    ],
)
def test_a_time_that_cannot_be_is_refused(written: str, reason: str) -> None:
    assert reason in why_not(at=written)


def test_an_event_without_a_time_has_that_of_its_frame() -> None:
    frame = replace(FRAME, undated=FRAME.oldest - SECOND)
    assert "is too old" in refused(VIEW, frame)


# carts


def test_a_cart_is_an_event_for_each_of_its_products() -> None:
    told = {
        "kind": "cart",
        "email": "ana@shop.example",
        "currency": "EUR",
        "products": [
            {"product_id": 42, "quantity": 2, "price": "19.90"},
            {"sku": "S", "stock_status": "instock", "currency": "USD"},
        ],
    }
    shared = {"kind": CART, "who": Who(email="ana@shop.example"), "at": NOW}
    assert read_event(told, FRAME) == (
        Event(**shared, what=What(product_id=42), price="19.90", currency="EUR"),
        Event(**shared, what=What(sku="S"), currency="USD", stock_status="instock"),
    )


@pytest.mark.parametrize(
    ("products", "reason"),
    [
        ([], "products is not a list of objects"),
        ({}, "products is not a list of objects"),
        ("42", "products is not a list of objects"),
        ([42], "products[0] is not an object"),
        ([{"sku": "S"}, {}], "products[1]: no product: give a product_id, sku or retailer_id"),
        ([{"sku": "S", "phone": "1"}], "products[0]: 'phone' is no field here: product_id,"),
        ([{"sku": "S", "price": "x"}], "products[0]: price 'x': write a plain number"),
        ([{"sku": "S", "currency": "€"}], "products[0]: currency"),
        ([{"sku": "S"}] * (MOST_IN_A_CART + 1), "products has 101: at most 100 in a cart"),
    ],
)  # fmt: skip
def test_a_cart_with_something_else_in_it_is_refused(products: object, reason: str) -> None:
    told = {"kind": "cart", "customer_id": 17, "products": products}
    assert refused(told).startswith(reason)


def test_only_a_cart_has_several_products_and_they_are_told_in_one_place() -> None:
    assert why_not(products=[{"sku": "S"}], product_id=None).startswith("only a cart has products")
    assert "'product_id' is no field here" in why_not(kind="cart", products=[{"sku": "S"}])
    told = {"kind": "cart", "customer_id": 17, "products": [{"sku": "S"}] * MOST_IN_A_CART}
    assert len(read_event(told, FRAME)) == MOST_IN_A_CART


# JSON, and how events are kept


def test_numbers_are_as_exact_as_they_were_written() -> None:
    event = read_event(
        parse('{"kind":"product_view","customer_id":17,"sku":"S","price":19.90}'), FRAME
    )
    assert event[0].price == "19.90"


def test_a_number_beyond_all_bounds_does_not_take_its_neighbours_along() -> None:
    body = (
        f"[1e99999999999999999999, -1e99999999999999999999, NaN, {'9' * 6000}, -{'9' * 6000}, 17]"
    )
    told = parse(body)
    assert isinstance(told, list)
    assert told[-1] == 17
    for one in told[:-1]:
        assert "price" in why_not(price=one)
        assert "customer_id" in why_not(customer_id=one)


@pytest.mark.parametrize("body", [b"", b"\xff\xfe", b"{", "[" * 100_000, b"\xff", "{'kind': 1}"])
def test_what_is_no_json_says_so(body: bytes | str) -> None:
    with pytest.raises(NotAnEvent, match=r"^not JSON: ") as refusal:
        parse(body)
    assert len(str(refusal.value)) <= 200


@given(st.binary(max_size=40) | texts)
def test_parsing_raises_nothing_else(body: bytes | str) -> None:
    try:
        parse(body)
    except NotAnEvent as refusal:
        str(refusal).encode()


@given(json_values)
@example({"kind": "\ud83d", "sku": "\ud83d"})
def test_reading_raises_nothing_but_a_reason(told: object) -> None:
    assert_read_or_refused(told)


@given(
    st.dictionaries(
        st.sampled_from([*FIELDS, "products", "quantity"]) | texts,
        likely
        | json_values
        | st.lists(st.dictionaries(st.sampled_from(FIELDS), likely), max_size=3),
    )
)
def test_reading_raises_nothing_but_a_reason_on_what_looks_right(told: dict[str, Any]) -> None:
    assert_read_or_refused({"kind": CART} | told)


def assert_read_or_refused(told: object) -> None:
    """What is taken can be stored and read again; a reason can be shown, and is never long."""
    events, reason = tuple[Event, ...](), ""
    try:
        events = read_event(told, FRAME)
    except NotAnEvent as refusal:
        reason = str(refusal)
    assert bool(events) != bool(reason)
    assert len(reason.encode()) < 400
    for event in events:
        assert FRAME.oldest <= event.at <= NOW
        assert event.who != Who()
        assert event.what != What()
        words(event).encode()
        assert reread(words(event)) == event


def test_equal_events_are_equal_texts() -> None:
    one = read(at="2026-03-02T12:00:00+01:00", sku="👕")
    other = read(sku="👕", at="2026-03-02T11:00:00Z")
    assert words(one) == words(other)
    assert words(one) == (
        '{"at":"2026-03-02T11:00:00+00:00","kind":"product_view",'
        '"what":{"product_id":42,"sku":"👕"},"who":{"customer_id":17}}'
    )


@pytest.mark.parametrize("said", ["", "{}", "[]", '{"who":{},"what":{},"strange":1}', "17"])
def test_what_was_never_written_is_not_read_again(said: str) -> None:
    with pytest.raises((KeyError, TypeError, ValueError, AttributeError)):
        reread(said)


def test_words_say_only_what_was_told() -> None:
    assert set(json.loads(words(read()))) == {"kind", "who", "what", "at"}
