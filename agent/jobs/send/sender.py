"""The sending loop: it claims no more than there are free workers, and one thread does all writing.

A claim is on the disk before its request leaves. What came back is written in the same transaction
that makes the next claims, so that many messages a second cost few commits.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import peewee

from agent import faults
from agent.canary import allowances
from agent.clients.outcomes import Declined, Lost, NotSent, Outcome
from agent.clients.whatsapp import WhatsApp
from agent.clients.whatsapp_failures import remedy
from agent.config import Settings
from agent.consequences import UNSURE
from agent.errors import Refused
from agent.jobs.send.articles import LOOK_AGAIN
from agent.jobs.send.by_campaign import ByCampaign
from agent.jobs.send.outcomes import NOT_SENT, STOPPED, write_outcomes
from agent.jobs.send.recheck import Verdict, recheck
from agent.jobs.send.request import Requests, TemplateTroubleError
from agent.log import Log
from agent.pool import Pool
from agent.room import Places, messages_a_second
from agent.rules.pace import Pace
from models import Message, ShopFact, Webhook
from models.base import transaction
from models.delivery import MARKETING

log = Log(__name__)

BROKE = "a fault of winback's, the message counts as unsure: send its authors these lines"
LOOK = 0.1  # seconds between two looks at the queue and at what has come back
LOOK_SOON = 0.03  # the same while every worker is busy: they, and not the pace, hold us up
LOOKS_HELD = (
    50  # about 5 s, where `track` comes every 2: then the run ends, and the next looks again
)


@dataclass(frozen=True, slots=True)
class Errand:
    """A claimed message, the request that it makes, and the monotonic second at which it leaves."""

    message: Message
    body: dict[str, Any]
    leaves_at: float


class Sender:
    """Sends what is due. One at a time: it is the only writer of claims.

    `now`, `monotonic` and `pause` (which raises when we must stop) are the service's; `patience` is
    how long, in seconds, what is in flight may take then. `settings` is asked before every claim:
    a campaign that is switched off by a reload must not go on until the queue is empty, and where the
    client would be another one (a new token), the run ends. `pace` goes on from one sender to the next.
    """

    def __init__(
        self,
        whatsapp: WhatsApp,
        settings: Callable[[], Settings],
        *,
        now: Callable[[], datetime],
        monotonic: Callable[[], float],
        pause: Callable[[float], None],
        pace: Pace | None = None,
        patience: float = 15.0,
    ) -> None:
        self._whatsapp, self._ask_settings = whatsapp, settings
        self._settings = settings()
        self._now, self._monotonic = now, monotonic
        self._pause, self._patience = pause, patience
        self._pace = pace or Pace(1.0)
        self._places = Places(now, monotonic)
        self._tally: Counter[str] = Counter()
        self._by_campaign = ByCampaign()
        self._looks_held = 0
        self._unwritten: list[tuple[Errand, Outcome | BaseException]] = []

    def run(self, beat: Callable[[], None]) -> dict[str, int]:
        """Send until nothing is due any more. Returns how many ended how.

        `beat` raises when we must stop: nothing more is claimed then, and answers are waited for.
        Raises Refused when WhatsApp shut the account: going on would only make it worse.
        """
        lost = Message.orphaned()
        if lost:  # the database was in trouble, or WhatsApp slow for longer than our patience
            reason = "the last run ended before the answer"
            log.warning("send.unsure", messages=lost, reason=reason, fix=UNSURE)
        before = {"unsure": lost} if lost else {}
        if not Message.due(self._now(), 1):
            return before
        zone = ShopFact.all().get("zone")
        if zone is None:  # of the night nobody knows when it is
            return before
        self._zone = ZoneInfo(zone)
        if not any(self._room(1).values()):
            return before
        halt: Declined | None = None
        with Pool[Errand, Outcome](self._settings.whatsapp.workers, self._send) as pool:
            try:
                more, ends = True, False
                while halt is None and (more or pool.busy):
                    beat()
                    begun_with, self._settings = self._settings, self._ask_settings()
                    ends = ends or _client(self._settings) != _client(begun_with)
                    rate = messages_a_second(self._settings, ShopFact.all())
                    self._pace.rate = float(rate)
                    self._unwritten += pool.collect()
                    moments = self._pace.moments(self._monotonic(), 0 if ends else pool.free)
                    halt, errands, more = self._step(moments)
                    errands = _not_before(self._monotonic(), errands)
                    if self._unwritten:
                        faults.point("recorded")
                    self._unwritten.clear()
                    if errands:
                        faults.point("claimed")
                    self._pace.take([errand.leaves_at for errand in errands])
                    more = more and not ends and any(self._room(1).values())
                    for errand in errands:
                        self._give(pool, errand)
                    if pool.busy or more:
                        ahead = self._pace.next_at - self._monotonic()
                        self._pause(LOOK if pool.free or ahead > LOOK else LOOK_SOON)
            finally:
                self._wait_for(pool)
                self._by_campaign.tell()
        if halt is not None:
            raise Refused(
                f"WhatsApp refuses to send: {halt.detail} (error {halt.code})",
                fix=remedy(halt.code),
                code=str(halt.code),
            )
        tally, self._tally = dict(self._tally), Counter()
        if NOT_SENT in tally:
            log.warning(
                "whatsapp.away", messages=tally[NOT_SENT],
                fix="marketing waits until it expires; news of orders are tried three times more",
            )  # fmt: skip
        return tally

    def _room(self, wanted: int) -> dict[bool, int]:
        """How many of `wanted` messages the account may still send: of marketing (True), and of all."""
        return {
            marketing: self._places.within(wanted, self._settings, self._zone, marketing=marketing)
            for marketing in (True, False)
        }

    def _give(self, pool: Pool[Errand, Outcome], errand: Errand) -> None:
        try:
            pool.give(errand)
        except RuntimeError as error:  # the machine lets us have no thread
            self._unwritten.append((errand, NotSent(str(error), None)))

    def _send(self, errand: Errand) -> Outcome:
        while (wait := errand.leaves_at - self._monotonic()) > 0:
            self._pause(wait)
        faults.point("before request")
        outcome = self._whatsapp.send(errand.body)
        faults.point("answered")
        return outcome

    def _step(self, moments: Sequence[float]) -> tuple[Declined | None, list[Errand], bool]:
        """Write down what came back and claim what may go next, in one transaction.

        `moments` are those at which messages may leave. Returns what stops us, the errands to run, and
        whether more may be waiting.
        """
        now = self._now()
        with transaction():
            halt = self._record(now)
            room = self._room(len(moments))
            if halt is not None or not any(room.values()):
                return halt, [], True
            trials = allowances(self._settings, now)
            due = Message.due(
                now,
                room[False],
                marketing=room[True] > 0,
                without=[name for name, left in trials.items() if left <= 0],
            )
            if due and Webhook.refusal_may_wait():  # a STOP that was acknowledged is in force
                self._looks_held += 1
                return None, [], self._looks_held < LOOKS_HELD
            self._looks_held = 0
            verdict = recheck(due, self._settings, now=now, zone=self._zone)
            self._drop(verdict, now)
            return None, self._claim(verdict, moments, trials, now), bool(due)

    def _claim(
        self,
        verdict: Verdict,
        moments: Sequence[float],
        trials: Mapping[str, int],
        now: datetime,
    ) -> list[Errand]:
        """Those of them for which there is room, each with its moment. `trials`: how many of a campaign
        may leave now, where its template is tried out."""
        errands, requests = list[Errand](), Requests(self._settings)
        free, times, tried = self._room(len(moments)), iter(moments), Counter[str]()
        for message in verdict.send:
            is_marketing, campaign = message.kind == MARKETING, message.campaign
            if free[is_marketing] <= 0 or tried[campaign] >= trials.get(campaign, len(moments)):
                continue
            try:
                body = requests.body(message, verdict.phones[message.contact_id])
            except TemplateTroubleError:
                self._wait_for_template(message, now)
            except ValueError as error:
                self._drop(Verdict(cancel={str(error): [message.id]}), now)
            else:
                errands.append(Errand(message, body, next(times)))
                tried[campaign] += 1
                free = {kind: left - (kind is False or is_marketing) for kind, left in free.items()}
        today = now.astimezone(self._zone).date()
        faults.point("before claim")
        claimed = set(Message.claim([e.message.id for e in errands], now=now, day=today))
        faults.point("claim written")
        errands = [errand for errand in errands if errand.message.id in claimed]
        for errand in errands:
            self._places.spend(1, marketing=errand.message.kind == MARKETING)
        return errands

    def _wait_for_template(self, message: Message, now: datetime) -> None:
        """Until the templates have been read again: one that is paused comes back by itself.

        That of the campaign's own language holds all of it; here it is a translation.
        """
        until = now + self._settings.timetable.templates
        Message.move([message.id], ("queued",), "queued", not_before=until)
        self._tally["held for their template"] += 1

    def _drop(self, verdict: Verdict, now: datetime) -> None:
        """Cancel what is no longer right, and hold what must wait for the morning."""
        for reason, ids in verdict.cancel.items():
            Message.end(ids, ("queued",), "cancelled", detail=reason, ended_at=now)
            self._tally["cancelled"] += len(ids)
            log.info("send.cancelled", messages=len(ids), reason=reason)
        for what, held in (
            ("held for quiet hours", verdict.hold),
            ("held for having just been written to", verdict.too_soon),
            ("held for enough order news today", verdict.later),
        ):
            for moment, ids in held.items():
                Message.move(ids, ("queued",), "queued", not_before=moment)
                self._tally[what] += len(ids)
        if verdict.unread:
            Message.move(verdict.unread, ("queued",), "queued", not_before=now + LOOK_AGAIN)

    def _record(self, now: datetime) -> Declined | None:
        outcomes: list[tuple[Message, Outcome]] = []
        for errand, outcome in self._unwritten:
            if not isinstance(outcome, BaseException):
                outcomes.append((errand.message, outcome))
            elif isinstance(outcome, Exception):  # a fault of ours, after who knows how many bytes
                log.error("send.broke", error=outcome, uid=errand.message.uid, fix=BROKE)
                outcomes.append((errand.message, Lost(f"{type(outcome).__name__}: {outcome}")))
            else:  # the wait between two tries was cut short: nothing has left
                outcomes.append((errand.message, NotSent(STOPPED, None)))
        verdicts = write_outcomes(outcomes, self._settings, now=now, tally=self._tally)
        self._by_campaign.count(outcomes)
        if verdicts.too_fast:
            self._pace.slow_down(self._monotonic())
            log.warning(
                "send.slower", share=self._pace.share,
                fix="nothing to do: it becomes faster again by itself; else lower messages_per_second",
            )  # fmt: skip
        if outcomes:
            faults.point("recording")
        return verdicts.halt

    def _wait_for(self, pool: Pool[Errand, Outcome]) -> None:
        """Write down what still comes back, as long as we have patience. The rest stays claimed."""
        until = self._monotonic() + self._patience
        while (pool.busy or self._unwritten) and (left := until - self._monotonic()) > 0:
            self._unwritten += pool.collect(min(LOOK, left))
            if not self._unwritten:
                continue
            try:
                with transaction():
                    self._record(self._now())
                self._unwritten.clear()
            except peewee.DatabaseError as error:
                log.warning(
                    "send.unwritten", answers=len(self._unwritten), what=error,
                    fix="see that the disk has room; these messages count as unsure",
                )  # fmt: skip


def _client(settings: Settings) -> tuple[object, ...]:
    """What the client and the pool of a run were made with."""
    one = settings.whatsapp
    return (
        *(one.base_url, one.api_version, one.phone_number_id, one.business_account_id),
        *(one.token, one.timeout, one.workers),
    )


def _not_before(moment: float, errands: Sequence[Errand]) -> list[Errand]:
    """Each as much later as their claim took too long: else what waited for it left in a burst."""
    late = max(moment - errands[0].leaves_at, 0.0) if errands else 0.0
    return [replace(one, leaves_at=one.leaves_at + late) for one in errands]
