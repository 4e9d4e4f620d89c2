"""GET /r/<token>: whoever follows a link of a message is led to its page of the shop, and counted.

Nobody who follows one ever sees an error: a link that is unknown or too old leads to the shop's front
page, and where the database cannot be written the click is lost, not the customer. It is counted when
the answer is on its way.
"""

from collections.abc import Callable
from datetime import datetime

import peewee
from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as Answer

from agent.config import Settings
from agent.log import Log
from agent.rules.links import PATH, front_page, is_a_person, landing, read_token
from agent.web.seldom import Seldom
from models import Link
from models.base import wait_for_writers

log = Log(__name__)

PATIENCE = 1.0  # seconds for the database: somebody waits, and then so do the webhooks
HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow",
}
UNREAD = (
    "links lead to the shop's front page meanwhile; see that no other program holds the database"
)
LOST = "see that the disk has room, and that no other program holds the database"


def links(settings: Callable[[], Settings], now: Callable[[], datetime]) -> Blueprint:
    """The route. `settings` is asked anew each time: they may be reloaded."""
    routes = Blueprint("links", __name__)
    unread = Seldom(log, "link.unread", now, fix=UNREAD)
    lost = Seldom(log, "click.lost", now, fix=LOST)

    @routes.get(PATH, defaults={"written": ""})
    @routes.get(f"{PATH}<path:written>", merge_slashes=False)  # else by a redirect of its own
    def follow(written: str) -> Answer:
        """To the page of the shop. Other programs than browsers are led there too, and not counted."""
        shop = settings().shop.url
        link = _find(read_token(written))
        if link is None:
            return _to(front_page(shop))
        answer = _to(landing(link.target, shop, link.token))
        if link.counts_at(now()) and is_a_person(request.method, dict(request.headers)):
            answer.call_on_close(lambda: _count(link.token))
        return answer

    def _find(token: str) -> Link | None:
        if not token:
            return None
        try:
            wait_for_writers(PATIENCE)
            return Link.leading(token, now() - settings().links.kept)
        except peewee.DatabaseError as error:
            unread.tell(what=error)
            return None

    def _count(token: str) -> None:
        try:
            Link.follow(token, now())
        except peewee.DatabaseError as error:
            lost.tell(what=error)

    return routes


def _to(address: str) -> Answer:
    answer = redirect(address, 302, Response)
    answer.headers.update(HEADERS)
    return answer
