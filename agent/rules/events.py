"""Events: what somebody looked at, wished for or put into a cart, as it was told -> typed, or why not.

An event names a person and a product, each by one name at least, because who tells of it seldom knows
ours. Everything in it is bounded, so that whatever is taken can be kept. Times are aware; a price is a
plain number as a text, because its currency's decimals are not known here.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from agent.rules.links import TOKEN
from agent.rules.phones import read_phone

VIEW: Final = "product_view"
WISH: Final = "wishlist_add"
UNWISH: Final = "wishlist_remove"
CART: Final = "cart"
KINDS: Final = (VIEW, WISH, UNWISH, CART)

MOST_IN_A_CART: Final = 100
STOCK_STATUSES: Final = ("instock", "outofstock", "onbackorder")
CLOCKS_DIFFER_BY: Final = timedelta(minutes=10)  # a time that far ahead is now

_LARGEST = 2**63 - 1  # what an integer column holds
_NAMES = ("product_id", "variation_id", "sku", "retailer_id")
_SEEN = ("price", "currency", "stock_status")
_PERSON = ("phone", "country", "customer_id", "email", "link")
FIELDS: Final = ("kind", *_PERSON, *_NAMES, *_SEEN, "at")
_IN_A_CART = (*_NAMES, *_SEEN, "quantity")

_PRICE = re.compile(r"[0-9]{1,12}(?:\.[0-9]{0,20})?")
_UNSTORABLE = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")


class NotAnEvent(ValueError):
    """Why something that was told cannot be taken, for whoever told it."""


@dataclass(frozen=True, slots=True)
class Who:
    """A person, by all the names that were given; one at least."""

    phone: str = ""  # E.164
    customer_id: int = 0  # the shop's account
    email: str = ""  # lower case
    wa_id: str = ""
    user_id: str = ""  # WhatsApp's, of people who hide their phone
    link: str = ""  # the token of a message that they followed; only where nothing else names them


@dataclass(frozen=True, slots=True)
class What:
    """A product, by all the names that were given; one at least."""

    product_id: int = 0
    variation_id: int = 0
    sku: str = ""
    retailer_id: str = ""  # as the catalogue writes it


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One person and one product. What was not told is empty."""

    kind: str  # one of KINDS
    who: Who
    what: What
    at: datetime
    price: str = ""
    currency: str = ""  # of the price; "": the shop's
    stock_status: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What an event is read in: the time, how old it may be, and whose national numbers are meant.

    `undated` is the time of an event that tells none.
    """

    now: datetime
    oldest: datetime
    undated: datetime
    country: str = ""


def read_event(told: object, frame: Frame) -> tuple[Event, ...]:
    """The event, once for each of its products. Raises NotAnEvent, and nothing else."""
    if not isinstance(told, Mapping):
        raise NotAnEvent("an event is an object with fields")
    kind = _given(told, "kind")
    if kind not in KINDS:
        missing = "kind is missing" if kind is None else f"kind is {_shown(kind)}"
        raise NotAnEvent(f"{missing}: write {', '.join(KINDS[:-1])} or {KINDS[-1]}")
    several = _given(told, "products")
    fields = FIELDS if several is None else ("kind", *_PERSON, "currency", "at", "products")
    _refuse_strange(told, (*fields, "quantity") if kind == CART else fields)
    who, at = _who(told, frame.country), _when(told, frame)
    products = [told] if several is None else _products(kind, several)
    money = _code(told, "currency").upper()
    return tuple(
        Event(
            kind=kind,
            who=who,
            what=what,
            at=at,
            price=_price(one),
            currency=_code(one, "currency").upper() or money,
            stock_status=_stock_status(one),
        )
        for one, what in [(one, _what(one)) for one in products]
    )


def parse(written: bytes | str) -> object:
    """JSON, its numbers exact as they are written. Raises NotAnEvent, and nothing else."""
    try:
        return json.loads(written, parse_float=_fraction, parse_int=_int)
    except (ValueError, RecursionError) as error:
        raise NotAnEvent(f"not JSON: {error}"[:200]) from None


def words(event: Event) -> str:
    """The event as JSON, to be kept; equal events are equal texts."""
    said = {name: value for name, value in asdict(event).items() if value}
    for names in ("who", "what"):
        said[names] = {name: value for name, value in said[names].items() if value}
    said["at"] = event.at.astimezone(UTC).isoformat()
    return json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def reread(said: str) -> Event:
    """What `words` wrote. Raises KeyError, TypeError or ValueError for anything else."""
    kept = json.loads(said)
    who, what = Who(**kept.pop("who")), What(**kept.pop("what"))
    return Event(**kept | {"who": who, "what": what, "at": datetime.fromisoformat(kept["at"])})


def price_text(value: object) -> str:
    """A price as it was told, as a plain number; "" for what is none."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float, Decimal)):
        return ""
    if isinstance(value, int) and abs(value) > _LARGEST:
        return ""  # Python refuses to write a number of thousands of digits
    written = str(value).strip()
    return written if _PRICE.fullmatch(written) else ""


def _products(kind: str, several: object) -> list[Mapping[str, Any]]:
    if kind != CART:
        raise NotAnEvent(
            f"only a cart has products; a {kind} has one product_id, sku or retailer_id"
        )
    if not isinstance(several, list) or not several:
        raise NotAnEvent("products is not a list of objects")
    if len(several) > MOST_IN_A_CART:
        raise NotAnEvent(f"products has {len(several)}: at most {MOST_IN_A_CART} in a cart")
    for place, one in enumerate(several):
        if not isinstance(one, Mapping):
            raise NotAnEvent(f"products[{place}] is not an object")
        try:
            _refuse_strange(one, _IN_A_CART)
            _what(one), _price(one), _code(one, "currency"), _stock_status(one)
        except NotAnEvent as error:
            raise NotAnEvent(f"products[{place}]: {error}") from None
    return several


def _refuse_strange(told: Mapping[str, Any], fields: tuple[str, ...]) -> None:
    """A field that is misspelt must not become one that is missing."""
    for name in told:
        if name not in fields:
            raise NotAnEvent(f"{_shown(name)} is no field here: {', '.join(fields)}")


def _who(told: Mapping[str, Any], home: str) -> Who:
    customer, email = _whole(told, "customer_id"), _text(told, "email", 254).lower()
    if email and not re.fullmatch(r"[^\s@]+@[^\s@]+", email):
        raise NotAnEvent(f"email {_shown(email)} is no address")
    typed, country = _text(told, "phone", 40), _text(told, "country", 2)
    phone = read_phone(typed, country or home)
    if customer or email or phone.e164:  # whoever is named otherwise may have typed any phone
        return Who(phone.e164, customer, email)
    if link := _text(told, "link", 40):
        if not TOKEN.fullmatch(link):
            raise NotAnEvent(f"link {_shown(link)} is none: give what came with the address as wb")
        return Who(link=link)
    if typed:
        raise NotAnEvent(f"phone {_shown(typed)}: {phone.reason}")
    raise NotAnEvent("no person: give a phone, customer_id, email or link")


def _what(told: Mapping[str, Any]) -> What:
    what = What(
        product_id=_whole(told, "product_id"),
        variation_id=_whole(told, "variation_id"),
        sku=_text(told, "sku", 200),
        retailer_id=_text(told, "retailer_id", 200),
    )
    if what == What():
        raise NotAnEvent("no product: give a product_id, sku or retailer_id")
    return what


def _when(told: Mapping[str, Any], frame: Frame) -> datetime:
    written = _text(told, "at", 40)
    at = _instant(written) if written else frame.undated
    if at > frame.now + CLOCKS_DIFFER_BY:
        raise NotAnEvent(f"at {_shown(written)} is in the future")
    if at < frame.oldest:
        days = (frame.now - frame.oldest).days
        raise NotAnEvent(f"at {at.isoformat()} is too old: nothing older than {days} days is kept")
    return min(at, frame.now)


def _instant(written: str) -> datetime:
    try:
        at = datetime.fromisoformat(written)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        wrong = "is no date and time" if at is None else "has no offset"
        raise NotAnEvent(f"at {_shown(written)} {wrong}: write it as 2026-03-02T12:00:00+01:00")
    try:
        return at.astimezone(UTC)
    except OverflowError:
        raise NotAnEvent(f"at {_shown(written)} is beyond all calendars") from None


def _price(told: Mapping[str, Any]) -> str:
    value = _given(told, "price")
    price = price_text(value)
    if value is not None and not price:
        raise NotAnEvent(f'price {_shown(value)}: write a plain number such as "19.90"')
    return price


def _code(told: Mapping[str, Any], name: str) -> str:
    code = _text(told, name, 40)
    if code and not re.fullmatch(r"[A-Za-z0-9_-]+", code):
        raise NotAnEvent(f"{name} {_shown(code)} is none: letters and digits only")
    return code


def _stock_status(told: Mapping[str, Any]) -> str:
    """A status of WooCommerce's: nobody would wait for what is "out-of-stock"."""
    status = _code(told, "stock_status").lower()
    if status and status not in STOCK_STATUSES:
        raise NotAnEvent(
            f"stock_status is {_shown(status)}: write {', '.join(STOCK_STATUSES[:-1])} or "
            f"{STOCK_STATUSES[-1]}"
        )
    return status


def _text(told: Mapping[str, Any], name: str, longest: int) -> str:
    value = _given(told, name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise NotAnEvent(f"{name} is {_shown(value)}: write it as a text")
    value = value.strip()
    if len(value) > longest:
        raise NotAnEvent(f"{name} is longer than {longest} characters")
    if _UNSTORABLE.search(value):
        raise NotAnEvent(f"{name} {_shown(value)} has characters that no text has")
    return value


def _whole(told: Mapping[str, Any], name: str) -> int:
    """An id; 0, with which the shop means a guest or no variation, is none."""
    value = _given(told, name)
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,19}", value.strip()):
        value = int(value)
    if value is None:
        return 0
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= _LARGEST:
        raise NotAnEvent(f"{name} is {_shown(value)}: write the number of the shop")
    return value


def _given(told: Mapping[str, Any], name: str) -> Any:
    """What is empty was not given."""
    value = told.get(name)
    return None if isinstance(value, str) and not value.strip() else value


def _shown(value: object) -> str:
    """For a person to recognise, and never long."""
    if isinstance(value, int) and abs(value) > _LARGEST:
        return "a number without end"
    if isinstance(value, (list, Mapping)):
        return "a list" if isinstance(value, list) else "an object"
    shown = ascii(value)
    return shown if len(shown) <= 60 else f"{shown[:57]}..."


def _fraction(written: str) -> Decimal | float:
    """One beyond all bounds is infinite, which is no price: it does not take its neighbours along."""
    try:
        return Decimal(written)
    except ArithmeticError:
        return float(written)


def _int(written: str) -> int:
    """One that no id can be is cut: Python reads no number of thousands of digits."""
    return int(written[:40])
