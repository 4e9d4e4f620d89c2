"""Some of those who were chosen; why others were left alone, and whom no message can reach."""

from dataclasses import dataclass

from peewee import fn

from agent.jobs.report.counts import Period
from agent.rules.figures import is_news
from agent.rules.reasons import Why
from models import Contact, Conversion, Message, PhoneReading
from models.base import tuples

EXAMPLES = 2  # of each campaign


@dataclass(frozen=True, slots=True)
class Example:
    """One person who was chosen, as an illustration."""

    person: str
    campaign: str
    reason: str
    became: str  # the state of the message, or "ordered"


def reasons_known(result: dict[str, int]) -> dict[Why, int]:
    """Why people were left alone; a name of an older version that is none any more is left out."""
    known = {why.name.lower(): why for why in Why}
    return {known[name]: count for name, count in result.items() if name in known}


def unreachable() -> dict[str, int]:
    """Phones by why nobody is reached there."""
    query = (
        PhoneReading.select(PhoneReading.reason, fn.COUNT(PhoneReading.typed))
        .where(PhoneReading.reason != "", PhoneReading.typed != "")
        .group_by(PhoneReading.reason)
    )
    return dict(tuples(query))


def examples(period: Period, campaigns: list[str]) -> list[Example]:
    """A few of the newest messages of each campaign, those that earned an order first."""
    found: list[Example] = []
    for campaign in campaigns:
        if not is_news(campaign):
            found += _examples_of(campaign, period)
    return found


def _examples_of(campaign: str, period: Period) -> list[Example]:
    dates = period.first.isoformat(), period.last.isoformat()
    earned = (
        Conversion.select(Conversion.message_id)
        .distinct()
        .where(Conversion.campaign == campaign, Conversion.period.between(*dates))
        .order_by(Conversion.message_id.desc())
    )
    # by an expression, or SQLite would sort all that the campaign ever wrote
    of_campaign = Message.campaign.concat("") == campaign
    newest = (
        Message.select(Message.id)
        .where(of_campaign, Message.period.between(*dates), Message.state != "withheld")
        .order_by(Message.period.desc())
    )
    ordered = [number for (number,) in tuples(earned.limit(EXAMPLES))]
    others = [number for (number,) in tuples(newest.limit(2 * EXAMPLES))]
    wanted = list(dict.fromkeys([*ordered, *others]))[:EXAMPLES]
    query = (
        Message.select(Message.id, Contact.first_name, Contact.phone, Message.reason, Message.state)
        .join(Contact, on=(Contact.id == Message.contact_id))
        .where(Message.id.in_(wanted))
    )
    return [
        Example(
            f"{name or 'somebody'}, {phone[:5]}...{phone[-2:]}",
            campaign,
            reason,
            "ordered" if number in ordered else state,
        )
        for number, name, phone, reason, state in sorted(
            tuples(query), key=lambda row: wanted.index(row[0])
        )
    ]
