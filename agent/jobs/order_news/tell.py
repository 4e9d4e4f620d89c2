"""Decide on the orders that have come to rest: one message about the newest state, or the reason why not."""

import secrets
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from peewee import chunked

from agent import faults
from agent.config import Settings
from agent.jobs.order_news.facts import UNWATCHED, Batch, Facts
from agent.jobs.order_news.wording import Words
from agent.log import Log
from agent.order_news import (
    delivered_statuses,
    kind_of_message,
    moved_to_marketing,
    told_of,
    watched_since,
)
from agent.rules.caps import Caps, allows
from agent.rules.order_kinds import CONFIRMATION, REFUNDED, kind_of
from agent.rules.order_news import WINDOW, About, about, candidates, in_bulk, outdated
from agent.rules.wording import EmptyValue
from models import Cursor, Hint, Message, OrderChange, ShopFact
from models.base import transaction
from models.delivery import MARKETING

log = Log(__name__)

ORDERS_A_BATCH = 500
PRIORITY = -10  # before all campaigns
IMPORTED = timedelta(hours=24)  # an order that is older when we first see it was made elsewhere
AHEAD = timedelta(seconds=10)
OF_THE_TOTAL = frozenset({"order_total", "order.total", "item_count", "item_list"})
SHOPS_SECOND = timedelta(seconds=1)  # the shop's clock, as its answers tell it, has no fractions
IN_BULK = "one of too many at a time: an import, or edited in bulk"
OVERTAKEN = "there was newer news of this kind before it left"
NO_AMOUNT = "the shop tells no amount"
LONGEST_WAIT = timedelta(minutes=5)  # for the lines or refunds of an order, which come after it


def tell_orders(settings: Settings, *, now: datetime, beat: Callable[[], None]) -> dict[str, int]:
    """Write the news of all orders whose last change was seen `settle` ago.

    Running it twice changes nothing. Returns how many orders were told, and how many were not.
    """
    since, zone = watched_since(now), ShopFact.all().get("zone")
    if since is None or zone is None:
        return {}
    tally: Counter[str] = Counter()
    orders = OrderChange.settled(now - settings.order_news.settle + _ahead(settings))
    if not orders:
        return {}
    moments = OrderChange.newest_moments(max(min(orders.values()), since) - WINDOW)
    bulk = in_bulk(moments, settings.order_news.bulk)
    for some in chunked(orders, ORDERS_A_BATCH):
        with transaction():
            _Telling.of(
                settings, some, now=now, since=since, zone=ZoneInfo(zone), bulk=bulk
            ).decide(tally)
        if tally["told"]:
            faults.point("news decided")
        beat()
    _tell_of_bulk(tally.pop(IN_BULK, 0))
    return {what: count for what, count in tally.items() if count}


def _ahead(settings: Settings) -> timedelta:
    """How long before its time an order is read again, so that nothing is told that it has left since."""
    return min(AHEAD, settings.order_news.settle / 2)


class _Telling:
    """The decision on one batch of orders, in the caller's transaction."""

    def __init__(
        self,
        settings: Settings,
        batch: Batch,
        *,
        now: datetime,
        since: datetime,
        zone: ZoneInfo,
        bulk: Collection[datetime],
    ) -> None:
        self._settings, self._batch, self._now, self._since = settings, batch, now, since
        self._bulk = bulk
        self._apart = Cursor.shops_clock(now) - now  # how far the shop's clock is ahead
        self._settled = now - settings.order_news.settle
        self._today = now.astimezone(zone).date()
        self._delivered = delivered_statuses(settings)
        self._marketing = moved_to_marketing()
        self._caps = Caps(settings.limits.per_7_days, settings.limits.per_30_days)
        self._words = Words.gather(settings, batch, zone)

    @classmethod
    def of(
        cls,
        settings: Settings,
        orders: Sequence[int],
        *,
        now: datetime,
        since: datetime,
        zone: ZoneInfo,
        bulk: Collection[datetime],
    ) -> "_Telling":
        batch = Batch.gather(orders, now.astimezone(zone).date() - timedelta(days=30))
        return cls(settings, batch, now=now, since=since, zone=zone, bulk=bulk)

    def decide(self, tally: Counter[str]) -> None:
        """Write messages and outcomes. Some orders wait: to come to rest, or for what the shop has yet
        to tell of them."""
        outcomes: dict[int, str] = {}
        rows: list[dict[str, Any]] = []
        unread: list[int] = []
        for facts in self._batch:
            kind, why_not = self._choose(facts)
            may_be_told = not why_not or why_not == NO_AMOUNT
            if may_be_told and not self._is_read_again(facts):
                unread.append(facts.order_id)
            if facts.seen_at > self._settled or (
                may_be_told and (self._is_incomplete(facts) or not self._is_read_again(facts))
            ):
                continue
            if not why_not:
                try:
                    rows.append(self._message(facts, kind))
                except EmptyValue as error:
                    why_not = str(error)
            outcomes[facts.order_id] = ": ".join(filter(None, (kind, why_not)))
        self._drop_overtaken(rows)
        new = set(Message.put([row for row in rows if self._may_be_sent(row, outcomes)]))
        told = {row["order_id"] for row in rows if row["uid"] in new}
        Hint.ask("orders", unread, "news", self._now)
        self._write(outcomes)
        if told:
            faults.point("news written")
        tally["told"] += len(told)
        tally["not told"] += len(outcomes) - len(told)
        tally[IN_BULK] += sum(outcome.endswith(IN_BULK) for outcome in outcomes.values())

    def _is_read_again(self, facts: Facts) -> bool:
        """Was it read when it was about to come to rest? A poll may have missed what it did since."""
        if facts.order is None:
            return True
        wanted = facts.seen_at + self._settings.order_news.settle - _ahead(self._settings)
        read_at: datetime = facts.order.read_at
        return read_at >= wanted + self._apart - SHOPS_SECOND

    def _is_incomplete(self, facts: Facts) -> bool:
        """Will the shop soon tell more of it? Lines and refunds come in requests of their own."""
        if facts.order is None or self._now - facts.seen_at >= LONGEST_WAIT:
            return False
        changed, lines_at = facts.order.modified_at, facts.order.lines_at
        without_lines = lines_at is None or (changed is not None and lines_at < changed)
        return without_lines or (facts.state.status == "refunded" and not facts.state.refunded)

    def _choose(self, facts: Facts) -> tuple[str, str]:
        """The kind of news, and why it is not told; "" if it is."""
        if facts.order is None:
            return "", "the shop has no such order any more"
        found = candidates(
            facts.state, facts.moves, delivered=self._delivered, heard=bool(facts.told)
        ) or self._edited(facts)
        if not found:
            return "", "nothing to tell"
        if found == [kind_of("refunded")]:
            return REFUNDED, NO_AMOUNT
        unwatched = self._unwatched(facts)
        if unwatched:
            return found[0], unwatched
        news = self._settings.news
        wanted = [kind for kind in found if kind in news and news[kind].enabled]
        if not wanted:
            return found[0], "is switched off"
        # who has heard of an order already need not hear that it arrived
        heard = facts.told | {CONFIRMATION} if facts.told else facts.told
        new = [kind for kind in wanted if kind not in heard or self._is_overtaken(facts, kind)]
        if not new:
            return wanted[0], "told before"
        kind = new[0]
        if self._expires(facts, kind) <= self._now:
            return kind, "too late: we saw it long after it happened"
        return kind, _unwilling(facts)

    def _unwatched(self, facts: Facts) -> str:
        """Why what this order did is nothing that happened under our eyes."""
        if facts.changed_at < self._since:
            return UNWATCHED
        created = facts.order.created_at if facts.order else None
        if facts.is_new and created is not None and facts.changed_at - created > IMPORTED:
            return "the order is older than what we saw of it: an import"
        if facts.changed_at in self._bulk:
            return IN_BULK
        return ""

    def _expires(self, facts: Facts, kind: str) -> datetime:
        """By our clock."""
        changed_at: datetime = facts.changed_at - self._apart
        return changed_at + self._settings.news[kind].expires_after

    def _is_overtaken(self, facts: Facts, kind: str) -> bool:
        """Does news of this kind wait that is not so any more? Then what came of it since is told."""
        message = facts.queued.get(kind)
        if message is None:
            return False
        why_not = self._why_outdated(kind, told_of(message), facts)
        return why_not != "" or message.contact_id != facts.order.contact_id

    def _edited(self, facts: Facts) -> list[str]:
        """What waits, and is right but for what the order costs now."""
        total = facts.state.total
        return [
            kind
            for kind, message in facts.queued.items()
            if self._is_overtaken(facts, kind)
            and not self._why_outdated(kind, replace(told_of(message), total=total), facts)
        ]

    def _why_outdated(self, kind: str, told: About, facts: Facts) -> str:
        return outdated(kind, told, facts.state, delivered=self._delivered)

    def _drop_overtaken(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """What waits makes place for newer news of the same kind."""
        queued = (self._batch.facts(row["order_id"]).queued.get(row["campaign"]) for row in rows)
        ids = [message.id for message in queued if message is not None]
        Message.end(ids, ("queued",), "cancelled", detail=OVERTAKEN, ended_at=self._now)

    def _message(self, facts: Facts, kind: str) -> dict[str, Any]:
        """Raises EmptyValue where a text would come out empty."""
        composed = self._words.compose(facts, kind)
        tells_total = bool(OF_THE_TOTAL & self._settings.news[kind].placeholders)
        return {
            "uid": secrets.token_urlsafe(16),
            "contact_id": facts.contact.id,
            "campaign": kind,
            # once more, where what was dropped before it left is true again
            "subject": f"{facts.order_id} {self._now.isoformat()}",
            "period": self._today.isoformat(),
            "kind": kind_of_message(composed.template, composed.language, self._marketing),
            "priority": PRIORITY,
            "reason": facts.story,
            "template": composed.template,
            "language": composed.language,
            "variables": composed.values,
            "cap_day": self._today.isoformat(),
            "about": asdict(about(kind, facts.state, facts.moves, tells_total=tells_total)),
            "order_id": facts.order_id,
            "country": facts.contact.region,
            "created_at": self._now,
            "not_before": self._now,
            "expires_at": self._expires(facts, kind),
        }

    def _may_be_sent(self, row: dict[str, Any], outcomes: dict[int, str]) -> bool:
        """What WhatsApp counts as marketing needs what marketing needs."""
        if row["kind"] != MARKETING:
            return True
        facts = self._batch.facts(row["order_id"])
        why_not = ""
        if facts.contact.marketing != "yes":
            why_not = "WhatsApp counts its template as marketing, to which they did not agree"
        elif not allows(self._caps, facts.marketing_days, self._today):
            why_not = (
                "WhatsApp counts its template as marketing, and they heard from the shop lately"
            )
        if why_not:
            outcomes[row["order_id"]] += f": {why_not}"
        return not why_not

    def _write(self, outcomes: dict[int, str]) -> None:
        by_outcome: dict[str, list[int]] = {}
        for facts in self._batch:
            if (outcome := outcomes.get(facts.order_id)) is not None:
                by_outcome.setdefault(outcome, []).extend(one.id for one in facts.changes)
        for outcome, ids in by_outcome.items():
            OrderChange.decide(ids, outcome, self._now)


def _tell_of_bulk(orders: int) -> None:
    if orders:
        log.warning(
            "order_news.bulk", orders=orders,
            fix="if these were real, raise bulk in [order_news]; they are told to nobody",
        )  # fmt: skip


def _unwilling(facts: Facts) -> str:
    """Why this person must not, or cannot, be written to."""
    contact = facts.contact
    if contact is None:
        return "has no phone that WhatsApp could reach"
    if contact.order_news != "yes":
        return "said no to order news" if contact.order_news else "never agreed to order news"
    return f"WhatsApp cannot reach them: {contact.unreachable}" if contact.unreachable else ""
