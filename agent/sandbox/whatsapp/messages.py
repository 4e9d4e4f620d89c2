"""A message that the sandbox WhatsApp has accepted, and the id it was given."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from agent.sandbox.whatsapp.phones import Person


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """A message from the moment of its 200 on; `held` ones wait for `release_held`.

    `to` is the address as E.164 or a business-scoped user id, `input` what the request said.
    `parameters` are the filled-in values by place: "header", "body" (in the template's order, also
    for named ones), "limited_time_offer", "button 0". `text` is the body as the person reads it,
    and `quick_replies` the (payload, label) pairs that can be tapped.
    """

    id: str
    to: str
    input: str
    person: Person
    at: datetime
    kind: str = "template"
    template: str | None = None
    language: str | None = None
    category: str = "service"  # "marketing", "utility", "authentication"; "service" if free-form
    parameters: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    text: str = ""
    quick_replies: tuple[tuple[str, str], ...] = ()
    callback_data: str | None = None
    held: bool = False


def outgoing_id(key: str, nth: int, seed: int) -> str:
    """The wamid of the `nth` message to `key` (digits or a user id).

    It depends on nothing else, so a run with many threads names its messages the same each time.
    """
    return _wamid(key, bytes.fromhex("15020011 1812"), _hexadecimal(18, "out", key, nth, seed))


def inbound_id(key: str, nth: int, seed: int) -> str:
    """The wamid of the `nth` message from `key`."""
    return _wamid(key, bytes.fromhex("15020012 1814"), _hexadecimal(20, "in", key, nth, seed))


def _hexadecimal(length: int, *parts: object) -> bytes:
    named = "\x1f".join(str(part) for part in parts).encode()
    return blake2b(named, digest_size=length // 2).hexdigest().upper().encode()


def _wamid(key: str, middle: bytes, tail: bytes) -> str:
    """The number, a direction and a unique part in base64, as in the ids that Meta gives."""
    address = key.encode()
    packed = bytes((0x1C, 0x18, len(address))) + address + middle + tail + b"\0"
    return "wamid." + b64encode(packed).decode()
