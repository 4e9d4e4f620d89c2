"""The messages of two contacts who are one person."""

from peewee import fn

from agent.rules.holdout import OF_CAMPAIGN, OF_NEITHER
from agent.rules.states import State
from models import Message
from models.base import among, tuples
from models.outbox_indexes import WITHHELD


def move_messages(other: int, kept: int) -> int:
    """Whatever was written to `other` is `kept`'s. Returns how many messages went over. In the caller's
    transaction.

    Where both have one of the same campaign, subject and date, the other's gets a subject of its own:
    a contact has such a one once."""
    _leave_out_of_comparisons(kept, other)
    mine = Message.alias()
    double = mine.select().where(
        mine.contact_id == kept,
        mine.campaign == Message.campaign,
        mine.subject == Message.subject,
        mine.period == Message.period,
    )
    same = Message.select(Message.id).where(Message.contact_id == other, fn.EXISTS(double))
    for (number,) in tuples(same):
        Message.update(subject=Message.subject.concat(f" merged {number}")).where(
            Message.id == number
        ).execute()
    return int(Message.update(contact_id=kept).where(Message.contact_id == other).execute())


def _leave_out_of_comparisons(kept: int, other: int) -> None:
    """Of what one of them was held out and the other was not: whoever hears nothing from a campaign must not
    be one who was written to. `kept` is written to from now on, so what was withheld from the other alone
    counts for nothing even where `kept` has had nothing yet."""
    held = {
        contact: {
            campaign
            for (campaign,) in tuples(
                Message.select(Message.campaign)
                .distinct()
                .where(Message.contact_id == contact, Message.detail == OF_CAMPAIGN, WITHHELD)
            )
        }
        for contact in (kept, other)
    }
    told = Message.select(Message.campaign).where(
        Message.contact_id == other, Message.state != State.WITHHELD
    )
    both_ways = held[kept] & ({campaign for (campaign,) in tuples(told)} - held[other])
    for contact, campaigns in ((kept, both_ways), (other, held[other] - held[kept])):
        Message.update(detail=OF_NEITHER).where(
            Message.contact_id == contact,
            Message.detail == OF_CAMPAIGN,
            WITHHELD,
            among(Message.campaign, campaigns),
        ).execute()
