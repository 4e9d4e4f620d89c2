"""What an order that changed is news of: at most one thing, the newest; and whether that is still so.

An order is *placed* once it has left the statuses that it has before somebody pays or promises to.
Only what an order has come to is told: what it was in between is left out.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from agent.rules.order_details import out_of_text
from agent.rules.order_kinds import (
    CANCELLED,
    COMPLETED,
    CONFIRMATION,
    DELIVERED,
    ON_HOLD,
    PARTLY_REFUNDED,
    PROCESSING,
    REFUNDED,
    SHIPPING,
    kind_of,
)

DRAFTS: Final = frozenset({"checkout-draft", "auto-draft", "draft"})
UNPLACED: Final = DRAFTS | {"", "pending", "failed"}  # "": we have not seen it before
GONE: Final = DRAFTS | {"trash"}
OVER: Final = GONE | {"cancelled", "refunded", "failed"}  # nothing of it is on its way any more

_BY_STATUS: Final = {"processing": PROCESSING, "on-hold": ON_HOLD, "completed": COMPLETED}


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that the order did: `what` is status, shipments or refund. Of shipments the numbers are
    kept `in_one_text`."""

    what: str
    was: str
    became: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderState:
    """What an order has come to. Amounts are minor units; `numbers` are those of its shipments."""

    status: str
    total: int = 0
    refunded: int = 0
    numbers: tuple[str, ...] = ()

    @property
    def fully_refunded(self) -> bool:
        return self.refunded > 0 and (self.status == "refunded" or self.refunded >= self.total)


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What a message tells of an order, to be compared with what it is when the message leaves."""

    status: str
    refunded: int = 0
    number: str = ""  # of the shipment
    total: int | None = None  # where it says what the order costs, or has in it


def is_placed(status: str) -> bool:
    """Has somebody ordered, and is it not over?"""
    return status not in UNPLACED | OVER


def candidates(
    order: OrderState,
    changes: Sequence[Change],
    *,
    delivered: Collection[str],
    heard: bool = False,
) -> list[str]:
    """The kinds of news that fit what `order` has come to by `changes` (in their order), best first.

    `delivered` are the statuses that say that it has arrived; `heard`: its customer was told of it
    before. The first that the owner wants told, and that was not told before, is the one to tell. []
    where there is nothing to tell.
    """
    if order.status in GONE:
        return []
    moves = [change for change in changes if change.what == "status"]
    did = {change.what for change in changes}
    was = moves[0].was if moves else order.status
    # Back where it was is no news; from the trash an order comes back to where it was.
    entered = was not in {order.status, "trash"}
    if order.fully_refunded:
        return [REFUNDED] if entered or "refund" in did else []
    found: list[str] = []
    if "refund" in did and order.refunded:
        found.append(PARTLY_REFUNDED)
    if order.status == "cancelled":
        ever = any(is_placed(status) for move in moves for status in (move.was, move.became))
        return [*found, CANCELLED] if entered and (ever or heard) else found
    arrived = order.status in delivered
    if entered and arrived:
        found.append(DELIVERED)
    on_its_way = not arrived and order.status not in OVER
    if "shipments" in did and on_its_way and newest_number(order, changes):
        found.append(SHIPPING)
    if entered:
        found += _by_status(was, order.status)
    return found


def _by_status(was: str, status: str) -> list[str]:
    own = _BY_STATUS.get(status) or kind_of(status)
    if was not in UNPLACED or not is_placed(status):
        return [own]
    # Whoever has just ordered wants to know that the order arrived; if it waits for money or is done
    # already, that tells more.
    return [CONFIRMATION, own] if own == PROCESSING else [own, CONFIRMATION]


def newest_number(order: OrderState, changes: Sequence[Change]) -> str:
    """The last of the tracking numbers that came by `changes`; "" where none did.

    Where no change is about shipments, all of them count as new.
    """
    had = next((out_of_text(one.was) for one in changes if one.what == "shipments"), [])
    came = [number for number in order.numbers if number not in had]
    return came[-1] if came else ""


def about(
    kind: str, order: OrderState, changes: Sequence[Change], *, tells_total: bool = False
) -> About:
    """What a message of this kind, because of `changes`, tells of the order as it is now."""
    number = newest_number(order, changes) if kind == SHIPPING else ""
    total = order.total if tells_total else None
    return About(status=order.status, refunded=order.refunded, number=number, total=total)


def outdated(
    kind: str, told: About, order: OrderState | None, *, delivered: Collection[str]
) -> str:
    """Why a message of this kind is not true any more; "" if it is. None: there is no such order."""
    if order is None or order.status in GONE:
        return "the order is gone"
    if told.total not in {None, order.total}:
        return "the order was edited"
    if kind in {REFUNDED, PARTLY_REFUNDED}:
        same = told.refunded == order.refunded and order.fully_refunded == (kind == REFUNDED)
        return "" if same else "more was given back meanwhile, or less"
    if kind == SHIPPING:
        on_its_way = order.status not in OVER and order.status not in delivered
        same = on_its_way and not order.fully_refunded and told.number in order.numbers
        return "" if same else "the shipment is not on its way any more"
    if order.status != told.status:
        return f"the order is {order.status} now"
    return "the order was refunded" if order.fully_refunded else ""


WINDOW: Final = timedelta(minutes=10)


def in_bulk(moments: Sequence[datetime], most: int) -> frozenset[datetime]:
    """Which of these moments of change lie among more than `most` within ten minutes.

    `moments` has one entry for each order, in any order.
    """
    ordered = sorted(moments)
    bulk: set[datetime] = set()
    first = marked = 0
    for last, moment in enumerate(ordered):
        while moment - ordered[first] > WINDOW:
            first += 1
        if last - first + 1 > most:
            bulk.update(ordered[max(first, marked) : last + 1])
            marked = last + 1
    return frozenset(bulk)
