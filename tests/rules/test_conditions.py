"""The list of conditions and the choice are one thing, for whoever comes."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from agent.rules.audience import Arrival, Audience, Person
from agent.rules.caps import Caps, allows, next_day
from agent.rules.conditions import ASKED
from agent.rules.consent import NO, UNSAID, YES
from agent.rules.interest import IN_STOCK, SOLD_OUT, Article, Sight, Wish
from agent.rules.reasons import Why
from agent.rules.selection import RULES, WINBACKS, Offer, Shelf, Tier, choose, everything_asked

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
TODAY = NOW.date()
DAY = timedelta(days=1)
AUDIENCE = Audience(
    inactive_after=60 * DAY,
    attempts=2,
    exclude_regions=frozenset({"US"}),
    exclude_emails=frozenset({"owner@shop.example"}),
    exclude_roles=frozenset({"wholesale"}),
)


def seldom(usual: Any, other: Any) -> st.SearchStrategy[Any]:
    """Mostly `usual`: so that many people pass one condition and meet the next."""
    return st.integers(0, 5).map(lambda number: other if number == 0 else usual)


def days_ago(most: int) -> st.SearchStrategy[datetime]:
    return st.integers(0, most).map(lambda days: NOW - days * DAY)


def dates(most: int) -> st.SearchStrategy[date]:
    return days_ago(most).map(datetime.date)


ARTICLES = st.builds(
    Article,
    article_id=st.integers(1, 3),
    product_id=st.integers(1, 3),
    name=st.sampled_from(["Shirt", "Dress", "Hat"]),
    price=st.sampled_from([None, 5_000, 8_000, 10_000]),
    in_stock=seldom(True, False),
    for_sale=seldom(True, False),
)
SIGHTS = st.builds(
    lambda kind, at, price, stock: Sight(kind, at, at, price, stock),
    st.sampled_from(["view", "wishlist", "cart"]),
    days_ago(29),
    st.sampled_from([None, 8_000, 10_000]),
    st.sampled_from([SOLD_OUT, IN_STOCK, ""]),
)
WISHES = st.builds(
    lambda article, sights, bought, back, prices: Wish(
        article=article,
        since=min(sight.first_at for sight in sights),
        sights=tuple(sights),
        bought_at=bought,
        told_back_at=back,
        told_prices=tuple((at, 5_000) for at in prices),
    ),
    ARTICLES,
    st.lists(SIGHTS, min_size=1, max_size=3),
    st.none() | days_ago(60),
    st.none() | days_ago(29),
    st.lists(days_ago(29), max_size=1),
)
PEOPLE = st.builds(
    Person,
    contact_id=st.just(1),
    consent=seldom(YES, NO) | seldom(YES, UNSAID),
    region=seldom("ES", "US"),
    emails=st.sampled_from(
        [frozenset(), frozenset({"ana@shop.example"}), frozenset({"owner@shop.example"})]
    ),
    roles=seldom(frozenset({"customer"}), frozenset({"wholesale"})),
    bought=st.integers(0, 2),
    spent=st.sampled_from([0, 49_999, 50_000, 100_000]),
    last_order_at=st.none() | days_ago(90),
    last_seen_at=st.none() | days_ago(90),
    counted_days=st.lists(dates(40), max_size=3).map(tuple),
    last_by_campaign=st.dictionaries(st.sampled_from(sorted(RULES)), dates(100), max_size=2).map(
        lambda known: tuple(known.items())
    ),
    failed_on=st.none() | dates(10),
    unreachable=seldom(False, True),
    attempts=st.integers(0, 2),
    wishes=st.lists(WISHES, max_size=3).map(tuple),
    tastes=st.frozensets(st.integers(1, 3)),
    bought_products=st.frozensets(st.integers(1, 3)),
)
OFFERS = st.permutations(sorted(RULES)).flatmap(
    lambda names: st.tuples(
        *(
            st.builds(
                Offer,
                name=st.just(name),
                off=seldom(False, True),
                paused=st.booleans(),
                cooldown=st.sampled_from([0 * DAY, 90 * DAY]),
                tiers=st.just((Tier(50_000, 15),)),
                more_than_percent=st.just(10),
            )
            for name in names
        )
    )
)
SHELVES = st.builds(
    Shelf,
    st.dictionaries(st.integers(1, 3), st.integers(0, 1)),
    st.dictionaries(
        st.integers(1, 3),
        st.builds(
            lambda number, at: [Arrival(number, f"New {number}", "", frozenset({1}), at)],
            st.integers(1, 5),
            days_ago(80),
        ),
    ),
)
CAPS = st.builds(Caps, st.integers(0, 2), st.integers(0, 4))
met: Counter[tuple[str, bool]] = Counter()


@settings(max_examples=400)
@given(PEOPLE, OFFERS, CAPS, SHELVES)
def agree(person: Person, offers: tuple[Offer, ...], caps: Caps, shelf: Shelf) -> None:
    asked: dict[str, Any] = {
        "audience": AUDIENCE, "caps": caps, "now": NOW, "today": TODAY, "shelf": shelf
    }  # fmt: skip
    decision = choose(person, offers, **asked)
    listed = {one.name: everything_asked(person, one, **asked) for one in offers}
    fitting = [name for name, conditions in listed.items() if all(one.met for one in conditions)]
    assert decision.campaign == (fitting[0] if fitting else "")
    assert (decision.why is Why.CHOSEN) == bool(fitting)
    for name, why in decision.against:  # the reason that is told is that of a condition on the list
        assert why in {one.against for one in listed[name] if not one.met}
    for conditions in listed.values():
        assert {one.name for one in conditions} <= ASKED.keys()
        met.update((one.name, one.met) for one in conditions)


def test_chosen_is_the_first_campaign_of_which_all_conditions_are_met() -> None:
    met.clear()
    agree()
    assert {
        name for name, is_met in met if is_met
    } == ASKED.keys()  # else it says less than it seems to
    assert {name for name, is_met in met if not is_met} == ASKED.keys()


@given(CAPS, st.lists(dates(60), max_size=6))
def test_the_next_day_is_the_first_on_which_the_caps_allow_one_more(
    caps: Caps, days: list[date]
) -> None:
    found = next_day(caps, days, TODAY)
    if found is None:
        assert 0 in {caps.per_7_days, caps.per_30_days}
        return
    assert allows(caps, days, found)
    assert not any(
        allows(caps, days, TODAY + number * DAY) for number in range((found - TODAY).days)
    )


def test_only_what_wins_back_asks_for_silence() -> None:
    person = Person(contact_id=1, consent=YES)
    for name in RULES:
        asked = everything_asked(
            person, Offer(name=name), audience=AUDIENCE, caps=Caps(1, 4), now=NOW, today=TODAY
        )
        assert ("quiet" in {one.name for one in asked}) == (name in WINBACKS)
