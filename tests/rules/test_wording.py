"""Texts of the config become values that WhatsApp accepts."""

from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.rules.wording import (
    LONGEST_SUFFIX,
    LONGEST_VALUE,
    EmptyValue,
    Placeholder,
    clean,
    fallback_words,
    fill,
    fill_url,
    length_uncut,
    own_words,
    percent_encode,
    placeholders,
)

JOINER = "\u200d"
FAMILY = f"👩{JOINER}👧"


def test_placeholders_are_found_in_order_with_their_fallbacks() -> None:
    text = "Hi {first_name|dear customer}, {shop_name}: {last_product|it|still}. {first_name}"
    assert placeholders(text) == [
        Placeholder("first_name", "dear customer"),
        Placeholder("shop_name", None),
        Placeholder("last_product", "it|still"),
        Placeholder("first_name", None),
    ]


def test_a_field_of_the_order_has_a_dot() -> None:
    text = "{order.number|of late} {customer.first_name|you}"
    assert placeholders(text) == [
        Placeholder("order.number", "of late"),
        Placeholder("customer.first_name", "you"),
    ]
    assert fill(text, {"order.number": "A-17"}) == "A-17 you"


def test_doubled_braces_are_literal() -> None:
    assert placeholders("{{first_name}} }}{{") == []
    assert fill("{{{first_name}}} }}{{", {"first_name": "Ana"}) == "{Ana} }{"


@pytest.mark.parametrize(
    ("text", "position", "wrong"),
    [
        ("Hi {first_name", 4, "never closed"),
        ("Hi {first_{name}", 4, "never closed"),
        ("Hi first_name}", 14, "without"),
        ("Hi {}", 4, "not a placeholder"),
        ("Hi { first_name }", 4, "not a placeholder"),
        ("Hi {First_name}", 4, "not a placeholder"),
        ("Hi {1}", 4, "not a placeholder"),
        ("Hi {order.}", 4, "not a placeholder"),
        ("Hi {.number}", 4, "not a placeholder"),
        ("Hi {order.the.number}", 4, "not a placeholder"),
        ("{{}} {first_name|}", 6, "fallback of {first_name} is empty"),
        ("Hi {first_name| \u200b}", 4, "fallback of {first_name} is empty"),
    ],
)
def test_a_malformed_text_is_refused_with_its_position(
    text: str, position: int, wrong: str
) -> None:
    for read in (placeholders, lambda text: fill(text, {}), lambda text: fill_url(text, {})):
        with pytest.raises(ValueError, match=f"at character {position}: .*{wrong}"):
            read(text)


def test_a_value_that_is_missing_or_blank_gives_way_to_its_fallback() -> None:
    text = "Hi {first_name|dear customer}!"
    assert fill(text, {"first_name": "Ana"}) == "Hi Ana!"
    for values in ({}, {"first_name": ""}, {"first_name": " \u200b\u3164 "}):
        assert fill(text, values) == "Hi dear customer!"


def test_a_value_without_fallback_is_never_left_out_silently() -> None:
    with pytest.raises(EmptyValue, match=r"\{coupon_code\} has no value and no fallback"):
        fill("Your code: {coupon_code}", {"coupon_code": " "})


def test_a_value_is_not_read_for_placeholders() -> None:
    assert fill("Hi {first_name}", {"first_name": "{coupon_code}", "coupon_code": "X"}) == (
        "Hi {coupon_code}"
    )


@pytest.mark.parametrize(
    ("value", "cleaned"),
    [
        ("  Ana\r\n\tMaria     Example  ", "Ana Maria Example"),
        ("Ana\u2028\u00a0Maria", "Ana Maria"),
        ("\u202eanA\u202c\ufeff\u200b\x00\x1b[1m", "anA[1m"),
        ("a\u200b \u200b b", "a b"),
        ("A\u00adna\ud83d", "Ana"),
        (f"Ana{JOINER}", "Ana"),
        (f"A{JOINER}na", "Ana"),
        (f"é{JOINER}{JOINER}é", "éé"),
    ],
)
def test_nothing_invisible_is_left_but_single_spaces(value: str, cleaned: str) -> None:
    assert clean(value) == cleaned


@pytest.mark.parametrize("value", [FAMILY, "علی\u200cرض\u0627", "ශ්\u200dරී ලංකා", "é", "李雷"])
def test_joiners_that_spell_a_word_or_an_emoji_stay(value: str) -> None:
    assert clean(value) == value


@pytest.mark.parametrize(
    "value", ["", " \n", "\u200b\u200e", "\u3164", f"{JOINER}{JOINER}{JOINER}"]
)
def test_nothing_visible_is_an_error(value: str) -> None:
    with pytest.raises(EmptyValue):
        clean(value)
    with pytest.raises(EmptyValue):
        fill(value, {})
    with pytest.raises(EmptyValue):
        fill_url(value, {})


@pytest.mark.parametrize(
    ("value", "limit", "cut"),
    [
        ("Blue cotton shirt", 17, "Blue cotton shirt"),
        ("Blue cotton shirt", 16, "Blue cotton…"),
        ("Blue cotton shirt", 12, "Blue cotton…"),
        ("Blue cotton, shirt", 14, "Blue cotton…"),
        ("A verylongwordwithoutend", 10, "A verylon…"),
        ("Shirt", 1, "…"),
        ("棉质衬衫", 3, "棉质…"),
        ("nae\u0308ve", 4, "na…"),
        (f"ab{FAMILY}cd", 4, "ab…"),
        (f"ab{FAMILY}cd", 5, "ab…"),
        (f"ab{FAMILY}cd", 6, f"ab{FAMILY}…"[:6]),
        ("\u0308\u0308\u0308", 2, "…"),
    ],
)
def test_a_long_value_ends_at_a_word_with_an_ellipsis(value: str, limit: int, cut: str) -> None:
    assert clean(value, limit=limit) == cut


def test_a_limit_without_room_is_refused() -> None:
    with pytest.raises(ValueError, match="no room"):
        clean("Ana", limit=0)


def test_a_url_keeps_its_own_signs_and_encodes_those_of_values() -> None:
    values = {"coupon_code": "A&B=C/ñ|:", "first_name": "Ana María"}
    assert fill_url("shop/a b?c={coupon_code}&n={first_name}#x", values) == (
        "shop/a%20b?c=A%26B%3DC%2F%C3%B1%7C%3A&n=Ana%20Mar%C3%ADa#x"
    )
    assert fill_url("{first_name|you & me}:", {}) == "you%20%26%20me%3A"


def test_a_url_is_never_cut() -> None:
    long = "x" * LONGEST_SUFFIX
    assert fill_url("{shop_url}", {"shop_url": long}) == long
    with pytest.raises(ValueError, match="2001 characters"):
        fill_url("{shop_url}", {"shop_url": long + "x"})


def test_percent_encoding_leaves_no_sign_that_means_something() -> None:
    assert percent_encode("a/b?c=d&e f%ñ") == "a%2Fb%3Fc%3Dd%26e%20f%25%C3%B1"


@given(value=st.text(min_size=1), limit=st.integers(1, 80))
def test_whatsapp_accepts_whatever_is_cleaned(value: str, limit: int) -> None:
    try:
        cleaned = clean(value, limit=limit)
    except EmptyValue:
        return
    assert cleaned
    assert len(cleaned) <= limit
    assert cleaned == " ".join(cleaned.split())
    assert not set(cleaned) & set("\n\t\r\u200b\u200e\u202e\ufeff\x00")
    cleaned.encode("utf-8")
    assert clean(cleaned, limit=limit) == cleaned


@given(value=st.text(min_size=1, max_size=LONGEST_VALUE).filter(str.isalnum))
def test_a_value_comes_back_from_a_url(value: str) -> None:
    assert unquote(fill_url("{shop_url}", {"shop_url": value})) == clean(value)


# addresses

LINK = f"https://shop.example/{'x' * 100}"


def test_an_address_is_never_cut() -> None:
    values = {"product_name": "Blue cotton shirt " * 20, "product_url": LINK}
    text = "{product_name|it}: {product_url}"
    written = fill(text, values)
    assert written.endswith(f"…: {LINK}")
    assert len(written) <= LONGEST_VALUE + len(LINK)
    assert fill(text, values, limit=15) == f"Blue cotton…: {LINK}"
    assert fill("{product_url}", values, limit=5) == LINK


def test_values_beside_an_address_share_what_is_left() -> None:
    values = {"product_1": "a" * 99, "product_2": "b" * 99, "shop_url": LINK}
    text = "{product_1|x} {product_2|x} {shop_url}"
    assert fill(text, values, limit=22) == f"{'a' * 9}… {'b' * 9}… {LINK}"


@pytest.mark.parametrize("text", ["Have a look: {shop_url}", "{first_name|you}, look: {shop_url}"])
def test_words_that_leave_no_room_beside_an_address_make_no_message(text: str) -> None:
    with pytest.raises(ValueError, match="no room beside what is never cut"):
        fill(text, {"shop_url": LINK, "first_name": "Ana"}, limit=5)


def test_what_cannot_be_cut_is_known() -> None:
    values = {"shop_url": LINK, "first_name": "Ana"}
    assert length_uncut("{first_name|x} {shop_url} {shop_url}", values) == 2 * len(LINK)
    assert length_uncut("{review_url|the shop}", values) == len("the shop")
    assert length_uncut("{review_url}", values) == 0


@given(
    names=st.lists(st.text(min_size=1, max_size=120).filter(str.isalnum), min_size=1, max_size=3),
    address=st.text("abc/:.?=", min_size=1, max_size=60),
    limit=st.integers(3, 60),
)
def test_a_text_with_an_address_has_it_whole_and_fits(
    names: list[str], address: str, limit: int
) -> None:
    text = "".join(f"{{product_{n}|x}} " for n, _ in enumerate(names, start=1)) + "{product_url}"
    values = {f"product_{n}": name for n, name in enumerate(names, start=1)}
    try:
        written = fill(text, values | {"product_url": address}, limit=limit)
    except ValueError:
        assert limit < 2 * len(names)
        return
    assert written.endswith(address)
    assert len(written) <= limit + len(address)


def test_the_path_of_a_product_is_a_part_of_a_url_already() -> None:
    values = {"product_path": "product/%D8%A7-ñ/?size=m", "product_name": "A/B"}
    assert fill_url("{product_path|x}", values) == "product/%D8%A7-%C3%B1/?size=m"
    assert fill_url("{product_path|shop/all}?n={product_name|x}", {}) == "shop/all?n=x"
    assert fill_url("?n={product_name|x}", values) == "?n=A%2FB"


# words


def test_words_outside_of_placeholders_are_in_some_language() -> None:
    assert own_words("Hello {first_name|there}, {{you}}!") == ["Hello ", "you"]
    assert own_words("{first_name|there}! 15 % … 🎉 {{}}") == []


def test_fallbacks_are_words_where_they_are_written() -> None:
    text = "{first_name|there} {last_product|your last order} {order.number|-} {shop_name}"
    assert fallback_words(text) == ["there", "your last order"]
    assert fallback_words(text, {"first_name": "Ana", "last_product": " "}) == ["your last order"]
    assert fallback_words(text, {"first_name": "Ana", "last_product": "Coat"}) == []
