"""A pause has a scope and a source, and all of them must be over before anything leaves."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from models import Pause

HOUR = timedelta(hours=1)

pytestmark = pytest.mark.usefixtures("database")


def test_one_that_stands_keeps_its_beginning_and_takes_the_newer_reason(
    database: Path, now: datetime
) -> None:
    assert Pause.put("*", "account", "BANNED", now=now)
    assert not Pause.put("*", "account", "DELETED", now=now + HOUR)
    (one,) = Pause.in_force(now + HOUR)
    assert (one.reason, one.since) == ("DELETED", now)


def test_one_that_was_over_begins_anew(database: Path, now: datetime) -> None:
    Pause.put("*", "restriction", "the first", now=now, until=now + HOUR)
    assert Pause.put("*", "restriction", "the second", now=now + HOUR, until=now + 3 * HOUR)
    (one,) = Pause.in_force(now + HOUR)
    assert (one.reason, one.since) == ("the second", now + HOUR)


def test_a_scope_is_free_when_all_its_sources_are_gone(database: Path, now: datetime) -> None:
    for source in ("operator", "canary", "account"):
        Pause.put("we_miss_you", source, "", now=now)
    assert Pause.lift("we_miss_you", "canary", "error") == 1
    assert Pause.scopes(now) == {"we_miss_you"}
    assert Pause.lift("we_miss_you") == 2
    assert Pause.scopes(now) == set()
