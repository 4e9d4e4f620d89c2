"""POST /events: what people look at, told by whoever has the token. The README has the fields.

What is taken is kept before it is acknowledged, by one statement, and becomes interest a little later:
the shop calls this while it serves a page, and waits for no look at people and products.
"""

import hmac
import json
from collections.abc import Callable, Sequence
from datetime import datetime

import peewee
from flask import Blueprint, Response, request

from agent.config import Settings
from agent.log import Log
from agent.rules.events import Event, Frame, NotAnEvent, parse, read_event, words
from agent.web.seldom import Seldom
from models import Hint, ShopFact, UnsettledEvent
from models.base import wait_for_writers

log = Log(__name__)

PATH = "/events"
SOURCE, BRIDGE = "events", "bridge"
MOST_AT_ONCE = 1_000
MOST_BYTES = 1024 * 1024
MOST_PRODUCTS = 10_000  # in all of them
LARGEST_ID = 2**63
PATIENCE = 2.0  # seconds for the database; whoever tells us shows a page to somebody meanwhile

WRONG_TOKEN = "if this is the shop's plugin, give it the word of [web] events_token"  # noqa: S105 - advice, no token
UNREADABLE = 'the README\'s section "What people look at" says what an event looks like'
NOT_KEPT = "see that the disk has room, and that no other program holds the database"
NO_TOKEN = "nothing is taken here: [web] events_token is not set"  # noqa: S105 - as above


def events(settings: Callable[[], Settings], now: Callable[[], datetime]) -> Blueprint:
    """The route. `settings` is asked anew each time: they may be reloaded."""
    routes = Blueprint("events", __name__)
    stranger = Seldom(log, "events.stranger", now, fix=WRONG_TOKEN)
    unreadable = Seldom(log, "events.refused", now, fix=UNREADABLE)
    not_kept = Seldom(log, "events.not_kept", now, fix=NOT_KEPT)

    @routes.post(PATH)
    def receive() -> Response:
        """Check who tells it, keep what can be taken, acknowledge."""
        request.max_content_length = MOST_BYTES
        token = settings().web.events_token
        if not token:
            return _text(404, NO_TOKEN)
        if not _has_token(request.headers.get("Authorization", ""), token):
            stranger.tell(peer=request.remote_addr)
            return _text(401, "wrong or missing bearer token", **{"WWW-Authenticate": "Bearer"})
        try:
            body = parse(request.get_data(cache=False))
            told, source = _unpacked(body)
            accounts = _accounts(body)
        except NotAnEvent as error:
            unreadable.tell(what=error, peer=request.remote_addr)
            return _text(400, str(error))
        if len(told) > MOST_AT_ONCE:
            unreadable.tell(what="too many at once", events=len(told), peer=request.remote_addr)
            return _text(413, f"{len(told)} events: send at most {MOST_AT_ONCE} at once")
        try:
            wait_for_writers(PATIENCE)
            taken, refused = _read(told, _frame(settings(), now()))
            if len(taken) > MOST_PRODUCTS:
                return _text(413, f"{len(taken)} products: send at most {MOST_PRODUCTS} at once")
            UnsettledEvent.put([(words(one), one.at) for one in taken], source)
            Hint.note("customers", accounts, source, now())
        except peewee.DatabaseError as error:
            not_kept.tell(what=error)
            return _text(503, "try again")
        if refused:
            unreadable.tell(
                what=refused[0]["reason"], events=len(refused), peer=request.remote_addr
            )
        answer = {"taken": len(told) - len(refused), "refused": refused}
        return Response(json.dumps(answer), 202, mimetype="application/json")

    return routes


def _has_token(header: str, token: str) -> bool:
    scheme, _, given = header.partition(" ")
    right = hmac.compare_digest(given.strip().encode(errors="replace"), token.encode())
    return right and scheme.lower() == "bearer"


def _unpacked(body: object) -> tuple[Sequence[object], str]:
    """The events of a body, and where they come from. Raises NotAnEvent."""
    if isinstance(body, list):
        return body, SOURCE
    if not isinstance(body, dict):
        raise NotAnEvent('send an event, a list of them, or {"events": [...]}')
    if "events" not in body and "accounts" not in body:
        return [body], SOURCE
    told = body.get("events", [])
    if not isinstance(told, list):
        raise NotAnEvent("events is not a list")
    return told, BRIDGE if body.get("source") == BRIDGE else SOURCE


def _accounts(body: object) -> list[int]:
    """Accounts of the shop that said something: to be read at once, so that a no counts at once. What
    they said is read from the shop. Raises NotAnEvent."""
    ids = body.get("accounts", []) if isinstance(body, dict) else []
    if not isinstance(ids, list) or len(ids) > MOST_AT_ONCE:
        raise NotAnEvent(f"accounts is no list of at most {MOST_AT_ONCE} ids")
    if not all(type(one) is int and 0 < one < LARGEST_ID for one in ids):
        raise NotAnEvent("accounts has something else than the ids of customers")
    return ids


def _frame(settings: Settings, now: datetime) -> Frame:
    country = settings.shop.default_country or ShopFact.all().get("country", "")
    return Frame(now=now, oldest=now - settings.interest.kept, undated=now, country=country)


def _read(told: Sequence[object], frame: Frame) -> tuple[list[Event], list[dict[str, object]]]:
    """The events that can be taken, and why the others cannot, by their places."""
    taken: list[Event] = []
    refused: list[dict[str, object]] = []
    for index, one in enumerate(told):
        try:
            taken += read_event(one, frame)
        except NotAnEvent as error:
            refused.append({"index": index, "reason": str(error)})
    return taken, refused


def _text(status: int, text: str, **headers: str) -> Response:
    return Response(text, status, headers, mimetype="text/plain")
