"""What the pages can change: a pause begins or ends, by the same statements as the commands'."""

from flask import Blueprint, abort, request
from werkzeug.wrappers import Response as Answer

from agent.config import Settings
from agent.log import Log
from agent.pauses import pause, resume, resume_campaign
from agent.web.dashboard.frame import Frame, to
from models.delivery import EVERYTHING

log = Log(__name__)


def add_switches(routes: Blueprint, frame: Frame) -> None:
    @routes.post("/pause")
    def hold() -> Answer:
        """As `winback pause` and `winback campaign pause` do."""
        scope = _scope(frame.settings())
        reason = " ".join(request.form.get("reason", "")[:200].split())
        pause(scope, reason, now=frame.now())
        log.info("dashboard.paused", scope=scope)
        return to("campaigns?done=paused")

    @routes.post("/resume")
    def let_go() -> Answer:
        """As `winback resume` and `winback campaign resume` do."""
        scope, now = _scope(frame.settings()), frame.now()
        done = resume(now=now) if scope == EVERYTHING else resume_campaign(scope, now=now)
        log.info("dashboard.resumed", scope=scope, lifted=len(done.lifted), left=len(done.left))
        said = ("part" if done.left else "resumed") if done.lifted else "nothing"
        return to(f"campaigns?done={said}")


def _scope(settings: Settings) -> str:
    """What a form is about: everything, or a campaign that there is."""
    scope = request.form.get("scope", "")
    if scope != EVERYTHING and scope not in settings.campaigns:
        abort(400)
    return scope
