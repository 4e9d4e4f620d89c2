"""What a WhatsApp message says of interest: a question about a product, or a cart."""

from datetime import datetime

from agent.rules.events import CART, MOST_IN_A_CART, VIEW, Event, What, Who
from agent.rules.inbound import Inbound


def enquiries(said: Inbound, now: datetime) -> list[Event]:
    """Each product that the message is about, by the catalogue's id; none for most messages.

    Their names for the person are WhatsApp's: a number that nobody knows yet may be in the next order.
    """
    who, at = Who(wa_id=said.sender, user_id=said.user_id), min(said.at, now)
    if who == Who():
        return []
    found = [
        Event(
            kind=CART,
            who=who,
            what=What(retailer_id=one.retailer_id),
            at=at,
            price=one.price,
            currency=one.currency,
        )
        for one in said.cart[:MOST_IN_A_CART]
    ]
    if said.asked_about:
        found.append(Event(kind=VIEW, who=who, what=What(retailer_id=said.asked_about), at=at))
    return found
