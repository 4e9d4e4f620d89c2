"""Each campaign's own rule, with its boundary on both sides."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.rules.audience import Arrival, Audience, Person
from agent.rules.caps import Caps, allows
from agent.rules.consent import NO, YES
from agent.rules.interest import IN_STOCK, SOLD_OUT, Article, Sight, Wish
from agent.rules.reasons import Why
from agent.rules.selection import (
    ALERTS,
    RULES,
    WINBACKS,
    Decision,
    Offer,
    Shelf,
    Tier,
    choose,
)

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
TODAY = NOW.date()
SECOND, DAY = timedelta(seconds=1), timedelta(days=1)
QUIET = timedelta(days=60)
AUDIENCE = Audience(inactive_after=QUIET, attempts=3)
CAPS = Caps(1, 4)
OFFERS = (
    Offer(name="back_in_stock"),
    Offer(name="price_drop", more_than_percent=10),
    Offer(name="loyalty_reward", tiers=(Tier(50_000, 15),), cooldown=90 * DAY),
    Offer(name="new_arrivals", cooldown=30 * DAY),
    Offer(name="we_miss_you"),
)
SHIRT = Article(article_id=7, product_id=7, name="Linen Shirt", price=8_000, in_stock=True, units=2)
RED_SHIRT = replace(SHIRT, article_id=71, variation_id=71)
DRESS = Article(article_id=8, product_id=8, name="Dress", price=5_000, in_stock=True, units=1)
PERSON = Person(contact_id=1, consent=YES, bought=1, spent=1_000, last_order_at=NOW - DAY)
LOST = replace(PERSON, last_order_at=NOW - QUIET)


def saw(days_ago: float, stock: str = IN_STOCK, price: int | None = 8_000) -> Sight:
    at = NOW - timedelta(days=days_ago)
    return Sight("view", at, at, price, stock)


def wish_for(article: Article, *sights: Sight) -> Wish:
    return Wish(article=article, since=min(one.first_at for one in sights), sights=sights)


WAITS = wish_for(SHIRT, saw(5, SOLD_OUT))
SAW_IT_DEARER = wish_for(DRESS, saw(5, price=10_000))


def arrival(number: int, days_ago: float, *categories: int) -> Arrival:
    return Arrival(
        number, f"New {number}", f"https://shop.example/{number}",
        frozenset(categories or (1,)), NOW - timedelta(days=days_ago),
    )  # fmt: skip


def shelf(*new: Arrival, places: dict[int, int] | None = None) -> Shelf:
    by_category: dict[int, list[Arrival]] = {}
    for one in sorted(new, key=lambda one: one.published_at, reverse=True):
        for category in one.categories:
            by_category.setdefault(category, []).append(one)
    return Shelf(places or {}, by_category)


def decide(person: Person, on: Shelf = Shelf(), *offers: Offer) -> Decision:  # noqa: B008
    return choose(
        person,
        offers or OFFERS,
        audience=AUDIENCE,
        caps=CAPS,
        now=NOW,
        today=TODAY,
        shelf=on,
    )


def against(decision: Decision, campaign: str) -> Why:
    return dict(decision.against)[campaign]


def test_every_campaign_has_its_rule_and_its_rhythm() -> None:
    assert RULES.keys() == {*ALERTS, *WINBACKS}


# back in stock


def test_who_waits_is_told_also_if_they_are_not_quiet_or_never_bought() -> None:
    for person in (PERSON, LOST, replace(PERSON, bought=0, last_order_at=None, attempts=9)):
        decision = decide(replace(person, wishes=(WAITS,)))
        assert (decision.campaign, decision.wish, decision.quiet_since) == (
            "back_in_stock", WAITS, None,
        )  # fmt: skip


@pytest.mark.parametrize(
    "article",
    [replace(SHIRT, in_stock=False), replace(SHIRT, for_sale=False)],
)
def test_what_cannot_be_bought_is_told_to_nobody(article: Article) -> None:
    """Fault 5: nothing to say is nothing to send."""
    waits = wish_for(article, saw(5, SOLD_OUT, 99_000))
    decision = decide(replace(PERSON, wishes=(waits,)))
    assert decision.why is Why.NOT_QUIET
    assert against(decision, "back_in_stock") is Why.NOT_WAITING
    assert against(decision, "price_drop") is Why.NOT_CHEAPER


def test_without_consent_no_alert_either() -> None:
    """Fault 7."""
    for consent in ("", NO):
        person = replace(PERSON, consent=consent, wishes=(WAITS, SAW_IT_DEARER))
        assert decide(person).campaign == ""


@pytest.mark.parametrize(("place", "campaign"), [(1, "back_in_stock"), (0, ""), (-1, "")])
def test_without_a_place_in_this_wave_they_wait(place: int, campaign: str) -> None:
    decision = decide(replace(PERSON, wishes=(WAITS,)), shelf(places={7: place}))
    assert decision.campaign == campaign
    if not campaign:
        assert against(decision, "back_in_stock") is Why.NEXT_WAVE


def test_the_oldest_wish_with_a_place_is_told() -> None:
    older = wish_for(DRESS, saw(9, SOLD_OUT, 5_000))
    person = replace(PERSON, wishes=(WAITS, older))
    assert decide(person).wish == older
    assert decide(person, shelf(places={8: 0, 7: 1})).wish == WAITS


def test_a_variation_is_an_article_of_its_own() -> None:
    waits = replace(WAITS, article=RED_SHIRT)
    person = replace(PERSON, wishes=(waits,))
    assert decide(person, shelf(places={7: 0})).wish == waits
    assert decide(person, shelf(places={71: 0})).campaign == ""


# price drop


def test_who_saw_it_dearer_is_told() -> None:
    decision = decide(replace(PERSON, wishes=(SAW_IT_DEARER,)))
    assert (decision.campaign, decision.wish) == ("price_drop", SAW_IT_DEARER)


@pytest.mark.parametrize(
    "change",
    [
        {"article": replace(DRESS, price=9_000)},
        {"article": replace(DRESS, in_stock=False)},
        {"article": replace(DRESS, for_sale=False)},
        {"bought_at": NOW - DAY},
        {"told_prices": ((NOW, 5_000),)},
    ],
)
def test_no_drop_for_them(change: dict[str, Any]) -> None:
    wish = replace(SAW_IT_DEARER, **change)
    decision = decide(replace(PERSON, wishes=(wish,)))
    assert against(decision, "price_drop") is Why.NOT_CHEAPER


def test_a_price_lower_still_than_what_was_told_is_told_again() -> None:
    wish = replace(SAW_IT_DEARER, told_prices=((NOW, 5_001),))
    assert decide(replace(PERSON, wishes=(wish,))).campaign == "price_drop"


def test_of_several_the_largest_share_off_is_told() -> None:
    dear = wish_for(replace(SHIRT, price=60_000), saw(9, price=100_000))
    assert decide(replace(PERSON, wishes=(dear, SAW_IT_DEARER))).wish == SAW_IT_DEARER


# new arrivals


def tasted(*categories: int, **more: Any) -> Person:
    return replace(LOST, tastes=frozenset(categories), **more)


def test_new_since_the_last_visit_in_their_categories() -> None:
    decision = decide(tasted(1), shelf(arrival(5, 3)))
    assert decision.campaign == "new_arrivals"
    assert [one.product_id for one in decision.arrivals] == [5]
    assert decision.quiet_since == LOST.last_order_at


@pytest.mark.parametrize(
    ("person", "new"),
    [
        (tasted(), arrival(5, 3)),  # categories unknown: nothing is guessed
        (tasted(2), arrival(5, 3)),
        (tasted(1), arrival(5, 60)),  # exactly as old as the last order
        (tasted(1, last_seen_at=NOW - 3 * DAY), arrival(5, 3)),
        (tasted(1, bought_products=frozenset({5})), arrival(5, 3)),
    ],
)
def test_nothing_new_for_them(person: Person, new: Arrival) -> None:
    decision = decide(person, shelf(new))
    assert decision.campaign == "we_miss_you"  # fault 15: it is reached
    assert against(decision, "new_arrivals") is Why.NOTHING_NEW


def test_a_second_after_the_last_visit_is_new() -> None:
    person = tasted(1, last_seen_at=NOW - 3 * DAY - SECOND)
    assert decide(person, shelf(arrival(5, 3))).campaign == "new_arrivals"


def test_the_newest_three_are_named_each_once() -> None:
    new = [arrival(n, n, 1, 2) for n in range(1, 6)]
    decision = decide(tasted(1, 2, bought_products=frozenset({2})), shelf(*new))
    assert [one.product_id for one in decision.arrivals] == [1, 3, 4]


def test_who_never_visited_is_no_case_but_harmless() -> None:
    person = replace(tasted(1), last_order_at=None)
    assert decide(person, shelf(arrival(5, 3))).why is Why.NEVER_BOUGHT
    fits = RULES["new_arrivals"](person, OFFERS[3], shelf(arrival(5, 3)))
    assert not isinstance(fits, Why)


# together


def test_the_first_in_the_order_of_preference_wins_and_the_others_say_why_not() -> None:
    person = replace(LOST, wishes=(SAW_IT_DEARER,), spent=50_000, emails=frozenset({"a@b.example"}))
    decision = decide(person)
    assert decision.campaign == "price_drop"
    assert decision.against == (("back_in_stock", Why.NOT_WAITING),)
    assert decide(person, Shelf(), *OFFERS[::-1]).campaign == "we_miss_you"


def test_somebody_on_loyalty_is_not_stuck_there() -> None:
    """Fault 13: the cool-down lets the next campaign have its turn."""
    person = replace(
        LOST,
        spent=90_000,
        emails=frozenset({"a@b.example"}),
        last_by_campaign=(("loyalty_reward", TODAY - 89 * DAY),),
    )
    decision = decide(person)
    assert decision.campaign == "we_miss_you"
    assert against(decision, "loyalty_reward") is Why.COOLING


def test_who_is_not_quiet_hears_why_no_campaign_wins_them_back() -> None:
    decision = decide(replace(PERSON, wishes=(WAITS,)), shelf(places={7: 0}))
    assert decision.why is Why.NOT_QUIET
    assert [against(decision, name) for name in WINBACKS] == [Why.NOT_QUIET] * 3


def test_the_cap_stands_above_an_alert_too() -> None:
    person = replace(PERSON, wishes=(WAITS,), counted_days=(TODAY - 6 * DAY,))
    assert decide(person) == Decision(1, Why.CAPPED)
    # fault 12: a run at the same time seven days later does not miss by seconds
    week = replace(person, counted_days=(TODAY - 7 * DAY,))
    assert decide(week).campaign == "back_in_stock"


@pytest.mark.parametrize(
    ("last", "quiet"),
    [
        (NOW - QUIET, True),
        (NOW - QUIET + SECOND, False),
        (datetime(2024, 2, 29, 12, tzinfo=UTC), True),
    ],
)
def test_quiet_is_counted_in_hours_also_over_a_leap_day(last: datetime, quiet: bool) -> None:
    assert (decide(replace(LOST, last_order_at=last)).why is Why.CHOSEN) is quiet


def test_sixty_days_over_a_leap_day_and_a_change_of_clocks() -> None:
    ordered = datetime(2028, 1, 30, 12, tzinfo=UTC)  # a leap day and a change of clocks in between
    for late, why in ((-SECOND, Why.NOT_QUIET), (timedelta(0), Why.CHOSEN)):
        now = ordered + QUIET + late
        assert now.date() == date(2028, 3, 30)
        person = replace(LOST, last_order_at=ordered)
        one = choose(person, OFFERS, audience=AUDIENCE, caps=CAPS, now=now, today=now.date())
        assert one.why is why


def test_the_last_visit_is_the_newest_thing_known() -> None:
    assert replace(PERSON, last_order_at=None).last_visit is None
    assert replace(LOST, last_seen_at=NOW - DAY).last_visit == NOW - DAY
    assert LOST.last_visit == NOW - QUIET


ago = st.integers(0, 90).map(lambda days: NOW - timedelta(days=days))
sights = st.builds(
    lambda at, stock, price, kind: Sight(kind, at, at, price, stock),
    ago,
    st.sampled_from([IN_STOCK, SOLD_OUT, ""]),
    st.none() | st.integers(0, 20_000),
    st.sampled_from(["view", "wishlist", "cart"]),
)
wishes = st.builds(
    Wish,
    article=st.builds(
        Article,
        article_id=st.integers(1, 4),
        product_id=st.integers(1, 4),
        price=st.none() | st.integers(0, 20_000),
        in_stock=st.booleans(),
        for_sale=st.booleans(),
        units=st.none() | st.integers(-1, 3),
        sold_out_at=st.none() | ago,
    ),
    since=ago,
    sights=st.lists(sights, min_size=1, max_size=3).map(tuple),
    bought_at=st.none() | ago,
    told_back_at=st.none() | ago,
    told_prices=st.lists(st.tuples(ago, st.integers(0, 20_000)), max_size=2).map(tuple),
)
people = st.builds(
    Person,
    contact_id=st.just(1),
    consent=st.sampled_from([YES, YES, YES, NO, ""]),
    emails=st.sampled_from([frozenset(), frozenset({"ana@example.com"})]),
    bought=st.integers(0, 2),
    spent=st.integers(0, 90_000),
    last_order_at=st.none() | ago,
    last_seen_at=st.none() | ago,
    counted_days=st.lists(
        st.integers(0, 40).map(lambda days: TODAY - timedelta(days=days)), max_size=4
    ).map(tuple),
    wishes=st.lists(wishes, max_size=3).map(tuple),
    tastes=st.frozensets(st.integers(1, 3)),
    bought_products=st.frozensets(st.integers(1, 5)),
)
shelves = st.builds(
    lambda places, new: shelf(*new, places=places),
    st.dictionaries(st.integers(1, 4), st.integers(-1, 2)),
    st.lists(
        st.builds(arrival, st.integers(1, 5), st.integers(0, 90), st.integers(1, 3)), max_size=5
    ),
)


@given(people, shelves)
def test_whatever_is_chosen_keeps_the_promises(person: Person, on: Shelf) -> None:
    decision = decide(person, on)
    assert decide(person, on) == decision
    if decision.why is not Why.CHOSEN:
        assert decision.campaign == ""
        return
    assert person.consent == YES
    assert allows(CAPS, person.counted_days, TODAY)
    passed = [name for name, _ in decision.against]
    assert [*passed, decision.campaign] == [offer.name for offer in OFFERS][: len(passed) + 1]
    if decision.campaign in ALERTS:
        assert decision.wish is not None
        assert decision.wish in person.wishes
        assert decision.wish.article.in_stock
        assert decision.wish.article.for_sale
        if decision.campaign == "back_in_stock":
            assert on.places.get(decision.wish.article.article_id, 1) > 0
    else:
        assert person.last_order_at is not None
        assert NOW - person.last_order_at >= QUIET
        assert person.bought
    if decision.campaign == "new_arrivals":
        assert 0 < len(decision.arrivals) <= 3
        for one in decision.arrivals:
            assert one.categories & person.tastes
            assert one.product_id not in person.bought_products
            assert person.last_visit is None or one.published_at > person.last_visit


@given(people, shelves, st.permutations(OFFERS))
def test_an_order_of_preference_only_decides_among_those_that_fit(
    person: Person, on: Shelf, order: list[Offer]
) -> None:
    assert bool(decide(person, on).campaign) is bool(decide(person, on, *order).campaign)
