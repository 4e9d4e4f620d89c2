"""The consent checkbox: what is shown, what each flow leaves behind, and what leaves nothing."""

import json
import re
from html import unescape
from typing import Any

import pytest
from shop_page import NEWS, ORDER, ORDER_WORDING, USER, USER_WORDING, WORLD, Page, Shop

VERSION = re.compile(r"[0-9a-f]{12}")
EVIDENCE = re.compile(r"([0-9a-f]{12}) (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00) (.+)")
ASKED = "winback_marketing_asked"
NEWS_ASKED = "winback_order_news_asked"
NOBODY = {"meta": {}}
GUEST = {"meta": {}, "objects": {"order": {"customer_id": 0}}}

SHOWN = ["woocommerce_after_checkout_billing_form", {}]
PLACED = [
    ["woocommerce_checkout_create_order", "order", {}],
    ["woocommerce_checkout_order_processed", 7, {}, "order"],
]
BLOCK_SAID = ["woocommerce_store_api_checkout_update_order_from_request", "order", "request"]
BLOCK_PLACED = [BLOCK_SAID, ["woocommerce_store_api_checkout_order_processed", "order"]]
SAVED = ["woocommerce_save_account_details", 12]


def version(page: Page) -> str:
    found = re.search(r'value="([0-9a-f]{12})"', page.printed)
    assert found
    return found[1]


def block(ticked: object, **other: Any) -> dict[str, Any]:
    """What the block checkout sends; None sends nothing of our field."""
    fields = {} if ticked is None else {"winback/marketing": ticked}
    request = {"params": {"additional_fields": {"other/field": "x"} | fields}}
    order = {"customer_id": 12} | other
    return {"objects": {"order": order, "request": request}, "true": []}


# --- the box ---


def test_the_checkouts_box_is_not_ticked_even_if_the_account_says_yes(shop: Shop) -> None:
    page = shop.page(SHOWN)
    assert '<input type="checkbox"' in page.printed
    assert 'name="winback_marketing"' in page.printed
    assert "checked" not in page.printed.replace("checkbox", "")


@pytest.mark.parametrize(("says", "ticked"), [("yes", True), ("withdrawn", False), ("", False)])
def test_the_accounts_box_shows_what_holds(shop: Shop, says: str, ticked: bool) -> None:
    page = shop.page(["woocommerce_edit_account_form"], meta={USER: says})
    assert (" checked>" in page.printed) is ticked
    assert f'<input type="hidden" name="{ASKED}" value="1">' in page.printed


def test_nobody_is_asked_on_an_account_page_without_an_account(shop: Shop) -> None:
    assert shop.page(["woocommerce_edit_account_form"], user_id=0).printed == ""


def test_the_wording_is_a_text_whatever_the_shop_writes(shop: Shop) -> None:
    wording = """<script>alert('"')</script> & more"""
    page = shop.page(SHOWN, filters={"winback_marketing_wording": wording})
    assert "<script" not in page.printed
    shown = re.search(r"<span>(.*?)</span>", page.printed)
    assert shown
    assert unescape(shown[1]) == wording


@pytest.mark.parametrize("odd", ["", "  ", None, 5, ["a"]])
def test_a_wording_that_is_none_is_replaced_by_ours(shop: Shop, odd: object) -> None:
    page = shop.page(SHOWN, filters={"winback_marketing_wording": odd})
    assert "WhatsApp" in page.printed
    assert version(page) == version(shop.page(SHOWN))


def test_the_version_changes_with_the_wording_and_only_with_it(shop: Shop) -> None:
    ours = version(shop.page(SHOWN))
    translated = version(shop.page(SHOWN, translated="Ja, bitte"))
    another = version(shop.page(SHOWN, filters={"winback_marketing_wording": "Yes, please"}))
    assert len({ours, translated, another}) == 3
    assert version(shop.page(SHOWN)) == ours
    assert version(shop.page(["woocommerce_edit_account_form"])) == ours


# --- the classic checkout ---


def test_a_tick_at_the_checkout_is_on_the_order_with_its_wording(shop: Shop) -> None:
    shown = version(shop.page(SHOWN))
    page = shop.page(*PLACED, post={"winback_marketing": shown}, **GUEST)
    evidence = EVIDENCE.fullmatch(page.order[ORDER_WORDING])
    assert page.order[ORDER] == "yes"
    assert evidence
    assert evidence[1] == shown
    assert evidence[3].startswith("Yes, write to me on WhatsApp")
    assert page.account == {}
    assert page.calls("update_user_meta") == []


@pytest.mark.parametrize(
    "post",
    [{}, {"winback_marketing": ""}, {"winback_marketing": ["x"]}, {"winback_marketing": "<b>"}],
)
def test_no_tick_at_the_checkout_writes_nothing(shop: Shop, post: dict[str, Any]) -> None:
    page = shop.page(*PLACED, post=post, **NOBODY)
    assert (page.order, page.account) == ({}, {})
    assert page.calls("update_user_meta") == page.calls("delete_user_meta") == []


@pytest.mark.parametrize("says", ["yes", "withdrawn"])
def test_no_tick_at_the_checkout_changes_nothing_that_holds(shop: Shop, says: str) -> None:
    page = shop.page(*PLACED, meta={USER: says})
    assert (page.order, page.account) == ({}, {USER: says})


def test_the_wording_that_was_shown_is_the_one_on_record(shop: Shop) -> None:
    # given a form that was opened before the shop changed its wording
    old = version(shop.page(SHOWN))
    new = {"winback_marketing_wording": "Yes, please"}
    page = shop.page(*PLACED, post={"winback_marketing": old}, filters=new)
    assert re.fullmatch(rf"{old} \S+", page.order[ORDER_WORDING])


@pytest.mark.parametrize("forged", ["1", "on", "0123456789ab0", "0123456789AB", "a\\'b"])
def test_a_version_that_is_none_is_taken_for_the_current_one(shop: Shop, forged: str) -> None:
    page = shop.page(*PLACED, post={"winback_marketing": forged})
    assert page.order[ORDER_WORDING].startswith(version(shop.page(SHOWN)))


def test_a_customer_who_ticks_agrees_for_the_account_too(shop: Shop) -> None:
    for before in ({}, {USER: "withdrawn"}):
        page = shop.page(*PLACED, post={"winback_marketing": "1"}, meta=before)
        assert page.account == {USER: "yes", USER_WORDING: page.order[ORDER_WORDING]}
        assert page.calls("wc_set_user_last_update_time") == [[12]]


def test_an_account_that_agreed_before_keeps_what_it_agreed_to(shop: Shop) -> None:
    page = shop.page(*PLACED, post={"winback_marketing": "1"})
    assert page.order[ORDER] == "yes"
    assert page.account == WORLD["meta"]


def test_the_order_is_looked_up_where_the_hook_does_not_bring_it(shop: Shop) -> None:
    happens = [PLACED[0], ["woocommerce_checkout_order_processed", 7]]
    page = shop.page(*happens, post={"winback_marketing": "1"}, **NOBODY)
    assert page.account[USER] == "yes"


def test_the_same_order_once_more_without_the_tick_takes_it_back(shop: Shop) -> None:
    # given an order whose payment failed after the tick
    first = shop.page(*PLACED, post={"winback_marketing": "1"}, **NOBODY)
    again = {"order": {"customer_id": 12, "meta": first.order}}
    # when it comes again without
    page = shop.page(*PLACED, objects=again, meta=first.account)
    # then nothing of it is left
    assert (page.order, page.account) == ({}, {})
    # but for what the account had said by itself
    page = shop.page(*PLACED, objects=again)
    assert (page.order, page.account) == ({}, WORLD["meta"])


def test_quotes_and_backslashes_of_a_wording_survive(shop: Shop) -> None:
    wording = 'Yes, I\\you\'d "like" this'
    page = shop.page(
        *PLACED,
        post={"winback_marketing": "1"},
        filters={"winback_marketing_wording": wording},
        **NOBODY,
    )
    assert page.order[ORDER_WORDING].endswith(wording)
    assert page.account[USER_WORDING] == page.order[ORDER_WORDING]


# --- the block checkout ---


def test_the_block_checkout_gets_an_unticked_optional_box_that_forgets(shop: Shop) -> None:
    field, _ = shop.page(["woocommerce_init"]).report["fields"]
    assert field.pop("label").startswith("Yes, write to me on WhatsApp")
    assert field.pop("optionalLabel").endswith("STOP.")
    assert field == {
        "id": "winback/marketing",
        "location": "order",  # never filled in with what was said the last time
        "type": "checkbox",
        "required": False,
        "show_in_order_confirmation": False,
    }


def test_the_block_checkout_of_an_older_woocommerce_gets_none(shop: Shop) -> None:
    missing = [*WORLD["missing"], "woocommerce_register_additional_checkout_field"]
    page = shop.page(["woocommerce_init"], missing=missing)
    assert (page.printed, page.report["fields"]) == ("", [])


@pytest.mark.parametrize("ticked", [True, 1, "1", "true"])
def test_a_tick_in_the_block_checkout(shop: Shop, ticked: object) -> None:
    page = shop.page(*BLOCK_PLACED, meta={}, **block(ticked))
    assert page.order[ORDER] == "yes"
    assert EVIDENCE.fullmatch(page.order[ORDER_WORDING])
    assert page.account == {USER: "yes", USER_WORDING: page.order[ORDER_WORDING]}


@pytest.mark.parametrize("ticked", [None, False, 0, "0", "", "no", [], "false"])
def test_no_tick_in_the_block_checkout_writes_nothing(shop: Shop, ticked: object) -> None:
    page = shop.page(*BLOCK_PLACED, meta={}, **block(ticked))
    assert (page.order, page.account) == ({}, {})
    assert page.report["objects"]["order"]["saved"] == 0  # WooCommerce saves it itself


def test_a_tick_that_is_taken_out_again_in_the_block_checkout(shop: Shop) -> None:
    first = shop.page(*BLOCK_PLACED, meta={}, **block(True))
    page = shop.page(BLOCK_SAID, meta=first.account, **block(False, meta=first.order))
    assert (page.order, page.account) == ({}, {})
    # a part of the form that is sent without our field says nothing
    page = shop.page(BLOCK_SAID, meta=first.account, **block(None, meta=first.order))
    assert (page.order, page.account) == (first.order, first.account)


def test_a_tick_in_a_form_that_is_not_sent_says_nothing_for_the_account(shop: Shop) -> None:
    page = shop.page(BLOCK_SAID, meta={}, **block(True))
    assert page.account == {}


def test_the_session_forgets_the_tick_when_the_order_is_placed(shop: Shop) -> None:
    key = "_wc_other/winback/marketing"
    for meta, saved in (({key: "1", "other": "x"}, 1), ({"other": "x"}, 0)):
        world = block(True)
        world["objects"]["customer"] = {"meta": meta}
        customer = shop.page(*BLOCK_PLACED, **world).report["objects"]["customer"]
        assert customer == {"meta": {"other": "x"}, "saved": saved}


# --- the account page ---


@pytest.mark.parametrize("before", [{}, {USER: "withdrawn"}, {USER: ""}])
def test_a_tick_on_the_account_page(shop: Shop, before: dict[str, str]) -> None:
    shown = version(shop.page(SHOWN))
    page = shop.page(SAVED, post={ASKED: "1", "winback_marketing": shown}, meta=before)
    assert page.account[USER] == "yes"
    assert page.account[USER_WORDING].startswith(f"{shown} ")
    assert page.calls("wc_set_user_last_update_time") == [[12]]


def test_winback_is_told_at_once_that_an_account_said_something(shop: Shop) -> None:
    page = shop.page(SAVED, ["shutdown"], post={ASKED: "1"})
    [(_, what)] = page.calls("wp_remote_post")
    assert json.loads(what["body"]) == {"source": "bridge", "accounts": [12]}


@pytest.mark.parametrize(
    "other", [{"post": {}}, {"constants": {}}, {"post": {ASKED: "1"}, "meta": {}}]
)
def test_nothing_is_told_of_an_account_that_said_nothing(shop: Shop, other: dict[str, Any]) -> None:
    page = shop.page(SAVED, ["shutdown"], **({"post": {ASKED: "1"}} | other))
    assert page.calls("wp_remote_post") == []


def test_taking_the_tick_out_of_a_yes_is_a_withdrawal(shop: Shop) -> None:
    page = shop.page(SAVED, post={ASKED: "1"})
    assert page.account[USER] == "withdrawn"
    assert EVIDENCE.fullmatch(page.account[USER_WORDING])
    assert page.calls("wc_set_user_last_update_time") == [[12]]


@pytest.mark.parametrize(
    ("why", "other"),
    [
        ("still ticked", {"post": {ASKED: "1", "winback_marketing": "1"}}),
        ("never ticked", {"post": {ASKED: "1"}, "meta": {}}),
        ("withdrawn before", {"post": {ASKED: "1"}, "meta": {USER: "withdrawn"}}),
        ("a form without the box", {"post": {}}),
        ("a form without the box, and a tick", {"post": {"winback_marketing": "1"}, "meta": {}}),
        ("somebody else's account", {"post": {ASKED: "1"}, "user_id": 13}),
        ("nobody", {"post": {ASKED: "1"}, "user_id": 0}),
    ],
)
def test_the_account_page_writes_nothing(shop: Shop, why: str, other: dict[str, Any]) -> None:
    page = shop.page(SAVED, **other)
    assert page.account == (WORLD | other)["meta"]
    assert page.calls("update_user_meta") == page.calls("delete_user_meta") == []


def test_a_broken_wording_keeps_nobody_from_withdrawing(shop: Shop) -> None:
    page = shop.page(SAVED, post={ASKED: "1"}, throwing=["apply_filters"])
    assert page.account[USER] == "withdrawn"
    assert page.account[USER_WORDING].endswith("STOP.")


def test_an_older_woocommerce_without_a_date_of_change(shop: Shop) -> None:
    missing = [*WORLD["missing"], "wc_set_user_last_update_time"]
    assert shop.page(SAVED, post={ASKED: "1"}, missing=missing).account[USER] == "withdrawn"


# --- what winback makes of it ---


def test_winback_reads_what_the_bridge_writes(shop: Shop) -> None:
    from agent.config.people import Consent
    from agent.rules.consent import MARKETING, ORDER_NEWS, ConsentFields

    says = Consent()
    on_orders = {MARKETING: says.order_meta, ORDER_NEWS: says.order_news_order_meta}
    on_accounts = {MARKETING: says.customer_meta, ORDER_NEWS: says.order_news_customer_meta}

    def read(meta: dict[str, str], keys: dict[str, tuple[str, ...]]) -> tuple[str, str]:
        known = {purpose: frozenset(some) for purpose, some in keys.items()}
        fields = ConsentFields(known, tuple(says.yes), tuple(says.refusals))
        row = fields.columns([{"key": key, "value": value} for key, value in meta.items()])
        return row["consent"], row["news_consent"]

    for field, asked, yes, no in (
        (USER, ASKED, ("yes", ""), ("no", "")),
        (NEWS, NEWS_ASKED, ("", "yes"), ("", "no")),
    ):
        ticked = shop.page(*PLACED, post={field: "1"}, **NOBODY)
        withdrawn = shop.page(SAVED, post={asked: "1"}, meta=ticked.account)
        assert read(ticked.order, on_orders) == read(ticked.account, on_accounts) == yes
        assert read(withdrawn.account, on_accounts) == no
    assert read({}, on_orders) == ("", "")
