"""inbox -> outbox: what WhatsApp told us becomes states, replies and consent."""

from agent.jobs.track.statuses import file_orphans
from agent.jobs.track.track import track, try_again

__all__ = ["file_orphans", "track", "try_again"]
