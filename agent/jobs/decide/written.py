"""What was written to some contacts, and what of it they know."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from agent.jobs.decide.day import Day
from agent.rules.selection import ALERTS
from models import Message
from models.base import among, instant, raw
from models.outbox import UNCOUNTED
from models.planning import CALLED_OFF

NO_COUPON = "no coupon"  # so the detail of a message begins whose coupon could not be had


@dataclass(frozen=True, slots=True)
class Written:
    """A message to somebody, or the attempt at one."""

    campaign: str
    day: date  # local
    moment: datetime
    state: str
    article: tuple[int, int]
    price: int | None

    @property
    def counts(self) -> bool:
        """For the caps and the cool-downs."""
        return self.state not in UNCOUNTED

    @property
    def came_to_nothing(self) -> bool:
        """Called off because the shop made no coupon: neither told nor an attempt, but to choose it again
        the next day would be in vain again."""
        return self.state in CALLED_OFF


def written_to(ids: Sequence[int]) -> dict[int, list[Written]]:
    """contact -> what was written to them, and what failed."""
    written: dict[int, list[Written]] = {}
    query = Message.select(
        Message.contact_id, Message.campaign, Message.cap_day, Message.created_at, Message.state,
        Message.product_id, Message.variation_id, Message.price,
    ).where(
        among(Message.contact_id, ids),
        Message.kind == "marketing",
        Message.state.not_in(CALLED_OFF) | Message.detail.startswith(NO_COUPON),
    )  # fmt: skip
    for contact, campaign, day, moment, state, product, variation, price in raw(query):
        article = product or 0, variation
        one = Written(campaign, date.fromisoformat(day), instant(moment), state, article, price)
        written.setdefault(contact, []).append(one)
    return written


def newest_by_campaign(written: Iterable[Written]) -> tuple[tuple[str, date], ...]:
    newest: dict[str, date] = {}
    for one in written:
        if one.counts or one.came_to_nothing:
            newest[one.campaign] = max(one.day, newest.get(one.campaign, date.min))
    return tuple(sorted(newest.items()))


@dataclass(slots=True)
class Told:
    back_at: datetime | None = None
    prices: list[tuple[datetime, int]] = field(default_factory=list)


def told_of(written: Iterable[Written], product: int, variation: int) -> Told:
    """What somebody was told of an article. What was told of the product was told of all variations,
    and the other way round."""
    told = Told()
    for one in written:
        if not one.counts or one.campaign not in ALERTS or one.article[0] != product:
            continue
        if variation and one.article[1] not in {0, variation}:
            continue
        if one.campaign == "back_in_stock":
            told.back_at = max(one.moment, told.back_at or one.moment)
        elif one.price is not None:
            told.prices.append((one.moment, one.price))
    return told


def told_of_new(written: Iterable[Written]) -> datetime | None:
    """When they last heard of new products: what was new then is not any more."""
    return max(
        (o.moment for o in written if o.counts and o.campaign == "new_arrivals"), default=None
    )


def decided_today(day: Day, contact: int | None = None) -> set[int]:
    """Who has a message of this date already, whatever became of it; of one contact, if that is all.

    One campaign a person a day: the caps may bear a second one, for which another would be found.
    """
    query = Message.select(Message.contact_id).where(
        Message.period.concat("") == day.date.isoformat(), Message.kind == "marketing"
    )  # not the column: all that was ever written on such a day would be read
    if contact is not None:
        return {one for (one,) in raw(query.where(Message.contact_id == contact))}
    since = day.midnight(days_ago=1)  # there is an index, and the zone may move
    return {one for (one,) in raw(query.where(Message.created_at >= since))}
