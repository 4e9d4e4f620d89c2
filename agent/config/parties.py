"""The sections of the two outside parties, with the keys that open them."""

from datetime import timedelta
from pathlib import Path

from agent.config.kinds import Choice, Digits, Duration, Growing, Optional, Text, Whole
from agent.config.places import Country, File, Url, Zone
from agent.config.schema import optional_secret, required, secret, section, setting

_KEYS_PAGE = "WooCommerce > Settings > Advanced > REST API shows it once, when the key is made"
_API_SETUP = "developers.facebook.com > your app > WhatsApp > API Setup"


@section
class Shop:
    """The WooCommerce shop, and the API key that opens it (it needs read and write)."""

    url: str = required(
        Url(),
        "Address of the shop's front page; with the folder, if the shop is in one.",
        example="https://shop.example",
        hint="WordPress > Settings > General > Site Address",
    )
    key: str = secret("Consumer key.", example="ck_...", hint=_KEYS_PAGE, prefix="ck_")
    secret: str = secret("Consumer secret.", example="cs_...", hint=_KEYS_PAGE, prefix="cs_")
    ca_file: Path | None = setting(
        Optional(File()),
        'Root certificates (PEM) that the shop\'s own must lead to; "" for those of the system.',
        default="",
    )
    permalinks: str = setting(
        Choice(("pretty", "plain")),
        'How WordPress > Settings > Permalinks is set: "plain" if it says Plain there, "pretty" '
        "for all else. It decides at which address the shop's API answers.",
        default="pretty",
    )
    parallel: int = setting(
        Whole(1, 8),
        "How many requests to the shop may be under way at once; one while it is in trouble. More "
        "than its server has processors only make each take longer.",
        default=2,
    )
    timeout: timedelta = setting(
        Duration("5s", "10m"), "How long the shop may take to answer.", default="60s"
    )
    lines_timeout: timedelta = setting(
        Duration("5s", "5m"),
        "The same for order lines and variations, which cost it many times as much.",
        default="3m",
    )
    write_timeout: timedelta = setting(
        Duration("5s", "10m"), "The same for what makes or changes something.", default="60s"
    )
    page_size: int = setting(
        Whole(1, 100), "How many rows are asked for at once. Fewer are gentler.", default=100
    )
    overlap: timedelta = setting(
        Duration("0s", "1h"),
        "How far a poll looks back behind what it has seen, for orders saved late.",
        default="2m",
    )
    default_country: str = setting(
        Country(optional=True),
        'Country of phone numbers whose order names none; "" for the shop\'s own.',
        default="",
    )
    timezone: str = setting(
        Zone(),
        'Time zone of the timetable and the reports; "" for the one that WordPress is set to.',
        default="",
    )


@section
class WhatsApp:
    """The WhatsApp Business number that writes (Meta's Cloud API)."""

    phone_number_id: str = required(
        Digits(),
        "Meta's id of the number that writes: not the number itself.",
        example="Phone number ID",
        hint=f'{_API_SETUP} shows it as "Phone number ID"',
    )
    business_account_id: str = required(
        Digits(),
        "Meta's id of the account that has the templates.",
        example="WhatsApp Business Account ID",
        hint=f'{_API_SETUP} shows it as "WhatsApp Business Account ID"',
    )
    token: str = secret(
        "Access token of a system user, with whatsapp_business_messaging and "
        "whatsapp_business_management. One from the API Setup page ends after a day.",
        example="EAA...",
        hint="Meta Business Settings > Users > System users > Generate token",
    )
    app_secret: str = secret(
        "Proves that a webhook comes from Meta.",
        example="App secret",
        hint='developers.facebook.com > your app > App settings > Basic shows it as "App secret"',
    )
    app_secret_previous: str = optional_secret(
        "The one before, which counts too while a new one is put into use.",
        default="",
        hint="the App secret of before; take it out again when Meta signs with the new one",
        least=16,
    )
    verify_token: str = secret(
        "A word of your own, given to Meta too when the webhook is set up.",
        example="a word of your own",
        hint="make one up (openssl rand -hex 16) and give the same to Meta: your app > WhatsApp > "
        "Configuration > Verify token",
    )
    api_version: str = setting(
        Text("a version such as v26.0", r"v[1-9][0-9]*\.0", 'write "v26.0"'),
        "Version of Meta's Graph API.",
        default="v26.0",
    )
    base_url: str = setting(
        Url(), "Where that API is. Only tests change it.", default="https://graph.facebook.com"
    )
    messages_per_second: int = setting(
        Whole(1, 1000), "How many messages leave in a second at most.", default=20
    )
    messages_per_day: int | None = setting(
        Optional(Whole(1, 10_000_000)),
        'How many people are written to in any 24 hours at most; "" for as many as Meta allows the '
        "account, which holds in any case. Set it where another program uses the account too.",
        default="",
    )
    workers: int = setting(
        Whole(1, 512),
        "How many messages are under way at once. Messages a second times seconds an answer takes.",
        default=32,
    )
    timeout: timedelta = setting(
        Duration("1s", "5m"), "How long WhatsApp may take to answer.", default="30s"
    )
    unsure_after: timedelta = setting(
        Duration("5m", "7d"),
        "How long a message whose answer was lost waits for a status, before it counts as abandoned.",
        default="1h",
    )
    news_reserve: int = setting(
        Whole(0, 90),
        "How many percent of the people whom the account may write to in 24 hours are kept for order "
        "news: marketing leaves the rest.",
        default=10,
    )
    canary: tuple[int, ...] = setting(
        Growing(Whole(1, 1_000_000)),
        "A new template goes out in growing batches: so many messages, then a wait, then the next "
        "batch, and after the last of these all others. [] sends all at once.",
        default=[20, 200, 1000],
    )
    canary_wait: timedelta = setting(
        Duration("1m", "3d"), "How long each of these batches is watched.", default="1h"
    )
    canary_failures: int = setting(
        Whole(1, 100),
        "A campaign stops by itself if more than so many percent of a batch fail.",
        default=10,
    )
    canary_opt_outs: int = setting(
        Whole(1, 100),
        "The same for people who say STOP after it.",
        default=3,
    )
    canary_held: int = setting(
        Whole(1, 100),
        "The same for messages that Meta keeps back until it has judged the template.",
        default=50,
    )
