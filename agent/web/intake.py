"""What listens: WhatsApp's webhooks, stored before they are acknowledged; a sign of life; and the
routes of the shop's webhooks, of events, of links and of the metrics, which have modules of their own.
"""

import hmac
from collections.abc import Callable
from datetime import datetime, timedelta

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from agent.config import Settings
from agent.log import Log
from agent.rules.inbound import may_refuse
from agent.web.dashboard import dashboard
from agent.web.events import events
from agent.web.links import links
from agent.web.metrics import metrics
from agent.web.seldom import Seldom
from agent.web.shop_hook import shop_hook
from agent.web.signatures import Signer, signer
from agent.web.writer import NotStored, Writer
from models import Webhook

log = Log(__name__)

UNSIGNED = (
    "if these are Meta's, [whatsapp] app_secret is not that of the app: no status, no STOP arrives"
)
NO_HANDSHAKE = "if this is Meta, give it the word of [whatsapp] verify_token"
STILL_THE_OLD = (
    "Meta signs with the secret of before: give the app its new one, or take it out of the config"
)
NOT_STORED = (
    "see that the disk has room, and that no other program holds the database; Meta comes again"
)
TOO_LARGE = "WhatsApp sends up to 3 MB: see [web] max_body_mb"
PATIENCE = 3.0  # seconds for the database; WhatsApp gives up on us after few more, and comes again
SMALL = 64 * 1024  # bytes; the largest body where a route does not take more
MEGABYTE = 1024 * 1024
ROTATION_TOLD = timedelta(hours=1)


def intake(
    settings: Callable[[], Settings], now: Callable[[], datetime], trouble: Callable[[], str] = str
) -> Flask:
    """The WSGI application. `settings` is asked anew each time: they may be reloaded. `trouble` says in
    words what is wrong with the loop that does the work, or "".
    """
    app = Flask("winback", static_folder=None)
    unsigned = Seldom(log, "webhook.unsigned", now, fix=UNSIGNED)
    rotating = Seldom(log, "webhook.old_secret", now, fix=STILL_THE_OLD, every=ROTATION_TOLD)
    not_stored = Seldom(log, "webhook.not_stored", now, fix=NOT_STORED, error=True)
    large = Seldom(log, "webhook.too_large", now, fix=TOO_LARGE)
    stranger = Seldom(log, "webhook.handshake_refused", now, fix=NO_HANDSHAKE)
    writer = Writer(Webhook.keep)
    app.config["MAX_CONTENT_LENGTH"] = SMALL
    app.register_blueprint(shop_hook(settings, now))
    app.register_blueprint(events(settings, now))
    app.register_blueprint(metrics(settings, now))
    app.register_blueprint(links(settings, now))
    app.register_blueprint(dashboard(settings, now))

    @app.get("/healthz")
    def health() -> Response:
        wrong = trouble()
        return _text(503, wrong) if wrong else _text(200, "ok")

    @app.get("/webhooks/whatsapp")
    def verify() -> Response:
        """Meta's handshake when the webhook is set up."""
        token = request.args.get("hub.verify_token", "")
        wanted = settings().whatsapp.verify_token
        if request.args.get("hub.mode") == "subscribe" and _same(token, wanted):
            return _text(200, request.args.get("hub.challenge", ""))
        stranger.tell(peer=request.remote_addr)
        return _text(403, "wrong verify token")

    @app.post("/webhooks/whatsapp")
    def receive() -> Response:
        """Verify over the raw bytes, store, acknowledge. What it says is read later."""
        current = settings()
        request.max_content_length = current.web.max_body_mb * MEGABYTE
        body = request.get_data(cache=False)
        who = signed(
            body,
            request.headers.get("X-Hub-Signature-256", ""),
            current.whatsapp.app_secret,
            current.whatsapp.app_secret_previous,
        )
        if who is Signer.NOBODY:
            unsigned.tell(peer=request.remote_addr, size=len(body))
            return _text(403, "wrong or missing signature")
        if who is Signer.PREVIOUS:
            rotating.tell(peer=request.remote_addr)
        try:
            writer.keep(
                {
                    "source": "whatsapp",
                    "received_at": now(),
                    "body": body,
                    "urgent": may_refuse(body),
                },
                PATIENCE,
            )
        except NotStored as error:
            # not 200: WhatsApp keeps it and comes again, for up to 7 days
            not_stored.tell(what=error)
            return _text(503, "try again")
        return _text(200, "ok")

    @app.errorhandler(RequestEntityTooLarge)
    def too_large(_: RequestEntityTooLarge) -> Response:
        large.tell(peer=request.remote_addr, path=request.path, size=request.content_length)
        return _text(413, "too large")

    @app.errorhandler(HTTPException)
    def plain(error: HTTPException) -> Response:
        return _text(error.code or 500, error.name)

    return app


def signed(body: bytes, header: str, current: str, previous: str = "") -> Signer:
    """Whose secret `header` is the HMAC-SHA256 of `body` under, as Meta writes it: sha256=<hex digits>.

    Source: Meta, "Webhooks: validate payloads".
    """
    return signer(header, body, current, previous, lambda digest: f"sha256={digest.hex()}")


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(errors="replace"), other.encode())


def _text(status: int, text: str) -> Response:
    return Response(text, status, mimetype="text/plain")
