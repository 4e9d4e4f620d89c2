"""Events -> interest: whose, of what, at which price; and whatever comes twice, late or in disorder."""

import re
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import groupby, permutations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from interest_stage import ANA, BEN, BLUE, MINUTE, POSTER, RED, SHIRT, Story, rows, view, waiting
from jobs_stage import DAY, Killed, add_contact, dying_after, file_orders, nothing, order_json

from agent.config import Settings
from agent.jobs.interest import gather_interest
from agent.jobs.interest.waiting import EVENTS_A_BATCH, LOOKED_AT_A_RUN
from agent.rules.events import KINDS, Event, What, Who, words
from models import Contact, Interest, Product, SharedName, ShopFact, UnsettledEvent
from models.base import close_database
from models.base import database as handle


@pytest.fixture
def story(database: Path, settings: Settings, now: datetime) -> Story:
    return Story(settings, now)


# who


@pytest.mark.parametrize(
    "names",
    [
        {"phone": "(202) 555-0101"},
        {"customer_id": 17},
        {"email": "Ana@Shop.example"},
        {"customer_id": 17, "phone": BEN},  # the account says more than what is typed
        {"customer_id": 99, "phone": ANA},
        {"email": "none@shop.example", "phone": ANA},
    ],
)
def test_a_person_is_found_by_any_name(story: Story, names: dict[str, Any]) -> None:
    add_contact(BEN, story.now)
    told = view(**({"customer_id": None} | names))
    assert story.file(told) == {"events": 1, "rows": 1}
    assert rows("contact_id", "kind", "source") == [(story.ana, "view", "events")]
    assert waiting() == []


def whatsapp(story: Story, **who: str) -> None:
    event = Event(kind="cart", who=Who(**who), what=What(product_id=SHIRT), at=story.now)
    UnsettledEvent.put([(words(event), event.at)], "whatsapp")


@pytest.mark.parametrize(
    ("phone", "wa_id"),
    [("+5511961234567", "551161234567"), ("+525512345678", "5215512345678"), (ANA, ANA[1:])],
)
def test_a_whatsapp_id_is_found_by_the_phone_that_it_was_once(
    story: Story, phone: str, wa_id: str
) -> None:
    contact = Contact.get_or_none(Contact.phone == phone)
    contact_id = contact.id if contact else add_contact(phone, story.now)
    whatsapp(story, wa_id=wa_id)
    story.gather()
    assert rows("contact_id") == [(contact_id,)]


def test_who_hides_their_phone_is_found_by_their_user_id(story: Story) -> None:
    story.names(story.ana, "user_id", "US.1")
    whatsapp(story, user_id="US.1")
    story.gather()
    assert rows("contact_id", "source") == [(story.ana, "whatsapp")]


def test_an_account_that_many_order_under_is_a_tills_and_names_nobody(story: Story) -> None:
    SharedName.insert(kind="customer", value="17").execute()
    story.file(view(), view(phone=ANA, at=-5))
    assert (rows("contact_id"), waiting()) == ([(story.ana,)], ["person"])


# what


@pytest.mark.parametrize(
    ("names", "article"),
    [
        ({"product_id": SHIRT}, (SHIRT, 0)),
        ({"product_id": RED}, (POSTER, RED)),
        ({"product_id": POSTER, "variation_id": BLUE}, (POSTER, BLUE)),
        ({"sku": "SHIRT"}, (SHIRT, 0)),
        ({"sku": "POSTER"}, (POSTER, 0)),
        ({"sku": "POSTER-RED"}, (POSTER, RED)),
        ({"retailer_id": "wc_post_id_52"}, (POSTER, RED)),
        ({"retailer_id": "42"}, (SHIRT, 0)),
        ({"product_id": 4242, "sku": "SHIRT"}, (SHIRT, 0)),
    ],
)
def test_a_product_is_found_by_any_name(
    story: Story, names: dict[str, Any], article: tuple[int, int]
) -> None:
    story.file(view(**({"product_id": None} | names)))
    assert rows("product_id", "variation_id") == [article]


def test_a_catalogue_writes_ids_as_the_settings_say(
    story: Story, write_settings: Callable[..., Settings]
) -> None:
    story.tell(view(product_id=None, retailer_id="SHIRT/42"))
    story.gather()
    assert waiting() == ["product"]
    story.settings = write_settings('[interest]\nretailer_id = "{sku}/{id}"')
    story.gather()  # what waits is read by the new settings
    assert (rows("product_id"), waiting()) == ([(SHIRT,)], [])


# what was seen


def test_what_was_told_is_kept_and_what_was_not_is_as_in_the_mirror(story: Story) -> None:
    story.file(
        view(price="17.50", stock_status="outofstock"),
        view(product_id=POSTER, stock_status="onbackorder"),
        view(product_id=RED),
        view(product_id=BLUE, price=9),
    )
    assert rows() == [
        ("view", SHIRT, 0, 1750, "outofstock"),
        ("view", POSTER, 0, 1000, "onbackorder"),
        ("view", POSTER, BLUE, 900, "instock"),
        ("view", POSTER, RED, 1200, "instock"),
    ]


def test_a_price_in_another_currency_is_not_compared_with_the_shops(story: Story) -> None:
    story.file(
        view(price="3.50", currency="USD"), view(product_id=POSTER, price="11", currency="brl")
    )
    assert rows("product_id", "price") == [(SHIRT, 1990), (POSTER, 1100)]


def test_what_is_told_late_was_seen_at_the_price_of_then(story: Story) -> None:
    # given a shirt that was 25.00 until an hour ago, 30.00 until 10 minutes ago, and sold out between
    story.changed(SHIRT, "price", "2500", story.now - 60 * MINUTE)
    story.changed(SHIRT, "price", "3000", story.now - 10 * MINUTE)
    story.changed(SHIRT, "stock_status", "instock", story.now - 300 * MINUTE)
    story.changed(SHIRT, "stock_status", "outofstock", story.now - 200 * MINUTE)
    story.changed(SHIRT, "stock_quantity", "7", story.now - 1 * MINUTE)
    # when views are told whose time was before, between and after
    story.file(*(view(at=at) for at in (-400, -250, -130, -60, -9)))
    seen = [(price, stock) for _, _, _, price, stock in rows()]
    # the last two of them lie within an hour
    assert seen == [(2500, "instock"), (2500, "outofstock"), (2500, "instock"), (1990, "instock")]


def test_a_product_had_no_price_then(story: Story) -> None:
    story.changed(SHIRT, "price", None, story.now - 10 * MINUTE)
    story.changed(SHIRT, "stock_status", None, story.now - 10 * MINUTE)
    story.file(view(at=-20), view(at=-200, price="5"))
    assert rows("price", "stock_status") == [(500, ""), (None, "")]


# fault 28: the price of the first view in the hour was kept


@pytest.mark.parametrize("order", [*permutations([(-50, "20"), (-20, "15"), (-5, "18")])])
@pytest.mark.parametrize("at_once", [True, False])
def test_views_within_an_hour_are_one_with_the_latest_price(
    story: Story, order: tuple[tuple[int, str], ...], at_once: bool
) -> None:
    told = [view(at=at, price=price) for at, price in order]
    for batch in [told] if at_once else [[one] for one in told]:
        story.file(*batch)
    assert rows("price", "first_at", "seen_at") == [
        (1800, story.now - 50 * MINUTE, story.now - 5 * MINUTE)
    ]


def test_an_hour_later_is_another_view_and_another_variation_too(story: Story) -> None:
    story.file(view(at=-60), view(at=0), view(product_id=RED), view(product_id=BLUE))
    assert len(rows()) == 4


def test_views_that_a_late_one_joins_become_one(story: Story) -> None:
    story.file(view(at=-100, price="1"), view(at=-10, price="2"))
    assert len(rows()) == 2
    story.file(view(at=-50, price="3"))
    assert rows("price", "first_at", "seen_at") == [
        (200, story.now - 100 * MINUTE, story.now - 10 * MINUTE)
    ]


def test_the_same_again_changes_nothing(story: Story) -> None:
    told = [view(at=-30), view(kind="wishlist_add", at=-20), view(kind="cart", at=-10)]
    assert story.file(*told) == {"events": 3, "rows": 3}
    before = list(Interest.select().order_by(Interest.id).dicts())
    assert story.file(*told) == {"events": 3}
    assert list(Interest.select().order_by(Interest.id).dicts()) == before


# wishlists and carts


def test_a_wish_is_one_row_since_it_was_first_made(story: Story) -> None:
    story.file(view(kind="wishlist_add", at=-9000, price="30"), view(kind="wishlist_add", at=-1))
    assert rows("kind", "price", "first_at", "seen_at") == [
        ("wishlist", 1990, story.now - 9000 * MINUTE, story.now - MINUTE)
    ]


@pytest.mark.parametrize(
    ("removal", "stay"),
    [
        ({"product_id": POSTER}, {SHIRT}),  # all its variations
        ({"product_id": RED}, {SHIRT, POSTER, BLUE}),
        ({"product_id": SHIRT}, {POSTER, BLUE, RED}),
    ],
)
def test_a_wish_that_is_taken_back_is_gone(
    story: Story, removal: dict[str, int], stay: set[int]
) -> None:
    wished = (SHIRT, POSTER, BLUE, RED)
    story.file(*(view(kind="wishlist_add", product_id=one, at=-30) for one in wished), view(at=-20))
    story.file(view(kind="wishlist_remove", at=-10, **removal))
    left = [(kind, variation or product) for kind, product, variation, _, _ in rows()]
    assert {number for kind, number in left if kind == "wishlist"} == stay
    assert ("view", SHIRT) in left


@pytest.mark.parametrize("order", [*permutations([0, 1, 2])])
@pytest.mark.parametrize("at_once", [True, False])
def test_in_whatever_order_a_wish_and_its_end_are_told(
    story: Story, order: tuple[int, ...], at_once: bool
) -> None:
    told = [
        view(kind="wishlist_add", at=-30),
        view(kind="wishlist_remove", at=-20),
        view(kind="wishlist_add", product_id=RED, at=-10),
    ]
    for batch in [[told[n] for n in order]] if at_once else [[told[n]] for n in order]:
        story.file(*batch)
    assert rows("product_id") == [(POSTER,)]


def test_a_wish_that_is_made_again_stays(story: Story) -> None:
    for at, kind in ((-10, "wishlist_add"), (-20, "wishlist_remove"), (-30, "wishlist_add")):
        story.file(view(kind=kind, at=at))
    assert rows("kind", "seen_at") == [("wishlist", story.now - 10 * MINUTE)]


def test_a_removal_is_remembered_for_a_day(story: Story) -> None:
    story.file(view(kind="wishlist_remove"))
    assert waiting() == ["removal"]
    story.now += DAY - timedelta(seconds=1)
    assert story.gather() == {}
    story.now += timedelta(seconds=1)
    assert story.gather() == {"events": 1}
    assert waiting() == []


def test_a_cart_is_a_row_for_each_of_its_products(story: Story) -> None:
    products = [{"product_id": RED, "price": "11"}, {"sku": "SHIRT"}, {"sku": "unknown"}]
    cart = {"kind": "cart", "email": "ana@shop.example", "products": products}
    assert story.file(cart) == {"events": 2, "rows": 2, "set aside": 1}
    assert rows() == [("cart", SHIRT, 0, 1990, "instock"), ("cart", POSTER, RED, 1100, "instock")]


# unknown people and products


def test_who_is_not_known_is_set_aside_until_they_order(story: Story) -> None:
    assert story.file(view(customer_id=None, phone=BEN, at=-7)) == {"set aside": 1}
    assert story.file(view(customer_id=None, email="ben@shop.example", at=-5)) == {"set aside": 1}
    assert (rows(), waiting()) == ([], ["person", "person"])
    assert story.gather() == {}
    order = order_json(1, story.now, BEN, email="ben@shop.example")
    file_orders(story.settings, story.now, order)
    assert story.gather() == {"events": 2, "rows": 1}
    ben = Contact.get(Contact.phone == BEN).id
    assert rows("contact_id", "first_at") == [(ben, story.now - 7 * MINUTE)]
    assert waiting() == []


def test_what_is_not_known_is_set_aside_until_the_mirror_has_it(story: Story) -> None:
    story.file(view(product_id=77), view(product_id=POSTER, variation_id=78), view(sku="NEW"))
    assert waiting() == ["product", "product"]  # the third names the shirt too
    story.product(77, price=500)
    story.product(78, parent=POSTER, price=600)
    assert story.gather() == {"events": 2, "rows": 2}
    assert rows("product_id", "variation_id", "price") == [
        (SHIRT, 0, 1990), (POSTER, 78, 600), (77, 0, 500),
    ]  # fmt: skip


def test_the_reason_follows_what_is_known(story: Story) -> None:
    story.file(view(customer_id=99, product_id=77))
    assert waiting() == ["person and product"]
    story.product(77)
    assert story.gather() == {}
    assert waiting() == ["person"]


def test_until_the_shop_has_said_its_currency_all_is_kept(story: Story) -> None:
    ShopFact.delete().execute()
    assert story.file(view()) == {}
    ShopFact.put({"currency": "BRL"})
    assert story.gather() == {"events": 1, "rows": 1}


# many, and at once


def statements(act: Callable[[], object]) -> list[str]:
    """What was carried out meanwhile; one for many rows counts once, as it does for the database."""
    seen: list[str] = []
    handle.obj.connection().set_trace_callback(seen.append)
    try:
        act()
    finally:
        handle.obj.connection().set_trace_callback(None)
    shapes = [re.split(r"VALUES| SET | WHERE ", one)[0] for one in seen if "SAVEPOINT" not in one]
    return [shape for shape, _ in groupby(shapes)]


@pytest.mark.long
def test_a_thousand_events_take_a_handful_of_statements(story: Story) -> None:
    for number in range(1, 101):
        contact = add_contact(f"+1202555{number + 1000}", story.now)
        story.names(contact, "customer", str(number + 1000))
        story.product(number + 1000, price=100)
    story.tell(
        *(
            view(
                kind=KINDS[n % 4], customer_id=1000 + n % 120, product_id=1000 + n % 110, at=-n / 10
            )
            for n in range(EVENTS_A_BATCH)
        )
    )
    assert len(statements(story.gather)) < 25
    assert len(rows()) > 300


@pytest.mark.long
def test_more_than_a_batch_is_worked_off_in_one_run(story: Story) -> None:
    for number in range(EVENTS_A_BATCH + 1):
        story.product(10_000 + number)
    told = [view(product_id=10_000 + number) for number in range(EVENTS_A_BATCH + 1)]
    assert story.file(*told) == {"events": 1001, "rows": 1001}


def test_those_that_wait_have_their_turns_however_many_there_are(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agent.jobs.interest.waiting.LOOKED_AT_A_RUN", 3)
    story.file(*(view(customer_id=100 + number) for number in range(7)))
    story.names(story.ana, "customer", "106")
    assert [story.gather().get("events", 0) for _ in range(3)].count(1) == 1
    story.names(story.ana, "customer", "100")
    assert sum(story.gather().get("events", 0) for _ in range(3)) == 1
    assert len(waiting()) == 5
    assert LOOKED_AT_A_RUN > 3


@pytest.mark.long
def test_a_run_that_dies_between_two_batches_loses_and_doubles_nothing(story: Story) -> None:
    for number in range(EVENTS_A_BATCH + 5):
        story.product(10_000 + number)
    story.tell(*(view(product_id=10_000 + number) for number in range(EVENTS_A_BATCH + 5)))
    with pytest.raises(Killed):
        gather_interest(story.settings, now=story.now, beat=dying_after(0))
    assert len(rows()) == EVENTS_A_BATCH
    assert story.gather() == {"events": 5, "rows": 5}


def test_what_cannot_be_read_again_does_not_hold_up_the_others(
    story: Story, caplog: pytest.LogCaptureFixture
) -> None:
    UnsettledEvent.put([('{"of": "another version"}', story.now)], "events")
    assert story.file(view()) == {"events": 1, "rows": 1}
    assert waiting() == []
    assert "event.unreadable" in caplog.text


def test_two_who_file_the_same_views_at_once_make_one_row(story: Story, database: Path) -> None:
    from agent.jobs.interest.filing import Told, file_events
    from models.base import transaction

    events = [
        Event(
            kind="product_view", who=Who(customer_id=17), what=What(product_id=SHIRT),
            at=story.now - n * MINUTE,
        )
        for n in range(40)
    ]  # fmt: skip
    start = threading.Barrier(2)
    failed: list[BaseException] = []

    def work(mine: list[Event]) -> None:
        try:
            start.wait()
            for one in mine:
                with transaction():
                    told = [Told(one, "events")]
                    file_events(told, story.settings, currency="BRL", now=story.now)
        except BaseException as error:  # noqa: BLE001 - told by the test below
            failed.append(error)
        finally:
            close_database()

    threads = [threading.Thread(target=work, args=(part,)) for part in (events, events[::-1])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert rows("first_at", "seen_at") == [(story.now - 39 * MINUTE, story.now)]


anything = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(KINDS),
        "customer_id": st.sampled_from([17, 99]),
        "product_id": st.sampled_from([SHIRT, POSTER, BLUE, RED, 77]),
        "at": st.integers(-300, 0),
    },
    optional={
        "variation_id": st.sampled_from([0, BLUE, RED, 78]),
        "price": st.sampled_from(["", "0", "10", "999999999999.99"]),
        "currency": st.sampled_from(["BRL", "USD"]),
        "stock_status": st.sampled_from(["", "instock", "outofstock"]),
        "phone": st.sampled_from([ANA, BEN]),
    },
)


@pytest.mark.long
@given(told=st.lists(anything, max_size=12), random=st.randoms(use_true_random=False))
@hypothesis_settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_same_comes_out_in_whatever_order_and_batches(
    story: Story, told: list[dict[str, Any]], random: Any
) -> None:
    columns = ("kind", "product_id", "variation_id", "price", "stock_status", "first_at", "seen_at")
    # what is removed and wished for again keeps its first place, if both are told at once: not compared
    told = [one for one in told if one["kind"] != "wishlist_remove"]

    def begin() -> None:
        Interest.delete().execute()
        UnsettledEvent.delete().execute()

    begin()
    story.file(*told)
    at_once = rows(*columns)
    shuffled = list(told)
    random.shuffle(shuffled)
    begin()
    for one in shuffled:
        story.file(one)
    assert rows(*columns) == at_once
    story.file(*told)
    assert rows(*columns) == at_once


def test_nothing_to_do_is_nothing_done(story: Story) -> None:
    assert gather_interest(story.settings, now=story.now, beat=nothing) == {}
    assert Product.select().count() == 4
