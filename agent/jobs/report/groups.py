"""Those who were held out beside the others: who bought, and for how much, as chance assigned them.

A person is in the group of their first message of a campaign in the time of the report, whatever became
of it. What they bought within the window after that moment counts for both groups alike, whether or
not a message is credited with it.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from peewee import JOIN, SQL, Case, fn

from agent.config import Settings
from agent.holdout_shares import EVERYTHING, Share, shares
from agent.jobs.report.counts import Period
from agent.rules.comparison import Arm, Comparison
from agent.rules.credit import earned_of
from agent.rules.holdout import OF_CAMPAIGN, OF_EVERYTHING, OF_NEITHER
from agent.rules.intervals import Sums
from agent.rules.states import State
from models import Contact, Message, Order, Statement
from models.base import instant, later_by, raw
from models.histories import GIVEN_BACK, bought
from models.outbox_indexes import WITHHELD

TREATED, CONTROL = "treated", "control"
ONE_DAY = timedelta(days=1)


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


def compare_campaigns(
    settings: Settings, period: Period, now: datetime, currency: str
) -> dict[str, Comparison]:
    """campaign -> its two groups, for those from which somebody was held out.

    They are compared since its share was last changed: see agent/holdout_shares.py.
    Of a campaign that holds nobody out any more, those count who were chosen while it did: with later ones,
    whose time to buy is not over, the messages would seem to keep people from buying.
    """
    in_force, everybody = shares(), _first_withheld(period, period.last)
    times: dict[Period, list[str]] = {}
    for name in sorted({name for name, out_of in everybody if out_of == OF_CAMPAIGN}):
        times.setdefault(_time_of(settings, period, name, in_force.get(name)), []).append(name)
    compared: dict[str, Comparison] = {}
    for then, names in times.items():
        withheld = everybody if then == period else _first_withheld(then, then.last)
        own = [name for name in names if (name, OF_CAMPAIGN) in withheld]
        compared |= {
            name: replace(one, since=then.first if then.first > period.first else None)
            for name, one in _compare(
                settings, then, now, currency, own, withheld, in_force
            ).items()
        }
    return compared


def _time_of(settings: Settings, period: Period, campaign: str, share: Share | None) -> Period:
    """The part of the time of the report in which this campaign held out what it holds out now, or in which
    it last held somebody out."""
    if _share(settings, campaign, share) is None:
        return replace(period, last=_last_held_out(period, campaign), campaign=campaign)
    return period if share is None else replace(period, first=max(period.first, share.since))


def _last_held_out(period: Period, campaign: str) -> date:
    """The last date on which somebody was held out of this campaign."""
    dates = Message.select(Message.period).where(
        WITHHELD,
        period.holds(Message),
        Message.campaign == campaign,
        Message.detail == OF_CAMPAIGN,
    )
    # not the largest: that would be looked for among all of them
    return date.fromisoformat(dates.order_by(Message.period.desc()).limit(1).scalar())


def _compare(
    settings: Settings,
    period: Period,
    now: datetime,
    currency: str,
    campaigns: list[str],
    withheld: Mapping[tuple[str, str], int],
    in_force: Mapping[str, Share],
) -> dict[str, Comparison]:
    """Of `campaigns`; `withheld` is what _first_withheld says of this time."""
    if not campaigns:
        return {}
    # whoever was chosen on that date or before has had their whole window
    ended = (now - settings.attribution.window).astimezone(period.zone).date() - ONE_DAY
    ended = min(ended, period.last)
    early = _first_withheld(period, ended)
    purses = {campaign: _Purses() for campaign in campaigns}
    for campaign, person, group, money in _bought_after(settings, period, now, campaigns, currency):
        purses[campaign].pay(group, person, money)
    compared: dict[str, Comparison] = {}
    for campaign in campaigns:
        control = withheld[campaign, OF_CAMPAIGN]
        treated = _people(campaign, period, period.last) - control - _elsewhere(withheld, campaign)
        complete = _people(campaign, period, ended) - _elsewhere(early, campaign)
        compared[campaign] = Comparison(
            purses[campaign].arm(TREATED, treated),
            purses[campaign].arm(CONTROL, control),
            _share(settings, campaign, in_force.get(campaign)),
            complete,
        )
    return compared


def _elsewhere(withheld: Mapping[tuple[str, str], int], campaign: str) -> int:
    """Who is of neither group: they hear no marketing at all, or are two who were in different ones."""
    return sum(withheld.get((campaign, why), 0) for why in (OF_EVERYTHING, OF_NEITHER))


def _share(settings: Settings, campaign: str, known: Share | None) -> float | None:
    """What it holds out, as its last run had it; None where that is nothing."""
    if campaign not in settings.campaigns:
        return None
    percent = settings.held_out_of(campaign) if known is None else known.percent
    return percent / 100 or None


def _people(campaign: str, period: Period, last: date) -> int:
    """How many people this campaign chose by the date `last`."""
    if last < period.first:
        return 0
    # by an expression, or SQLite would go by the dates and sort the people
    in_time = Message.period.concat("").between(period.first.isoformat(), last.isoformat())
    people = Message.select(Message.contact_id).where(Message.campaign == campaign, in_time)
    return int(people.distinct().count())


def _first_withheld(period: Period, last: date) -> dict[tuple[str, str], int]:
    """Those whose first message of a campaign was withheld: (campaign, out of what they are held) -> how
    many."""
    earlier = Message.alias("earlier")
    had_one = earlier.select(SQL("1")).where(
        earlier.campaign == Message.campaign,
        earlier.contact_id == Message.contact_id,
        earlier.period >= period.first.isoformat(),
        earlier.id < Message.id,
    )
    # by an expression, or SQLite would go through all that the campaign ever wrote
    of_campaign = Message.campaign.concat("") == period.campaign if period.campaign else True
    query = (
        Message.select(Message.campaign, Message.detail, fn.COUNT(SQL("*")))
        .where(
            WITHHELD,
            Message.period.between(period.first.isoformat(), last.isoformat()),
            of_campaign,
            ~fn.EXISTS(had_one),
        )
        .group_by(Message.campaign, Message.detail)
    )
    return {(campaign, detail): people for campaign, detail, people in raw(query)}


def _bought_after(
    settings: Settings, period: Period, now: datetime, campaigns: list[str], currency: str
) -> Iterator[tuple[str, int, str, int]]:
    """(campaign, person, group, what of the order counts) for each order within the window after the
    person's first message."""
    query = (
        Order.select(
            Message.id, Message.campaign, Message.contact_id, Message.created_at, Message.state,
            Message.detail, Order.created_at, *_MONEY,
        )
        .join(Message, JOIN.CROSS)  # from the orders: they are far fewer than the messages
        .where(
            Order.created_at.between(period.began, now),
            bought(settings.audience.paid_statuses),
            Message.contact_id == Order.holder_id,
            # by an expression, or SQLite would look for each campaign of each person by itself
            Message.campaign.concat("").in_(campaigns),
            Message.period.between(period.first.isoformat(), period.last.isoformat()),
            # told by the index already; a day later, because the date is the shop's
            Message.period <= later_by(Order.created_at, ONE_DAY),
            Message.created_at <= Order.created_at,
        )
    )  # fmt: skip
    firsts: dict[tuple[str, int], int] = {}
    for number, campaign, person, decided_at, state, detail, ordered_at, *money in sorted(
        raw(query)
    ):
        # whoever had an order had all of their messages before it, so the first is there as well; and an
        # order that came after several of them counts once
        if number != firsts.setdefault((campaign, person), number):
            continue
        group = _group(state, detail)
        if group and instant(ordered_at) - instant(decided_at) <= settings.attribution.window:
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
    and the others had none. Whose lot is not drawn yet do not.
    """
    share = shares().get(EVERYTHING)
    percent = settings.holdout.everything if share is None else share.percent
    since = None if share is None or share.since <= period.first else share.since
    if since is not None:
        period = replace(period, first=since)
    if not percent or period.first > period.last:
        return None
    agreed_once = Statement.select(SQL("1")).where(
        Statement.phone == Contact.phone, Statement.purpose == "marketing", Statement.says == "yes"
    )
    said_no = (
        (Contact.marketing == "no")
        & (Contact.marketing_at >= period.began)
        & fn.EXISTS(agreed_once)
    )
    held = Case(None, [(Contact.lot < percent, CONTROL)], TREATED)
    people = {TREATED: 0, CONTROL: 0}
    purses = _Purses()
    for agreed in (Contact.marketing == "yes", said_no):
        known = (agreed, Contact.lot.is_null(False))
        counts = Contact.select(held, fn.COUNT(SQL("*"))).where(*known).group_by(held)
        for group, number in raw(counts):
            people[group] += number
        paid = (
            Order.select(held, Contact.id, *_MONEY)
            .join(Contact, JOIN.CROSS)  # from the orders: they are fewer than the people
            .where(
                Order.created_at.between(period.began, now),
                bought(settings.audience.paid_statuses),
                Contact.id == Order.holder_id,
                *known,
            )
        )
        for group, person, *money in raw(paid):
            purses.pay(group, person, _counts(settings, money, currency))
    if not any(people.values()):
        return None
    return Comparison(
        purses.arm(TREATED, people[TREATED]),
        purses.arm(CONTROL, people[CONTROL]),
        percent / 100,
        complete=sum(people.values()),
        since=since,
    )
