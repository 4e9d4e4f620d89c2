"""Whom the shop may and wants to reach at all, whatever the campaign."""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from agent.rules.caps import Caps, allows
from agent.rules.consent import NO, YES
from agent.rules.interest import Wish
from agent.rules.reasons import Why

REST_AFTER_FAILURE = timedelta(days=7)  # a number off WhatsApp is not tried again every day

# What WordPress takes for an e-mail and leaves as it is; of that, a * would stand for any letters.
_LABEL: Final = "[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"
_EMAIL: Final = re.compile(
    rf"[a-z0-9!#$%&'+/=?^_`{{|}}~.-]+@(?:{_LABEL}\.)+{_LABEL}", re.ASCII | re.IGNORECASE
)
_SHORTEST_EMAIL: Final = 6


def binds_a_coupon(email: str) -> bool:
    """Can the shop make a coupon that only this e-mail may use?"""
    return len(email) >= _SHORTEST_EMAIL and _EMAIL.fullmatch(email) is not None


@dataclass(frozen=True, slots=True)
class Arrival:
    """A new product of the shop that can be bought."""

    product_id: int
    name: str
    url: str
    categories: frozenset[int]
    published_at: datetime


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
    last_seen_at: datetime | None = None  # when they last looked at a product
    counted_days: tuple[date, ...] = ()  # local dates of the messages that count for the caps
    last_by_campaign: tuple[tuple[str, date], ...] = ()
    failed_on: date | None = None  # when a message last failed or was refused
    unreachable: bool = False  # WhatsApp cannot or may not bring them anything
    attempts: int = 0  # messages to win them back since the last order, also those that failed
    wishes: tuple[Wish, ...] = ()
    tastes: frozenset[int] = frozenset()  # categories in which they bought
    bought_products: frozenset[int] = frozenset()

    @property
    def can_hold_a_coupon(self) -> bool:
        return self.coupon_email() != ""

    def coupon_email(self, preferred: str = "") -> str:
        """The e-mail to bind a coupon to: `preferred`, or the first other that will do. "": none."""
        usable = sorted(filter(binds_a_coupon, self.emails))
        return preferred if preferred in usable else next(iter(usable), "")

    @property
    def last_visit(self) -> datetime | None:
        known = [one for one in (self.last_order_at, self.last_seen_at) if one is not None]
        return max(known, default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """Whom the shop wants to reach, and how hard it tries."""

    inactive_after: timedelta
    attempts: int
    exclude_regions: frozenset[str] = frozenset()
    exclude_emails: frozenset[str] = frozenset()
    exclude_roles: frozenset[str] = frozenset()


def unreachable(person: Person, audience: Audience) -> Why | None:
    """Why this person hears nothing from any campaign, ever as things are."""
    if person.consent != YES:
        return Why.SAID_NO if person.consent == NO else Why.NO_CONSENT
    if (
        person.region in audience.exclude_regions
        or person.roles & audience.exclude_roles
        or person.emails & audience.exclude_emails
    ):
        return Why.EXCLUDED
    return None


def not_lost(person: Person, audience: Audience, now: datetime) -> Why | None:
    """Why this is nobody to win back."""
    if person.bought == 0 or person.last_order_at is None:
        return Why.NEVER_BOUGHT
    if now - person.last_order_at < audience.inactive_after:
        return Why.NOT_QUIET
    if person.attempts >= audience.attempts:
        return Why.ATTEMPTS
    return None


def resting(person: Person, caps: Caps, today: date) -> Why | None:
    """Why this person must be left alone today."""
    if not allows(caps, person.counted_days, today):
        return Why.CAPPED
    if person.unreachable:
        return Why.FAILED
    if person.failed_on is not None and today - person.failed_on < REST_AFTER_FAILURE:
        return Why.FAILED
    return None


def newly_quiet(quiet_since: datetime, inactive_after: timedelta, last_run: datetime) -> bool:
    """Did this person become quiet after the last run? The others are the backlog."""
    return quiet_since + inactive_after > last_run
