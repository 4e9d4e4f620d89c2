"""What WhatsApp's error codes mean, in the words of a shop's owner.

Source: Meta, "Error codes" of the WhatsApp Business Platform, as of September 2026.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

_MEANINGS: Final[Mapping[int, str]] = MappingProxyType(
    {
        1: "unknown error",
        2: "WhatsApp was in trouble",
        4: "too many requests",
        130403: "this person has blocked the shop",
        130429: "sent too fast",
        130472: "part of an experiment of WhatsApp's",
        130497: "the shop may not write to this country",
        131000: "unknown error",
        131005: "the token lacks a permission",
        131016: "WhatsApp was in trouble",
        131021: "the shop's own number",
        131026: "not on WhatsApp, or cannot get such messages",
        131031: "the account is locked",
        131037: "the display name is not approved",
        131042: "no way to pay on the account",
        131045: "the number is not registered rightly",
        131047: "more than 24 hours since their last message",
        131048: "people took the shop for spam",
        131049: "WhatsApp spares this person marketing for now",
        131050: "wants no marketing of the shop",
        131053: "a picture or file could not be loaded",
        131056: "too many messages to this person",
        131057: "the account was under maintenance",
        132000: "the variables do not fit the template",
        132001: "the template is missing in this language",
        132007: "the template breaks a rule of WhatsApp's",
        132012: "the variables do not fit the template",
        132015: "the template is paused",
        132016: "the template is disabled",
        133004: "WhatsApp was in trouble",
        133010: "the number is not registered",
        135000: "the request was wrong, or WhatsApp dropped the campaign",
        137000: "another person has this number now",
    }
)


def meaning(code: int | None) -> str:
    """In some words; of a code that we do not know, where to look it up."""
    if code is None:
        return "no reason was told"
    return _MEANINGS.get(code, "see WhatsApp's list of error codes")
