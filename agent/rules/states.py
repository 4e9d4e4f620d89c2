"""The states of a message, and what a status from WhatsApp makes of them.

queued -> claimed -> accepted | held -> sent -> delivered -> read
claimed -> queued       provably not sent, or an error that says "later"
claimed -> refused      a received error that will not change
claimed -> unsure       the request left, no answer came; never sent again
unsure -> abandoned     no status came in time (a later one still settles it)
sent | held -> undelivered  WhatsApp has given it up (a later status still settles it)
queued -> cancelled | expired
queued -> abandoned     it may have been sent: the database was put back, or an earlier answer was lost
withheld                chosen, and not written to, to compare: never anything else
"""

from enum import StrEnum


class State(StrEnum):
    QUEUED = "queued"
    CLAIMED = "claimed"
    ACCEPTED = "accepted"
    HELD = "held"
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    UNSURE = "unsure"
    FAILED = "failed"
    REFUSED = "refused"
    UNDELIVERED = "undelivered"
    ABANDONED = "abandoned"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    WITHHELD = "withheld"


FINAL = frozenset(
    {
        State.READ,
        State.DELIVERED,
        State.FAILED,
        State.REFUSED,
        State.UNDELIVERED,
        State.ABANDONED,
        State.CANCELLED,
        State.EXPIRED,
        State.WITHHELD,
    }
)

# WhatsApp took these; so they can have been read, and earned something.
TAKEN = (State.ACCEPTED, State.HELD, State.SENT, State.DELIVERED, State.READ, State.UNDELIVERED)

# Statuses come late, doubled and out of order, so only rank counts, never the time of arrival. A
# message that was delivered was delivered, whatever `failed` says before or after it; and one that was
# given up as undelivered had been sent before that.
_RANK = {
    State.SENT: 1,
    State.UNDELIVERED: 1,
    State.FAILED: 2,
    State.DELIVERED: 3,
    State.READ: 4,
}
_STATUSES = {
    "sent": State.SENT,
    "failed": State.FAILED,
    "delivered": State.DELIVERED,
    "read": State.READ,
    "played": State.READ,
}


def after_status(state: State, status: str) -> State:
    """The state once `status` is known as well. The order of arrival makes no difference.

    Any other state gives way: a status that carries our id proves that the message left.
    Unknown statuses change nothing.
    """
    told = _STATUSES.get(status)
    if told is None or _RANK[told] <= _RANK.get(state, 0):
        return state
    return told
