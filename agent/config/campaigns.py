"""The sections of the campaigns: one each, all with the same keys and some with more."""

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import ClassVar, Final

from agent.config.kinds import Choice, Duration, Flag, Items, Money, Text, Whole
from agent.config.schema import Tables, section, setting
from agent.config.wordings import Body, Wording, header

PLANNED: Final = ("back_in_stock", "price_drop", "loyalty_reward", "new_arrivals", "we_miss_you")
"""Every campaign that winback knows of, in the default order of preference. Not all are built."""

_TEMPLATE = Text(
    "the name of a template", r"[a-z0-9_]{1,512}", "small letters, digits and _, as in WhatsApp Manager"
)
_LANGUAGE = Text(
    "a language code of WhatsApp",
    r"[a-z]{2,3}(_[A-Z]{2,3})?",
    'write "en", "es" or "pt_BR": the country in capitals, after a _',
)
_TEMPLATE_DOC = "Name of the approved WhatsApp template."
_BODY_DOC = (
    "What fills the template's body variables: a list for {{1}}, {{2}}, or a table for named ones: "
    '{name = "{first_name|there}"}. A value that can be empty needs a fallback after the |.'
)
_COOLDOWN_DOC = (
    "How long this campaign leaves a person alone after it wrote, beyond what [limits] says."
)
_COOLDOWN = Duration("0d", "730d")


@section
class Campaign:
    """What every campaign has."""

    name: ClassVar[str]
    makes_coupons: ClassVar[bool] = False

    enabled: bool = setting(Flag(), "Whether this campaign writes to people.", default=False)
    template: str = setting(_TEMPLATE, _TEMPLATE_DOC, default="")
    language: str = setting(_LANGUAGE, "Language of the template, exactly as approved.", default="en")
    header: tuple[str, ...] = setting(
        header(coupons=False),
        "What fills the variable in the template's header, if it has one.",
        default=[],
    )
    body: tuple[str, ...] | Mapping[str, str] = setting(Body(coupons=False), _BODY_DOC, default=[])
    url_suffix: str = setting(
        Wording(coupons=False, blank=True),
        "What fills the variable at the end of the template's URL button; \"\" if it has none.",
        default="",
    )
    opt_out_payload: str = setting(
        Text("a text of at most 256 characters", r".{0,256}", "shorten it, on one line"),
        "Payload of the template's quick-reply button with which people opt out; \"\" if it has none. "
        "One that is set must be among stop_payloads of [consent].",
        default="",
    )
    expires_after: timedelta = setting(
        Duration("10m", "30d"),
        "A message that could not leave for this long is dropped.",
        default="72h",
    )
    cooldown: timedelta = setting(_COOLDOWN, _COOLDOWN_DOC, default="0d")


@section
class WeMissYou(Campaign):
    """To people who bought once and have been quiet since."""

    name = "we_miss_you"

    template: str = setting(_TEMPLATE, _TEMPLATE_DOC, default="we_miss_you")
    body: tuple[str, ...] | Mapping[str, str] = setting(
        Body(coupons=False), _BODY_DOC, default=["{first_name|there}", "{shop_url}"]
    )


@section
class Tier:
    """From which spending on which discount is given."""

    spent: Decimal = setting(Money(), "", default=0)
    percent: int = setting(Whole(1, 100), "", default=1)


@section
class LoyaltyReward(Campaign):
    """A personal coupon for quiet people who have spent much."""

    name = "loyalty_reward"
    makes_coupons = True

    template: str = setting(_TEMPLATE, _TEMPLATE_DOC, default="loyalty_reward")
