"""What a WhatsApp webhook says, element by element.

A batch holds up to 1,000 updates of any kind, and one that cannot be understood must not take the
others with it: it comes back as `Unknown`. Every identity field may be missing, because people with a
user name have no phone for us. Fields: Meta's webhook reference for the `messages` and
`user_preferences` fields; those about our templates and our account are in meta_news.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from agent.rules.events import price_text
from agent.rules.meta_news import NEWS, AccountError, MetaNews
from agent.rules.webhook_values import code, elements, inner, instant, optional, text, whole

_LONGEST_RETAILER_ID = 200
_LONGEST_WHAT = 300
_AROUND = frozenset({"messaging_product", "metadata", "contacts"})  # stand beside every list
# "messages" as a key: it is a field's name too; and a status that failed because marketing is switched off
_SAID = re.compile(rb'"messages"\s*:|user_preferences|"code"\s*:\s*"?131050')
_CHANGES = frozenset({"user_changed_number", "customer_changed_number", "user_changed_user_id"})
_FROM_TO = re.compile(r"(?s:.*) changed from (\S+) to (\S+?)\.?\s*$")


@dataclass(frozen=True, slots=True)
class StatusUpdate:
    """What became of a message: sent, delivered, read, failed, or a word we do not know yet."""

    wamid: str
    status: str
    at: datetime
    uid: str = ""  # our own id, in most but not all of them
    code: int | None = None
    detail: str = ""
    category: str = ""  # what it was charged as, or would have been
    pricing: str = ""  # regular, free_customer_service, free_entry_point
    user_id: str = ""  # of the person whom it went to


@dataclass(frozen=True, slots=True)
class InCart:
    """A product in a cart. `price` is of one piece, a plain number; "" if there was none."""

    retailer_id: str
    price: str = ""
    currency: str = ""


@dataclass(frozen=True, slots=True)
class Inbound:
    """A person wrote or tapped. `text` is what they wrote, `payload` what a button carries.

    `asked_about` is the catalogue's id of the product on whose page they asked, `cart` what they sent
    from the catalogue.
    """

    wamid: str
    at: datetime
    kind: str
    sender: str = ""  # wa_id: digits without +
    user_id: str = ""
    text: str = ""
    payload: str = ""
    in_reply_to: str = ""
    asked_about: str = ""
    cart: tuple[InCart, ...] = ()


@dataclass(frozen=True, slots=True)
class Preference:
    """A person switched marketing off or on in WhatsApp's own menu."""

    value: str  # stop, resume
    at: datetime
    sender: str = ""
    user_id: str = ""


@dataclass(frozen=True, slots=True)
class NumberChanged:
    """A person has another number, or another id of WhatsApp's, or both. "" is what was not told.

    `old` and `new` are wa_ids: digits without +. It is WhatsApp that says so, and not the person: it
    opens no conversation.
    """

    wamid: str
    at: datetime
    old: str = ""
    new: str = ""
    old_user_id: str = ""
    new_user_id: str = ""


@dataclass(frozen=True, slots=True)
class Unknown:
    """Something that we keep and count, but do not understand.

    `broken`: it is of a kind that we know, and cannot be read. Else it is of another kind.
    """

    what: str
    broken: bool = False


Event = StatusUpdate | Inbound | Preference | NumberChanged | MetaNews | Unknown


def may_refuse(body: bytes) -> bool:
    """Whether a webhook may hold a person's no. Cheap, for the intake; when in doubt it may.

    Statuses, by far the most, carry none, but for those that say that a person wants no marketing.
    """
    return b'"statuses"' not in body or _SAID.search(body) is not None


def read_webhook(payload: object) -> Iterator[Event]:
    """Every element of a webhook's body, in its order. Never raises."""
    for entry in elements(payload, "entry"):
        for change in elements(entry, "changes"):
            yield from _change(change, entry)


def _change(change: object, entry: object) -> Iterator[Event]:
    field = change.get("field") if isinstance(change, Mapping) else None
    value = change.get("value") if isinstance(change, Mapping) else None
    if not isinstance(value, Mapping):
        yield _broken(f"{field}: no value")
    elif isinstance(field, str) and field in _READERS:
        yield from _lists(field, value)
    elif isinstance(field, str) and field in NEWS:
        yield _guarded(NEWS[field], value, _told_at(entry))
    else:
        yield _unknown(f"field {field}")


def _lists(field: str, value: Mapping[str, Any]) -> Iterator[Event]:
    """The elements of a value's lists; without any that we know, that it has others."""
    told = False
    for name, read in _READERS[field].items():
        found = value.get(name)
        if isinstance(found, list):
            for one in found:
                yield _guarded(read, one)
        elif found is not None:
            yield _broken(f"{name}: no list")
        told |= found is not None
    if not told:
        others = sorted(key for key in value if isinstance(key, str) and key not in _AROUND)
        yield _unknown(f"{field} {' '.join(others) or 'without anything'}")


def _told_at(entry: object) -> datetime | None:
    """When Meta tells what is about the account, and not about a message."""
    try:
        return instant(entry["time"]) if isinstance(entry, Mapping) and "time" in entry else None
    except (TypeError, ValueError, OverflowError, OSError):
        return None


def _guarded(read: Callable[..., Event], *given: object) -> Event:
    try:
        return read(*given)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError, OSError) as error:
        return _broken(f"{read.__name__.strip('_')}: {type(error).__name__} {error}")


def _status(one: Mapping[str, Any]) -> StatusUpdate:
    errors = [error for error in elements(one, "errors") if isinstance(error, Mapping)]
    first = errors[0] if errors else {}
    more = first.get("error_data")
    details = more.get("details", "") if isinstance(more, Mapping) else more
    return StatusUpdate(
        wamid=text(one["id"]),
        status=text(one["status"]),
        at=instant(one["timestamp"]),
        uid=optional(one, "biz_opaque_callback_data"),
        user_id=optional(one, "recipient_user_id"),
        code=code(first["code"]) if "code" in first else None,
        detail=whole(str(details or first.get("title") or "")),
        category=optional(inner(one, "pricing"), "category"),
        pricing=optional(inner(one, "pricing"), "type"),
    )


def _inbound(one: Mapping[str, Any]) -> Inbound | NumberChanged:
    kind = text(one["type"])
    if kind == "system" and (change := _number_changed(one, inner(one, "system"))):
        return change
    said, payload = "", ""
    if kind == "text":
        said = text(one["text"]["body"])
    elif kind == "button":
        said, payload = optional(one["button"], "text"), optional(one["button"], "payload")
    elif kind == "interactive":
        reply = one["interactive"].get("button_reply") or one["interactive"].get("list_reply") or {}
        said, payload = optional(reply, "title"), optional(reply, "id")
    return Inbound(
        wamid=text(one["id"]),
        at=instant(one["timestamp"]),
        kind=kind,
        sender=optional(one, "from"),
        user_id=optional(one, "from_user_id"),
        text=said,
        payload=payload,
        in_reply_to=optional(one.get("context") or {}, "id"),
        asked_about=_asked_about(one),
        cart=_cart(one) if kind == "order" else (),
    )


def _number_changed(one: Mapping[str, Any], told: Mapping[str, Any]) -> NumberChanged | None:
    """None for another message of the system's, and for one that does not say what changed.

    What was before stands in `from` or in the words. These begin with a name that the person chose, so
    they count only where they say the same new value, and only their end.
    """
    if optional(told, "type") not in _CHANGES:
        return None
    new = optional(told, "wa_id") or optional(told, "new_wa_id")
    new_user_id = optional(told, "user_id")
    old = optional(one, "from") or optional(told, "customer")
    old_user_id = optional(one, "from_user_id")
    words = _FROM_TO.search(optional(told, "body"))
    before, after = words.groups() if words else ("", "")
    if after and after == new:
        old = old or before
    elif after and after == new_user_id:
        old_user_id = old_user_id or before
    if not (new or new_user_id):
        return None
    return NumberChanged(
        wamid=text(one["id"]),
        at=instant(one["timestamp"]),
        old="" if old == new else old,
        new=new,
        old_user_id="" if old_user_id == new_user_id else old_user_id,
        new_user_id=new_user_id,
    )


def _asked_about(one: Mapping[str, Any]) -> str:
    """Whatever stands there, it does not keep a STOP from being heard."""
    product = (one.get("context") or {}).get("referred_product")
    return _retailer_id(product)


def _cart(one: Mapping[str, Any]) -> tuple[InCart, ...]:
    """What names no product is left out."""
    items = elements(one.get("order"), "product_items")
    return tuple(
        InCart(found, price_text(item.get("item_price")), _currency(item.get("currency")))
        for item in items
        if (found := _retailer_id(item))
    )


def _retailer_id(holder: object) -> str:
    found = holder.get("product_retailer_id") if isinstance(holder, Mapping) else None
    known = whole(found).strip() if isinstance(found, str) else ""
    return known if len(known) <= _LONGEST_RETAILER_ID else ""


def _currency(value: object) -> str:
    fits = isinstance(value, str) and re.fullmatch(r"[A-Za-z]{3}", value)
    return str(value).upper() if fits else ""


def _preference(one: Mapping[str, Any]) -> Preference:
    return Preference(
        value=text(one["value"]),
        at=instant(one["timestamp"]),
        sender=optional(one, "wa_id"),
        user_id=optional(one, "user_id"),
    )


def _account_error(one: Mapping[str, Any]) -> AccountError:
    more = one.get("error_data")
    details = more.get("details") if isinstance(more, Mapping) else more
    said = details or one.get("title") or one.get("message") or ""
    return AccountError(code=code(one["code"]), said=whole(str(said)))


_READERS: Final[Mapping[str, Mapping[str, Callable[[Any], Event]]]] = MappingProxyType(
    {
        "messages": {"statuses": _status, "messages": _inbound, "errors": _account_error},
        "user_preferences": {"user_preferences": _preference},
    }
)
"""Field of a webhook -> list in its value -> what reads an element of it."""


def _unknown(what: str) -> Unknown:
    return Unknown(whole(what)[:_LONGEST_WHAT])


def _broken(what: str) -> Unknown:
    return Unknown(whole(what)[:_LONGEST_WHAT], broken=True)
