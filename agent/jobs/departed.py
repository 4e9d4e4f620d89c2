"""Whom the shop erased is erased here, too."""

from collections.abc import Callable
from datetime import datetime

from agent.forgetting import forget, person_of
from agent.log import Log
from models import Contact, Customer, Departed, Order
from models.erasures import PUT_BACK

log = Log(__name__)


def forget_departed(*, now: datetime, beat: Callable[[], None]) -> dict[str, int]:
    """Forget those of whom the shop erased an order, or whose account it erased or deleted, and of whom
    it has nothing more: neither an order nor an account has their number. Returns how many.

    Who has other orders there is not erased: WooCommerce can be set to keep orders, and to erase only
    old ones.
    """
    forgotten = waiting = 0
    for one in list(Departed.select().order_by(Departed.contact_id)):
        beat()
        contact = Contact.get_or_none(Contact.id == one.contact_id)
        if contact is None or (one.how != PUT_BACK and _is_there(one.contact_id)):
            one.delete_instance()
            continue
        found = forget(person_of(contact), now=now)
        if found.busy:
            waiting += 1
            continue
        forgotten += 1
        log.info("person.left_the_shop", contact=one.contact_id, how=one.how)
    counts = {"people forgotten": forgotten, "to forget later": waiting}
    return {what: count for what, count in counts.items() if count}


def _is_there(contact: int) -> bool:
    """Does the shop still have them: an order or an account with their number, or an order of theirs that
    came with another one?"""
    named = (Order.customer_id != 0) | (Order.email != "")
    orders = Order.select().where(
        (Order.contact_id == contact) | ((Order.holder_id == contact) & named)
    )
    accounts = Customer.select().where(Customer.contact_id == contact)
    return bool(orders.exists() or accounts.exists())
