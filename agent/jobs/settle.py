"""outbox -> outbox: what time alone decides."""

from datetime import datetime, timedelta

from agent.config import Settings
from models import JobRun, Message, Webhook

KEPT = timedelta(days=90)  # runs of jobs, and webhooks that have been worked off


def settle(settings: Settings, *, now: datetime) -> dict[str, int]:
    """End messages that waited too long for their turn, or for a status that will not come."""
    counts = {
        "expired": Message.expire(now),
        "abandoned": Message.abandon(now - settings.whatsapp.unsure_after, now),
    }
    return {what: count for what, count in counts.items() if count}


def tidy(*, now: datetime) -> dict[str, int]:
    """Drop what nobody will ask for again."""
    old = now - KEPT
    worked_off = Webhook.delete().where(Webhook.done_at.is_null(False), Webhook.received_at < old)
    return {"runs": JobRun.forget_before(old), "webhooks": int(worked_off.execute())}
