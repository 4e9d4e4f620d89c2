"""What the pages call things that have short names in the database. Each is translated where it is shown."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from agent.rules.consent import COUNTS, NO_CONSENT, NOT_OVER_A_NO, OUTWEIGHED, SWITCHED_ON
from agent.rules.order_kinds import STATUSES
from agent.rules.reasons import Why
from agent.rules.states import State


def N_(text: str) -> str:  # noqa: N802 - gettext's own name for it
    """Marks a text for the catalogues."""
    return text


CAMPAIGNS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "back_in_stock": N_("Back in stock"),
        "price_drop": N_("Price drop"),
        "loyalty_reward": N_("Loyalty reward"),
        "new_arrivals": N_("New arrivals"),
        "we_miss_you": N_("We miss you"),
        "order_confirmation": N_("Order confirmed"),
        "order_processing": N_("Order in preparation"),
        "order_on_hold": N_("Order waits for payment"),
        "order_completed": N_("Order completed"),
        "order_cancelled": N_("Order cancelled"),
        "order_refunded": N_("Order refunded"),
        "order_partly_refunded": N_("Order refunded in part"),
        "shipping_update": N_("Parcel on its way"),
        "order_delivered": N_("Parcel delivered"),
    }
)

STATES: Final[Mapping[str, str]] = MappingProxyType(
    {
        State.QUEUED: N_("Waiting"),
        State.CLAIMED: N_("Being sent"),
        State.ACCEPTED: N_("Accepted by WhatsApp"),
        State.HELD: N_("Held by WhatsApp"),
        State.SENT: N_("Sent"),
        State.DELIVERED: N_("Delivered"),
        State.READ: N_("Read"),
        State.UNSURE: N_("Not sure"),
        State.FAILED: N_("Failed"),
        State.REFUSED: N_("Refused"),
        State.UNDELIVERED: N_("Not delivered"),
        State.ABANDONED: N_("Never known"),
        State.CANCELLED: N_("Called off"),
        State.EXPIRED: N_("Expired"),
        State.WITHHELD: N_("Held out to compare"),
    }
)

TONES: Final[Mapping[str, str]] = MappingProxyType(
    {
        **dict.fromkeys((State.DELIVERED, State.READ), "good"),
        **dict.fromkeys((State.FAILED, State.REFUSED, State.UNDELIVERED), "bad"),
        **dict.fromkeys((State.UNSURE, State.ABANDONED, State.HELD), "warn"),
    }
)
"""State -> by which colour its word is accompanied; the others have none."""

REASONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        Why.CHOSEN.name: N_("chosen"),
        Why.NO_CONSENT.name: N_("never agreed to marketing on WhatsApp"),
        Why.SAID_NO.name: N_("said no"),
        Why.EXCLUDED.name: N_("left out by your settings"),
        Why.NEVER_BOUGHT.name: N_("never bought anything"),
        Why.NOT_QUIET.name: N_("ordered recently"),
        Why.CAPPED.name: N_("heard from you recently"),
        Why.FAILED.name: N_("could not be reached"),
        Why.ATTEMPTS.name: N_("had enough messages since the last order"),
        Why.BACKLOG.name: N_("waits: today's share of the backlog is full"),
        Why.ROOM.name: N_("waits: as many are queued as can be sent in time"),
        Why.BUDGET.name: N_("waits: this month's budget is spent"),
        Why.QUIET_HOURS.name: N_("must not be disturbed now, and later it would be too late"),
        Why.NOTHING_FITS.name: N_("fits no campaign"),
        Why.HELD_OUT.name: N_("is in the group that hears nothing, to compare"),
        Why.OFF.name: N_("is switched off"),
        Why.PAUSED.name: N_("is paused"),
        Why.COOLING.name: N_("came not long ago"),
        Why.SPENT_LESS.name: N_("has not spent enough"),
        Why.NO_EMAIL.name: N_("has no e-mail to bind a coupon to"),
        Why.NOTHING_NEW.name: N_("nothing new in the categories they buy in"),
        Why.NOT_WAITING.name: N_("waits for nothing that is back"),
        Why.NEXT_WAVE.name: N_("waits for the next wave: others have waited longer"),
        Why.NOT_CHEAPER.name: N_("nothing they saw is that much cheaper"),
    }
)
"""Why somebody is left alone, or one campaign does not fit, as agent/rules/reasons.py says it."""

CONDITIONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "consent": N_("agreed to marketing on WhatsApp"),
        "country": N_("lives in a country that is not left out"),
        "roles": N_("has no role in the shop that is left out"),
        "emails": N_("has no e-mail that is left out"),
        "cap_7_days": N_("messages that count in 7 days are fewer than the cap"),
        "cap_30_days": N_("messages that count in 30 days are fewer than the cap"),
        "reachable": N_("WhatsApp can bring them something"),
        "failure": N_("no message failed of late"),
        "on": N_("the campaign can be sent"),
        "cooldown": N_("the last one of this campaign is long enough ago"),
        "bought": N_("has bought something"),
        "quiet": N_("has not ordered for long enough"),
        "attempts": N_("messages since the last order are fewer than the most"),
        "back": N_("waits for something that is back"),
        "place": N_("has a place in this wave"),
        "cheaper": N_("saw something that is cheaper by more than"),
        "buyable": N_("it can be bought"),
        "unbought": N_("has not bought it since"),
        "untold": N_("was not told of this price"),
        "spent": N_("has spent enough"),
        "email": N_("has an e-mail to bind a coupon to"),
        "news": N_("something is new in their categories since they were last there"),
    }
)
"""What is asked before somebody is written to, as agent/rules/conditions.py says it."""

WEIGHTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        COUNTS: N_("counts"),
        OUTWEIGHED: N_("something newer was said"),
        SWITCHED_ON: N_("taken back: marketing was switched on again in WhatsApp"),
        NOT_OVER_A_NO: N_("a list does not override what the person refused"),
        NO_CONSENT: N_("ends what was switched off in WhatsApp, and is no consent"),
    }
)
"""What an entry of the consent ledger weighs, as agent/rules/consent.py says it."""

IDENTITIES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "customer": N_("customer number"),
        "guest_order": N_("order as a guest"),
        "email": N_("e-mail"),
        "wa_id": N_("WhatsApp number"),
        "user_id": N_("WhatsApp user"),
    }
)
STOCK: Final[Mapping[str, str]] = MappingProxyType(
    {
        "instock": N_("in stock"),
        "outofstock": N_("sold out"),
        "onbackorder": N_("on backorder"),
    }
)
KINDS: Final[Mapping[str, str]] = MappingProxyType(
    {"view": N_("looked at it"), "wishlist": N_("on the wishlist"), "cart": N_("in a cart")}
)
SAYS: Final[Mapping[str, str]] = MappingProxyType(
    {"yes": N_("yes"), "no": N_("no"), "resumed": N_("yes again"), "": N_("never asked")}
)
PURPOSES: Final[Mapping[str, str]] = MappingProxyType(
    {"marketing": N_("Marketing"), "order_news": N_("Order news")}
)


def campaign(name: str) -> str:
    """As people say it, in English; a status of the shop's own by its name there."""
    return CAMPAIGNS.get(name) or name.removeprefix(f"{STATUSES}.").replace("_", " ").capitalize()
