"""What the messages of the chosen will say, and in which language."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agent.config import Settings
from agent.jobs.decide.day import Day
from agent.jobs.decide.people import Known
from agent.jobs.decide.planned import Planned
from agent.recommendations import recommendations
from agent.rules.composing import Composed, Tongue, compose
from agent.rules.templates import TemplateMapping
from agent.rules.values import CouponShown, MessageFacts, ProductShown
from agent.templates import shop_language, usable_mappings
from models import Customer, Identity, Order, OrderLine, Product
from models.base import among, tuples

Rows = Mapping[int, Mapping[str, object]]


@dataclass(frozen=True, slots=True)
class Words:
    """What is needed to write to a batch of people, gathered in sets, and only what the texts ask for."""

    settings: Settings
    day: Day
    mappings: Mapping[str, Mapping[str, TemplateMapping]]  # campaign -> by language, its own first
    coupons: Mapping[int, Mapping[str, Any] | None]
    last_products: Mapping[int, ProductShown]  # by order
    orders: Rows
    customers: Rows  # by contact
    recommended: Mapping[int, Sequence[tuple[int, int | None]]]  # by contact, each with its because
    products: Mapping[int, ProductShown]

    @classmethod
    def gather(
        cls,
        settings: Settings,
        day: Day,
        chosen: Sequence[Planned],
        coupons: Mapping[int, Mapping[str, Any] | None],
    ) -> "Words":
        names = {one.decision.campaign for one in chosen}
        said = {name: settings.campaigns[name].placeholders for name in names}

        def whose(*asked: str) -> list[Known]:
            """Those whose message has a placeholder that begins like one of these."""
            return [
                one.known
                for one in chosen
                if any(placeholder.startswith(asked) for placeholder in said[one.decision.campaign])
            ]

        recommended = recommendations([one.person.contact_id for one in whose("recommended")])
        numbers = {number for own in recommended.values() for number, _ in own}
        return cls(
            settings=settings,
            day=day,
            mappings=usable_mappings(settings),
            coupons=coupons,
            last_products=_last_products(whose("last_product", "review_url")),
            orders=_rows(Order, [known.last_bought for known in whose("order.")]),
            customers=_customers([known.person.contact_id for known in whose("customer.")]),
            recommended=recommended,
            products={
                number: ProductShown(name=name, url=url)
                for number, name, url in tuples(
                    Product.select(Product.woo_id, Product.name, Product.permalink).where(
                        among(Product.woo_id, numbers)
                    )
                )
            },
        )

    def compose(self, one: Planned) -> Composed:
        """The message to this person, in the language that suits them best."""
        campaign = self.settings.campaigns[one.decision.campaign]
        tongue = Tongue(
            order_language=one.known.language,
            shop_language=shop_language(self.settings, self.day.facts),
            countries=self.settings.languages.countries,
        )
        own = {campaign.language: campaign.mapping}
        return compose(self._facts(one), tongue, self.mappings.get(campaign.name) or own)

    def _facts(self, one: Planned) -> MessageFacts:
        known, person = one.known, one.known.person
        coupon = self.coupons.get(person.contact_id)
        return MessageFacts(
            shop_name=self.day.facts["name"],
            shop_url=self.day.facts["url"],
            currency=self.day.currency,
            zone=self.day.zone,
            first_name=known.first_name,
            last_name=known.last_name,
            region=person.region,
            orders_count=person.bought,
            last_product=self.last_products.get(known.last_bought or 0),
            products=_about(one),
            recommended=tuple(
                self.products[number]
                for number, _ in self.recommended.get(person.contact_id, ())
                if number in self.products
            ),
            coupon=None
            if coupon is None
            else CouponShown(
                code=coupon["code"], percent=coupon["percent"], expires_at=coupon["expires_at"]
            ),
            order=self.orders.get(known.last_bought or 0, {}),
            customer=self.customers.get(person.contact_id, {}),
        )

    def about(self, one: Planned) -> dict[str, Any]:
        """Which products the message names, and because of which bought one."""
        decision = one.decision
        named = [arrival.product_id for arrival in decision.arrivals]
        if decision.wish is not None:
            named = [decision.wish.article.product_id]
        recommended = [
            {"product": number, "because": because}
            for number, because in self.recommended.get(decision.contact_id, ())
        ]
        said: dict[str, Any] = {"products": named} if named else {}
        return said | ({"recommended": recommended} if recommended else {})


def _about(one: Planned) -> tuple[ProductShown, ...]:
    decision = one.decision
    if decision.wish is not None:
        article = decision.wish.article
        return (
            ProductShown(
                name=article.name,
                url=article.url,
                price=article.price,
                old_price=decision.wish.price_seen if decision.campaign == "price_drop" else None,
            ),
        )
    return tuple(ProductShown(name=new.name, url=new.url) for new in decision.arrivals)


def _last_products(people: Sequence[Known]) -> dict[int, ProductShown]:
    """order -> its dearest article."""
    orders = [known.last_bought for known in people if known.last_bought]
    query = (
        OrderLine.select(OrderLine.order_id, OrderLine.name, Product.permalink)
        .left_outer_join(Product, on=(Product.woo_id == OrderLine.product_id))
        .where(among(OrderLine.order_id, orders))
        .order_by(OrderLine.order_id, OrderLine.total, OrderLine.woo_id.desc())
    )
    return {order: ProductShown(name=name, url=url or "") for order, name, url in tuples(query)}


def _rows(table: Any, ids: Sequence[int | None]) -> Rows:
    """Their rows of the mirror, by id."""
    wanted = [number for number in ids if number is not None]
    return {row["woo_id"]: row for row in table.select().where(among(table.woo_id, wanted)).dicts()}


def _customers(contacts: Sequence[int]) -> Rows:
    """contact -> the account in the shop that is theirs; the newest where there are several."""
    query = (
        Identity.select(Identity.value, Identity.contact_id)
        .where(Identity.kind == "customer", among(Identity.contact_id, contacts))
        .order_by(Identity.seen_at)
    )
    held = {contact: int(account) for account, contact in tuples(query)}
    accounts = _rows(Customer, list(held.values()))
    return {contact: accounts[number] for contact, number in held.items() if number in accounts}
