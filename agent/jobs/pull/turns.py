"""What is asked by turns, one question a cycle, and why each is needed at all."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from itertools import chain
from math import ceil

from agent.clients.shop import Shop
from agent.config import Settings
from agent.jobs.pull.bearing import attempt
from agent.jobs.pull.counts import count
from agent.jobs.pull.facts import FACTS, NEWS_FACTS, read_fact
from agent.jobs.pull.filing import Filing
from agent.jobs.pull.kinds import (
    CATEGORIES,
    CUSTOMERS,
    ORDERS,
    PRODUCTS,
    REFUNDS,
    TRASHED,
    VARIATIONS,
    Kind,
)
from agent.jobs.pull.lines import lines_filled, read_lines_in_vain_again, read_oldest_lines
from agent.jobs.pull.reread import PARENTS_A_BATCH
from agent.jobs.pull.sweep import sweep_on, swept
from agent.jobs.pull.variations import count_parents, next_parent
from agent.jobs.pull.walk import walk
from agent.jobs.pull.webhooks import look_at_webhooks
from agent.rules.turns import pick_turns
from models import Coupon, Cursor, Hint, Order
from models.base import tuples
from models.interest import waited_for

# and variations, each shop in its own way
SWEPT = (ORDERS, PRODUCTS, TRASHED, REFUNDS, CUSTOMERS, CATEGORIES)
COUNTED = (ORDERS, REFUNDS)
COUPON_AGE = timedelta(days=30)  # so long after its end one of ours may still have to be removed
TURN = "turn "  # before the names of the cursors that tell when each was taken
LONGEST_CYCLE = timedelta(minutes=10)  # what is longer was a stop: it is not made up at once
PAGES_A_TURN = 3
MOST_PAGES_A_CYCLE = 20  # of a sweep that is late, after a stop
HURRIED_PAGES = 10  # of a sweep that does not wait for its time, a cycle


@dataclass(frozen=True, slots=True)
class Turn:
    """A question to the shop, how often it is asked, and what asks it."""

    every: timedelta
    take: Callable[[], object]


def take_turns(shop: Shop, settings: Settings, filing: Filing, *, beat: Callable[[], None]) -> None:
    """Ask what is due. Only of kinds that have been filled."""
    cursors = Cursor.by_name()
    turns = _Turns(shop, settings, filing, beat, cursors).all()
    taken = {
        name: cursor.polled_at
        for name in turns
        if (cursor := cursors.get(f"{TURN}{name}")) is not None and cursor.polled_at is not None
    }
    chosen = pick_turns(
        {name: turn.every for name, turn in turns.items()},
        taken,
        now=filing.now,
        cycle=_since_the_last_cycle(settings, filing.now),
    )
    for name in chosen:
        attempt(name, filing.now, turns[name].take, None)
        noted = Cursor.named(f"{TURN}{name}")
        noted.polled_at = filing.now
        noted.save()
    # a turn may have told of statuses that this filing does not know yet
    _hurry(shop, Filing.from_settings(settings, filing.now), beat)


def _since_the_last_cycle(settings: Settings, now: datetime) -> timedelta:
    """How much time the turns of this cycle are for: more than planned, where the shop is slow."""
    cycle = Cursor.named("last cycle")
    poll = settings.timetable.poll
    passed = now - cycle.polled_at if cycle.polled_at else poll
    cycle.polled_at = now
    cycle.save()
    return max(poll, min(passed, LONGEST_CYCLE))


class _Turns:
    """All turns of a shop. Each reason stands beside it."""

    def __init__(
        self,
        shop: Shop,
        settings: Settings,
        filing: Filing,
        beat: Callable[[], None],
        cursors: Mapping[str, Cursor],
    ) -> None:
        self._shop, self._settings, self._filing, self._beat = shop, settings, filing, beat
        self._cursors = cursors
        self._filled = {name for name, cursor in cursors.items() if cursor.since is not None}
        self._every_variation = (VARIATIONS,) if filing.variations else ()

    def all(self) -> dict[str, Turn]:
        parts = (self._lists(), self._counts(), self._sweeps(), self._looks(), self._facts())
        return dict(chain.from_iterable(parts))

    def _lists(self) -> Iterator[tuple[str, Turn]]:
        """Changes by date that the two lists of every cycle do not show; and new accounts."""
        mirror = self._settings.mirror
        pairs = [(TRASHED, mirror.trash), (CUSTOMERS, mirror.accounts), (REFUNDS, mirror.rest)]
        pairs += [(kind, mirror.variations) for kind in self._every_variation]
        for kind, every in pairs:
            if kind.name in self._filled:
                yield kind.name, Turn(every, self._do(walk, kind, most=PAGES_A_TURN))

    def _counts(self) -> Iterator[tuple[str, Turn]]:
        """Deletions for good leave no trace but a lower count."""
        for kind in COUNTED:
            if kind.name in self._filled:
                yield (
                    f"count {kind.name}",
                    Turn(self._settings.mirror.counts, self._do(count, kind)),
                )

    def _sweeps(self) -> Iterator[tuple[str, Turn]]:
        """Writes past WooCommerce move no date at all."""
        mirror, filing = self._settings.mirror, self._filing
        for kind in (*SWEPT, *self._every_variation):
            if kind.name in self._filled:
                pages, every = self._pace(kind)
                yield swept(kind), Turn(every, self._do(_sweep_pages, kind, pages=pages))
        if not filing.variations and PRODUCTS.name in self._filled and (parents := count_parents()):
            every = timedelta(hours=mirror.sweep_hours) / parents
            yield swept(VARIATIONS), Turn(every, partial(_sweep_next_parent, filing))
        if lines_filled():
            pages = max(1, -(-Order.select().count() // filing.page_size))
            swept_lines = replace(filing, means="sweep")
            read = partial(read_oldest_lines, self._shop, swept_lines, beat=self._beat)
            yield "sweep lines", Turn(mirror.lines_sweep / pages, read)

    def _looks(self) -> Iterator[tuple[str, Turn]]:
        """Rows that somebody waits for."""
        mirror, filing = self._settings.mirror, self._filing
        if PRODUCTS.name in self._filled:
            since = filing.now - self._settings.interest.look_back
            yield "carts", Turn(mirror.carts, partial(_look_at_carts, filing, since, mirror.carts))
        yield "coupons", Turn(mirror.rest, partial(_look_at_coupons, filing))
        again = partial(read_lines_in_vain_again, self._shop, filing, beat=self._beat)
        yield "lines in vain", Turn(mirror.rest, again)

    def _facts(self) -> Iterator[tuple[str, Turn]]:
        """What changes seldom, and has no date."""
        shop, settings = self._shop, self._settings
        every = settings.mirror.rest
        told = any(kind.enabled for kind in settings.news.values())
        for fact in (*FACTS, *(NEWS_FACTS if told else ())):
            yield f"fact {fact}", Turn(every, partial(read_fact, shop, settings, fact))
        if settings.web.public_url:
            yield "webhooks", Turn(every, partial(look_at_webhooks, shop, settings))

    def _pace(self, kind: Kind) -> tuple[int, timedelta]:
        """How many pages to read how often, so that the round is through in `sweep_hours`.

        What is left of the round shares what is left of the time: after a stop it catches up.
        """
        sweep = self._cursors.get(swept(kind), Cursor())
        rows: int = max(sweep.total, kind.held(self._filing).count(), 1)
        pages = -(-max(rows - sweep.walked, 1) // max(self._filing.page_size - 1, 1))
        mirror = self._settings.mirror
        # categories have no other means, and are few
        left = mirror.rest if kind is CATEGORIES else timedelta(hours=mirror.sweep_hours)
        if sweep.walk_began is not None:
            left -= max(self._filing.now - sweep.walk_began, timedelta(0))
        cycle = self._settings.timetable.poll
        every = max(left, timedelta(0)) / pages
        if every >= cycle:
            return 1, every
        wanted = ceil(cycle / every) if every else MOST_PAGES_A_CYCLE
        return min(wanted, MOST_PAGES_A_CYCLE), cycle

    def _do(self, read: Callable[..., object], kind: Kind, **more: int) -> Callable[[], object]:
        return partial(read, self._shop, kind, self._filing, beat=self._beat, **more)


def _sweep_pages(
    shop: Shop, kind: Kind, filing: Filing, *, beat: Callable[[], None], pages: int
) -> None:
    for _ in range(pages):
        sweep_on(shop, kind, filing, beat=beat)


def _sweep_next_parent(filing: Filing) -> None:
    cursor = Cursor.named(swept(VARIATIONS))
    parent = next_parent(cursor.last_id)
    if parent is None:
        parent = next_parent(0)
    if parent is not None:
        Hint.note("variations", [parent], "sweep", filing.now)
        cursor.last_id = parent
        cursor.save()


def _look_at_carts(filing: Filing, since: datetime, every: timedelta) -> None:
    """What lies in carts or is waited for: what was read longest ago, as many as one request brings."""
    wanted = waited_for(since, filing.now - every, filing.page_size)
    products = [number for number, parent in wanted if not parent]
    parents = list(dict.fromkeys(parent for _, parent in wanted if parent))
    if wanted and wanted[0][1]:
        most = PARENTS_A_BATCH if filing.variations else 1
        Hint.note("variations", parents[:most], "watch", filing.now)
    else:
        Hint.note("products", products, "watch", filing.now)


def _look_at_coupons(filing: Filing) -> None:
    """Our own ones that can still be used or removed: an order that uses one dates only itself."""
    made = Coupon.select(Coupon.woo_id).where(
        Coupon.woo_id.is_null(False),
        Coupon.removed_at.is_null(),
        Coupon.expires_at > filing.now - COUPON_AGE,
    )
    Hint.note("coupons", [number for (number,) in tuples(made)], "poll", filing.now)


def _hurry(shop: Shop, filing: Filing, beat: Callable[[], None]) -> None:
    """Sweeps that something pointed at do not wait for their turns."""
    hurried = Cursor.select(Cursor.name).where(Cursor.hurry)
    names = {cursor.name for cursor in hurried}
    for kind in SWEPT:
        if swept(kind) in names:
            attempt(swept(kind), filing.now, partial(_hurry_on, shop, kind, filing, beat), None)


def _hurry_on(shop: Shop, kind: Kind, filing: Filing, beat: Callable[[], None]) -> None:
    for _ in range(HURRIED_PAGES):
        sweep_on(shop, kind, filing, beat=beat)
        if not Cursor.named(swept(kind)).hurry:
            break
