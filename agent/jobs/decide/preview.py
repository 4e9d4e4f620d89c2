"""One message to one person, composed as a run would, without any reason to write to them.

What a run would have found for this person is made of what the mirror has: the products and the
coupon are stand-ins where there is nothing of the person's own, and `Preview.stand_ins` says so. For
somebody whom the mirror does not know (see agent/examples.py) nothing of anybody else's is taken.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from peewee import JOIN

from agent.config import LoyaltyReward, PriceDrop, Settings
from agent.config.campaigns import Campaign
from agent.errors import BadInput
from agent.examples import NO_ID, example_article, example_customer, example_order, is_example
from agent.jobs.decide.arrivals import NewProducts, with_news
from agent.jobs.decide.day import Day
from agent.jobs.decide.people import Asked, Known, gather
from agent.jobs.decide.planned import Planned
from agent.jobs.decide.wording import Words
from agent.left_out import LeftOut
from agent.rules.audience import Person
from agent.rules.composing import Composed
from agent.rules.interest import IN_STOCK, Article, Sight, Wish
from agent.rules.reasons import Why
from agent.rules.selection import ALERTS, MOST_PRODUCTS, Decision, new_for
from agent.rules.templates import TemplateMapping
from models import Contact, History, Interest, Product

CODE = "EXAMPLE23"  # after the prefix, in place of the nine letters of a real coupon
SYNC = "run `winback sync` first, or wait until the daemon has read the shop"


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """A message as it would be composed, and what of it is not this person's own."""

    composed: Composed
    stand_ins: tuple[str, ...]


def somebody() -> Contact:
    """Who bought last among those who agreed; else among all. Raises BadInput if there is nobody."""
    people = (
        Contact.select()
        .join(History, JOIN.LEFT_OUTER, on=(History.contact_id == Contact.id))
        .order_by(
            (Contact.marketing == "yes").desc(),
            (Contact.first_name != "").desc(),
            History.last_order_at.desc(),
            Contact.id,
        )
    )
    found: Contact | None = people.first()
    if found is None:
        raise BadInput("the mirror knows nobody with a mobile number yet", fix=SYNC)
    return found


def preview(
    settings: Settings,
    campaign: Campaign,
    contact: Contact,
    mappings: Mapping[str, TemplateMapping],
    *,
    now: datetime,
) -> Preview:
    """The message of `campaign` to `contact` in the best of `mappings`, the one to fall back on first.

    A contact without an id is one whom the mirror does not know. Raises BadInput while the mirror does
    not know what the message is about.
    """
    try:
        day = Day.at(now)
    except KeyError:
        raise BadInput("the mirror knows nothing of the shop yet", fix=SYNC) from None
    new = NewProducts(now) if campaign.name == "new_arrivals" else None
    if is_example(contact):
        known = _known_to_nobody(contact)
    else:
        known = gather([contact.id], Asked(LeftOut.from_settings(settings), now, {}))[contact.id]
        if new is not None:
            known = with_news([known], new, now)[contact.id]
    decision, stand_ins = _decision(settings, campaign, known, new, now)
    coupon = _coupon(campaign, decision, now)
    one = Planned(known, decision)
    words = Words.gather(settings, day, [one], {known.person.contact_id: coupon})
    words = replace(words, mappings={campaign.name: mappings})
    if is_example(contact):
        words = _with_examples(words, contact, now)
    if coupon is not None:
        stand_ins = (*stand_ins, f"the coupon {coupon['code']}")
    return Preview(composed=words.compose(one), stand_ins=stand_ins)


def _known_to_nobody(contact: Contact) -> Known:
    """As if they had bought once; what, stands in no table, so it comes later: `_with_examples`."""
    person = Person(contact_id=NO_ID, consent="yes", region=contact.region, bought=1)
    return Known(
        person=person,
        phone=contact.phone,
        first_name=contact.first_name,
        last_name=contact.last_name,
        email=contact.email,
        language="",
        zones=tuple(contact.zones.split()),
        last_bought=None,
    )


def _with_examples(words: Words, contact: Contact, now: datetime) -> Words:
    """The order and the account of somebody who has none."""
    article = example_article()
    order = example_order(contact, article, words.day.facts, now)
    return replace(
        words,
        last_products={NO_ID: article},
        orders={NO_ID: order.__data__},
        customers={NO_ID: example_customer(contact, now)},
    )


def _decision(
    settings: Settings,
    campaign: Campaign,
    known: Known,
    new: NewProducts | None,
    now: datetime,
) -> tuple[Decision, tuple[str, ...]]:
    """As if this campaign had been chosen; and what was made up for it."""
    decision = Decision(known.person.contact_id, Why.CHOSEN, campaign.name)
    if campaign.name in ALERTS:
        wish, told = _wish(settings, known.person.contact_id, campaign, now)
        return replace(decision, wish=wish), (told,) if told else ()
    if isinstance(campaign, LoyaltyReward):
        tiers = sorted(campaign.tiers, key=lambda tier: tier.spent)
        return replace(decision, percent=tiers[0].percent), ()
    if new is None:
        return decision, ()
    if own := new_for(known.person, new.by_category):
        return replace(decision, arrivals=own), ()
    newest = {one.product_id: one for group in new.since(None).values() for one in group}
    shown = sorted(newest.values(), key=lambda one: one.published_at, reverse=True)[:MOST_PRODUCTS]
    if not shown:
        raise BadInput("the mirror has no product that can be bought yet", fix=SYNC)
    return replace(decision, arrivals=tuple(shown)), ("the newest products of the shop",)


def _wish(settings: Settings, contact: int, campaign: Campaign, now: datetime) -> tuple[Wish, str]:
    """What they looked at last, or what is newest in the shop; with a higher price where it is needed."""
    since = now - settings.interest.look_back
    interest = (
        Interest.select()
        .where(Interest.contact_id == contact, Interest.seen_at > since)
        .order_by(Interest.seen_at.desc())
        .first()
    )
    number = (interest.variation_id or interest.product_id) if interest else None
    product = Product.get_or_none(Product.woo_id == number) if number else None
    told = ""
    if product is None:
        interest = None
        product = _newest_product()
        told = f"{product.name} as what this person looked at"
    seen = interest.price if interest else product.price
    if isinstance(campaign, PriceDrop) and product.price is not None:
        least = product.price * 100 // (100 - campaign.more_than_percent) + 1
        if seen is None or seen < least:
            seen = least
            told = f"{told}, and a price" if told else "the price that they saw"
    article = Article(
        article_id=product.woo_id,
        product_id=product.parent_id or product.woo_id,
        variation_id=product.woo_id if product.parent_id else 0,
        name=product.name,
        url=product.permalink,
        price=product.price,
        in_stock=True,
    )
    sight = Sight("view", now, now, seen, IN_STOCK)
    return Wish(article=article, since=now, sights=(sight,)), told


def _newest_product() -> Any:
    product = (
        Product.select()
        .where(Product.parent_id == 0, Product.status == "publish", Product.price.is_null(False))
        .order_by((Product.stock_status == IN_STOCK).desc(), Product.created_at.desc())
        .first()
    )
    if product is None:
        raise BadInput("the mirror has no product that can be bought yet", fix=SYNC)
    return product


def _coupon(campaign: Campaign, decision: Decision, now: datetime) -> dict[str, Any] | None:
    if not isinstance(campaign, LoyaltyReward):
        return None
    return {
        "code": f"{campaign.coupon_prefix}{CODE}",
        "percent": decision.percent,
        "expires_at": now + campaign.expires_after + campaign.coupon_valid - timedelta(seconds=1),
    }
