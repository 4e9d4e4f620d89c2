"""The sections of the campaigns: the same keys for each, and a few that only one has."""

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import ClassVar, Final

from agent.config.kinds import Duration, Flag, Items, Money, Text, Whole
from agent.config.schema import Tables, required, section, setting
from agent.config.wordings import Body, Wording
from agent.rules.templates import TemplateMapping
from agent.rules.wording import COUPON_ONLY, KNOWN

PLANNED: Final = ("back_in_stock", "price_drop", "loyalty_reward", "new_arrivals", "we_miss_you")
"""Every campaign, in the default order of preference."""

_TEMPLATE = Text(
    "the name of a template",
    r"[a-z0-9_]{1,512}",
    "write small letters, digits and _, as in WhatsApp Manager",
)
_LANGUAGE = Text(
    "a language code of WhatsApp",
    r"[a-z]{2,3}(_[A-Z]{2,3})?",
    'write "en", "es" or "pt_BR": the country in capitals, after a _',
)
_PAYLOAD = Text("a line of at most 256 characters", r".{0,256}", "shorten it")
_COOLDOWN = Duration("0d", "730d")

_TEMPLATE_DOC = "Name of the approved WhatsApp template."
_HEADER_DOC = "What fills the variable in the template's header, if it has one: a list of one text."
_URL_DOC = (
    'What fills the variable at the end of the URL button, if the template has one; "" for none.'
)
_EXPIRES_DOC = "A message that has waited this long to be sent is dropped: its moment has passed."
_COOLDOWN_DOC = "How long a person hears nothing more from this campaign after it wrote."


def _body_doc(*, coupons: bool) -> str:
    known = (
        f"{{{name}|...}}" if may_be_empty else f"{{{name}}}"
        for name, may_be_empty in KNOWN.items()
        if coupons or name not in COUPON_ONLY
    )
    return (
        "What fills the variables in the template's body: a list of texts for {{1}}, {{2}}; a table "
        'for named ones, such as {name = "{first_name|there}"}. The texts may have '
        f"{', '.join(known)}; what stands after a | is written when there is no such value."
    )


@section
class Campaign:
    """What every campaign has. Where a default differs, the campaign itself declares the key."""

    name: ClassVar[str]

    enabled: bool = setting(Flag(), "Whether this campaign writes to people.", default=False)
    template: str
    language: str = setting(
        _LANGUAGE, "Language of the template, spelled as it was approved.", default="en"
    )
    header: tuple[str, ...]
    body: tuple[str, ...] | Mapping[str, str]
    url_suffix: str
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
    def wording(self) -> str:
        """All that fills the template, as one text, to see which placeholders it has."""
        body = self.body.values() if isinstance(self.body, Mapping) else self.body
        return " ".join((*self.header, *body, self.url_suffix))

    @property
    def mapping(self) -> TemplateMapping:
        """What fills the template, as the rules take it."""
        return TemplateMapping(
            template=self.template,
            language=self.language,
            header=self.header,
            body=self.body,
            url_suffix=self.url_suffix,
            opt_out_payload=self.opt_out_payload,
        )


@section
class WeMissYou(Campaign):
    """To people who bought once and have been quiet since."""

    name = "we_miss_you"

    template: str = setting(_TEMPLATE, _TEMPLATE_DOC, default="we_miss_you")
    header: tuple[str, ...] = setting(
        Items(Wording(coupons=False), most=1), _HEADER_DOC, default=[]
    )
    body: tuple[str, ...] | Mapping[str, str] = setting(
        Body(coupons=False), _body_doc(coupons=False), default=["{first_name|there}", "{shop_url}"]
    )
    url_suffix: str = setting(Wording(coupons=False, blank=True), _URL_DOC, default="")
    cooldown: timedelta = setting(_COOLDOWN, _COOLDOWN_DOC, default="0d")


_PRODUCTS_BODY: Final = ["{first_name|there}", "{product_list|something for you}", "{shop_url}"]


@section
class NewArrivals(Campaign):
    """To quiet people, when there is something new in the categories in which they bought."""

    name = "new_arrivals"

    template: str = setting(_TEMPLATE, _TEMPLATE_DOC, default="new_arrivals")
    header: tuple[str, ...] = setting(
        Items(Wording(coupons=False), most=1), _HEADER_DOC, default=[]
    )
    body: tuple[str, ...] | Mapping[str, str] = setting(
        Body(coupons=False), _body_doc(coupons=False), default=_PRODUCTS_BODY
    )
    url_suffix: str = setting(Wording(coupons=False, blank=True), _URL_DOC, default="")
    cooldown: timedelta = setting(_COOLDOWN, _COOLDOWN_DOC, default="30d")


@section
class BackInStock(Campaign):
    """To people who looked at or wished for something that was sold out, when it is back."""

    name = "back_in_stock"

    template: str = setting(_TEMPLATE, _TEMPLATE_DOC, default="back_in_stock")
    header: tuple[str, ...] = setting(
        Items(Wording(coupons=False), most=1), _HEADER_DOC, default=[]
    )
    body: tuple[str, ...] | Mapping[str, str] = setting(
        Body(coupons=False), _body_doc(coupons=False), default=_PRODUCTS_BODY
    )
    url_suffix: str = setting(Wording(coupons=False, blank=True), _URL_DOC, default="")
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

    template: str = setting(_TEMPLATE, _TEMPLATE_DOC, default="price_drop")
    header: tuple[str, ...] = setting(
        Items(Wording(coupons=False), most=1), _HEADER_DOC, default=[]
    )
    body: tuple[str, ...] | Mapping[str, str] = setting(
        Body(coupons=False), _body_doc(coupons=False), default=_PRODUCTS_BODY
    )
    url_suffix: str = setting(Wording(coupons=False, blank=True), _URL_DOC, default="")
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

    template: str = setting(_TEMPLATE, _TEMPLATE_DOC, default="loyalty_reward")
    header: tuple[str, ...] = setting(Items(Wording(coupons=True), most=1), _HEADER_DOC, default=[])
    body: tuple[str, ...] | Mapping[str, str] = setting(
        Body(coupons=True),
        _body_doc(coupons=True),
        default=["{first_name|there}", "{discount_percent}", "{coupon_code}", "{shop_url}"],
    )
    url_suffix: str = setting(Wording(coupons=True, blank=True), _URL_DOC, default="")
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
