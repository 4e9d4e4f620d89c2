"""Why somebody is written to, or is not: the words that the shop's owner reads."""

from enum import Enum


class Why(Enum):
    """Of a person, and of one campaign for a person."""

    CHOSEN = "chosen"
    NO_CONSENT = "never agreed to marketing on WhatsApp"
    SAID_NO = "said no"
    EXCLUDED = "left out by your settings"
    NEVER_BOUGHT = "never bought anything"
    NOT_QUIET = "ordered recently"
    CAPPED = "heard from you recently"
    FAILED = "could not be reached"
    ATTEMPTS = "had enough messages since the last order"
    BACKLOG = "waits: today's share of the backlog is full"
    ROOM = "waits: as many are queued as can be sent in time"
    BUDGET = "waits: this month's budget is spent"
    QUIET_HOURS = "must not be disturbed now, and later it would be too late"
    NOTHING_FITS = "fits no campaign"
    HELD_OUT = "is in the group that hears nothing, to compare"

    # and why one campaign does not fit
    OFF = "is switched off"
    PAUSED = "is paused"
    COOLING = "came not long ago"
    SPENT_LESS = "has not spent enough"
    NO_EMAIL = "has no e-mail to bind a coupon to"
    NOTHING_NEW = "nothing new in the categories they buy in"
    NOT_WAITING = "waits for nothing that is back"
    NEXT_WAVE = "waits for the next wave: others have waited longer"
    NOT_CHEAPER = "nothing they saw is that much cheaper"
