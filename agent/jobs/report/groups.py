"""Those who were held out beside the others: who bought, and for how much, as chance assigned them.

A person is in the group of their first message of a campaign in the time of the report, whatever became
of it. What they bought within the window after that moment counts for both groups alike, whether or
not a message is credited with it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from peewee import SQL, fn

from agent.config import Settings
from agent.jobs.report.counts import Period
from agent.person_key import person_key
from agent.rules.comparison import Arm, Comparison
from agent.rules.credit import earned_of
from agent.rules.holdout import OF_CAMPAIGN, held_out_of_everything
from agent.rules.intervals import Sums
from agent.rules.states import State
from models import Contact, Message, Order, Statement
from models.base import instant, raw, stream
from models.histories import GIVEN_BACK, bought
from models.outbox import WITHHELD

TREATED, CONTROL = "treated", "control"


class _Purses:
    """What each person paid, by person and group, in the shop's money."""

    def __init__(self) -> None:
        self._paid: dict[str, dict[int, int]] = {TREATED: {}, CONTROL: {}}

    def pay(self, group: str, person: int, money: int) -> None:
        paid = self._paid[group]
        paid[person] = paid.get(person, 0) + money

    def arm(self, group: str, people: int) -> Arm:
        paid = self._paid[group].values()
        squares = sum(money * money for money in paid)
        return Arm(people, len(paid), Sums(people, sum(paid), squares))


@dataclass(frozen=True, slots=True)
class _Sizes:
    """People by group, and those of them whose window has ended."""

    treated: int
    control: int
    complete: int


def compare_campaigns(
    settings: Settings, period: Period, now: datetime, currency: str
) -> dict[str, Comparison]:
    """campaign -> its two groups, for those from which somebody was held out."""
    held = sorted(
        campaign
        for (campaign,) in raw(
            Message.select(Message.campaign).distinct().where(WITHHELD, period.holds(Message))
        )
    )
    if not held:
        return {}
    purses = {campaign: _Purses() for campaign in held}
    for campaign, person, group, money in _bought_after(settings, period, now, held, currency):
        purses[campaign].pay(group, person, money)
    compared: dict[str, Comparison] = {}
    for campaign in held:
        sizes = _sizes(period, campaign, now.astimezone(period.zone) - settings.attribution.window)
        if sizes.control:
            compared[campaign] = Comparison(
                purses[campaign].arm(TREATED, sizes.treated),
                purses[campaign].arm(CONTROL, sizes.control),
                _share(settings, campaign),
                sizes.complete,
            )
    return compared


def _share(settings: Settings, campaign: str) -> float | None:
    section = settings.campaigns.get(campaign)
    if section is None:
        return None
    percent = settings.holdout.share if section.holdout is None else section.holdout
    return percent / 100 or None


def _sizes(period: Period, campaign: str, ended: datetime) -> _Sizes:
    """`ended`: whoever was chosen on that date or before has had their whole window."""
    first, last = period.first.isoformat(), period.last.isoformat()
    everybody = _people(campaign, first, last)
    withheld = _first_withheld(campaign, first, last)
    control = withheld.get(OF_CAMPAIGN, 0)
    complete, until = 0, (ended.date() - timedelta(days=1)).isoformat()
    if until >= first:
        early = _first_withheld(campaign, first, until)
        others = sum(early.values()) - early.get(OF_CAMPAIGN, 0)
        complete = _people(campaign, first, until) - others
    return _Sizes(everybody - sum(withheld.values()), control, complete)


def _people(campaign: str, first: str, last: str) -> int:
    """How many people this campaign chose from the one date to the other."""
    # by an expression, or SQLite would go by the dates and sort the people
    in_time = Message.period.concat("").between(first, last)
    people = Message.select(Message.contact_id).where(Message.campaign == campaign, in_time)
    return int(people.distinct().count())


def _first_withheld(campaign: str, first: str, last: str) -> dict[str, int]:
    """Those whose first message of the time was withheld: out of what they are held -> how many."""
    earlier = Message.alias("earlier")
    had_one = earlier.select(SQL("1")).where(
        earlier.campaign == Message.campaign,
        earlier.contact_id == Message.contact_id,
        earlier.period >= first,
        earlier.id < Message.id,
    )
    query = (
        Message.select(Message.detail, fn.COUNT(SQL("*")))
        .where(
            WITHHELD,
            Message.period.between(first, last),
            Message.campaign == campaign,
            ~fn.EXISTS(had_one),
        )
        .group_by(Message.detail)
    )
    return dict(raw(query))


def _bought_after(
    settings: Settings, period: Period, now: datetime, campaigns: list[str], currency: str
) -> Iterator[tuple[str, int, str, int]]:
    """(campaign, person, group, what of the order counts) for each order within the window after the
    person's first message."""
    # by an expression, or SQLite would go by the dates of the messages: orders are far fewer
    dates = period.first.isoformat(), period.last.isoformat()
    in_time = Message.period.concat("").between(*dates)
    query = (
        Order.select(
            Message.campaign, Message.contact_id, Message.created_at, Message.state, Message.detail,
            Order.woo_id, Order.created_at, *_MONEY,
        )
        .join(Message, on=(Message.contact_id == Order.holder_id))
        .where(
            Order.created_at.between(period.began, now),
            bought(settings.audience.paid_statuses),
            Message.campaign.in_(campaigns),
            in_time,
            Message.created_at <= Order.created_at,
        )
        .order_by(Message.id)
    )  # fmt: skip
    groups: dict[tuple[str, int], tuple[datetime, str]] = {}
    for campaign, person, decided_at, state, detail, _, ordered_at, *money in raw(query):
        key = campaign, person
        if (
            key not in groups
        ):  # the first that there is of them: whoever had an order had all of them
            groups[key] = instant(decided_at), _group(state, detail)
        began, group = groups[key]
        if group and instant(ordered_at) - began <= settings.attribution.window:
            yield campaign, person, group, _counts(settings, money, currency)


def _group(state: str, detail: str) -> str:
    if state != State.WITHHELD:
        return TREATED
    return CONTROL if detail == OF_CAMPAIGN else ""


_MONEY = (Order.currency, Order.total, GIVEN_BACK, Order.tax, Order.shipping)


def _counts(settings: Settings, money: Iterable[Any], currency: str) -> int:
    """What of an order counts as revenue; nothing in other currencies than the shop's."""
    in_currency, total, given_back, tax, shipping = money
    if in_currency != currency:
        return 0
    counts = settings.attribution
    return earned_of(
        total,
        given_back,
        tax=tax,
        shipping=shipping,
        with_tax=counts.tax,
        with_shipping=counts.shipping,
    )


def compare_everything(
    settings: Settings, period: Period, now: datetime, currency: str
) -> Comparison | None:
    """The people who hear no marketing at all, and all others who agreed to it; None while everybody
    may hear it, or nobody wants to.

    Who said no in the time of the report had agreed before, so they count: messages make people say no,
    and the others had none.
    """
    percent = settings.holdout.everything
    if not percent:
        return None
    key = person_key()
    agreed_once = Statement.select(SQL("1")).where(
        Statement.phone == Contact.phone, Statement.purpose == "marketing", Statement.says == "yes"
    )
    said_no = (
        (Contact.marketing == "no")
        & (Contact.marketing_at >= period.began)
        & fn.EXISTS(agreed_once)
    )
    agreed = (Contact.marketing == "yes") | said_no
    people = {TREATED: 0, CONTROL: 0}
    for (phone,) in stream(Contact.select(Contact.phone).where(agreed)):
        people[CONTROL if held_out_of_everything(key, phone, percent) else TREATED] += 1
    if not any(people.values()):
        return None
    purses = _Purses()
    query = (
        Order.select(Contact.id, Contact.phone, *_MONEY)
        .join(Contact, on=(Contact.id == Order.holder_id))
        .where(
            Order.created_at.between(period.began, now),
            bought(settings.audience.paid_statuses),
            agreed,
        )
    )
    for person, phone, *money in stream(query):
        held = held_out_of_everything(key, phone, percent)
        purses.pay(CONTROL if held else TREATED, person, _counts(settings, money, currency))
    return Comparison(
        purses.arm(TREATED, people[TREATED]),
        purses.arm(CONTROL, people[CONTROL]),
        percent / 100,
        complete=sum(people.values()),
    )
