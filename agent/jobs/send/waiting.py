"""The outbox -> what its queued messages wait for, for who wonders why none of them leaves."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from peewee import JOIN

from agent.config import Settings
from agent.pauses import in_words, way_out
from agent.room import Places
from agent.rules.hours import next_allowed
from models import CampaignStanding, Canary, Contact, Coupon, Message, Pause, Template
from models.base import tuples
from models.delivery import EVERYTHING, MARKETING

QUIET = "for the end of the quiet hours"
LATER = "for the moment to which they were put off"
COUPON = "for the shop to make their coupon"
OVER = "for nothing any more: their time is over, and the job settle ends them"
PLACES = "for a place among the people whom Meta lets the account write to in 24 hours"
TURN = "for their turn"


@dataclass(frozen=True, slots=True)
class Waiting:
    """So many messages wait for the same; `first_at` is when the first of them may leave, where a moment
    decides it."""

    messages: int
    what_for: str
    first_at: datetime | None = None

    def in_words(self, zone: ZoneInfo) -> str:
        """Such as "180 wait for the end of the quiet hours, the first until 27 Nov 23:00"."""
        until = self.first_at and f", the first until {self.first_at.astimezone(zone):%d %b %H:%M}"
        verb = "waits" if self.messages == 1 else "wait"
        return f"{self.messages:,} {verb} {self.what_for}{until or ''}"


def what_waits(
    settings: Settings, now: datetime, zone: ZoneInfo, monotonic: Callable[[], float]
) -> list[Waiting]:
    """Each queued message once, by what comes first in its way; the most frequent first. `zone` is the
    shop's. Reads all that are queued."""
    look = _Look(settings, now, zone, monotonic)
    counts, first_at = Counter[str](), dict[str, datetime]()
    for row in look.rows():
        what_for = look.why(row)
        counts[what_for] += 1
        if what_for in (QUIET, LATER):
            first_at[what_for] = min(row.not_before, first_at.get(what_for, row.not_before))
    return [
        Waiting(count, what_for, first_at.get(what_for)) for what_for, count in counts.most_common()
    ]


class _Look:
    """What holds messages back at one moment."""

    def __init__(
        self, settings: Settings, now: datetime, zone: ZoneInfo, monotonic: Callable[[], float]
    ) -> None:
        self._settings, self._now, self._zone = settings, now, zone
        self._pauses = Pause.in_force(now)
        self._troubles = CampaignStanding.troubles()
        self._refused = Template.refusals()
        unmade = Coupon.select(Coupon.message_uid).where(Coupon.woo_id.is_null())
        self._unmade = {uid for (uid,) in tuples(unmade)}
        watched = Canary.select(Canary.campaign).where(
            Canary.passed_at.is_null(), Canary.filled_at.is_null(False)
        )
        self._watched = {name for (name,) in tuples(watched)}
        places = Places(lambda: now, monotonic)
        self._room = {
            kind: places.within(1, settings, zone, marketing=kind) for kind in (True, False)
        }

    def rows(self) -> Any:
        """The queued messages, each with `zones`, those that its person's number may be in."""
        return (
            Message.select(
                Message.uid, Message.campaign, Message.kind, Message.template, Message.language,
                Message.not_before, Message.expires_at, Contact.zones,
            )
            .join(Contact, JOIN.LEFT_OUTER, on=(Contact.id == Message.contact_id))
            .where(Message.state == "queued")
            .objects()
        )  # fmt: skip

    def why(self, row: Any) -> str:
        """The first thing that is in the way of this one."""
        scopes = {EVERYTHING, row.campaign, *((MARKETING,) if row.kind == MARKETING else ())}
        pause = next((one for one in self._pauses if one.scope in scopes), None)
        if pause is not None:
            return f"because this is {in_words(pause)} -> {way_out(pause)}"
        if wrong := self._troubles.get(row.campaign):
            return f"for their template: {row.campaign} cannot be sent: {wrong}"
        if refused := self._refused.get((row.template, row.language)):
            return f"for their template in {row.language}: WhatsApp refused it: {refused}"
        if row.expires_at <= self._now:
            return OVER
        if row.not_before > self._now:
            return QUIET if self._is_quiet(row.zones or "") else LATER
        if row.uid in self._unmade:
            return COUPON
        if row.campaign in self._watched:
            return f"until the messages that tried out the template of {row.campaign} were watched"
        return TURN if self._room[row.kind == MARKETING] else PLACES

    def _is_quiet(self, zones: str) -> bool:
        limits = self._settings.limits
        allowed = next_allowed(
            self._now,
            zones=tuple(zones.split()),
            shop_zone=self._zone,
            quiet_from=limits.quiet_from,
            quiet_until=limits.quiet_until,
        )
        return allowed > self._now
