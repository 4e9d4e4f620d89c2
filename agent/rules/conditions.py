"""What the rules ask, as values: so that one list decides, and is shown to whoever asks why."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import NamedTuple

from agent.rules.reasons import Why

Value = bool | int | str | date | datetime | timedelta | tuple[str, ...] | None
"""Of money: minor units of the shop's currency. Of articles: their names. None: there is none."""


class Condition(NamedTuple):
    """One thing that is asked before somebody is written to.

    `name` is a word of `ASKED`. `against` is the reason that is given where it is not met. A tuple, because a
    run makes dozens of them for each person.
    """

    name: str
    met: bool
    against: Why
    value: Value
    threshold: Value


def first_unmet(conditions: Iterable[Condition]) -> Why | None:
    """Why not; None where all are met. What comes after the first that is not is not even looked at."""
    for one in conditions:
        if not one.met:
            return one.against
    return None


ASKED = {
    # of everybody
    "consent": "agreed to marketing on WhatsApp",
    "country": "lives in a country that is not left out",
    "roles": "has no role in the shop that is left out",
    "emails": "has no e-mail that is left out",
    "cap_7_days": "messages that count in 7 days are fewer than the cap",
    "cap_30_days": "messages that count in 30 days are fewer than the cap",
    "reachable": "WhatsApp can bring them something",
    "failure": "no message failed of late",
    # of each campaign
    "on": "the campaign can be sent",
    "cooldown": "the last one of this campaign is long enough ago",
    # of those that win back
    "bought": "has bought something",
    "quiet": "has not ordered for long enough",
    "attempts": "messages since the last order are fewer than the most",
    # of one campaign
    "back": "waits for something that is back",
    "place": "has a place in this wave",
    "cheaper": "saw something that is cheaper by more than",
    "buyable": "it can be bought",
    "unbought": "has not bought it since",
    "untold": "was not told of this price",
    "spent": "has spent enough",
    "email": "has an e-mail to bind a coupon to",
    "news": "something is new in their categories since they were last there",
}
"""Every condition by its name, in words."""
