"""How many stand before one person, asked about them alone: as many as in the line that a run makes."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from models import Contact, Epoch, Interest, LookedAt, Message, Product
from models.base import database as handle
from models.planning import Bounds, Lately
from models.waiting import Stir, Waiting, forget

DAY = timedelta(days=1)
PEOPLE = 120
ARTICLES = ((42, 0), (50, 51))


def bounds(now: datetime, random: Random) -> Bounds:
    return Bounds(
        quiet_before=now - 60 * DAY, today=now.date(), per_7_days=random.choice((1, 2)),
        per_30_days=random.choice((2, 4)), rest_after_failure=30 * DAY, attempts=3,
        excluded_regions=[], excluded_contacts=[],
    )  # fmt: skip


def populate(now: datetime, random: Random) -> None:
    for number, parent in ((42, 0), (50, 0), (51, 50)):
        Product.insert(
            woo_id=number, parent_id=parent, name="Shirt", status="publish", stock_status="instock",
            price=900, stock_quantity=3, read_at=now,
        ).execute()  # fmt: skip
    for number in range(1, PEOPLE + 1):
        Contact.insert(
            id=number, phone=f"+1202555{number:04}", region="US", created_at=now,
            marketing=random.choice(("yes", "yes", "yes", "no", "")),
            unreachable=random.choice(("", "", "", "", "not on WhatsApp")),
        ).execute()  # fmt: skip
        for _ in range(random.randrange(0, 4)):
            insert_interest(number, now, random)
        for turn in range(random.choice((0, 0, 1, 2, 3))):
            insert_message(number, turn, now, random)


def insert_interest(contact: int, now: datetime, random: Random) -> None:
    product, variation = random.choice(ARTICLES)
    first = now - random.randrange(1, 50) * DAY
    row = {
        "contact_id": contact, "product_id": product, "variation_id": variation,
        "kind": random.choice(("view", "wishlist", "cart")), "price": 1_000, "source": "events",
        "stock_status": random.choice(("outofstock", "instock", "")), "first_at": first,
        "seen_at": first + random.randrange(0, 10) * DAY / 10,
    }  # fmt: skip
    Interest.write_each([row], lambda insert: insert.on_conflict_ignore())


def insert_message(contact: int, turn: int, now: datetime, random: Random) -> None:
    at = now - random.randrange(0, 40) * DAY
    day = at.date().isoformat()
    Message.insert(
        uid=f"{contact}-{turn}", contact_id=contact, campaign="we_miss_you", subject=f"{turn}", period=day,
        cap_day=day, template="t", language="en", created_at=at, not_before=at, expires_at=at + DAY,
        kind=random.choice(("marketing", "marketing", "order_news")),
        state=random.choice(("read", "delivered", "failed", "cancelled", "withheld", "queued")),
    ).execute()  # fmt: skip


@pytest.mark.parametrize(
    "seed", [0, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(1, 7)), 7]
)
def test_alone_and_in_the_line_it_is_the_same_place(
    database: Path, now: datetime, seed: int
) -> None:
    random = Random(seed)
    with handle.atomic():
        populate(now, random)
    if seed == 7:  # nobody may be written to: the database was put back today
        Epoch.insert(id=1, mark="x", restored_on=now.date().isoformat()).execute()
    limits, since = bounds(now, random), now - 30 * DAY
    assert LookedAt.select().exists()
    Stir.work_out(since, 10)
    Lately.work_out(limits)
    Waiting.line_up(since, 10)
    compared = 0
    for product, variation in ARTICLES:
        line = [
            one.contact_id
            for one in Waiting.select()
            .where(Waiting.back, Waiting.product_id == product, Waiting.variation_id == variation)
            .order_by(Waiting.position)
        ]
        for contact in range(1, PEOPLE + 1):
            place = line.index(contact) if contact in line else len(line)
            for most in (1_000, 3):
                found = Waiting.ahead(contact, (product, variation), since, limits, most)
                assert found == min(place, most), (contact, product)
        compared += len(line)
    forget()
    assert compared or seed == 7


def test_a_line_of_four_times_the_people_takes_about_four_times_the_work(
    database: Path, now: datetime
) -> None:
    """It was quadratic once, by an index that was made for another question."""
    Product.insert(
        woo_id=42, name="Shirt", status="publish", stock_status="instock", price=900, read_at=now
    ).execute()
    since, work = now - 30 * DAY, []
    for people in (range(1, 101), range(101, 401)):
        rows = [
            {"contact_id": number, "product_id": 42, "variation_id": 0, "kind": "view", "price": 900,
             "stock_status": "outofstock", "first_at": now - DAY, "seen_at": now - DAY,
             "source": "events"}
            for number in people
        ]  # fmt: skip
        with handle.atomic():
            for number in people:
                Contact.insert(
                    id=number, phone=f"+1202555{number:04}", region="US", marketing="yes",
                    created_at=now,
                ).execute()  # fmt: skip
            Interest.write_each(rows, lambda insert: insert)
        Stir.work_out(since, 10)
        Lately.work_out(bounds(now, Random(0)))
        steps = Steps()
        assert steps.taken_by(lambda: Waiting.line_up(since, 10)) == people[-1]
        work.append(steps.count)
    forget()
    assert work[1] < 6 * work[0]


class Steps:
    """Steps of SQLite's virtual machine, in hundreds: the same on every machine."""

    def __init__(self) -> None:
        self.count = 0

    def taken_by(self, work: Callable[[], int]) -> int:
        connection = handle.connection()
        connection.set_progress_handler(self._one_more, 100)
        try:
            return work()
        finally:
            connection.set_progress_handler(None, 0)

    def _one_more(self) -> int:
        self.count += 1
        return 0
