"""contacts -> their lots: chance decides once who hears no marketing at all, and that is kept to be counted."""

from collections.abc import Callable

from peewee import chunked

from agent.person_key import person_key
from agent.rules.holdout import lot
from models import Contact
from models.base import carry_out_each, raw
from models.contacts import UNDRAWN

A_STEP = 5_000  # contacts in one transaction


def draw_lots(*, beat: Callable[[], None]) -> dict[str, int]:
    """Draw for everybody who is new. Returns how many these were."""
    undrawn = raw(Contact.select(Contact.id, Contact.phone).where(UNDRAWN))
    key = person_key()
    update = Contact.update(lot=0).where(Contact.id == 0).sql()[0]
    for some in chunked(undrawn, A_STEP):
        beat()
        carry_out_each(update, [(lot(key, phone), number) for number, phone in some])
    return {"drawn to compare": len(undrawn)} if undrawn else {}
