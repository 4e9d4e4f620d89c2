"""Articles for which somebody waits, and who they are."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from peewee import JOIN, Tuple

from agent.config import Settings
from agent.jobs.awaited import waiting_longest
from models import Awaited, Contact, Message, Product
from models.base import instant
from models.outbox import UNCOUNTED

PAGE: Final = 50
TOLD: Final = 50


def waiting(after: tuple[int, int, int] | None) -> dict[str, Any]:
    """The articles for which most people wait; those that come after (people, product, variation)."""
    key = (Awaited.people, Awaited.product_id, Awaited.variation_id)
    query = Awaited.select().order_by(*(column.desc() for column in key)).limit(PAGE + 1)
    if after is not None:
        query = query.where(Tuple(*key) < Tuple(*after))
    rows = list(query)
    last = rows[PAGE - 1] if len(rows) > PAGE else None
    return {
        "rows": rows[:PAGE],
        "after": (last.people, last.product_id, last.variation_id) if last else None,
        "first": after is None,
    }


def article(
    product: int, variation: int, settings: Settings, now: datetime
) -> dict[str, Any] | None:
    """One of them: who waits, the longest first, and who was told of late. None where the shop has no such
    article."""
    goods = Product.get_or_none(Product.woo_id == (variation or product))
    if goods is None:
        return None
    parent = Product.get_or_none(Product.woo_id == product) if variation else goods
    since = now - settings.interest.look_back
    back = settings.campaigns["back_in_stock"]
    known = Awaited.get_or_none(Awaited.product_id == product, Awaited.variation_id == variation)
    longest = known.longest if known is not None else []
    return {
        "goods": goods,
        "name": _name(goods, parent),
        "known": known,
        "people": _people(longest or waiting_longest((product, variation), since)),
        "told": _told(product, variation, since),
        "back": back,
    }


def _name(goods: Product, parent: Product | None) -> str:
    if parent is None or parent is goods or goods.name.startswith(parent.name):
        return str(goods.name)
    return f"{parent.name} - {goods.name}"


def _people(rows: Sequence[Sequence[Any]]) -> list[dict[str, Any]]:
    """`rows` are (contact, since when, kind of interest)."""
    known = {
        one.id: one for one in Contact.select().where(Contact.id.in_([row[0] for row in rows]))
    }
    return [
        {"person": known[number], "since": instant(began), "kind": kind}
        for number, began, kind in rows
        if number in known
    ]


def _told(product: int, variation: int, since: datetime) -> list[Message]:
    query = (
        Message.select(Message, Contact.first_name, Contact.last_name, Contact.phone)
        .join(Contact, JOIN.LEFT_OUTER, on=(Contact.id == Message.contact_id))
        .where(
            Message.product_id == product,
            Message.created_at > since,
            Message.variation_id == variation,
            Message.campaign.concat("") == "back_in_stock",
            Message.state.concat("").not_in(UNCOUNTED),
        )
        .order_by(Message.created_at.desc())
        .limit(TOLD)
    )
    return list(query.objects())
