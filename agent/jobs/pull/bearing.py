"""One list that the shop refuses, or breaks on, must not keep the others from being read."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeVar

from agent.errors import ConfigError, Garbled, Refused, Retryable, ShopAway
from agent.log import Log
from models import Cursor

log = Log(__name__)

AGAIN = timedelta(hours=1)  # before what failed is asked for again
REFUSED = "refused "  # before the names of the cursors that tell when

Result = TypeVar("Result")


def attempt(name: str, now: datetime, ask: Callable[[], Result], otherwise: Result) -> Result:
    """`ask`, unless it was in vain of late. A failure that is of this question alone is told, once an
    hour, and `otherwise` is the answer.

    Raises ShopAway, and a Retryable with which the shop asks for patience: these are of all questions.
    """
    if failed_of_late(name, now):
        return otherwise
    try:
        return ask()
    except (Refused, Garbled, ConfigError, Retryable) as failure:
        if isinstance(failure, ShopAway):
            raise
        if isinstance(failure, Retryable) and failure.after is not None:
            raise
        log.warning("mirror.refused", list=name, what=failure.what, fix=failure.fix)
        noted = Cursor.named(f"{REFUSED}{name}")
        noted.polled_at = now
        noted.save()
        return otherwise


def failed_of_late(name: str, now: datetime) -> bool:
    noted = Cursor.get_or_none(Cursor.name == f"{REFUSED}{name}")
    if noted is None or noted.polled_at is None:
        return False
    return bool(timedelta(0) <= now - noted.polled_at < AGAIN)


def forgive(name: str) -> None:
    """Ask again at once: what was in the way is not any more."""
    Cursor.update(polled_at=None).where(Cursor.name == f"{REFUSED}{name}").execute()
