"""At the end: does the report say what really happened?"""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

from story_truth import Household, Truth
from story_world import World

from agent.config import Settings
from agent.jobs.report import report
from agent.sandbox.shop.rows import Order
from agent.sandbox.whatsapp.messages import Accepted
from models import Conversion, Message

WINDOW = timedelta(days=30)
ARRIVED = {"delivered", "read"}


class Figures:
    """Counted anew from what WhatsApp told and from the shop's orders."""

    def __init__(self, world: World, truth: Truth, settings: Settings) -> None:
        self._world, self._truth, self._settings = world, truth, settings
        self._began = world.clock.now()

    def complaints(self) -> Iterable[str]:
        """What the report gets wrong. Ask right after the orders were attributed."""
        yield from self._funnel()
        yield from self._earned()

    def _funnel(self) -> Iterable[str]:
        last = {one.callback_data: one for one in self._world.whatsapp.accepted}
        states = {
            uid: (str(one.template), self._truth.wire.states.get(one.id, "accepted"))
            for uid, one in last.items()
        }
        real = {
            "sent": Counter(name for name, state in states.values() if state != "failed"),
            "delivered": Counter(name for name, state in states.values() if state in ARRIVED),
            "read": Counter(name for name, state in states.values() if state == "read"),
        }
        taken = {row.uid: row.state for row in Message.select(Message.uid, Message.state)}
        odd = [
            (uid, state, taken.get(str(uid)))
            for uid, (_, state) in states.items()
            if state not in {taken.get(str(uid)), "failed"}
        ]
        now = self._world.clock.now()
        days = (now - self._began).days + 2  # dates, those of both ends with them
        for line in report(self._settings, now=now, days=days).lines:
            one = line.figures
            says = {"sent": one.sent, "delivered": one.delivered, "read": one.opened}
            for what, count in says.items():
                if count != real[what][line.campaign]:
                    yield f"{line.campaign}: {real[what][line.campaign]} {what}, reported {count}; {odd[:3]}"

    def _earned(self) -> Iterable[str]:
        """Each order of people about whom there is no doubt: which message earned it, and how much."""
        uids = {one.id: one.uid for one in Message.select(Message.id, Message.uid)}
        credited = {
            one.order_id: (uids[one.message_id], one.revenue) for one in Conversion.select()
        }
        for home in self._truth.homes.values():
            if not home.plain or not home.got:
                continue
            for order in self._truth.orders(home):
                real = self._credit(home, order)
                if credited.get(order.id) not in real:
                    yield (
                        f"order {order.id} ({order.status}, {order.created}) of {home.phone} was "
                        f"earned by {real}, credited {credited.get(order.id)}"
                    )

    def _credit(self, home: Household, order: Order) -> set[tuple[str, int] | None]:
        """The message that earned it, and how much; several where they left in the same second."""
        bought = {one.id for one in self._truth.bought(home)}
        if order.id not in bought:
            return {None}
        net = self._net(order)
        codes = {line.code.casefold() for line in order.coupon_lines}
        by_coupon = [one for one in self._arrived(home) if codes & self._words(one)]
        before = [
            one for one in self._arrived(home) if timedelta(0) <= order.created - one.at <= WINDOW
        ]
        earned = by_coupon or before
        newest = max((one.at for one in earned), default=None)
        return {(str(one.callback_data), net) for one in earned if one.at == newest} or {None}

    def _net(self, order: Order) -> int:
        """Cents; of what was not given back the share of the goods."""
        if not order.total:
            return 0
        goods = 1 - order.shipping_total / order.total
        left = self._world.shop.refundable(order) * 100 * goods
        return int(left.quantize(Decimal(1), ROUND_HALF_UP))

    def _arrived(self, home: Household) -> list[Accepted]:
        now: datetime = self._world.clock.now()
        return [one for one in home.got if not self._truth.failed_before(one, now)]

    def _words(self, message: Accepted) -> set[str]:
        return {value.casefold() for value in message.parameters["body"]}
