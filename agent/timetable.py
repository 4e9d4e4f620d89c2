"""Every job, in the order of the way of the data, and how often it runs. Read this file first."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from threading import Lock
from zoneinfo import ZoneInfo

import schedule

from agent.budget import PriceWatch
from agent.by_hand import tell_by_hand
from agent.calls import WHEN_CALLED, answering, at_the_keyboard
from agent.clients.shop import Shop
from agent.clients.whatsapp import WhatsApp
from agent.config import Settings
from agent.guard import Beat, Guard, Job, Postponed
from agent.jobs.account import read_account
from agent.jobs.alarms import AlarmWatch, tell_alarms
from agent.jobs.attribute import attribute
from agent.jobs.awaited import list_awaited
from agent.jobs.canary import watch_canaries
from agent.jobs.companions import count_companions
from agent.jobs.confirm import confirm_stops
from agent.jobs.coupons import make_coupons, remove_coupons
from agent.jobs.day import sum_up_the_day
from agent.jobs.decide import ALERTS, EVERYTHING, decide
from agent.jobs.departed import forget_departed
from agent.jobs.forward import forward_replies
from agent.jobs.housekeeping import keep_house
from agent.jobs.insight import keep_current
from agent.jobs.interest import gather_interest
from agent.jobs.lots import draw_lots
from agent.jobs.order_news import tell_orders
from agent.jobs.order_notes import note_failures
from agent.jobs.pull import follow_hints, measure_drift, run_cycle
from agent.jobs.report import work_out_ahead
from agent.jobs.send import Sender
from agent.jobs.settle import settle
from agent.jobs.templates import read_templates
from agent.jobs.track import file_orphans, track
from agent.readiness import RECENT, lines_needed, mirror_waits_for
from agent.rules.cadence import Daily, Every
from agent.rules.pace import Pace
from agent.service import Service
from models import Asking, JobCall, ShopFact

SOON = Every(timedelta(seconds=2))  # what people wait for
EVERY_SECOND = Every(timedelta(seconds=1))  # what people wait for most
MINUTELY = Every(timedelta(minutes=1))
JUMP = 60.0  # seconds by which a clock is set right without a word
QUARTERLY = Every(timedelta(minutes=15))
HOURLY = Every(timedelta(hours=1))
PAST_MIDNIGHT = Daily(time(0, 2), time.max)
AT_NIGHT = Daily(time(4, 30), time(23, 59))


@dataclass(frozen=True, slots=True)
class Tools:
    """What the jobs work with; made anew when the config is read again."""

    settings: Settings
    shop: Shop
    whatsapp: WhatsApp


class Timetable:
    """The jobs, ticked by `schedule`.

    `schedule` only knocks, once a second. Whether a job is due is decided by its cadence, the shop's
    zone and its last run in the ledger, so restarts, missed runs and clock changes need no memory.
    """

    def __init__(self, service: Service, guard: Guard, tools: Tools) -> None:
        self._service, self._guard = service, guard
        self.tools = tools
        self._mirror, self._plans = Lock(), Lock()
        self._prices = PriceWatch()
        self._watch = AlarmWatch(service.clock.now(), service.clock.monotonic)
        self._pace = Pace(1.0)
        self._steady: tuple[datetime, float] | None = None  # since when, and how far it was ahead
        self._ticks = schedule.Scheduler()
        self._ticks.every(1).seconds.do(self.knock)

    def jobs(self) -> tuple[Job, ...]:
        """The timetable itself."""
        often = self.tools.settings.timetable
        day = Daily(often.campaigns_at, often.campaigns_until)
        return (
            # the shop -> the mirror
            Job("poll", Every(often.poll), self._poll, frequent=True),
            Job("hints", SOON, self._hints, frequent=True),
            Job("drift", Daily(self.tools.settings.mirror.drift_at, time.max), self._drift),
            Job("histories", MINUTELY, self._histories, frequent=True, quiet=True),
            Job("companions", HOURLY, self._companions, frequent=True, quiet=True),
            Job("interest", MINUTELY, self._interest, frequent=True, quiet=True),
            # the mirror -> the outbox
            Job("templates", Every(often.templates), self._templates, steady=True),
            Job("account", Every(often.templates), self._account, steady=True),
            Job("order_news", EVERY_SECOND, self._order_news, frequent=True),
            Job("alerts", Every(often.alerts), self._alerts),
            Job("campaigns", day, self._campaigns),
            # the outbox -> WhatsApp, and back
            Job("coupons", SOON, self._coupons, frequent=True),
            Job("send", SOON, self._send, frequent=True),
            Job("track", SOON, self._track, frequent=True, quiet=True),
            Job("confirm", SOON, self._confirm, frequent=True),
            Job("forward", SOON, self._forward, frequent=True),
            Job("settle", MINUTELY, self._settle, frequent=True),
            Job("order_notes", MINUTELY, self._order_notes, frequent=True),
            Job("canaries", MINUTELY, self._canaries, frequent=True),
            Job("erasures", MINUTELY, self._erasures, frequent=True),
            # orders and messages -> what it earned
            Job("attribution", Every(often.attribution), self._attribution, steady=True),
            Job("figures", QUARTERLY, self._figures, frequent=True, quiet=True),
            Job("unused_coupons", AT_NIGHT, self._unused_coupons),
            Job("housekeeping", AT_NIGHT, self._housekeeping),
            # all of it -> the people who look after it
            Job("day", PAST_MIDNIGHT, self._day),
            Job("by_hand", MINUTELY, self._by_hand, frequent=True),
            Job("alarms", MINUTELY, self._alarms, frequent=True, quiet=True),
            Job("tell_alarms", WHEN_CALLED, self._tell_alarms, frequent=True),
        )

    def tick(self) -> None:
        """Knock at the jobs: at once when we begin, then at most once a second."""
        if self._ticks.jobs[0].last_run is None:
            self._ticks.run_all()
        else:
            self._ticks.run_pending()

    def knock(self) -> None:
        """Knock at all of them now: each runs if it is due."""
        zone = ShopFact.all().get("zone")
        called = JobCall.all()
        self.answer()
        for job in self.jobs():
            due = answering(job, called[job.name]) if job.name in called else job
            self._guard.look(due, ZoneInfo(zone) if zone else None)

    def answer(self) -> None:
        """Run what somebody asked for now, if it does not run already: then after it."""
        asked = Asking.waiting()
        if not asked:
            return
        zone = ShopFact.all().get("zone")
        for job in self.jobs():
            if job.name in asked:
                due = at_the_keyboard(job, asked[job.name], self._now, is_known=zone is not None)
                self._guard.look(due, ZoneInfo(zone) if zone else None)

    def _poll(self, beat: Beat) -> Mapping[str, int]:
        with _alone(self._mirror, beat):
            return run_cycle(self.tools.shop, self.tools.settings, now=self._now(), beat=beat)

    def _hints(self, beat: Beat) -> Mapping[str, int]:
        with _alone(self._mirror, beat):
            return follow_hints(self.tools.shop, self.tools.settings, now=self._now(), beat=beat)

    def _drift(self, beat: Beat) -> Mapping[str, int]:
        with _alone(self._mirror, beat):
            return measure_drift(self.tools.shop, self.tools.settings, now=self._now(), beat=beat)

    def _histories(self, beat: Beat) -> Mapping[str, int]:
        return keep_current(self.tools.settings, beat=beat)

    def _companions(self, beat: Beat) -> Mapping[str, int]:
        return count_companions(self.tools.settings, now=self._now(), beat=beat)

    def _interest(self, beat: Beat) -> Mapping[str, int]:
        return gather_interest(self.tools.settings, now=self._now(), beat=beat)

    def _now(self) -> datetime:
        return self._service.clock.now()

    def _templates(self, _: Beat) -> Mapping[str, int]:
        tools = self.tools
        return read_templates(tools.whatsapp, tools.settings, now=self._service.clock.now())

    def _account(self, _: Beat) -> Mapping[str, int]:
        return read_account(self.tools.whatsapp, now=self._now())

    def _order_news(self, beat: Beat) -> Mapping[str, int]:
        return tell_orders(self.tools.settings, now=self._now(), beat=beat)

    def _order_notes(self, beat: Beat) -> Mapping[str, int]:
        return note_failures(self.tools.shop, self.tools.settings, now=self._now(), beat=beat)

    def _alerts(self, beat: Beat) -> Mapping[str, int]:
        if not any(self.tools.settings.campaigns[name].enabled for name in ALERTS):
            return {}
        self._require_mirror(lines_before=self._now() - RECENT)
        return self._decide(beat, ALERTS)

    def _campaigns(self, beat: Beat) -> Mapping[str, int]:
        on = [name for name, one in self.tools.settings.campaigns.items() if one.enabled]
        self._require_mirror(lines_before=lines_needed(self.tools.settings, self._now(), on))
        return self._decide(beat, EVERYTHING)

    def _decide(self, beat: Beat, campaigns: Sequence[str]) -> Mapping[str, int]:
        with _alone(self._plans, beat):
            self._require_prices()
            return decide(self.tools.settings, now=self._now(), beat=beat, campaigns=campaigns)

    def _require_prices(self) -> None:
        """Raises Postponed while money is limited and what a message costs is not known."""
        settings = self.tools.settings
        if any(campaign.enabled for campaign in settings.campaigns.values()):
            zone = ZoneInfo(ShopFact.all()["zone"])
            if self._prices.refusal(settings, self._now(), zone) is not None:
                raise Postponed("prices in [budget]: winback check names them")

    def _require_mirror(self, *, lines_before: datetime | None) -> None:
        """Nothing is decided on half a mirror, or on an old one.

        `lines_before`: the lines of all orders before are needed. Raises Postponed.
        """
        missing = mirror_waits_for(self.tools.settings, now=self._now(), lines_before=lines_before)
        if missing:
            raise Postponed(missing)

    def _coupons(self, beat: Beat) -> Mapping[str, int]:
        return make_coupons(self.tools.shop, now=self._service.clock.now(), beat=beat)

    def _send(self, beat: Beat) -> Mapping[str, int]:
        service, tools = self._service, self.tools
        sender = Sender(
            tools.whatsapp,
            lambda: self.tools.settings,
            now=service.clock.now,
            monotonic=service.clock.monotonic,
            pause=service.sleep,
            pace=self._pace,
        )
        return sender.run(beat)

    def _track(self, beat: Beat) -> Mapping[str, int]:
        return track(self.tools.settings, now=self._service.clock.now(), beat=beat)

    def _confirm(self, beat: Beat) -> Mapping[str, int]:
        return confirm_stops(self.tools.whatsapp, self.tools.settings, now=self._now, beat=beat)

    def _forward(self, beat: Beat) -> Mapping[str, int]:
        return forward_replies(self.tools.settings, now=self._now, beat=beat)

    def _canaries(self, _: Beat) -> Mapping[str, int]:
        return watch_canaries(self.tools.settings, now=self._now())

    def _erasures(self, beat: Beat) -> Mapping[str, int]:
        return forget_departed(now=self._now(), beat=beat)

    def _settle(self, _: Beat) -> Mapping[str, int]:
        now = self._service.clock.now()
        orphans = file_orphans(self.tools.settings, now=now)
        counts = settle(self.tools.settings, now=now, steady_since=self._steady_since(now))
        return counts | ({"late statuses": orphans} if orphans else {})

    def _steady_since(self, now: datetime) -> datetime:
        """Since when the clock has shown what has passed, but for a little; its jumps are seen here."""
        shift = now.timestamp() - self._service.clock.monotonic()
        if self._steady is None or abs(shift - self._steady[1]) > JUMP:
            self._steady = now, shift
        return self._steady[0]

    def _attribution(self, beat: Beat) -> Mapping[str, int]:
        return {**attribute(self.tools.settings, beat=beat), **draw_lots(beat=beat)}

    def _figures(self, beat: Beat) -> Mapping[str, int]:
        """Of the dashboard: nobody who opens it waits until they are counted."""
        settings = self.tools.settings
        if not settings.dashboard.enabled:
            return {}
        counted = work_out_ahead(settings, now=self._now(), beat=beat)
        return {**counted, **list_awaited(settings, now=self._now(), beat=beat)}

    def _unused_coupons(self, beat: Beat) -> Mapping[str, int]:
        return remove_coupons(self.tools.shop, now=self._now(), beat=beat)

    def _day(self, _: Beat) -> Mapping[str, int]:
        return sum_up_the_day(now=self._now())

    def _by_hand(self, _: Beat) -> Mapping[str, int]:
        tell_by_hand(now=self._now())
        return {}

    def _alarms(self, _: Beat) -> Mapping[str, int]:
        now = self._now()
        return self._watch.look(
            self.tools.settings, now=now, hung=self._guard.hung(), steady=self._steady_since(now)
        )

    def _tell_alarms(self, beat: Beat) -> Mapping[str, int]:
        return tell_alarms(self.tools.settings, now=self._now, beat=beat)

    def _housekeeping(self, beat: Beat) -> Mapping[str, int]:
        return keep_house(self.tools.settings, now=self._now(), beat=beat)


@contextmanager
def _alone(turn: Lock, beat: Beat) -> Iterator[None]:
    """Wait for the others who need it, and keep them out meanwhile.

    Who reads the shop into the mirror does it alone: of two answers about one row, the one that set
    out earlier could otherwise be written last. So does who decides: two plans would spend the same
    budget, and the same places in the queue.
    """
    while not turn.acquire(timeout=1):
        beat()
    try:
        yield
    finally:
        turn.release()
