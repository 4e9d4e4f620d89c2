"""What the news of an order say, and in which language."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from agent.config import Settings
from agent.jobs.order_news.facts import Batch, Facts
from agent.order_news import shipments
from agent.rules.composing import Composed, Tongue, compose
from agent.rules.hours import known_zone
from agent.rules.order_kinds import SHIPPING
from agent.rules.order_news import newest_number
from agent.rules.shown import MessageFacts, OrderShown, ProductShown, ShipmentShown
from agent.rules.templates import TemplateMapping
from agent.rules.wording import EmptyValue, fill
from agent.templates import shop_language, usable_mappings
from models import Customer, OrderLine, Product, ShopFact
from models.base import among, tuples

PAYMENT_INSTRUCTIONS = "payment_instructions"  # facts of the shop, as JSON
STATUS_NAMES = "status_names"


@dataclass(frozen=True, slots=True)
class Words:
    """What is needed to write about some orders, gathered in sets."""

    settings: Settings
    shop: Mapping[str, str]  # the shop's facts
    zone: ZoneInfo
    mappings: Mapping[str, Mapping[str, TemplateMapping]]  # kind -> by language, its own first
    items: Mapping[int, Sequence[tuple[int, ProductShown]]]  # order -> quantity and article
    customers: Mapping[int, Mapping[str, Any]]
    instructions: Mapping[str, str]  # payment method -> the shop's text
    status_names: Mapping[str, str]

    @classmethod
    def gather(cls, settings: Settings, batch: Batch, zone: ZoneInfo) -> "Words":
        facts = ShopFact.all()
        orders = [one.order for one in batch if one.order is not None]
        accounts = {order.customer_id for order in orders if order.customer_id}
        return cls(
            settings=settings,
            shop=facts,
            zone=zone,
            mappings=usable_mappings(settings),
            items=_items([order.woo_id for order in orders]),
            customers=_customers(accounts),
            instructions=json.loads(facts.get(PAYMENT_INSTRUCTIONS, "{}")),
            status_names=json.loads(facts.get(STATUS_NAMES, "{}")),
        )

    def compose(self, facts: Facts, kind: str) -> Composed:
        """The message about this order. Raises EmptyValue where a text of it would come out empty."""
        news = self.settings.news[kind]
        tongue = Tongue(
            order_language=facts.order.language or facts.contact.language,
            shop_language=shop_language(self.settings, self.shop),
            countries=self.settings.languages.countries,
        )
        # Where no template can be used now, the message waits for one in its own language.
        mappings = self.mappings.get(kind) or {news.language: news.mapping}
        composed = compose(self._facts(facts, kind), tongue, mappings)
        if facts.order.lines_at is None and "item_count" in news.placeholders:
            raise EmptyValue("the shop does not tell what is in the order")
        for text in mappings[composed.language].shown:
            fill(text, composed.values)
        return composed

    def _facts(self, facts: Facts, kind: str) -> MessageFacts:
        order, contact = facts.order, facts.contact
        return MessageFacts(
            shop_name=self.shop["name"],
            shop_url=self.shop["url"],
            currency=order.currency,
            zone=known_zone(contact.zones.split(), self.zone),
            # the names on the order: it may be for somebody else than the number's owner
            first_name=order.first_name or contact.first_name,
            last_name=order.last_name or contact.last_name,
            region=contact.region,
            order=order.__data__,
            customer=self.customers.get(order.customer_id, {}),
            news=self._shown(facts, kind),
        )

    def _shown(self, facts: Facts, kind: str) -> OrderShown:
        order, details = facts.order, facts.order.details or {}
        items = self.items.get(order.woo_id, ())
        number = newest_number(facts.state, facts.moves) if kind == SHIPPING else ""
        parcel = next((one for one in shipments(details) if one["number"] == number), None)
        return OrderShown(
            kind=kind,
            number=order.number,
            status=order.status,
            currency=order.currency,
            total=order.total,
            item_count=sum(quantity for quantity, _ in items),
            items=tuple(article for _, article in items),
            status_name=self.status_names.get(order.status, ""),
            refunded=facts.state.refunded,
            shipment=ShipmentShown(**parcel) if parcel else None,
            delivery=details.get("delivery", ""),
            payment_title=details.get("payment_title", ""),
            payment_instructions=self.instructions.get(details.get("payment_method", ""), ""),
        )


def _customers(accounts: Iterable[int]) -> dict[int, Mapping[str, Any]]:
    """Their rows of the mirror, by id."""
    query: Any = Customer.select().where(among(Customer.woo_id, list(accounts)))
    return {row["woo_id"]: row for row in query.dicts()}


def _items(orders: Sequence[int]) -> dict[int, list[tuple[int, ProductShown]]]:
    query = (
        OrderLine.select(OrderLine.order_id, OrderLine.quantity, OrderLine.name, Product.permalink)
        .left_outer_join(Product, on=(Product.woo_id == OrderLine.product_id))
        .where(among(OrderLine.order_id, orders))
        .order_by(OrderLine.order_id, OrderLine.woo_id)
    )
    items: dict[int, list[tuple[int, ProductShown]]] = {}
    for order, quantity, name, url in tuples(query):
        items.setdefault(order, []).append((quantity, ProductShown(name=name, url=url or "")))
    return items
