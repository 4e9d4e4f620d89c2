"""What WhatsApp charged a message as, from what its statuses say.

`pricing.type` and `pricing.category` of a status. Source: Meta, "Pricing on the WhatsApp Business
Platform", as of September 2026.
"""

from typing import Final

FREE: Final = "free"
_NOT_CHARGED = frozenset({"free_customer_service", "free_entry_point"})


def charged_as(pricing: str, category: str) -> str:
    """FREE, or the category; "" where a status says neither."""
    return FREE if pricing in _NOT_CHARGED else category


def dearer(one: str, other: str) -> str:
    """Which of two statuses counts, whichever came first: one that charges beats one that does not,
    and one that says something beats one that says nothing. Of two categories, always the same."""
    return max(one, other, key=lambda told: (told not in {"", FREE}, told))
