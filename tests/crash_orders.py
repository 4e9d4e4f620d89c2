"""What the crash tests of both classes play: real orders, which move while the daemon is killed again
and again, beside the messages of a campaign.

What must hold for order news is looked at after each death, and exactly at the end, by what the sandbox
WhatsApp has counted and what the sandbox shop has come to.
"""

import time
from datetime import timedelta
from pathlib import Path

from crash_stage import NEVER_TAKEN, NOTHING_CAME, CrashStage
from order_news_world import OWN_STATUS, NewsWorld, Told, is_news, order_of

from agent.jobs.settle import settle
from agent.rules.order_kinds import KINDS, REFUNDS, SHIPPING, kind_of
from agent.rules.states import FINAL
from agent.sandbox.clock import WallClock
from models import Message, OrderChange

PUT_OFF = timedelta(
    seconds=15
)  # for as long, at most, until their order was read, or since another
LONGEST_WAIT = 4.0  # seconds that a life waits for news to leave
AREAS = (*range(901, 921), *range(925, 990))  # of phones whose owners hear of nothing but orders
MOVES = ("processing", "on-hold", "completed", "cancelled", OWN_STATUS)
BY_STATUS = {
    "processing": {"order_confirmation", "order_processing"},
    "on-hold": {"order_on_hold"},
    "completed": {"order_completed"},
    "cancelled": {"order_cancelled"},
    "refunded": {"order_refunded"},
    OWN_STATUS: {kind_of(OWN_STATUS)},
}
SAYS_MORE = {*REFUNDS, SHIPPING}
NOTHING_NEW = "nothing to tell"  # it is back where it was


class OrderCrashStage(CrashStage):
    """`hasty`: orders come to rest at once, so that a life of a second has news to send."""

    world: NewsWorld

    def __init__(
        self, folder: Path, seed: int | None = None, *, hasty: bool = True, **config: object
    ) -> None:
        self.hasty = hasty
        self.orders: list[int] = []
        super().__init__(folder, seed, **({"timetable__poll": "1s"} | config))

    def make_world(self, folder: Path) -> NewsWorld:
        return NewsWorld(folder, WallClock(), self.people)

    def open(self) -> None:
        self.world.fill()

    # what happens in the shop

    def trade(self, orders: int) -> None:
        """Some order; as many of those that have ordered before see theirs move, or two moves in one."""
        for _ in range(orders):
            status = self.chosen.choice(("processing", "processing", "on-hold"))
            self.orders.append(self.world.order(self._somebody(), status=status))
            for _ in range(self.chosen.choice((0, 1, 2))):
                self._move(self.chosen.choice(self.orders))

    def _somebody(self) -> str:
        area, line = divmod(len(self.orders), 100)
        return f"+1{AREAS[area]}55501{line:02}"

    def _move(self, number: int) -> None:
        shop, draw = self.world.shop, self.chosen.random()
        if shop.order(number).status == "refunded":
            return
        if draw < 0.7:
            shop.set_status(number, self.chosen.choice(MOVES))
        elif draw < 0.85:
            shop.set_order_meta(number, "_tracking_number", f"EX{self.chosen.randrange(10**6):06}")
        elif shop.refundable(shop.order(number)) > 5:
            shop.refund(number, 5)

    def hurry(self) -> None:
        if self.hasty:
            self.world.let_orders_rest()

    def wait_for_some(self) -> None:
        """Until news leave: campaigns do all the time."""
        before, until = sum(self.world.told.values()), time.monotonic() + LONGEST_WAIT
        while sum(self.world.told.values()) == before and time.monotonic() < until:
            self.hurry()
            time.sleep(0.02)
        if self.chosen.random() < 0.5:
            self.trade(1)

    def is_idle(self) -> bool:
        soon = self.world.clock.now() + PUT_OFF
        return not Message.due(soon, 1) and self.world.has_decided_on_all()

    def send_lost_ones_again(self) -> None:
        """An hour later, if the settings want that."""
        later = self.world.clock.now() + timedelta(hours=2)
        settle(self.world.settings_as_written(), now=later)
        self.seen["sent once more"] = Message.select().where(Message.resent).count()
        self.let_time_pass()
        self.live_in_peace()
        self._look_at_orders()
        settle(self.world.settings_as_written(), now=later + timedelta(hours=2))

    # what must hold

    def look(self) -> None:
        super().look()
        self._look_at_orders()

    def _look_at_orders(self) -> None:
        """At any moment: nothing of an order was told twice."""
        once_more = self._once_more()
        for news, times in self.world.told.items():
            assert times <= 1 + (news in once_more), f"{news} was told {times} times"

    def _once_more(self) -> set[Told]:
        """What may have been told twice: its answer was lost, no status came, and the owner wants that."""
        if not self.world.settings_as_written().order_news.resend_unsure:
            return set()
        query = Message.select().where(Message.resent)
        return {(one.order_id, one.template) for one in query}

    def check(self) -> None:
        """At the end: each order's newest state was told, or there is a reason why not."""
        accepted = [one for one in self.whatsapp.accepted if is_news(one)]
        rows = {one.uid: one for one in Message.select().where(Message.order_id.is_null(False))}
        assert {one.callback_data for one in accepted} <= set(rows), "news vanished"
        assert all(rows[one.callback_data or ""].order_id == order_of(one) for one in accepted)
        for row in rows.values():
            self._check_message(row)
        for number in self.orders:
            self._check_order(number)
        self.seen["orders"], self.seen["news"] = len(self.orders), len(accepted)
        self.seen["news told twice"] = len(accepted) - len(self.world.told)
        assert len(self.world.told) > len(self.orders) / 2, "hardly anything was told"
        super().check()

    def _check_message(self, row: Message) -> None:
        self.seen[f"news {row.state}"] += 1
        times = self.whatsapp.accepted_by_intent[row.uid]
        told = (
            f"{row.campaign} of {row.order_id} is {row.state} ({row.detail}), arrived {times} times"
        )
        if times == 0:
            assert row.state in NEVER_TAKEN, told
            assert row.detail or row.state in {"abandoned", "refused"}, told
        else:
            assert row.state in FINAL | NOTHING_CAME | {"sent"}, told
            assert row.state not in {"refused", "cancelled", "expired"}, told

    def _check_order(self, number: int) -> None:
        changes = list(
            OrderChange.select().where(OrderChange.order_id == number).order_by(OrderChange.id)
        )
        assert changes, f"order {number} was not seen"
        assert all(one.decided_at and one.outcome for one in changes), f"order {number} is open"
        moves = [one for one in changes if one.what == "status"]
        status = self.world.shop.order(number).status
        assert moves[-1].became == status, f"order {number} is {status}, which was not seen"
        kind, _, why_not = moves[-1].outcome.partition(": ")
        said = f"order {number} is {status}: {[one.outcome for one in changes]}"
        assert kind in BY_STATUS[status] | SAYS_MORE | {NOTHING_NEW}, said
        if not why_not and kind != NOTHING_NEW:
            assert kind in {*KINDS, kind_of(OWN_STATUS)}, said
            row = _newest_of(number, kind)
            assert row is not None, f"{said}: and there is no such message"
            assert row.state not in {"queued", "claimed"}, said
            assert f"the order is {status} now" != row.detail, f"{said}: given up although it is so"


def _newest_of(number: int, kind: str) -> Message | None:
    query = Message.select().where(Message.order_id == number, Message.campaign == kind)
    return query.order_by(Message.id.desc()).first()
