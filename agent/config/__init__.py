"""The config: one TOML file -> frozen dataclasses, or every complaint about it at once."""

from agent.config.alarms import Alarms
from agent.config.budget import Budget, Price
from agent.config.campaigns import (
    PLANNED,
    BackInStock,
    Campaign,
    LoyaltyReward,
    NewArrivals,
    PriceDrop,
    Tier,
    WeMissYou,
)
from agent.config.dashboard import Dashboard
from agent.config.example import KeyDoc, describe, render
from agent.config.interest import Interest
from agent.config.languages import Languages
from agent.config.load import load, load_changed, load_draft, load_what_is_sound
from agent.config.mirror import Mirror
from agent.config.occasions import Occasion
from agent.config.order_news import News, OrderNews
from agent.config.outcome import Attribution, Conversations, Holdout, Links
from agent.config.parties import Shop, WhatsApp
from agent.config.people import Audience, Consent, Limits
from agent.config.places import Address
from agent.config.retention import Retention
from agent.config.settings import Database, Log, Settings, Timetable, Web

__all__ = [
    "PLANNED",
    "Address",
    "Alarms",
    "Attribution",
    "Audience",
    "BackInStock",
    "Budget",
    "Campaign",
    "Consent",
    "Conversations",
    "Dashboard",
    "Database",
    "Holdout",
    "Interest",
    "KeyDoc",
    "Languages",
    "Limits",
    "Links",
    "Log",
    "LoyaltyReward",
    "Mirror",
    "NewArrivals",
    "News",
    "Occasion",
    "OrderNews",
    "Price",
    "PriceDrop",
    "Retention",
    "Settings",
    "Shop",
    "Tier",
    "Timetable",
    "WeMissYou",
    "Web",
    "WhatsApp",
    "describe",
    "load",
    "load_changed",
    "load_draft",
    "load_what_is_sound",
    "render",
]
