"""The sections of the order news: what is said of an order, and when."""

from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import ClassVar, Final

from agent.config.kinds import Duration, Flag, Items, Optional, Whole
from agent.config.occasions import (
    EXPIRES_DOC,
    Occasion,
    body_key,
    header_key,
    template_key,
    translations_key,
    url_suffix_key,
)
from agent.config.people import META_KEY, STATUS
from agent.config.schema import section, setting
from agent.config.wordings import Translation
from agent.rules import order_kinds

# What stands after a | is English, so whoever would read it in a message of another language gets the
# whole message in English: where nothing is often known, it is a dash, which all languages have.
_EVENT = ["{order_number}", "{status_text|updated}", "{status_emoji}"]
_DONE = [*_EVENT, "{action_needed|nothing to do}"]
_UNPAID = [*_EVENT, "{action_needed|please complete the payment if you have not done so yet}"]
_OWN = [*_EVENT, "{action_needed|just ask us if you have a question}"]
_ENABLED_DOC = "Whether people are written to about this."


@section
class OrderNews:
    """What customers who agreed hear about their orders. Each kind has a section below, and is off
    until that says `enabled = true`. Only what an order does after winback was installed is told."""

    settle: timedelta = setting(
        Duration("5s", "1h"),
        "An order that changed is left alone for so long: several changes are told as one, about what "
        "it has come to.",
        default="30s",
    )
    per_day: int | None = setting(
        Optional(Whole(1, 100)),
        'Most order news to a person in a day of the shop; "" for no limit. What is too much waits for '
        "the next day, and is dropped if it is not true any more.",
        default="",
    )
    resend_unsure: bool = setting(
        Flag(),
        "Send order news once more where its answer was lost and no status came: some would get the "
        "same news twice, instead of a few none. Marketing never is.",
        default=False,
    )
    note_on_order: bool = setting(
        Flag(),
        "Leave a private note on the order in the shop when news of it could not be brought.",
        default=False,
    )
    bulk: int = setting(
        Whole(10, 100_000),
        "When more orders than this come or change within ten minutes, somebody imports or edits them "
        "in bulk: none of them is told.",
        default=300,
    )
    shipment_meta: tuple[str, ...] = setting(
        Items(META_KEY),
        "Meta keys of orders in which shipment-tracking plugins note carrier, number and link; a * "
        "stands for any characters. What stands there may be a list of tables, a table, or the number: "
        "then carrier and link are looked for in keys that begin alike.",
        default=[
            "_wc_shipment_tracking_items",  # Shipment Tracking, Advanced Shipment Tracking, TrackShip
            "_aftership_tracking_items",
            "_aftership_tracking_number",  # as AfterShip noted it before
            "_tracking_number",  # ShipStation, and Shipment Tracking once
            "_tracking_code",
            "_wot_tracking_number",  # Orders Tracking
            "ywot_tracking_code",  # YITH
            "_wcst_order_trackno",  # Shipping Tracking (WCST), its first parcel and the others
            "_wcst_additional_companies",
            "_correios_tracking_code",
            "_pr_shipment_dhl_label_tracking",  # DHL for WooCommerce
            "wcshipping_labels",  # WooCommerce Shipping
            "wc_connect_labels",  # and what it was called before
        ],
    )
    delivery_meta: tuple[str, ...] = setting(
        Items(META_KEY),
        "Meta keys of orders that say when it should arrive, for {estimated_delivery}; the first that "
        "says something counts.",
        default=[
            "_estimated_delivery_date",
            "_expected_delivery_date",
            "_delivery_date",
            "delivery_date",
            "jckwds_date_ymd",  # Iconic
            "_orddd_timestamp",  # Order Delivery Date, and its Lite
            "_orddd_lite_timestamp",
            "pi_system_delivery_date",
            "ywcdd_order_delivery_date",  # YITH
        ],
    )


@section
class News(Occasion):
    """What every kind of order news has."""

    name: ClassVar[str]
    category: ClassVar[str] = "UTILITY"

    enabled: bool = setting(Flag(), _ENABLED_DOC, default=False)
    template: str
    header: tuple[str, ...]
    body: tuple[str, ...] | Mapping[str, str]
    url_suffix: str
    translations: Mapping[str, Translation]
    expires_after: timedelta = setting(Duration("10m", "30d"), EXPIRES_DOC, default="24h")


def _place(kind: str) -> str:
    return f"order_news.{kind}"


@section
class OrderConfirmation(News):
    """When an order has been placed: instead of the news of its first status."""

    name = order_kinds.CONFIRMATION

    template: str = template_key(order_kinds.CONFIRMATION)
    header: tuple[str, ...] = header_key(order_kinds.CONFIRMATION)
    body: tuple[str, ...] | Mapping[str, str] = body_key(
        order_kinds.CONFIRMATION,
        [
            "{first_name|there}",
            "{order_number}",
            "{order_total}",
            "{item_count}",
            "{estimated_delivery|-}",
        ],
    )
    url_suffix: str = url_suffix_key(order_kinds.CONFIRMATION)
    translations: Mapping[str, Translation] = translations_key(
        order_kinds.CONFIRMATION, _place(order_kinds.CONFIRMATION)
    )


@section
class OrderProcessing(News):
    """When an order is being prepared: status processing."""

    name = order_kinds.PROCESSING

    template: str = template_key(order_kinds.PROCESSING)
    header: tuple[str, ...] = header_key(order_kinds.PROCESSING)
    body: tuple[str, ...] | Mapping[str, str] = body_key(order_kinds.PROCESSING, _DONE)
    url_suffix: str = url_suffix_key(order_kinds.PROCESSING)
    translations: Mapping[str, Translation] = translations_key(
        order_kinds.PROCESSING, _place(order_kinds.PROCESSING)
    )


@section
class OrderOnHold(News):
    """When an order waits for its payment: status on-hold."""

    name = order_kinds.ON_HOLD

    template: str = template_key(order_kinds.ON_HOLD)
    header: tuple[str, ...] = header_key(order_kinds.ON_HOLD)
    body: tuple[str, ...] | Mapping[str, str] = body_key(order_kinds.ON_HOLD, _UNPAID)
    url_suffix: str = url_suffix_key(order_kinds.ON_HOLD)
    translations: Mapping[str, Translation] = translations_key(
        order_kinds.ON_HOLD, _place(order_kinds.ON_HOLD)
    )


@section
class OrderCompleted(News):
    """When an order is done: status completed."""

    name = order_kinds.COMPLETED

    template: str = template_key(order_kinds.COMPLETED)
    header: tuple[str, ...] = header_key(order_kinds.COMPLETED)
    body: tuple[str, ...] | Mapping[str, str] = body_key(order_kinds.COMPLETED, _DONE)
    url_suffix: str = url_suffix_key(order_kinds.COMPLETED)
    translations: Mapping[str, Translation] = translations_key(
        order_kinds.COMPLETED, _place(order_kinds.COMPLETED)
    )


@section
class OrderCancelled(News):
    """When an order that had been placed is cancelled."""

    name = order_kinds.CANCELLED

    template: str = template_key(order_kinds.CANCELLED)
    header: tuple[str, ...] = header_key(order_kinds.CANCELLED)
    body: tuple[str, ...] | Mapping[str, str] = body_key(order_kinds.CANCELLED, _DONE)
    url_suffix: str = url_suffix_key(order_kinds.CANCELLED)
    translations: Mapping[str, Translation] = translations_key(
        order_kinds.CANCELLED, _place(order_kinds.CANCELLED)
    )


@section
class OrderRefunded(News):
    """When all of an order was given back."""

    name = order_kinds.REFUNDED

    template: str = template_key(order_kinds.REFUNDED)
    header: tuple[str, ...] = header_key(order_kinds.REFUNDED)
    body: tuple[str, ...] | Mapping[str, str] = body_key(order_kinds.REFUNDED, _DONE)
    url_suffix: str = url_suffix_key(order_kinds.REFUNDED)
    translations: Mapping[str, Translation] = translations_key(
        order_kinds.REFUNDED, _place(order_kinds.REFUNDED)
    )


@section
class OrderPartlyRefunded(News):
    """When a part of an order was given back."""

    name = order_kinds.PARTLY_REFUNDED

    template: str = template_key(order_kinds.PARTLY_REFUNDED)
    header: tuple[str, ...] = header_key(order_kinds.PARTLY_REFUNDED)
    body: tuple[str, ...] | Mapping[str, str] = body_key(order_kinds.PARTLY_REFUNDED, _DONE)
    url_suffix: str = url_suffix_key(order_kinds.PARTLY_REFUNDED)
    translations: Mapping[str, Translation] = translations_key(
        order_kinds.PARTLY_REFUNDED, _place(order_kinds.PARTLY_REFUNDED)
    )


@section
class ShippingUpdate(News):
    """When an order has a tracking number: see shipment_meta."""

    name = order_kinds.SHIPPING

    template: str = template_key(order_kinds.SHIPPING)
    header: tuple[str, ...] = header_key(order_kinds.SHIPPING)
    body: tuple[str, ...] | Mapping[str, str] = body_key(
        order_kinds.SHIPPING,
        [
            "{order_number}",
            "{carrier_name|-}",
            "{tracking_number}",
            "{tracking_url|-}",
        ],
    )
    url_suffix: str = url_suffix_key(order_kinds.SHIPPING)
    translations: Mapping[str, Translation] = translations_key(
        order_kinds.SHIPPING, _place(order_kinds.SHIPPING)
    )


@section
class OrderDelivered(News):
    """When an order has arrived, with an invitation to review what was in it."""

    name = order_kinds.DELIVERED

    template: str = template_key(order_kinds.DELIVERED)
    header: tuple[str, ...] = header_key(order_kinds.DELIVERED)
    body: tuple[str, ...] | Mapping[str, str] = body_key(
        order_kinds.DELIVERED,
        [
            "{first_name|there}",
            "{order_number}",
            "{item_list|what you ordered}",
            "{review_url|our shop}",
        ],
    )
    url_suffix: str = url_suffix_key(order_kinds.DELIVERED)
    translations: Mapping[str, Translation] = translations_key(
        order_kinds.DELIVERED, _place(order_kinds.DELIVERED)
    )
    statuses: tuple[str, ...] = setting(
        Items(STATUS, least=1),
        "The statuses of the shop that say so. Plugins for tracking bring one; a shop without may "
        'name "completed", which is then told by this.',
        default=["delivered"],
    )


@section
class StatusUpdate(News):
    """When an order takes on another status of the shop, such as one of its own: give each status that
    should be told a section of this kind, under its name."""

    name = order_kinds.STATUS_UPDATE

    template: str = template_key(order_kinds.STATUS_UPDATE)
    header: tuple[str, ...] = header_key(order_kinds.STATUS_UPDATE)
    body: tuple[str, ...] | Mapping[str, str] = body_key(order_kinds.STATUS_UPDATE, _OWN)
    url_suffix: str = url_suffix_key(order_kinds.STATUS_UPDATE)
    translations: Mapping[str, Translation] = translations_key(
        order_kinds.STATUS_UPDATE, _place("statuses.NAME")
    )


NEWS: Final[Mapping[str, type[News]]] = MappingProxyType(
    {
        one.name: one
        for one in (
            OrderConfirmation, OrderProcessing, OrderOnHold, OrderCompleted, OrderCancelled,
            OrderRefunded, OrderPartlyRefunded, ShippingUpdate, OrderDelivered,
        )
    }
)  # fmt: skip
"""The kinds with a section of their own, by name."""
