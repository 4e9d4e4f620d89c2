"""The history of the last days once more, with the rules as they are set now: who would have been written to.

It goes from one run of the timetable to the next. Before each, what shop and people did until then is
brought in; then the run decides, as the daemon's does; then what is due leaves.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from agent.config import Settings
from agent.database import shared
from agent.errors import BadInput
from agent.jobs.attribute import attribute
from agent.jobs.companions import count_companions
from agent.jobs.decide import ALERTS, EVERYTHING, decide
from agent.rehearse import queue
from agent.rehearse.outcome import Simulation, gather_outcome
from agent.rehearse.queue import Queue
from agent.rehearse.rewind import as_of, in_place_of_the_open_one
from agent.rehearse.timeline import Timeline
from agent.rules.cadence import Daily, Every
from agent.rules.reasons import Why
from models import CampaignStanding, Contact, Cursor, Message, ShopFact, Template
from models.refresh import nothing

RECHECKED_AFTER: Final = timedelta(minutes=1)
"""So long after its decision a message leaves: what an alert is about is read from the shop once more."""
UNSETTLED: Final = frozenset({Why.NEXT_WAVE, Why.ROOM, Why.BUDGET, Why.QUIET_HOURS})
"""Reasons that an hour may change by itself. The others hold until the date changes, or something comes."""
NAMES_OTHERS: Final = "recommended"
MOST_DAYS: Final = 400


@dataclass(slots=True)
class _Runs:
    """When the jobs ran last, and what the daily runs said of people who were left alone."""

    alerts_at: datetime | None = None
    campaigns_at: datetime | None = None
    days: int = 0
    reasons: Counter[str] = field(default_factory=Counter)


class Rehearsal:
    """One run through the days from `began` to `until`, in the copy that is open.

    `wakes`: the only moments at which the daemon that this is compared with was awake; None: always.
    `every_run`: also those runs are made that can choose nobody, because nothing came for which they might.
    """

    def __init__(
        self,
        settings: Settings,
        timeline: Timeline,
        *,
        began: datetime,
        until: datetime,
        wakes: Sequence[datetime] | None = None,
        every_run: bool = False,
    ) -> None:
        self._every_run = every_run
        self._settings, self._timeline = settings, timeline
        self._now, self._until = began, until
        self._zone = ZoneInfo(ShopFact.all()["zone"])
        self._queue = Queue(settings, self._zone)
        self._wakes = None if wakes is None else sorted(wakes)
        self._runs = _Runs()
        self._look_at = self._queue.next_look(began)
        self._stirred = True
        self._last_date: date | None = None
        often = settings.timetable
        self._alerts = Every(often.alerts)
        self._campaigns = Daily(often.campaigns_at, often.campaigns_until)
        on = [one for one in settings.campaigns.values() if one.enabled]
        self._has_alerts = any(one.name in ALERTS for one in on)
        self._recommends = any(
            placeholder.startswith(NAMES_OTHERS) for one in on for placeholder in one.placeholders
        )

    def run(self, progress: Callable[[datetime], None]) -> tuple[Counter[str], int]:
        """Returns the reasons of the daily runs, added up, and how many runs these were."""
        while (moment := self._next()) is not None and moment <= self._until:
            progress(moment)
            self._step(moment)
        self._timeline.advance(self._until)
        self._queue.leave(self._until)
        return self._runs.reasons, self._runs.days

    @property
    def dropped(self) -> Counter[str]:
        """What was called off in the last look before it left."""
        return self._queue.left

    def _next(self) -> datetime | None:
        """The next moment at which there is something to do."""
        now = self._now
        looks = [self._due(self._campaigns, self._runs.campaigns_at)]
        if self._has_alerts:
            looks.append(self._due(self._alerts, self._runs.alerts_at))
        if self._look_at is not None:
            looks.append(self._look_at)
        earliest = min(looks)
        if self._wakes is None:
            return max(earliest, now + timedelta(microseconds=1))
        return next((wake for wake in self._wakes if wake >= earliest and wake > now), None)

    def _due(self, cadence: Daily | Every, last: datetime | None) -> datetime:
        return cadence.next_due(now=self._now, zone=self._zone, last_started=last)

    def _step(self, moment: datetime) -> None:
        self._now = moment
        today = moment.astimezone(self._zone).date()
        self._stirred |= today != self._last_date or self._timeline.stirs(moment)
        self._last_date = today
        runs = self._runs
        if self._has_alerts and self._due(self._alerts, runs.alerts_at) <= moment:
            runs.alerts_at = moment
            if self._stirred or self._every_run:
                self._decide(moment, ALERTS)
        if self._due(self._campaigns, runs.campaigns_at) <= moment:
            runs.campaigns_at = moment
            tally = self._decide(moment, EVERYTHING)
            runs.reasons.update(tally)
            runs.days += 1
        self._let_out(moment)

    def _decide(self, moment: datetime, campaigns: Sequence[str]) -> dict[str, int]:
        self._timeline.advance(moment)
        if self._recommends and campaigns is EVERYTHING:
            count_companions(self._settings, now=moment, beat=nothing)
        tally = decide(self._settings, now=moment, beat=nothing, campaigns=campaigns)
        self._stirred = any(Why[name.upper()] in UNSETTLED for name in tally)
        self._look_at = self._queue.next_look(moment)
        return tally

    def _let_out(self, moment: datetime) -> None:
        """What is due, once what it is about was looked at again."""
        later = min(moment + RECHECKED_AFTER, self._until)
        if self._look_at is None or self._look_at > later:
            return
        self._stirred |= self._timeline.stirs(later)
        self._timeline.advance(later)
        self._stirred |= self._queue.leave(later)
        self._look_at = self._queue.next_look(later)
        self._now = later


def simulate(
    settings: Settings,
    *,
    now: datetime,
    days: int,
    as_said: bool = False,
    progress: Callable[[datetime], None] = lambda _: None,
) -> Simulation:
    """The last `days` days of the shop's calendar up to `now`, with these settings. Changes nothing.

    Raises BadInput where the mirror has no such history, ConfigError where prices are missing, and
    DatabaseTrouble.
    """
    with in_place_of_the_open_one(), shared(settings.database.path):
        began = first_moment(now, days)
    with rehearsed(settings, began=began, until=now, as_said=as_said, progress=progress) as told:
        return told


@contextmanager
def rehearsed(
    settings: Settings,
    *,
    began: datetime,
    until: datetime,
    as_said: bool = False,
    wakes: Sequence[datetime] | None = None,
    every_run: bool = False,
    progress: Callable[[datetime], None] = lambda _: None,
) -> Iterator[Simulation]:
    """The same from a moment to another; the copy with its outbox is open as long as the caller looks."""
    with as_of(settings, began, as_said=as_said) as rewound:
        notes = [*_prepare(settings, began), *rewound.notes]
        timeline = Timeline(rewound.known, began, settings)
        run = Rehearsal(
            settings, timeline, began=began, until=until, wakes=wakes, every_run=every_run
        )
        reasons, runs = run.run(progress)
        attribute(settings, beat=nothing)
        yield gather_outcome(
            settings,
            began=began,
            until=until,
            reasons=reasons,
            runs=runs,
            dropped=run.dropped,
            notes=notes,
        )


def first_moment(now: datetime, days: int) -> datetime:
    """The midnight with which the last `days` days of the shop's calendar begin. Raises BadInput."""
    facts = ShopFact.all()
    if "zone" not in facts or "currency" not in facts or not Contact.select().exists():
        raise BadInput(
            "the mirror knows nothing of the shop yet",
            fix="run `winback sync` first, or wait until the daemon has read the shop",
        )
    zone = ZoneInfo(facts["zone"])
    day = now.astimezone(zone).date() - timedelta(days=days - 1)
    return datetime.combine(day, time(), zone).astimezone(UTC)


def _prepare(settings: Settings, began: datetime) -> list[str]:
    """Nothing holds anything back, and all templates are approved. Returns what was otherwise."""
    queue.clear(began)
    troubles = CampaignStanding.troubles()
    notes = []
    for name, one in settings.campaigns.items():
        if not one.enabled:
            continue
        wrong = troubles.get(name, "its template has not been looked at yet")
        if wrong:
            notes.append(f"{name} is taken to be ready to be sent, though it is not now: {wrong}")
        CampaignStanding.put(name, "", began)
    Template.update(refused="").where(Template.refused != "").execute()
    Cursor.update(since=began, polled_at=began).where(Cursor.name == "orders").execute()
    kept = Message.select().where(Message.created_at <= began).exists()
    if kept:
        notes.append(
            "what was really sent before the first day counts for the caps and rests, what was sent since does not"
        )
    return notes
