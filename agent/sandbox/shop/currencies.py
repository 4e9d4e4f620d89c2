"""The currencies that the sandbox shop knows by name: what `data/currencies/current` tells."""

from __future__ import annotations

CURRENCIES = {
    "AED": ("United Arab Emirates dirham", "د.إ"),
    "ARS": ("Argentine peso", "$"),
    "AUD": ("Australian dollar", "$"),
    "BRL": ("Brazilian real", "R$"),
    "CAD": ("Canadian dollar", "$"),
    "CHF": ("Swiss franc", "CHF"),
    "CLP": ("Chilean peso", "$"),
    "COP": ("Colombian peso", "$"),
    "EUR": ("Euro", "€"),
    "GBP": ("Pound sterling", "£"),
    "IDR": ("Indonesian rupiah", "Rp"),
    "INR": ("Indian rupee", "₹"),
    "JPY": ("Japanese yen", "¥"),
    "KWD": ("Kuwaiti dinar", "د.ك"),
    "MXN": ("Mexican peso", "$"),
    "NGN": ("Nigerian naira", "₦"),
    "NZD": ("New Zealand dollar", "$"),
    "PLN": ("Polish złoty", "zł"),
    "USD": ("United States (US) dollar", "$"),
    "ZAR": ("South African rand", "R"),
}


def currency_name(code: str) -> str:
    return CURRENCIES[code][0] if code in CURRENCIES else code


def currency_symbol(code: str) -> str:
    return CURRENCIES[code][1] if code in CURRENCIES else code


def currency_entities(code: str) -> str:
    """The symbol as the settings and HTML show it: "&#82;&#36;"."""
    return "".join(f"&#{ord(letter)};" for letter in currency_symbol(code))
