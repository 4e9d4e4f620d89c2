"""The sections of the campaigns: the same keys for each, and a few that only one has."""

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import ClassVar, Final

from agent.config.kinds import Duration, Flag, Items, Money, Text, Whole
from agent.config.schema import Tables, required, section, setting
from agent.config.wordings import (
    LANGUAGE,
    TEMPLATE,
    Body,
    Translation,
    Translations,
    Wording,
    describe_placeholders,
)
from agent.rules.languages import speaks
from agent.rules.templates import TemplateMapping

PLANNED: Final = ("back_in_stock", "price_drop", "loyalty_reward", "new_arrivals", "we_miss_you")
"""Every campaign, in the default order of preference."""

_PAYLOAD = Text("a line of at most 256 characters", r".{0,256}", "shorten it")
_COOLDOWN = Duration("0d", "730d")

_HEADER_DOC = "What fills the variable in the template's header, if it has one: a list of one text."
_URL_DOC = (
    'What fills the variable at the end of the URL button, if the template has one; "" for none.'
)
_EXPIRES_DOC = "A message that has waited this long to be sent is dropped: its moment has passed."
_COOLDOWN_DOC = "How long a person hears nothing more from this campaign after it wrote."


def _template(campaign: str) -> str:
    return setting(TEMPLATE, "Name of the approved WhatsApp template.", default=campaign)


def _header(campaign: str) -> tuple[str, ...]:
    return setting(Items(Wording(campaign), most=1), _HEADER_DOC, default=[])


def _body(campaign: str, default: list[str]) -> tuple[str, ...] | Mapping[str, str]:
    doc = (
        "What fills the variables in the template's body: a list of texts for {{1}}, {{2}}; a table "
        'for named ones, such as {name = "{first_name|there}"}. '
        f"{describe_placeholders(campaign)}"
    )
    return setting(Body(campaign), doc, default=default)


def _url_suffix(campaign: str) -> str:
    return setting(Wording(campaign, suffix=True), _URL_DOC, default="")


def _translations(campaign: str) -> Mapping[str, Translation]:
    doc = (
        "What is said differently in other languages in which the template is approved: "
        f"[campaigns.{campaign}.translations.pt_BR] with body, header, url_suffix or template. A "
        "language that is not here is used with the texts above, if they say nothing in words but "
        "what stands after a |; whoever would read such a word is written to in `language` instead."
    )
    return setting(Translations(campaign), doc, default={})


@section
class Campaign:
    """What every campaign has. Where a default differs, the campaign itself declares the key."""

    name: ClassVar[str]

    enabled: bool = setting(Flag(), "Whether this campaign writes to people.", default=False)
    template: str
    language: str = setting(
        LANGUAGE,
        "Language of the template, spelled as it was approved; people for whom there is none in "
        "theirs are written to in this one.",
        default="en",
    )
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
        _EXPIRES_DOC,
        default="72h",
    )
    cooldown: timedelta

    @property
    def placeholders(self) -> frozenset[str]:
        """The names of all that has to be known to fill its templates, in every language."""
        mappings = map(self.mapping_in, (self.language, *self.translations))
        return frozenset(name for mapping in mappings for name in mapping.placeholders)

    @property
    def mapping(self) -> TemplateMapping:
        """What fills the template in the campaign's own language, as the rules take it."""
        return self.mapping_in(self.language)

    def mapping_in(self, language: str) -> TemplateMapping:
        """What fills the template in a language, be it translated or not."""
        said = self.translations.get(language)
        translated = said is not None and (said.header, said.body) != (None, None)
        said = said or Translation()
        return TemplateMapping(
            template=said.template or self.template,
            language=language,
            header=self.header if said.header is None else said.header,
            body=self.body if said.body is None else said.body,
            url_suffix=self.url_suffix if said.url_suffix is None else said.url_suffix,
            opt_out_payload=self.opt_out_payload,
            borrowed=not translated and speaks(language) != speaks(self.language),
        )


@section
class WeMissYou(Campaign):
    """To people who bought once and have been quiet since."""

    name = "we_miss_you"

    template: str = _template("we_miss_you")
    header: tuple[str, ...] = _header("we_miss_you")
    body: tuple[str, ...] | Mapping[str, str] = _body(
        "we_miss_you", ["{first_name|there}", "{shop_url}"]
    )
    url_suffix: str = _url_suffix("we_miss_you")
    translations: Mapping[str, Translation] = _translations("we_miss_you")
    cooldown: timedelta = setting(_COOLDOWN, _COOLDOWN_DOC, default="0d")


_PRODUCTS_BODY: Final = ["{first_name|there}", "{product_list|something for you}", "{shop_url}"]


@section
class NewArrivals(Campaign):
    """To quiet people, when there is something new in the categories in which they bought."""

    name = "new_arrivals"

    template: str = _template("new_arrivals")
    header: tuple[str, ...] = _header("new_arrivals")
    body: tuple[str, ...] | Mapping[str, str] = _body("new_arrivals", _PRODUCTS_BODY)
    url_suffix: str = _url_suffix("new_arrivals")
    translations: Mapping[str, Translation] = _translations("new_arrivals")
    cooldown: timedelta = setting(_COOLDOWN, _COOLDOWN_DOC, default="30d")


@section
class BackInStock(Campaign):
    """To people who looked at or wished for something that was sold out, when it is back."""

    name = "back_in_stock"

    template: str = _template("back_in_stock")
    header: tuple[str, ...] = _header("back_in_stock")
    body: tuple[str, ...] | Mapping[str, str] = _body("back_in_stock", _PRODUCTS_BODY)
    url_suffix: str = _url_suffix("back_in_stock")
    translations: Mapping[str, Translation] = _translations("back_in_stock")
    expires_after: timedelta = setting(Duration("10m", "30d"), _EXPIRES_DOC, default="24h")
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

    template: str = _template("price_drop")
    header: tuple[str, ...] = _header("price_drop")
    body: tuple[str, ...] | Mapping[str, str] = _body("price_drop", _PRODUCTS_BODY)
    url_suffix: str = _url_suffix("price_drop")
    translations: Mapping[str, Translation] = _translations("price_drop")
    expires_after: timedelta = setting(Duration("10m", "30d"), _EXPIRES_DOC, default="24h")
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

    template: str = _template("loyalty_reward")
    header: tuple[str, ...] = _header("loyalty_reward")
    body: tuple[str, ...] | Mapping[str, str] = _body(
        "loyalty_reward",
        ["{first_name|there}", "{discount_percent}", "{coupon_code}", "{shop_url}"],
    )
    url_suffix: str = _url_suffix("loyalty_reward")
    translations: Mapping[str, Translation] = _translations("loyalty_reward")
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
