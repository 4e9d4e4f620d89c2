"""What has been told -> interest: what is new at once, and what waits for its person or product by turns."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime

from agent.config import Settings
from agent.jobs.interest.carts import follow_carts
from agent.jobs.interest.filing import Told, file_events
from agent.log import Log
from agent.rules.events import reread
from models import Cursor, ShopFact, UnsettledEvent
from models.base import among, carry_out_each, transaction

log = Log(__name__)

EVENTS_A_BATCH = 1_000
UNREADABLE = "it is dropped: another version of winback kept it; send its authors these lines"
LOOKED_AT_A_RUN = 3_000  # of those that wait; with more of them each has its turn less often
TURN = "events that wait"  # name of the cursor


def gather_interest(
    settings: Settings, *, now: datetime, beat: Callable[[], None]
) -> dict[str, int]:
    """File what was told, and follow the shop's carts. Returns what there was to do.

    Until the shop has said its currency nothing can be filed; what is told meanwhile is kept.
    """
    currency = ShopFact.all().get("currency")
    if not currency:
        return {}
    tally = Counter[str]()
    waiting = _next_that_wait()
    while fresh := _fresh():
        _file(fresh, settings, currency, now, tally)
        beat()
    for at in range(0, len(waiting), EVENTS_A_BATCH):  # after the fresh: they may settle some
        _file(waiting[at : at + EVENTS_A_BATCH], settings, currency, now, tally)
        beat()
    tally["carts"] += follow_carts(now - settings.interest.kept, beat=beat)
    return {what: count for what, count in tally.items() if count}


def _fresh() -> list[UnsettledEvent]:
    query = UnsettledEvent.select().where(UnsettledEvent.reason == "")
    return list(query.order_by(UnsettledEvent.id).limit(EVENTS_A_BATCH))


def _next_that_wait() -> list[UnsettledEvent]:
    """Those whose turn it is: a share of all, so that they cost little however many there are."""
    cursor = Cursor.get_or_none(Cursor.name == TURN)
    last = cursor.last_id if cursor else 0
    query = UnsettledEvent.select().where(UnsettledEvent.reason != "", UnsettledEvent.id > last)
    rows = list(query.order_by(UnsettledEvent.id).limit(LOOKED_AT_A_RUN))
    following = rows[-1].id if len(rows) == LOOKED_AT_A_RUN else 0  # 0: from the beginning
    if following != last:
        cursor = Cursor.named(TURN)
        cursor.last_id = following
        cursor.save()
    return rows


def _file(
    rows: Sequence[UnsettledEvent],
    settings: Settings,
    currency: str,
    now: datetime,
    tally: Counter[str],
) -> None:
    """What is settled goes; what is not stays, with its reason. All of it or nothing."""
    told, unreadable = [], []
    for row in rows:
        try:
            told.append(Told(reread(row.said), row.source, row.id))
        except (KeyError, TypeError, ValueError) as error:
            log.error("event.unreadable", error=error, source=row.source, fix=UNREADABLE)
            unreadable.append(row.id)
    with transaction():
        filed = file_events(told, settings, currency=currency, now=now)
        waits = {one.number: reason for one, reason in filed.waiting}
        settled = [one.number for one in told if one.number not in waits]
        UnsettledEvent.delete().where(among(UnsettledEvent.id, settled + unreadable)).execute()
        before = {row.id: row.reason for row in rows}
        news = [(why, number) for number, why in waits.items() if before[number] != why]
        note = UnsettledEvent.update(reason="").where(UnsettledEvent.id == 0)
        carry_out_each(note.sql()[0], news)
    tally["events"] += len(settled) - filed.dropped.total()
    tally.update({f"dropped, {reason}": count for reason, count in filed.dropped.items()})
    tally["rows"] += filed.rows
    tally["set aside"] += sum(before[number] == "" for _, number in news)
