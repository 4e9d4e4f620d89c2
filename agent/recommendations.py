"""What to recommend to some people: asked in sets, chosen by the rules."""

from collections.abc import Collection, Iterable

from agent.rules.recommend import WHOLE_SHOP, Advice, advise
from models import Basis
from models.baskets import bestsellers_of, companions_of, products_of, tastes_of

LAST_BOUGHT = 20  # products of a person that are looked at for what goes with them


def recommendations(contacts: Collection[int], most: int = 3) -> dict[int, list[Advice]]:
    """contact -> products that can be bought now and that they never had, the best first, each with
    the product that they bought it goes with, or None.

    Who has nothing recommended is not in it. Five queries, however many contacts.
    """
    basis = Basis.get_or_none()
    if basis is None:
        return {}
    bought: dict[int, list[int]] = {}
    had: dict[int, list[int]] = {}
    for contact, product, was_bought in products_of(contacts, basis.paid_statuses):
        had.setdefault(contact, []).append(product)
        own = bought.setdefault(contact, [])
        if was_bought and len(own) < LAST_BOUGHT:
            own.append(product)
    likes = _by_first(tastes_of(contacts))
    go_with = _by_first(companions_of({one for own in bought.values() for one in own}))
    categories = {WHOLE_SHOP}.union(*likes.values())
    selling = _by_first(bestsellers_of(categories))
    found = {
        contact: advise(
            bought.get(contact, ()),
            had.get(contact, ()),
            likes.get(contact, ()),
            go_with=go_with,
            selling=selling,
            most=most,
        )
        for contact in contacts
    }
    return {contact: advice for contact, advice in found.items() if advice}


def _by_first(pairs: Iterable[tuple[int, int]]) -> dict[int, list[int]]:
    lists: dict[int, list[int]] = {}
    for one, other in pairs:
        lists.setdefault(one, []).append(other)
    return lists
