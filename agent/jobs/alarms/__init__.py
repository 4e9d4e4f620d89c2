"""What needs a person: found, written down from its beginning to its end, and told."""

from agent.jobs.alarms.tell import mail_server, send_test, tell_alarms
from agent.jobs.alarms.watch import AlarmWatch, ways

__all__ = ["AlarmWatch", "mail_server", "send_test", "tell_alarms", "ways"]
