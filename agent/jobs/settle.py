"""outbox -> outbox: what time alone decides."""

from datetime import datetime, timedelta

from agent.config import Settings
from models import (
    Heartbeat,
    Message,
    OrderChange,
    Webhook,
)
from models.order_messages import send_again

KEPT = timedelta(days=90)  # runs of jobs, webhooks that have been worked off, counts and samples
READ_WITHIN = timedelta(minutes=1)  # of a webhook, while all is well
# WhatsApp tries for 30 days at the most to deliver; a day more for its last word
GIVEN_UP = timedelta(days=31)
CHANGES_KEPT = timedelta(days=400)  # of stock, prices and orders: a year ago must still be seen
# so long stays, too, what was set aside of webhooks, and what came in by day


def settle(
    settings: Settings, *, now: datetime, steady_since: datetime | None = None
) -> dict[str, int]:
    """End messages that waited too long for their turn, or for a status that will not come; and put right
    when orders were seen to change.

    `steady_since`: our clock has not jumped since then, so what it says of a wait is true.
    """
    unsure_before = now - settings.whatsapp.unsure_after
    counts = {"expired": Message.expire(now), "seen ahead of time": OrderChange.seen_by(now)}
    news_waits = False
    if settings.order_news.resend_unsure:
        jumped = steady_since is not None and steady_since > unsure_before
        news_waits = jumped or not _would_have_heard(unsure_before, now)
        if not news_waits:
            counts["news sent again"] = send_again(unsure_before, now)
    counts["abandoned"] = Message.abandon(unsure_before, now, but_for_news=news_waits)
    return {what: count for what, count in counts.items() if count}


def _would_have_heard(since: datetime, now: datetime) -> bool:
    """Have we listened for statuses since then, and read what came? Else one may still come: Meta
    brings what it could not deliver again, in growing pauses."""
    deaf = Heartbeat.select().where(Heartbeat.started_at > since)
    unread = Webhook.select().where(
        Webhook.done_at.is_null(), Webhook.received_at <= now - READ_WITHIN
    )
    return not deaf.exists() and not unread.exists()
