"""What is known of a person, a shop and some products becomes what the placeholders stand for."""

from dataclasses import replace
from datetime import UTC, datetime
from itertools import product
from typing import Any
from urllib.parse import unquote
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.rules.placeholders import (
    CAMPAIGNS,
    CUSTOMER_FIELDS,
    FIELDS,
    KNOWN,
    ORDER_FIELDS,
    PATHS,
    can_fill,
    fillable,
    needs_fallback,
)
from agent.rules.values import (
    CouponShown,
    MessageFacts,
    OrderShown,
    ProductShown,
    ShipmentShown,
    values,
)
from agent.rules.wording import LONGEST_VALUE, EmptyValue, fill, fill_url
from models import Customer, Order

BARE = MessageFacts(
    shop_name="Example Shop",
    shop_url="https://shop.example",
    currency="EUR",
    zone=ZoneInfo("America/New_York"),
)
COAT = ProductShown(
    name="Blue coat", url="https://shop.example/product/blue-coat/", price=8000, old_price=9990
)
HAT, SCARF, GLOVES = (ProductShown(name=name) for name in ("Hat", "Scarf", "Gloves"))
COUPON = CouponShown(
    code="WB7K2M9QX", percent=15, expires_at=datetime(2026, 11, 30, 2, 0, tzinfo=UTC)
)
ORDER: dict[str, object] = {
    "woo_id": 20300, "number": "A-20300", "status": "completed", "currency": "BRL", "total": 30190,
    "tax": 0, "shipping": 1990, "customer_id": 5, "email": "ana@example.com", "phone": "+34 600",
    "country": "ES", "first_name": "ANA", "last_name": "DE LA CRUZ", "language": "es",
    "coupons": ["spring", "vip"], "created_at": datetime(2026, 10, 12, 2, 0, tzinfo=UTC),
    "paid_at": datetime(2026, 10, 12, 12, 0, tzinfo=UTC), "modified_at": datetime(2026, 10, 15, tzinfo=UTC),
}  # fmt: skip
CUSTOMER: dict[str, object] = {
    "woo_id": 5, "email": "ana@example.com", "first_name": "ana", "last_name": "EXAMPLE", "role": "vip",
    "phone": "600", "country": "PT", "created_at": datetime(2020, 2, 29, 12, 0, tzinfo=UTC),
    "modified_at": datetime(2026, 1, 1, 12, 0, tzinfo=UTC),
}  # fmt: skip
NEWS = OrderShown(
    kind="order_partly_refunded", number="A-20300", status="completed", currency="BRL", total=30190,
    item_count=5, items=(COAT, HAT, SCARF, GLOVES), status_name="Completed", refunded=1990,
    shipment=ShipmentShown(
        number="JD014600003", carrier="DHL", url="https://track.example/JD014600003"
    ),
    delivery="2026-10-20", payment_title="Card", payment_instructions="Pay at the door.",
)  # fmt: skip
FULL = replace(
    BARE,
    first_name="Ana",
    last_name="Example",
    region="US",
    orders_count=4,
    last_product=SCARF,
    products=(COAT, HAT, SCARF),
    recommended=(GLOVES, HAT, COAT),
    coupon=COUPON,
    order=ORDER,
    customer=CUSTOMER,
    news=NEWS,
)


def test_everything_that_is_known_is_said() -> None:
    assert values(FULL, "en") == {
        "first_name": "Ana",
        "last_name": "Example",
        "full_name": "Ana Example",
        "country": "United States",
        "orders_count": "4",
        "last_product": "Scarf",
        "shop_name": "Example Shop",
        "shop_url": "https://shop.example",
        "product_list": "Blue coat, Hat, and Scarf",
        "product_name": "Blue coat",
        "product_1": "Blue coat",
        "product_2": "Hat",
        "product_3": "Scarf",
        "product_url": "https://shop.example/product/blue-coat/",
        "product_path": "product/blue-coat/",
        "review_url": "https://shop.example/product/blue-coat/#reviews",
        "recommended_list": "Gloves, Hat, and Blue coat",
        "recommended_1": "Gloves",
        "recommended_2": "Hat",
        "recommended_3": "Blue coat",
        "price": "€80.00",
        "old_price": "€99.90",
        "price_drop_percent": "19%",
        "coupon_code": "WB7K2M9QX",
        "discount_percent": "15%",
        "coupon_expires": "November 29, 2026",  # where the shop is
        "order_number": "A-20300",
        "order_total": "R$301.90",
        "item_count": "5",
        "item_list": "Blue coat, Hat, and 2 more",
        "estimated_delivery": "October 20, 2026",
        "payment_method": "Card",
        "payment_instructions": "Pay at the door.",
        "status_text": "partly refunded (R$19.90 so far)",
        "status_emoji": "💳",
        "action_needed": "nothing to do",
        "refund_amount": "R$19.90",
        "carrier_name": "DHL",
        "tracking_number": "JD014600003",
        "tracking_url": "https://track.example/JD014600003",
        "order.number": "A-20300",
        "order.date": "October 11, 2026",
        "order.total": "R$301.90",  # in its own currency
        "order.tax": "R$0.00",
        "order.shipping": "R$19.90",
        "order.currency": "BRL",
        "order.status": "completed",
        "order.coupons": "spring and vip",
        "order.first_name": "Ana",
        "order.last_name": "de la Cruz",
        "order.email": "ana@example.com",
        "order.phone": "+34 600",
        "order.country": "Spain",
        "order.language": "es",
        "order.paid_on": "October 12, 2026",
        "order.changed_on": "October 14, 2026",
        "order.customer_id": "5",
        "order.id": "20300",
        "customer.first_name": "Ana",
        "customer.last_name": "Example",
        "customer.email": "ana@example.com",
        "customer.phone": "600",
        "customer.country": "Portugal",
        "customer.role": "vip",
        "customer.since": "February 29, 2020",
        "customer.changed_on": "January 1, 2026",
        "customer.id": "5",
    }


def test_what_can_be_filled_is_what_the_table_has() -> None:
    assert values(FULL, "en").keys() == {*KNOWN, *FIELDS}


def test_the_fields_are_columns_of_the_mirror() -> None:
    for fields, table in ((ORDER_FIELDS, Order), (CUSTOMER_FIELDS, Customer)):
        assert {column for column, _ in fields.values()} <= set(table._meta.fields)


def test_the_language_and_the_country_make_the_format() -> None:
    """Faults 20 and 21."""
    said = values(replace(FULL, region="MX", currency="MXN"), "es_ES")
    assert (said["price"], said["old_price"], said["price_drop_percent"]) == (
        "$80.00", "$99.90", "19%",
    )  # fmt: skip
    assert said["product_list"] == "Blue coat, Hat y Scarf"
    assert said["coupon_expires"] == "29 de noviembre de 2026"
    assert said["country"] == "México"


def test_what_is_not_known_is_not_said() -> None:
    assert values(BARE, "en") == {
        "shop_name": "Example Shop",
        "shop_url": "https://shop.example",
        "orders_count": "0",
    }


def about(campaign: str) -> MessageFacts:
    """The least that a campaign knows of anybody to whom it writes."""
    if campaign == "loyalty_reward":
        return replace(BARE, coupon=COUPON)
    if campaign == "we_miss_you":
        return BARE
    price = {"price": 8000, "old_price": 9990} if campaign == "price_drop" else {}
    return replace(BARE, products=(ProductShown(name="", **price),))


@pytest.mark.parametrize("campaign", sorted(CAMPAIGNS))
def test_what_a_campaign_can_always_fill_it_always_fills(campaign: str) -> None:
    """Fault 19: no empty parameter."""
    said = values(about(campaign), "en")
    for name in fillable(campaign):
        assert can_fill(campaign, name)
        if not needs_fallback(campaign, name):
            assert said[name]


@pytest.mark.parametrize(
    ("now", "before", "percent"),
    [
        (9000, 10000, "10%"),
        (8999, 10000, "10%"),  # never more than it is
        (8001, 10000, "19%"),
        (8000, 10000, "20%"),
        (0, 10000, "100%"),
        (9999, 10000, "0%"),
        (10000, 10000, None),
        (10001, 10000, None),
        (None, 10000, None),
        (9000, None, None),
        (0, 0, None),
    ],
)
def test_a_price_drops_by_no_more_than_is_true(
    now: int | None, before: int | None, percent: str | None
) -> None:
    shown = ProductShown(name="Coat", price=now, old_price=before)
    said = values(replace(BARE, products=(shown,)), "en")
    assert said.get("price_drop_percent") == percent
    assert ("price" in said, "old_price" in said) == (now is not None, before is not None)


@pytest.mark.parametrize(
    ("url", "shop_url", "path"),
    [
        ("https://shop.example/product/coat/", "https://shop.example", "product/coat/"),
        ("https://shop.example/product/coat/", "https://shop.example/", "product/coat/"),
        ("https://www.shop.example/product/coat", "http://shop.example", "product/coat"),
        ("https://shop.example/store/product/coat", "https://shop.example/store", "product/coat"),
        ("https://shop.example/stores/coat", "https://shop.example/store", "stores/coat"),
        ("https://shop.example/?p=7&size=m", "https://shop.example", "?p=7&size=m"),
        ("https://shop.example/p/%D8%A7/?size=m#x", "https://shop.example", "p/%D8%A7/?size=m"),
        ("https://shop.example/", "https://shop.example", None),
        ("", "https://shop.example", None),
        ("https://[::1", "https://shop.example", None),
    ],
)
def test_a_path_is_what_follows_the_shops_address(
    url: str, shop_url: str, path: str | None
) -> None:
    facts = replace(BARE, shop_url=shop_url, products=(ProductShown(name="Coat", url=url),))
    said = values(facts, "en")
    assert said.get("product_path") == path
    if path is not None:
        assert fill_url("{product_path|x}", said) == path  # neither encoded again nor cut


def test_a_product_without_a_page_is_found_in_the_shop() -> None:
    for url in ("", f"https://shop.example/{'x' * LONGEST_VALUE}", "https://shop.example/a b"):
        said = values(replace(BARE, products=(replace(COAT, url=url),)), "en")
        assert said["product_url"] == "https://shop.example"
        assert "review_url" not in said


def test_reviews_are_of_the_product_or_of_what_was_bought_last() -> None:
    bought = replace(BARE, last_product=replace(COAT, url="https://shop.example/coat/?a=1#top"))
    assert values(bought, "en")["review_url"] == "https://shop.example/coat/?a=1#reviews"
    both = replace(bought, products=(replace(HAT, url="https://shop.example/hat/"),))
    assert values(both, "en")["review_url"] == "https://shop.example/hat/#reviews"


def test_at_most_three_products_are_named_and_each_once() -> None:
    same = replace(HAT, url="https://shop.example/hat-blue/")
    said = values(replace(BARE, products=(HAT, same, SCARF, GLOVES, COAT)), "en")
    assert said["product_list"] == "Hat, Scarf, and Gloves"
    assert said["product_3"] == "Gloves"
    assert "product_4" not in said


def test_three_long_names_share_the_room_of_one_value() -> None:
    long = tuple(ProductShown(name=f"{letter * 20} " * 9) for letter in "xyz")
    listed = fill("{product_list|x}", values(replace(BARE, products=long), "en"))
    assert [listed.count(letter) for letter in "xyz"] == [60, 60, 60]
    assert listed.count("…") == 3
    assert len(listed) <= LONGEST_VALUE


def test_a_product_without_a_name_is_passed_over() -> None:
    said = values(replace(BARE, products=(ProductShown(name=" "), HAT)), "en")
    assert (said["product_list"], said["product_1"], said["product_name"]) == ("Hat",) * 3


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Coat <b>new</b>", "Coat new"),
        ("Coat<br/>blue", "Coat blue"),
        ("Coat <!-- old --> blue", "Coat blue"),
        ("Socks <span class='x'>3 for 2</span>", "Socks 3 for 2"),
        ("Shoes, sizes 5 < 6 > 4", "Shoes, sizes 5 < 6 > 4"),
        ("<3", "<3"),
    ],
)
def test_no_markup_is_left_in_what_the_shop_calls_something(name: str, said: str) -> None:
    """Fault 20."""
    shown = replace(BARE, products=(ProductShown(name=name),), last_product=ProductShown(name=name))
    known = values(shown, "en")
    assert (known["product_1"], known["last_product"]) == (said, said)


def test_the_name_of_the_shop_is_text() -> None:
    said = values(replace(BARE, shop_name="Ana &amp; Sons&#8217; <i>Shop</i>"), "en")
    assert said["shop_name"] == "Ana & Sons\u2019 Shop"


def test_nobody_puts_a_link_into_a_message_by_their_name() -> None:
    typed: dict[str, Any] = {"first_name": "win at casino.com", "last_name": "https://x.example"}
    said = values(replace(BARE, **typed, order=typed, customer=typed), "en")
    assert not [name for name in said if name.endswith("_name") and name != "shop_name"]


def test_fields_of_which_the_row_says_nothing_are_not_said() -> None:
    empty: dict[str, object] = {
        "number": "", "total": None, "customer_id": 0, "coupons": [], "created_at": None, "country": "",
    }  # fmt: skip
    said = values(replace(BARE, order=empty, customer=empty), "en")
    assert not [name for name in said if "." in name]


@pytest.mark.parametrize(
    ("moment", "zone"),
    [
        (datetime(1, 1, 1, tzinfo=UTC), "America/New_York"),
        (datetime(9999, 12, 31, 23, tzinfo=UTC), "Asia/Tokyo"),
    ],
)
def test_a_date_that_the_shops_calendar_does_not_have_is_unknown(
    moment: datetime, zone: str
) -> None:
    row: dict[str, object] = {"number": "7", "created_at": moment}
    said = values(replace(BARE, zone=ZoneInfo(zone), order=row), "en")
    assert "order.date" not in said
    assert said["order.number"] == "7"


def test_a_row_of_other_types_than_the_mirrors_is_written_as_it_is() -> None:
    odd: dict[str, object] = {"total": "12.50", "created_at": "today", "coupons": 7}
    said = values(replace(BARE, order=odd), "en")
    assert (said["order.total"], said["order.date"], said["order.coupons"]) == (
        "12.50",
        "today",
        "7",
    )


TEXTS = st.text(st.characters(codec="utf-8"), max_size=300) | st.sampled_from(
    ["", " ", "{first_name}", "a\nb\tc", "x     y", "\u200b", "<b>", "https://shop.example/a?b=c"]
)
MINOR = st.none() | st.integers(0, 10**12)
PRODUCTS = st.builds(ProductShown, name=TEXTS, url=TEXTS, price=MINOR, old_price=MINOR)
MOMENTS = st.integers(0, 4 * 10**9).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
ROWS = st.dictionaries(
    st.sampled_from(sorted({column for column, _ in (ORDER_FIELDS | CUSTOMER_FIELDS).values()})),
    TEXTS | MOMENTS | st.none() | st.integers(0, 10**12) | st.lists(TEXTS, max_size=3),
)
FACTS = st.builds(
    MessageFacts,
    shop_name=TEXTS.filter(lambda name: name.strip().isprintable() and name.strip() != ""),
    shop_url=st.just("https://shop.example"),
    currency=st.sampled_from(["EUR", "JPY", "KWD", "HUF", "XTS"]),
    zone=st.sampled_from([ZoneInfo("Asia/Kolkata"), ZoneInfo("America/New_York")]),
    first_name=TEXTS,
    last_name=TEXTS,
    region=st.sampled_from(["", "ES", "BR", "MX", "001", "XX"]),
    orders_count=st.integers(0, 9999),
    last_product=st.none() | PRODUCTS,
    products=st.lists(PRODUCTS, max_size=5).map(tuple),
    recommended=st.lists(PRODUCTS, max_size=5).map(tuple),
    coupon=st.none()
    | st.builds(
        CouponShown, code=st.text("ABC9", min_size=4, max_size=9), percent=st.integers(1, 100),
        expires_at=MOMENTS,
    ),
    order=ROWS,
    customer=ROWS,
)  # fmt: skip
ALL = {*KNOWN, *FIELDS}


@given(facts=FACTS, language=st.sampled_from(["en", "pt_BR", "ar", "hi", "xx", "zh_CN", "tr"]))
def test_whatever_is_known_becomes_parameters_that_whatsapp_takes(
    facts: MessageFacts, language: str
) -> None:
    """Faults 19 and 20: nothing empty, nothing of two lines, no placeholder left, nothing too long."""
    said = values(facts, language)
    assert said.keys() <= ALL
    for name in ALL:
        written = fill(f"{{{name}|somebody}}", said)
        assert written == " ".join(written.split())
        assert 0 < len(written) <= LONGEST_VALUE
        written.encode()
        suffix = fill_url(f"?c={{{name}|x}}", said)
        assert suffix.isascii()
        assert suffix.isprintable()
        if name not in PATHS:
            assert not set(suffix.removeprefix("?c=")) & set("/?#&= ")
            assert unquote(suffix)
    assert values(facts, language) == said


@given(facts=FACTS, language=st.sampled_from(["en", "es"]))
def test_a_value_is_nothing_that_cannot_be_stored(facts: MessageFacts, language: str) -> None:
    for name, text in values(facts, language).items():
        assert isinstance(name, str)
        assert isinstance(text, str)
        assert text


def test_a_message_of_another_campaigns_words_does_not_leave() -> None:
    """Fault 19: what a campaign cannot fill, and has no fallback for, is no parameter."""
    for campaign, name in product(sorted(CAMPAIGNS), KNOWN):
        if not can_fill(campaign, name) and name not in values(about(campaign), "en"):
            with pytest.raises(EmptyValue):
                fill(f"{{{name}}}", values(about(campaign), "en"))
