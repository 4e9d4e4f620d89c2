"""What the webhooks of the sandbox WhatsApp look like: values in, JSON out.

Updates are single statuses, inbound messages or changes of a template; `envelope` packs many of
them into the body of one POST, and `wire` writes that down the way Meta's serializer does.
"""

from __future__ import annotations

import hmac
import json
from dataclasses import dataclass, replace
from datetime import timedelta
from hashlib import blake2b
from itertools import groupby
from typing import TYPE_CHECKING, Any

from agent.sandbox.whatsapp.errors import failed_status_error

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from agent.sandbox.whatsapp.messages import Accepted
    from agent.sandbox.whatsapp.phones import Person

# How a POST is filled. Meta promises neither one entry, nor one change, nor one status in each, so
# a receiver that reads only the first of any of them loses something here.
STATUSES_IN_A_CHANGE = 50
CHANGES_IN_AN_ENTRY = 8


@dataclass(frozen=True, slots=True)
class Update:
    """One thing to tell: `item` belongs into the list named `kind` of a change of `field`.

    With an empty `kind`, `item` is the change's whole value.
    """

    field: str
    kind: str
    item: dict[str, Any]
    contact: dict[str, Any] | None = None

    @property
    def name(self) -> str:
        """What tells it from other updates; the same in each run."""
        item = self.item
        return f"{item.get('id', item.get('user_id'))} {item.get('status')} {item.get('timestamp')}"


@dataclass(frozen=True, slots=True)
class CartItem:
    """A product in a catalogue's cart; the price of one, in units of the currency (not cents)."""

    retailer_id: str
    quantity: int = 1
    price: float = 0
    currency: str = "USD"


@dataclass(frozen=True, slots=True)
class Sender:
    """The account and the number that the webhooks speak about; `display_digits` without plus."""

    business_account_id: str
    phone_number_id: str
    display_digits: str


def status_update(
    message: Accepted, status: str, at: datetime, *, code: int = 0, priced: bool, version: int
) -> Update:
    """A status of a message: sent, delivered, read, or failed with a `code`.

    `priced` is for sent and for the first of delivered and read. `read` carries no callback data,
    as in Meta's own sample. `version` 24 and above have no `conversation`.
    """
    person = message.person
    item: dict[str, Any] = {"id": message.id, "status": status, "timestamp": _seconds(at)}
    if person.wa_id and person.shows_phone:
        item["recipient_id"] = person.wa_id
    if status != "failed" or not message.to.startswith("+"):
        item["recipient_user_id"] = person.user_id
    if message.callback_data is not None and status != "read":
        item["biz_opaque_callback_data"] = message.callback_data
    if status == "sent" and version < 24:
        ends = message.at + timedelta(days=1)
        item["conversation"] = {
            "id": blake2b(message.id.encode(), digest_size=16).hexdigest(),
            "expiration_timestamp": _seconds(ends),
            "origin": {"type": message.category},
        }
    if priced:
        item["pricing"] = {
            "billable": True,
            "pricing_model": "PMP",
            "type": "regular",
            "category": message.category,
        }
    if status == "failed":
        item["errors"] = [failed_status_error(code)]
    tells_who = status in {"sent", "delivered"}
    return Update("messages", "statuses", item, _contact(person) if tells_who else None)


def text_update(person: Person, wamid: str, at: datetime, text: str) -> Update:
    """Somebody wrote to us."""
    item = _from(person) | {"id": wamid, "timestamp": _seconds(at), "type": "text"}
    return Update("messages", "messages", item | {"text": {"body": text}}, _contact(person))


def tap_update(
    person: Person,
    wamid: str,
    at: datetime,
    button: tuple[str, str],
    answers: tuple[str, str] | None,
) -> Update:
    """Somebody tapped a quick reply: `button` is (payload, label).

    `answers` is (our display number in digits, the wamid of the message that had the button).
    """
    payload, label = button
    item: dict[str, Any] = {}
    if answers is not None:
        item["context"] = {"from": answers[0], "id": answers[1]}
    item |= _from(person) | {"id": wamid, "timestamp": _seconds(at), "type": "button"}
    item["button"] = {"payload": payload, "text": label}
    return Update("messages", "messages", item, _contact(person))


def enquiry_update(
    person: Person, wamid: str, at: datetime, text: str, product: tuple[str, str, str]
) -> Update:
    """Somebody asks about a product of the catalogue, with its "message business" button.

    `product` is (our display number in digits, the catalogue, the product's id in it).
    """
    digits, catalogue, retailer_id = product
    update = text_update(person, wamid, at, text)
    context = {
        "from": digits,
        "id": f"{wamid}product_inquiry",
        "referred_product": {"catalog_id": catalogue, "product_retailer_id": retailer_id},
    }
    return replace(update, item=update.item | {"context": context})


def cart_update(
    person: Person, wamid: str, at: datetime, catalogue: str, items: Sequence[CartItem]
) -> Update:
    """Somebody sends the cart that they filled in the catalogue."""
    order = {
        "catalog_id": catalogue,
        "text": "",
        "product_items": [
            {
                "product_retailer_id": one.retailer_id,
                "quantity": one.quantity,
                "item_price": one.price,
                "currency": one.currency,
            }
            for one in items
        ],
    }
    item = _from(person) | {"id": wamid, "timestamp": _seconds(at), "type": "order"}
    return Update("messages", "messages", item | {"order": order}, _contact(person))


def preference_update(person: Person, at: datetime, value: str) -> Update:
    """Somebody used WhatsApp's own switch for marketing: `value` is stop or resume."""
    item: dict[str, Any] = {}
    if person.wa_id and person.shows_phone:
        item["wa_id"] = person.wa_id
    item |= {
        "user_id": person.user_id,
        "detail": f"User requested to {value} marketing messages",
        "category": "marketing_messages",
        "value": value,
        "timestamp": int(at.timestamp()),
    }
    return Update("user_preferences", "user_preferences", item, _contact(person))


def envelope(sender: Sender, updates: Sequence[Update], at: datetime) -> dict[str, Any]:
    """The body of one POST; `at` stamps entries that are about the account."""
    changes = list(_changes(sender, updates))
    entries: list[dict[str, Any]] = []
    for start in range(0, len(changes), CHANGES_IN_AN_ENTRY):
        some = changes[start : start + CHANGES_IN_AN_ENTRY]
        entry: dict[str, Any] = {"id": sender.business_account_id}
        if any(change["field"] not in {"messages", "user_preferences"} for change in some):
            entry["time"] = int(at.timestamp())
        entries.append(entry | {"changes": some})
    return {"object": "whatsapp_business_account", "entry": entries}


def wire(payload: dict[str, Any]) -> bytes:
    """The bytes that are sent and signed.

    Meta escapes what is not ASCII (lower-case hex), and also / < % and @. Whoever parses and
    writes the JSON anew gets other bytes, and with them another signature.
    """
    text = json.dumps(payload, separators=(",", ":"))  # none of these four stands outside strings
    for character, escaped in (("/", "\\/"), ("<", "\\u003c"), ("%", "\\u0025"), ("@", "\\u0040")):
        text = text.replace(character, escaped)
    return text.encode("ascii")


def signature(app_secret: str, raw: bytes) -> str:
    """The value of X-Hub-Signature-256 for a body."""
    return "sha256=" + hmac.new(app_secret.encode(), raw, "sha256").hexdigest()


def _changes(sender: Sender, updates: Sequence[Update]) -> Iterator[dict[str, Any]]:
    """Neighbours of the same kind share a change, up to a limit."""
    for (field, kind), group in groupby(updates, key=lambda update: (update.field, update.kind)):
        alike = list(group)
        if not kind:
            yield from ({"field": field, "value": update.item} for update in alike)
            continue
        for start in range(0, len(alike), STATUSES_IN_A_CHANGE):
            yield {
                "field": field,
                "value": _value(sender, kind, alike[start:][:STATUSES_IN_A_CHANGE]),
            }


def _value(sender: Sender, kind: str, updates: Sequence[Update]) -> dict[str, Any]:
    value: dict[str, Any] = {
        "messaging_product": "whatsapp",
        "metadata": {
            "display_phone_number": sender.display_digits,
            "phone_number_id": sender.phone_number_id,
        },
    }
    contacts = {update.contact["user_id"]: update.contact for update in updates if update.contact}
    if contacts:
        value["contacts"] = list(contacts.values())
    value[kind] = [update.item for update in updates]
    return value


def _contact(person: Person) -> dict[str, Any]:
    profile = {"name": person.name}
    if person.wa_id and person.shows_phone:
        return {"profile": profile, "wa_id": person.wa_id, "user_id": person.user_id}
    return {"profile": profile | {"username": _username(person)}, "user_id": person.user_id}


def _username(person: Person) -> str:
    first = person.name.split()[0].lower()
    return "".join(letter for letter in first if letter.isascii()) + f".{person.user_id[-4:]}"


def _from(person: Person) -> dict[str, Any]:
    visible = {"from": person.wa_id} if person.wa_id and person.shows_phone else {}
    return visible | {"from_user_id": person.user_id}


def _seconds(at: datetime) -> str:
    return str(int(at.timestamp()))
