"""The plugin as a whole: it is PHP, does nothing by itself, and never harms the page."""

import os
import re
import subprocess
from typing import Any

import pytest
from shop_page import (
    BRIDGE,
    NEWS,
    NEWS_ORDER,
    ORDER,
    ORDER_WORDING,
    USER,
    USER_WORDING,
    VIEW,
    WORLD,
    Page,
    Shop,
    php,
)
from test_bridge_consent import ASKED, BLOCK_PLACED, NEWS_ASKED, PLACED, SAVED, SHOWN, block

HOOKS = {
    "template_redirect": 99,
    "shutdown": 1000,
    "woocommerce_after_checkout_billing_form": 10,
    "woocommerce_checkout_create_order": 10,
    "woocommerce_checkout_order_processed": 10,
    "woocommerce_init": 10,
    "woocommerce_store_api_checkout_update_order_from_request": 10,
    "woocommerce_store_api_checkout_order_processed": 10,
    "woocommerce_edit_account_form": 10,
    "woocommerce_save_account_details": 10,
}
ALL = [
    ["woocommerce_init"],
    *VIEW,
    SHOWN,
    *PLACED,
    *BLOCK_PLACED,
    ["woocommerce_edit_account_form"],
    SAVED,
]
EVERYTHING: dict[str, Any] = {
    "post": {ASKED: "1", NEWS_ASKED: "1", USER: "1", NEWS: "1"},
    "meta": {USER: "yes", NEWS: "yes"},
    "missing": [],
    "objects": WORLD["objects"] | block(True)["objects"] | {"customer": {"meta": {}}},
}


def test_it_is_php() -> None:
    ended = subprocess.run([php(), "-l", BRIDGE], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout


def test_it_does_nothing_by_itself_but_wait_for_its_hooks(shop: Shop) -> None:
    page = shop.page()
    assert page.printed == ""
    assert page.report["hooks"] == HOOKS
    assert {name for name, _ in page.report["calls"]} == {"add_action"}


def test_it_says_nothing_to_who_opens_the_file_itself(shop: Shop) -> None:
    page = shop.page(direct=True)
    assert (page.printed, page.report["hooks"]) == ("", [])


def test_two_copies_of_it_are_one(shop: Shop) -> None:
    page = shop.page(*VIEW, twice=True)
    assert (page.printed, len(page.events)) == ("", 1)


# Worlds in which, taken together, the bridge calls everything that it ever calls.
LITESPEED = EVERYTHING | {"missing": ["fastcgi_finish_request"]}
WITHDRAWING = EVERYTHING | {"post": {ASKED: "1", NEWS_ASKED: "1"}}
ONCE_MORE = WITHDRAWING | {
    "objects": {
        "order": {
            "customer_id": 12,
            "meta": {
                ORDER: "yes",
                ORDER_WORDING: "x",
                NEWS_ORDER: "yes",
                f"{NEWS_ORDER}_wording": "y",
            },
        }
    },
    "meta": {USER: "yes", USER_WORDING: "x", NEWS: "yes", f"{NEWS}_wording": "y"},
}
FOLLOWING = EVERYTHING | {
    "user_id": 0,
    "get": {"wb": "AbCdEfGhI1"},
    "true": ["is_product", "wp_has_consent"],
}
SHORT = ["woocommerce_checkout_order_processed", 7]
WORLDS = [
    ([*ALL, SHORT], EVERYTHING),
    (VIEW, LITESPEED),
    ([SAVED], WITHDRAWING),
    (PLACED, ONCE_MORE),
    (VIEW, FOLLOWING),
    (VIEW, FOLLOWING | {"cookies": {"winback_link": "AbCdEfGhI1"}, "true": ["is_product"]}),
]


def test_the_worlds_of_the_next_test_leave_no_function_out(shop: Shop) -> None:
    pages = [shop.page(*happens, **world) for happens, world in WORLDS]
    seen = {name for page in pages for name, _ in page.report["calls"]}
    assert seen == called_by_the_bridge(pages[0])


@pytest.mark.parametrize("how", ["throwing", "missing", "noticing"])
@pytest.mark.parametrize("number", range(len(WORLDS)))
def test_whatever_breaks_the_page_does_not_show_it(shop: Shop, number: int, how: str) -> None:
    happens, world = WORLDS[number]
    whole = shop.page(*happens, **world)
    for name in sorted({name for name, _ in whole.report["calls"]} - {"add_action"}):
        broken = world | {how: [*world.get(how, ()), name]}
        shown = shop.page(*happens, **broken).printed
        # each box is there as a whole, or not at all
        assert re.fullmatch(r"(<p class.*?</p>(<input type=\"hidden\"[^<>]*>)?){0,4}", shown), name
        assert how != "noticing" or shown == whole.printed, name


def test_a_post_that_throws_harms_nothing(shop: Shop) -> None:
    page = shop.page(*VIEW, SHOWN, throwing=["wp_remote_post"])
    assert len(page.calls("wp_remote_post")) == 1
    assert page.printed.count("<p") == 2


def test_the_notices_of_others_are_theirs_again(shop: Shop) -> None:
    page = shop.page(*VIEW, notice_after=True, throwing=["wp_remote_post"])
    assert "somebody else's notice" in page.printed


def test_it_keeps_to_php_7_4() -> None:
    """There is no 7.4 here to ask: what came with 8.0, as far as it can be told from the text."""
    code = re.sub(
        r"/\*.*?\*/|//[^\n]*|'(?:[^'\\]|\\.)*'", "''", BRIDGE.read_text(), flags=re.DOTALL
    )
    for newer in (
        r"\bstr_(contains|starts_with|ends_with)\b", r"\?->", r"\bmatch\b", r"\benum\b", r"\breadonly\b",
        r"\bmixed\b", r"#\[", r"\bget_debug_type\b", r"\barray_is_list\b", r"\(\s*\.\.\.\s*\)",
        r"catch \( \\?\w+ \)", r",\s*\)\s*(use\b|\{)", r"\w+: (?!:)\$", r"[=?]\s*throw\b", r"::class\b",
    ):  # fmt: skip
        assert not re.search(newer, code), newer


def test_orders_are_only_touched_through_woocommerce() -> None:
    """High-performance order storage: an order is no post."""
    code = BRIDGE.read_text()
    assert not re.search(r"\b\w*post_meta\b|\bget_post\b|\$wpdb\b|WP_Query|update_option", code)


def test_ci_may_not_skip_these_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    ci = (BRIDGE.parents[2] / ".ci" / "run").read_text()
    assert re.search(r"^packages=\(.*\bphp-cli\b", ci, re.MULTILINE)
    assert re.search(r"^export WINBACK_REQUIRE_PHP=1\b", ci, re.MULTILINE)

    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setenv("WINBACK_REQUIRE_PHP", "1")
    with pytest.raises(pytest.fail.Exception, match="php-cli"):
        php()
    monkeypatch.delenv("WINBACK_REQUIRE_PHP")
    with pytest.raises(pytest.skip.Exception, match="php-cli"):
        php()
    assert os.environ["PATH"] == "/nowhere"


def called_by_the_bridge(page: Page) -> set[str]:
    """The functions of WordPress and WooCommerce that its code names."""
    code = re.sub(r"/\*.*?\*/|//[^\n]*", "", BRIDGE.read_text(), flags=re.DOTALL)
    return set(re.findall(r"(?<![\w$>:])(\w+)\(", code)) & set(page.report["functions"])
