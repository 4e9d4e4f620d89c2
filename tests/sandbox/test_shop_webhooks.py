"""The shop's webhooks: what fires, what is sent, and how they end."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests
from hearing import Hearing, hearing
from shapes import Shape, differences
from shop_stage import BUYER, Client, small_shop

from agent.sandbox.clock import MovedClock
from agent.sandbox.server import Server
from agent.sandbox.shop.api import shop_app
from agent.sandbox.shop.ground import NotFound
from agent.sandbox.shop.webhooks import signature

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from agent.sandbox.shop.shop import Shop

RECORDINGS = Path(__file__).parent.parent / "recordings"
SECRET = 'segredo & "x"'
CAP, SHIRT, MEDIUM = 10, 11, 12


@pytest.fixture
def shop() -> Shop:
    made = small_shop()
    made.add_product(name="Boné", price="20", stock=50)
    made.add_product(name="Camiseta", price="", type="variable")
    made.add_variation(SHIRT, attributes={"Tamanho": "M"}, price="88.00", stock=30)
    return made


@pytest.fixture
def ear() -> Iterator[Hearing]:
    with hearing() as made:
        yield made


def listen(shop: Shop, ear: Hearing, *topics: str) -> None:
    for topic in topics:
        shop.add_webhook(topic, f"{ear.url}/hook/{topic}", secret=SECRET)
    ear.take()


def recording(name: str) -> Any:
    return json.loads((RECORDINGS / f"{name}.json").read_text(encoding="utf-8"))


def topics_of(shop: Shop) -> list[tuple[str, int]]:
    return [(one.topic, one.number) for one in shop.deliver_webhooks()]


def test_a_new_webhook_is_pinged_as_recorded(shop: Shop, ear: Hearing) -> None:
    number = shop.add_webhook("order.created", f"{ear.url}/hook/order.created")
    theirs = recording("q10_pings")[0]
    (ping,) = ear.take()
    assert (ping.path, ping.body.decode()) == (theirs["path"], theirs["body"])
    for name in ("User-Agent", "Accept", "Accept-Encoding", "Connection", "Content-Type"):
        assert ping.headers[name.upper()] == theirs["headers"][name], name
    assert not [name for name in ping.headers if name.startswith("X-WC")]
    # a ping that nobody takes is not reported
    ear.status = 500
    assert shop.add_webhook("order.created", ear.url) == number + 1
    assert shop.add_webhook("order.created", "http://10.0.0.5/x") == number + 2


@pytest.mark.parametrize(
    "topic", ["order.created", "order.updated", "order.deleted", "customer.updated"]
)
def test_a_delivery_is_made_as_recorded(shop: Shop, ear: Hearing, topic: str) -> None:
    listen(shop, ear, topic)
    order = shop.place_order([(CAP, 0, 1)], billing=BUYER, payment_method="cod")
    person = shop.add_customer(first_name="Ana", last_name="B", email="ana@example.com")
    shop.update_customer(person, first_name="Bia")
    if topic == "order.deleted":
        shop.trash_order(order)
    assert shop.deliver_webhooks()[0].taken
    theirs = recording(f"q10_delivery_{topic}")
    (ours,) = ear.take()
    assert ours.path == theirs["request"]["path"]
    mine = {"X-WC-Webhook-Signature", "X-WC-Webhook-ID", "X-WC-Webhook-Delivery-ID"}
    mine |= {"Host", "Content-Length"}
    for name, value in theirs["headers"].items():
        assert name.upper() in ours.headers, name
        assert name in mine or ours.headers[name.upper()] == value, name
    delivery = ours.headers["X-WC-WEBHOOK-DELIVERY-ID"]
    assert len(delivery) == len(theirs["headers"]["X-WC-Webhook-Delivery-ID"])
    assert ours.headers["X-WC-WEBHOOK-SIGNATURE"] == signature(SECRET, ours.body)
    # and the body has the same fields in the same order, spelled in the same way
    their_json = json.loads(theirs["body"])
    assert list(ours.json) == list(their_json)
    known = differences(Shape().add(ours.json), Shape().add(their_json), "", ("._links",))
    assert not known
    spelled = json.dumps(ours.json, separators=(",", ":")).replace("/", "\\/")
    assert ours.body.decode() == spelled


def test_the_signature_is_that_of_the_recorded_shop() -> None:
    whole = [
        one for one in recording("q10_raw_unscrubbed_for_signature") if "cut" not in one["body"]
    ]
    assert len(whole) == 2
    for theirs in whole:
        made = signature(SECRET, theirs["body"].encode())
        assert made == theirs["headers"]["X-WC-Webhook-Signature"]


def test_product_updated_brings_variations_too(shop: Shop, ear: Hearing) -> None:
    listen(shop, ear, "product.updated")
    shop.set_stock(MEDIUM, 7)
    shop.deliver_webhooks()
    variation, parent = (heard.json for heard in ear.take())
    assert (variation["type"], variation["parent_id"]) == ("variation", SHIRT)
    assert (variation["stock_quantity"], parent["id"]) == (7, SHIRT)
    theirs = recording("q10_delivery_product.updated")["body"]
    assert theirs.startswith(f'{{"id":{832},"name":')
    assert list(parent)[:3] == ["id", "name", "slug"]


def test_changes_before_the_queue_runs_are_one_delivery_of_the_latest_state(
    shop: Shop, ear: Hearing
) -> None:
    listen(shop, ear, "order.updated")
    order = shop.place_order([], billing=BUYER, status="pending")
    shop.set_status(order, "processing")
    shop.set_status(order, "completed")
    assert (shop.queued_webhooks(), ear.take()) == (1, [])
    shop.deliver_webhooks()
    (heard,) = ear.take()
    assert heard.json["status"] == "completed"
    assert shop.deliver_webhooks() == []
    shop.set_status(order, "on-hold")
    assert len(shop.deliver_webhooks()) == 1


def test_what_came_while_the_queue_runs_waits_for_the_next_run(shop: Shop, ear: Hearing) -> None:
    listen(shop, ear, "order.updated")
    order = shop.place_order([], billing=BUYER)
    with Server(shop_app(shop)) as url:
        # the subscriber asks the shop something before it answers: nothing may be locked
        ear.meanwhile = lambda: (requests.get(f"{url}/wp-json"), shop.save_order(shop.order(order)))
        assert len(shop.deliver_webhooks()) == 1
    assert shop.queued_webhooks() == 1


ALL = [
    f"{resource}.{event}"
    for resource in ("order", "product", "customer", "coupon")
    for event in ("created", "updated", "deleted", "restored")
]


def test_each_change_fires_its_topics(shop: Shop, ear: Hearing) -> None:
    listen(shop, ear, *ALL)

    def fired(change: Callable[[], object]) -> set[str]:
        change()
        return {topic for topic, _ in topics_of(shop)}

    person = shop.add_customer(first_name="A", last_name="B", email="a@example.com")
    assert topics_of(shop) == [("customer.created", person)]
    assert fired(lambda: shop.update_customer(person, first_name="C")) == {"customer.updated"}
    assert fired(lambda: shop.delete_customer(person)) == {"customer.deleted"}
    assert fired(lambda: shop.add_product(name="X", price="1")) == {"product.created"}
    assert fired(lambda: shop.set_price(CAP, "19")) == {"product.updated"}
    order = shop.place_order([(CAP, 0, 1)], billing=BUYER)
    assert {topic for topic, _ in topics_of(shop)} == {
        "order.created",
        "order.updated",
        "product.updated",
    }
    refund = shop.refund(order, "1")
    assert topics_of(shop) == [("order.updated", order)]
    assert fired(lambda: shop.delete_refund(refund)) == set()
    assert fired(lambda: shop.add_note(order, "called")) == set()
    assert fired(lambda: shop.trash_order(order)) == {"order.deleted"}
    assert fired(lambda: shop.restore_order(order)) == {"order.restored", "order.updated"}
    shop.trash_product(SHIRT)
    assert topics_of(shop) == [("product.deleted", SHIRT), ("product.deleted", MEDIUM)]
    assert fired(lambda: shop.restore_product(SHIRT)) == {"product.restored"}
    coupon = shop.add_coupon(shop.new_coupon("A"))
    assert topics_of(shop) == [("coupon.created", coupon)]
    assert fired(lambda: shop.save_coupon(shop.coupon(coupon))) == {"coupon.updated"}
    assert fired(lambda: shop.trash_coupon(coupon)) == {"coupon.deleted"}
    # deleting for good, and an order nobody has begun, are nobody's business
    draft = shop.place_order([], billing=BUYER, status="auto-draft")
    assert fired(lambda: shop.delete_order(draft)) == set()
    assert fired(lambda: shop.delete_order(order)) == set()
    assert fired(lambda: shop.delete_product(SHIRT)) == set()


def test_raw_writes_fire_nothing(shop: Shop, ear: Hearing) -> None:
    order = shop.place_order([(CAP, 0, 1)], billing=BUYER)
    person = shop.add_customer(first_name="A", last_name="B", email="a@example.com")
    shop.schedule_sale(MEDIUM, "1", shop.now() + timedelta(hours=1))
    listen(shop, ear, *ALL)
    shop.write_stock_raw(CAP, 3)
    shop.write_price_raw(MEDIUM, "3")
    shop.write_order_raw(order, status="completed")
    shop.write_customer_raw(person, phone="+1 212 555 0177")
    shop.save_line_alone(order, 1, quantity=7)
    assert isinstance(shop.clock, MovedClock)
    shop.clock.advance(timedelta(hours=2))
    assert shop.queued_webhooks() == 0


def test_a_row_that_is_gone_when_the_queue_runs_is_delivered_as_an_error(
    shop: Shop, ear: Hearing
) -> None:
    listen(shop, ear, *ALL)
    shop.delete_order(shop.place_order([], billing=BUYER))
    shop.deliver_webhooks()
    codes = {heard.json["code"] for heard in ear.take()}
    assert codes == {"woocommerce_rest_shop_order_invalid_id"}


def test_the_delivery_id_is_shared_within_one_second(shop: Shop, ear: Hearing) -> None:
    listen(shop, ear, "product.updated")
    for step in (0, 0, 1):
        assert isinstance(shop.clock, MovedClock)
        shop.clock.advance(timedelta(seconds=step))
        shop.set_stock(CAP, 7)
        shop.deliver_webhooks()
    first, second, third = (heard.headers["X-WC-WEBHOOK-DELIVERY-ID"] for heard in ear.take())
    assert first == second != third


def fail(shop: Shop, times: int) -> None:
    for _ in range(times):
        shop.set_stock(CAP, 7)
        shop.deliver_webhooks()


def test_the_seventh_failure_in_a_row_disables_and_re_enabling_forgives_nothing(
    shop: Shop, ear: Hearing
) -> None:
    listen(shop, ear, "product.updated")
    client = Client(shop)

    def status() -> str:
        return str(client.get("webhooks/1").json["status"])

    ear.status = 500
    fail(shop, 6)
    assert status() == "active"
    ear.status = 302
    fail(shop, 1)  # is a success, and begins anew
    ear.status = 303
    fail(shop, 6)
    assert status() == "active"
    fail(shop, 1)
    assert status() == "disabled"
    assert "failure_count" not in client.get("webhooks/1").json
    ear.take()
    fail(shop, 1)
    assert ear.take() == []  # nothing is queued for it any more, and nothing is tried again
    assert client.put("webhooks/1", {"status": "active"}).json["status"] == "active"
    fail(shop, 1)
    assert status() == "disabled"
    client.put("webhooks/1", {"status": "active"})
    ear.status = 200
    fail(shop, 1)
    ear.status = 500
    fail(shop, 6)
    assert status() == "active"


def test_who_does_not_answer_or_is_far_away_has_failed(shop: Shop) -> None:
    for url in ("http://127.0.0.1:9/x", "http://far.example/x"):
        shop.add_webhook("product.updated", url)
    shop.set_stock(CAP, 7)
    assert [one.status for one in shop.deliver_webhooks()] == [None, None]


def test_webhooks_are_listed_changed_and_deleted_over_the_api(shop: Shop, ear: Hearing) -> None:
    client = Client(shop)
    sent = {"topic": "order.updated", "delivery_url": ear.url, "secret": SECRET, "name": "winback"}
    made = client.post("webhooks", sent)
    assert made.headers["Location"] == "https://shop.example/wp-json/wc/v3/webhooks/1"
    assert "secret" not in made.json
    client.post("webhooks", {"topic": "product.updated", "delivery_url": ear.url})
    assert client.ids("webhooks", orderby="id", order="asc") == [1, 2]
    assert client.ids("webhooks", search="winb") == [1]
    assert client.get("webhooks").headers["X-WP-Total"] == "2"
    assert client.put("webhooks/2", {"status": "paused", "name": "x"}).json["name"] == "x"
    assert client.ids("webhooks", status="paused") == [2]
    assert client.put("webhooks/2", {"topic": "order.foo"}).status_code == 400
    assert client.put("webhooks/2", {"delivery_url": "ftp://x"}).status_code == 400
    assert client.put("webhooks/2", {"status": "x"}).json["code"] == "rest_invalid_param"
    for answer in (client.get("webhooks/9"), client.put("webhooks/9", {})):
        assert (answer.status_code, answer.json["message"]) == (400, "ID is invalid.")
    assert client.delete("webhooks/9", force="true").status_code == 404
    assert client.delete("webhooks/1").status_code == 501
    shop.place_order([(CAP, 0, 1)], billing=BUYER)
    ear.take()
    assert client.delete("webhooks/1", force="true").json["id"] == 1
    assert shop.deliver_webhooks() == []
    assert client.ids("webhooks") == [2]
    with pytest.raises(NotFound):
        shop.delete_webhook(1)
    with pytest.raises(ValueError, match="cannot be a webhook"):
        shop.add_webhook("order.foo", ear.url)


def test_a_new_address_and_secret_are_used_from_then_on(shop: Shop, ear: Hearing) -> None:
    listen(shop, ear, "product.updated")
    Client(shop).put("webhooks/1", {"delivery_url": f"{ear.url}/new", "secret": "other"})
    shop.set_stock(CAP, 1)
    shop.deliver_webhooks()
    (heard,) = ear.take()
    assert heard.path == "/new"
    assert heard.headers["X-WC-WEBHOOK-SIGNATURE"] == signature("other", heard.body)
