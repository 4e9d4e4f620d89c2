"""Whom the shop erased is erased here, too."""

from collections.abc import Callable
from datetime import datetime

from agent.forgetting import forget
from agent.log import Log
from agent.person import Person, person_of
from models import Contact, Customer, Departed, Order
from models.base import among
from models.erasures import ORDER_ERASED, PUT_BACK

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
        if contact is None:
            one.delete_instance()
            continue
        person = person_of(contact)
        if one.how != PUT_BACK and _is_there(person, one.how):
            one.delete_instance()
            continue
        found = forget(person, now=now)
        if found.busy:
            waiting += 1
            continue
        forgotten += 1
        log.info("person.left_the_shop", contact=one.contact_id, how=one.how)
    counts = {"people forgotten": forgotten, "to forget later": waiting}
    return {what: count for what, count in counts.items() if count}


def _is_there(person: Person, how: str) -> bool:
    """Does the shop still have them: an order or an account with their number, an order of theirs that
    came with another one, or with none and their e-mail?

    Where it only took them off an order, which it does by itself with old ones, their account has not
    gone, also where no number is in it.
    """
    contact = person.contact_id
    named = (Order.customer_id != 0) | (Order.email != "")
    by_name = Order.contact_id.is_null() & among(Order.email, person.emails)
    orders = Order.select().where(
        (Order.contact_id == contact) | ((Order.holder_id == contact) & named) | by_name
    )
    theirs = Customer.contact_id == contact
    if how == ORDER_ERASED:
        theirs |= among(Customer.woo_id, person.accounts) | among(Customer.email, person.emails)
    return bool(orders.exists() or Customer.select().where(theirs).exists())
