"""What every page has around it: the settings, the clock, whose browser it is, and the language."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Response, g, redirect, request
from werkzeug.wrappers import Response as Answer

from agent.config import Settings
from agent.web.dashboard.access import PATH, Access, Visit
from agent.web.dashboard.pages import page


@dataclass(frozen=True, slots=True)
class Frame:
    """`settings` and `now` are asked anew each time: the config may be reloaded."""

    settings: Callable[[], Settings]
    now: Callable[[], datetime]
    access: Access

    @property
    def visit(self) -> Visit:
        """Of the request that is being answered."""
        visit: Visit = g.visit
        return visit

    def show(self, template: str, status: int = 200, **facts: Any) -> Answer:
        """The page, in a browser that is remembered."""
        visit = self.visit
        here = request.path.removeprefix(PATH).strip("/").partition("/")[0]
        answer: Response = page(
            template, g.say, status, here=here, token=visit.token, inside=visit.inside,
            locked=visit.locked, now=self.now(), **facts,
        )  # fmt: skip
        return self.access.remember(visit, answer)


def to(place: str) -> Answer:
    """By its path alone: the name by which somebody reaches us is not known for certain."""
    return redirect(f"{PATH}/{place}", 303)
