"""Every wrong answer of a shop becomes one failure with what happened and what to do."""

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
import responses

from agent.clients.shop import Shop
from agent.clients.shop_answers import http_date
from agent.errors import (
    ConfigError,
    Garbled,
    Refused,
    Retryable,
    Unauthorized,
    Unsure,
    WinbackError,
)

KEY, SECRET = "ck_EXAMPLE", "cs_EXAMPLE"
HTTPS, HTTP = "https://shop.example", "http://shop.example"
DATE = "Sun, 22 Nov 2026 12:05:55 GMT"
PAGE = "<!DOCTYPE html><html><head><title>Loja &amp; Exemplo</title></head></html>"


def open_shop(url=HTTPS, secret=SECRET):
    return Shop(url, KEY, secret, sleep=lambda _: None, user_agent="winback/0")


def ask(shop, method="GET", endpoint="orders"):
    if method == "GET":
        return shop.page(endpoint, per_page=1, search="private")
    if method == "DELETE":
        return shop.remove(endpoint, search="private")
    return shop.create(endpoint, {"code": "x"}) if method == "POST" else shop.update(endpoint, {})


def failure_of(status, body, headers=None, *, method="GET", url=HTTPS, shop_url=None, shop=None):
    """What our client makes of this answer, and how many requests it took."""
    headers = {"Date": DATE, "Content-Type": "application/json; charset=UTF-8"} | (headers or {})
    kind = headers.pop("Content-Type")
    body = body if isinstance(body, str) else json.dumps(body)
    shop = shop or open_shop(shop_url or url)
    with responses.RequestsMock() as mock:
        route = mock.add(
            method,
            f"{url}/wp-json/wc/v3/orders",
            body=body,
            status=status,
            headers=headers,
            content_type=kind,
        )
        with pytest.raises(WinbackError) as caught:
            ask(shop, method)
    error = caught.value
    # Whatever went wrong: it names the request, and tells nothing that is not to be told.
    assert f"{method} /wp-json/wc/v3/orders" in error.what
    for hidden in (KEY, SECRET, "oauth_", "private"):
        assert hidden not in str(error)
    return error, route.call_count


def recorded(recording, name, **options):
    said = recording(name)
    kept = ("Date", "Content-Type", "Location", "Link", "Retry-After")
    headers = {key: said["headers"][key] for key in kept if key in said["headers"]}
    if options.get("url") == HTTP:  # there the client compares our clock with the shop's
        headers["Date"] = format_datetime(datetime.now(UTC), usegmt=True)
    method = said["request"]["method"]
    return failure_of(said["status"], said["body"], headers, method=method, **options)


REST_API = "Settings -> Advanced -> REST API"
PERMALINKS = "Settings -> Permalinks"


@pytest.mark.parametrize(
    ("name", "url", "kind", "code", "says", "remedy"),
    [
        ("q08_bad_key", HTTPS, Unauthorized, "woocommerce_rest_cannot_view", "Sorry, you cannot list resources.", "Authorization header"),
        ("q08_bad_key", HTTP, Unauthorized, "woocommerce_rest_cannot_view", "cannot list", "must say https://"),
        ("q08_bad_secret", HTTPS, Unauthorized, "woocommerce_rest_authentication_error", "Consumer secret is invalid.", "copy [shop] key and secret again"),
        ("q08_oauth_bad_secret", HTTP, Unauthorized, "woocommerce_rest_authentication_error", "provided signature does not match", "copy [shop] key and secret again"),
        ("q08_ro_key_post_coupon", HTTPS, Unauthorized, "woocommerce_rest_authentication_error", "does not have write permissions", "Read/Write"),
        ("q08_wo_key_get", HTTPS, Unauthorized, "woocommerce_rest_authentication_error", "does not have read permissions", "Read/Write"),
        ("q08_security_plugin_blocks_rest", HTTPS, Unauthorized, "rest_login_required", "Somente usuários logados.", "security plugin"),
        ("q08_wp_v2_users_me", HTTPS, Unauthorized, "rest_not_logged_in", "not currently logged in", "security plugin"),
        ("q08_wc_v9_wrong_namespace", HTTPS, Refused, "rest_no_route", "No route was found", "WooCommerce is active"),
        ("q08_wrong_path_no_wp", HTTPS, Refused, "404", "Loja Exemplo", 'url = "https://shop.example"'),
        ("q08_unknown_order", HTTPS, Refused, "woocommerce_rest_shop_order_invalid_id", "Invalid ID.", "own words"),
        ("q08_bad_param", HTTPS, Refused, "rest_invalid_param", "per_page is not of type integer.", "own words"),
        ("q08_delete_no_force", HTTPS, Refused, "woocommerce_rest_trash_not_supported", "do not support trashing", "own words"),
        ("q09_coupon_duplicate", HTTPS, Refused, "woocommerce_rest_coupon_code_already_exists", "already exists", "own words"),
        ("q14_refund_too_much", HTTPS, Refused, "woocommerce_rest_cannot_create_order_refund", "Invalid refund amount.", "own words"),
        ("q08_plain_permalinks_wpjson", HTTPS, Refused, "301", "redirects (301)", PERMALINKS),
    ],
)  # fmt: skip
def test_a_recorded_no_is_named_and_asked_once(recording, name, url, kind, code, says, remedy):
    error, requests_made = recorded(recording, name, url=url)
    assert type(error) is kind
    assert error.code == code
    assert says in error.what
    assert remedy in error.fix
    assert requests_made == 1


def test_a_redirect_within_the_same_shop_is_the_mark_of_plain_permalinks(recording):
    error, _ = recorded(recording, "q08_plain_permalinks_wpjson")
    assert "lives at another address" not in error.fix


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    ("configured", "location", "remedy"),
    [
        (HTTP, "https://shop.example/wp-json/wc/v3/orders?oauth_nonce=1", '[shop] url = "https://shop.example"'),
        (HTTPS, "https://www.shop.example/wp-json/wc/v3/orders", '[shop] url = "https://www.shop.example"'),
        (HTTPS, "https://www.shop.example/", '[shop] url = "https://www.shop.example"'),
        (HTTPS, "https://shop.example/pt/wp-json/wc/v3/orders", '[shop] url = "https://shop.example/pt"'),
        (HTTPS, "/wp-login.php?redirect_to=x", "something sends API requests to /wp-login.php"),
        (HTTPS, "", "something sends API requests to"),
    ],
)  # fmt: skip
def test_a_redirect_is_never_followed_and_names_the_address(configured, location, remedy, method):
    headers = {"Location": location} if location else {}
    error, requests_made = failure_of(301, "", headers, url=configured, method=method)
    assert type(error) is Refused
    if location:
        assert remedy in error.fix
    assert requests_made == 1


def test_a_shop_in_a_directory_is_not_told_to_move():
    url = f"{HTTPS}/store"
    shop = open_shop(url)
    with responses.RequestsMock() as mock:
        mock.get(
            f"{url}/wp-json/wc/v3/orders",
            status=301,
            headers={"Location": f"{url}/wp-json/wc/v3/orders/"},
        )
        with pytest.raises(Refused) as caught:
            ask(shop)
    assert "GET /store/wp-json/wc/v3/orders" in caught.value.what
    assert PERMALINKS in caught.value.fix


def test_maintenance_is_retryable_when_it_says_so_and_not_before(recording):
    error, requests_made = recorded(recording, "q08_maintenance_503")
    assert isinstance(error, Retryable)
    assert (error.after, requests_made) == (600.0, 1)  # longer than a job waits
    assert "503 Maintenance" in error.what
    assert ".maintenance" in error.fix


def test_a_write_during_maintenance_was_not_carried_out(recording):
    said = recording("q08_maintenance_503")
    error, _ = failure_of(503, said["body"], {"Retry-After": "600"}, method="POST")
    assert isinstance(error, Retryable)


def test_a_write_that_varnish_gave_up_on_may_have_been_carried_out():
    page = "<html><title>503 Backend fetch failed</title>"
    error, requests_made = failure_of(503, page, {"Retry-After": "5"}, method="POST")
    assert isinstance(error, Unsure)
    assert requests_made == 1


def test_a_fatal_error_in_a_plugin_is_retryable_for_a_read(recording):
    error, requests_made = recorded(recording, "q08_plugin_fatal_500")
    assert isinstance(error, Retryable)
    assert "answered 500 WordPress" in error.what
    assert "PHP error log" in error.fix
    assert requests_made == 5


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, PAGE),
        (500, {"code": "internal_server_error", "message": "<p>There has been a critical error.</p>"}),
        (502, PAGE),
        (504, ""),
        (524, PAGE),
        (408, ""),
        (200, PAGE),
        (201, '<br />Notice: x in y.php<br />{"id":1}'),
        (200, []),
    ],
)  # fmt: skip
def test_a_write_whose_answer_does_not_say_no_is_unsure(status, body, method):
    error, requests_made = failure_of(status, body, method=method)
    assert type(error) is Unsure
    assert requests_made == 1


@pytest.mark.parametrize(("status", "tries"), [(408, 5), (500, 5), (502, 5), (503, 5), (524, 5)])
def test_a_read_is_asked_again_after_a_passing_failure(status, tries):
    error, requests_made = failure_of(status, PAGE)
    assert isinstance(error, Retryable)
    assert requests_made == tries
    assert "Loja & Exemplo" in error.what


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_too_many_requests_are_retryable_for_reads_and_writes(method):
    error, requests_made = failure_of(429, {}, {"Retry-After": "30"}, method=method)
    assert isinstance(error, Retryable)
    assert (error.after, requests_made) == (30.0, 5)


def test_an_address_that_is_too_long_is_refused_with_what_to_do():
    error, _ = failure_of(414, "<html><title>414 Request-URI Too Large</title>")
    assert type(error) is Refused
    assert "fewer ids" in error.fix


# The three forms of 401, and what else they hide


def test_a_nonce_that_was_taken_is_signed_anew(recording):
    error, requests_made = recorded(recording, "q08_oauth_replay", url=HTTP)
    assert isinstance(error, Retryable)
    assert requests_made == 5


def test_a_nonce_that_was_taken_is_no_matter_of_clocks():
    there = format_datetime(datetime.now(UTC) + timedelta(hours=2), usegmt=True)
    taken = authentication_error("Invalid nonce - nonce has already been used.")
    error, _ = failure_of(401, taken, {"Date": there}, url=HTTP)
    assert isinstance(error, Retryable)


def authentication_error(words):
    return {"code": "woocommerce_rest_authentication_error", "message": words}


@pytest.mark.parametrize("words", ["Invalid timestamp.", "Marca de tempo inválida."])
@pytest.mark.parametrize("hours", [-2, 2])
def test_a_clock_that_is_off_is_told_in_any_language(words, hours):
    # given a shop whose clock is two hours from ours
    there = format_datetime(datetime.now(UTC) + timedelta(hours=hours), usegmt=True)
    error, _ = failure_of(401, authentication_error(words), {"Date": there}, url=HTTP)
    assert type(error) is Unauthorized
    assert "s apart" in error.what
    assert "timedatectl" in error.fix


def test_a_clock_that_is_right_is_not_blamed():
    here = format_datetime(datetime.now(UTC), usegmt=True)
    error, _ = failure_of(
        401, authentication_error("Assinatura inválida."), {"Date": here}, url=HTTP
    )
    assert "apart" not in error.what
    assert "secret" in error.fix


def test_a_user_without_the_right_is_told_from_an_unknown_key():
    body = {"code": "woocommerce_rest_cannot_create", "message": "Sorry."}
    error, _ = failure_of(403, body, method="POST")
    assert type(error) is Unauthorized
    assert "administrator or a shop manager" in error.fix


@pytest.mark.parametrize("status", [401, 403])
def test_a_page_instead_of_a_rest_error_is_a_firewall(status):
    error, _ = failure_of(status, "<html><title>Attention Required! | Example</title>")
    assert type(error) is Unauthorized
    assert "firewall" in error.fix
    assert error.code == str(status)


@pytest.mark.parametrize(
    ("link", "remedy"),
    [
        ("", "see that [shop] url is the shop's address"),
        ('<https://shop.example/index.php?rest_route=/>; rel="https://api.w.org/"', PERMALINKS),
    ],
)
def test_a_page_that_is_not_found_says_where_the_api_is(link, remedy):
    error, _ = failure_of(404, PAGE, {"Link": link})
    assert type(error) is Refused
    assert remedy in error.fix


# A success that is none


def test_a_notice_before_the_json_is_garbled_and_quoted(recording):
    error, requests_made = recorded(recording, "q08_php_notice_before_json")
    assert type(error) is Garbled
    assert "<br />Notice: Undefined index in plugin.php<br />[{" in error.what
    assert "WP_DEBUG_DISPLAY" in error.fix
    assert requests_made == 1


def test_the_home_page_instead_of_the_api_is_the_mark_of_plain_permalinks(recording):
    error, _ = recorded(recording, "q08_plain_permalinks_wpjson_followed")
    assert type(error) is Garbled
    assert PERMALINKS in error.fix


def test_any_page_instead_of_the_api_is_garbled():
    error, _ = failure_of(200, PAGE)
    assert type(error) is Garbled
    assert "a page came instead of the API" in error.fix


@pytest.mark.parametrize(
    "body", ["", "null", "[1, 2]", '{"code":"x","message":"y"}', '"text"', '[{"id":']
)
def test_a_list_that_is_none_is_garbled(body):
    error, requests_made = failure_of(200, body)
    assert type(error) is Garbled
    assert requests_made == 1


def test_an_object_that_is_none_is_garbled():
    with responses.RequestsMock() as mock:
        mock.get(f"{HTTPS}/wp-json/wc/v3/orders/1", json=[])
        with pytest.raises(Garbled, match="not an object"):
            open_shop().one("orders/1")


# Nothing that must not be told


def test_a_secret_that_the_shop_repeats_is_struck_out():
    body = {"code": "x", "message": f"bad request: consumer_key={KEY}&consumer_secret={SECRET}"}
    error, _ = failure_of(400, body)
    assert "consumer_key=***&consumer_secret=***" in error.what


def test_the_password_in_the_shops_address_is_not_told():
    shop = open_shop("http://staging:hunter2@shop.example")
    error, _ = failure_of(404, PAGE, shop=shop, url="http://staging:hunter2@shop.example")
    assert "hunter2" not in str(error)
    assert "http://shop.example answered" in error.what


def test_a_page_is_quoted_in_one_short_line():
    error, _ = failure_of(400, "<p>\n" + "x" * 10_000)
    assert len(error.what) < 250
    assert "\n" not in error.what


def test_a_secret_with_a_line_break_is_a_config_error():
    with pytest.raises(ConfigError, match=r"\[shop\] secret"):
        open_shop(secret="cs_EXAMPLE\n")


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("Sun, 22 Nov 2026 12:05:55 GMT", datetime(2026, 11, 22, 12, 5, 55, tzinfo=UTC)),
        ("Sun, 22 Nov 2026 12:05:55 -0000", datetime(2026, 11, 22, 12, 5, 55, tzinfo=UTC)),
        ("Sun, 22 Nov 2026 09:05:55 -0300", datetime(2026, 11, 22, 12, 5, 55, tzinfo=UTC)),
        ("", None),
        ("600", None),
        ("tomorrow", None),
        ("Sun, 99 Nov 2026 12:05:55 GMT", None),
    ],
)
def test_an_http_date_is_aware_utc_or_nothing(text, moment):
    assert http_date(text) == moment
