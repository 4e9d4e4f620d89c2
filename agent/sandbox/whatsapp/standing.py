"""How the account and its number stand with Meta: what changes there, and the webhook that tells it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agent.sandbox.whatsapp.errors import GraphError
from agent.sandbox.whatsapp.news import (
    account_update,
    alert_update,
    capability_update,
    number_update,
    restriction,
)

if TYPE_CHECKING:
    from datetime import datetime

    from agent.sandbox.clock import Clock
    from agent.sandbox.whatsapp.limits import Limits
    from agent.sandbox.whatsapp.webhooks import Courier

LIMIT = "whatsapp_business_manager_messaging_limit"
PEOPLE = {
    "TIER_250": 250,
    "TIER_2K": 2_000,
    "TIER_10K": 10_000,
    "TIER_100K": 100_000,
    "TIER_UNLIMITED": -1,
}
PER_SECOND = {"STANDARD": 80, "HIGH": 1000}
BUSINESS_INITIATED = "RESTRICTED_BIZ_INITIATED_MESSAGING"


class Standing:
    """A part of the account. Meta tells of a limit, a throughput, restrictions and bans; of another
    quality, status or health of the number it does not, so these are read or never known.
    """

    clock: Clock
    limits: Limits
    business_account_id: str
    number: dict[str, Any]
    _courier: Courier
    _own_digits: str
    _restricted_until: datetime | None = None
    _banned = False

    def change_quality(self, quality: str) -> None:
        """GREEN, YELLOW or RED. Told by the older event, which Meta has announced to end."""
        was, self.number["quality_rating"] = self.number["quality_rating"], quality
        self.number["quality_score"] = {"score": quality}
        if (quality == "RED") != (was == "RED"):
            self._tell_of_number("FLAGGED" if quality == "RED" else "UNFLAGGED")

    def change_status(self, status: str) -> None:
        """CONNECTED, FLAGGED, RATE_LIMITED, RESTRICTED, ...: without a word."""
        self.number["status"] = status

    def change_health(self, can_send: str, entity: str = "WABA", why: str = "") -> None:
        """AVAILABLE, LIMITED or BLOCKED, of one entity and so of the whole: without a word."""
        health = self.number["health_status"]
        health["can_send_message"] = can_send
        for one in health["entities"]:
            one["can_send_message"] = can_send if one["entity_type"] == entity else "AVAILABLE"
            one.pop("errors", None)
            if one["entity_type"] == entity and can_send != "AVAILABLE":
                error = {"error_code": 141006, "error_description": why, "possible_solution": ""}
                one["errors"] = [error]

    def change_limit(self, tier: str, *, as_number: bool = False) -> None:
        """TIER_250 to TIER_100K, or TIER_UNLIMITED. The webhook says the word, or `as_number`: 2000, -1.

        If the sandbox keeps that limit, it keeps the new one. KeyError for another word.
        """
        people = PEOPLE[tier]
        self.number[LIMIT] = tier
        if self.limits.people_a_day is not None:
            self.limits.people_a_day = people if people > 0 else None
        self._courier.put(capability_update(people if as_number else tier), self.clock.now())

    def change_throughput(self, level: str) -> None:
        """STANDARD or HIGH, as an upgrade. KeyError for another word."""
        per_second = PER_SECOND[level]
        self.number["throughput"] = {"level": level}
        if self.limits.per_second is not None:
            self.limits.per_second = per_second
        self._tell_of_number("THROUGHPUT_UPGRADE")

    def restrict(self, until: datetime, kind: str = BUSINESS_INITIATED) -> None:
        """ACCOUNT_RESTRICTION. Of business-initiated messages: templates are refused until then."""
        if kind == BUSINESS_INITIATED:
            self._restricted_until = until
        self._tell("ACCOUNT_RESTRICTION", restriction(kind, until))

    def violate(self, kind: str) -> None:
        """ACCOUNT_VIOLATION: a warning."""
        self._tell("ACCOUNT_VIOLATION", {"violation_info": {"violation_type": kind}})

    def ban(self, state: str = "DISABLE", date: str = "") -> None:
        """SCHEDULE_FOR_DISABLE only announces it, DISABLE refuses every message, REINSTATE ends it."""
        self._banned = state == "DISABLE"
        if state == "REINSTATE":
            self._restricted_until = None
        info = {"waba_ban_state": state} | ({"waba_ban_date": date} if date else {})
        self._tell("DISABLED_UPDATE", {"ban_info": info})

    def alert(self, kind: str, severity: str = "INFORMATIONAL", description: str = "") -> None:
        """Something for a person to read."""
        update = alert_update(self.business_account_id, kind, severity, description)
        self._courier.put(update, self.clock.now())

    def _require_standing(self, kind: str, now: datetime) -> None:
        """GraphError if a message of this kind may not be sent because of all that."""
        if self._banned:
            raise GraphError(131031, "Business Account has been disabled")
        restricted = self._restricted_until is not None and now < self._restricted_until
        if restricted and kind == "template":
            raise GraphError(368, "The account is restricted for a violation of a policy")

    def _tell(self, event: str, more: dict[str, Any]) -> None:
        self._courier.put(account_update(event, more), self.clock.now())

    def _tell_of_number(self, event: str) -> None:
        update = number_update(self._own_digits, event, str(self.number[LIMIT]))
        self._courier.put(update, self.clock.now())
