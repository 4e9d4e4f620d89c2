"""The addresses of the pages below /dashboard.

They read, each page a few statements by index and no transaction, and write nothing but pauses and
ended sessions.
"""

from collections.abc import Callable
from datetime import datetime

from flask import Blueprint, abort, request
from werkzeug.wrappers import Response as Answer

from agent.config import Settings
from agent.web.dashboard.access import PATH, Access
from agent.web.dashboard.campaigns import campaigns
from agent.web.dashboard.door import add_door, guard
from agent.web.dashboard.frame import Frame, to
from agent.web.dashboard.messages import LARGEST, Filter, life, messages, number_in
from agent.web.dashboard.overview import overview
from agent.web.dashboard.people import person, search
from agent.web.dashboard.switches import add_switches
from agent.web.dashboard.waiting import article, waiting


def dashboard(settings: Callable[[], Settings], now: Callable[[], datetime]) -> Blueprint:
    """The routes. `settings` is asked anew each time: they may be reloaded."""
    routes = Blueprint("dashboard", __name__, url_prefix=PATH)
    frame = Frame(settings, now, Access(settings, now))
    guard(routes, frame)
    add_door(routes, frame)
    add_switches(routes, frame)
    _add_pages(routes, frame)
    _add_lists(routes, frame)
    return routes


def _add_pages(routes: Blueprint, frame: Frame) -> None:
    """Those that there is one of."""

    @routes.get("/")
    def first() -> Answer:
        return frame.show("overview.html", **overview(frame.settings(), frame.now()))

    @routes.get("")
    def without_slash() -> Answer:
        return to("")

    @routes.get("/campaigns")
    def all_campaigns() -> Answer:
        done = request.args.get("done", "")
        return frame.show("campaigns.html", done=done, **campaigns(frame.settings(), frame.now()))

    @routes.get("/<path:_>")
    def nowhere(_: str) -> Answer:
        abort(404)


def _add_lists(routes: Blueprint, frame: Frame) -> None:
    """Lists, and what stands in them."""

    @routes.get("/people")
    def people() -> Answer:
        asked = request.args.get("q", "")
        return frame.show("people.html", **search(asked, frame.settings()))

    @routes.get("/people/<int:number>")
    def one_person(number: int) -> Answer:
        found = person(number, frame.settings(), frame.now()) if number <= LARGEST else None
        return abort(404) if found is None else frame.show("person.html", **found)

    @routes.get("/messages")
    def all_messages() -> Answer:
        before = number_in(request.args.get("before", ""))
        return frame.show("messages.html", **messages(Filter.read(request.args), before))

    @routes.get("/messages/<int:number>")
    def one_message(number: int) -> Answer:
        found = life(number, frame.settings()) if number <= LARGEST else None
        return abort(404) if found is None else frame.show("message.html", **found)

    @routes.get("/waiting")
    def awaited() -> Answer:
        return frame.show("waiting.html", **waiting(_place(request.args.get("after", ""))))

    @routes.get("/waiting/<int:product>", defaults={"variation": 0})
    @routes.get("/waiting/<int:product>/<int:variation>")
    def one_article(product: int, variation: int) -> Answer:
        fits = max(product, variation) <= LARGEST
        found = article(product, variation, frame.settings(), frame.now()) if fits else None
        if found is None:
            abort(404)
        return frame.show("article.html", product=product, variation=variation, **found)


def _place(text: str) -> tuple[int, int, int] | None:
    """Where a list goes on: "12.345.0"; None for what is no such thing."""
    numbers = [number_in(part) for part in text.split(".")]
    if len(numbers) != len(("people", "product", "variation")) or LARGEST in numbers:
        return None
    people, product, variation = numbers
    return people, product, variation
