"""The shop's unpaid orders are carts: written where they differ, gone when they are paid, never touched else."""

from pathlib import Path
from typing import Any

import pytest
from interest_stage import BEN, MINUTE, POSTER, RED, SHIRT, Story, rows, view
from jobs_stage import DAY, Counter, add_contact

from agent.config import Settings
from agent.jobs.interest import gather_interest
from models import Contact, Interest, Order, OrderLine
from models.interest import CARTS

CART = ("contact_id", "product_id", "variation_id", "first_at", "seen_at")


@pytest.fixture
def story(database: Path, settings: Settings, now: Any) -> Story:
    return Story(settings, now)


class Shelf:
    """Orders in the mirror, each with its lines."""

    def __init__(self, story: Story) -> None:
        self.story = story

    def order(self, number: int, *lines: tuple[int, int], **more: Any) -> None:
        """An unpaid one of Ana's that was begun an hour ago and touched just now."""
        now = self.story.now
        columns = {
            "woo_id": number, "status": "pending", "contact_id": self.story.ana, "read_at": now,
            "created_at": now - 60 * MINUTE, "modified_at": now,
        }  # fmt: skip
        Order.insert(columns | more).execute()
        OrderLine.replace_for(
            [number],
            [
                {"woo_id": number * 10 + at, "order_id": number, "product_id": product,
                 "variation_id": variation, "quantity": 1}
                for at, (product, variation) in enumerate(lines)
            ],
        )  # fmt: skip

    def change(self, number: int, **columns: Any) -> None:
        Order.update(columns).where(Order.woo_id == number).execute()


@pytest.fixture
def shelf(story: Story) -> Shelf:
    return Shelf(story)


@pytest.mark.parametrize("status", CARTS)
def test_an_unpaid_order_is_a_cart(story: Story, shelf: Shelf, status: str) -> None:
    shelf.order(1, (SHIRT, 0), (POSTER, RED), status=status)
    assert story.gather() == {"carts": 2}
    began, touched = story.now - 60 * MINUTE, story.now
    assert rows(*CART) == [
        (story.ana, SHIRT, 0, began, touched), (story.ana, POSTER, RED, began, touched),
    ]  # fmt: skip
    assert rows("kind", "source", "price", "stock_status") == [
        ("cart", "shop", 1990, "instock"), ("cart", "shop", 1200, "instock"),
    ]  # fmt: skip


@pytest.mark.parametrize("status", ["processing", "on-hold", "completed", "cancelled", "trash"])
def test_an_order_that_is_none_any_more_is_no_cart(story: Story, shelf: Shelf, status: str) -> None:
    shelf.order(1, (SHIRT, 0))
    story.gather()
    shelf.change(1, status=status)
    assert story.gather() == {"carts": 1}
    assert rows() == []


def test_what_is_unchanged_is_not_touched(story: Story, shelf: Shelf) -> None:
    shelf.order(1, (SHIRT, 0), (POSTER, 0))
    story.gather()
    before = list(Interest.select().dicts())
    shelf.order(2, (SHIRT, 0), contact_id=add_contact(BEN, story.now))
    assert story.gather() == {"carts": 1}
    assert story.gather() == {}
    kept = [row for row in Interest.select().dicts() if row["contact_id"] == story.ana]
    assert kept == before


def test_a_cart_that_changes_is_one_row_with_what_was_seen_last(story: Story, shelf: Shelf) -> None:
    shelf.order(1, (SHIRT, 0), (POSTER, 0))
    story.gather()
    # when the shirt is taken out, and the poster has become cheaper since it was touched again
    story.now += 10 * MINUTE
    OrderLine.replace_for(
        [1], [{"woo_id": 11, "order_id": 1, "product_id": POSTER, "variation_id": 0, "quantity": 2}]
    )
    shelf.change(1, modified_at=story.now)
    story.changed(POSTER, "price", "1100", story.now + MINUTE)
    story.now += 5 * MINUTE
    assert story.gather() == {"carts": 3}
    assert rows("product_id", "price", "seen_at") == [(POSTER, 1100, story.now - 5 * MINUTE)]


def test_one_product_in_several_carts_of_one_person_is_one_row(story: Story, shelf: Shelf) -> None:
    shelf.order(1, (SHIRT, 0), created_at=story.now - 3 * DAY, modified_at=story.now - 2 * DAY)
    shelf.order(2, (SHIRT, 0), (SHIRT, 0), created_at=None, modified_at=story.now - DAY)
    story.gather()
    assert rows(*CART) == [(story.ana, SHIRT, 0, story.now - 3 * DAY, story.now - DAY)]
    shelf.change(1, status="completed")
    story.gather()
    assert rows("first_at") == [(story.now - DAY,)]


def test_it_is_the_cart_of_who_holds_the_account(story: Story, shelf: Shelf) -> None:
    ben = add_contact(BEN, story.now)
    shelf.order(1, (SHIRT, 0))
    story.gather()
    shelf.change(1, holder_id=ben)  # the account has a newer number by now
    assert story.gather() == {"carts": 2}
    assert rows("contact_id") == [(ben,)]


def test_a_draft_of_an_account_says_no_phone_yet(story: Story, shelf: Shelf) -> None:
    shelf.order(1, (SHIRT, 0), contact_id=None, holder_id=story.ana, status="checkout-draft")
    assert story.gather() == {"carts": 1}
    assert rows("contact_id") == [(story.ana,)]


def test_a_cart_of_nobody_or_of_nothing_is_none(story: Story, shelf: Shelf) -> None:
    shelf.order(1, (SHIRT, 0), contact_id=None)
    shelf.order(2, (0, 0))  # a product that was deleted
    shelf.order(3)
    shelf.order(4, (SHIRT, 0), modified_at=story.now - 90 * DAY)  # so old is nothing kept
    assert story.gather() == {}


def test_a_product_that_the_mirror_does_not_have_has_no_price(story: Story, shelf: Shelf) -> None:
    shelf.order(1, (777, 778))
    story.gather()
    assert rows() == [("cart", 777, 778, None, "")]


def test_carts_from_elsewhere_are_rows_of_their_own(story: Story, shelf: Shelf) -> None:
    began = -60
    shelf.order(1, (SHIRT, 0))
    story.gather()
    story.file(view(kind="cart", at=began, price="5"), view(kind="cart", at=0, price="6"))
    assert rows("source", "price", "first_at") == [
        ("events", 600, story.now - 60 * MINUTE), ("shop", 1990, story.now - 60 * MINUTE),
    ]  # fmt: skip
    shelf.change(1, status="completed")
    story.gather()
    assert rows("source") == [("events",)]


def test_an_order_that_is_deleted_is_no_cart(story: Story, shelf: Shelf) -> None:
    shelf.order(1, (SHIRT, 0))
    story.gather()
    Order.forget([1])
    assert story.gather() == {"carts": 1}


def test_many_carts_come_in_parts_and_all_of_them(
    story: Story, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agent.jobs.interest.carts.ROWS_A_LOOK", 4)
    monkeypatch.setattr("agent.jobs.interest.carts.ROWS_A_BATCH", 3)
    people = [add_contact(f"+1202555{number}", story.now) for number in range(1000, 1011)]
    for number, person in enumerate(people):
        shelf.order(number + 1, (SHIRT, 0), contact_id=person)
    assert story.gather() == {"carts": 11}
    # when all were touched again, so that each is another row in the place of the first
    story.now += MINUTE
    Order.update(modified_at=story.now).execute()
    assert story.gather() == {"carts": 22}
    assert rows("contact_id", "seen_at") == [(person, story.now) for person in people]
    Order.update(status="completed").execute()
    assert story.gather() == {"carts": 11}
    assert rows() == []


def test_a_real_shops_draft_becomes_a_cart_and_then_an_order(counter: Counter) -> None:
    # given a shop whose mirror is filled
    counter.pull_all()
    number = counter.order("+55 11 96123-4567", status="checkout-draft")
    counter.later(seconds=30)
    counter.cycle()

    def gather() -> dict[str, int]:
        return gather_interest(counter.settings, now=counter.now, beat=lambda: None)

    # when the draft has been read, with its lines
    assert gather() == {"carts": 1}
    ana = Contact.get(Contact.phone == "+5511961234567").id
    assert rows("contact_id", "product_id", "price") == [(ana, counter.shirt, 4000)]
    # and when it is paid
    counter.later(minutes=2)
    counter.shop.set_status(number, "processing")
    counter.later(minutes=2)
    counter.cycle()
    assert gather() == {"carts": 1}
    assert rows() == []
