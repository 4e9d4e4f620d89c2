"""The shop's JSON becomes the columns of the mirror."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.rules import copies
from agent.rules.consent import MARKETING, ORDER_NEWS, ConsentFields
from agent.rules.copies import Json, Row
from agent.rules.order_details import DetailFields

RECORDINGS = Path(__file__).parents[1] / "recordings"
READ_AT = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
CONSENT = ConsentFields(
    keys={
        MARKETING: frozenset({"whatsapp_consent", "newsletter"}),
        ORDER_NEWS: frozenset({"order_updates"}),
    },
    yes=("yes", "1"),
    refusals=("refused",),
)
ORDER: dict[str, Any] = {"id": 17, "status": "completed", "currency": "EUR", "total": "10.00"}
PRODUCT: dict[str, Any] = {"id": 17, "status": "publish", "stock_status": "instock"}

texts = st.text(st.characters(exclude_categories=()), max_size=6)
json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.integers(2**63), st.floats(), texts),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)


def recorded(name: str) -> dict[str, Any]:
    """The row that a real WooCommerce once answered, or the first of them."""
    body = json.loads((RECORDINGS / f"{name}.json").read_text(encoding="utf-8"))["body"]
    return dict(body[0] if isinstance(body, list) else body)


def copy_order(one: Json) -> Row:
    return copies.order(one, READ_AT, CONSENT, ("wpml_language", "trp_language"))


def copy_product(one: Json) -> Row:
    return copies.product(one, READ_AT, "EUR")


def copy_customer(one: Json) -> Row:
    return copies.customer(one, READ_AT, CONSENT)


def test_an_order_as_woocommerce_gives_it() -> None:
    assert copy_order(recorded("q12_order")) == {
        "woo_id": 20300,
        "number": "20300",
        "status": "completed",
        "currency": "BRL",
        "total": 30190,
        "tax": 0,
        "shipping": 1990,
        "customer_id": 4955,
        "email": "joao.deandrade4954@example.com",
        "phone": "+55 51 92725-5618",
        "country": "BR",
        "first_name": "João",
        "last_name": "de Andrade",
        "consent": "",
        "news_consent": "",
        "consent_rule": CONSENT.fingerprint,
        "language": "",
        "details": {"payment_method": "cod", "payment_title": "COD"},
        "details_rule": DetailFields().fingerprint,
        "created_at": datetime(2026, 10, 12, 7, 39, 41, tzinfo=UTC),
        "paid_at": datetime(2026, 10, 12, 7, 40, 41, tzinfo=UTC),
        "modified_at": datetime(2026, 10, 15, 6, 46, 25, tzinfo=UTC),
        "read_at": READ_AT,
    }


def test_the_lines_of_an_order_as_woocommerce_gives_them() -> None:
    lines, coupons = copies.order_lines(recorded("q12_order"))
    assert lines == [
        {
            "woo_id": 73387,
            "order_id": 20300,
            "product_id": 1182,
            "variation_id": 1185,
            "name": "Camiseta 44",
            "quantity": 3,
            "total": 28200,
        }
    ]
    assert coupons == []


def test_a_refund_as_woocommerce_gives_it() -> None:
    assert copies.refund(recorded("q12_refunds"), READ_AT, "BRL") == {
        "woo_id": 22357,
        "order_id": 17256,
        "amount": 100,
        "created_at": datetime(2026, 11, 22, 12, 3, 43, tzinfo=UTC),
        "read_at": READ_AT,
    }


def test_the_refunds_that_an_order_lists_are_positive_minor_units() -> None:
    assert copies.refunds_of(recorded("q12_order_refunded_in_order")) == {22349: 121468}


@pytest.mark.parametrize("date", ["", "garbage", "-0001-11-30T00:00:00", None, 7])
def test_what_is_no_date_is_none(date: object) -> None:
    assert copy_order(ORDER | {"date_created_gmt": date})["created_at"] is None


@pytest.mark.parametrize(
    ("stock", "units"),
    [(7, 7), ("7", 7), ("2.5", 2), (2.5, 2), (-0.5, -1), ("", None), (None, None), ("many", None)],
)
def test_of_a_stock_in_fractions_the_whole_units_count(stock: object, units: int | None) -> None:
    one = recorded("q12_product_simple_on_sale") | {"stock_quantity": stock}
    assert copies.product(one, READ_AT, "BRL")["stock_quantity"] == units


def test_a_scheduled_sale_is_in_utc() -> None:
    one = recorded("q12_product_simple_on_sale") | {
        "date_on_sale_from_gmt": "2026-03-02T03:00:00",
        "date_on_sale_to_gmt": "2026-03-09T02:59:59",
    }
    row = copies.product(one, READ_AT, "BRL")
    assert row["sale_from"] == datetime(2026, 3, 2, 3, tzinfo=UTC)
    assert row["sale_to"] == datetime(2026, 3, 9, 2, 59, 59, tzinfo=UTC)


def test_a_category_and_a_coupon_as_woocommerce_gives_them() -> None:
    category = copies.category(recorded("q01_products_categories"), READ_AT)
    assert set(category) == {"woo_id", "parent_id", "name", "slug", "read_at"}
    coupon = copies.coupon(recorded("q09_coupon_create"), READ_AT)
    assert (coupon["usage_count"], coupon["status"]) == (0, "publish")
    assert coupon["code"] == coupon["code"].lower()


def test_a_product_as_woocommerce_gives_it() -> None:
    assert copies.product(recorded("q12_product_simple_on_sale"), READ_AT, "BRL") == {
        "woo_id": 999,
        "parent_id": 0,
        "name": "Produto 990 Premium",
        "sku": "SKU-990",
        "type": "simple",
        "status": "publish",
        "visibility": "visible",
        "price": 18898,
        "regular_price": 23623,
        "stock_status": "outofstock",
        "stock_quantity": 0,
        "permalink": "https://shop.example/product/produto-990-premium/",
        "categories": [53, 63],
        "created_at": datetime(2026, 11, 22, 11, 51, 57, tzinfo=UTC),
        "modified_at": datetime(2026, 8, 22, 22, 20, 36, tzinfo=UTC),
        "sale_from": None,
        "sale_to": None,
        "read_at": READ_AT,
    }


def test_a_variation_as_the_analytics_endpoint_gives_it() -> None:
    row = copies.product(recorded("q01_analytics_variations"), READ_AT, "BRL")
    assert (row["woo_id"], row["parent_id"], row["type"]) == (1409, 1406, "variation")
    assert (row["price"], row["stock_quantity"], row["categories"]) == (8900, 64, [])


def test_a_customer_as_woocommerce_gives_it() -> None:
    assert copy_customer(recorded("q12_customers_role_all")) == {
        "woo_id": 1,
        "email": "admin@shop.example",
        "first_name": "",
        "last_name": "",
        "role": "administrator",
        "phone": "",
        "country": "",
        "consent": "",
        "news_consent": "",
        "consent_rule": CONSENT.fingerprint,
        "created_at": datetime(2026, 11, 22, 11, 49, 10, tzinfo=UTC),
        "modified_at": None,
        "read_at": READ_AT,
    }


def test_an_order_needs_no_more_than_its_id_status_currency_and_total() -> None:
    row = copy_order(ORDER)
    assert row["number"] == "17"
    assert row["customer_id"] == row["tax"] == row["shipping"] == 0
    assert row["email"] == row["phone"] == row["country"] == row["consent"] == ""
    assert row["created_at"] is row["paid_at"] is row["modified_at"] is None


@pytest.mark.parametrize("missing", ["id", "status", "currency", "total"])
def test_an_order_without_what_it_needs_is_refused(missing: str) -> None:
    with pytest.raises(KeyError):
        copy_order({key: value for key, value in ORDER.items() if key != missing})


@pytest.mark.parametrize("broken", [{"id": "x"}, {"id": None}, {"total": "1,50"}])
def test_an_order_that_makes_no_sense_is_refused(broken: dict[str, Any]) -> None:
    with pytest.raises((TypeError, ValueError)):
        copy_order(ORDER | broken)


def test_what_people_typed_is_cleaned() -> None:
    billing = {
        "first_name": " Ana&amp;Eva ",
        "email": " Ana@Example.COM ",
        "country": "es",
        "phone": " 600 ",
    }
    row = copy_order(ORDER | {"billing": billing})
    assert row["first_name"] == "Ana&Eva"
    assert row["email"] == "ana@example.com"
    assert row["country"] == "ES"
    assert row["phone"] == "600"


def test_money_follows_the_currency_of_the_order() -> None:
    assert copy_order(ORDER | {"currency": "JPY", "total": "1500"})["total"] == 1500
    assert copy_order(ORDER | {"currency": "KWD", "total": "1.5"})["total"] == 1500


def test_a_line_is_called_after_its_product_not_its_variation() -> None:
    one = {"id": 1, "currency": "EUR", "line_items": [{"id": 2, "name": "Shirt - G"}]}
    assert copies.order_lines(one)[0][0]["name"] == "Shirt - G"
    one["line_items"] = [{"id": 2, "name": "Shirt - G", "parent_name": "Shirt"}]
    assert copies.order_lines(one)[0][0]["name"] == "Shirt"


def test_coupon_codes_are_lower_case() -> None:
    used = [{"code": "Welcome-BACK"}, {"code": "summer"}]
    one = {"id": 1, "currency": "EUR", "line_items": [], "coupon_lines": used}
    assert copies.order_lines(one)[1] == ["welcome-back", "summer"]


@pytest.mark.parametrize("amount", ["12.50", "-12.50"])
def test_a_refund_is_positive_however_the_shop_writes_it(amount: str) -> None:
    one = {"id": 1, "parent_id": 2, "amount": amount}
    assert copies.refund(one, READ_AT, "EUR")["amount"] == 1250


@pytest.mark.parametrize(
    ("price", "minor"),
    [("89", 8900), (89, 8900), ("0", 0), ("", None), (None, None), ("ask us", None)],
)
def test_a_price_that_is_no_number_is_none(price: object, minor: int | None) -> None:
    assert copy_product(PRODUCT | {"price": price})["price"] == minor


@pytest.mark.parametrize(("stock", "quantity"), [(None, None), (0, 0), (-3, -3), ("5", 5)])
def test_stock_that_is_not_counted_is_none_and_not_zero(
    stock: object, quantity: int | None
) -> None:
    assert copy_product(PRODUCT | {"stock_quantity": stock})["stock_quantity"] == quantity


def test_a_row_without_a_type_is_a_variation() -> None:
    assert copy_product(PRODUCT)["type"] == "variation"


def test_the_billing_block_names_a_customer_whose_account_does_not() -> None:
    billing = {"email": "b@example.com", "first_name": "Bea", "last_name": "Paz", "phone": "1"}
    account = {"id": 5, "email": "", "first_name": "", "last_name": "", "billing": billing}
    row = copy_customer(account)
    assert (row["email"], row["first_name"], row["last_name"]) == ("b@example.com", "Bea", "Paz")
    row = copy_customer(account | {"email": "a@example.com", "first_name": "Ana"})
    assert (row["email"], row["first_name"], row["last_name"]) == ("a@example.com", "Ana", "Paz")


@pytest.mark.parametrize("copy", [copy_order, copy_customer])
def test_a_row_says_what_its_person_said_of_each_purpose(copy: Callable[[Json], Row]) -> None:
    meta = [
        {"key": "newsletter", "value": "refused"},
        {"key": "order_updates", "value": "yes"},
    ]
    row = copy(ORDER | {"meta_data": meta})
    assert (row["consent"], row["news_consent"]) == ("no", "yes")


@pytest.mark.parametrize("status", copies.DRAFTS)
def test_a_cart_in_the_making_says_nothing_of_either(status: str) -> None:
    meta = [{"key": key, "value": "yes"} for key in ("newsletter", "order_updates")]
    row = copy_order(ORDER | {"status": status, "meta_data": meta})
    assert (row["consent"], row["news_consent"]) == ("", "")


def test_one_row_that_cannot_be_copied_does_not_stop_the_rest() -> None:
    rows: list[Any] = [
        ORDER,
        {"id": 18},
        "no object",
        ORDER | {"id": 19, "billing": "typed by a plugin"},
        ORDER | {"id": float("inf")},
        ORDER | {"id": 20},
    ]
    copied, set_aside = copies.each(rows, copy_order)
    assert [row["woo_id"] for row in copied] == [17, 20]
    assert [number for number, _ in set_aside] == [18, None, 19, float("inf")]
    assert set_aside[0][1] == "KeyError: 'currency'"


@pytest.mark.parametrize(
    ("copy", "row"),
    [
        (copy_product, PRODUCT | {"stock_quantity": 2**63}),
        (copy_product, PRODUCT | {"id": -(2**63)}),
        (copy_product, PRODUCT | {"sku": "\ud83d"}),
        (copy_customer, {"id": 5, "first_name": "Ana \udc00"}),
    ],
)
def test_a_row_that_no_table_holds_is_set_aside(
    copy: Callable[[Json], Row], row: dict[str, Any]
) -> None:
    copied, set_aside = copies.each([row], copy)
    assert copied == []
    assert set_aside[0][0] == row["id"]


def test_the_largest_number_that_a_table_holds_is_taken() -> None:
    copied, set_aside = copies.each([PRODUCT | {"stock_quantity": 2**63 - 1}], copy_product)
    assert copied[0]["stock_quantity"] == 2**63 - 1
    assert set_aside == []


@pytest.mark.parametrize(
    ("copy", "good"),
    [(copy_order, ORDER), (copy_product, PRODUCT), (copy_customer, {"id": 17})],
)
@given(data=st.data())
def test_every_row_is_copied_or_set_aside_with_its_reason(
    copy: Callable[[Json], Row], good: dict[str, Any], data: st.DataObject
) -> None:
    columns = st.sampled_from([
        "id", "status", "currency", "total", "billing", "meta_data", "date_created_gmt", "price",
        "stock_status", "stock_quantity", "categories", "customer_id", "number", "email",
    ])  # fmt: skip
    strange: Any = data.draw(
        json_values | st.dictionaries(columns, json_values).map(lambda odd: good | odd)
    )
    copied, set_aside = copies.each([strange, good], copy)
    assert len(copied) + len(set_aside) == 2
    assert copied[-1] == copy(good)
    for row in copied:
        for value in row.values():
            if isinstance(value, str):
                value.encode()
            if isinstance(value, int):
                assert abs(value) < 2**63


def test_a_date_for_the_shop_has_no_zone_and_no_fractions() -> None:
    madrid_summer = timezone(timedelta(hours=2))
    moment = datetime(2026, 6, 1, 1, 30, 15, 999_999, madrid_summer)
    assert copies.shop_date(moment) == "2026-05-31T23:30:15"


@given(st.builds(datetime.fromtimestamp, st.integers(0, 4 * 10**9), st.timezones()))
def test_what_the_shop_is_asked_is_what_it_would_answer(moment: datetime) -> None:
    asked = copies.shop_date(moment)
    answered = copy_order(ORDER | {"date_created_gmt": asked})["created_at"]
    assert answered == moment.astimezone(UTC).replace(microsecond=0)


def test_each_list_of_fields_names_all_that_is_copied_from_it() -> None:
    """An answer that is cut down to the fields we ask for gives the same row."""
    for fields, one, copy in (
        (copies.ORDER_FIELDS, recorded("q12_order"), copy_order),
        (copies.PRODUCT_FIELDS, recorded("q12_product_simple_on_sale"), copy_product),
        (copies.CUSTOMER_FIELDS, recorded("q12_customers_role_all"), copy_customer),
        (copies.REFUND_FIELDS, recorded("q12_refunds"), lambda r: copies.refund(r, READ_AT, "BRL")),
        (copies.LINE_FIELDS, recorded("q12_order"), copies.order_lines),
    ):
        asked = set(fields.split(","))
        cut_down = {name: value for name, value in one.items() if name in asked}
        assert copy(cut_down) == copy(one)
        assert asked - {"lang"} <= one.keys()  # which only Polylang adds


@pytest.mark.parametrize(
    ("meta", "lang", "language"),
    [
        ({"wpml_language": "pt-br"}, None, "pt_BR"),
        ({"trp_language": "de_DE_formal"}, None, "de_DE"),
        ({"wpml_language": "es", "trp_language": "fr"}, None, "es"),
        ({"wpml_language": "", "trp_language": "fr"}, None, "fr"),
        ({"wpml_language": {"a": 1}}, "ca", "ca"),
        ({}, "ca", "ca"),
        ({}, False, ""),
        ({"other_language": "es"}, None, ""),
    ],
)
def test_an_order_tells_the_language_of_its_customer(
    meta: dict[str, object], lang: object, language: str
) -> None:
    """Fault 21: the language is the customer's."""
    entries = [{"key": key, "value": value} for key, value in meta.items()]
    assert copy_order(ORDER | {"meta_data": entries, "lang": lang})["language"] == language


@pytest.mark.parametrize(
    ("row", "erased"),
    [
        ({"total": "1", "billing": {"email": "Deleted@site.invalid", "phone": "000 000"}}, True),
        (
            {"total": "1", "billing": {}, "meta_data": [{"key": "_anonymized", "value": "yes"}]},
            True,
        ),
        ({"total": "1", "billing": {"email": ""}}, False),  # sold at the till
        ({"total": "1", "billing": {"email": "ana@example.com"}}, False),
        ({"email": "ana@example.com", "billing": {"phone": "", "first_name": ""}}, True),
        ({"email": "ana@example.com", "billing": {"phone": "", "first_name": "Ana"}}, False),
        ({"email": "ana@example.com"}, False),
    ],
)
def test_what_the_shop_erased_is_known_by_what_it_wrote_in_its_place(
    row: dict[str, object], erased: bool
) -> None:
    assert copies.is_erased(row) is erased
