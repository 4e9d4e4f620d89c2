"""A shop's whole life in a database, for the benchmarks: N contacts and what comes with them.

    with populated(tmp_path / "winback.db", 100_000, now) as population:
        decide(...)

N contacts, 3N orders with 6N lines, 5N views, N messages; 10,000 products, some with variations, in 200
categories. Skewed as shops are: a few products sell most, a few people buy most and a fifth never
bought, orders lie together as they came in, and what is bought together is alike. There are guests,
refunds, failed orders, people who changed numbers, two tills, products that came back or got cheaper.

Written by SQL of its own, without a thought of the jobs: only what is worked out (holders, histories and
tastes, and what was looked at) is worked out by the real code, as at a first fill.
"""

from __future__ import annotations

import time
from bisect import bisect
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import accumulate
from random import Random
from typing import TYPE_CHECKING, Any

from models import TABLES, CampaignStanding, Cursor, Interest, ShopFact
from models.base import close_database, database, migrate, open_database
from models.refresh import refresh

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from datetime import datetime
    from pathlib import Path

ORDERS_EACH, LINES_AN_ORDER, VIEWS_EACH, MESSAGES_EACH = 3, 2, 5, 1
PRODUCTS, CATEGORIES = 10_000, 200
FIRST_VARIATION = 100_001  # its product is (number - FIRST_VARIATION) // 2 + 1
VARIABLE = 7  # every so many products have two variations
LIFE = timedelta(days=3 * 365)
VIEWS_KEPT = timedelta(days=90)
CURRENCY, PAID = "BRL", ("processing", "completed")
TILLS = (1, 2)  # accounts; those of people are their contact's number and these
NUMBER_MOVED = 50  # every so many people ordered under another number before
FACTS = {
    "zone": "America/Sao_Paulo",
    "currency": CURRENCY,
    "country": "BR",
    "order_statuses": "pending processing on-hold completed cancelled refunded failed",
    "name": "Example",
    "url": "https://shop.example",
    "locale": "pt_BR",
}


@dataclass(frozen=True, slots=True)
class Population:
    """What was written, and how many seconds each part of it took."""

    contacts: int
    now: datetime
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def orders(self) -> int:
        return self.contacts * ORDERS_EACH

    @property
    def lines(self) -> int:
        return self.orders * LINES_AN_ORDER

    @property
    def views(self) -> int:
        return self.contacts * VIEWS_EACH


@contextmanager
def populated(
    path: Path, contacts: int, now: datetime, *, worked_out: bool = True, seed: int = 7
) -> Iterator[Population]:
    """An open database of so many contacts; the same seed gives the same rows.

    Without `worked_out` holders, histories and tastes are left to the caller. What goes with what, and
    bestsellers, always are: `count_companions` of agent.jobs.companions works off the marks.
    """
    open_database(path)
    try:
        migrate()
        population = Population(contacts, now)
        _Writer(population, Random(seed)).write()
        Interest.sum_up()
        if worked_out:
            begun = time.perf_counter()
            refresh(PAID, CURRENCY)
            population.seconds["worked out"] = time.perf_counter() - begun
        yield population
    finally:
        close_database()


class _Writer:
    def __init__(self, population: Population, random: Random) -> None:
        self.population, self.random = population, random
        self.now = population.now
        self.people = population.contacts
        # a date costs more than a row: each is written once, by the hour
        hours = round(LIFE / timedelta(hours=1))
        self.hours = [_text(self.now - timedelta(hours=hour)) for hour in range(hours + 1)]
        self.prices = [self.random.randrange(1_000, 60_000, 10) for _ in range(PRODUCTS + 1)]
        sales = accumulate(1 / (rank + 20) for rank in range(PRODUCTS))
        self.sales = list(sales)  # the first products sell most
        self.cheaper = set(range(1, PRODUCTS, 60))
        self.back = set(range(30, PRODUCTS, 120))

    def write(self) -> None:
        ShopFact.put(FACTS)
        Cursor.insert(name="orders", since=self.now, polled_at=self.now).execute()
        for campaign in (
            "we_miss_you",
            "loyalty_reward",
            "new_arrivals",
            "back_in_stock",
            "price_drop",
        ):
            CampaignStanding.put(campaign, "", self.now)
        parts: list[tuple[str, str, Callable[[], Iterable[tuple[Any, ...]]]]] = [
            ("category", "woo_id parent_id name slug read_at", self.categories),
            (
                "product",
                "woo_id parent_id name sku type status visibility price regular_price stock_status "
                "stock_quantity permalink categories created_at modified_at read_at",
                self.products,
            ),
            ("product_change", "product_id field was became seen_at means", self.changes),
            (
                "contact",
                "id phone region zones first_name last_name email named_at marketing marketing_at "
                "created_at language",
                self.contacts,
            ),
            ("identity", "kind value contact_id seen_at", self.identities),
            (
                "shop_order",
                "woo_id number status currency total tax shipping customer_id contact_id email phone "
                "country first_name last_name consent consent_rule created_at paid_at modified_at "
                "lines_at coupons read_at language",
                self.orders,
            ),
            (
                "order_line",
                "woo_id order_id product_id variation_id name quantity total",
                self.lines,
            ),
            ("refund", "woo_id order_id amount created_at read_at", self.refunds),
            (
                "interest",
                "contact_id product_id variation_id kind price stock_status first_at seen_at source",
                self.views,
            ),
            (
                "message",
                "uid contact_id campaign subject period kind priority state reason template language "
                "variables cap_day from_backlog attempts created_at not_before expires_at accepted_at "
                "sent_at delivered_at read_at ended_at wamid detail variation_id about",
                self.messages,
            ),
        ]
        with _in_a_hurry():
            for table, columns, rows in parts:
                begun = time.perf_counter()
                _fill(table, columns.split(), rows())
                self.population.seconds[table] = time.perf_counter() - begun

    # who and what, at random

    def person(self) -> int:
        """Half of all orders come from a quarter of the people; strewn over the numbers."""
        rank = int(self.people * self.random.random() ** 2)
        return rank * 7919 % self.people + 1

    def product(self) -> int:
        return bisect(self.sales, self.random.random() * self.sales[-1]) + 1

    def like(self, product: int) -> int:
        """What is bought with it: half of the time its neighbours in the list."""
        if self.random.random() < 0.5:
            return self.product()
        return (product + self.random.randint(1, 12)) % PRODUCTS + 1

    def hours_ago(self, most: timedelta) -> str:
        return self.hours[int(self.random.random() * most.total_seconds() / 3600)]

    # rows

    def categories(self) -> Iterator[tuple[Any, ...]]:
        for number in range(1, CATEGORIES + 1):
            yield number, 0, f"Category {number}", f"category-{number}", self.hours[0]

    def products(self) -> Iterator[tuple[Any, ...]]:
        for number in range(1, PRODUCTS + 1):
            own = number % CATEGORIES + 1
            both = [own, own // 10 + 1] if number % 3 == 0 else [own]
            variable = number % VARIABLE == 0
            sold_out = self.random.random() < 0.1 and number not in self.back
            yield self._article(number, 0, "variable" if variable else "simple", sold_out, both)
            for place in (0, 1) if variable else ():
                variation = FIRST_VARIATION + (number - 1) * 2 + place
                yield self._article(variation, number, "variation", sold_out, [])

    def _article(
        self, number: int, parent: int, kind: str, sold_out: bool, categories: list[int]
    ) -> tuple[Any, ...]:
        whole = self.prices[parent or number]
        price = whole * 8 // 10 if (parent or number) in self.cheaper else whole
        old = self.hours[self.random.randrange(24, len(self.hours))]
        return (
            number, parent, f"Product {parent or number}", f"SKU-{number}", kind, "publish",
            "visible" if self.random.random() < 0.97 else "hidden", price, whole,
            "outofstock" if sold_out else "instock", 0 if sold_out else self.random.randint(1, 200),
            f"https://shop.example/product/{number}", str(categories), old, old, self.hours[0],
        )  # fmt: skip

    def changes(self) -> Iterator[tuple[Any, ...]]:
        for number in sorted(self.cheaper):
            whole = self.prices[number]
            yield number, "price", str(whole), str(whole * 8 // 10), self.hours[20], "poll"
        for number in sorted(self.back):
            yield number, "stock_status", "instock", "outofstock", self.hours[24 * 20], "poll"
            yield number, "stock_status", "outofstock", "instock", self.hours[10], "poll"

    def contacts(self) -> Iterator[tuple[Any, ...]]:
        for number in range(1, self.people + 1):
            agreed = "yes" if self.random.random() < 0.6 else ""
            yield (
                number, f"+55119{number:08}", "BR", "America/Sao_Paulo", "Ana", "Exemplo",
                f"ana{number}@example.com", self.hours[0], agreed, self.hours[-1] if agreed else None,
                self.hours[-1], "pt_BR",
            )  # fmt: skip

    def identities(self) -> Iterator[tuple[Any, ...]]:
        for number in range(1, self.people + 1):
            if _has_account(number):
                yield "customer", str(number + len(TILLS)), number, self.hours[0]
            yield "email", f"ana{number}@example.com", number, self.hours[0]
        for till in TILLS:
            yield "customer", str(till), till, self.hours[0]

    def orders(self) -> Iterator[tuple[Any, ...]]:
        random, hours = self.random, len(self.hours) - 1
        for number in range(1, self.population.orders + 1):
            person = self.person()
            contact: int | None = person
            # the shop grew: more orders of late
            when = self.hours[round(hours * (1 - (number / self.population.orders) ** 0.6))]
            account, email = 0, f"ana{person}@example.com"
            if _has_account(person):
                account = person + len(TILLS)
                if person % NUMBER_MOVED == 0 and random.random() < 0.5:
                    contact = person - 1  # the number that they had then
            chance = random.random()
            if chance < 0.01:
                account, email = TILLS[number % len(TILLS)], ""
            elif chance < 0.04:
                contact = None
            elif chance < 0.06:
                email = f"other{person}@example.com"
            status = random.choices(_STATUSES, _SHARES)[0]
            paid = when if status in _PAID_ONCE else None
            yield (
                number, str(number), status, CURRENCY, random.randrange(2_000, 80_000), 0, 1_500,
                account, contact, email, f"119{person:08}", "BR", "Ana", "Exemplo", "", "",
                when, paid, when, self.hours[0], "[]", self.hours[0], "pt_BR",
            )  # fmt: skip

    def lines(self) -> Iterator[tuple[Any, ...]]:
        number = 0
        for order in range(1, self.population.orders + 1):
            product = self.product()
            for _ in range(1 + order * 2 % 3):  # one, two or three
                number += 1
                yield (
                    number, order, product, self._variation(product), f"Product {product}",
                    1 + order % 2, self.prices[product],
                )  # fmt: skip
                product = self.like(product)

    def _variation(self, product: int) -> int:
        if product % VARIABLE:
            return 0
        return FIRST_VARIATION + (product - 1) * 2 + self.random.randint(0, 1)

    def refunds(self) -> Iterator[tuple[Any, ...]]:
        first = self.population.orders + 1
        for place, order in enumerate(range(25, self.population.orders + 1, 25)):
            yield first + place, order, 1_000, self.hours[0], self.hours[0]

    def views(self) -> Iterator[tuple[Any, ...]]:
        random = self.random
        for place in range(self.population.views):
            product = self.product()
            price = self.prices[product]
            # no two views of one person and hour are the same
            seen = f"{self.hours_ago(VIEWS_KEPT)[:-6]}{place % 1_000_000:06}"
            status = "outofstock" if product in self.back and random.random() < 0.5 else "instock"
            yield (
self.person(), product, self._variation(product), "view", price, status, seen, seen,
                "bridge",
            )  # fmt: skip

    def messages(self) -> Iterator[tuple[Any, ...]]:
        random = self.random
        for number in range(1, self.people * MESSAGES_EACH + 1):
            person = self.person()
            when = self.hours_ago(timedelta(days=365))
            day = when[:10]
            state = "read" if random.random() < 0.6 else random.choice(_ENDS)
            went = when if state in ("read", "delivered") else None
            campaign = random.choice(
                ("we_miss_you", "loyalty_reward", "price_drop", "new_arrivals")
            )
            yield (
                f"uid-{number}", person, campaign, f"{number}", day, "marketing", 0, state,
                "quiet for 80 days", campaign, "pt_BR", "{}", day, 1, 1, when, when, when,
                went, went, went, went, when, f"wamid.{number}" if went else None, "", 0, "{}",
            )  # fmt: skip


_STATUSES = ("completed", "processing", "cancelled", "failed", "refunded", "pending")
_SHARES = (88, 3, 3, 3, 2, 1)
_PAID_ONCE = {"completed", "processing", "refunded"}
_ENDS = ("delivered", "failed", "cancelled", "expired", "abandoned")


def _has_account(person: int) -> bool:
    return person % 10 < 7


def _text(moment: datetime) -> str:
    """As the tables have it."""
    return moment.strftime("%Y-%m-%d %H:%M:%S.%f")


def _defaults(table: str, given: Sequence[str]) -> dict[str, Any]:
    """Column -> value of those that the models fill by themselves."""
    [model] = [one for one in TABLES if one._meta.table_name == table]
    return {
        field.column_name: field.db_value(value() if callable(value) else value)
        for field, value in model._meta.defaults.items()
        if field.column_name not in given
    }


def _fill(table: str, columns: list[str], rows: Iterable[tuple[Any, ...]]) -> None:
    """Indexes are made at the end: row by row they take several times as long."""
    connection = database.connection()
    indexes = connection.execute(
        "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = ? AND sql NOT NULL",
        (table,),
    ).fetchall()
    for name, _ in indexes:
        connection.execute(f'DROP INDEX "{name}"')
    rest = _defaults(table, columns)
    names, marks = [*columns, *rest], ["?"] * len(columns) + ["?"] * len(rest)
    sql = f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join(marks)})"
    with database.atomic():
        connection.executemany(sql, ((*row, *rest.values()) for row in rows))
    for _, sql in indexes:
        connection.execute(sql)


@contextmanager
def _in_a_hurry() -> Iterator[None]:
    """Nothing is lost where the machine stops: the file is made anew then."""
    hurried = {"synchronous": 0, "cache_size": -200_000, "temp_store": 1}
    before = {name: database.execute_sql(f"PRAGMA {name}").fetchone()[0] for name in hurried}
    _set(hurried)
    yield
    _set(before)
    database.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)")


def _set(pragmas: dict[str, int]) -> None:
    for name, value in pragmas.items():
        database.execute_sql(f"PRAGMA {name} = {value}")
