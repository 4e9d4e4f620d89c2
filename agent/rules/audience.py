"""Whom the shop may and wants to reach at all, whatever the campaign."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from agent.rules.caps import MONTH, WEEK, Caps, counted, fits
from agent.rules.conditions import Condition
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


def reach(person: Person, audience: Audience) -> Iterator[Condition]:
    """What is asked of everybody, whatever the campaign, as things are."""
    answer, wanted = person.consent, person.consent == YES
    yield Condition("consent", wanted, Why.SAID_NO if answer == NO else Why.NO_CONSENT, answer, YES)
    countries, roles, emails = (
        audience.exclude_regions,
        audience.exclude_roles,
        audience.exclude_emails,
    )
    met = person.region not in countries
    yield Condition("country", met, Why.EXCLUDED, person.region, _sorted(countries))
    met = not person.roles & roles
    yield Condition("roles", met, Why.EXCLUDED, _sorted(person.roles), _sorted(roles))
    met = not person.emails & emails
    yield Condition("emails", met, Why.EXCLUDED, _sorted(person.emails), _sorted(emails))


def lost(person: Person, audience: Audience, now: datetime) -> Iterator[Condition]:
    """Is this somebody to win back?"""
    last = person.last_order_at
    bought = person.bought if last is not None else 0
    yield Condition("bought", bought > 0, Why.NEVER_BOUGHT, bought, 1)
    quiet = None if last is None else now - last
    met = quiet is not None and quiet >= audience.inactive_after
    yield Condition("quiet", met, Why.NOT_QUIET, quiet, audience.inactive_after)
    met = person.attempts < audience.attempts
    yield Condition("attempts", met, Why.ATTEMPTS, person.attempts, audience.attempts)


def rested(person: Person, caps: Caps, today: date) -> Iterator[Condition]:
    """May this person be disturbed today?"""
    days = person.counted_days
    for name, length, most in (
        ("cap_7_days", WEEK, caps.per_7_days),
        ("cap_30_days", MONTH, caps.per_30_days),
    ):
        met = fits(days, today, length, most)
        yield Condition(name, met, Why.CAPPED, counted(days, today, length), most)
    reachable = not person.unreachable
    yield Condition("reachable", reachable, Why.FAILED, reachable, True)
    failed = person.failed_on
    met = failed is None or today - failed >= REST_AFTER_FAILURE
    yield Condition("failure", met, Why.FAILED, failed, REST_AFTER_FAILURE)


def _sorted(words: frozenset[str]) -> tuple[str, ...]:
    return tuple(sorted(words)) if words else ()


def newly_quiet(quiet_since: datetime, inactive_after: timedelta, last_run: datetime) -> bool:
    """Did this person become quiet after the last run? The others are the backlog."""
    return quiet_since + inactive_after > last_run
