"""Every message that WhatsApp took, held against what was promised, in the moment it was taken.

Nothing here asks the agent's rules: what may be is worked out anew from the sandbox. Only what the
agent itself says (which campaign, why) comes from its outbox.
"""

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import phonenumbers
from phonenumbers import timezone
from story_config import Terms
from story_known import is_known
from story_truth import Household, Truth
from story_world import World

from agent.sandbox.whatsapp.messages import Accepted
from models import Confirmation, Interest, Message

WINBACKS = {"we_miss_you", "new_arrivals", "loyalty_reward"}
ALERTS = {"back_in_stock", "price_drop"}
SIXTY_DAYS = timedelta(days=60)
FEWEST_HOURS = 4
UNSENDABLE = re.compile(r"[\n\r\t]| {5}|^\s*$|[{}]|\bNone\b")
UNHEARD = "said under an id of which only statuses have told"
DEFERRED = 131049  # Meta held it back: the same message may be tried once more


class Broken(AssertionError):
    """A promise was broken. The text says which, when and to whom."""


class Promises:
    """Checks each message once. `kept` counts what was checked, so that nothing passes by silence."""

    def __init__(self, world: World, truth: Truth, terms: Terms) -> None:
        self._world, self._truth, self._terms = world, truth, terms
        self._now = world.clock.now
        self.known: list[str] = []  # what was wrong, and is known to be
        self.confirmed: set[str] = set()  # STOPs

    def check(self, message: Accepted) -> tuple[Household, Message]:
        """Raises Broken. Returns whom it went to, and its row in the outbox."""
        row = self._row(message)
        home = self._truth.homes.get(message.to)
        if home is None:
            raise self.broken("went to a number that nobody in the town has", message)
        self._once(message, row)
        for complaint in (
            *self._consent(home),
            *self._caps(home, message),
            *self._hours(message.to, message.at),
            *self._words(message, row),
            *self._person(home, message, row),
            *(self._quiet(home, row) if row.campaign in WINBACKS else ()),
        ):
            broken = self.broken(complaint, message, row)
            if not is_known(complaint):
                raise broken
            self.known.append(str(broken))
        return home, row

    def check_confirmation(self, message: Accepted) -> None:
        """Our own words answer a STOP, within a day, and once. Raises Broken."""
        row = Confirmation.get_or_none(Confirmation.uid == (message.callback_data or ""))
        if row is None:
            raise self.broken("something was said to them that answers no STOP", message)
        if not row.said_at <= message.at < row.said_at + timedelta(days=1):
            raise self.broken(f"answers a STOP of {row.said_at}: the window is over", message)
        if row.wamid in self.confirmed:
            raise self.broken(f"a second answer to the STOP of {row.said_at}", message)
        self.confirmed.add(row.wamid)

    def remember(self, home: Household, message: Accepted) -> None:
        """It counts from now on."""
        home.got.append(message)

    def broken(self, what: str, message: Accepted, row: Message | None = None) -> Broken:
        """The failure, with all that is needed to play it again."""
        world = self._world
        told = f"\n  {row.campaign}: {row.reason}" if row else ""
        if row and row.product_id is not None:
            told += f"\n  what the agent knows: {_interest(row)}"
        for one in self._truth.homes[message.to].people if message.to in self._truth.homes else ():
            orders = [self._world.shop.orders.get(number) for number in one.orders]
            told += (
                f"\n  {one.first_name} {one.last_name}, account {one.customer_id}, {one.spelling}, "
                f"{[line.e164 for line in one.lines]}, ordered "
                f"{[(o.id, o.status, f'{o.created:%Y-%m-%d}', o.billing['phone'], o.customer_id) for o in orders if o]}"
            )
        return Broken(
            f"{what}\n  seed {world.seed}, {message.at.astimezone(world.zone):%A %Y-%m-%d %H:%M} in "
            f"{world.zone.key}, to {message.to}: {message.text!r}{told}"
        )

    def _row(self, message: Accepted) -> Message:
        row = Message.get_or_none(Message.uid == (message.callback_data or ""))
        if not isinstance(row, Message):
            raise self.broken("no intent was written down before it was sent", message)
        return row

    def _once(self, message: Accepted, row: Message) -> None:
        before = [
            one
            for one in self._truth.homes[message.to].got
            if one.callback_data == message.callback_data
        ]
        failures = [self._truth.wire.failed.get(one.id, (None, 0))[1] for one in before]
        if before and failures != [DEFERRED]:
            raise self.broken(f"came for the {len(before) + 1}th time", message, row)
        if message.at >= row.expires_at:
            raise self.broken(f"was too old: it expired at {row.expires_at}", message, row)

    def _consent(self, home: Household) -> Iterable[str]:
        if not home.agreed:
            how = f", {UNHEARD}" if home.unheard else ""
            yield f"no consent stands{how}: {sorted(home.said)}"

    def _caps(self, home: Household, message: Accepted) -> Iterable[str]:
        today = message.at.astimezone(self._world.zone).date()
        days = [*self._truth.counted_days(home), today]
        for length, most in ((7, self._terms.per_7_days), (30, self._terms.per_30_days)):
            window = [day for day in days if (today - day).days < length]
            if len(window) > most:
                yield f"{len(window)} messages in {length} days: {sorted(window)}"

    def _hours(self, phone: str, at: datetime) -> Iterable[str]:
        for zone in _deciding(phone, self._world.zone.key, at.date()):
            hour = at.astimezone(ZoneInfo(zone)).hour
            if not 8 <= hour < 22:
                yield f"it was {at.astimezone(ZoneInfo(zone)):%H:%M} in {zone}"

    def _words(self, message: Accepted, row: Message) -> Iterable[str]:
        for place, values in message.parameters.items():
            for value in values:
                if UNSENDABLE.search(value) or value != value.strip():
                    yield f"{place} says {value!r}"
        if len(row.reason.split()) < 3:
            yield f"nobody can understand the reason {row.reason!r}"
        if message.template != row.campaign:
            yield f"the template {message.template} is not that of the campaign"

    def _person(self, home: Household, message: Accepted, row: Message) -> Iterable[str]:
        """What it says about the person is about one who lives there."""
        name = message.parameters["body"][0]
        known = {one.first_name.strip().casefold() for one in home.people}
        if name != "there" and name.casefold() not in known:
            yield f"it calls {sorted(known)} {name!r}"
        if row.campaign == "we_miss_you":
            said = message.parameters["body"][1]
            names = {
                line.parent_name or line.name for o in self._truth.bought(home) for line in o.lines
            }
            if said not in names and said != "something nice":
                yield f"{said!r} was never bought there"

    def _quiet(self, home: Household, row: Message) -> Iterable[str]:
        """The three that win somebody back: only the quiet, only buyers, and not for ever."""
        if self._truth.quiet_for(home) < SIXTY_DAYS:
            yield f"the last order was {self._truth.quiet_for(home)} ago"
        if not self._truth.bought(home):
            yield "nothing was ever bought there"
        last = self._truth.last_order(home)
        tried = [one for one in home.got if one.template in WINBACKS and one.at > last]
        tried = [one for one in tried if not self._truth.failed_before(one, self._now())]
        if len(tried) >= self._terms.attempts:
            yield f"{len(tried)} messages came since the last order"
        rest = {
            "loyalty_reward": self._terms.loyalty_cooldown,
            "new_arrivals": self._terms.arrivals_cooldown,
        }.get(row.campaign, 0)
        today = self._now().astimezone(self._world.zone).date()
        for one in home.got:
            day = one.at.astimezone(self._world.zone).date()
            arrived = not self._truth.failed_before(one, self._now())
            if one.template == row.campaign and (today - day).days < rest and arrived:
                yield f"the same came on {day}, and has to rest for {rest} days"


def _interest(row: Message) -> list[str]:
    known = Interest.select().where(
        Interest.contact_id == row.contact_id, Interest.product_id == row.product_id
    )
    return [
        f"{one.kind} {one.variation_id} {one.first_at:%m-%d %H:%M} to {one.seen_at:%m-%d %H:%M} at "
        f"{one.price}, {one.stock_status} ({one.source})"
        for one in known
    ]


@lru_cache(maxsize=65_536)
def _deciding(phone: str, shop: str, day: object) -> tuple[str, ...]:
    """The zones in which it has to be day: the shop's if the number may be there; else all that it may
    be in, if that leaves hours enough; else the shop's. From the words of the promise."""
    zones = tuple(timezone.time_zones_for_number(phonenumbers.parse(phone)))
    if shop in zones or zones == ("Etc/Unknown",):
        return (shop,)
    noon = datetime.fromisoformat(f"{day}T12:00:00+00:00")
    quarters = [noon + timedelta(minutes=15 * n) for n in range(-48, 48)]
    day_everywhere = [
        one
        for one in quarters
        if all(8 <= one.astimezone(ZoneInfo(zone)).hour < 22 for zone in zones)
    ]
    return zones if len(day_everywhere) / 4 >= FEWEST_HOURS else (shop,)
