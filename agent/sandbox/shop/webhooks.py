"""The shop's webhooks: who is to hear of what, the queue, and the deliveries.

Source: WooCommerce 9.9.5, `includes/class-wc-webhook.php` and `wc-webhook-functions.php`, and the
recordings q10_*. A real shop delivers by Action Scheduler, some time after the change; here that is
`deliver_webhooks()`, and until somebody calls it nothing is sent.
"""

from __future__ import annotations

import json
import threading
from base64 import b64encode
from dataclasses import dataclass
from hashlib import md5, sha256
from hmac import new as hmac
from itertools import count
from string import ascii_letters, digits
from typing import TYPE_CHECKING, cast
from urllib.parse import urlsplit

import requests

from agent.sandbox.shop.errors import absent
from agent.sandbox.shop.ground import Ground, NotFound
from agent.sandbox.shop.render_goods import PRODUCT
from agent.sandbox.shop.render_orders import ORDER
from agent.sandbox.shop.render_people import COUPON, CUSTOMER
from agent.sandbox.shop.rows import Webhook
from agent.sandbox.shop.table import Table
from agent.sandbox.shop.view import View

if TYPE_CHECKING:
    from datetime import datetime

    from agent.sandbox.shop.shop import Shop

RESOURCES = ("coupon", "customer", "order", "product")
EVENTS = ("created", "updated", "deleted", "restored")
STATUSES = ("active", "paused", "disabled")
PATIENCE = 5  # failures in a row are borne; after them one is counted, and the next disables
ANSWER_WITHIN = 5.0  # seconds; a real shop waits a minute
# a stand-in sends nothing beyond its machine. A real shop is the other way round: it refuses private
# addresses, and all ports but 80, 443 and 8080, unless they are its own home
NEAR = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, slots=True)
class Delivery:
    """One request that was made for a webhook."""

    webhook: int
    topic: str
    number: int  # of the row that it is about
    status: int | None  # what was answered; None: nothing

    @property
    def taken(self) -> bool:
        return self.status is not None and 200 <= self.status <= 302


class Webhooks(Ground):
    """Hints, not a record: a raw write and a deletion for good fire nothing, a delivery that fails
    is not tried again, and seven failures in a row end the webhook.
    """

    def _open_webhooks(self) -> None:
        self.home = "https://shop.example"
        self.webhooks: Table[Webhook] = Table()
        self._webhook_ids = count(1)
        # webhook and row, in the order in which they came; WooCommerce queues each pair once
        self._queue: dict[tuple[int, int], None] = {}
        self._delivering = threading.Lock()
        self.listeners.append(self._queue_webhooks)

    def add_webhook(
        self, topic: str, delivery_url: str, *, secret: str = "", name: str = ""
    ) -> int:
        """A new active webhook, and the ping that tries its address; nobody hears if that fails.

        Without a secret it gets a random one. ValueError: no such topic, or an address without
        http:// or https://. Anything else is taken, also what can never be reached.
        """
        if not is_topic(topic) or not is_address(delivery_url):
            raise ValueError(f"{topic!r} to {delivery_url!r} cannot be a webhook")
        with self.lock:
            moment = self.now()
            made = f"Webhook created on {moment:%b %d, %Y @ %I:%M %p}"
            row = Webhook(
                id=next(self._webhook_ids),
                name=name or made,
                status="active",
                topic=topic,
                delivery_url=delivery_url,
                secret=secret or "".join(self.random.choices(ascii_letters + digits, k=50)),
                created=moment,
            )
            self.webhooks.add(row)
        # without the lock: who is pinged may ask the shop something before answering
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        self._post(delivery_url, f"webhook_id={row.id}".encode(), form)
        return row.id

    def webhook(self, number: int) -> Webhook:
        """The webhook with this id. NotFound if there is none."""
        row = self.webhooks.get(number)
        if row is None:
            raise NotFound("webhook", number)
        return row

    def save_webhook(self, row: Webhook) -> None:
        row.modified = self.now()
        self.webhooks.changed()

    def delete_webhook(self, number: int) -> None:
        """For good; what is queued for it is not sent any more."""
        with self.lock:
            self.webhook(number)
            self.webhooks.remove(number)

    def queued_webhooks(self) -> int:
        """How many deliveries wait for `deliver_webhooks`."""
        with self.lock:
            return len(self._queue)

    def deliver_webhooks(self) -> list[Delivery]:
        """Run the queue once: one request for each webhook and row that waits now.

        The rows are shown as they are at this moment. What comes into the queue meanwhile waits.
        """
        with self._delivering:
            with self.lock:
                waiting, self._queue = list(self._queue), {}
            found = (self._deliver(*one) for one in waiting)
            return [one for one in found if one is not None]

    def _queue_webhooks(self, resource: str, event: str, number: int) -> None:
        if not len(self.webhooks):
            return
        shop = cast("Shop", self)
        if resource == "order" and shop.orders[number].status == "auto-draft":
            return
        topic = f"{resource}.{event}"
        for row in self.webhooks:
            if row.topic == topic and row.status == "active":
                self._queue.setdefault((row.id, number))

    def _deliver(self, webhook: int, number: int) -> Delivery | None:
        with self.lock:
            row = self.webhooks.get(webhook)
            if row is None:
                return None
            body = self._payload(row, number)
            url, topic = row.delivery_url, row.topic
            headers = _headers(row, self.home, body, self.now())
        status = self._post(url, body, headers)
        delivery = Delivery(webhook, topic, number, status)
        with self.lock:
            if delivery.taken:
                row.failures = 0
            elif row.failures > PATIENCE:
                row.status = "disabled"
            else:
                row.failures += 1
            self.save_webhook(row)
        return delivery

    def _payload(self, row: Webhook, number: int) -> bytes:
        """What the API would answer now, or the bare id of what was deleted."""
        shown: object = {"id": number}
        if row.event != "deleted":
            shop = cast("Shop", self)
            view = View(shop, self.home, decimals=self.decimals)
            shown = _shown(view, row.resource, number)
        return json.dumps(shown, separators=(",", ":")).replace("/", "\\/").encode()

    def _post(self, url: str, body: bytes, headers: dict[str, str]) -> int | None:
        """The status that came back; None if none came."""
        if urlsplit(url).hostname not in NEAR:
            return None
        common = {
            "User-Agent": f"WooCommerce/{self.version} Hookshot (WordPress/6.9)",
            "Accept": "*/*",
            "Accept-Encoding": "deflate, gzip, br, zstd",
            "Connection": "close",
        }
        with requests.Session() as session:
            session.trust_env = False  # no proxy knows the way
            try:
                answer = session.post(
                    url,
                    data=body,
                    headers={**common, **headers},
                    timeout=ANSWER_WITHIN,
                    allow_redirects=False,
                )
            except requests.RequestException:
                return None
            return answer.status_code


def is_topic(topic: str) -> bool:
    resource, _, event = topic.partition(".")
    return event in EVENTS and resource in RESOURCES


def is_address(url: str) -> bool:
    return url.startswith(("http://", "https://")) and bool(urlsplit(url).hostname)


def signature(secret: str, body: bytes) -> str:
    """X-WC-Webhook-Signature. It holds no time: a replay cannot be told."""
    return b64encode(hmac(secret.encode(), body, sha256).digest()).decode()


def _headers(row: Webhook, home: str, body: bytes, now: datetime) -> dict[str, str]:
    # TRAP: made of webhook and second only, so two deliveries may have the same
    delivery = hmac(b"salt", f"{row.id}{int(now.timestamp())}".encode(), md5).hexdigest()
    return {
        "Content-Type": "application/json",
        "X-WC-Webhook-Source": f"{home}/",
        "X-WC-Webhook-Topic": row.topic,
        "X-WC-Webhook-Resource": row.resource,
        "X-WC-Webhook-Event": row.event,
        "X-WC-Webhook-Signature": signature(row.secret, body),
        "X-WC-Webhook-ID": str(row.id),
        "X-WC-Webhook-Delivery-ID": delivery,
    }


def _shown(view: View, resource: str, number: int) -> object:
    """A row as the API shows it, or the API's error if it is gone. Variations are products here."""
    shop = view.shop
    if resource == "order" and (order := shop.orders.get(number)) is not None:
        return ORDER.render(view, [order])[0]
    if resource == "customer" and (person := shop.customers.get(number)) is not None:
        return CUSTOMER.render(view, [person])[0]
    if resource == "coupon" and (coupon := shop.coupons.get(number)) is not None:
        return COUPON.render(view, [coupon])[0]
    product = shop.products.get(number) or shop.variations.get(number)
    if resource == "product" and product is not None:
        return PRODUCT.render(view, [product])[0]
    return absent(resource).body()
