"""Which of the shop's webhooks are ours, what is wrong with them, and what one points at."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.rules.shop_webhooks import (
    TOPICS,
    Changed,
    Unreadable,
    address,
    body,
    changed,
    finding,
    ours,
    steps,
    undeliverable,
)

URL = "https://shop.example/webhooks/shop"


def hook(number: int, topic: str = "order.updated", **columns: Any) -> dict[str, Any]:
    """A row of the shop's list: ours and well, but for `columns`."""
    row = {"id": number, "name": f"winback: {topic}", "status": "active", "topic": topic}
    return row | {"delivery_url": URL} | columns


def all_well() -> list[dict[str, Any]]:
    return [hook(number, topic) for number, topic in enumerate(TOPICS, start=1)]


def test_eleven_topics_go_to_one_address_below_the_public_one() -> None:
    assert len(TOPICS) == len(set(TOPICS)) == 11
    assert "customer.restored" not in TOPICS  # accounts know no trash
    assert address("https://shop.example/wb") == "https://shop.example/wb/webhooks/shop"
    assert body("order.created", URL, "sesame") == {
        "name": "winback: order.created",
        "topic": "order.created",
        "delivery_url": URL,
        "secret": "sesame",
        "status": "active",
    }


# whose they are


def test_ours_are_those_with_our_name_or_our_address_and_nobody_elses() -> None:
    named = hook(1, delivery_url="https://old.example/webhooks/shop")
    addressed = hook(2, name="Made by hand", delivery_url=f"{URL}/")
    foreign = hook(3, name="ERP winback: x", delivery_url="https://erp.example/hook")
    assert ours([named, addressed, foreign], URL) == [named, addressed]
    # without an address, by name alone
    blank = hook(4, name="Blank", delivery_url="")
    assert ours([named, addressed, foreign, blank], "") == [named]


def test_rows_that_make_no_sense_are_nobodys() -> None:
    strange: list[dict[str, Any]] = [{}, {"id": None, "name": "winback: x"}, {"id": 3}]
    assert ours(strange, URL) == []
    assert ours([{"id": 4, "name": None, "delivery_url": None}], URL) == []


# what is to be done


def test_in_an_empty_shop_all_are_to_be_made() -> None:
    found = steps([], URL)
    assert [(one.topic, one.action, one.woo_id) for one in found] == [
        (topic, "create", None) for topic in TOPICS
    ]
    assert finding(found) == f"not there: {', '.join(TOPICS)}"


def test_where_all_is_well_all_are_kept() -> None:
    found = steps(all_well(), URL)
    assert {one.action for one in found} == {"keep"}
    assert finding(found) == ""


@pytest.mark.parametrize(
    ("columns", "action", "state"),
    [
        ({"status": "paused"}, "repair", "paused"),
        ({"delivery_url": "https://old.example/x"}, "repair", "goes to another address"),
        (
            {"status": "paused", "delivery_url": "https://old.example/x"},
            "repair",
            "paused and goes to another address",
        ),
        ({"status": "disabled"}, "replace", "switched off by the shop after failures"),
        ({"status": None}, "repair", "paused"),
        ({"name": "Made by hand"}, "keep", "active"),
    ],
)
def test_what_is_wrong_with_one_is_told_and_what_to_do(
    columns: dict[str, object], action: str, state: str
) -> None:
    rows = [hook(row["id"], row["topic"]) for row in all_well()]
    rows[1] |= columns
    found = steps(rows, URL)[1]
    assert (found.topic, found.woo_id) == ("order.updated", 2)
    assert (found.action, found.state) == (action, state)
    assert finding(steps(rows, URL)) == ("" if action == "keep" else f"{state}: order.updated")


def test_a_finding_gathers_topics_by_what_is_wrong_with_them() -> None:
    rows = all_well()[:-1]
    rows[0]["status"] = rows[4]["status"] = "disabled"
    assert finding(steps(rows, URL)) == (
        "switched off by the shop after failures: order.created, product.created; "
        "not there: customer.deleted"
    )


def test_of_several_with_one_topic_the_first_that_works_stays() -> None:
    rows = [*all_well(), hook(50), hook(0, status="disabled")]
    found = [one for one in steps(rows, URL) if one.topic == "order.updated"]
    assert [(one.woo_id, one.action) for one in found] == [
        (2, "keep"), (50, "remove"), (0, "remove"),
    ]  # fmt: skip
    assert finding(steps(rows, URL)) == ""  # doubled deliveries do no harm


def test_ours_with_other_topics_are_left_alone() -> None:
    assert all(one.woo_id != 99 for one in steps([hook(99, "coupon.updated")], URL))


# where WordPress delivers


@pytest.mark.parametrize(
    ("url", "refused"),
    [
        ("https://shop.example/webhooks/shop", False),
        ("https://hooks.example:8080/webhooks/shop", False),
        ("https://shop.example:8443/webhooks/shop", True),  # the shop is on 443
        ("https://hooks.example:9000/webhooks/shop", True),
        ("http://127.0.0.1:9000/webhooks/shop", False),  # for tests
    ],
)
def test_ports_that_wordpress_does_not_deliver_to(url: str, refused: bool) -> None:
    assert bool(undeliverable(url, "https://shop.example")) == refused


def test_the_shops_own_port_is_delivered_to() -> None:
    assert not undeliverable("https://shop.example:8443/x", "https://shop.example:8443")


# what a delivery points at


@pytest.mark.parametrize(
    ("topic", "payload", "expected"),
    [
        ("order.updated", {"id": 5, "status": "completed"}, ("orders", 5, False)),
        ("order.deleted", {"id": 5}, ("orders", 5, True)),
        ("product.updated", {"id": 7, "type": "simple"}, ("products", 7, False)),
        (
            "product.updated",
            {"id": 8, "type": "variation", "parent_id": 7},
            ("variations", 7, False),
        ),
        ("customer.created", {"id": 9, "role": "customer"}, ("customers", 9, False)),
        ("order.updated", {"id": 2**63 - 1, "x": 1}, ("orders", 2**63 - 1, False)),
    ],
)
def test_a_payload_points_at_its_row(
    topic: str, payload: dict[str, object], expected: tuple[str, int, bool]
) -> None:
    assert changed(topic, "", json.dumps(payload).encode()) == Changed(*expected)


@pytest.mark.parametrize(
    ("topic", "resource"),
    [
        ("", ""),
        ("coupon.updated", "coupon"),
        ("order.", "order"),
        ("order.updated.twice", "order"),
        ("customer.restored", "customer"),
        ("order.updated", "product"),
        ("action.woocommerce_add_to_cart", "action"),
    ],
)
def test_a_topic_that_is_none_of_ours_or_contradicts_itself_points_at_nothing(
    topic: str, resource: str
) -> None:
    assert changed(topic, resource, b'{"id": 5}') is None


@pytest.mark.parametrize(
    "payload",
    [
        b"", b"<html>", b"[]", b"5", b"null", b"\xff", b"[" * 100_000,
        b"{}", b'{"id": 0}', b'{"id": -1}', b'{"id": true}', b'{"id": "5"}', b'{"id": 5.0}',
        b'{"id": null}', b'{"id": 9223372036854775808}', b'{"id": ' + b"9" * 5_000 + b"}",
    ],
    ids=lambda payload: payload[:24].decode(errors="replace"),
)  # fmt: skip
def test_a_payload_that_names_no_row_is_unreadable(payload: bytes) -> None:
    with pytest.raises(Unreadable):
        changed("order.updated", "order", payload)


def test_a_variation_without_its_product_is_unreadable() -> None:
    with pytest.raises(Unreadable, match="parent_id"):
        changed("product.updated", "product", b'{"id": 8, "type": "variation", "parent_id": 0}')


@given(st.sampled_from(TOPICS) | st.text(), st.text(max_size=10), st.binary())
def test_whatever_comes_is_a_row_or_nothing_or_unreadable(
    topic: str, resource: str, payload: bytes
) -> None:
    try:
        about = changed(topic, resource, payload)
    except Unreadable:
        return
    assert about is None or 0 < about.woo_id < 2**63
