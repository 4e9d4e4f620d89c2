"""What is new in the shop, by category; and to whom."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from peewee import fn

from agent.jobs.decide.people import Known, bought_by
from agent.rules.audience import Arrival, Person
from agent.rules.interest import IN_STOCK
from agent.rules.selection import Arrivals, new_for
from models import Interest, Product, Taste
from models.base import among, instant, raw

NO_NUMBERS: frozenset[int] = frozenset()
LONG_AGO = timedelta(days=3650)  # whoever was here last before that has all to see
VISIBLE = ("visible", "catalog", "")  # in the shop's lists; "search" and "hidden" are not


class NewProducts:
    """The products that can be bought, read no further back than somebody asks.

    Most people who are asked about have been quiet for weeks, and a shop has products of many years.
    """

    def __init__(self, now: datetime) -> None:
        self._now = now
        self._read_back_to: datetime | None = now  # None: to the beginning
        self._by_category: dict[int, list[Arrival]] = {}
        self._categories: dict[str, frozenset[int]] = {}  # a shop has many products of few of them

    @property
    def by_category(self) -> Arrivals:
        """Those that were read until now; more of them when more are read."""
        return self._by_category

    def since(self, moment: datetime | None) -> Arrivals:
        """All that were published after `moment`, or all there are, and perhaps older ones too."""
        back_to = self._read_back_to
        if back_to is not None and (moment is None or moment < back_to):
            far = None
            if moment is not None and self._now - moment < LONG_AGO:
                # twice as far each time, or everybody who has been quiet a little longer asks again
                far = min(moment, back_to - (self._now - back_to))
            for one in self._published(far, back_to):
                for category in one.categories:
                    self._by_category.setdefault(category, []).append(one)
            self._read_back_to = far
        return self._by_category

    def _published(self, after: datetime | None, until: datetime) -> Sequence[Arrival]:
        """Newest first."""
        query = Product.select(
            Product.woo_id, Product.name, Product.permalink, Product.categories, Product.created_at
        ).where(
            Product.parent_id + 0 == 0,  # not the column: by date, and no further back
            Product.status == "publish",
            Product.visibility.in_(VISIBLE),
            Product.stock_status == IN_STOCK,
            Product.price.is_null(False),
            Product.stock_quantity.is_null() | (Product.stock_quantity > 0),
            Product.created_at <= until,
        )
        if after is not None:
            query = query.where(Product.created_at > after)
        return [
            Arrival(number, name, url, self._read(categories), instant(published))
            for number, name, url, categories, published in raw(
                query.order_by(Product.created_at.desc(), Product.woo_id.desc())
            )
        ]

    def _read(self, categories: str) -> frozenset[int]:
        known = self._categories.get(categories)
        if known is None:
            known = self._categories[categories] = frozenset(json.loads(categories))
        return known


def with_news(known: Sequence[Known], new: NewProducts, quiet_before: datetime) -> dict[int, Known]:
    """contact -> the same person, and what tells whether something is new to them.

    Who ordered after `quiet_before` hears of nothing new, so what they bought of it is not looked for.
    """
    ids = [one.person.contact_id for one in known]
    tastes, seen = _tastes(ids), _last_seen(ids)
    people = {
        one.person.contact_id: replace(
            one.person,
            tastes=tastes.get(one.person.contact_id, NO_NUMBERS),
            last_seen_at=_latest(one.person.last_seen_at, seen.get(one.person.contact_id)),
        )
        for one in known
    }
    if tastes:
        _add_bought(people, new, quiet_before)
    return {
        one.person.contact_id: replace(one, person=people[one.person.contact_id]) for one in known
    }


def _add_bought(people: dict[int, Person], new: NewProducts, quiet_before: datetime) -> None:
    """Whoever may hear of something new: what of it did they buy? Its date may be newer than it is."""
    visits = [person.last_visit for person in people.values() if person.tastes]
    arrivals = new.since(None if None in visits else min(filter(None, visits)))
    may_hear = [
        contact
        for contact, person in people.items()
        if person.last_order_at is not None
        and person.last_order_at <= quiet_before
        and new_for(person, arrivals)
    ]
    if not may_hear:
        return
    bought = bought_by(may_hear, {one.product_id for own in arrivals.values() for one in own})
    for contact, products in bought.items():
        people[contact] = replace(people[contact], bought_products=frozenset(products))


def _latest(*moments: datetime | None) -> datetime | None:
    return max((one for one in moments if one is not None), default=None)


def _tastes(ids: Sequence[int]) -> dict[int, frozenset[int]]:
    """contact -> the categories in which they bought."""
    query = Taste.select(Taste.contact_id, Taste.category_id).where(among(Taste.contact_id, ids))
    tastes: dict[int, set[int]] = {}
    for contact, category in raw(query):
        tastes.setdefault(contact, set()).add(category)
    return {contact: frozenset(own) for contact, own in tastes.items()}


def _last_seen(ids: Sequence[int]) -> dict[int, datetime]:
    """contact -> when they last looked at any product."""
    query = (
        Interest.select(Interest.contact_id, fn.MAX(Interest.seen_at))
        .where(among(Interest.contact_id, ids), Interest.kind == "view")
        .group_by(Interest.contact_id)
    )
    return {contact: instant(moment) for contact, moment in raw(query)}
