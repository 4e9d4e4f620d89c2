"""Which campaign a person gets, and why; or why none."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import Final

from agent.rules.audience import Arrival, Audience, Person, lost, reach, rested
from agent.rules.caps import Caps
from agent.rules.conditions import Condition, first_unmet
from agent.rules.interest import Wish, oldest_first
from agent.rules.reasons import Why

MOST_PRODUCTS: Final = 3  # that one message names


@dataclass(frozen=True, slots=True)
class Tier:
    """Who spent at least `spent` (minor units) gets `percent` off."""

    spent: int
    percent: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """One campaign as it may be chosen now. `off` where it cannot be, `paused` where that is why."""

    name: str
    off: bool = False
    paused: bool = False
    cooldown: timedelta = timedelta(0)
    tiers: tuple[Tier, ...] = ()  # of loyalty_reward
    more_than_percent: int = 0  # of price_drop


Arrivals = Mapping[int, Sequence[Arrival]]
"""Category -> what is new in it, newest first."""


@dataclass(frozen=True, slots=True)
class Shelf:
    """What the shop has to tell now.

    `places`: article -> how many more people may be told that it is back; those that are not there
    may be told to everybody.
    """

    places: Mapping[int, int] = field(default_factory=dict)
    arrivals: Arrivals = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Fit:
    """A campaign fits: about this wish, these new products, or with this discount."""

    percent: int = 0
    wish: Wish | None = None
    arrivals: tuple[Arrival, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """What a campaign asks of a person, beside what all of them ask. `fit` holds if all of it is met."""

    conditions: tuple[Condition, ...] = ()
    fit: Fit = Fit()


@dataclass(frozen=True, slots=True)
class Decision:
    """What one person gets. `against` has the reason of each campaign that was passed over."""

    contact_id: int
    why: Why
    campaign: str = ""
    percent: int = 0
    quiet_since: datetime | None = None  # of a campaign that wins people back
    wish: Wish | None = None
    arrivals: tuple[Arrival, ...] = ()
    against: tuple[tuple[str, Why], ...] = field(default=())


def choose(
    person: Person,
    offers: Sequence[Offer],
    *,
    audience: Audience,
    caps: Caps,
    now: datetime,
    today: date,
    shelf: Shelf = Shelf(),
) -> Decision:
    """The first offer that fits, in the order given. Silence has a reason too.

    Whom nothing of their own moves (no wish), and who is nobody to win back, is told so before how
    recently they were written to.
    """
    nobody = first_unmet(reach(person, audience))
    not_lost = first_unmet(lost(person, audience, now))
    silence = nobody or (None if person.wishes else not_lost)
    silence = silence or first_unmet(rested(person, caps, today))
    if silence is not None:
        return Decision(person.contact_id, silence)
    against: list[tuple[str, Why]] = []
    for offer in offers:
        wins_back = offer.name in WINBACKS
        objection = first_unmet(usable(offer, person, today)) or (not_lost if wins_back else None)
        if objection is None and not person.wishes:
            objection = NOTHING_SEEN.get(offer.name)
        if objection is None:
            answer = RULES[offer.name](person, offer, shelf)
            objection = first_unmet(answer.conditions)
            if objection is None:
                fit = answer.fit
                return Decision(
                    person.contact_id,
                    Why.CHOSEN,
                    offer.name,
                    fit.percent,
                    person.last_order_at if wins_back else None,
                    fit.wish,
                    fit.arrivals,
                    tuple(against),
                )
        against.append((offer.name, objection))
    return Decision(person.contact_id, not_lost or Why.NOTHING_FITS, against=tuple(against))


def everything_asked(
    person: Person,
    offer: Offer,
    *,
    audience: Audience,
    caps: Caps,
    now: datetime,
    today: date,
    shelf: Shelf = Shelf(),
) -> tuple[Condition, ...]:
    """All that `choose` asks before this person gets this offer. It is theirs if all are met, and those
    of no offer before it."""
    return (
        *reach(person, audience),
        *rested(person, caps, today),
        *usable(offer, person, today),
        *(lost(person, audience, now) if offer.name in WINBACKS else ()),
        *RULES[offer.name](person, offer, shelf).conditions,
    )


def usable(offer: Offer, person: Person, today: date) -> Iterator[Condition]:
    """May this campaign be sent to anybody like this?"""
    yield Condition(
        "on", not offer.off, Why.PAUSED if offer.paused else Why.OFF, not offer.off, True
    )
    last = dict(person.last_by_campaign).get(offer.name)
    met = last is None or today - last >= offer.cooldown
    yield Condition("cooldown", met, Why.COOLING, last, offer.cooldown)


def back_in_stock(person: Person, _: Offer, shelf: Shelf) -> Answer:
    """Something that they met sold out can be bought again, and it is their turn."""
    back = [
        wish
        for wish in oldest_first(person.wishes)
        if wish.waits and wish.article.in_stock and wish.article.for_sale
    ]
    told = next((one for one in back if shelf.places.get(one.article.article_id, 1) > 0), None)
    free = max((shelf.places.get(one.article.article_id, 1) for one in back), default=0)
    return Answer(
        (
            Condition("back", bool(back), Why.NOT_WAITING, _names(back), None),
            Condition("place", told is not None, Why.NEXT_WAVE, free, 1),
        ),
        Fit(wish=told),
    )


def price_drop(person: Person, offer: Offer, _: Shelf) -> Answer:
    """Something that they saw costs less than what they saw: the one with the largest share off."""
    less = offer.more_than_percent
    cheaper = [wish for wish in oldest_first(person.wishes) if wish.cheaper_by(less)]
    buyable = [wish for wish in cheaper if wish.article.in_stock and wish.article.for_sale]
    unbought = [wish for wish in buyable if not wish.bought_since]
    untold = [wish for wish in unbought if not wish.told_of_this_price]
    return Answer(
        (
            Condition("cheaper", bool(cheaper), Why.NOT_CHEAPER, _names(cheaper), less),
            Condition("buyable", bool(buyable), Why.NOT_CHEAPER, _names(buyable), None),
            Condition("unbought", bool(unbought), Why.NOT_CHEAPER, _names(unbought), None),
            Condition("untold", bool(untold), Why.NOT_CHEAPER, _names(untold), None),
        ),
        Fit(wish=min(untold, key=_what_is_left_of_the_price, default=None)),
    )


def _names(wishes: Iterable[Wish]) -> tuple[str, ...]:
    return tuple(wish.article.name for wish in wishes)


def _what_is_left_of_the_price(wish: Wish) -> tuple[int, datetime, int]:
    """In ten thousandths of what they saw; never a float, so that it is the same everywhere."""
    seen, now = wish.price_seen or 1, wish.article.price or 0
    return now * 10_000 // seen, wish.since, wish.article.article_id


def loyalty_reward(person: Person, offer: Offer, _: Shelf) -> Answer:
    """They have spent enough, net of what was given back, and have an e-mail for a coupon."""
    earned = [tier.percent for tier in offer.tiers if person.spent >= tier.spent]
    least = min((tier.spent for tier in offer.tiers), default=None)
    email = person.coupon_email()
    return Answer(
        (
            Condition("spent", bool(earned), Why.SPENT_LESS, person.spent, least),
            Condition("email", email != "", Why.NO_EMAIL, email, None),
        ),
        Fit(percent=max(earned, default=0)),
    )


def new_arrivals(person: Person, _: Offer, shelf: Shelf) -> Answer:
    """There is something new, since their last visit, in the categories in which they buy."""
    new = new_for(person, shelf.arrivals)
    names = tuple(one.name for one in new)
    asked = Condition("news", bool(new), Why.NOTHING_NEW, names, person.last_visit)
    return Answer((asked,), Fit(arrivals=new))


def new_for(person: Person, arrivals: Arrivals) -> tuple[Arrival, ...]:
    """What came since their last visit in their categories and they have not bought, newest first."""
    new: dict[int, Arrival] = {}
    visit = person.last_visit
    for category in person.tastes:
        found = 0
        for arrival in arrivals.get(category, ()):
            if visit is not None and arrival.published_at <= visit:
                break
            if arrival.product_id not in person.bought_products:
                new[arrival.product_id] = arrival
                found += 1
            if found == MOST_PRODUCTS:
                break
    newest = sorted(new.values(), key=lambda one: (one.published_at, one.product_id), reverse=True)
    return tuple(newest[:MOST_PRODUCTS])


def we_miss_you(_: Person, __: Offer, ___: Shelf) -> Answer:
    """Anybody who is quiet."""
    return Answer()


Rule = Callable[[Person, Offer, Shelf], Answer]

RULES: Final[Mapping[str, Rule]] = MappingProxyType(
    {
        "back_in_stock": back_in_stock,
        "price_drop": price_drop,
        "loyalty_reward": loyalty_reward,
        "new_arrivals": new_arrivals,
        "we_miss_you": we_miss_you,
    }
)
"""What each campaign asks of a person, beside what all of them ask."""

ALERTS: Final = ("back_in_stock", "price_drop")
"""About what a person looked at or wished for: decided every hour, also for people who are not quiet."""

NOTHING_SEEN: Final = MappingProxyType(
    {
        name: first_unmet(
            RULES[name](Person(contact_id=0, consent=""), Offer(name=name), Shelf()).conditions
        )
        for name in ALERTS
    }
)
"""What an alert's own rule says of somebody who saw nothing. Most people have not: it is asked once."""

WINBACKS: Final = ("loyalty_reward", "new_arrivals", "we_miss_you")
"""To win back who is quiet: decided once a day, and counted as attempts."""
