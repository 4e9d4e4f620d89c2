"""Which campaign a person gets today, and why; or why none."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import Enum

from agent.rules.caps import Caps, allows
from agent.rules.consent import NO, YES

REST_AFTER_FAILURE = timedelta(days=7)  # a number off WhatsApp is not tried again every day


class Why(Enum):
    """Reasons, as the shop's owner reads them in the report."""

    CHOSEN = "chosen"
    NO_CONSENT = "never agreed to marketing on WhatsApp"
    SAID_NO = "said no"
    EXCLUDED = "left out by your settings"
    NEVER_BOUGHT = "never bought anything"
    NOT_QUIET = "ordered recently"
    CAPPED = "heard from you recently"
    FAILED = "could not be reached lately"
    ATTEMPTS = "had enough messages since the last order"
    BACKLOG = "waits: today's share of the backlog is full"
    NOTHING_FITS = "no campaign fits"

    # and why one campaign does not fit
    OFF = "is switched off"
    COOLING = "came not long ago"
    SPENT_LESS = "has not spent enough"
    NO_EMAIL = "has no e-mail to bind a coupon to"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """What the mirror and the outbox know of a contact. Money in minor units of the shop."""

    contact_id: int
    consent: str
    region: str = ""
    emails: frozenset[str] = frozenset()
    roles: frozenset[str] = frozenset()
    bought: int = 0
    spent: int = 0
    last_order_at: datetime | None = None
    counted_days: tuple[date, ...] = ()  # local dates of the messages that count for the caps
    last_by_campaign: tuple[tuple[str, date], ...] = ()
    failed_on: date | None = None  # when a message last failed or was refused
    attempts: int = 0  # messages since the last order, also those that failed

    @property
    def can_hold_a_coupon(self) -> bool:
        return any(self.emails)


@dataclass(frozen=True, slots=True)
class Tier:
    """Who spent at least `spent` (minor units) gets `percent` off."""

    spent: int
    percent: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """One campaign as it may be chosen today. `off` says why it cannot be, where it cannot."""

    name: str
    off: bool = False
    cooldown: timedelta = timedelta(0)
    tiers: tuple[Tier, ...] = ()  # a campaign with tiers makes coupons


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """Whom the shop wants to reach, and how hard it tries."""

    inactive_after: timedelta
    attempts: int
    exclude_regions: frozenset[str] = frozenset()
    exclude_emails: frozenset[str] = frozenset()
    exclude_roles: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Decision:
    """What one person gets. `against` has the reason of each campaign that was passed over."""

    contact_id: int
    why: Why
    campaign: str = ""
    percent: int = 0
    quiet_since: datetime | None = None
    against: tuple[tuple[str, Why], ...] = field(default=())


def choose(
    person: Person,
    offers: Sequence[Offer],
    *,
    audience: Audience,
    caps: Caps,
    now: datetime,
    today: date,
) -> Decision:
    """The first offer that fits, in the order given. Silence has a reason too."""
    silence = _why_not(person, audience, caps, now, today)
    if silence is not None:
        return Decision(person.contact_id, silence)
    against: list[tuple[str, Why]] = []
    for offer in offers:
        objection, percent = _objection(person, offer, today)
        if objection is None:
            return Decision(
                person.contact_id,
                Why.CHOSEN,
                offer.name,
                percent,
                person.last_order_at,
                tuple(against),
            )
        against.append((offer.name, objection))
    return Decision(person.contact_id, Why.NOTHING_FITS, against=tuple(against))


def newly_quiet(quiet_since: datetime, inactive_after: timedelta, last_run: datetime) -> bool:
    """Did this person become quiet after the last run? The others are the backlog."""
    return quiet_since + inactive_after > last_run


def _why_not(
    person: Person, audience: Audience, caps: Caps, now: datetime, today: date
) -> Why | None:
    if person.consent != YES:
        return Why.SAID_NO if person.consent == NO else Why.NO_CONSENT
    if (
        person.region in audience.exclude_regions
        or person.roles & audience.exclude_roles
        or person.emails & audience.exclude_emails
    ):
        return Why.EXCLUDED
    if person.bought == 0 or person.last_order_at is None:
        return Why.NEVER_BOUGHT
    if now - person.last_order_at < audience.inactive_after:
        return Why.NOT_QUIET
    if person.attempts >= audience.attempts:
        return Why.ATTEMPTS
    if not allows(caps, person.counted_days, today):
        return Why.CAPPED
    if person.failed_on is not None and today - person.failed_on < REST_AFTER_FAILURE:
        return Why.FAILED
    return None


def _objection(person: Person, offer: Offer, today: date) -> tuple[Why | None, int]:
    """Why this offer does not fit, or None and the percent that the person gets."""
    if offer.off:
        return Why.OFF, 0
    last = dict(person.last_by_campaign).get(offer.name)
    if last is not None and today - last < offer.cooldown:
        return Why.COOLING, 0
    if not offer.tiers:
        return None, 0
    earned = [tier.percent for tier in offer.tiers if person.spent >= tier.spent]
    if not earned:
        return Why.SPENT_LESS, 0
    if not person.can_hold_a_coupon:
        return Why.NO_EMAIL, 0
    return None, max(earned)
