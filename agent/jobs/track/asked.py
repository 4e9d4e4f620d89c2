"""What people ask about and put into carts in WhatsApp: noted, to become interest."""

from collections.abc import Iterable
from datetime import datetime

from agent.rules.enquiries import enquiries
from agent.rules.events import words
from agent.rules.inbound import Inbound, Preference
from models import UnsettledEvent

SOURCE = "whatsapp"


def note_enquiries(said: Iterable[Inbound | Preference], *, now: datetime) -> int:
    """Keep what these messages say of products; a doubled webhook changes nothing. Returns how many."""
    found = [event for one in said if isinstance(one, Inbound) for event in enquiries(one, now)]
    return UnsettledEvent.put([(words(event), event.at) for event in found], SOURCE)
