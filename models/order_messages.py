"""Order news in the outbox: what was told of which orders, what waits, and what could not be brought."""

from collections.abc import Iterable
from datetime import date, datetime

from peewee import fn

from models.base import among, tuples
from models.delivery import MARKETING
from models.mirror import Order
from models.outbox import UNCOUNTED, Message, unanswered
from models.outbox_indexes import UNNOTED


def kinds_told(orders: Iterable[int]) -> list[tuple[int, str]]:
    """(order, kind) of the news that left, or may leave."""
    wanted = among(Message.order_id, list(orders)) & Message.order_id.is_null(False)
    query = Message.select(Message.order_id, Message.campaign).where(
        wanted, Message.state.not_in(("cancelled", "expired"))
    )
    return [(order, kind) for order, kind in tuples(query)]


def waiting_of(orders: Iterable[int]) -> list[Message]:
    """The news of these orders that wait in the queue, and have certainly never left."""
    wanted = among(Message.order_id, list(orders)) & Message.order_id.is_null(False)
    query = Message.select().where(wanted, Message.state == "queued", ~Message.resent)
    return list(query)


def sent_on(day: date, contacts: Iterable[int]) -> dict[int, int]:
    """contact -> how many order news left for them on that day of the shop."""
    query = Message.select(Message.contact_id, fn.COUNT(Message.id)).where(
        Message.contact_id.in_(list(contacts)),
        Message.cap_day == day.isoformat(),
        Message.order_id.is_null(False),
        Message.claimed_at.is_null(False),
        Message.state.not_in(("queued", *UNCOUNTED)),
    )
    return dict(tuples(query.group_by(Message.contact_id)))


def put_off(read_before: datetime, *, now: datetime, until: datetime) -> int:
    """Order news that are due wait, where their order was read before `read_before`, the shop's
    clock."""
    old = Order.select(Order.woo_id).where(
        Order.woo_id == Message.order_id, Order.read_at < read_before
    )
    # by a sum, or SQLite would go through all news there ever were, and not through the queue
    is_news = (Message.order_id + 0).is_null(False)
    query = Message.update(not_before=until).where(
        Message.state == "queued", Message.not_before <= now, is_news, fn.EXISTS(old)
    )
    return int(query.execute())


def to_note(since: datetime, limit: int) -> list[Message]:
    """Order news that were not brought, as far as anybody knows, and are not noted in the shop; those
    that ended since then, the oldest first."""
    failed = (Message.state != "expired") | (Message.attempts > 0)  # what never left has not failed
    query = Message.select().where(UNNOTED, failed, Message.ended_at >= since)
    return list(query.order_by(Message.ended_at, Message.id).limit(limit))


def send_again(claimed_before: datetime, now: datetime) -> int:
    """Order news whose answer was lost, and of which no status came: once more, and only once."""
    query = Message.update(state="queued", resent=True, not_before=now).where(
        unanswered(),
        Message.state == "unsure",
        Message.kind != MARKETING,
        ~Message.resent,
        Message.claimed_at <= claimed_before,
        Message.expires_at > now,
    )
    return int(query.execute())
