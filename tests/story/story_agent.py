"""The agent of a story: the real daemon on the story's clock. It can be stopped, killed and born again.

Killed means: what stands in the database at that instant is what the next one finds, and whatever the
old one still wants of shop and WhatsApp is not done. A test with real processes and `kill -9` is
tests/test_crash.py; here it happens in the middle of a life of months.
"""

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from zoneinfo import ZoneInfo

import peewee
from story_clock import StoryClock, StoryService

from agent.config import Settings, load
from agent.daemon import Daemon
from agent.database import owned
from agent.epoch import absolve
from agent.guard import Job
from models import ShopFact
from models.base import transaction

LONGEST = 60.0  # seconds of the real clock that the jobs of one moment may take


class Hung(AssertionError):
    """The jobs of one moment do not come to an end."""


class _Undo(Exception):
    """Ends a transaction that nobody wants."""


class Agent:
    """One life after the other, on one database."""

    def __init__(self, config: Path, clock: StoryClock) -> None:
        self.config, self._clock = config, clock
        self.settings: Settings = load(config, environ={})
        self.database = self.settings.database.path
        self.lives = 0
        self._corpse: Path | None = None
        self._stack = ExitStack()

    @property
    def dying(self) -> bool:
        """It was killed in this moment, and its threads do not know it yet."""
        return self._corpse is not None

    @property
    def webhooks(self) -> str:
        return f"http://127.0.0.1:{self.daemon.listener.port}"

    def start(self) -> None:
        self._stack = ExitStack()
        self._stack.enter_context(owned(self.database))
        self._service = StoryService(self._clock)
        self.daemon = Daemon(load(self.config, environ={}), self._service, environ={})
        absolve()  # the operator's answer where it was dead for more than an hour
        self.daemon.start()
        self.lives += 1

    def stop(self) -> None:
        """As SIGTERM does."""
        self.daemon.stop(patience=5)
        self._stack.close()

    @contextmanager
    def undone(self) -> Iterator[None]:
        """What is written to the database inside is not written."""
        with suppress(_Undo), transaction():
            yield
            raise _Undo

    def kill_now(self) -> None:
        """Keep what the database holds in this instant; called in the middle of a job.

        From here on the caller has to see to it that nothing more is done for this one.
        """
        corpse = self.database.with_suffix(".killed")
        corpse.unlink(missing_ok=True)
        with sqlite3.connect(self.database) as now, sqlite3.connect(corpse) as kept:
            now.backup(kept)
        now.close()
        kept.close()
        self._corpse, self._mark = corpse, self._mark_file.read_bytes()

    def bury(self) -> None:
        """End the threads of the one that was killed, and put back what it left."""
        assert self._corpse is not None
        try:
            self.stop()
        except peewee.DatabaseError:  # whatever it says: it is dead
            self._stack.close()
        for name in (self.database, Path(f"{self.database}-wal"), Path(f"{self.database}-shm")):
            name.unlink(missing_ok=True)
        self._corpse.rename(self.database)
        self._mark_file.write_bytes(self._mark)  # its last words come after its death
        self._corpse = None

    @property
    def _mark_file(self) -> Path:
        """Which life of the database this is: see agent/epoch.py."""
        return self.database.with_name(f"{self.database.name}.epoch")

    def work(self, between: Mapping[str, Callable[[], None]], *, together: bool) -> None:
        """Do all that is due now, as the timetable has it.

        One job after the other in its order, so that the same seed tells the same story; `together`
        they run as in life, each in its thread. `between` is done before the job of that name.
        """
        timetable = self.daemon.timetable
        if together:
            timetable.knock()
            self._rest()
        else:
            for job in timetable.jobs():
                if job.name in between:
                    between[job.name]()
                self._one(job)
                if self.dying:
                    return
        self.daemon.look_after()

    def work_alone(self, name: str) -> None:
        """One job, if it is due."""
        for job in self.daemon.timetable.jobs():
            if job.name == name:
                self._one(job)

    def _one(self, job: Job) -> None:
        # as `knock` does; the zone anew each time, for the first poll brings it
        zone = ShopFact.all().get("zone")
        self.daemon.guard.look(job, ZoneInfo(zone) if zone else None)
        self._rest()

    def _rest(self) -> None:
        if not self.daemon.guard.wait_until_resting(LONGEST):
            running = ", ".join(self.daemon.guard.running())
            raise Hung(f"{running} at {self._clock.now():%Y-%m-%d %H:%M} UTC")
