"""Who comes in: nobody sees a page before this has let them, and every answer is sealed."""

from pathlib import Path
from typing import Final

import peewee
from flask import Blueprint, Response, g, request
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as Answer

from agent.log import Log
from agent.web.dashboard.access import PATH, TooManyTries
from agent.web.dashboard.frame import Frame, to
from agent.web.dashboard.pages import HEADERS, page
from agent.web.seldom import Seldom
from models.base import wait_for_writers

log = Log(__name__)

PATIENCE: Final = 3.0  # seconds for the database
STYLE: Final = (Path(__file__).parent / "style.css").read_bytes()
OPEN: Final = frozenset({"dashboard.log_in", "dashboard.style"})  # without the password
UNREAD = "see that no other program holds the database, and that its disk is well"


def guard(routes: Blueprint, frame: Frame) -> None:
    """Before and after each answer, and where something goes wrong."""
    unread = Seldom(log, "dashboard.unread", frame.now, fix=UNREAD)

    @routes.before_request
    def admit() -> Answer | None:
        if not frame.settings().dashboard.enabled:
            return Response("not here", 404, mimetype="text/plain")
        from agent.web.dashboard.tongue import Tongue  # with babel, once somebody looks

        wait_for_writers(PATIENCE)
        g.say = Tongue.of(frame.settings())
        g.visit = visit = frame.access.look(request)
        if not visit.locked and not visit.near:
            return page("refused.html", g.say, 403, here="", inside=False, locked=False)
        if not visit.inside and request.endpoint not in OPEN:
            return frame.access.remember(visit, to("login"))
        if request.method == "POST" and not frame.access.is_ours(request, visit):
            return frame.show("stale.html", 403)
        return None

    @routes.after_app_request
    def seal(answer: Response) -> Response:
        """Also what no route of ours answers: a method that none takes, a path that is put right."""
        if f"{request.path}/".startswith(f"{PATH}/"):
            answer.headers.update(HEADERS)
        return answer

    @routes.errorhandler(peewee.DatabaseError)
    def no_database(error: peewee.DatabaseError) -> Response:
        unread.tell(what=error)
        return Response("the database cannot be read just now", 503, mimetype="text/plain")

    @routes.errorhandler(HTTPException)
    def wrong(error: HTTPException) -> Answer:
        status = error.code or 500
        if "visit" not in g or not frame.visit.inside:
            return Response(error.name, status, mimetype="text/plain")
        return frame.show("missing.html", status)


def add_door(routes: Blueprint, frame: Frame) -> None:
    """Logging in and out, and what the door looks like."""

    @routes.get("/style.css")
    def style() -> Response:
        return Response(STYLE, mimetype="text/css")

    @routes.route("/login", methods=["GET", "POST"])
    def log_in() -> Answer:
        if frame.visit.inside:
            return to("")
        if request.method == "GET":
            return frame.show("login.html", wrong=False, flooded=False)
        try:
            visit = frame.access.log_in(request, frame.visit)
        except TooManyTries:
            return frame.show("login.html", 429, wrong=False, flooded=True)
        if visit is None:
            return frame.show("login.html", 403, wrong=True, flooded=False)
        return frame.access.remember(visit, to(""))

    @routes.post("/logout")
    def log_out() -> Answer:
        frame.access.log_out(frame.visit)
        return to("login")
