"""What is true in a story, worked out from the shop and from what people said: never from the agent.

It is told by the telephone number: that is whom the shop writes to. People who share one are one.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from story_wire import Said, Wire
from story_world import World

from agent.sandbox.shop.rows import Meta, Order
from agent.sandbox.town.people import CUSTOMER_CONSENT, ORDER_CONSENT, Person
from agent.sandbox.town.phones import READABLE, Spelling
from agent.sandbox.whatsapp.messages import Accepted

NO_ORDER = {"failed", "cancelled", "trash", "checkout-draft", "auto-draft", "draft"}
DRAFTS = {"trash", "checkout-draft", "auto-draft", "draft"}
PAID = {"processing", "completed"}
NEVER = datetime.min.replace(tzinfo=ZoneInfo("UTC"))


@dataclass
class Household:
    """Who can be reached at one number, and what was said there."""

    phone: str
    people: list[Person] = field(default_factory=list)
    said: list[tuple[datetime, str]] = field(default_factory=list)  # when, yes or no
    got: list[Accepted] = field(default_factory=list)  # what WhatsApp took for it
    unheard: bool = False  # a no came from an id that only statuses have told of

    @property
    def agreed(self) -> bool:
        """The newest word counts, and a no before a yes of the same second."""
        return (
            bool(self.said) and max(self.said, key=lambda one: (one[0], one[1] == "no"))[1] == "yes"
        )

    @property
    def plain(self) -> bool:
        """One person with this number only: nothing about it can be understood in two ways."""
        return (
            len(self.people) == 1
            and len(self.people[0].lines) == 1
            and self.people[0].spelling in READABLE
        )


class Truth:
    """Kept current by `look`; asked by the checks."""

    def __init__(self, world: World) -> None:
        self.world, self.wire = world, Wire(world.whatsapp)
        self.homes: dict[str, Household] = {}
        self._numbers: dict[tuple[str, str], set[str]] = defaultdict(set)  # as typed, country
        self._at_user: dict[str, str] = {}
        self._known_users: set[str] = set()
        self._people = 0
        self._fresh: list[tuple[str, int]] = []  # orders and accounts not looked at yet
        for order in world.shop.orders:
            self._fresh.append(("order", order.id))
        for account in world.shop.customers:
            self._fresh.append(("customer", account.id))
        world.shop.listeners.append(self._notice)

    # what happened

    def look(self) -> None:
        """See what is new in the shop. What somebody says counts when it can be found there."""
        for person in self.world.town.people[self._people :]:
            self._people += 1
            self._meet(person)
        fresh, self._fresh = self._fresh, []
        for what, number in fresh:
            if what == "order":
                order = self.world.shop.order(number)
                if order.status not in DRAFTS:
                    self._hear(order.billing, order.meta, ORDER_CONSENT, order.created)
            else:
                account = self.world.shop.customer(number)
                self._hear(account.billing, account.meta, CUSTOMER_CONSENT, account.created)

    def _notice(self, what: str, event: str, number: int) -> None:
        if event == "created" and what in {"order", "customer"}:
            self._fresh.append((what, number))

    def hear(self, told: list[Said]) -> None:
        """What people said to the agent counts from when it has taken it."""
        for one in told:
            phone = self._at_user.get(one.user)
            if phone is None:
                continue
            home = self.homes[phone]
            if self._can_be_known(home, one):
                self._known_users.add(one.user)
            elif one.refuses:
                home.unheard = True
            if one.refuses:
                home.said.append((one.at, "no"))

    def _can_be_known(self, home: Household, said: Said) -> bool:
        """Without a look at what statuses tell of their recipients: who was it?"""
        if said.about_ours or said.user in self._known_users:
            return True
        if not said.shows_number:
            return False
        answered = any(one.id not in self.wire.lost for one in home.got)
        return answered or self.world.has_plain_id(home.phone)

    def _meet(self, person: Person) -> None:
        lines = [line.e164 for line in person.lines]
        for phone in lines:
            home = self.homes.setdefault(phone, Household(phone))
            home.people.append(person)
            self._at_user[self.world.whatsapp.person(phone).user_id] = phone
        for position, typed in enumerate(person.fields):
            meant = lines if person.spelling is Spelling.TWO_NUMBERS else lines[:1]
            if position < len(lines) and person.spelling in READABLE:
                meant = [lines[position]]
            self._numbers[typed, person.country].update(meant)

    def _hear(self, billing: dict[str, str], meta: list[Meta], key: str, at: datetime) -> None:
        said = {"yes": "yes", "refused": "no"}
        for value in (said.get(str(one.value)) for one in meta if one.key == key):
            for phone in self._numbers.get((billing["phone"], billing["country"]), ()):
                if value:
                    self.homes[phone].said.append((at, value))

    # what is so now

    def orders(self, home: Household) -> Iterator[Order]:
        """Those of the people there. A guest who gave another number is somebody else to the shop."""
        for person in home.people:
            for number in person.orders:
                order = self.world.shop.orders.get(number)
                if order is None:
                    continue
                given = self._given(order)
                if order.customer_id or not given or home.phone in given:
                    yield order

    def last_order(self, home: Household) -> datetime:
        """When anybody there last ordered, or NEVER. What failed or was cancelled is no order."""
        moments = (one.created for one in self.orders(home) if one.status not in NO_ORDER)
        return max(moments, default=NEVER)

    def bought(self, home: Household) -> list[Order]:
        """Paid, and neither cancelled nor given back in full."""
        return [one for one in self.orders(home) if self._is_bought(one)]

    def _is_bought(self, order: Order) -> bool:
        if order.status in NO_ORDER or order.status == "refunded":
            return False
        paid = order.paid is not None or order.status in PAID
        return paid and (not order.total or self.world.shop.refundable(order) > 0)

    def spent(self, home: Household) -> Decimal:
        left = (self.world.shop.refundable(one) for one in self.bought(home))
        return sum(left, Decimal(0))

    def bought_at(
        self, home: Household, product: int, variation: int = 0, *, here: bool = False
    ) -> datetime:
        """When it was last bought there (any size, if none is named), or NEVER; `here`: in an order
        that gave this number."""
        moments = (
            order.created
            for order in self.bought(home)
            if not here or home.phone in self._given(order)
            for line in order.lines
            if line.product_id == product and variation in (0, line.variation_id)
        )
        return max(moments, default=NEVER)

    def _given(self, order: Order) -> set[str]:
        """The numbers that an order names, as a careful reader understands them."""
        return self._numbers.get((order.billing["phone"], order.billing["country"]), set())

    def counted_days(self, home: Household, *, but: str = "") -> list[date]:
        """The shop's dates of what counts for the caps: all that did not provably fail."""
        zone = self.world.zone
        return [
            one.at.astimezone(zone).date()
            for one in home.got
            if one.id != but and not self.failed_before(one, self.world.clock.now())
        ]

    def failed_before(self, message: Accepted, moment: datetime) -> bool:
        """Did the agent know by then that it never arrived?"""
        known = self.wire.failed.get(message.id)
        return known is not None and known[0] <= moment

    def quiet_for(self, home: Household) -> timedelta:
        return self.world.clock.now() - self.last_order(home)
