"""What only the news of an order need: how it is paid for, when it should arrive, what is on its way.

WooCommerce has no field for a shipment: each plugin notes carrier, number and link in meta data of its
own, as a list of tables, one table, the JSON text of either, or a plain text with siblings beside it
(`ywot_tracking_code`, `ywot_carrier_name`, `ywot_carrier_url`). All are read here. Nothing that stands
there raises: what makes no sense is no shipment.

Keys and shapes are from the public sources and pages of the plugins: WooCommerce Shipment Tracking and
Advanced Shipment Tracking, AfterShip, WooCommerce Shipping Tracking (WCST), YITH Order Tracking, Orders
Tracking, WooCommerce Correios, WooCommerce Shipping, DHL for WooCommerce.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from hashlib import sha256
from html import unescape
from typing import Any, Final
from urllib.parse import quote, urlsplit

from agent.rules.shop_texts import plain
from agent.rules.visible import cut, visible

VERSION: Final = 1  # to be raised where the same meta data comes to be read otherwise

MOST_SHIPMENTS: Final = 10
LONGEST: Final = {"number": 60, "carrier": 60, "url": 500, "title": 100, "delivery": 60}
DEEPEST = 4  # a JSON text in a list in a table in a list

# As they end, without case and punctuation. Of AfterShip's tracking_id, a checksum, there is none.
NUMBERS = ("trackingnumber", "trackingnum", "trackingno", "trackingcode", "tracknumber", "trackno")
CARRIERS = (
    "formattedtrackingprovider", "customtrackingprovider", "trackingprovidername",
    "trackingprovider", "trackingcarriername", "trackingcarrier", "trackingcompany", "trackname",
    "carriername", "carrier", "couriername", "courier", "carrierslug", "carrierid",
    "shippingprovider",
)  # fmt: skip
LINKS = (
    "formattedtrackinglink", "asttrackinglink", "customtrackinglink", "trackinglink",
    "trackingurl", "trackhttpurl", "carrierurl",
)  # fmt: skip
# these say something only where they stand within a table, or have the stem of the number's key
SHORT_NUMBERS, SHORT_CARRIERS, SHORT_LINKS = (
    ("tracking", "number"),
    ("provider", "shipper", "slug"),
    ("url", "link"),
)
UNDONE = ("error", "refund")  # a table with one of these is of a label that was never used
SPELLED = {"fedex": "FedEx", "usps": "USPS", "postnord": "PostNord", "seur": "SEUR"}
NOBODY = frozenset({"custom", "other", "none", "auto", "unknown", "notrack"})  # as a carrier

_BETWEEN = re.compile(r"[,;|\n\r]|###")  # two numbers in one text
_NUMBER = re.compile(r"(?=.*\d)\w[\w ./+-]{3,}")
_SLUG = re.compile(r"[a-z0-9]+(?:[-_][a-z0-9]+)*")
_LINK = re.compile(r"https?://[^\s<>\"'\\^`]+", re.IGNORECASE)
_BLANK = re.compile(r"\{(?:tracking[ _-]?)?(?:number|code|id)\}|%1\$s|%s|%number%", re.IGNORECASE)
_UNFILLED = re.compile(r"[{}]|%\d\$s")
_DAY = re.compile(r"(\d{4})([-/.]?)(\d{2})\2(\d{2})(?:[T ]\d{2}:\d{2}.*)?")
_INSTANT = re.compile(r"(\d{10})(?:\d{3})?")  # seconds since 1970, or milliseconds

_SEPARATOR = ", "  # of numbers in a text; none of them has a comma

Meta = Mapping[str, list[Any]]
Shipment = dict[str, str]


@dataclass(frozen=True, slots=True)
class DetailFields:
    """Which meta keys of orders hold what; a `*` in a key stands for any characters."""

    shipments: tuple[str, ...] = ()
    delivery: tuple[str, ...] = ()

    @property
    def fingerprint(self) -> str:
        """Tells whether two readings followed the same config, in the same version of this."""
        return sha256(repr((VERSION, self.shipments, self.delivery)).encode()).hexdigest()[:16]

    def read(self, one: Mapping[str, Any]) -> dict[str, Any]:
        """Of an order as the shop gives it; a key is absent where there is nothing.

        {"payment_method": "bacs", "payment_title": "Direct bank transfer", "delivery": "2026-12-01" or
        a text, "shipments": [{"carrier": "DHL", "number": "JD014600003", "url": "https://..."}]}:
        carrier and url of a shipment may be "", its number never is.
        """
        meta = _by_key(one.get("meta_data"))
        found = {
            "payment_method": _line(one.get("payment_method"), LONGEST["title"]),
            "payment_title": _line(one.get("payment_method_title"), LONGEST["title"]),
            "delivery": _delivery(meta, self.delivery),
            "shipments": _shipments(meta, self.shipments),
        }
        return {name: value for name, value in found.items() if value}


def numbers_of(details: Mapping[str, Any]) -> list[str]:
    """The tracking numbers in what DetailFields read."""
    return [one["number"] for one in details.get("shipments", ())]


def in_one_text(numbers: Sequence[str]) -> str:
    """Tracking numbers as one text; `out_of_text` takes it apart again."""
    return _SEPARATOR.join(numbers)


def out_of_text(text: str) -> list[str]:
    return text.split(_SEPARATOR) if text else []


def _by_key(entries: object) -> dict[str, list[Any]]:
    """key -> its values: WordPress lets a key stand there more than once."""
    meta: dict[str, list[Any]] = {}
    for one in entries if isinstance(entries, list) else ():
        if isinstance(one, Mapping) and isinstance(one.get("key"), str):
            meta.setdefault(one["key"], []).append(one.get("value"))
    return meta


def _matching(meta: Meta, patterns: Iterable[str]) -> Iterator[str]:
    for pattern in patterns:
        if "*" in pattern:
            yield from filter(_pattern(pattern).fullmatch, meta)
        elif pattern in meta:
            yield pattern


@cache
def _pattern(pattern: str) -> re.Pattern[str]:
    return re.compile(".*".join(map(re.escape, pattern.split("*"))), re.DOTALL)


def _shipments(meta: Meta, patterns: Iterable[str]) -> list[Shipment]:
    """One a number. Two plugins may both tell of it: what one leaves out is taken from the other."""
    found: dict[str, Shipment] = {}
    for key in _matching(meta, patterns):
        for value in meta[key]:
            for one in _told(value, key, meta, DEEPEST):
                known = found.setdefault(one["number"].casefold(), one)
                known.update({name: text for name, text in one.items() if not known[name]})
    return list(found.values())[:MOST_SHIPMENTS]


def _told(value: object, key: str, meta: Meta, deeper: int) -> Iterator[Shipment]:
    """The shipments that the value of a meta key tells of."""
    if isinstance(value, str) and value.lstrip()[:1] in {"[", "{"}:
        value = _parsed(value)
        if isinstance(value, str):  # no JSON after all
            return
    if isinstance(value, Mapping | list):
        if deeper:
            yield from _within(value, key, meta, deeper - 1)
        return
    numbers = list(_numbers(value))
    if numbers:
        stem = _stem(key)
        siblings = {_plain(name): values[0] for name, values in meta.items()}
        more = bool(stem)
        for number in numbers:
            yield _shipment(number, siblings, stem, more=more)


def _within(
    value: Mapping[Any, Any] | list[Any], key: str, meta: Meta, deeper: int
) -> Iterator[Shipment]:
    """Those of a list or a table; PHP makes a table of a list that has gaps."""
    if isinstance(value, Mapping):
        fields = {_plain(str(name)): inner for name, inner in value.items()}
        if any(fields.get(name) for name in UNDONE):
            return
        named = _number_field(fields)
        if named is not None:
            name, stem = named
            given = fields[name]
            for inner in given if isinstance(given, list) else [given]:
                for number in _numbers(inner):
                    yield _shipment(number, fields, stem, more=True)
            return
        value = [inner for inner in value.values() if isinstance(inner, Mapping | list)]
    for inner in value:
        yield from _told(inner, key, meta, deeper)


def _number_field(fields: Mapping[str, Any]) -> tuple[str, str] | None:
    """The field of a table that has the number, and what its name begins with."""
    for ending in NUMBERS:
        for name in fields:
            if name.endswith(ending):
                return name, name.removesuffix(ending)
    return next(((name, "") for name in SHORT_NUMBERS if name in fields), None)


def _stem(key: str) -> str:
    """What the keys beside a number's key begin with as well: "ywot" of ywot_tracking_code."""
    plain = _plain(key)
    ending = next((one for one in NUMBERS if plain.endswith(one)), None)
    return plain.removesuffix(ending) if ending else _plain(key.rpartition("_")[0])


def _shipment(number: str, fields: Mapping[str, Any], stem: str, *, more: bool) -> Shipment:
    """`more`: the short names count as well."""
    carriers = CARRIERS + SHORT_CARRIERS if more else CARRIERS
    links = LINKS + SHORT_LINKS if more else LINKS
    return {
        "carrier": next(filter(None, (_carrier(fields.get(stem + one)) for one in carriers)), ""),
        "number": number,
        "url": next(filter(None, (_url(fields.get(stem + one), number) for one in links)), ""),
    }


def _numbers(value: object) -> Iterator[str]:
    """The tracking numbers in a text; what has no digit is none ("n/a"), and neither is a link."""
    for part in _BETWEEN.split(_text(value)):
        number = _line(part, LONGEST["number"] + 1)
        if len(number) <= LONGEST["number"] and _NUMBER.fullmatch(number):
            yield number


def _carrier(value: object) -> str:
    """A name as people write it; what plugins give is often a slug: royal-mail, dhl."""
    name = _line(value, LONGEST["carrier"])
    if name.isdecimal() or name.casefold() in NOBODY:
        return ""
    if not _SLUG.fullmatch(name):
        return name
    return " ".join(_spelled(word) for word in re.split("[-_]", name))


def _spelled(word: str) -> str:
    """The word of a slug; those of three letters are initials: DHL, UPS, 4PX."""
    return SPELLED.get(word) or (word.upper() if len(word) <= 3 else word.capitalize())


def _url(value: object, number: str) -> str:
    """A link to the web, with the number where it has a place for it; "" for anything else."""
    filled = _BLANK.sub(lambda _: quote(number, safe=""), visible(unescape(_text(value))))
    if len(filled) > LONGEST["url"] or not _LINK.fullmatch(filled) or _UNFILLED.search(filled):
        return ""
    try:
        return filled if urlsplit(filled).hostname else ""
    except ValueError:  # brackets that hold no address
        return ""


def _delivery(meta: Meta, patterns: Iterable[str]) -> str:
    for key in _matching(meta, patterns):
        for value in meta[key]:
            if said := _day(value):
                return said
    return ""


def _day(value: object) -> str:
    """An ISO date where it is one for sure, else the text: 3/4/2026 is March to some, April to others."""
    text = _line(value, LONGEST["delivery"])
    if (named := _DAY.fullmatch(text)) and 2000 <= int(named[1]) < 2100:
        try:
            return date(int(named[1]), int(named[3]), int(named[4])).isoformat()
        except ValueError:
            return ""
    if instant := _INSTANT.fullmatch(text):  # of midnight: WordPress's own zone is UTC
        return datetime.fromtimestamp(int(instant[1]), UTC).date().isoformat()
    is_text = any(map(str.isalnum, text)) and text[0] not in "[{"
    return text if is_text and not re.fullmatch(r"[\d./: -]*0{4}[\d./: -]*|\d+", text) else ""


def _line(value: object, limit: int) -> str:
    """A text of the shop on one line, without HTML, in at most `limit` characters."""
    return cut(plain(_text(value)), limit)


def _text(value: object) -> str:
    """Texts, and whole numbers: PHP makes them of texts that look like one."""
    if isinstance(value, str):
        return value
    is_number = isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**40
    return str(value) if is_number else ""


def _parsed(text: str) -> Any:
    """The value of a JSON text; the text itself if it is none."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _plain(name: str) -> str:
    """_tracking_number, trackingNumber and "Tracking number" are one: trackingnumber."""
    return re.sub("[^a-z0-9]", "", name.lower())
