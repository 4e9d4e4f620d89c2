"""The two alerts, held against the shop as it is while they leave, and against what people saw."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal

from story_config import Terms
from story_interest import Article, Interest, Sight
from story_truth import NEVER, Household, Truth
from story_world import World

from agent.sandbox.shop.prices import shown_price
from agent.sandbox.shop.rows import Product
from agent.sandbox.whatsapp.messages import Accepted
from models import Message

GONE = {"cancelled", "expired", "refused", "failed"}
HOUR = timedelta(hours=1)
ANOTHER_NUMBER = "another number of the same account"
MEANWHILE = "while it waited to be sent"  # it was right when it was decided


LEAVING = timedelta(minutes=5)  # in which a wave leaves


class Alerts:
    """What an alert promises. `told` remembers what was said to whom."""

    def __init__(self, world: World, truth: Truth, interest: Interest, terms: Terms) -> None:
        self._world, self._truth, self._interest, self._terms = world, truth, interest, terms
        self._now = world.clock.now
        self._told: dict[tuple[str, str, Article], list[tuple[Accepted, Decimal]]] = {}

    def complaints(self, home: Household, message: Accepted, row: Message) -> Iterable[str]:
        """What is wrong with an alert that has just gone out."""
        article = _about(row)
        bought, whole = self._rows(article)
        if bought is None or whole is None:
            yield f"the shop has no product {article}"
            return
        yield from self._for_sale(bought, whole)
        if whole.name not in message.text:
            yield f"it does not name {whole.name!r}"
        if message.text.count(whole.name) > 1:
            yield f"it names {whole.name!r} twice"
        sights = self._interest.sights(home, article, row.created_at)
        by_then = [one for one in sights if one.at <= row.created_at]
        if not by_then:
            yield f"nobody there looked at {whole.name!r} {article} in 30 days"
            return
        told = self._told.setdefault((home.phone, row.campaign, article), [])
        before = [
            (one.at, price)
            for one, price in told
            if not self._truth.failed_before(one, row.created_at)
        ]
        price = Decimal(shown_price(bought, self._now()) or 0)
        check = self._cheaper if row.campaign == "price_drop" else self._back
        yield from check(home, article, by_then, price, before)
        if not list(check(home, article, by_then, price, before)):
            for complaint in check(home, article, sights, price, before):
                yield f"{MEANWHILE}: {complaint}"
        told.append((message, price))

    def waves(self) -> Iterable[str]:
        """After the alerts of an hour were decided: how many wait to be told of each article, or were
        told in the time of a wave."""
        wave = timedelta(hours=self._terms.wave_hours) - LEAVING
        back = Message.campaign == "back_in_stock"
        late = (Message.state == "queued") | (Message.accepted_at > self._now() - wave)
        rows = [row for row in Message.select().where(back, late) if row.state not in GONE]
        fresh = {
            article
            for row in rows
            if row.created_at == self._now()
            for article in (_about(row), (_about(row)[0], 0))
        }
        for article in sorted(fresh):
            product, variation = article
            told = [
                row
                for row in rows
                if row.product_id == product and variation in (0, row.variation_id)
            ]
            units = self._units(article)
            most = None if units is None else units * self._terms.people_per_unit
            seen = not self._imported(article) and not self._trashed(article)
            if most is not None and len(told) > most and seen:
                yield (
                    f"{len(told)} people were told in {wave} that {article} is back, "
                    f"and there are {units}"
                )

    def _rows(self, article: Article) -> tuple[Product | None, Product | None]:
        shop = self._world.shop
        product, variation = article
        whole = shop.products.get(product)
        return (shop.variations.get(variation) if variation else whole), whole

    def _for_sale(self, bought: Product, whole: Product) -> Iterable[str]:
        if whole.status != "publish" or bought.status != "publish":
            yield f"{bought.name!r} is not for sale: it is {whole.status}, {bought.status}"
        if bought.stock_status != "instock" or (bought.stock is not None and bought.stock <= 0):
            yield f"{bought.name!r} is {bought.stock_status}, {bought.stock} left"

    def _cheaper(
        self,
        home: Household,
        article: Article,
        sights: list[Sight],
        price: Decimal,
        before: list[tuple[datetime, Decimal]],
    ) -> Iterable[str]:
        """More than a tenth less than what they saw last, not bought since then, nor told of."""
        last = sights[-1]
        sure = not any(one.vague for one in sights if one.at >= last.at - HOUR)
        seen = next((one.price for one in reversed(sights) if one.price is not None), None)
        if seen is None and sure:
            yield "nobody knows what price they saw"
        elif seen is not None and sure and not price < seen * Decimal("0.9"):
            yield f"it costs {price}, and they saw {seen}: {sights}"
        if self._truth.bought_at(home, *article, here=True) > last.at:
            yield f"it was bought on {self._truth.bought_at(home, *article)}: {sights}"
        elif self._truth.bought_at(home, *article) > last.at:
            yield f"it was bought with {ANOTHER_NUMBER}: {sights}"
        if any(told <= price for at, told in before if at > last.at):
            yield f"it costs {price}, and they were told {before} already"

    def _back(
        self,
        home: Household,
        article: Article,
        sights: list[Sight],
        _: Decimal,
        before: list[tuple[datetime, Decimal]],
    ) -> Iterable[str]:
        """They met it sold out, and neither saw it back, nor bought it, nor were told since."""
        met = [one.at for one in sights if one.stock_status == "outofstock"]
        listed = any(one.lasts for one in sights)
        if not met and not listed and not any(one.vague for one in sights):
            yield f"they never met it sold out: {sights}"
            return
        if listed or not met:
            return  # it went while it stood on their list: when, is not written down anywhere
        out = max(met)
        later = [one.at for one in sights if one.stock_status == "instock" and not one.vague]
        later += [self._truth.bought_at(home, *article, here=True), *(at for at, _ in before)]
        if self._truth.bought_at(home, *article) > max(out, *later):
            yield f"it was bought with {ANOTHER_NUMBER}: {sights}"
        if max(later, default=NEVER) > out:
            yield f"they met it sold out on {out}, and it was over by {max(later)}: {sights}"

    def _units(self, article: Article) -> int | None:
        """How many there are; None where the shop does not count."""
        bought, whole = self._rows(article)
        if bought is None or whole is None:
            return 0
        rows = [bought]
        if not article[1] and whole.variations:
            rows = [self._world.shop.variations[number] for number in whole.variations]
            rows = [row for row in rows if row.stock_status == "instock"]
        if any(row.stock is None for row in rows):
            return None
        return sum(max(0, row.stock or 0) for row in rows)

    def _trashed(self, article: Article) -> bool:
        """The shop's list of products does not tell: it is looked for, by turns."""
        _, whole = self._rows(article)
        return whole is None or whole.status != "publish"

    def _imported(self, article: Article) -> bool:
        """Was it written past WooCommerce so lately that nobody can have seen it?"""
        _, whole = self._rows(article)
        within = timedelta(hours=self._terms.sweep_hours + 24)
        numbers = {*article, *(whole.variations if whole else ())}
        written = [self._world.bustle.past_woocommerce.get(number) for number in numbers]
        return any(at is not None and self._now() - at < within for at in written)


def _about(row: Message) -> Article:
    return int(row.product_id or 0), int(row.variation_id)
