"""What the rules ask of a person, as the terminal says it."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from agent.commands.printable import printable
from agent.commands.report.words import money
from agent.commands.status.mirror import span_in_words
from agent.rules.conditions import ASKED, Condition, Value

NEVER = {"cooldown": "never sent", "failure": "none failed", "quiet": "never ordered"}
OF_ALL = (
    "consent", "country", "roles", "emails", "cap_7_days", "cap_30_days", "reachable", "failure",
)  # fmt: skip
"""What every campaign asks: it is shown once."""


def asked_in_words(one: Condition) -> str:
    return ASKED[one.name]


def value_in_words(one: Condition, currency: str, zone: ZoneInfo) -> str:
    """How it is with this person."""
    if one.value is None or one.value == "":
        return NEVER.get(one.name, "never said" if one.name == "consent" else "-")
    if one.name == "spent":
        return money(int(str(one.value)), currency)
    return _shown(one.value, zone)


def threshold_in_words(one: Condition, currency: str, zone: ZoneInfo) -> str:
    """What is asked for."""
    value = one.threshold
    if value is None:
        return ""
    match one.name:
        case "spent":
            return f"at least {money(int(str(value)), currency)}"
        case "cheaper":
            return f"{value} %"
        case "cap_7_days" | "cap_30_days" | "attempts":
            return f"fewer than {value}"
        case "cooldown" if not value:
            return "may come again at once"
        case "bought" | "place" | "quiet" | "cooldown" | "failure":
            return f"at least {_shown(value, zone)}"
        case "country" | "roles" | "emails":
            return f"none of {_shown(value, zone)}" if value else "none is left out"
        case "news":
            return f"since {_shown(value, zone)}"
    return _shown(value, zone)


def _shown(value: Value, zone: ZoneInfo) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case datetime():
            return at(value, zone)
        case date():
            return f"{value:%d %b %Y}"
        case timedelta():
            return f"{value.days:,} days" if value.days > 1 else span_in_words(value)
        case tuple():
            return printable(", ".join(value)) or "-"
    return printable(str(value))


def at(moment: datetime, zone: ZoneInfo) -> str:
    return f"{moment.astimezone(zone):%d %b %Y %H:%M}"
