"""What `winback check` says of the ways back: the links of messages, and where replies go."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import requests
from urllib3.exceptions import HTTPError

from agent.clients.session import open_session, trouble
from agent.commands.check.templates import Finding
from agent.database import held
from agent.errors import AlreadyRunning
from agent.rules.links import PATH, front_page
from agent.timetable import Tools
from agent.web.links import HEADERS

TIMEOUT: Final = 10.0  # seconds
UNKNOWN: Final = "check"  # no link has these few letters, so it leads to the front page
MARK: Final = "X-Robots-Tag"  # by which winback's redirect is told from one of the shop
FIX: Final = (
    "let the web server pass /r/ on to [web] listen, and the daemon run (README, chapter Clicks)"
)


def link_findings(tools: Tools) -> Iterator[Finding]:
    """Follows a link as people do who get a message; nothing is counted by that."""
    settings = tools.settings
    if settings.links.count:
        address = f"{settings.web.public_url}{PATH}{UNKNOWN}"
        wrong = _wrong(address, front_page(settings.shop.url))
        if not wrong:
            yield Finding(f"{address} reaches winback: links of messages lead to the shop")
        else:
            yield Finding(
                f"{address} does not reach winback, so links of messages lead nowhere: {wrong}",
                FIX,
                fatal=_runs(settings.database.path),  # who checks before the first start may start
            )
    if settings.conversations.forward_url:
        where, _, query = settings.conversations.forward_url.partition("?")  # which may be a token
        yield Finding(
            f"replies go to {where}{'?...' if query else ''} (not tried out: it would take a test "
            "for a reply)"
        )


def _wrong(address: str, leads_to: str) -> str:
    """What came of asking for it, if not winback's redirect to `leads_to`; else ''."""
    with open_session(pool=1, headers={"User-Agent": "winback"}, answer_within=TIMEOUT) as session:
        try:
            # `stream`: whatever page it is, nobody reads it
            with session.get(
                address, timeout=TIMEOUT, allow_redirects=False, stream=True
            ) as answer:
                status, headers = answer.status_code, answer.headers
        except (requests.RequestException, HTTPError) as error:
            return trouble(error).reason
    location = headers.get("Location", "")
    if not answer.is_redirect:
        return f"the answer is {status}"
    if headers.get(MARK) != HEADERS[MARK]:
        return f"a redirect ({status}) that is not winback's, to {_shown(location)}"
    if location != leads_to:
        return f"it leads to {_shown(location)}, not to {leads_to} as [shop] url says"
    return ""


def _shown(location: str) -> str:
    """Without what follows the ?, and not without an end: somebody else wrote it."""
    bare = location.partition("?")[0]
    return ascii(bare if len(bare) <= 100 else f"{bare[:99]}...")[1:-1]


def _runs(database: Path) -> bool:
    """Does a daemon work on it? One that is not there yet is not made here."""
    if not database.exists():
        return False
    try:
        with held(database):
            return False
    except AlreadyRunning:
        return True
