"""What the mirror and the outbox know of some contacts, gathered in sets."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from peewee import JOIN, SQL, fn

from agent.jobs.decide.written import (
    Written,
    newest_by_campaign,
    told_of,
    told_of_new,
    written_to,
)
from agent.left_out import LeftOut
from agent.rules.audience import Person
from agent.rules.interest import Article, Sight, Wish
from agent.rules.selection import WINBACKS
from models import Contact, Epoch, History, Interest, Order, OrderLine
from models.base import among, instant, raw
from models.interest import CARTS
from models.mirror import NOT_ORDERS
from models.planning import GAVE_UP
from models.waiting import Stir

NOTHING: frozenset[str] = frozenset()
NOT_BOUGHT_YET = (*NOT_ORDERS, *CARTS)  # an order that nobody has paid is a cart


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A person for the rules, and what their message may say."""

    person: Person
    phone: str
    first_name: str
    last_name: str
    email: str
    language: str  # of their newest order that names one; often ''
    zones: tuple[str, ...]
    last_bought: int | None  # id of the newest order that counts as bought


@dataclass(frozen=True, slots=True)
class Asked:
    """What a run wants to know of people, beside what it always does."""

    left_out: LeftOut
    since: datetime  # what nobody looked at after that is forgotten
    articles: Mapping[tuple[int, int], Article]  # that moved: wishes for others are none


def gather(ids: Sequence[int], asked: Asked) -> dict[int, Known]:
    """contact -> what is known of them, in the order of `ids`; not what is new to them, see arrivals.py."""
    written = written_to(ids)
    restored = Epoch.restored_day()  # everybody may have been written to until then
    since_restored = () if restored is None else (restored,)
    wishes = _wishes(ids, asked, written) if asked.articles else {}
    query = (
        Contact.select(
            Contact.id, Contact.phone, Contact.marketing, Contact.region, Contact.zones, Contact.first_name,
            Contact.last_name, Contact.email, Contact.language, Contact.unreachable,
            History.last_order_at,
            History.bought, History.spent, History.last_bought,
        )
        .join(History, JOIN.LEFT_OUTER, on=(History.contact_id == Contact.id))
        .where(among(Contact.id, ids))
    )  # fmt: skip
    known: dict[int, Known] = {}
    for (
        contact, phone, consent, region, zones, first, last, email, language, unreachable, ordered, orders,
        spent, order,
    ) in raw(query):  # fmt: skip
        mine = written.get(contact, ())
        last_order_at = instant(ordered) if ordered else None
        person = Person(
            contact_id=contact,
            consent=consent,
            region=region,
            emails=_with(email, asked.left_out.emails.get(contact)),
            roles=asked.left_out.roles.get(contact, NOTHING),
            bought=orders or 0,
            spent=spent or 0,
            last_order_at=last_order_at,
            last_seen_at=told_of_new(mine) if mine else None,
            counted_days=(*since_restored, *(one.day for one in mine if one.counts)),
            unreachable=unreachable != "",
            wishes=tuple(wishes.get(contact, ())),
            **(_of_late(mine, last_order_at) if mine else {}),
        )
        known[contact] = Known(
            person=person,
            phone=phone,
            first_name=first,
            last_name=last,
            email=email,
            language=language,
            zones=tuple(zones.split()),
            last_bought=order,
        )
    return {contact: known[contact] for contact in ids if contact in known}


def _with(email: str, others: frozenset[str] | None) -> frozenset[str]:
    own = frozenset({email}) if email else NOTHING
    return own | others if others else own


def _of_late(mine: Sequence[Written], last_order_at: datetime | None) -> dict[str, Any]:
    """What the messages to somebody say of them, but for the caps."""
    return {
        "last_by_campaign": newest_by_campaign(mine),
        "failed_on": max((one.day for one in mine if one.state in GAVE_UP), default=None),
        "attempts": sum(
            one.campaign in WINBACKS
            and not one.came_to_nothing
            and (last_order_at is None or one.moment > last_order_at)
            for one in mine
        ),
    }


def _wishes(
    ids: Sequence[int], asked: Asked, written: Mapping[int, Sequence[Written]]
) -> dict[int, list[Wish]]:
    """contact -> what they looked at or wished for, of the articles that moved."""
    query = (
        Interest.select(
            Interest.contact_id, Interest.product_id, Interest.variation_id, Interest.kind,
            Interest.first_at, Interest.seen_at, Interest.price, Interest.stock_status,
        )
        .join(
            Stir,
            on=(Stir.product_id == Interest.product_id)
            & (Stir.variation_id == Interest.variation_id),
        )
        .where(among(Interest.contact_id, ids))
        .order_by(Interest.contact_id, Interest.first_at, Interest.id)
    )  # fmt: skip
    sights: dict[tuple[int, int, int], list[Sight]] = {}
    for contact, product, variation, kind, first, seen, price, stock in raw(query):
        one = Sight(kind, instant(first), instant(seen), price, stock)
        sights.setdefault((contact, product, variation), []).append(one)
    if not sights:
        return {}
    # no order before the first sight says anything of a wish
    oldest = min(mine[0].first_at for mine in sights.values())
    whose = {contact for contact, _, _ in sights}
    bought = bought_by(whose, {product for _, product, _ in sights}, oldest)
    unread = _ordered_we_know_not_what(whose, oldest)
    wishes: dict[int, list[Wish]] = {}
    for (contact, product, variation), mine in sights.items():
        article = asked.articles.get((product, variation))
        of_late = tuple(sight for sight in mine if sight.seen_at > asked.since)
        if article is None or not of_late:
            continue
        if contact in unread and unread[contact] >= mine[0].first_at:
            continue
        told = told_of(written.get(contact, ()), product, variation)
        wishes.setdefault(contact, []).append(
            Wish(
                article=article,
                since=mine[0].first_at,
                sights=of_late,
                bought_at=bought.get(contact, {}).get(product),
                told_back_at=told.back_at,
                told_prices=tuple(told.prices),
            )
        )
    return wishes


def _ordered_we_know_not_what(contacts: Iterable[int], since: datetime) -> dict[int, datetime]:
    """contact -> their newest order whose lines are not read yet: perhaps it is what they waited for."""
    newest: dict[int, datetime] = {}
    for whose in (Order.holder_id, Order.contact_id):
        query = (
            Order.select(whose, fn.MAX(Order.created_at))
            .where(
                among(whose, contacts),
                # not the column: all of these would be read, and in the first days none has its lines
                fn.COALESCE(Order.lines_at, SQL("''")).coerce(False) == SQL("''"),
                Order.created_at >= since,
                Order.status.not_in(NOT_BOUGHT_YET),
            )
            .group_by(whose)
        )
        for contact, moment in raw(query):
            newest[contact] = max(instant(moment), newest.get(contact, instant(moment)))
    return newest


def bought_by(
    contacts: Iterable[int], products: Iterable[int], since: datetime | None = None
) -> dict[int, dict[int, datetime]]:
    """contact -> product -> when they last ordered it, in any variation."""
    query = (
        Order.select(Order.holder_id, OrderLine.product_id, fn.MAX(Order.created_at))
        .join(OrderLine, on=(OrderLine.order_id == Order.woo_id))
        .where(
            among(Order.holder_id, contacts),
            among(OrderLine.product_id + 0, products),  # by person: who bought it is half the shop
            Order.status.not_in(NOT_BOUGHT_YET),
            Order.created_at >= since if since is not None else Order.created_at.is_null(False),
        )
        .group_by(Order.holder_id, OrderLine.product_id)
    )
    bought: dict[int, dict[int, datetime]] = {}
    for contact, product, moment in raw(query):
        bought.setdefault(contact, {})[product] = instant(moment)
    return bought
