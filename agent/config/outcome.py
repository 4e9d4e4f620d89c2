"""The sections about what comes back: clicks, replies, orders, and who is not written to, to compare."""

from datetime import timedelta

from agent.config.kinds import Duration, Flag, Whole
from agent.config.places import PublicUrl
from agent.config.schema import optional_secret, section, setting


@section
class Links:
    """Whether it is counted who follows the links of a message."""

    count: bool = setting(
        Flag(),
        "The links of campaigns lead over public_url of [web], /r/ and a few letters, and from there on "
        "to the shop: so it is known that somebody followed them.",
        default=False,
    )
    kept: timedelta = setting(
        Duration("7d", "730d"),
        "How long such a link leads to its page; after that, to the shop's front page.",
        default="180d",
    )


@section
class Conversations:
    """What people answer. winback confirms a STOP, and says nothing else: a person takes over."""

    forward_url: str = setting(
        PublicUrl(whole=True),
        "An address of yours that is told of each reply, by a POST of JSON such as the README shows; "
        '"" tells none.',
        default="",
    )
    forward_secret: str = optional_secret(
        'Signs what goes there: X-Winback-Signature is "sha256=" and the HMAC-SHA256 of the body in '
        "hexadecimal digits.",
        default="",
        hint="make one up (openssl rand -hex 24), and let the receiver check it",
        least=16,
    )


@section
class Attribution:
    """Which orders a message is credited with, and what of them counts as revenue."""

    window: timedelta = setting(
        Duration("1h", "365d"), "An order counts for this long after the message.", default="30d"
    )
    tax: bool = setting(Flag(), "Whether revenue includes the tax of the orders.", default=False)
    shipping: bool = setting(
        Flag(),
        "Whether it includes what they paid for shipping.",
        default=False,
    )


@section
class Holdout:
    """Who is not written to, so that it can be told what would have happened anyway.

    Chance decides once for each person, and always the same.
    """

    everything: int = setting(
        Whole(0, 50),
        "How many percent of all people hear no marketing at all.",
        default=2,
    )
    share: int = setting(
        Whole(0, 50),
        "How many percent of the people whom a campaign chooses hear nothing from it. A campaign can "
        "have its own share: `holdout` in its section.",
        default=10,
    )
