"""outbox -> shop: a private note on the order whose news could not be brought.

A note costs two small requests: the order's notes are looked at first, because the answer to an earlier
one may have been lost, or this process may have ended before it was written down. Each note names its
message, so there are never two of one.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from operator import attrgetter

from agent.clients.shop import Shop
from agent.config import Settings
from agent.errors import Garbled, Refused, Retryable, ShopAway, Unauthorized, WinbackError
from agent.log import Log
from agent.rules.shop_texts import plain
from agent.rules.visible import cut
from models import Message
from models.order_messages import to_note

log = Log(__name__)

RECENT = timedelta(days=7)  # what failed before is of no use to anybody any more
MOST_A_RUN = 20  # messages
SHORT = 8  # letters of a message's uid; they are random, and an order has few messages
NO_SUCH_ORDER = "woocommerce_rest_order_invalid_id"
BY_THE_SHOP = "woocommerce_rest_"  # how its codes begin: it has understood, and will not
LONGEST_REASON = 200  # characters

WHY = {
    "refused": "WhatsApp refused it",
    "failed": "WhatsApp could not deliver it",
    "undelivered": "WhatsApp could not deliver it in time",
    "abandoned": "no answer of WhatsApp came",
    "expired": "it could not be sent in time",
}
"""Where neither a code of WhatsApp nor a detail tells more."""


def note_failures(
    shop: Shop, settings: Settings, *, now: datetime, beat: Callable[[], None]
) -> dict[str, int]:
    """Leave a note for each failure of the last days that has none; returns how many there were.

    A trouble with one order does not keep the others from theirs; it is raised at the end. Raises at
    once what is about all of them: ShopAway, Unauthorized, Unsure, and a Retryable with a time.
    """
    if not settings.order_news.note_on_order:
        return {}
    tally: Counter[str] = Counter()
    trouble: WinbackError | None = None
    failures = to_note(now - RECENT, MOST_A_RUN)
    of_order = attrgetter("order_id")
    for number, messages in groupby(sorted(failures, key=of_order), of_order):
        beat()
        try:
            _note(shop, number, list(messages), now, tally)
        except ShopAway:
            raise
        except (Retryable, Garbled) as failure:
            if isinstance(failure, Retryable) and failure.after is not None:
                raise
            trouble = trouble or failure
    if trouble is not None:
        raise trouble
    return dict(tally)


def _note(
    shop: Shop, order: int, messages: Sequence[Message], now: datetime, tally: Counter[str]
) -> None:
    """The notes of one order."""
    try:
        notes = shop.page(f"orders/{order}/notes", _fields="id,note").rows
        said = [str(row.get("note")) for row in notes]
        for message in messages:
            there = any(_name(message) in note for note in said)
            if not there:
                shop.create(f"orders/{order}/notes", {"note": _text(message)})
            _done([message], now)
            tally["there already" if there else "noted"] += 1
    except Unauthorized:
        raise
    except Refused as refusal:
        if not refusal.code.startswith(BY_THE_SHOP):
            raise
        gone = refusal.code == NO_SUCH_ORDER
        tell = log.info if gone else log.warning
        tell(
            "order_notes.gone" if gone else "order_notes.refused", order=order, reason=refusal.what
        )
        _done(messages, now)
        tally["order gone" if gone else "refused"] += len(messages)


def _text(message: Message) -> str:
    """What the people of the shop read."""
    told = " ".join(filter(None, (str(message.code or ""), plain(message.detail))))
    reason = cut(told or WHY[message.state], LONGEST_REASON)
    # of one whose answer was lost nobody knows
    outcome = "may not have been" if message.state == "abandoned" else "was not"
    return (
        f"WhatsApp message {message.campaign} to the customer {outcome} delivered: "
        f"{reason} ({_name(message)})"
    )


def _name(message: Message) -> str:
    """By which a note is known to be about this message."""
    return f"winback, {message.uid[:SHORT]}"


def _done(messages: Sequence[Message], now: datetime) -> None:
    Message.update(noted_at=now).where(Message.id.in_([one.id for one in messages])).execute()
