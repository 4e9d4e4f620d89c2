"""Who may see the pages: this machine, or whoever gave the password; and which forms are ours."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from flask import Request
from werkzeug.wrappers import Response

from agent.config import Settings
from agent.log import Log
from agent.web.dashboard.logins import Logins, is_password
from agent.web.dashboard.sessions import Session, Sessions
from agent.web.seldom import Seldom
from agent.web.this_machine import comes_from_this_machine, who_asks

log = Log(__name__)

COOKIE: Final = "winback"
PATH: Final = "/dashboard"
OURS: Final = frozenset(
    {"", "same-origin", "none"}
)  # what a browser says of where a form came from
GUESSED = (
    "if this is not you, somebody guesses the dashboard's password: make it long, or take it away"
)


@dataclass(frozen=True, slots=True)
class Visit:
    """One request: whose browser it is, and whether they may see the pages."""

    session: Session
    sessions: Sessions
    inside: bool
    near: bool  # from this machine itself
    locked: bool  # there is a password

    @property
    def token(self) -> str:
        return self.sessions.token(self.session)


class Access:
    """The settings and the clock are asked anew each time: the password may be another one by now."""

    def __init__(self, settings: Callable[[], Settings], now: Callable[[], datetime]) -> None:
        self._settings, self._now = settings, now
        self._logins = Logins()
        self._guessed = Seldom(log, "dashboard.wrong_password", now, fix=GUESSED)

    def look(self, request: Request) -> Visit:
        """Who is it? A browser that is not known yet gets a session of its own."""
        password = self._settings().dashboard.password
        near = comes_from_this_machine(request)
        sessions, now = Sessions(password), self._now()
        session = sessions.read(request.cookies.get(COOKIE, ""), now) or sessions.begin(now)
        inside = session.inside if password else near
        return Visit(session, sessions, inside, near, bool(password))

    def is_ours(self, request: Request, visit: Visit) -> bool:
        """Was this form made by one of our pages, for this very browser?"""
        if request.headers.get("Sec-Fetch-Site", "") not in OURS:
            return False
        return visit.sessions.is_token(visit.session, request.form.get("token", ""))

    def log_in(self, request: Request, visit: Visit) -> Visit | None:
        """The visit with a new session, if the password is right; None if it is not.

        Raises TooManyTries before it looks at the password.
        """
        address = who_asks(request)
        if not self._logins.may_try(address, self._now(), near=visit.near):
            self._guessed.tell(peer=address, what="too many tries")
            raise TooManyTries
        if not is_password(request.form.get("password", ""), self._settings().dashboard.password):
            self._guessed.tell(peer=address, what="wrong password")
            return None
        self._logins.succeeded(address, near=visit.near)
        visit.sessions.end(visit.session, self._now())
        log.info("dashboard.login", peer=address)
        begun = visit.sessions.begin(self._now(), inside=True)
        return Visit(begun, visit.sessions, True, visit.near, True)

    def log_out(self, visit: Visit) -> None:
        visit.sessions.end(visit.session, self._now())

    def remember(self, visit: Visit, answer: Response) -> Response:
        """Give the browser its cookie, as of now."""
        answer.set_cookie(
            COOKIE,
            visit.sessions.write(visit.session, self._now()),
            path=PATH,
            secure=not visit.near,
            httponly=True,
            samesite="Lax",
        )
        return answer


class TooManyTries(Exception):
    """Somebody tried so many passwords that nobody is asked for one, for a while."""
