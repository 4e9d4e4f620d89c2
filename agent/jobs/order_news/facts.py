"""Some orders that changed, with all that the decision on them needs, gathered in sets."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from agent.order_news import order_states
from agent.rules.order_news import Change, OrderState
from models import Contact, Message, Order, OrderChange
from models.base import among
from models.order_messages import kinds_told, waiting_of

# Of a database that was put back: in the life that it does not know, it may have been told.
UNWATCHED = "happened before orders were watched"


@dataclass(frozen=True, slots=True)
class Facts:
    """One order. `order` is None where the shop has deleted it, `contact` where nobody can be written to."""

    order_id: int
    changes: Sequence[OrderChange]
    order: Any  # Order | None
    state: OrderState
    contact: Any  # Contact | None: who the phone on the order belongs to
    told: frozenset[str]  # kinds of which a message has left, is on its way, or may have left
    queued: Mapping[str, Message]  # those of them that have not left yet
    marketing_days: Sequence[date]  # those on which marketing to this person counts

    @property
    def moves(self) -> list[Change]:
        return [Change(one.what, one.was, one.became) for one in self.changes]

    @property
    def changed_at(self) -> datetime:
        """By the shop, the last of them."""
        newest: datetime = max(one.changed_at for one in self.changes)
        return newest

    @property
    def seen_at(self) -> datetime:
        newest: datetime = max(one.seen_at for one in self.changes)
        return newest

    @property
    def is_new(self) -> bool:
        """Did we first see it by these changes?"""
        return any(one.what == "status" and one.was == "" for one in self.changes)

    @property
    def story(self) -> str:
        """What it did, in words."""
        said = (f"{one.what} {one.was or 'none'} -> {one.became}" for one in self.changes)
        return f"order {self.order.number}: {', '.join(said)}"


class Batch:
    """The facts of some orders."""

    def __init__(self, facts: Mapping[int, Facts]) -> None:
        self._facts = facts

    @classmethod
    def gather(cls, orders: Sequence[int], days_since: date) -> "Batch":
        """`days_since`: from which date on marketing may count for a cap."""
        changes = OrderChange.undecided(orders)
        rows = {one.woo_id: one for one in Order.select().where(among(Order.woo_id, orders))}
        states = order_states(orders)
        ids = {one.contact_id for one in rows.values() if one.contact_id is not None}
        contacts = {one.id: one for one in Contact.select().where(among(Contact.id, ids))}
        days = Message.cap_days(contacts, days_since)
        told: dict[int, set[str]] = {}
        for number, kind in kinds_told(orders):
            told.setdefault(number, set()).add(kind)
        for number, outcome in OrderChange.outcomes(orders, UNWATCHED):
            told.setdefault(number, set()).add(outcome.partition(":")[0])
        queued: dict[int, dict[str, Message]] = {}
        for message in waiting_of(orders):
            queued.setdefault(message.order_id or 0, {})[message.campaign] = message
        facts: dict[int, Facts] = {}
        for number in orders:
            order = rows.get(number)
            contact = contacts.get(order.contact_id or 0) if order else None
            counted = days.get(contact.id, ()) if contact else ()
            facts[number] = Facts(
                order_id=number,
                changes=changes[number],
                order=order,
                state=states.get(number, OrderState(status="trash")),
                contact=contact,
                told=frozenset(told.get(number, ())),
                queued=queued.get(number, {}),
                marketing_days=[date.fromisoformat(iso) for _, iso in counted],
            )
        return cls(facts)

    def __iter__(self) -> Iterator[Facts]:
        return iter(self._facts.values())

    def facts(self, order: int) -> Facts:
        return self._facts[order]
