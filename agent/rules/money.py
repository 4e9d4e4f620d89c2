"""Amounts: the shop's texts -> whole minor units (cents), and back to Decimal. Never float."""

import re
from decimal import ROUND_HALF_UP, Context, Decimal

# ISO 4217, list one, the currencies whose minor unit is not a hundredth. Not CLDR's digits, which
# babel has: those say how many people like to see (none for IQD), not how many there are (three).
_OTHER_THAN_TWO = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
_EXPONENTS = {
    currency: decimals for decimals, those in _OTHER_THAN_TWO.items() for currency in those.split()
}
_LARGEST = 2**63 - 1  # what an integer column holds

# What PHP prints of a number, including its 1.0E-5; bounded, so that no text makes a giant integer.
_NUMBER = re.compile(
    r"[+-]?(?:\d{1,30}(?:\.\d{0,30})?|\.\d{1,30})(?:E[+-]?\d{1,2})?", re.ASCII | re.IGNORECASE
)
_EXACT = Context(prec=200, rounding=ROUND_HALF_UP)


def exponent(currency: str) -> int:
    """How many decimals the currency has; 2 for one that we do not know, like the shops' own."""
    return _EXPONENTS.get(currency.upper(), 2)


def minor_units(text: str | int, currency: str) -> int:
    """The shop's amount ("89", "88.00", "-12.5") in minor units: 8900, 8800, -1250 for EUR.

    "" is 0: WooCommerce writes it for an amount that nobody entered. Who has to tell "no price"
    from "free" asks before. More decimals than the currency has are rounded half away from zero,
    as WooCommerce does (PHP's round()).

    Raises ValueError for anything that is not a plain number: "1,50", "NaN", "12 €";
    and beyond 2**63 - 1 minor units.
    """
    written = str(text).strip()
    if not written:
        return 0
    if not _NUMBER.fullmatch(written):
        raise ValueError(f"not an amount: {text!r}")
    scaled = Decimal(written).scaleb(exponent(currency), _EXACT)
    minor = int(scaled.to_integral_value(context=_EXACT))
    if abs(minor) > _LARGEST:
        raise ValueError(f"too large for an amount: {text!r}")
    return minor


def amount(minor: int, currency: str) -> Decimal:
    """Minor units as an exact amount with all the currency's decimals: 8900 EUR -> 89.00."""
    return Decimal(f"{minor}E-{exponent(currency)}")
