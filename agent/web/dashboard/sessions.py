"""Who has logged in: what the cookie of a browser says, signed, and what makes a form ours.

The key comes from this installation's secret and the password: another password ends all sessions, and so
does another database. A session that somebody ended is on a list until it would have been over.
"""

import hmac
import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Final

from agent.person_key import person_key
from models import EndedSession

IDLE: Final = timedelta(minutes=45)
LONGEST: Final = timedelta(hours=12)
AHEAD: Final = timedelta(minutes=5)  # by which the clock may be set back
LONGEST_COOKIE: Final = 1_000


@dataclass(frozen=True, slots=True)
class Session:
    """A browser, since `began`, last heard of at `seen`. `inside`: it gave the password."""

    name: str
    began: datetime
    seen: datetime
    inside: bool


class Sessions:
    """Reads and writes them, with the key that goes with `password`."""

    def __init__(self, password: str) -> None:
        self._key = hmac.new(person_key(), b"dashboard\0" + password.encode(), sha256).digest()

    def begin(self, now: datetime, *, inside: bool = False) -> Session:
        """A new one, whose name nobody knows: nobody can have chosen it beforehand for somebody else."""
        return Session(secrets.token_urlsafe(18), now, now, inside)

    def read(self, cookie: str, now: datetime) -> Session | None:
        """None for one that is forged, over or ended."""
        content, _, signature = cookie[:LONGEST_COOKIE].partition(".")
        if not hmac.compare_digest(
            self._sign("session", content), signature.encode(errors="replace")
        ):
            return None
        name, began, seen, inside = json.loads(urlsafe_b64decode(content))
        session = Session(
            name, datetime.fromtimestamp(began, UTC), datetime.fromtimestamp(seen, UTC), inside
        )
        over = now - session.seen > IDLE or now - session.began > LONGEST
        if over or session.seen - now > AHEAD:
            return None
        if EndedSession.get_or_none(EndedSession.session == name) is not None:
            return None
        return session

    def write(self, session: Session, now: datetime) -> str:
        """The cookie, as of now."""
        session = replace(session, seen=now)
        facts = (
            session.name,
            int(session.began.timestamp()),
            int(session.seen.timestamp()),
            session.inside,
        )
        content = urlsafe_b64encode(json.dumps(facts).encode()).decode()
        return f"{content}.{self._sign('session', content).decode()}"

    def end(self, session: Session, now: datetime) -> None:
        """From now on no copy of its cookie is worth anything."""
        EndedSession.put(session.name, session.began + LONGEST, now)

    def token(self, session: Session) -> str:
        """What each form of this browser carries: a page of elsewhere cannot know it."""
        return self._sign("form", session.name).decode()

    def is_token(self, session: Session, given: str) -> bool:
        return hmac.compare_digest(self._sign("form", session.name), given.encode(errors="replace"))

    def _sign(self, what: str, content: str) -> bytes:
        said = f"{what}\0{content}".encode(errors="replace")
        return hmac.new(self._key, said, sha256).hexdigest().encode()
