"""Once a day: is everything accounted for, and does the agent know what is so?"""

from collections import Counter
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from story_config import Terms
from story_promises import DEFERRED, UNHEARD
from story_truth import Truth
from story_world import World

from agent.sandbox.whatsapp.messages import Accepted
from models import Contact, Message, Order, Product
from models.base import tuples

STATES = {
    *("queued", "claimed", "accepted", "held", "sent", "delivered", "read", "unsure", "failed"),
    *("refused", "undelivered", "abandoned", "cancelled", "expired"),
}
TAKEN = {"accepted", "held", "sent", "delivered", "read", "failed", "undelivered"}

MONTH = timedelta(days=30)  # for which WhatsApp keeps what it could not deliver


class Books:
    """Compares the agent's tables with the world."""

    def __init__(self, world: World, truth: Truth, terms: Terms) -> None:
        self._world, self._truth, self._terms = world, truth, terms

    def complaints(self) -> Iterable[str]:
        """All that is wrong."""
        yield from self._outbox()
        yield from self._statuses()
        yield from self._consent()
        yield from self._months()
        if self._world.open:
            yield from self._orders()
            yield from self._products()

    def _templates(self) -> list[Accepted]:
        """All that left the outbox: what answers a STOP is no message of a campaign."""
        return [one for one in self._world.whatsapp.accepted if one.kind == "template"]

    def _outbox(self) -> Iterable[str]:
        now = self._world.clock.now()
        accepted = {one.callback_data for one in self._templates()}
        failed = self._truth.wire.failed
        went_out = {
            one.callback_data
            for one in self._templates()
            if failed.get(one.id, (None, 0))[1]
            != DEFERRED  # it may be called off before its second try
        }
        known = set[str | None]()
        for uid, state, expires, detail in _rows("uid", "state", "expires_at", "detail"):
            known.add(uid)
            if state not in STATES or state == "claimed":
                yield f"message {uid} stands at {state!r} while nobody works on it"
            if state == "queued" and expires <= now:
                yield f"message {uid} is queued since long, and expired {expires}"
            if uid in went_out and state in {"cancelled", "expired", "refused"}:
                yield f"message {uid} went out, and is said to be {state}: {detail}"
            if uid not in accepted and state in TAKEN:
                yield f"message {uid} is said to be {state}, and WhatsApp never had it"
        if accepted - known:
            yield f"WhatsApp has {len(accepted - known)} messages that stand nowhere"

    def _statuses(self) -> Iterable[str]:
        """What WhatsApp told last is what the outbox has; not where it was tried more than once."""
        rows = _rows("uid", "wamid", "state", "code", "attempts")
        states = {wamid: state for _, wamid, state, _, _ in rows}
        again = {uid for uid, _, _, code, attempts in rows if code == DEFERRED or attempts > 1}
        for one in self._templates():
            told = self._truth.wire.states.get(one.id)
            if told is None or one.callback_data in again:
                continue
            long_ago = self._world.clock.now() - one.at > MONTH
            if long_ago and told == "sent" and states.get(one.id) == "undelivered":
                continue  # nothing more is to be heard of it
            if states.get(one.id) != told:
                yield f"{one.id} to {one.to} is {told}, and the outbox has {states.get(one.id)}"

    def _consent(self) -> Iterable[str]:
        """Who agreed, and who said no: as the agent has it, and as it is."""
        for phone, stands in tuples(Contact.select(Contact.phone, Contact.marketing)):
            home = self._truth.homes.get(phone)
            if home is None or not home.plain:
                continue
            answer = ("yes" if home.agreed else "no") if home.said else ""
            if stands != answer:
                how = f" {UNHEARD}" if home.unheard else ""
                yield f"{phone} said {sorted(home.said)}{how}, and stands at {stands!r}"

    def _months(self) -> Iterable[str]:
        if self._terms.budget is None:
            return
        months = Counter(
            f"{one.at.astimezone(self._world.zone):%Y-%m}"
            for one in self._templates()
            if one.id not in self._truth.wire.failed  # these cost nothing
        )
        for month, count in months.items():
            if count > self._terms.budget:
                yield f"{count} messages in {month}, and the budget was {self._terms.budget}"

    def _orders(self) -> Iterable[str]:
        rows = tuples(Order.select(Order.woo_id, Order.status, Order.total))
        mirrored = {number: (status, total) for number, status, total in rows}
        real = {
            one.id: (one.status, int(one.total * 100))
            for one in self._world.shop.orders
            if one.status != "trash"
        }
        for number in real.keys() | mirrored.keys():
            has, is_so = mirrored.get(number), real.get(number)
            if has != is_so and (has is None or has[0] != "trash"):
                yield f"order {number} is {is_so}, and the mirror has {has}"

    def _products(self) -> Iterable[str]:
        """Stock and status, but for what was written past WooCommerce: that is found by the sweep."""
        within = timedelta(hours=self._terms.sweep_hours + 24)
        columns = (Product.woo_id, Product.stock_quantity, Product.stock_status)
        rows = tuples(Product.select(*columns))
        mirrored = {number: (stock, status) for number, stock, status in rows}
        for one in (*self._world.shop.products, *self._world.shop.variations):
            row = mirrored.get(one.id)
            imported = self._world.bustle.past_woocommerce.get(one.id)
            unseen = imported is not None and self._world.clock.now() - imported < within
            if unseen or one.status == "trash":
                continue
            if row != (one.stock, one.stock_status):
                yield f"{one.name!r} ({one.id}) has {one.stock, one.stock_status}, mirrored {row}"


def _rows(*columns: str) -> list[tuple[Any, ...]]:
    """Of all messages, without making an object of each."""
    return tuples(Message.select(*(getattr(Message, name) for name in columns)))
