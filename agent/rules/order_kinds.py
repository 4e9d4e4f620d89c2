"""The kinds of order news, by the names that they have in the config and in the outbox."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

CONFIRMATION: Final = "order_confirmation"
PROCESSING: Final = "order_processing"
ON_HOLD: Final = "order_on_hold"
COMPLETED: Final = "order_completed"
CANCELLED: Final = "order_cancelled"
REFUNDED: Final = "order_refunded"
PARTLY_REFUNDED: Final = "order_partly_refunded"
SHIPPING: Final = "shipping_update"
DELIVERED: Final = "order_delivered"

KINDS: Final = (
    CONFIRMATION, PROCESSING, ON_HOLD, COMPLETED, CANCELLED, REFUNDED, PARTLY_REFUNDED, SHIPPING,
    DELIVERED,
)  # fmt: skip
"""Every kind that has a section of its own, in the order of the config."""

REFUNDS: Final = (REFUNDED, PARTLY_REFUNDED)

OF_STATUS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "processing": PROCESSING,
        "on-hold": ON_HOLD,
        "completed": COMPLETED,
        "cancelled": CANCELLED,
        "refunded": REFUNDED,
    }
)
"""WooCommerce's own statuses that have a kind, and so no section of their own below `statuses`."""

STATUS_UPDATE: Final = "order_status_update"
"""What stands for all statuses of the shop's own where it is about their texts and their template."""

STATUSES: Final = "statuses"
"""Section of the config that holds a section for each status of the shop's own."""


def kind_of(status: str) -> str:
    """The kind that tells of a status of the shop's own: statuses.ready-for-pickup."""
    return f"{STATUSES}.{status}"
