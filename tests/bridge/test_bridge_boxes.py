"""Two checkboxes side by side: offers and order news, of which neither says anything for the other."""

import json
import re
from html import unescape
from itertools import product
from typing import Any

import pytest
from shop_page import NEWS, NEWS_ORDER, ORDER, USER, WORLD, Page, Shop
from test_bridge_consent import (
    ASKED,
    BLOCK_PLACED,
    BLOCK_SAID,
    EVIDENCE,
    NEWS_ASKED,
    NOBODY,
    PLACED,
    SAVED,
    SHOWN,
)

ACCOUNT = ["woocommerce_edit_account_form"]
FIELDS = {USER: "winback/marketing", NEWS: "winback/order-news"}
BOTH_ASKED = {ASKED: "1", NEWS_ASKED: "1"}
ALONE = {"constants": WORLD["constants"] | {"WINBACK_BOXES": "marketing"}}
TICKS = list(product([False, True], repeat=2))


def boxes(page: Page) -> dict[str, bool]:
    """The names of the boxes on the page, and whether they are ticked."""
    found = re.findall(r'<input type="checkbox".*? name="(\w+)".*?( checked)?>', page.printed)
    return {name: ticked != "" for name, ticked in found}


def versions(page: Page) -> list[str]:
    return re.findall(r' value="([0-9a-f]{12})"', page.printed)


def said(meta: dict[str, str]) -> dict[str, str]:
    return {key: value for key, value in meta.items() if not key.endswith("_wording")}


def ticked(offers: bool, news: bool) -> dict[str, str]:
    return {name: "1" for name, tick in ((USER, offers), (NEWS, news)) if tick}


def block(**ticks: bool | None) -> dict[str, Any]:
    """What the block checkout sends of both fields; None sends nothing of one."""
    fields = {FIELDS[name]: tick for name, tick in ticks.items() if tick is not None}
    objects = {"order": {"customer_id": 12}, "request": {"params": {"additional_fields": fields}}}
    return {"objects": objects, "true": []}


def test_the_checkout_asks_for_both_and_ticks_none(shop: Shop) -> None:
    page = shop.page(SHOWN, meta={USER: "yes", NEWS: "yes"})
    assert boxes(page) == {USER: False, NEWS: False}
    assert len(set(versions(page))) == 2


def test_the_words_of_the_second_are_about_orders_and_say_how_to_end_it(shop: Shop) -> None:
    offers, news = re.findall(r"<span>(.*?)</span>", shop.page(SHOWN).printed)
    assert "offers" in offers
    assert "news of my orders" in news
    assert offers.endswith("STOP.")
    assert news.endswith("STOP.")


def test_each_has_a_wording_of_its_own(shop: Shop) -> None:
    ours = versions(shop.page(SHOWN))
    other = """<script>alert('"')</script> & my orders"""
    page = shop.page(SHOWN, filters={"winback_order_news_wording": other})
    assert versions(page)[0] == ours[0]
    assert versions(page)[1] != ours[1]
    assert "<script" not in page.printed
    assert unescape(re.findall(r"<span>(.*?)</span>", page.printed)[1]) == other


@pytest.mark.parametrize(("offers", "news"), list(product(["yes", "withdrawn", ""], repeat=2)))
def test_the_account_shows_what_holds_of_each(shop: Shop, offers: str, news: str) -> None:
    page = shop.page(ACCOUNT, meta={USER: offers, NEWS: news})
    assert boxes(page) == {USER: offers == "yes", NEWS: news == "yes"}
    for asked in (ASKED, NEWS_ASKED):
        assert f'<input type="hidden" name="{asked}" value="1">' in page.printed


@pytest.mark.parametrize(("offers", "news"), TICKS)
def test_the_checkout_keeps_what_was_ticked_and_nothing_else(
    shop: Shop, offers: bool, news: bool
) -> None:
    page = shop.page(*PLACED, post=ticked(offers, news), **NOBODY)
    expected = {ORDER: offers, NEWS_ORDER: news}
    assert said(page.order) == {key: "yes" for key, tick in expected.items() if tick}
    assert said(page.account) == dict.fromkeys(ticked(offers, news), "yes")
    for key in said(page.order):
        evidence = EVIDENCE.fullmatch(page.order[f"{key}_wording"])
        assert evidence
        assert ("my orders" in evidence[3]) is (key == NEWS_ORDER)
        assert page.account[f"{key[1:]}_wording"] == evidence[0]


@pytest.mark.parametrize(("offers", "news"), TICKS)
def test_so_does_the_block_checkout(shop: Shop, offers: bool, news: bool) -> None:
    ticks = {USER: offers, NEWS: news}
    page = shop.page(*BLOCK_PLACED, meta={}, **block(**ticks))
    expected = {ORDER: offers, NEWS_ORDER: news}
    assert said(page.order) == {key: "yes" for key, tick in expected.items() if tick}
    assert said(page.account) == {key: "yes" for key, tick in ticks.items() if tick}


def test_the_block_checkout_has_a_field_for_each(shop: Shop) -> None:
    offers, news = shop.page(["woocommerce_init"]).report["fields"]
    assert [offers["id"], news["id"]] == list(FIELDS.values())
    assert news["label"] == news["optionalLabel"]
    assert news["label"].startswith("Yes, send me news of my orders")
    same = {"location", "type", "required", "show_in_order_confirmation"}
    assert {key: news[key] for key in same} == {key: offers[key] for key in same}


def test_the_session_forgets_both_ticks(shop: Shop) -> None:
    kept = {f"_wc_other/{field}": "1" for field in FIELDS.values()}
    world = block(**{USER: True, NEWS: True})
    world["objects"]["customer"] = {"meta": kept | {"other": "x"}}
    customer = shop.page(*BLOCK_PLACED, **world).report["objects"]["customer"]
    assert customer["meta"] == {"other": "x"}


@pytest.mark.parametrize("out", [USER, NEWS])
def test_a_tick_that_is_taken_out_takes_the_other_one_nowhere(shop: Shop, out: str) -> None:
    """The payment failed, and the same order comes again with one tick less."""
    stays = NEWS if out == USER else USER
    first = shop.page(*PLACED, post=ticked(offers=True, news=True), **NOBODY)
    again = {"order": {"customer_id": 12, "meta": first.order}}
    page = shop.page(*PLACED, objects=again, meta=first.account, post={stays: "1"})
    assert (said(page.order), said(page.account)) == ({f"_{stays}": "yes"}, {stays: "yes"})

    world = block(**{out: False, stays: None})
    world["objects"]["order"]["meta"] = first.order
    page = shop.page(BLOCK_SAID, meta=first.account, **world)
    assert (said(page.order), said(page.account)) == ({f"_{stays}": "yes"}, {stays: "yes"})


@pytest.mark.parametrize(("offers", "news"), TICKS)
@pytest.mark.parametrize(("had_offers", "had_news"), TICKS)
def test_the_account_page_changes_what_was_changed(
    shop: Shop, offers: bool, news: bool, had_offers: bool, had_news: bool
) -> None:
    before = dict.fromkeys(ticked(had_offers, had_news), "yes")
    page = shop.page(SAVED, ["shutdown"], post=BOTH_ASKED | ticked(offers, news), meta=before)
    for key, tick, had in ((USER, offers, had_offers), (NEWS, news, had_news)):
        assert page.account.get(key, "") == ("yes" if tick else "withdrawn" if had else "")
        assert (f"{key}_wording" in page.account) is (tick is not had)
    # and winback is told once that there is something to read
    told = [json.loads(what["body"]) for _, what in page.calls("wp_remote_post")]
    changed = (offers, news) != (had_offers, had_news)
    assert told == ([{"source": "bridge", "accounts": [12]}] if changed else [])


def test_a_form_of_before_the_second_box_says_nothing_about_it(shop: Shop) -> None:
    page = shop.page(SAVED, post={ASKED: "1"}, meta={USER: "yes", NEWS: "yes"})
    assert said(page.account) == {USER: "withdrawn", NEWS: "yes"}


@pytest.mark.parametrize("named", ["", "order_news , marketing"])
def test_a_shop_that_names_no_box_or_both_has_both(shop: Shop, named: str) -> None:
    constants = WORLD["constants"] | {"WINBACK_BOXES": named}
    assert boxes(shop.page(SHOWN, constants=constants)) == {USER: False, NEWS: False}


def test_a_shop_can_have_one_of_them_alone(shop: Shop) -> None:
    assert boxes(shop.page(SHOWN, **ALONE)) == {USER: False}
    assert boxes(shop.page(ACCOUNT, meta={}, **ALONE)) == {USER: False}
    [field] = shop.page(["woocommerce_init"], **ALONE).report["fields"]
    assert field["id"] == FIELDS[USER]
    assert boxes(shop.page(SHOWN, environ={"WINBACK_BOXES": "order_news"})) == {NEWS: False}


def test_who_had_ticked_a_box_that_is_offered_no_more_can_still_take_it_back(shop: Shop) -> None:
    page = shop.page(ACCOUNT, meta={USER: "", NEWS: "yes"}, **ALONE)
    assert boxes(page) == {USER: False, NEWS: True}
    page = shop.page(SAVED, post=BOTH_ASKED, meta={NEWS: "yes"}, **ALONE)
    assert said(page.account) == {NEWS: "withdrawn"}


@pytest.mark.parametrize(
    ("broken", "happens"),
    [("esc_html", [SHOWN]), ("esc_attr", [ACCOUNT]), ("__", [SHOWN]), ("__", [ACCOUNT])],
)
def test_where_one_breaks_the_other_is_still_shown(
    shop: Shop, broken: str, happens: list[Any]
) -> None:
    assert list(boxes(shop.page(*happens, throwing_once=[broken]))) == [NEWS]


def test_where_one_breaks_the_other_is_still_kept(shop: Shop) -> None:
    page = shop.page(PLACED[0], post=ticked(offers=True, news=True), throwing_once=["__"], **NOBODY)
    assert said(page.order) == {NEWS_ORDER: "yes"}
    page = shop.page(["woocommerce_init"], throwing_once=["__"])
    assert [field["id"] for field in page.report["fields"]] == [FIELDS[NEWS]]
