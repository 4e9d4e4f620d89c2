"""What is found in sets is what the rules would choose if each person were asked.

A random town straight into the tables; the plan is held against `choose` over everybody.
"""

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

import pytest
from jobs_stage import approve_templates, nothing, open_shop
from peewee import SqliteDatabase, fn

from agent.config import Settings
from agent.jobs.decide import ALERTS, EVERYTHING, Day
from agent.jobs.decide.arrivals import NewProducts, with_news
from agent.jobs.decide.articles import articles
from agent.jobs.decide.offers import audience_of, usable_offers
from agent.jobs.decide.people import Asked, gather
from agent.jobs.decide.plan import Plan
from agent.left_out import LeftOut
from agent.rules.budget import Allowance, Budget, Prices, Spent
from agent.rules.caps import Caps
from agent.rules.reasons import Why
from agent.rules.room import Account, Hours, Room
from agent.rules.selection import Shelf, choose
from models import (
    Contact,
    Epoch,
    History,
    Identity,
    Interest,
    Message,
    Order,
    OrderLine,
    Product,
    ProductChange,
    Taste,
)
from models.base import transaction
from models.waiting import Stir

PEOPLE, PRODUCTS, CATEGORIES = 120, 25, 5
STATES = (
    "queued", "accepted", "delivered", "read", "unsure", "failed", "refused", "cancelled", "expired",
)  # fmt: skip


@pytest.fixture
def now() -> datetime:
    return datetime(2026, 3, 2, 14, tzinfo=UTC)


class Town:
    """Random rows of everything that a decision reads."""

    def __init__(self, seed: int, now: datetime) -> None:
        self.random, self.now = Random(seed), now

    def ago(self, most_days: int) -> datetime:
        """Often a round number of days, where the boundaries are."""
        days = self.random.randint(0, most_days)
        off = self.random.choice([0, 0, -1, 1, self.random.randint(0, 80_000)])
        return min(self.now - timedelta(days=days, seconds=off), self.now)

    @transaction()
    def build(self, *, interest: bool = True, people: int = PEOPLE) -> None:
        for number in range(1, PRODUCTS + 1):
            self.product(number, 0)
            if number % 4 == 0:
                for size in range(1, 3):
                    self.product(number * 100 + size, number)
        for contact in range(1, people + 1):
            self.person(contact, interest)

    def product(self, number: int, parent: int) -> None:
        chance = self.random.random
        status = "outofstock" if chance() < 0.3 else "instock"
        Product.insert(
            woo_id=number,
            parent_id=parent,
            name=f"Thing {number}",
            status="publish" if chance() < 0.9 else "draft",
            visibility=self.random.choice(["visible", "visible", "hidden"]),
            price=None if chance() < 0.05 else self.random.randint(1, 40) * 250,
            stock_status=status,
            stock_quantity=None if chance() < 0.5 else self.random.randint(-1, 4),
            categories=[] if parent else [self.random.randint(1, CATEGORIES)],
            created_at=self.ago(200),
            read_at=self.now,
        ).execute()
        for _ in range(self.random.randint(0, 2)):
            was, became = self.random.choice([("instock", "outofstock"), ("outofstock", "instock")])
            ProductChange.insert(
                product_id=number, field="stock_status", was=was, became=became,
                seen_at=self.ago(45), means="poll",
            ).execute()  # fmt: skip

    def person(self, contact: int, interest: bool) -> None:
        chance, pick = self.random.random, self.random.choice
        Contact.insert(
            id=contact,
            phone=f"+1202555{contact:04}",
            region=pick(["US", "US", "BR", "DE"]),
            email=pick(["", f"p{contact}@example.com", "owner@shop.example"]),
            marketing=pick(["yes", "yes", "yes", "no", ""]),
            created_at=self.now,
            unreachable="131026" if chance() < 0.05 else "",
        ).execute()
        if chance() < 0.1:
            Identity.insert(
                kind="email", value=f"old{contact}@example.com", contact_id=contact,
                seen_at=self.now,
            ).execute()  # fmt: skip
        last = self.ago(120) if chance() < 0.85 else None
        if last:
            History.insert(
                contact_id=contact, last_order_at=last, bought=pick([0, 1, 2, 5]),
                spent=pick([0, 49_999, 50_000, 90_000]), last_bought=contact,
            ).execute()  # fmt: skip
            Order.insert(
                woo_id=contact, status=pick(["completed", "cancelled"]), created_at=last,
                holder_id=contact, read_at=self.now, lines_at=pick([None, self.now, self.now]),
            ).execute()  # fmt: skip
            OrderLine.insert(
                woo_id=contact, order_id=contact, product_id=self.random.randint(1, PRODUCTS)
            ).execute()
            for category in {self.random.randint(1, CATEGORIES) for _ in range(2)}:
                Taste.insert(contact_id=contact, category_id=category, bought=1).execute()
        for turn in range(pick([0, 0, 0, 1, 2, 4])):
            self.message(contact, turn)
        for _ in range(pick([0, 0, 1, 3]) if interest else 0):
            self.sight(contact)

    def message(self, contact: int, turn: int) -> None:
        at = self.ago(45)
        about = self.random.randint(1, PRODUCTS)
        campaign = self.random.choice(list(EVERYTHING))
        Message.insert(
            uid=f"{contact}-{turn}",
            contact_id=contact,
            campaign=campaign,
            subject=str(turn),
            period=f"then {turn}",
            state=self.random.choice(STATES),
            template="x",
            language="en",
            cap_day=at.date().isoformat(),
            created_at=at,
            not_before=at,
            expires_at=at,
            product_id=about if campaign in ALERTS else None,
            price=self.random.randint(1, 40) * 250 if campaign == "price_drop" else None,
        ).execute()

    def sight(self, contact: int) -> None:
        product = self.random.randint(1, PRODUCTS)
        variation = product * 100 + 1 if product % 4 == 0 and self.random.random() < 0.5 else 0
        first = self.ago(45)
        row = {
            "contact_id": contact,
            "product_id": product,
            "variation_id": variation,
            "kind": self.random.choice(["view", "view", "wishlist", "cart"]),
            "price": self.random.choice([None, self.random.randint(1, 40) * 250]),
            "stock_status": self.random.choice(["instock", "outofstock", "outofstock", ""]),
            "first_at": first,
            "seen_at": min(first + timedelta(minutes=self.random.randint(0, 59)), self.now),
            "source": "events",
        }
        Interest.write_each([row], lambda insert: insert.on_conflict_ignore())


def settings_of(settings: Settings, names: tuple[str, ...]) -> Settings:
    campaigns = {
        name: replace(one, enabled=name in names) for name, one in settings.campaigns.items()
    }
    whom = replace(
        settings.audience,
        exclude_countries=("DE",),
        exclude_emails=("owner@shop.example", "old7@example.com"),
        backlog_per_day=100_000,
    )
    return replace(settings, campaigns=campaigns, audience=whom)


def endless(day: Day) -> dict[str, Any]:
    """Room and budget for everybody."""
    hours = Hours(
        zone=day.zone,
        quiet_from=datetime.min.time(),
        quiet_until=datetime.min.time(),
    )
    return {
        "room": Room(day.now, per_second=1000, waiting={}, hours=hours, account=Account()),
        "budget": Budget(Allowance(), Prices(), Spent(), today=day.date),
    }


def planned(settings: Settings, day: Day, campaigns: tuple[str, ...]) -> tuple[Any, Counter[Why]]:
    made = Plan(settings, day, campaigns=campaigns, beat=nothing, **endless(day))
    chosen = {}
    for batch in made.batches():
        for one in batch:
            if one.decision.why is Why.CHOSEN:
                assert one.decision.contact_id not in chosen
                chosen[one.decision.contact_id] = one.decision
    return chosen, made.tally


def asked_one_by_one(
    settings: Settings, day: Day, campaigns: tuple[str, ...]
) -> tuple[Any, Counter[Why]]:
    """The same by the rules alone, with all that anybody ever looked at."""
    Stir.begin()
    for product in Product.select():
        gone = (
            ProductChange.select(fn.MAX(ProductChange.seen_at))
            .where(
                ProductChange.product_id == product.woo_id,
                ProductChange.field == "stock_status",
                ProductChange.became == "outofstock",
                ProductChange.seen_at > day.now - settings.interest.look_back,
            )
            .scalar()
        )
        Stir.insert(
            product_id=product.parent_id or product.woo_id,
            variation_id=product.woo_id if product.parent_id else 0,
            price=product.price,
            sold_out_at=gone if not isinstance(gone, str) else Stir.sold_out_at.python_value(gone),
        ).execute()
    offers = usable_offers(settings, day.currency, campaigns, now=day.now)
    new = NewProducts(day.now) if "new_arrivals" in campaigns else None
    asked = Asked(
        LeftOut.from_settings(settings),
        day.now - settings.interest.look_back,
        articles(),
    )
    # a product that is in stock, it says, while none of its variations is
    nowhere_to_buy = {
        one.article_id: 0 for one in asked.articles.values() if one.units_of_product == 0
    }
    people = gather(range(1, PEOPLE + 1), asked)
    if new is not None:
        people = with_news([*people.values()], new, day.now - settings.audience.inactive_after)
    Stir.drop_table()
    chosen, tally = {}, Counter[Why]()
    for contact, known in people.items():
        decision = choose(
            known.person,
            offers,
            audience=audience_of(settings),
            caps=Caps(settings.limits.per_7_days, settings.limits.per_30_days),
            now=day.now,
            today=day.date,
            shelf=Shelf(nowhere_to_buy, new.since(None) if new is not None else {}),
        )
        tally[decision.why] += 1
        if decision.why is Why.CHOSEN:
            chosen[contact] = decision
    return chosen, tally


@pytest.fixture
def day(settings: Settings, database: object, now: datetime) -> Day:
    open_shop(country="US", zone="America/New_York", currency="USD")
    approve_templates(settings, now)
    return Day.at(now)


CASES = [
    EVERYTHING,
    ALERTS,
    ("back_in_stock",),
    ("price_drop", "we_miss_you"),
    ("loyalty_reward",),
    ("new_arrivals",),
    ("loyalty_reward", "new_arrivals"),
]


@pytest.mark.parametrize(
    "seed", [0, 1, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(2, 12))]
)
@pytest.mark.parametrize("names", CASES)
def test_the_sets_choose_whom_the_rules_choose(
    settings: Settings, day: Day, seed: int, names: tuple[str, ...]
) -> None:
    Town(seed, day.now).build()
    Product.update(stock_quantity=None).execute()  # waves have tests of their own
    own = settings_of(settings, tuple(names))
    for campaigns in (EVERYTHING, ALERTS):
        chosen, _ = planned(own, day, tuple(campaigns))
        wanted, _ = asked_one_by_one(own, day, tuple(campaigns))
        assert chosen == wanted


@pytest.mark.parametrize("seed", [0, *(pytest.param(n, marks=pytest.mark.long) for n in (1, 2))])
@pytest.mark.parametrize("place", range(5))
def test_wherever_new_products_stand_in_the_order_of_preference(
    settings: Settings, day: Day, seed: int, place: int
) -> None:
    """What is new to somebody is looked up late: never too late for the campaign that comes first."""
    Town(seed, day.now).build()
    Product.update(stock_quantity=None).execute()
    order = [name for name in settings.priority if name != "new_arrivals"]
    order.insert(place, "new_arrivals")
    own = replace(settings_of(settings, EVERYTHING), priority=order)
    chosen, _ = planned(own, day, EVERYTHING)
    wanted, _ = asked_one_by_one(own, day, EVERYTHING)
    assert chosen == wanted
    heard = any(one.campaign == "new_arrivals" for one in chosen.values())
    assert heard is (place < order.index("we_miss_you"))


def test_where_nobody_waits_for_what_moved_the_reasons_are_those_of_the_rules(
    settings: Settings, day: Day
) -> None:
    """People who looked at things that are neither back nor cheaper for anybody who may be written to."""
    Town(3, day.now).build()
    Product.update(price=100_000, stock_quantity=None).execute()
    ProductChange.delete().execute()
    Interest.update(stock_status="instock").execute()
    own = settings_of(settings, EVERYTHING)
    chosen, _ = planned(own, day, EVERYTHING)
    wanted, _ = asked_one_by_one(own, day, EVERYTHING)
    assert chosen == wanted
    assert chosen
    assert not {one.campaign for one in chosen.values()} & set(ALERTS)


@pytest.mark.parametrize("first", ["new_arrivals", "back_in_stock"])
def test_who_stands_in_a_queue_hears_what_is_preferred(
    settings: Settings, day: Day, first: str
) -> None:
    town = Town(0, day.now)
    ago = {number: day.now - timedelta(days=days) for number, days in ((1, 300), (2, 1))}
    for number, created_at in ago.items():  # one that is back, and one that is new
        town.product(number, 0)
        Product.update(
            status="publish", visibility="visible", price=500, stock_status="instock",
            stock_quantity=None, categories=[1], created_at=created_at,
        ).where(Product.woo_id == number).execute()  # fmt: skip
    ProductChange.delete().execute()
    Contact.insert(
        id=1, phone="+12025550101", region="US", marketing="yes", created_at=day.now
    ).execute()
    History.insert(contact_id=1, last_order_at=ago[1], bought=1, spent=100, last_bought=1).execute()
    Taste.insert(contact_id=1, category_id=1, bought=1).execute()
    at = day.now - timedelta(days=10)
    row = {"contact_id": 1, "product_id": 1, "variation_id": 0, "kind": "wishlist", "price": 500,
           "stock_status": "outofstock", "first_at": at, "seen_at": at, "source": "events"}  # fmt: skip
    Interest.write_each([row], lambda insert: insert)
    order = [first, *(name for name in settings.priority if name != first)]
    own = replace(settings_of(settings, EVERYTHING), priority=order)
    chosen, _ = planned(own, day, EVERYTHING)
    assert {who: one.campaign for who, one in chosen.items()} == {1: first}


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("names", CASES[:1] + CASES[4:])
def test_who_was_not_asked_one_by_one_has_the_reason_of_the_rules(
    settings: Settings, day: Day, seed: int, names: tuple[str, ...]
) -> None:
    Town(seed, day.now).build(interest=False)
    own = settings_of(settings, tuple(names))
    _, tally = planned(own, day, EVERYTHING)
    _, wanted = asked_one_by_one(own, day, EVERYTHING)
    assert +tally == +wanted


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("days_ago", [0, 6, 7, 29, 30])
@pytest.mark.parametrize(("per_7_days", "per_30_days"), [(1, 4), (2, 3), (2, 1)])
def test_after_a_restore_the_sets_count_everybody_once_more_as_the_rules_do(
    settings: Settings, day: Day, seed: int, days_ago: int, per_7_days: int, per_30_days: int
) -> None:
    Town(seed, day.now).build(interest=False)
    Epoch.put(restored_on=(day.date - timedelta(days=days_ago)).isoformat())
    own = settings_of(settings, EVERYTHING)
    limits = replace(own.limits, per_7_days=per_7_days, per_30_days=per_30_days)
    own = replace(own, limits=limits)
    chosen, tally = planned(own, day, EVERYTHING)
    wanted, reasons = asked_one_by_one(own, day, EVERYTHING)
    assert chosen == wanted
    assert +tally == +reasons
    # one in seven days: in this week nobody hears anything, and on the seventh day they do again
    everybody_waits = (per_7_days == 1 and days_ago < 7) or (per_30_days == 1 and days_ago < 30)
    assert bool(chosen) is not everybody_waits


def test_the_same_input_gives_the_same_plan_byte_for_byte(settings: Settings, day: Day) -> None:
    Town(1, day.now).build()
    own = settings_of(settings, EVERYTHING)

    def told() -> bytes:
        made = Plan(own, day, campaigns=EVERYTHING, beat=nothing, **endless(day))
        batches = [[repr(one) for one in batch] for batch in made.batches()]
        return repr((batches, sorted(made.tally.items(), key=str))).encode()

    assert told() == told()


@pytest.mark.parametrize("seed", range(2))
def test_more_contacts_change_nobody_elses_decision(
    settings: Settings, day: Day, seed: int
) -> None:
    Town(seed, day.now).build()
    Product.update(stock_quantity=None).execute()
    own = settings_of(settings, EVERYTHING)
    before, _ = planned(own, day, EVERYTHING)
    others = Town(seed + 100, day.now)
    for contact in range(PEOPLE + 1, PEOPLE + 60):
        others.person(contact, interest=True)
    after, _ = planned(own, day, EVERYTHING)
    assert {who: one for who, one in after.items() if who <= PEOPLE} == before


def test_a_cap_of_none_chooses_nobody(settings: Settings, day: Day) -> None:
    Town(1, day.now).build()
    own = settings_of(settings, EVERYTHING)
    own = replace(own, limits=replace(own.limits, per_30_days=0))
    assert planned(own, day, EVERYTHING) == ({}, Counter())


def test_dates_written_out_of_order_break_no_cap(settings: Settings, day: Day) -> None:
    """Fault 11: the clock of the machine was ahead once, and messages count on days to come."""
    Town(1, day.now).build(interest=False)
    ahead = (date.fromisoformat("2026-03-05")).isoformat()
    Message.update(cap_day=ahead, state="read").execute()
    own = settings_of(settings, EVERYTHING)
    chosen, _ = planned(own, day, EVERYTHING)
    written_to = {one.contact_id for one in Message.select(Message.contact_id)}
    assert not written_to & chosen.keys()


def test_no_question_is_asked_of_each_person(
    settings: Settings, day: Day, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fault 24: a plan for three times the people takes no statement more."""
    asked = Counter[int]()
    execute = SqliteDatabase.execute_sql

    def counted(self: SqliteDatabase, *args: Any, **kwargs: Any) -> Any:
        asked[size] += 1
        return execute(self, *args, **kwargs)

    town = Town(1, day.now)
    own = settings_of(settings, EVERYTHING)
    town.build(people=40)
    size = 40
    monkeypatch.setattr(SqliteDatabase, "execute_sql", counted)
    planned(own, day, EVERYTHING)
    monkeypatch.undo()
    with transaction():
        for contact in range(41, PEOPLE + 1):
            town.person(contact, interest=True)
    size = PEOPLE
    monkeypatch.setattr(SqliteDatabase, "execute_sql", counted)
    planned(own, day, EVERYTHING)
    assert asked[PEOPLE] <= asked[40] + 15  # a question or another that nobody gave reason for
