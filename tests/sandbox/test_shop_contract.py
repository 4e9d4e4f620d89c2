"""The sandbox shop answers as the recorded WooCommerce did: status, headers, errors, shapes."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from recorded_shop import NOW, recorded_shop
from shapes import Shape, differences

from agent.sandbox.shop.api import shop_app
from agent.sandbox.shop.trouble import Fatal, Guarded, Maintenance, Notice, PlainPermalinks

if TYPE_CHECKING:
    from collections.abc import Callable

    from werkzeug.test import TestResponse

    from agent.sandbox.shop.shop import Shop

RECORDINGS = Path(__file__).parent.parent / "recordings"
GOOD = "Basic " + b64encode(b"ck_EXAMPLE:cs_EXAMPLE").decode()
SAME_HEADERS = (
    "Content-Type",
    "Allow",
    "Vary",
    "Cache-Control",
    "Expires",
    "X-Robots-Tag",
    "X-Content-Type-Options",
    "Access-Control-Expose-Headers",
    "Access-Control-Allow-Headers",
    "Retry-After",
    "X-Redirect-By",
)


@dataclass(frozen=True)
class Case:
    """A recording, and what has to be so before its request is made."""

    name: str
    before: Callable[[Shop], object] = lambda _: None
    key: str = GOOD
    scheme: str = "https"
    http_body: bytes | None = None
    ids: bool = False  # the very rows are known, not only their shape
    maps: tuple[str, ...] = ()  # objects whose names are data


def trouble(kind: Any) -> Callable[[Shop], object]:
    return lambda shop: setattr(shop, "trouble", kind)


def rights(which: str) -> Callable[[Shop], object]:
    return lambda shop: setattr(shop, "permissions", which)


def zone(name: str) -> Callable[[Shop], object]:
    return lambda shop: setattr(shop, "timezone", name)


def lab_coupon(shop: Shop) -> int:
    row = shop.new_coupon("LAB-Abc10")
    row.email_restrictions = ["ana@example.com"]
    number = shop.add_coupon(row)
    shop.coupons.remove(number)
    row.id = 22462
    shop.coupons.add(row)
    return row.id


def trashed_coupon(shop: Shop) -> None:
    shop.trash_coupon(lab_coupon(shop))


def silent(shop: Shop) -> None:
    """The addresses in the recordings are nobody's here."""
    shop._post = lambda *_: None  # type: ignore[method-assign]


def disabled(shop: Shop) -> None:
    silent(shop)
    for _ in range(2):
        shop.add_webhook("order.updated", "http://127.0.0.1:8080/hook", name="order.updated")
    shop.webhook(2).status = "disabled"
    shop.save_webhook(shop.webhook(2))


def plain(name: str, **more: Any) -> Case:
    return Case(name, **more)


def rows(name: str, **more: Any) -> Case:
    return Case(name, ids=True, **more)


TRASHED: Callable[[Shop], object] = lambda shop: shop.trash_order(17248)  # noqa: E731
GONE: Callable[[Shop], object] = lambda shop: shop.trash_product(398)  # noqa: E731
STRANGER, WRONG_SECRET, WRONG_KEY = (
    "",
    "Basic " + b64encode(b"ck_EXAMPLE:cs_wrong").decode(),
    "Basic " + b64encode(b"ck_wrong:cs_EXAMPLE").decode(),
)
# the countries and currencies on offer, the database's tables: data of that shop
SYSTEM_MAPS = (".woocommerce", ".other")

CASES = [
    # what there is
    plain("q01_analytics_products"),
    plain("q01_analytics_variations"),
    plain("q01_data_currencies_current"),
    plain("q01_orders"),
    plain("q01_orders_N_notes"),
    plain("q01_orders_N_refunds"),
    plain("q01_orders_include_N_N", ids=True),
    plain("q01_payment_gateways", maps=(".options",)),
    plain("q01_products"),
    plain("q01_products_N"),
    plain("q01_products_N_variations"),
    plain("q01_products_categories"),
    plain("q01_products_include_N_N", ids=True),
    plain("q01_refunds"),
    plain("q01_reports_orders_totals"),
    plain("q01_settings_general", maps=(".options",)),
    plain("q01_system_status", maps=SYSTEM_MAPS),
    plain("q01_variations"),
    plain("q01_webhooks"),
    # modified filters
    plain("q02_customer_modified_after_garbage", ids=True),
    plain("q02_order_modified_after_garbage"),
    plain("q02_orderby_modified_customers"),
    plain("q02_orderby_modified_variations"),
    *[
        rows(f"q02_tz_{city}_{what}_{form}", before=zone(name))
        for city, name in (("Auckland", "Pacific/Auckland"), ("Kolkata", "Asia/Kolkata"))
        for what in ("orders", "products")
        for form in ("Z_dates_are_gmt", "Z_no_flag", "naive_dates_are_gmt")
    ],
    # writes to products
    plain("q03_rest_put_stock"),
    plain("q03_rest_put_variation_price"),
    plain("q03_rest_put_variation_stock"),
    # orders
    plain("q04_delete_force"),
    plain("q04_delete_product_trash"),
    plain("q04_delete_refund"),
    plain("q04_delete_trash"),
    *[rows(f"q04_drafts_{status}") for status in ("None", "any", "auto-draft", "checkout-draft")],
    rows("q04_drafts_trash"),
    plain("q04_get_deleted", before=lambda shop: shop.delete_order(17247)),
    plain("q04_get_trashed", before=TRASHED),
    plain("q04_guests"),
    *[
        rows(f"q04_list_status_{status}", before=TRASHED)
        for status in ("any", "any_trash", "default", "trash")
    ],
    plain("q04_post_note"),
    plain("q04_post_refund"),
    *[
        rows(f"q04_products_status_{status}", before=GONE)
        for status in ("None", "any", "draft", "publish", "trash")
    ],
    plain("q04_put_meta"),
    plain("q04_put_status"),
    *[rows(f"q04_status_{status}") for status in ("any", "any_trash", "failed_trash", "trash")],
    rows("q04_status_processing_trash"),
    plain("q04_status_array"),
    plain("q04_status_processing_completed"),
    plain("q04_status_trash_processing"),
    plain("q04_trash_modified_after"),
    plain("q04_unknown_status"),
    # paging
    *[plain(f"q05_beyond_end_{what}") for what in ("coupons", "customers", "orders", "products")],
    *[plain(f"q05_exclude_{what}") for what in ("customers", "orders", "products")],
    *[plain(f"q05_per_page_{value}") for value in ("-1", "0", "100", "101", "abc")],
    plain("q05_headers_orders"),
    rows("q05_stock_status_onbackorder"),
    # _fields
    rows("q06_fields_array"),
    rows("q06_fields_billing_dotted"),
    rows("q06_fields_dotted_line_items"),
    rows("q06_fields_meta_dotted"),
    rows("q06_fields_unknown"),
    # keys and errors
    plain("q08_bad_key", key=WRONG_KEY),
    plain("q08_bad_param"),
    plain("q08_bad_secret", key=WRONG_SECRET),
    plain("q08_basic_http", scheme="http"),
    plain("q08_basic_https"),
    plain("q08_delete_no_force"),
    plain("q08_double_slash"),
    plain("q08_envelope"),
    plain("q08_head"),
    plain("q08_https_lib_query", key=STRANGER),
    plain("q08_invalid_json_body", http_body=b'{"code": '),
    plain("q08_maintenance_503", before=trouble(Maintenance())),
    plain("q08_method_override"),
    plain("q08_missing_auth", key=STRANGER),
    plain("q08_missing_auth_post", key=STRANGER),
    plain("q08_missing_auth_products", key=STRANGER),
    plain("q08_php_notice_before_json", before=trouble(Notice())),
    plain("q08_plain_index_php_pathinfo", before=trouble(PlainPermalinks())),
    plain("q08_plain_permalinks_index", key=STRANGER, before=trouble(PlainPermalinks())),
    plain("q08_plain_permalinks_rest_route", before=trouble(PlainPermalinks())),
    plain("q08_plain_permalinks_rest_route_trick", before=trouble(PlainPermalinks())),
    plain("q08_plain_permalinks_wpjson", before=trouble(PlainPermalinks())),
    plain("q08_plain_permalinks_wpjson_followed", before=trouble(PlainPermalinks())),
    plain("q08_plugin_fatal_500", before=trouble(Fatal())),
    plain("q08_query_http", key=STRANGER, scheme="http"),
    plain("q08_query_https", key=STRANGER),
    plain("q08_rest_route_index_php"),
    plain("q08_rest_route_query"),
    plain("q08_rest_route_trick"),
    plain("q08_rest_route_trick_encoded"),
    plain("q08_ro_key_get", before=rights("read")),
    plain("q08_ro_key_post_coupon", before=rights("read")),
    plain("q08_ro_key_put_product", before=rights("read")),
    plain("q08_root_html", key=STRANGER),
    plain("q08_security_plugin_blocks_rest", before=trouble(Guarded())),
    plain("q08_trailing_slash"),
    plain("q08_unknown_order"),
    plain("q08_wc_analytics_same_key"),
    plain("q08_wc_v9_wrong_namespace"),
    plain("q08_wo_key_get", before=rights("write")),
    plain("q08_wrong_path_no_wp"),
    plain("q08_wrong_route"),
    # coupons
    *[
        plain(f"q09_coupon_{what}")
        for what in (
            *("amount_3dp", "amount_comma", "amount_empty", "amount_float", "amount_int"),
            *("amount_neg", "bad_type", "create", "email_invalid", "email_string", "email_wild"),
            *("exp_both", "exp_datetime_naive", "exp_datetime_z", "exp_gmt_field", "exp_invalid"),
            *("exp_null", "exp_past", "no_code", "percent_150", "special_chars", "usage_limit_0"),
        )
    ],
    plain("q09_coupon_delete_force", before=trashed_coupon),
    plain("q09_coupon_duplicate", before=lab_coupon),
    plain("q09_coupon_duplicate_case", before=lab_coupon),
    plain("q09_coupon_lookup_code", before=lab_coupon),
    plain("q09_coupon_recreate_after_trash", before=trashed_coupon),
    plain("q09_coupon_trash", before=lab_coupon),
    plain("q09_order_bad_status"),
    plain("q09_order_create_coupon"),
    plain("q09_order_create_min"),
    # webhooks
    *[
        plain(f"q10_create_{what}", before=silent)
        for what in (
            *("bad_topic", "customer.updated", "order.created", "order.deleted", "order.updated"),
            *("product.updated", "url_ftp_x_y", "url_http_10_0_0_5_x"),
            *("url_http_127_0_0_1_9911_x", "url_nope"),
        )
    ],
    plain("q10_webhook_disabled", before=disabled),
    plain("q10_webhook_reenable", before=disabled),
    # variations
    plain("q11_analytics_variations_modified", before=lambda shop: shop.set_stock(1407, 5)),
    plain("q11_include_variation_id", ids=True),
    plain("q11_parent", ids=True),
    plain("q11_product_by_variation_id"),
    plain("q11_products_0_variations"),
    plain("q11_search_sku_variation"),
    plain("q11_sku_variation"),
    plain("q11_type_variable"),
    plain("q11_type_variation"),
    plain("q11_variations"),
    # formats
    *[plain(f"q12_customers_{what}") for what in ("default", "default_sort", "email")],
    plain("q12_customers_orderby_registered"),
    plain("q12_customers_role_all"),
    plain("q12_customers_role_bad"),
    plain("q12_customers_search_phone"),
    plain("q12_order"),
    plain("q12_order_refunded_in_order"),
    plain("q12_orders_search_phone"),
    plain("q12_product_simple_on_sale"),
    plain("q12_refunds"),
    plain("q14_coupons_modified"),
    plain("q14_refund_default_api_refund"),
    plain("q14_refund_too_much"),
    plain("q14_refunds_modified_after"),
]

# a recording, or a place in the JSON: why it differs. Nothing else may.
DEVIATIONS = {
    "q08_security_plugin_blocks_rest": "the plugin's sentence is ours",
    "q08_wp_v2_users_me": "wp/v2 is not built: a 404 here, a 401 there",
    ".line_items[].image.id": '0 for a variation, "" for a product; some recordings have only one',
}


def recording(name: str) -> dict[str, Any]:
    return dict(json.loads((RECORDINGS / f"{name}.json").read_text(encoding="utf-8")))


def ask(case: Case, shop: Shop) -> TestResponse:
    """Make the recorded request once more."""
    request = recording(case.name)["request"]
    url = urlsplit(request["url"])
    headers = {"Authorization": case.key} if case.key else {}
    body = case.http_body
    if body is None and request["body"] is not None:
        body = json.dumps(request["body"]).encode()
    return (
        shop_app(shop)
        .test_client()
        .open(
            url.path or "/",
            base_url=f"{case.scheme}://shop.example",
            method=request["method"],
            query_string=url.query,
            data=body,
            headers=headers,
            content_type="application/json" if body is not None else None,
            environ_overrides={
                "PATH_INFO": url.path,
                "REQUEST_URI": url.path + (f"?{url.query}" if url.query else ""),
            },
        )
    )


def links(header: str) -> list[tuple[str, str, list[str]]]:
    """What a Link header points to: relation, path, and the names of the parameters in order."""
    found = []
    for address, rel in re.findall(r'<([^>]*(?:\(\?P<\w+>[^>]*)?)>; rel="([^"]+)"', header):
        path, _, query = address.partition("?")
        found.append((rel, path.partition("//")[2], [name for name, _ in parse_qsl(query)]))
    return found


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_sandbox_answers_as_the_recorded_shop_did(case: Case) -> None:
    """Fault 23: the recorded shop had high-performance order storage on; we only know its REST API."""
    # given the rows and the state of the recording
    shop = recorded_shop()
    case.before(shop)
    theirs = recording(case.name)
    # when the same is asked
    ours = ask(case, shop)
    # then status and headers are the same
    assert ours.status_code == theirs["status"], ours.text[:300]
    for name in SAME_HEADERS:
        assert ours.headers.get(name) == theirs["headers"].get(name), name
    assert ours.headers["Date"] == NOW.strftime("%a, %d %b %Y %H:%M:%S GMT")
    for name in ("X-WP-Total", "X-WP-TotalPages"):
        known = theirs["headers"].get(name)
        assert (name in ours.headers) == (known is not None), name
        assert (ours.headers.get(name) == "0") == (known == "0"), name
    assert ("Location" in ours.headers) == ("Location" in theirs["headers"])
    # and the body
    if ours.headers["Content-Type"].startswith("text/html") or theirs["body"] == "":
        assert isinstance(theirs["body"], str)
    elif isinstance(theirs["body"], str):
        with pytest.raises(ValueError, match="Expecting value"):
            json.loads(ours.text)
    elif theirs["status"] >= 400:
        message = DEVIATIONS.get(case.name)
        expected = theirs["body"] | ({"message": ours.json["message"]} if message else {})
        assert ours.json == expected
    else:
        same_shape(case, ours.json, theirs["body"])


def same_shape(case: Case, ours: Any, theirs: Any) -> None:
    assert bool(ours) == bool(theirs)
    found = differences(Shape().add(ours), Shape().add(theirs), "", (*case.maps, "._links"))
    assert not [one for one in found if not any(known in one for known in DEVIATIONS)]
    if isinstance(theirs, dict):
        assert list(ours) == list(theirs)
    elif theirs:
        assert list(ours[0]) == list(theirs[0])
    if case.ids:
        assert [row["id"] for row in ours] == [row["id"] for row in theirs]


COUPONS = [case.name for case in CASES if case.name.startswith("q09_coupon_")]
ECHOED = (
    *("code", "amount", "discount_type", "date_expires", "date_expires_gmt"),
    *("individual_use", "usage_limit", "usage_limit_per_user", "email_restrictions"),
    *("minimum_amount", "maximum_amount", "status"),
)


@pytest.mark.parametrize(
    "name", [name for name in COUPONS if recording(name)["status"] == 201], ids=str
)
def test_what_is_made_of_a_sent_coupon_is_the_same_to_the_letter(name: str) -> None:
    case = next(case for case in CASES if case.name == name)
    shop = recorded_shop()
    case.before(shop)
    ours, theirs = ask(case, shop).json, recording(name)["body"]
    assert {field: ours[field] for field in ECHOED} == {field: theirs[field] for field in ECHOED}


LINKED = (
    *("q01_orders", "q01_products", "q01_refunds", "q01_products_categories"),
    *("q04_status_array", "q04_status_processing_completed", "q05_headers_orders"),
    *("q05_beyond_end_products", "q05_beyond_end_customers", "q05_beyond_end_orders"),
    *("q05_exclude_orders", "q12_customers_default", "q08_root_html", "q08_bad_key"),
    *("q08_plain_permalinks_index", "q08_plain_permalinks_rest_route"),
    *("q08_plain_permalinks_rest_route_trick", "q08_rest_route_trick"),
)


@pytest.mark.parametrize("name", LINKED)
def test_link_headers_point_to_the_same_places(name: str) -> None:
    case = next(case for case in CASES if case.name == name)
    shop = recorded_shop()
    case.before(shop)
    ours, theirs = ask(case, shop), recording(name)
    assert links(ours.headers["Link"]) == links(theirs["headers"]["Link"])


def test_the_link_of_all_variations_is_as_useless_as_the_real_one() -> None:
    case = next(case for case in CASES if case.name == "q01_analytics_variations")
    link = ask(case, recorded_shop()).headers["Link"]
    assert link == recording(case.name)["headers"]["Link"]


def test_every_recording_here_that_concerns_the_shop_is_used() -> None:
    elsewhere = {"q08_oauth_http", "q08_oauth_bad_secret", "q08_oauth_replay"}  # test_shop_auth
    elsewhere |= {"q03_simple_scheduled_sale", "q03_date_modified_matrix"}  # test_shop_sales
    elsewhere |= {"q10_pings", "q10_raw_unscrubbed_for_signature"}  # test_shop_webhooks
    elsewhere |= {path.stem for path in RECORDINGS.glob("q10_delivery_*.json")}  # and there
    used = {case.name for case in CASES} | elsewhere | set(DEVIATIONS)
    there = {path.stem for path in RECORDINGS.glob("q*.json")}
    assert there <= used, "add it to CASES, or to DEVIATIONS with the reason"
