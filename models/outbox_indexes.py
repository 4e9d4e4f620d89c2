"""The indexes of the outbox, and the conditions in whose words some of them are made.

SQLite uses an index that holds some of the rows only where a statement says the same in so many words,
not as parameters.
"""

from peewee import SQL

from models.outbox import Message

# Not the column: SQLite would rather read all messages of these campaigns by another index, and sort them.
_CAMPAIGN = Message.campaign.concat(SQL("''"))
TRIED = _CAMPAIGN.in_(SQL("('loyalty_reward', 'new_arrivals', 'we_miss_you')")) & (
    Message.state.not_in(SQL("('cancelled', 'expired')"))
)
"""The messages that were attempts to win somebody back."""

Message.add_index(Message.contact_id, Message.created_at, where=TRIED, name="message_tried")
Message.add_index(
    Message.priority,
    Message.id,
    # most of a long queue waits for the morning: its rows are not read for that
    Message.not_before,
    Message.expires_at,
    where=(Message.state == "queued"),
    name="message_queued",
)
Message.add_index(
    Message.order_id,
    Message.campaign,
    unique=True,  # once per order and kind for ever; what never left does not count
    where=Message.order_id.is_null(False) & Message.state.not_in(SQL("('cancelled', 'expired')")),
    name="message_news",
)
Message.add_index(Message.order_id, where=Message.order_id.is_null(False), name="message_order")
Message.add_index(  # all that the report counts, in the order in which it groups
    Message.period,
    Message.campaign,
    Message.template,
    Message.language,
    Message.country,
    Message.state,
    Message.charged,
    Message.clicked,
    Message.replied,
    Message.stopped,
    name="message_counted",
)
UNNOTED = (
    Message.order_id.is_null(False)
    & Message.noted_at.is_null()
    & Message.state.in_(SQL("('abandoned', 'expired', 'failed', 'refused', 'undelivered')"))
)
"""Order news that ended badly and are not noted on their order."""

Message.add_index(Message.ended_at, where=UNNOTED, name="message_unnoted")
Message.add_index(
    Message.state, where=(Message.state << ("claimed", "unsure")), name="message_unanswered"
)
Message.add_index(
    Message.campaign,
    Message.claimed_at,
    where=Message.claimed_at.is_null(False),
    name="message_left",
)
TOUCHED = Message.accepted_at.is_null(False) & Message.order_id.is_null()
"""The messages of campaigns that WhatsApp took, at some time: they may have earned something."""

Message.add_index(Message.contact_id, Message.accepted_at, where=TOUCHED, name="message_touched")
Message.add_index(  # what the report tells of failures
    Message.period,
    Message.campaign,
    Message.state,
    Message.code,
    where=Message.code.is_null(False),
    name="message_failed",
)
Message.add_index(  # how many people a campaign chose
    Message.campaign, Message.contact_id, Message.period, name="message_assigned"
)
WITHHELD = Message.state == SQL("'withheld'")
"""Who was chosen and not written to."""

Message.add_index(
    Message.period,
    Message.campaign,
    Message.contact_id,
    Message.detail,
    where=WITHHELD,
    name="message_withheld",
)
