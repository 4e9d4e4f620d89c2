"""What became of a run of sending, by campaign: a line of the log each."""

from collections import Counter
from collections.abc import Iterable

from agent.clients.outcomes import Accepted, Declined, NotSent, Outcome
from agent.log import Log
from models import Message

log = Log(__name__)


class ByCampaign:
    """Counts the outcomes of one run."""

    def __init__(self) -> None:
        self._counts: dict[str, Counter[str]] = {}

    def count(self, outcomes: Iterable[tuple[Message, Outcome]]) -> None:
        """These have been written down."""
        for message, outcome in outcomes:
            self._counts.setdefault(message.campaign, Counter())[_word(outcome)] += 1

    def tell(self) -> None:
        """One line for each campaign, and begin anew."""
        for campaign, counts in sorted(self._counts.items()):
            log.info("send.done", campaign=campaign, **counts)
        self._counts.clear()


def _word(outcome: Outcome) -> str:
    match outcome:
        case Accepted():
            return "held" if outcome.held else "accepted"
        case Declined():
            return "declined"
        case NotSent():
            return "not_sent"
    return "unsure"
