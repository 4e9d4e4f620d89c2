"""winback send-test to a number that the shop does not know: no customer's values reach it."""

import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import Result
from daemon_process import ROOT, environ
from sending_world import FACTS, World
from typing_in import typed

from agent.database import owned
from agent.rules.order_kinds import KINDS
from models import Contact, Customer, Identity, Order, OrderLine, Product, ShopFact

ZOE, SELF, SELF_IN_BRAZIL = "+12025550101", "+12025550142", "+5511961234567"
HERS = ("Zoe", "Zimmer", "zoe@", "A-17", "Wool Socks", "ZOE23", "99.99", "PARCEL7")
EVERYTHING = [
    "{first_name|-} {last_name|-} {full_name|-} {orders_count} {last_product|-} {order.number|-} {order.total|-} "
    "{order.email|-} {order.coupons|-} {customer.email|-} {customer.first_name|-} {review_url|-}",
    "{shop_url}",
]


@pytest.fixture
def config(world: World) -> Path:
    """All that comes with winback is approved, in English and Portuguese. Zoe bought socks."""
    on: dict[str, object] = {f"order_news__{kind}__enabled": True for kind in KINDS}
    config = world.write_config(**on, order_news__statuses__packed__enabled=True)
    world.whatsapp.approve_templates_after = timedelta(0)
    names = ("order_news", "back_in_stock", "price_drop", "loyalty_reward", "new_arrivals")
    done = typed("templates", "push", *names, "we_miss_you", "--config", str(config))
    assert done.exit_code == 0, done.output
    now = world.clock.now()
    with owned(world.folder / "winback.db"):
        ShopFact.put(FACTS | {"url": world.shop_url})
        zoe = world.contact(
            ZOE,
            first_name="Zoe",
            last_name="Zimmer",
            email="zoe@shop.example",
            region="US",
            order_news="yes",
        )
        Identity.insert(kind="customer", value="5", contact_id=zoe, seen_at=now).execute()
        Customer.insert(
            woo_id=5, email="zoe@shop.example", first_name="Zoe", contact_id=zoe, read_at=now
        ).execute()
        Order.insert(
            woo_id=17, number="A-17", status="completed", currency="GBP", total=9999, contact_id=zoe, holder_id=zoe,
            email="zoe@shop.example", first_name="Zoe", created_at=now - timedelta(days=200), read_at=now, lines_at=now,
            coupons=["ZOE23"], customer_id=5,
            details={"shipments": [{"carrier": "DHL", "number": "PARCEL7", "url": ""}]},
        ).execute()  # fmt: skip
        OrderLine.insert(
            woo_id=1, order_id=17, product_id=41, name="Wool Socks", quantity=1
        ).execute()
        Product.insert(
            woo_id=42, name="Linen Shirt", status="publish", stock_status="instock", price=1990, categories=[7],
            permalink="https://shop.example/shirt", created_at=now - timedelta(days=3), read_at=now,
        ).execute()  # fmt: skip
    return config


def send(config: Path, phone: str, name: str) -> Result:
    arguments = ("send-test", phone, name, "--wait", "0", "--yes", "--config", str(config))
    return typed(*arguments)


def no_word_of_hers(text: str) -> None:
    assert not [word for word in HERS if word in text]


@pytest.mark.parametrize(
    "name",
    ["we_miss_you", "new_arrivals", "price_drop", "back_in_stock", "loyalty_reward", "statuses.packed", *KINDS],
)  # fmt: skip
def test_whoever_is_unknown_gets_examples_and_reads_nothing_of_a_customer(
    config: Path, world: World, name: str
) -> None:
    done = send(config, SELF, name)
    assert done.exit_code == 0, done.output
    [sent] = world.whatsapp.accepted
    assert sent.to == SELF
    no_word_of_hers(f"{sent.text} {done.output}")
    assert f"to {SELF}\n" in done.output
    [note] = [one for one in done.output.splitlines() if "the shop knows nobody" in one]
    assert ("examples: first_name" if "Ana" in sent.text else "order_number") in note
    # a product of the shop is no secret
    if name in ("new_arrivals", "price_drop", "back_in_stock"):
        assert "Linen Shirt" in sent.text


def test_what_the_config_may_say_of_a_person_is_an_example_too(config: Path, world: World) -> None:
    world.write_config(campaigns__we_miss_you__body=EVERYTHING)
    done = send(config, SELF, "we_miss_you")
    assert done.exit_code == 0, done.output
    [sent] = world.whatsapp.accepted
    no_word_of_hers(sent.text)
    told = "Ana Example Ana Example 1 Linen Shirt 1001 £19.90 ana@shop.example - ana@shop.example Ana https"
    assert told in sent.text
    [note] = [one for one in done.output.splitlines() if "the shop knows nobody" in one]
    for placeholder in ("last_product", "order.number", "customer.email", "review_url"):
        assert placeholder in note
    assert "shop_url" not in note


def test_it_is_in_the_language_of_the_numbers_country(config: Path, world: World) -> None:
    done = send(config, "+55 11 96123-4567", "order_news.shipping_update")
    assert done.exit_code == 0, done.output
    [sent] = world.whatsapp.accepted
    assert (sent.to, sent.language) == (SELF_IN_BRAZIL, "pt_BR")
    assert "1001" in sent.text


def test_who_is_known_and_never_ordered_gets_an_example_of_an_order(
    config: Path, world: World
) -> None:
    with owned(world.folder / "winback.db"):
        world.contact("+12025550102", first_name="Bruno", region="US")
    done = send(config, "+12025550102", "order_confirmation")
    assert done.exit_code == 0, done.output
    [sent] = world.whatsapp.accepted
    assert "Hello Bruno!" in sent.text
    no_word_of_hers(sent.text)
    assert "note: made up for this look: order 1001" in done.output
    # and a shop without any product has one made up
    with owned(world.folder / "winback.db"):
        Product.delete().execute()
    assert send(config, "+12025550102", "order_confirmation").exit_code == 0


def test_before_anybody_is_known_one_can_try_it(config: Path, world: World) -> None:
    with owned(world.folder / "winback.db"):
        Contact.delete().execute()
        Order.delete().execute()
    for name in ("we_miss_you", "order_completed"):
        assert send(config, SELF, name).exit_code == 0
    assert len(world.whatsapp.accepted) == 2


def test_ctrl_c_while_it_waits_says_that_the_message_is_on_its_way(
    config: Path, world: World
) -> None:
    arguments = ["send-test", SELF, "we_miss_you", "--wait", "600", "--yes", "--config", str(config)]  # fmt: skip
    with subprocess.Popen(
        [sys.executable, "-m", "agent.cli", *arguments],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=ROOT, env=environ(),
    ) as process:  # fmt: skip
        assert process.stdout is not None
        while "WhatsApp took it" not in (line := process.stdout.readline()):
            assert line, "it ended"
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=30)
    assert process.returncode == 0
    assert "brings it all the same" in said
    assert "Aborted" not in said
    assert len(world.whatsapp.accepted) == 1
