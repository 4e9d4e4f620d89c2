"""The sandbox shop: a WooCommerce in memory. `shop_app` (in api.py) lets it speak HTTP.

    Ground   clock, zone, money, ids, the one lock       ground.py
    Catalog  categories, products, variations, stock     catalog.py
    People   customers                                   people.py
    Coupons  who may use one, what it takes off          coupons.py
    Orders   status, notes, refunds, trash               orders.py, payments.py
    Checkout from a basket to an order                   checkout.py
    Edits    changing what was ordered                   edits.py
    Sales    scheduled sales and the cron                sales.py
    RawWrites what importers and SQL do: no date moves   raw.py
    Webhooks the shop's own, queued until somebody runs  webhooks.py

What it does and how it answers was measured on WooCommerce 9.9.5; the contract tests compare it
with the recordings of that shop.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from agent.sandbox.shop.privacy import Privacy
from agent.sandbox.shop.raw import RawWrites
from agent.sandbox.shop.sales import Sales
from agent.sandbox.shop.webhooks import Webhooks

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from agent.sandbox.clock import Clock
    from agent.sandbox.shop.trouble import Trouble

REMEMBERED = 100_000  # requests


@dataclass(frozen=True, slots=True)
class Asked:
    """One request, as a test wants to see it."""

    method: str
    path: str  # below /wp-json/, as "wc/v3/orders"
    params: Mapping[str, str]  # without keys and signatures; lists joined by commas
    status: int
    bytes: int  # of the body that went back
    at: datetime  # by the shop's clock


class Shop(Privacy, RawWrites, Sales, Webhooks):
    """A shop to fill by `add_...` and `place_order`, and to move by the other operations.

    Switches, to be set at any time:
        trouble      what is wrong with the server now (see trouble.py), or None
        permissions  what the API key may do
        tidy_ties    True: rows with equal sort values keep one order over all pages. A real shop
                     does not do that for products and customers: walking by anything but the id
                     loses rows there, and so it does here.
        analytics    False: no wc-analytics, as where a host blocks it or WooCommerce Admin is off;
                     before 10.3 only the list of each parent's variations is left then
        compresses   True: bodies go out gzipped to clients that take that; the measured server did
                     not, many do
        home         the shop's own address, as its webhooks name it
        on_request   called before each request is answered, with its status still 0 and without
                     the lock: here rows can change between two pages of a walk
    `asked` remembers the requests.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        name: str = "Loja Exemplo",
        timezone: str = "America/Sao_Paulo",
        currency: str = "BRL",
        decimals: int = 2,
        country: str = "BR",
        consumer_key: str = "ck_sandbox",
        consumer_secret: str = "cs_sandbox",  # noqa: S107 - opens nothing but this stand-in
        version: str = "9.9.5",
        seed: int = 0,
    ) -> None:
        super().__init__(
            clock,
            name=name,
            timezone=timezone,
            currency=currency,
            decimals=decimals,
            country=country,
            version=version,
            seed=seed,
        )
        self.consumer_key, self.consumer_secret = consumer_key, consumer_secret
        self.permissions: Literal["read", "write", "read_write"] = "read_write"
        self.trouble: Trouble | None = None
        self.tidy_ties = False
        self.analytics = True
        self.compresses = False
        self.on_request: Callable[[Asked], object] | None = None
        self.asked: deque[Asked] = deque(maxlen=REMEMBERED)
        self._open_catalog()
        self._open_people()
        self._open_coupons()
        self._open_orders()
        self._open_webhooks()
