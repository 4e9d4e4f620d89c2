"""What listens: WhatsApp's webhooks, stored before they are acknowledged; a sign of life; and the
routes of the shop's webhooks, of events, of links and of the metrics, which have modules of their own.
"""

import hashlib
import hmac
from collections.abc import Callable
from datetime import datetime

import peewee
from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from agent.config import Settings
from agent.log import Log
from agent.rules.inbound import may_refuse
from agent.web.events import events
from agent.web.links import links
from agent.web.metrics import metrics
from agent.web.seldom import Seldom
from agent.web.shop_hook import shop_hook
from models import Webhook
from models.base import wait_for_writers

log = Log(__name__)

UNSIGNED = (
    "if these are Meta's, [whatsapp] app_secret is not that of the app: no status, no STOP arrives"
)
NO_HANDSHAKE = "if this is Meta, give it the word of [whatsapp] verify_token"
PATIENCE = 3.0  # seconds for the database; WhatsApp gives up on us after few more, and comes again


def intake(settings: Callable[[], Settings], now: Callable[[], datetime]) -> Flask:
    """The WSGI application. `settings` is asked anew each time: they may be reloaded."""
    app = Flask("winback", static_folder=None)
    unsigned = Seldom(log, "webhook.unsigned", now, fix=UNSIGNED)
    app.config["MAX_CONTENT_LENGTH"] = settings().web.max_body_mb * 1024 * 1024
    app.register_blueprint(shop_hook(settings, now))
    app.register_blueprint(events(settings, now))
    app.register_blueprint(metrics(now))
    app.register_blueprint(links(settings, now))

    @app.get("/healthz")
    def health() -> Response:
        return _text(200, "ok")

    @app.get("/webhooks/whatsapp")
    def verify() -> Response:
        """Meta's handshake when the webhook is set up."""
        token = request.args.get("hub.verify_token", "")
        wanted = settings().whatsapp.verify_token
        if request.args.get("hub.mode") == "subscribe" and _same(token, wanted):
            return _text(200, request.args.get("hub.challenge", ""))
        log.warning("webhook.handshake_refused", peer=request.remote_addr, fix=NO_HANDSHAKE)
        return _text(403, "wrong verify token")

    @app.post("/webhooks/whatsapp")
    def receive() -> Response:
        """Verify over the raw bytes, store, acknowledge. What it says is read later."""
        body = request.get_data(cache=False)
        signature = request.headers.get("X-Hub-Signature-256", "")
        if not signed(body, signature, settings().whatsapp.app_secret):
            unsigned.tell(peer=request.remote_addr, size=len(body))
            return _text(403, "wrong or missing signature")
        try:
            wait_for_writers(PATIENCE)
            Webhook.insert(
                source="whatsapp", received_at=now(), body=body, urgent=may_refuse(body)
            ).execute()
        except peewee.DatabaseError as error:
            # not 200: WhatsApp keeps it and comes again, for up to 7 days
            log.error("webhook.not_stored", what=error)
            return _text(503, "try again")
        return _text(200, "ok")

    @app.errorhandler(RequestEntityTooLarge)
    def too_large(_: RequestEntityTooLarge) -> Response:
        log.warning("webhook.too_large", peer=request.remote_addr, size=request.content_length)
        return _text(413, "too large")

    @app.errorhandler(HTTPException)
    def plain(error: HTTPException) -> Response:
        return _text(error.code or 500, error.name)

    return app


def signed(body: bytes, header: str, secret: str) -> bool:
    """Is `header` the HMAC-SHA256 of `body` under the app secret, as Meta writes it?

    Source: Meta, "Webhooks: validate payloads". The bytes count as they came: Meta escapes
    characters in a way that no other serializer repeats.
    """
    wanted = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return _same(header, f"sha256={wanted}")


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(errors="replace"), other.encode())


def _text(status: int, text: str) -> Response:
    return Response(text, status, mimetype="text/plain")
