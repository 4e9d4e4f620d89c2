"""Phone numbers: what people type into a checkout -> E.164, or why not.

The `phonenumbers` library (Google's libphonenumber) decides, with a country's rules as they are
today. What it leaves to us, from WhatsApp's notes on numbers and their ids:

* Brazil: 8-digit mobile numbers got a ninth digit by 2016. Local numbers that start with 6 to 9 were
  mobile and get their 9; those with 2 to 5 are landlines, and never do.
* Mexico: 044, 045, 01 and the 1 of +52 1 are gone since 2019; canonical is +52 and ten digits.
* Argentina: the library turns 0 11 15 2345-6789 into +54 9 11 2345-6789. Without 15 or 9 it may be
  somebody else's landline, so nothing is added.

A number without "+" is first read as one of the customer's country. Only if it has the wrong length
there is it read as one with its country code: a number of the right length that does not exist is a
typing mistake, and a "+" before it would reach a stranger abroad.
"""

import re
from dataclasses import dataclass

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberType, ValidationResult
from phonenumbers.timezone import UNKNOWN_TIMEZONE, time_zones_for_number

# The words before an extension; any other letter makes "1-800-FLOWERS" or a remark, not a number.
_EXTENSION = re.compile(
    r"[\s,;(]*(?:e?xt(?:ensi(?:on|ón))?n?|x|int(?:erno)?|anexo|ramal|доб)[\s.:=]*\d{1,7}\)?\s*$",
    re.IGNORECASE,
)
_USABLE = (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE)
_UNUSABLE = {
    PhoneNumberType.FIXED_LINE: "a landline",
    PhoneNumberType.TOLL_FREE: "a toll-free number",
    PhoneNumberType.PREMIUM_RATE: "a premium-rate number",
    PhoneNumberType.SHARED_COST: "a shared-cost number",
    PhoneNumberType.VOIP: "an internet telephony number",
    PhoneNumberType.PERSONAL_NUMBER: "a forwarding number",
    PhoneNumberType.PAGER: "a pager",
    PhoneNumberType.UAN: "a company's shared number",
    PhoneNumberType.VOICEMAIL: "a voicemail box",
}
_WRONG_LENGTH = {
    ValidationResult.TOO_SHORT: "too short for {}",
    ValidationResult.TOO_LONG: "too long for {}",
    ValidationResult.IS_POSSIBLE_LOCAL_ONLY: "too short for {}: the area code is missing",
    ValidationResult.INVALID_LENGTH: "of the wrong length for {}",
}
_UNREADABLE = {
    NumberParseException.TOO_LONG: "too long for a phone number",
    NumberParseException.TOO_SHORT_NSN: "too short for a phone number",
    NumberParseException.TOO_SHORT_AFTER_IDD: "too short for a phone number",
}


@dataclass(frozen=True, slots=True)
class Phone:
    """A number we can write to, or the reason why we cannot.

    `e164` is "" unless usable; `region` is the number's own (ISO 3166, "" if not known), not the
    customer's; `zones` are the IANA names of the time zones it may be in.
    """

    e164: str = ""
    region: str = ""
    zones: tuple[str, ...] = ()
    reason: str = ""


def read_phone(raw: str, region: str) -> Phone:
    """Read what somebody typed. `region` is the billing country; "" takes only + and 00 numbers.

    Extensions are dropped. Never raises: what cannot be used comes back with its reason.
    """
    typed = _EXTENSION.sub("", raw).strip()
    if not typed:
        return Phone(reason="empty")
    if any(character.isalpha() for character in typed):
        return Phone(reason="not a phone number: it has letters")
    home = region.upper() if region.upper() in phonenumbers.SUPPORTED_REGIONS else None
    digits = phonenumbers.normalize_digits_only(typed)
    # 00 first: the library knows dialling prefixes of some countries that swallow the digits behind
    # it, and would reach a stranger (Brazil's 00 55 chooses a carrier for a call abroad).
    dialled = _parsed("+" + digits.lstrip("0"), None) if digits.startswith("00") else ""
    number = dialled if _exists(dialled) else _parsed(typed, home)
    if not _exists(number):
        if digits.startswith("00"):
            abroad = dialled
        elif isinstance(number, PhoneNumber) and "+" not in typed and _does_not_fit(number):
            abroad = _parsed("+" + digits, None)
        else:
            abroad = number
        # what cannot be read abroad either is explained as a number of the customer's country
        if _exists(abroad) or (home is None and isinstance(abroad, PhoneNumber)):
            number = abroad
    return Phone(reason=number) if isinstance(number, str) else _judged(number, home)


def wa_id_candidates(wa_id: str) -> tuple[str, ...]:
    """The E.164 numbers under which we may know a WhatsApp id (digits, no "+"), best first.

    For finding an existing contact only. None of them is a number to write to unless we have it:
    WhatsApp keeps ids of before Brazil's ninth digit, Mexico's 1 and Argentina's missing 9.
    """
    digits = wa_id.strip().removeprefix("+")
    if not (digits.isascii() and digits.isdecimal()):
        return ()
    if found := re.fullmatch(r"(55[1-9]\d)(9?)([6-9]\d{7})", digits):
        area, _, local = found.groups()
        return (f"+{area}9{local}", f"+{area}{local}")
    if found := re.fullmatch(r"521?(\d{10})", digits):
        return (f"+52{found[1]}", f"+521{found[1]}")
    if found := re.fullmatch(r"54(9?)(\d{10})", digits):
        return (f"+{digits}", f"+54{'' if found[1] else '9'}{found[2]}")
    return (f"+{digits}",)


def digits_of(typed: str) -> str:
    """The digits of what somebody typed, in ASCII, whatever stands between them."""
    return str(phonenumbers.normalize_digits_only(typed))


def masked(address: str) -> str:
    """A number or a user id as it may stand in a log: +12...01, US.1...77."""
    shown = 3 if address.startswith("+") else 4
    return f"{address[:shown]}...{address[-2:]}" if len(address) > shown + 3 else "..."


def _parsed(typed: str, region: str | None) -> PhoneNumber | str:
    """The number, or why there is none."""
    try:
        number = phonenumbers.parse(typed, region)
    except NumberParseException as error:
        if error.error_type == NumberParseException.INVALID_COUNTRY_CODE:
            return "neither a country nor a country code to read it by"
        return _UNREADABLE.get(error.error_type, "not a phone number")
    return _as_dialled_today(number)


def _as_dialled_today(number: PhoneNumber) -> PhoneNumber:
    national = phonenumbers.national_significant_number(number)
    if number.country_code == 55:
        national = re.sub(r"^([1-9]\d)([6-9]\d{7})$", r"\g<1>9\2", national)
    elif number.country_code == 52:
        national = re.sub(r"^(?:044|045|01|1)([2-9]\d{9})$", r"\1", national)
    else:
        return number
    return phonenumbers.parse(f"+{number.country_code}{national}")


def _exists(number: PhoneNumber | str) -> bool:
    return isinstance(number, PhoneNumber) and phonenumbers.is_valid_number(number)


def _does_not_fit(number: PhoneNumber) -> bool:
    """Too long for the country; not too short, which is a number without its area code."""
    return phonenumbers.is_possible_number_with_reason(number) in {
        ValidationResult.TOO_LONG,
        ValidationResult.INVALID_LENGTH,
    }


def _judged(number: PhoneNumber, home: str | None) -> Phone:
    code = number.country_code or 0
    if not phonenumbers.is_valid_number(number):
        at_home = home is not None and phonenumbers.country_code_for_region(home) == code
        where = home if at_home else phonenumbers.region_code_for_country_code(code)
        wrong = _WRONG_LENGTH.get(phonenumbers.is_possible_number_with_reason(number))
        return Phone(reason=(wrong or "no number of {} begins like that").format(where))
    region = phonenumbers.region_code_for_number(number) or ""
    kind = phonenumbers.number_type(number)
    if kind not in _USABLE:
        return Phone(region=region, reason=_UNUSABLE.get(kind, "of a kind we do not know"))
    return Phone(
        e164=phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164),
        region=region,
        zones=tuple(zone for zone in time_zones_for_number(number) if zone != UNKNOWN_TIMEZONE),
    )
