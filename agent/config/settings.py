"""Everything that can be set: one frozen dataclass a section, in the order of the file.

Each key says here what it is, what it may hold, and its default; see agent/config/schema.py.
Durations become `timedelta`, times of day `time`, money `Decimal`, lists tuples.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Final

from agent.config.alarms import Alarms
from agent.config.budget import Budget
from agent.config.campaigns import (
    PLANNED,
    BackInStock,
    Campaign,
    LoyaltyReward,
    NewArrivals,
    PriceDrop,
    WeMissYou,
)
from agent.config.dashboard import Dashboard
from agent.config.interest import Interest
from agent.config.kinds import Choice, Duration, Items, TimeOfDay, Whole
from agent.config.languages import Languages
from agent.config.mirror import Mirror
from agent.config.occasions import Occasion
from agent.config.order_news import NEWS, News, OrderNews, StatusUpdate
from agent.config.outcome import Attribution, Conversations, Holdout, Links
from agent.config.parties import Shop, WhatsApp
from agent.config.people import Audience, Consent, Limits
from agent.config.places import Address, File, Listen, PublicUrl
from agent.config.retention import Retention
from agent.config.schema import optional_secret, section, setting
from agent.rules.order_kinds import STATUSES


@section
class Web:
    """What winback listens on: webhooks arrive here, through your web server."""

    listen: Address = setting(
        Listen(), "Address and port; port 0 takes a free one.", default="127.0.0.1:8087"
    )
    max_body_mb: int = setting(
        Whole(1, 16), "Largest request taken, in megabytes. WhatsApp sends up to 3.", default=3
    )
    threads: int = setting(
        Whole(1, 64),
        "How many requests are answered at once. WhatsApp's webhooks wait together for the disk, so more "
        "of them are stored in a second.",
        default=32,
    )
    public_url: str = setting(
        PublicUrl(),
        "The https address under which your web server passes requests on to winback, such as "
        '"https://shop.example"; the shop\'s webhooks then go to /webhooks/shop below it.',
        default="",
    )
    shop_webhook_secret: str = optional_secret(
        'Proves that a webhook comes from the shop; "" takes none. winback works without them, they '
        "only tell of changes sooner. After a change run `winback shop-webhooks install`.",
        default="",
        hint="make one up (openssl rand -hex 24); `winback shop-webhooks install` gives it to the shop",
        least=16,
    )
    shop_webhook_secret_previous: str = optional_secret(
        "The one before, which counts too while the new one is put into use.",
        default="",
        hint="the secret of before; take it out again after `winback shop-webhooks install`",
        least=16,
    )
    events_token: str = optional_secret(
        "The bearer token of POST /events, by which the shop tells what people look at and wish for; "
        '"" takes none.',
        default="",
        hint="make one up (openssl rand -hex 24), and give it to the shop's plugin: `winback bridge`",
        least=16,
    )


@section
class Database:
    """Where winback keeps what it knows (SQLite)."""

    path: Path = setting(
        File(),
        "The file. One that is relative starts at the folder of this config.",
        default="/var/lib/winback/winback.db",
    )


@section
class Log:
    """The status log, on stderr: systemd's journal has it."""

    format: str = setting(Choice(("logfmt", "json")), "How a line is written.", default="logfmt")
    level: str = setting(
        Choice(("debug", "info", "warning")), "The least that is told.", default="info"
    )
    heartbeat: timedelta = setting(
        Duration("10s", "1h"),
        "How often a line says that all is well, and how far we are.",
        default="5m",
    )


@section
class Timetable:
    """What happens when, in the shop's own time zone."""

    poll: timedelta = setting(
        Duration("1s", "1h"), "How often the shop is asked what changed.", default="1m"
    )
    campaigns_at: time = setting(
        TimeOfDay(), "When the campaigns of the day are decided.", default="09:00"
    )
    campaigns_until: time = setting(
        TimeOfDay(), "A run that was missed is made up until then, not later.", default="18:00"
    )
    alerts: timedelta = setting(
        Duration("10m", "1d"),
        "How often it is looked who waits for a product that is back, or cheaper.",
        default="1h",
    )
    templates: timedelta = setting(
        Duration("1m", "1d"), "How often the templates are read again from WhatsApp.", default="1h"
    )
    attribution: timedelta = setting(
        Duration("1m", "1d"), "How often orders are credited to messages.", default="15m"
    )
    stale_after: timedelta = setting(
        Duration("1m", "1d"),
        "No campaign runs when the shop was last read longer ago than this.",
        default="15m",
    )


@section
class Campaigns:
    """The reasons to write. Each is off until its own section says `enabled = true`."""

    priority: tuple[str, ...] = setting(
        Items(Choice(PLANNED)),
        "Who fits several campaigns gets the first of these.",
        default=list(PLANNED),
    )


CAMPAIGNS: Final[Mapping[str, type[Campaign]]] = MappingProxyType(
    {one.name: one for one in (WeMissYou, NewArrivals, LoyaltyReward, BackInStock, PriceDrop)}
)
"""The campaigns by name."""

OWN_STATUS: Final = f"order_news.{STATUSES}.ready-for-pickup"
"""Stands for the sections of all statuses that a shop has of its own: their names are the shop's."""

SECTIONS: Final[Mapping[str, type]] = MappingProxyType(
    {
        "shop": Shop,
        "whatsapp": WhatsApp,
        "web": Web,
        "database": Database,
        "log": Log,
        "timetable": Timetable,
        "mirror": Mirror,
        "consent": Consent,
        "limits": Limits,
        "audience": Audience,
        "languages": Languages,
        "interest": Interest,
        "budget": Budget,
        "links": Links,
        "conversations": Conversations,
        "attribution": Attribution,
        "holdout": Holdout,
        "alarms": Alarms,
        "dashboard": Dashboard,
        "retention": Retention,
        "campaigns": Campaigns,
        **{f"campaigns.{name}": cls for name, cls in CAMPAIGNS.items()},
        "order_news": OrderNews,
        **{f"order_news.{name}": cls for name, cls in NEWS.items()},
        OWN_STATUS: StatusUpdate,
    }
)
"""Every section by its dotted name, in the order of the file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """A config file that has been read and found right."""

    path: Path  # of the file, absolute
    warnings: tuple[str, ...]  # one a line, such as a secret that others can read
    shop: Shop
    whatsapp: WhatsApp
    web: Web
    database: Database
    log: Log
    timetable: Timetable
    mirror: Mirror
    consent: Consent
    limits: Limits
    audience: Audience
    languages: Languages
    interest: Interest
    budget: Budget
    links: Links
    conversations: Conversations
    attribution: Attribution
    holdout: Holdout
    alarms: Alarms
    dashboard: Dashboard
    retention: Retention
    priority: tuple[str, ...]  # of [campaigns]
    campaigns: Mapping[str, Campaign]  # by name; also those not enabled
    order_news: OrderNews
    news: Mapping[str, News]  # the kinds of order news by name; also those not enabled

    def held_out_of(self, campaign: str) -> int:
        """How many percent of those whom it chooses hear nothing from this campaign."""
        own = self.campaigns[campaign].holdout
        return self.holdout.share if own is None else own

    @property
    def occasions(self) -> Mapping[str, Occasion]:
        """Everything that is written, by the name that it has in the outbox."""
        return {**self.campaigns, **self.news}
