"""Who a message goes to: phone numbers as Meta reads them, and the ids that WhatsApp gives people."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

import phonenumbers

from agent.sandbox.whatsapp.chance import chance
from agent.sandbox.whatsapp.errors import GraphError

BSUID = re.compile(r"[A-Z]{2}\.(ENT\.)?[A-Za-z0-9]{1,128}")

# Shares of the people whose WhatsApp id is not simply their number. How large they are in truth is
# not published; these are large enough that a test with a handful of numbers meets both kinds.
BRAZIL_WITHOUT_THE_NINE = 0.5  # registered before mobiles got their ninth digit
MEXICO_WITH_A_ONE = 0.5  # 521 and ten digits, as one dialled until 2019
ARGENTINA_WITHOUT_THE_NINE = 0.25

_NAMES = (
    "Ana", "Bruno", "Carla", "Diego", "Elena", "Fábio", "Gloria", "Hugo", "Inés", "João", "Karin", "Luís",
    "María José", "Nuria", "Otávio", "Paula", "Quim", "Rosa", "Søren", "Tânia", "Úrsula", "Víctor", "Zoë 🌻",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Person:
    """Someone on WhatsApp.

    `wa_id` are digits without a plus, None for somebody who is only known by a business-scoped
    user id (`user_id`). A person with `shows_phone` False has a username, and Meta keeps the
    number out of the webhooks.
    """

    wa_id: str | None
    user_id: str
    name: str
    shows_phone: bool = True

    @property
    def key(self) -> str:
        """What the sandbox tells people apart by."""
        return self.wa_id or self.user_id


def calling_code(display_number: str) -> int:
    """The country calling code of "+1 555-0100" is 1. ValueError if there is none."""
    try:
        code = phonenumbers.parse(display_number).country_code
    except phonenumbers.NumberParseException as error:
        raise ValueError(f"{display_number!r} needs a plus and a country code") from error
    if code is None:  # the stubs allow it; a parsed international number always has one
        raise ValueError(f"{display_number!r} has no country code")
    return code


@lru_cache(maxsize=65_536)
def read_phone(to: str, sender_code: int) -> str:
    """`to` as "+34600111222". GraphError 131009 if it cannot be a phone number.

    Spaces, hyphens and brackets are tolerated. Without a plus the sender's country code goes in
    front, which is how a message reaches a stranger abroad; only what already is a possible number
    of the sender's own country is left as it is.
    """
    digits = re.sub(r"[\s\-()]", "", to)
    if digits.startswith("+"):
        phone = digits
    elif digits.startswith(str(sender_code)) and _is_possible(f"+{digits}"):
        phone = f"+{digits}"
    else:
        phone = f"+{sender_code}{digits}"
    if not re.fullmatch(r"\+[0-9]+", phone) or not _is_possible(phone):
        raise GraphError(
            131009, "Recipient phone number is malformed. Use +, country code, number."
        )
    return phone


def _is_possible(phone: str) -> bool:
    try:
        number = phonenumbers.parse(phone)
    except phonenumbers.NumberParseException:
        return False
    reason = phonenumbers.is_possible_number_with_reason(number)
    return reason == phonenumbers.ValidationResult.IS_POSSIBLE


@lru_cache(maxsize=65_536)
def person_at(phone: str, seed: int) -> Person:
    """The person who answers at an E.164 `phone`; the same for all ways to write one number."""
    number = _canonical(phone[1:])
    region = phonenumbers.region_code_for_country_code(calling_code(phone))
    spread = int(chance(seed, "user id", number) * 10**17)
    name = _NAMES[int(chance(seed, "name", number) * len(_NAMES))]
    return Person(_whatsapp_id(number, seed), f"{region}.1{spread:017d}", name)


def _canonical(digits: str) -> str:
    """One spelling for the numbers that can be dialled in two ways.

    Argentina is missing on purpose: 54 without the nine may be another subscriber's landline.
    """
    if re.fullmatch(r"55\d\d[6-9]\d{7}", digits):  # 2-5 are landlines and never had a ninth digit
        return f"{digits[:4]}9{digits[4:]}"
    if re.fullmatch(r"521\d{10}", digits):
        return f"52{digits[3:]}"
    return digits


def _whatsapp_id(digits: str, seed: int) -> str:
    draw = chance(seed, "wa_id", digits)
    if re.fullmatch(r"55\d\d9\d{8}", digits) and draw < BRAZIL_WITHOUT_THE_NINE:
        return digits[:4] + digits[5:]
    if re.fullmatch(r"52\d{10}", digits) and draw < MEXICO_WITH_A_ONE:
        return f"521{digits[2:]}"
    if re.fullmatch(r"549\d{10}", digits) and draw < ARGENTINA_WITHOUT_THE_NINE:
        return f"54{digits[3:]}"
    return digits
