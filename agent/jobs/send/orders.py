"""Are order news still true, and are they not too many for one person?"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from agent.config import Settings
from agent.jobs.send.articles import LOOK_AGAIN
from agent.order_news import delivered_statuses, order_states, told_of
from agent.rules.order_news import OrderState, outdated
from models import Cursor, Hint, Message, Order, OrderChange
from models.base import among, tuples
from models.order_messages import put_off, sent_on

# A copy that is younger is taken for the shop's own word. The decision reads an order as it comes to
# rest, so its news leave at once; what had to wait is looked up again.
FRESH = timedelta(seconds=15)


@dataclass(slots=True)
class OrdersNow:
    """What the orders have come to that some messages tell of.

    As with the articles of alerts, the shop is asked first where the mirror's copy is not of this moment.
    What is not true of an order that is on the move waits: it may be once that has come to rest.
    """

    states: Mapping[int, OrderState]
    delivered: AbstractSet[str]
    unread: AbstractSet[int]  # orders of which our copy is too old to go by
    whose: Mapping[int, int | None]  # order -> the contact whose number is on it
    moving: AbstractSet[int]  # those that did what nobody has decided on
    tomorrow: datetime
    per_day: int | None
    sent_today: Counter[int] = field(default_factory=Counter)  # contact -> order news

    @classmethod
    def of(
        cls, settings: Settings, messages: Sequence[Message], *, now: datetime, zone: ZoneInfo
    ) -> "OrdersNow":
        news = {one.order_id: one for one in messages if one.order_id is not None}
        today = now.astimezone(zone).date()
        midnight = datetime.combine(today + timedelta(days=1), time(), zone).astimezone(UTC)
        per_day = settings.order_news.per_day
        told: Counter[int] = Counter()
        if news and per_day is not None:
            told.update(sent_on(today, [one.contact_id for one in news.values()]))
        return cls(
            states=order_states(news) if news else {},
            delivered=delivered_statuses(settings),
            unread=_ask_for_old(news, now),
            whose=_whose(news),
            moving=OrderChange.undecided(news).keys() if news else frozenset(),
            tomorrow=midnight,
            per_day=per_day,
            sent_today=told,
        )

    def why_not(self, message: Message) -> str:
        """What happened to the order since the decision; "" where the news is still true, or may be."""
        return "" if message.order_id in self.moving else self._untrue(message)

    def is_unsettled(self, message: Message) -> bool:
        """Does it have to wait until the shop was asked, or until its order has come to rest?"""
        number = message.order_id
        return number in self.unread or (number in self.moving and self._untrue(message) != "")

    def _untrue(self, message: Message) -> str:
        number = message.order_id or 0
        state = self.states.get(number)
        if state is not None and self.whose.get(number) != message.contact_id:
            return "there is another phone number on the order now"
        return outdated(message.campaign, told_of(message), state, delivered=self.delivered)

    def later(self, message: Message) -> datetime | None:
        """Until when it has to wait; None where it may leave."""
        if self.per_day is not None and self.sent_today[message.contact_id] >= self.per_day:
            return self.tomorrow
        return None

    def count(self, message: Message) -> None:
        """It leaves."""
        if message.order_id is not None:
            self.sent_today[message.contact_id] += 1


def _ask_for_old(orders: Iterable[int], now: datetime) -> set[int]:
    """Those whose copy is old; they are read again. While the shop does not answer, all that waits for
    such a look is put off together. Runs in the caller's transaction."""
    read_before = Cursor.shops_clock(now) - FRESH
    query = Order.select(Order.woo_id).where(
        among(Order.woo_id, list(orders)), Order.read_at < read_before
    )
    old = {number for (number,) in tuples(query)}
    if old and Hint.unanswered("orders", old, now - LOOK_AGAIN):
        # Looked at bit by bit, a long queue would keep what is behind it from leaving.
        put_off(read_before, now=now, until=now + LOOK_AGAIN)
    Hint.ask("orders", old, "news", now)
    return old


def _whose(orders: Iterable[int]) -> dict[int, int | None]:
    query = Order.select(Order.woo_id, Order.contact_id)
    return dict(tuples(query.where(among(Order.woo_id, list(orders)))))
