"""How well the sender's number and its account are, and what must not leave because of it.

Sources: Meta's pages "Business phone numbers", "Messaging health status" and "Throughput", Graph versions
25 and 26. Meta's lists of words differ from page to page, so a word that nobody knows is taken for a bad
one, but not for the worst. What Meta leaves out says nothing.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

WELL: Final = "CONNECTED"
# Meta accepts no template message of such a number. RESTRICTED: it has reached its limit while its quality
# was low, and only answers to people leave it until the next day.
CANNOT_SEND: Final = frozenset(
    {
        "BANNED", "DELETED", "DISCONNECTED", "MIGRATED", "PENDING", "RESTRICTED", "UNVERIFIED",
    }
)  # fmt: skip
# These two can send. FLAGGED: its quality has become low, and it has a week to mend. RATE_LIMITED: it is at
# its limit. What room there is belongs to order news.
NAMES_THAT_SEND: Final = frozenset({"APPROVED", "AVAILABLE_WITHOUT_REVIEW"})
POOR: Final = "RED"
BLOCKED: Final = "BLOCKED"
PER_SECOND: Final = {"STANDARD": 80, "HIGH": 1000}
COEXISTENCE: Final = 20  # a second, where the number is used in the WhatsApp Business app as well
MANAGER: Final = "WhatsApp Manager > Phone numbers"


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that the account has. `stops_all`: else it stops marketing only."""

    what: str
    fix: str
    stops_all: bool


def troubles(number: Mapping[str, Any]) -> list[Trouble]:
    """What is wrong with the number, the worst first. `number` is GET /{phone number id}."""
    return sorted(_troubles(number), key=lambda one: not one.stops_all)


def throughput(number: Mapping[str, Any]) -> int | None:
    """Messages a second that Meta takes of it; None where it does not say."""
    if number.get("is_on_biz_app") is True and number.get("platform_type") == "CLOUD_API":
        return COEXISTENCE
    told = number.get("throughput")
    return PER_SECOND.get(_word(told, "level")) if isinstance(told, Mapping) else None


def _troubles(number: Mapping[str, Any]) -> Iterator[Trouble]:
    status, name = _word(number, "status"), _word(number, "name_status")
    if status not in ("", WELL):
        yield Trouble(
            f"the number is {status}", f"{MANAGER} tells what it waits for", status in CANNOT_SEND
        )
    if name and name not in NAMES_THAT_SEND:
        yield Trouble(
            f"the number's display name is {name}",
            f"give it another name in {MANAGER}, or wait for the review",
            stops_all=True,
        )
    if _word(number, "quality_rating") == POOR:
        yield Trouble(
            "the number's quality is RED: people block or report its messages",
            "write to fewer people, with better texts; Meta looks at the last 7 days",
            stops_all=False,
        )
    yield from _blocked(number.get("health_status"))


def _blocked(health: object) -> Iterator[Trouble]:
    """`can_send_message` of the whole, and of each entity that is in the way: AVAILABLE, LIMITED, BLOCKED."""
    if not isinstance(health, Mapping):
        return
    blocked = [
        one for one in _objects(health, "entities") if _word(one, "can_send_message") == BLOCKED
    ]
    if not blocked and _word(health, "can_send_message") != BLOCKED:
        return
    whose = ", ".join(_word(one, "entity_type") or "something" for one in blocked)
    errors = [error for one in blocked for error in _objects(one, "errors")]
    said = "; ".join(filter(None, (_said(error, "error_description") for error in errors)))
    advice = " ".join(filter(None, (_said(error, "possible_solution") for error in errors)))
    yield Trouble(
        f"Meta lets no message leave (blocked: {whose or 'the account'})"
        + (f": {said}" if said else ""),
        advice or "Meta Business Suite > Account quality tells why",
        stops_all=True,
    )


def _objects(holder: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    listed = holder.get(key)
    return [one for one in listed if isinstance(one, Mapping)] if isinstance(listed, list) else []


def _word(holder: Mapping[str, Any], key: str) -> str:
    return str(holder.get(key) or "").upper()


def _said(holder: Mapping[str, Any], key: str) -> str:
    return str(holder.get(key) or "").strip()
