"""From somebody's phone to a row of interest: WhatsApp posts, the listener keeps, the jobs work it off."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from interest_stage import ANA, BEN, POSTER, RED, SHIRT, Story, rows, waiting
from jobs_stage import file_orders, nothing, order_json

from agent.config import Settings
from agent.jobs.track import track
from agent.sandbox.clock import MovedClock
from agent.sandbox.whatsapp.payloads import CartItem
from agent.sandbox.whatsapp.people import QuietPeople
from agent.sandbox.whatsapp.whatsapp import WhatsApp
from agent.web import Listener, intake
from models import Contact, Reply, SetAside, UnsettledEvent
from models.base import database as handle


class Phone:
    """People with WhatsApp on one side, winback on the other, and real requests between them."""

    def __init__(self, story: Story, clock: MovedClock, whatsapp: WhatsApp) -> None:
        self.story, self.clock, self.whatsapp = story, clock, whatsapp

    def arrives(self, posts: int = 1) -> None:
        """What was said is delivered, tracked and gathered."""
        assert self.whatsapp.deliver_due() == posts
        track(self.story.settings, now=self.clock.now(), beat=nothing)
        self.story.gather()


@pytest.fixture
def phone(database: Path, settings: Settings, clock: MovedClock) -> Iterator[Phone]:
    story = Story(settings, clock.now())
    whatsapp = WhatsApp(clock, people=QuietPeople())
    listener = Listener(intake(lambda: settings, clock.now), host="127.0.0.1", port=0, threads=2)
    whatsapp.subscribe(f"http://127.0.0.1:{listener.port}/webhooks/whatsapp")
    yield Phone(story, clock, whatsapp)
    whatsapp.close()
    listener.close()


def test_a_question_about_a_product_is_a_view_of_it(phone: Phone) -> None:
    phone.whatsapp.customer_asks_about(ANA, str(RED))
    phone.arrives()
    assert rows("contact_id", "kind", "product_id", "variation_id", "price", "source") == [
        (phone.story.ana, "view", POSTER, RED, 1200, "whatsapp")
    ]
    assert Reply.get().text == "Is this still available?"
    assert not SetAside.select().exists()


def test_a_cart_is_interest_in_each_of_its_products(phone: Phone) -> None:
    phone.whatsapp.customer_sends_cart(
        ANA, CartItem("42", 2, 17.5, "BRL"), CartItem("wc_post_id_52", 1, 3, "USD")
    )
    phone.arrives()
    assert rows() == [("cart", SHIRT, 0, 1750, "instock"), ("cart", POSTER, RED, 1200, "instock")]
    assert Reply.get().kind == "order"


def test_a_cart_from_a_stranger_waits_until_they_order(phone: Phone) -> None:
    phone.whatsapp.customer_sends_cart(BEN, CartItem("42", 1, 17.5, "BRL"))
    phone.arrives()
    assert (rows(), waiting()) == ([], ["person"])
    file_orders(phone.story.settings, phone.clock.now(), order_json(1, phone.clock.now(), BEN))
    phone.story.gather()
    assert rows("contact_id", "kind") == [(Contact.get(Contact.phone == BEN).id, "cart")]
    assert waiting() == []


def test_who_hides_their_phone_is_known_once_they_were_heard_with_it(phone: Phone) -> None:
    phone.whatsapp.customer_says(ANA, "Hello")
    phone.arrives()
    phone.whatsapp.customer_hides_phone(ANA)
    phone.whatsapp.customer_sends_cart(ANA, CartItem("42"))
    phone.arrives()
    assert rows("contact_id", "kind") == [(phone.story.ana, "cart")]


def test_what_comes_twice_and_in_disorder_is_the_same(phone: Phone) -> None:
    phone.whatsapp.duplicate_webhooks = 1.0
    phone.whatsapp.reorder_webhooks = True
    for minutes in (0, 20, 40):
        phone.clock.advance(timedelta(minutes=minutes and 20))
        phone.whatsapp.customer_asks_about(ANA, "42")
    phone.story.now = phone.clock.now()
    phone.arrives(posts=6)
    [(first, last)] = rows("first_at", "seen_at")
    assert last - first == timedelta(minutes=40)
    phone.arrives(posts=0)
    assert UnsettledEvent.select().count() == 0


def test_a_stop_from_a_products_page_is_heard(phone: Phone) -> None:
    phone.whatsapp.customer_asks_about(ANA, "42", "STOP")
    phone.arrives()
    assert Contact.get_by_id(phone.story.ana).marketing == "no"
    assert rows("kind") == [("view",)]


def test_what_breaks_the_noting_of_interest_does_not_hold_up_a_stop(
    phone: Phone,
) -> None:
    # given a table that refuses what people ask about
    handle.execute_sql(
        "CREATE TRIGGER refused BEFORE INSERT ON unsettled_event "
        "BEGIN SELECT RAISE(ABORT, 'refused'); END"
    )
    phone.whatsapp.customer_asks_about(ANA, "42", "STOP")
    phone.whatsapp.deliver_due()
    track(phone.story.settings, now=phone.clock.now(), beat=nothing)
    assert Contact.get_by_id(phone.story.ana).marketing == "no"
    assert "IntegrityError" in SetAside.get().reason


def test_the_pattern_of_the_catalogue_is_that_of_the_settings(
    phone: Phone, write_settings: Callable[..., Settings]
) -> None:
    phone.story.settings = write_settings('[interest]\nretailer_id = "{sku}"')
    phone.whatsapp.customer_sends_cart(ANA, CartItem("POSTER-RED"), CartItem("SHIRT"))
    phone.arrives()
    assert rows("product_id", "variation_id") == [(SHIRT, 0), (POSTER, RED)]
