"""What the tests of the daemon play in where it tells orders: a shop that sells to people who want that."""

import time
from collections import Counter
from collections.abc import Iterable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sending_world import World

from agent.clients.shop import Shop as ShopClient
from agent.jobs.pull import pull_all, read_shop_facts
from agent.order_news import watched_since
from agent.rules.order_kinds import KINDS
from agent.sandbox.clock import Clock
from agent.sandbox.whatsapp.messages import Accepted
from agent.sandbox.whatsapp.people import People
from models import Order, OrderChange

OWN_STATUS = "ready-for-pickup"
ALL_KINDS = {
    f"order_news__{kind.replace('.', '__')}__enabled": True
    for kind in (*KINDS, f"statuses.{OWN_STATUS}")
}
SOON = {"timetable__poll": "1s", "order_news__settle": "5s"}
AGREED = {"_winback_order_news": "yes"}
NAMES_THE_PERSON_FIRST = {"order_confirmation", "order_delivered"}  # and then the order
Told = tuple[int, str]
"""An order, and the template by which something was told of it: each kind here has its own."""


class NewsWorld(World):
    """All kinds are on, and one status of the shop's own; nobody waits longer than has to be."""

    def __init__(self, folder: Path, clock: Clock, people: People | None = None) -> None:
        super().__init__(folder, clock, people)
        self.shop.add_order_status(OWN_STATUS, "Ready for pickup")
        self.shirt = self.shop.add_product(name="Shirt", price="40")
        for news in self.settings().news.values():
            blanks = " and ".join(f"{{{{{n}}}}}" for n in range(1, len(news.body) + 1))
            self.whatsapp.add_template(
                news.template, "en", "UTILITY", body=f"News of an order: {blanks} it is."
            )

    def write_config(self, **changes: object) -> Path:
        return super().write_config(**(ALL_KINDS | SOON | changes))

    def fill(self) -> None:
        """All of the shop is in the mirror: from here on it is seen what orders do."""
        settings = self.settings_as_written()
        self.learn_the_shop(settings)
        shop = settings.shop
        client = ShopClient(
            shop.url, shop.key, shop.secret, sleep=time.sleep, user_agent="winback/0"
        )
        with closing(client):
            read_shop_facts(client, settings)
            pull_all(client, settings, now=lambda: datetime.now(UTC), beat=lambda: None)
        assert watched_since(datetime.now(UTC)) is not None

    def order(self, phone: str, **more: Any) -> int:
        """Somebody who wants to hear of it orders two shirts; returns the order's number."""
        billing = {"phone": phone, "country": "US", "first_name": "Ana"}
        lines = [(self.shirt, 0, 2)]
        return self.shop.place_order(lines, billing=billing, meta=AGREED, **more)

    def let_orders_rest(self) -> None:
        """What was seen of them was seen long enough ago: for tests that have no time to let it pass."""
        rest = self.clock.now() - timedelta(seconds=5)
        young = OrderChange.decided_at.is_null() & (OrderChange.seen_at > rest)
        if OrderChange.select().where(young).exists():
            OrderChange.update(seen_at=rest).where(young).execute()

    def has_decided_on_all(self) -> bool:
        """Has all that orders did been seen, and decided on?"""
        seen = {one.woo_id: (one.status, one.modified_at) for one in Order.select()}
        undecided = OrderChange.select().where(OrderChange.decided_at.is_null())
        return not undecided.exists() and all(
            seen.get(order.id) == (order.status, order.modified.replace(microsecond=0))
            for order in self.shop.orders
        )

    @property
    def told(self) -> Counter[Told]:
        """How often what was told, by WhatsApp's own count."""
        return told_in(self.whatsapp.accepted)


def told_in(accepted: Iterable[Accepted]) -> Counter[Told]:
    return Counter((order_of(one), one.template or "") for one in list(accepted) if is_news(one))


def is_news(message: Accepted) -> bool:
    return message.template != "we_miss_you"


def order_of(message: Accepted) -> int:
    """The order that it names."""
    place = 1 if message.template in NAMES_THE_PERSON_FIRST else 0
    return int(message.parameters["body"][place])
