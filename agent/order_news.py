"""What order news need of orders and templates, gathered: for the decision, and for the last look."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from peewee import fn

from agent.config import Settings
from agent.config.order_news import OrderDelivered
from agent.log import Log
from agent.rules.order_kinds import DELIVERED
from agent.rules.order_news import About, OrderState
from agent.rules.templates import MARKETING
from models import Cursor, Message, Order, Refund, ShopFact, Template
from models.base import among, tuples
from models.delivery import MARKETING as TO_MARKETING

log = Log(__name__)

NEWS: Final = "utility"
"""`Message.kind` of order news, while Meta does not count their template as marketing."""

SINCE: Final = "order_news_since"
"""The fact that holds since when orders are watched: what they did before is told to nobody."""


def order_states(orders: Iterable[int]) -> dict[int, OrderState]:
    """order -> what it has come to, for those that the mirror has."""
    wanted = list(orders)
    given_back = Refund.select(Refund.order_id, fn.SUM(Refund.amount)).where(
        among(Refund.order_id, wanted)
    )
    refunded = dict(tuples(given_back.group_by(Refund.order_id)))
    query = Order.select(Order.woo_id, Order.status, Order.total, Order.details)
    return {
        number: OrderState(
            status=status,
            total=total,
            refunded=refunded.get(number, 0),
            numbers=tuple(one["number"] for one in shipments(details)),
        )
        for number, status, total, details in tuples(query.where(among(Order.woo_id, wanted)))
    }


def shipments(details: Mapping[str, Any] | None) -> list[Mapping[str, str]]:
    """The shipments among the details of an order, in their order."""
    return list((details or {}).get("shipments", ()))


def told_of(message: Message) -> About:
    """What a message of order news tells of its order."""
    said: Any = message.about
    return About(**said)


def delivered_statuses(settings: Settings) -> frozenset[str]:
    """The statuses by which the shop says that an order has arrived."""
    kind = settings.news[DELIVERED]
    assert isinstance(kind, OrderDelivered)  # noqa: S101 - each name has its own type of settings
    return frozenset(kind.statuses)


def watched_since(now: datetime) -> datetime | None:
    """Since when orders are watched; written down once they all are in the mirror. None: not yet."""
    told = ShopFact.all().get(SINCE)
    if told:
        return datetime.fromisoformat(told)
    filled: datetime | None = Cursor.named("orders").since
    if filled is None:
        return None
    watch_from(min(filled, now))
    return min(filled, now)


def watch_from(moment: datetime) -> None:
    """What orders did before is told to nobody (any more)."""
    ShopFact.put({SINCE: moment.isoformat()})


def moved_to_marketing() -> set[tuple[str, str]]:
    """(name, language) of the templates that WhatsApp counts as marketing."""
    query = Template.select(Template.name, Template.language).where(Template.category == MARKETING)
    return set(tuples(query))


def kind_of_message(template: str, language: str, marketing: set[tuple[str, str]]) -> str:
    """`Message.kind` of order news that are sent with this template."""
    return TO_MARKETING if (template, language) in marketing else NEWS


def reclassify() -> int:
    """Bring queued order news in line with how WhatsApp counts their templates now.

    What counts as marketing needs consent to marketing, has a place under the caps and stops with a
    pause of marketing. In the caller's transaction; returns how many changed.
    """
    counts_so = Template.select(Template.id).where(
        Template.name == Message.template,
        Template.language == Message.language,
        Template.category == MARKETING,
    )
    waiting = (Message.state == "queued") & Message.order_id.is_null(False)
    to_marketing = Message.update(kind=TO_MARKETING).where(
        waiting, Message.kind != TO_MARKETING, fn.EXISTS(counts_so)
    )
    back = Message.update(kind=NEWS).where(
        waiting, Message.kind == TO_MARKETING, ~fn.EXISTS(counts_so)
    )
    return int(to_marketing.execute()) + int(back.execute())
