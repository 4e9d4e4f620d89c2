"""Which life of the database this is: one that was put back does not know what was sent since.

A random mark stands in the database and in a file beside it. Both are renewed at the start of the
daemon, with each of its beats and at its end, so a copy that is put back has a mark of the past. (One
that `winback backup` made has a mark that never was.) A renewal is three writes, each on the disk
before the next begins: the file takes the new mark beside the old one, the database takes the new one,
the file lets go of the old one. Killed or without power at any instant, the two still agree.

Where file and database were put back together they agree as well. What tells then is how long nobody
worked on this database; but a machine that was off looks the same, so the operator is asked.
"""

import secrets
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from agent.log import Log
from agent.marks import beside, read_marks, write_marks
from agent.order_news import watch_from
from models import Confirmation, Cursor, Epoch, Heartbeat, Message, Pause, ShopFact
from models.base import transaction, tuples
from models.delivery import MARKETING

log = Log(__name__)

RESTORE = "restore"  # the source of our pause
LONGEST_GAP = timedelta(hours=1)
COPY = "copy "  # so the mark of a copy begins, which no file has
# What people said in their accounts and orders meanwhile: these are read again at once.
ASKED_ANEW = ("sweep customers", "sweep orders")
NOT_SENT = "the database was put back: it may have been sent since, so it is not sent"


@dataclass(frozen=True, slots=True)
class Doubt:
    """What is wrong with this database, and what to do; for the log, the status and the check."""

    what: str
    fix: str
    suspected: bool  # it is only a suspicion


@dataclass(frozen=True, slots=True)
class _ShopsClock:
    """How far the shop's clock was ahead of ours when it was last polled."""

    ahead: timedelta
    polled_at: datetime


@dataclass(frozen=True, slots=True)
class _Gap:
    """By our clock nobody worked here for `length`. `before`: the shop's clock until then."""

    length: timedelta
    seen_at: datetime  # the last sign of life before it
    before: _ShopsClock | None
    suspected: bool


class Life:
    """The daemon's watch over the mark and over gaps. One thread calls it."""

    def __init__(self, database: Path) -> None:
        self._file = beside(database)
        self._looked_at: tuple[datetime, float] | None = None
        self._clock: _ShopsClock | None = None
        self._gap: _Gap | None = None
        self._told = ""  # what kept the file from being written

    def begin(self, now: datetime) -> None:
        """Judge the database before anything is sent; hold marketing if it was put back, or may be.

        Raises OSError when the file is there and cannot be read, and what the database raises.
        """
        self._clock = _shops_clock()
        beat = Heartbeat.get_or_none()
        if was_put_back(read_marks(self._file)):
            treat_as_restored(now)
        elif beat is not None:
            self._judge(now, beat.beat_at)
        _say()
        self.renew()

    def look(self, now: datetime, monotonic: float) -> None:
        """Has the clock jumped since the last look? So does that of a machine whose memory was put back:
        the process goes on as if nothing had been, and only the time of day has moved."""
        last, self._looked_at = self._looked_at, (now, monotonic)
        if last is None:
            return
        passed = timedelta(seconds=monotonic - last[1])
        if now - last[0] - passed > LONGEST_GAP:
            self._judge(now, last[0])
            _say()

    def renew(self) -> None:
        """Renew the mark, and look whether the shop's clock tells more of a gap than ours.

        A file that cannot be written is told, and tried again with the next beat.
        """
        known, new = _mark(), secrets.token_hex(16)
        try:
            write_marks(self._file, new, known)
            Epoch.put(mark=new)
            write_marks(self._file, new)
            self._told = ""
        except OSError as error:
            if self._told != str(error):
                self._told = str(error)
                log.error(
                    "epoch.unwritten", what=error, fix="make room, and let winback write there"
                )
        self._ask_the_shops_clock()

    def _judge(self, now: datetime, seen_at: datetime) -> None:
        length = now - seen_at
        suspected = length > LONGEST_GAP
        self._gap = _Gap(length, seen_at, self._clock, suspected)
        if suspected:
            suspect(seen_at, now)

    def _ask_the_shops_clock(self) -> None:
        """Once the shop was polled after a gap, its clock tells how long that was: ours may be wrong."""
        clock, gap = _shops_clock(), self._gap
        if gap is None or clock is None or gap.before is None:
            self._clock, self._gap = clock, gap if clock is None else None
            return
        if clock.polled_at == gap.before.polled_at:
            return  # the shop has not answered yet
        self._clock, self._gap = clock, None
        length = gap.length + clock.ahead - gap.before.ahead
        if gap.suspected and length <= LONGEST_GAP:
            if absolve():
                log.warning(
                    "clock.was_wrong",
                    what=f"by the shop's clock only {_span(length)} passed: marketing goes on",
                    fix="let this machine run NTP (timedatectl set-ntp true)",
                )
        elif not gap.suspected and length > LONGEST_GAP:
            suspect(gap.seen_at, gap.seen_at + length)
            _say()


def _say() -> None:
    if doubt := standing_doubt():
        event = "database.may_be_old" if doubt.suspected else "database.restored"
        log.error(event, what=doubt.what, fix=doubt.fix)


def was_put_back(marks: tuple[str, ...] | None) -> bool:
    """Is this database another state than the one that the file tells of? None: there is no file."""
    known = _mark()
    if marks is not None:
        return known not in marks
    # A database of before there were marks has none, and one that never sent anything knows all.
    return known.startswith(COPY) or (known != "" and Message.select().exists())


def treat_as_restored(now: datetime, known_until: datetime | None = None) -> None:
    """Nothing that it may have sent since is sent again, nobody hears twice, and marketing waits.

    `known_until`: the moment that the copy was made at; if None, what the database says itself.
    """
    epoch = Epoch.get_or_none()
    with transaction():
        Epoch.put(
            restored_on=_local_date(now).isoformat(),
            known_until=known_until or _known_until(epoch),
            suspected=False,
        )
        Message.abandon_queued(NOT_SENT, now)
        Message.forgo_second_tries()
        Confirmation.end_all("waiting", "unsure", NOT_SENT, now)
        watch_from(Cursor.shops_clock(now))  # what orders did before may have been told
        Pause.put(MARKETING, RESTORE, "what was sent since is not known", now=now)
        for name in ASKED_ANEW:
            cursor = Cursor.named(name)
            cursor.hurry, cursor.walked, cursor.last_id, cursor.walk_began = True, 0, 0, None
            cursor.save()


def suspect(known_until: datetime, now: datetime) -> None:
    """Hold marketing until the operator has said whether the database was put back."""
    with transaction():
        if Pause.put(MARKETING, RESTORE, "or this machine was off for long", now=now):
            Epoch.put(known_until=known_until, suspected=True)


def absolve() -> bool:
    """It was not put back. Returns whether that was in question."""
    with transaction():
        if not is_suspected():
            return False
        Epoch.put(known_until=None, suspected=False)
        Pause.lift(MARKETING, RESTORE)
    return True


def end_hold() -> None:
    """What was not known is brought in, as far as can be. The caps remember the day of the restore."""
    Pause.lift(MARKETING, RESTORE)


def is_suspected() -> bool:
    return Epoch.select().where(Epoch.suspected).exists()


def is_held() -> bool:
    return Pause.select().where(Pause.scope == MARKETING, Pause.source == RESTORE).exists()


def still_asked() -> list[str]:
    """What is not read again yet, in words: orders, customers."""
    query = Cursor.select(Cursor.name).where(Cursor.name.in_(ASKED_ANEW), Cursor.hurry)
    return sorted(name.removeprefix("sweep ") for (name,) in tuples(query))


def standing_doubt() -> Doubt | None:
    """What holds marketing, where it is this."""
    held = Pause.get_or_none(scope=MARKETING, source=RESTORE)
    if held is None:
        return None
    epoch = Epoch.get_or_none() or Epoch()
    known = f"{epoch.known_until:%d %b %Y %H:%M} UTC" if epoch.known_until else "an unknown moment"
    if epoch.suspected:
        return Doubt(
            f"nothing worked on this database from {known} to {held.since:%d %b %Y %H:%M} UTC: this "
            "machine was off, or an older state of it was put back, which knows nothing of what was "
            "sent since; marketing is held",
            "winback restored --no if nothing was put back, winback restored --yes if it was",
            suspected=True,
        )
    reading = " and ".join(still_asked())
    return Doubt(
        f"this database was put back and knows all until {known}: not what was sent since, nor who "
        f"said STOP; marketing is held, and everybody counts as written to on {epoch.restored_on}"
        + (f"; the shop's {reading} are read again, for what people said there" if reading else ""),
        "bring in the STOPs since then, from WhatsApp's inbox or another list: winback consent import "
        "FILE.csv --purpose both (phone,says with no); then winback restored --done",
        suspected=False,
    )


def _mark() -> str:
    """That of the database; '' where it has none yet."""
    found = tuples(Epoch.select(Epoch.mark))
    return str(found[0][0]) if found else ""


def _known_until(epoch: Epoch | None) -> datetime | None:
    """A copy of ours says when it was made, a suspicion when the gap began; else the last sign of life."""
    if epoch is not None and (epoch.suspected or epoch.mark.startswith(COPY)):
        told: datetime | None = epoch.known_until
        return told
    beat = Heartbeat.get_or_none()
    return None if beat is None else beat.beat_at


def _local_date(moment: datetime) -> date:
    """In the shop."""
    return moment.astimezone(ZoneInfo(ShopFact.all().get("zone", "UTC"))).date()


def _shops_clock() -> _ShopsClock | None:
    orders = Cursor.get_or_none(Cursor.name == "orders")
    if orders is None or orders.since is None or orders.polled_at is None:
        return None
    return _ShopsClock(orders.since - orders.polled_at, orders.polled_at)


def _span(length: timedelta) -> str:
    return f"{max(length.total_seconds(), 0) / 60:.0f} minutes"
