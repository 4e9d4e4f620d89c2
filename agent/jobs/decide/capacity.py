"""How much one run may still plan: what can be sent in time, paid for, and taken of the backlog."""

from agent.config import Settings
from agent.jobs.decide.day import Day
from agent.jobs.decide.people import Known
from agent.jobs.decide.planned import expires_at, not_before
from agent.rules.budget import Budget
from agent.rules.reasons import Why
from agent.rules.room import Room
from agent.rules.selection import ALERTS, Decision
from models import Message

FEWEST = 50  # people that are worth a look at the tables
SPARE = 4  # for so many of the backlog one more: some are newly quiet, some not to be had


class Capacity:
    """Taken from as the run goes. `full` says why nobody more can be chosen, once it is so."""

    def __init__(self, settings: Settings, day: Day, room: Room, budget: Budget) -> None:
        self.full: Why | None = None
        self._settings, self._day = settings, day
        self._room, self._budget = room, budget
        self._share = settings.audience.backlog_per_day - _backlog_taken(day)
        self._only_backlog = False

    def begin_with_the_quiet(self) -> None:
        """What comes now has more time to leave, and once its share is full only backlog follows."""
        self.full = Why.BUDGET if self.full is Why.BUDGET else None
        self._only_backlog = True

    def enough(self) -> int:
        """So many people, the most recently quiet first, are likely to fill the day's share."""
        return max(self._share + self._share // SPARE, FEWEST)

    def take(self, decision: Decision, known: Known, *, backlog: bool) -> Why | None:
        """Plan this message to this person; or why it cannot be."""
        if backlog and self._share <= 0:
            # in the order of the quiet, those who come later have been so for longer still
            self.full = Why.BACKLOG if self._only_backlog else self.full
            return Why.BACKLOG
        expires_after = self._settings.campaigns[decision.campaign].expires_after
        priority = self._settings.priority.index(decision.campaign)
        if not self._room.left(expires_after, priority):
            # among those who hear of an article, alerts may leave though greetings fill the room
            if self._only_backlog or decision.campaign in ALERTS:
                self.full = Why.ROOM
            return Why.ROOM
        waits_until = not_before(self._settings, self._day, known)
        if waits_until >= expires_at(self._settings, self._day, decision):
            return Why.QUIET_HOURS  # it could not leave, and would take their day from what can
        if not self._budget.take(known.person.region):
            if self._budget.is_spent:
                self.full = Why.BUDGET
            return Why.BUDGET
        self._room.take(expires_after, priority)
        self._share -= backlog
        return None


def _backlog_taken(day: Day) -> int:
    """How many of the backlog were written to on this date already."""
    today = Message.created_at >= day.midnight()
    return int(Message.select().where(today, Message.from_backlog).count())
