"""The shop's webhooks: each leaves a hint that a row should be read again, and nothing else.

What a delivery says is never data. The shop builds it when its queue runs, signs no time, repeats
nothing that was lost, and gives up on us for good at the seventh failure in a row. So it only makes
us ask sooner, and winback is as exact without it.

While the secret is changed, by `winback shop-webhooks install`, the one before counts too, if the config
has it; else what the shop signed with it is refused, and the next poll finds what it was about.
"""

import base64
import hashlib
import re
import threading
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime, timedelta

import peewee
from flask import Blueprint, Response, abort, request

from agent.config import Settings
from agent.database import remedy
from agent.log import Log
from agent.rules.shop_webhooks import PATH, Changed, Unreadable, changed
from agent.web.seldom import Seldom
from agent.web.signatures import Signer, signer
from models import Hint, Product
from models.base import transaction, wait_for_writers

log = Log(__name__)

MEANS = "webhook"
UNSIGNED = (
    "if these are the shop's, it has another secret than [web] shop_webhook_secret: "
    "`winback shop-webhooks install` gives it ours"
)
STILL_THE_OLD = (
    "a webhook of the shop has the secret of before: `winback shop-webhooks install` gives it ours"
)
UNREADABLE = (
    "if this goes on, report it with the shop's version of WooCommerce; polls find the rest"
)
PING = re.compile(rb"webhook_id=\d{1,20}")  # the whole of it; sent when a webhook is made, unsigned
SAME_WITHIN = timedelta(minutes=10)
MOST_REMEMBERED = 20_000  # deliveries; some 3 MB
MEGABYTE = 1024 * 1024
ROTATION_TOLD = timedelta(hours=1)
PATIENCE = 3.0  # seconds for the database; the shop waits 15 at most, with its queue behind


def shop_hook(settings: Callable[[], Settings], now: Callable[[], datetime]) -> Blueprint:
    """The route. `settings` is asked anew each time: they may be reloaded."""
    routes = Blueprint("shop_hook", __name__)
    unsigned = Seldom(log, "shop_webhook.unsigned", now, fix=UNSIGNED)
    unreadable = Seldom(log, "shop_webhook.unreadable", now, fix=UNREADABLE)
    rotating = Seldom(log, "shop_webhook.old_secret", now, fix=STILL_THE_OLD, every=ROTATION_TOLD)
    recent = Recent()

    @routes.post(PATH)
    def receive() -> Response:
        """Verify over the raw bytes, leave a hint, acknowledge."""
        web = settings().web
        if not web.shop_webhook_secret:
            abort(404)
        request.max_content_length = web.max_body_mb * MEGABYTE
        body = request.get_data(cache=False)
        signature = request.headers.get("X-WC-Webhook-Signature", "")
        if not signature and PING.fullmatch(body):
            return _text(200, "ok")
        who = signed(body, signature, web.shop_webhook_secret, web.shop_webhook_secret_previous)
        if who is Signer.NOBODY:
            unsigned.tell(peer=request.remote_addr, size=len(body))
            return _text(403, "wrong or missing signature")
        if who is Signer.PREVIOUS:
            rotating.tell(peer=request.remote_addr)
        topic = request.headers.get("X-WC-Webhook-Topic", "")
        try:
            about = changed(topic, request.headers.get("X-WC-Webhook-Resource", ""), body)
        except Unreadable as error:
            # 200 all the same: seven failures in a row, and the shop sends nothing any more
            unreadable.tell(what=error, topic=topic, size=len(body))
            return _text(200, "not understood")
        if about is None:
            log.debug("shop_webhook.ignored", topic=topic)
            return _text(200, "ignored")
        digest = hashlib.sha256(topic.encode(errors="replace") + b"\n" + body).digest()
        if recent.has(digest, now()):
            return _text(200, "known")
        try:
            wait_for_writers(PATIENCE)
            _note(about, now())
        except peewee.DatabaseError as error:
            # a failure to the shop, and rightly: it does not come again, but the polls do
            log.error("shop_webhook.not_noted", what=error, fix=remedy(str(error)))
            return _text(503, "try again")
        recent.add(digest, now())  # only now: one that was not noted may come again
        return _text(200, "ok")

    return routes


def signed(body: bytes, header: str, current: str, previous: str = "") -> Signer:
    """Whose secret `header` is the HMAC-SHA256 of `body` under, in base64.

    Source: WC_Webhook::generate_signature, and deliveries of WooCommerce 9.9.5.
    """
    return signer(header, body, current, previous, lambda digest: base64.b64encode(digest).decode())


def _note(about: Changed, now: datetime) -> None:
    kind, number = about.kind, about.woo_id
    with transaction():
        if about.bare and kind == "products":
            # what is deleted has no type any more: ours says if it was a variation
            known = Product.get_or_none(Product.woo_id == number)
            if known is not None and known.parent_id:
                kind, number = "variations", known.parent_id
        Hint.note(kind, [number], MEANS, now)


class Recent:
    """What came within the last SAME_WITHIN, at most MOST_REMEMBERED of it. Threads may share it.

    A delivery that is replayed, even for ever, costs the shop one read in that time.
    """

    def __init__(self) -> None:
        self._seen: OrderedDict[bytes, datetime] = OrderedDict()  # oldest first
        self._lock = threading.Lock()

    def has(self, digest: bytes, now: datetime) -> bool:
        with self._lock:
            at = self._seen.get(digest)
        # a clock that was set back makes no moment of the future a recent one
        return at is not None and timedelta(0) <= now - at < SAME_WITHIN

    def add(self, digest: bytes, now: datetime) -> None:
        with self._lock:
            self._seen[digest] = now
            self._seen.move_to_end(digest)
            while len(self._seen) > MOST_REMEMBERED:
                self._seen.popitem(last=False)


def _text(status: int, text: str) -> Response:
    return Response(text, status, mimetype="text/plain")
