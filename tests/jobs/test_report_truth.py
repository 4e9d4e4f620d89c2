"""All that the report says, beside what plain Python makes of the same small world from its own notes.

The world keeps its notes apart from the database: who got what and when, what WhatsApp told, who ordered, what
was given back. Only then the jobs run, and the two are compared figure by figure.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from jobs_stage import (
    DAY,
    add_contact,
    add_message,
    file_orders,
    file_refunds,
    nothing,
    open_shop,
    order_json,
)

from agent.config import Settings
from agent.jobs.attribute import attribute
from agent.jobs.report import Report, report
from agent.rules.credit import View
from agent.rules.holdout import OF_CAMPAIGN, OF_EVERYTHING
from models import Coupon, Order

ZONE = ZoneInfo("Europe/Lisbon")
CAMPAIGNS = ("we_miss_you", "new_arrivals", "loyalty_reward")
TOOK = {"accepted", "held", "sent", "delivered", "read", "undelivered"}
STATES = (
    *TOOK, "read", "delivered", "queued", "claimed", "unsure", "abandoned", "failed", "refused",
    "cancelled", "expired", "withheld", "withheld",
)  # fmt: skip
BUDGET = """[budget]
currency = "BRL"
prices = [
  {since = "2026-01-01", country = "US", category = "marketing", price = "0.10"},
  {since = "2026-02-20", country = "US", category = "marketing", price = "0.25"},
  {since = "2026-01-01", country = "*", category = "utility", price = "0.01"},
]

[holdout]
everything = 0
share = 20"""
WINDOW = 30 * DAY


@dataclass
class Sent:
    """A note of a message."""

    number: int
    person: int
    campaign: str
    template: str
    language: str
    country: str
    state: str
    detail: str
    decided: datetime
    taken: datetime | None
    charged: str
    did: tuple[bool, bool, bool]  # clicked, replied, stopped
    code: int | None
    coupon: str = ""

    @property
    def day(self) -> date:
        return self.decided.astimezone(ZONE).date()


@dataclass
class Bought:
    """A note of an order."""

    number: int
    person: int
    at: datetime
    currency: str
    total: int
    tax: int
    shipping: int
    status: str
    paid: bool
    coupon: str = ""
    given_back: int = 0

    @property
    def counts(self) -> bool:
        dead = {"cancelled", "failed", "refunded", "trash"}
        return (
            (self.paid or self.status in {"completed", "processing"})
            and self.status not in dead
            and (self.total == 0 or self.total > self.given_back)
        )

    @property
    def earned(self) -> int:
        """Without tax and shipping, and of that the share that is left; half a cent up."""
        if not self.total or self.given_back >= self.total:
            return 0
        own = Fraction(self.total - self.tax - self.shipping)
        left = own * (self.total - self.given_back) / self.total
        return max(int(left + Fraction(1, 2)), 0)


@dataclass
class Notes:
    """All that happened."""

    messages: list[Sent] = field(default_factory=list)
    orders: list[Bought] = field(default_factory=list)

    def credited(self, order: Bought) -> tuple[Sent, Sent, bool] | None:
        """(last, first, by coupon): which messages have the order."""
        if not order.counts:
            return None
        taken = [one for one in self.messages if one.state in TOOK and one.taken]
        used = [one for one in taken if order.coupon and one.coupon == order.coupon]
        person = used[0].person if used else order.person
        before = sorted(
            (
                one
                for one in taken
                if one.person == person
                and one.taken
                and one.taken <= order.at <= one.taken + WINDOW
            ),
            key=lambda one: (one.taken, one.number),
        )
        if used:
            return used[0], (before or used)[0], True
        return (before[-1], before[0], False) if before else None


def make(random: Random, settings: Settings, now: datetime) -> Notes:
    """Forty people, some hundred messages, as many orders; written down twice: here, and in the tables."""
    notes = Notes()
    people = [add_contact(f"+120255501{n:02}", now - 300 * DAY) for n in range(40)]
    phones = {person: f"202-555-01{n:02}" for n, person in enumerate(people)}
    for number in range(160):
        state = random.choice(STATES)
        decided = now - timedelta(minutes=random.randrange(60 * 24 * 45))
        taken = decided + timedelta(minutes=random.choice((1, 90, 3_000)))
        one = Sent(
            number, random.choice(people), random.choice(CAMPAIGNS), random.choice("ab"),
            random.choice(("en", "es")), random.choice(("US", "US", "BR")), state,
            random.choice((OF_CAMPAIGN, OF_EVERYTHING)) if state == "withheld" else "",
            decided, min(taken, now) if state in TOOK else None,
            random.choice(("", "", "free", "marketing", "marketing_lite", "utility"))
            if state in TOOK else "",
            (random.random() < 0.3, random.random() < 0.2, random.random() < 0.1)
            if state in TOOK else (False, False, False),
            random.choice((None, 131049, 131026)) if state in {"failed", "refused"} else None,
            f"WB{number:03}" if state != "withheld" and random.random() < 0.3 else "",
        )  # fmt: skip
        notes.messages.append(one)
    notes.messages.sort(key=lambda one: one.decided)
    for number, one in enumerate(notes.messages):
        one.number = number
        clicked, replied, stopped = one.did
        add_message(
            one.person, one.decided, uid=f"m{number}", subject=f"{number}", campaign=one.campaign,
            template=one.template, language=one.language, country=one.country, state=one.state,
            detail=one.detail, period=one.day.isoformat(), cap_day=one.day.isoformat(),
            accepted_at=one.taken, charged=one.charged, clicked=clicked, replied=replied,
            stopped=stopped, code=one.code,
        )  # fmt: skip
        if one.coupon:
            Coupon.put([{
                "code": one.coupon, "message_uid": f"m{number}", "email": "ana@example.com",
                "percent": 15, "expires_at": now,
            }])  # fmt: skip
    codes = [one.coupon for one in notes.messages if one.coupon]
    for number in range(1, 161):
        total = random.choice((0, 999, 10_000, 33_333))
        status = random.choice(("completed", "processing", "on-hold", "cancelled", "refunded"))
        order = Bought(
            number, random.choice(people),
            (now - timedelta(minutes=random.randrange(60 * 24 * 60))).replace(second=0),
            random.choice(("BRL", "BRL", "USD")), total, total // 5, min(total // 10, 500), status,
            random.random() < 0.8, random.choice(codes) if random.random() < 0.2 else "",
            random.choice((0, 0, total // 3, total, total + 5)),
        )  # fmt: skip
        notes.orders.append(order)
        row = order_json(
            number, order.at, phones[order.person], currency=order.currency, status=status,
            total=cents(total), total_tax=cents(order.tax), shipping_total=cents(order.shipping),
        )  # fmt: skip
        file_orders(settings, now, row if order.paid else row | {"date_paid_gmt": None})
        if order.given_back:
            file_refunds(settings, now, (1_000 + number, number, cents(order.given_back)))
        if order.coupon:
            used = [order.coupon.lower()]
            Order.update(coupons=used).where(Order.woo_id == number).execute()
    attribute(settings, beat=nothing)
    return notes


def cents(minor: int) -> str:
    return f"{Decimal(minor) / 100:.2f}"


def price(one: Sent) -> Decimal | None:
    may_have_cost = {"accepted", "sent", "delivered", "read", "unsure", "abandoned"}
    if one.state not in may_have_cost or one.charged == "free":
        return Decimal(0)
    if one.charged == "utility":
        return Decimal("0.01")
    if one.country != "US":
        return None
    return Decimal("0.25" if one.day >= date(2026, 2, 20) else "0.10")


def check_line(
    told: Report, notes: Notes, campaign: str, inside: Callable[[Sent], bool], view: View
) -> None:
    """One campaign's figures, each counted from the notes."""
    own = [one for one in notes.messages if one.campaign == campaign and inside(one)]
    lines = {line.campaign: line for line in told.lines}
    if not own:
        assert campaign not in lines
        return
    figures = lines[campaign].figures

    def count(*states: str) -> int:
        return sum(one.state in states for one in own)

    assert figures.chosen == len(own)
    assert figures.withheld == count("withheld")
    assert figures.waiting == count("queued", "claimed")
    assert figures.sent == count(*TOOK)
    assert figures.delivered == count("delivered", "read")
    assert figures.opened == count("read")
    assert figures.failed == count("failed", "refused", "undelivered")
    assert figures.dropped == count("cancelled", "expired")
    assert figures.unknown == count("unsure", "abandoned")
    assert (figures.clicked, figures.replied, figures.opt_outs) == tuple(
        sum(one.did[n] for one in own) for n in range(3)
    )
    prices = [price(one) for one in own]
    assert figures.unpriced == prices.count(None)
    assert figures.cost == sum((one for one in prices if one is not None), Decimal(0))
    orders, revenue, converted = Counter[str](), Counter[str](), set()
    for order in notes.orders:
        credit = notes.credited(order)
        if credit is None or (view is View.COUPON and not credit[2]):
            continue
        message = credit[1] if view is View.FIRST else credit[0]
        if message in own:
            orders[order.currency] += 1
            revenue[order.currency] += order.earned
            converted.add(message.number)
    assert (figures.orders, figures.revenue, figures.converted) == (orders, revenue, len(converted))
    failures = Counter(one.code for one in own if one.code is not None)
    failures[None] = figures.failed - failures.total()
    told_of = {one.code: one.messages for one in told.failures if one.campaign == campaign}
    assert told_of == dict(+failures)


def check_groups(told: Report, notes: Notes, campaign: str, inside: Callable[[Sent], bool]) -> None:
    """The two groups: by a person's first message of the campaign in this time."""
    first: dict[int, Sent] = {}
    for one in notes.messages:  # in the order in which they were decided
        if one.campaign == campaign and inside(one):
            first.setdefault(one.person, one)
    groups: dict[str, list[Sent]] = {"treated": [], "control": []}
    for one in first.values():
        if one.detail != OF_EVERYTHING:
            groups["control" if one.detail == OF_CAMPAIGN else "treated"].append(one)
    if not groups["control"]:
        assert campaign not in told.compared
        return
    found = told.compared[campaign]
    for name, arm in (("treated", found.treated), ("control", found.control)):
        paid: dict[int, int] = {}
        for one in groups[name]:
            for order in notes.orders:
                in_time = one.decided <= order.at <= one.decided + WINDOW
                if order.person == one.person and order.counts and in_time:
                    money = order.earned if order.currency == "BRL" else 0
                    paid[one.person] = paid.get(one.person, 0) + money
        assert (arm.people, arm.buyers) == (len(groups[name]), len(paid)), name
        assert arm.revenue.total == sum(paid.values())
        assert arm.revenue.squares == sum(money * money for money in paid.values())


@pytest.mark.long
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("days", [1, 30, 60])
def test_the_report_is_what_happened(
    database: Path, write_settings: Callable[..., Settings], now: datetime, seed: int, days: int
) -> None:
    settings: Any = write_settings(BUDGET)
    open_shop(zone=ZONE.key, currency="BRL", country="US")
    notes = make(Random(seed), settings, now)
    today = now.astimezone(ZONE).date()

    def inside(one: Sent) -> bool:
        return today - timedelta(days=days - 1) <= one.day <= today

    for view in View:
        told = report(settings, now=now, days=days, view=view)
        for campaign in CAMPAIGNS:
            check_line(told, notes, campaign, inside, view)
            alone = report(settings, now=now, days=days, view=view, campaign=campaign)
            check_line(alone, notes, campaign, inside, view)
            check_groups(told, notes, campaign, inside)
        assert sum(one.chosen for one in told.days.values()) == sum(map(inside, notes.messages))
