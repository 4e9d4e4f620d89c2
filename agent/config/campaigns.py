"""The sections of the campaigns: the same keys for each, and a few that only one has."""

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import ClassVar, Final

from agent.config.kinds import Duration, Money, Optional, Text, Whole
from agent.config.occasions import (
    EXPIRES_DOC,
    Occasion,
    body_key,
    header_key,
    template_key,
    translations_key,
    url_suffix_key,
)
from agent.config.schema import Tables, required, section, setting
from agent.config.wordings import Translation

PLANNED: Final = ("back_in_stock", "price_drop", "loyalty_reward", "new_arrivals", "we_miss_you")
"""Every campaign, in the default order of preference."""

_PAYLOAD = Text("a line of at most 256 characters", r".{0,256}", "shorten it")
_COOLDOWN = Duration("0d", "730d")

_HOLDOUT = Optional(Whole(0, 50))
_HOLDOUT_DOC = (
    "How many percent of the people whom it chooses hear nothing, so that it can be told what it brings; "
    '"" for the share of [holdout].'
)

_COOLDOWN_DOC = "How long a person hears nothing more from this campaign after it wrote."


@section
class Campaign(Occasion):
    """What every campaign has. Where a default differs, the campaign itself declares the key."""

    name: ClassVar[str]

    template: str
    header: tuple[str, ...]
    body: tuple[str, ...] | Mapping[str, str]
    url_suffix: str
    translations: Mapping[str, Translation]
    opt_out_payload: str = setting(
        _PAYLOAD,
        'Payload of the template\'s quick-reply button that opts out; "" if it has none. It must '
        "be among stop_payloads of [consent].",
        default="",
    )
    expires_after: timedelta = setting(
        Duration("10m", "30d"),
        EXPIRES_DOC,
        default="72h",
    )
    holdout: int | None = setting(_HOLDOUT, _HOLDOUT_DOC, default="")
    cooldown: timedelta

    @property
    def opt_out_button(self) -> str:
        """Payload of the button that opts out; "" if there is none."""
        return self.opt_out_payload


@section
class WeMissYou(Campaign):
    """To people who bought once and have been quiet since."""

    name = "we_miss_you"

    template: str = template_key("we_miss_you")
    header: tuple[str, ...] = header_key("we_miss_you")
    body: tuple[str, ...] | Mapping[str, str] = body_key(
        "we_miss_you", ["{first_name|there}", "{shop_url}"]
    )
    url_suffix: str = url_suffix_key("we_miss_you")
    translations: Mapping[str, Translation] = translations_key("we_miss_you")
    cooldown: timedelta = setting(_COOLDOWN, _COOLDOWN_DOC, default="0d")


_PRODUCTS_BODY: Final = ["{first_name|there}", "{product_list|something for you}", "{shop_url}"]


@section
class NewArrivals(Campaign):
    """To quiet people, when there is something new in the categories in which they bought."""

    name = "new_arrivals"

    template: str = template_key("new_arrivals")
    header: tuple[str, ...] = header_key("new_arrivals")
    body: tuple[str, ...] | Mapping[str, str] = body_key("new_arrivals", _PRODUCTS_BODY)
    url_suffix: str = url_suffix_key("new_arrivals")
    translations: Mapping[str, Translation] = translations_key("new_arrivals")
    cooldown: timedelta = setting(_COOLDOWN, _COOLDOWN_DOC, default="30d")


@section
class BackInStock(Campaign):
    """To people who looked at or wished for something that was sold out, when it is back."""

    name = "back_in_stock"

    template: str = template_key("back_in_stock")
    header: tuple[str, ...] = header_key("back_in_stock")
    body: tuple[str, ...] | Mapping[str, str] = body_key("back_in_stock", _PRODUCTS_BODY)
    url_suffix: str = url_suffix_key("back_in_stock")
    translations: Mapping[str, Translation] = translations_key("back_in_stock")
    expires_after: timedelta = setting(Duration("10m", "30d"), EXPIRES_DOC, default="24h")
    holdout: int | None = setting(_HOLDOUT, _HOLDOUT_DOC, default=0)
    cooldown: timedelta = setting(_COOLDOWN, _COOLDOWN_DOC, default="0d")
    people_per_unit: int = setting(
        Whole(1, 1000),
        "How many people are told of each unit in stock, those who have waited longest first.",
        default=5,
    )
    wave_after: timedelta = setting(
        Duration("10m", "7d"), "When the next are told, if there is stock left.", default="1h"
    )


@section
class PriceDrop(Campaign):
    """To people who looked at something that costs less now than what they saw."""

    name = "price_drop"

    template: str = template_key("price_drop")
    header: tuple[str, ...] = header_key("price_drop")
    body: tuple[str, ...] | Mapping[str, str] = body_key("price_drop", _PRODUCTS_BODY)
    url_suffix: str = url_suffix_key("price_drop")
    translations: Mapping[str, Translation] = translations_key("price_drop")
    expires_after: timedelta = setting(Duration("10m", "30d"), EXPIRES_DOC, default="24h")
    cooldown: timedelta = setting(_COOLDOWN, _COOLDOWN_DOC, default="0d")
    more_than_percent: int = setting(
        Whole(1, 90), "How much cheaper it must be: more than this share.", default=10
    )


@section
class Tier:
    """From which spending on which discount is given."""

    spent: Decimal = required(
        Money(), "Least amount spent.", example="500", hint="{spent = 500, percent = 15}"
    )
    percent: int = required(
        Whole(1, 100), "Discount.", example="15", hint="{spent = 500, percent = 15}"
    )


@section
class LoyaltyReward(Campaign):
    """A personal coupon for quiet people who have spent much here."""

    name = "loyalty_reward"

    template: str = template_key("loyalty_reward")
    header: tuple[str, ...] = header_key("loyalty_reward")
    body: tuple[str, ...] | Mapping[str, str] = body_key(
        "loyalty_reward",
        ["{first_name|there}", "{discount_percent}", "{coupon_code}", "{shop_url}"],
    )
    url_suffix: str = url_suffix_key("loyalty_reward")
    translations: Mapping[str, Translation] = translations_key("loyalty_reward")
    cooldown: timedelta = setting(_COOLDOWN, _COOLDOWN_DOC, default="90d")
    tiers: tuple[Tier, ...] = setting(
        Tables(Tier),
        "Who has spent at least `spent`, in the shop's currency, gets `percent` off. Several tiers "
        "stand in ascending order.",
        default=[{"spent": 500, "percent": 15}],
    )
    coupon_valid: timedelta = setting(
        Duration("1h", "365d"), "How long the coupon can be used after it was made.", default="7d"
    )
    coupon_prefix: str = setting(
        Text("2 to 6 capital letters", r"[A-Z]{2,6}", 'write A to Z only: "WB"'),
        "What the coupon codes begin with, so that they are told apart in WooCommerce.",
        default="WB",
    )
