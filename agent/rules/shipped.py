"""The templates that come with winback, in English, Spanish and Portuguese: one for each campaign and one
for each kind of order news.

They fit the default texts of the config, have numbered variables, and keep the rules that Meta's
page "Message templates" names: see tests/rules/test_shipped.py. Each can be refused by its reader: those
of the campaigns by a button and by a reply, order news, which have no buttons, by a reply. All say a word
that is among the default stop words.
"""

from collections.abc import Mapping
from typing import Any, Final

from agent.rules.shipped_news import NEWS
from agent.rules.shipped_offers import OFFERS
from agent.rules.shipped_template import ShippedTemplate

__all__ = ["SHIPPED", "ShippedTemplate", "approved"]

SHIPPED: Final[Mapping[tuple[str, str], ShippedTemplate]] = {
    (one.name, one.language): one for one in (*OFFERS, *NEWS)
}
"""(name, language) -> template, in the order in which they are submitted."""


def approved(shop_url: str) -> dict[tuple[str, str], dict[str, Any]]:
    """(name, language) -> each as WhatsApp would describe it after its review."""
    return {key: one.request(shop_url) | {"status": "APPROVED"} for key, one in SHIPPED.items()}
