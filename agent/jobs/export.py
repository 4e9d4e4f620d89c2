"""tables -> one person: everything that is known of somebody, for their right of access."""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any

from agent.person import Person, rows_naming
from agent.rules.phones import wa_id_candidates
from models import (
    Confirmation,
    Contact,
    Conversion,
    Coupon,
    Customer,
    Forward,
    History,
    Identity,
    Interest,
    Link,
    Message,
    Order,
    OrderChange,
    OrderLine,
    PhoneReading,
    Refund,
    Reply,
    Ruling,
    Statement,
    Status,
    Table,
    Taste,
    UnsettledEvent,
    Webhook,
)
from models.base import among, tuples

DESCRIBED: Mapping[str, str] = {
    "contact": "the person as winback writes to them; lot is the draw by which some hear nothing, to compare",
    "identities": "accounts, e-mails and WhatsApp ids that belong to them",
    "rulings": "what the shop's people said by hand of whose a name is",
    "phone_readings": "how their number was typed, and how it was read",
    "accounts": "their accounts in the shop, as the shop told",
    "orders": "their orders in the shop, as the shop told; amounts in minor units (cents)",
    "order_lines": "the articles of these orders",
    "refunds": "money given back on these orders",
    "order_changes": "what these orders did, and what came of it",
    "history": "what they ordered, added up",
    "tastes": "in which categories they bought, in units",
    "interest": "what they looked at, wished for and left in a cart",
    "events": "events of theirs that could not be assigned yet",
    "statements": "the consent ledger: what they said, when, where, in which words",
    "messages": "what was written to them, or meant to be: why, with which values, and what became of it",
    "statuses": "what WhatsApp told of these messages",
    "links": "links in these messages, and how often they were followed",
    "coupons": "coupons that were made for them",
    "conversions": "orders that a message earned",
    "replies": "what they wrote, and WhatsApp's notes of their number",
    "confirmations": "the answers to a STOP",
    "forwards": "replies that wait to be passed on to the shop's own address",
    "webhooks": "when WhatsApp sent something that names them; kept as it came, with other people's, for "
    "some time: so only the dates are given",
}


def everything_of(person: Person) -> dict[str, Any]:
    """Section -> rows, by column; instants are ISO 8601 in UTC. Reads every webhook that is kept."""
    contact = person.contact_id
    mine = Message.contact_id == contact
    messages = list(Message.select().where(mine).order_by(Message.id))
    orders = _orders(person)
    numbers = [one.woo_id for one in orders]
    ids, uids = [one.id for one in messages], [one.uid for one in messages]
    said_under = {
        *person.phones, *person.user_ids,
        *(way for phone in person.phones for way in wa_id_candidates(phone)),
    }  # fmt: skip
    webhooks = rows_naming(Webhook.id, Webhook.body, person)
    sections: dict[str, Iterable[Any]] = {
        "contact": Contact.select().where(Contact.id == contact),
        "identities": Identity.select().where(Identity.contact_id == contact),
        "rulings": Ruling.select().where(Ruling.contact_id == contact),
        "phone_readings": PhoneReading.select().where(among(PhoneReading.e164, person.phones)),
        "accounts": Customer.select().where(
            (Customer.contact_id == contact) | among(Customer.woo_id, person.accounts)
        ),
        "orders": orders,
        "order_lines": OrderLine.select().where(among(OrderLine.order_id, numbers)),
        "refunds": Refund.select().where(among(Refund.order_id, numbers)),
        "order_changes": OrderChange.select().where(among(OrderChange.order_id, numbers)),
        "history": History.select().where(History.contact_id == contact),
        "tastes": Taste.select().where(Taste.contact_id == contact),
        "interest": Interest.select().where(Interest.contact_id == contact),
        "events": UnsettledEvent.select().where(
            among(UnsettledEvent.id, rows_naming(UnsettledEvent.id, UnsettledEvent.said, person))
        ),
        "statements": Statement.select().where(among(Statement.phone, said_under)),
        "messages": messages,
        "statuses": Status.select().where(among(Status.message_id, ids)),
        "links": Link.select().where(among(Link.message_uid, uids)),
        "coupons": Coupon.select().where(among(Coupon.message_uid, uids)),
        "conversions": Conversion.select().where(Conversion.contact_id == contact),
        "replies": Reply.select().where(
            (Reply.contact_id == contact) | among(Reply.sender, person.written_as)
        ),
        "confirmations": Confirmation.select().where(
            (Confirmation.contact_id == contact)
            | among(Confirmation.recipient, {*person.phones, *person.written_as})
        ),
        "forwards": Forward.select().where(
            among(Forward.person, {str(contact), *person.written_as})
        ),
    }
    found = {name: [_row(one) for one in rows] for name, rows in sections.items()}
    dates = Webhook.select(Webhook.received_at).where(among(Webhook.id, webhooks))
    came = [{"received_at": moment.isoformat()} for (moment,) in tuples(dates)]
    return {"about": dict(DESCRIBED), **found, "webhooks": came}


def _orders(person: Person) -> list[Order]:
    contact = person.contact_id
    guests = among(Order.email, person.emails) & Order.contact_id.is_null()
    theirs = (Order.contact_id == contact) | (Order.holder_id == contact)
    query = Order.select().where(theirs | among(Order.customer_id, person.accounts) | guests)
    return list(query.order_by(Order.woo_id))


def _row(one: Table) -> dict[str, Any]:
    return {name: _plain(value) for name, value in one.__data__.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return value.isoformat() if isinstance(value, date) else value
