"""Which links of a message are counted, and that none leads out of the shop."""

from collections.abc import Callable
from itertools import count
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.rules.links import (
    LENGTH,
    LETTERS,
    TOKEN,
    Roads,
    is_a_person,
    landing,
    linked,
    read_token,
    shop_path,
)
from agent.rules.templates import TemplateContract, TemplateMapping, components

SHOP = "https://shop.example"
LINKS = "https://go.shop.example"
SHIRT = f"{SHOP}/product/blue-shirt/"
BROWSER = {"User-Agent": "Mozilla/5.0 (Android 16; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0"}
T = "AbCdEfGhI"  # and a digit


def numbered() -> Callable[[], str]:
    """Tokens that can be told from one another."""
    numbers = count(1)
    return lambda: f"{T}{next(numbers)}"


def roads(**more: Any) -> Roads:
    given = {"public_url": LINKS, "shop_url": SHOP, "new_token": numbered()}
    return Roads(**(given | more))


def mapping(*body: str, **more: Any) -> TemplateMapping:
    return TemplateMapping(template="news", language="en", body=body, **more)


def button(base: str, **values: str) -> str:
    """The end of the button's address in a message."""
    contract = TemplateContract(
        name="news", language="en", category="MARKETING", status="APPROVED", named=False,
        url_button_index=0, url_button_base=base,
    )  # fmt: skip
    [part] = components(contract, mapping(url_suffix="{product_path}"), values)
    return str(part["parameters"][0]["text"])


# what stands in a message


def test_the_shops_addresses_give_way_to_links_and_nothing_else_does() -> None:
    texts = mapping("{first_name|you}", "see {product_url}, {review_url} or {shop_url}")
    values = {
        "first_name": "Ana",
        "product_url": SHIRT,
        "review_url": f"{SHIRT}#reviews",
        "shop_url": SHOP,
        "last_product": SHIRT,
    }
    done = linked(values, texts, "", roads())
    assert done.links == {
        f"{T}1": "/",
        f"{T}2": "/product/blue-shirt/",
        f"{T}3": "/product/blue-shirt/#reviews",
    }
    assert done.values == values | {
        "shop_url": f"{LINKS}/r/{T}1",
        "product_url": f"{LINKS}/r/{T}2",
        "review_url": f"{LINKS}/r/{T}3",
    }
    assert values["shop_url"] == SHOP


def test_a_link_is_made_only_for_what_a_text_says() -> None:
    values = {"product_url": SHIRT, "shop_url": SHOP}
    done = linked(values, mapping("{first_name|you}"), "", roads())
    assert (done.values, done.links) == (values, {})


def test_one_page_is_one_link() -> None:
    """A product without a page of its own is shown as the shop."""
    texts = mapping("{product_url}", header=("{shop_url}",))
    done = linked({"product_url": SHOP, "shop_url": SHOP}, texts, "", roads())
    assert done.links == {f"{T}1": "/"}
    assert set(done.values.values()) == {f"{LINKS}/r/{T}1"}


def test_a_page_that_is_not_the_shops_stays_as_it_is() -> None:
    values = {"product_url": "https://elsewhere.example/blue-shirt/", "shop_url": ""}
    done = linked(values, mapping("{product_url} {shop_url|us}"), "", roads())
    assert (done.values, done.links) == (values, {})


@pytest.mark.parametrize(
    ("public_url", "shop_url", "suffix", "path"),
    [
        (LINKS, SHOP, "{product_path}", "/product/blue-shirt/"),
        (LINKS, SHOP, "{product_path}?c={coupon_code}", "/product/blue-shirt/?c=WB%26"),
        (LINKS, f"{SHOP}/es", "{product_path}", "/es/product/blue-shirt/"),
        (SHOP, SHOP, "{product_path}", "/product/blue-shirt/"),
        (SHOP, f"{SHOP}/es", "es/{product_path}", "/es/product/blue-shirt/"),
        (SHOP, SHOP, "sale", "/sale"),
        # we listen in a folder of the shop's host, in which it has no pages
        (f"{SHOP}/winback", SHOP, "{product_path}", "/product/blue-shirt/"),
        (f"{SHOP}/winback", f"{SHOP}/es", "{product_path}", "/es/product/blue-shirt/"),
        (f"{SHOP}/es/winback", f"{SHOP}/es", "{product_path}", "/es/product/blue-shirt/"),
    ],
)
def test_a_button_that_begins_with_our_address_is_counted(
    public_url: str, shop_url: str, suffix: str, path: str
) -> None:
    values = {"product_path": "product/blue-shirt/", "coupon_code": "WB&"}
    ways = roads(public_url=public_url, shop_url=shop_url)
    done = linked(values, mapping(url_suffix=suffix), f"{public_url}/", ways)
    assert done.links == {f"{T}1": path}
    assert done.values == values | {"button_link": f"{public_url}/r/{T}1"}
    assert button(f"{public_url}/", **done.values) == f"r/{T}1"


def test_a_button_and_a_text_that_lead_to_one_page_are_one_link() -> None:
    values = {"product_path": "product/blue-shirt/", "product_url": SHIRT}
    texts = mapping("{product_url}", url_suffix="{product_path}")
    done = linked(values, texts, f"{LINKS}/", roads())
    assert done.links == {f"{T}1": "/product/blue-shirt/"}


@pytest.mark.parametrize("base", ["", f"{SHOP}/", f"{LINKS}/o/", f"{LINKS}.evil.example/"])
def test_any_other_button_is_left_alone(base: str) -> None:
    values = {"product_path": "product/blue-shirt/"}
    done = linked(values, mapping(url_suffix="{product_path}"), base, roads())
    assert (done.values, done.links) == (values, {})


def test_a_button_of_which_the_end_is_missing_is_left_alone() -> None:
    done = linked({}, mapping(url_suffix="{product_path}"), f"{LINKS}/", roads())
    assert (done.values, done.links) == ({}, {})


@pytest.mark.parametrize("base", ["", f"{SHOP}/o/"])
def test_a_button_that_is_another_by_now_leads_where_its_text_says(base: str) -> None:
    """The template was changed while the message waited."""
    values = {"product_path": "product/blue-shirt/", "button_link": f"{LINKS}/r/{T}1"}
    assert button(base, **values) == "product/blue-shirt/"


# what is the shop's


@pytest.mark.parametrize(
    ("address", "path"),
    [
        (SHOP, "/"),
        (f"{SHOP}/", "/"),
        (f"{SHOP}?p=7", "/?p=7"),
        (f"{SHOP}/a?b=c&d=%20#e", "/a?b=c&d=%20#e"),
        ("http://shop.example/a", "/a"),
        ("HTTPS://SHOP.EXAMPLE/A", "/A"),
        ("https://shop.example:443/a", "/a"),
        ("http://shop.example:80/a", "/a"),
        (f"{SHOP}/produto/calção/", "/produto/cal%C3%A7%C3%A3o/"),
        (f'{SHOP}/a"<b>', "/a%22%3Cb%3E"),
    ],
)
def test_an_address_of_the_shop_is_kept_as_its_path(address: str, path: str) -> None:
    assert shop_path(address, SHOP) == path


@pytest.mark.parametrize(
    "address",
    [
        "", "/a", "//shop.example/a", "shop.example/a", "ftp://shop.example/a", "javascript:alert(1)",
        "https://evil.example/", "https://shop.example.evil.example/", "https://evilshop.example/",
        "https://www.shop.example/", "https://shop.example@evil.example/", "https://ana@shop.example/",
        "https://evil.example\\@shop.example/", "https://shop.example\\@evil.example/",
        "https://shop.example/\\evil.example", "https://shop.example//evil.example",
        "https://shop.example:8443/", "https://shop.example:80/", "http://shop.example:443/",
        "https://shop.example:no/", "https://[shop.example/", "https:///a", "https://shop.example\t.evil.example/",
        "https://shop.example/a b", "https://shop.example/a\r\nSet-Cookie: a=b", "https://shop.example./",
        f"https://shop.example/{'a' * 2000}",
    ],
)  # fmt: skip
def test_no_other_address_is(address: str) -> None:
    assert shop_path(address, SHOP) == ""


def test_a_shop_may_have_a_port() -> None:
    shop = "http://127.0.0.1:8080/shop"
    assert shop_path("http://127.0.0.1:8080/shop/a", shop) == "/shop/a"
    assert shop_path("http://127.0.0.1/shop/a", shop) == ""
    assert landing("/shop/a", shop, T) == f"http://127.0.0.1:8080/shop/a?wb={T}"


# where a link leads to


@pytest.mark.parametrize(
    ("path", "address"),
    [
        ("/", f"{SHOP}/?wb={T}"),
        ("/a/", f"{SHOP}/a/?wb={T}"),
        ("/a?", f"{SHOP}/a?wb={T}"),
        ("/a?b=c&d", f"{SHOP}/a?b=c&d&wb={T}"),
        ("/a?b=c#reviews", f"{SHOP}/a?b=c&wb={T}#reviews"),
        ("/a#reviews", f"{SHOP}/a?wb={T}#reviews"),
        ("/a#b?c", f"{SHOP}/a?wb={T}#b?c"),
        ("/a?wb=other&wbx=1", f"{SHOP}/a?wbx=1&wb={T}"),
    ],
)
def test_the_token_goes_along(path: str, address: str) -> None:
    assert landing(path, SHOP, T) == address


@pytest.mark.parametrize(
    "path",
    [
        "", "a", "//evil.example", "///evil.example", "/\\evil.example", "\\\\evil.example", "@evil.example/",
        ".evil.example/", ":8443/", "https://evil.example/", "javascript:alert(1)", "/a\r\nSet-Cookie: a=b",
        "/a b", "/\x00", "/ção", "?a", "#a",
    ],
)  # fmt: skip
def test_what_no_path_of_the_shop_is_leads_to_its_front_page(path: str) -> None:
    assert landing(path, SHOP, T) == f"{SHOP}/"


@given(st.text() | st.text("/\\@:.?#&=%evil shop"))
def test_whatever_stands_in_the_table_it_is_the_shop(path: str) -> None:
    led = urlsplit(landing(path, SHOP, T))
    assert (led.scheme, led.netloc) == ("https", "shop.example")
    assert led.path.startswith("/")
    assert not led.path.startswith("//")


@given(st.text("/\\@:.?#&=% çab\n"))
def test_a_page_that_is_linked_is_the_page_that_it_leads_to(end: str) -> None:
    path = shop_path(f"{SHOP}/{end}", SHOP)
    if path:
        before, after = urlsplit(SHOP + path), urlsplit(landing(path, SHOP, T))
        assert (after.path, after.fragment) == (before.path, before.fragment)
        assert parse_qsl(after.query)[-1] == ("wb", T)


# tokens, and who follows


def test_a_token_is_read_where_a_messenger_took_more_for_the_address() -> None:
    token = f"{T}1"
    assert len(token) == LENGTH
    for written in (token, f"{token}/", f"{token}.", f"{token})", f"{token}?x"):
        assert read_token(written) == token
    for written in ("", "short", f"{token}1", f"{token}ç", f" {token}", token[:-1] + "_"):
        assert read_token(written) == ""
    assert all(TOKEN.fullmatch(letter * LENGTH) for letter in LETTERS)
    assert len(set(LETTERS)) == 62


@pytest.mark.parametrize(
    "agent",
    [
        BROWSER["User-Agent"],
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
        "Version/18.5 Mobile/15E148 Safari/604.1",
        "Mozilla/5.0 (Linux; Android 13; CUBOT NOTE 50) AppleWebKit/537.36 Chrome/126.0 Mobile Safari/537.36",
    ],
)
def test_people_are_told_by_their_browsers(agent: str) -> None:
    assert is_a_person("GET", {"User-Agent": agent})


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("HEAD", BROWSER),
        ("GET", {}),
        ("GET", {"User-Agent": "WhatsApp/2.25.15.78 A"}),
        ("GET", {"User-Agent": "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)"}),
        ("GET", {"User-Agent": "TelegramBot (like TwitterBot)"}),
        ("GET", {"User-Agent": "Mozilla/5.0 (compatible; Examplebot/2.1)"}),
        ("GET", {"User-Agent": "curl/8.5.0"}),
        ("GET", {"User-Agent": "python-requests/2.32.4"}),
        ("GET", BROWSER | {"Sec-Purpose": "prefetch;prerender"}),
        ("GET", BROWSER | {"Purpose": "prefetch"}),
        ("GET", BROWSER | {"X-Purpose": "preview"}),
        ("GET", BROWSER | {"X-Moz": "prefetch"}),
    ],
)  # fmt: skip
def test_programs_that_look_at_a_link_are_no_people(method: str, headers: dict[str, str]) -> None:
    assert not is_a_person(method, headers)
