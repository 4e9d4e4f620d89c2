"""The tables -> one line of the log: what the day before was, by the shop's calendar."""

from collections import Counter
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from peewee import fn

from agent.conversations import SYSTEM
from agent.log import Log
from agent.rules.money import amount
from models import Alarm, Conversion, Message, Order, Reply, ShopFact, Statement
from models.base import tuples
from models.delivery import MARKETING

log = Log(__name__)

ARRIVED = ("delivered", "read")


def sum_up_the_day(*, now: datetime) -> Mapping[str, int]:
    """Tell what yesterday was in the shop. Returns {}: it counts nothing that a status would show."""
    facts = ShopFact.all()
    zone = ZoneInfo(facts["zone"])
    day = now.astimezone(zone).date() - timedelta(days=1)
    log.info("day.done", day=day.isoformat(), **_figures(day, zone, facts.get("currency", "")))
    return {}


def _figures(day: date, zone: ZoneInfo, currency: str) -> dict[str, object]:
    def within(column: Any) -> Any:
        begin, end = (datetime.combine(one, time(), zone) for one in (day, day + timedelta(days=1)))
        return (column >= begin) & (column < end)

    messages = Counter[str]()
    taken = Message.select(Message.kind, Message.state, fn.COUNT(Message.id)).where(
        within(Message.accepted_at)
    )
    for kind, state, count in tuples(taken.group_by(Message.kind, Message.state)):
        messages["marketing" if kind == MARKETING else "order_news"] += count
        messages["arrived"] += count * (state in ARRIVED)
        messages["failed"] += count * (state == "failed")
    earned = Conversion.select(fn.COUNT(Conversion.order_id), fn.SUM(Conversion.revenue))
    [(credited, revenue)] = tuples(
        earned.where(within(Conversion.ordered_at), Conversion.currency == currency)
    )
    refusals = Statement.select(fn.COUNT(Statement.phone.distinct())).where(
        Statement.says == "no", within(Statement.said_at)
    )
    return {
        **{what: messages[what] for what in ("marketing", "order_news", "arrived", "failed")},
        "replies": Reply.select().where(within(Reply.at), Reply.kind != SYSTEM).count(),
        "refusals": refusals.scalar(),
        "orders": Order.select().where(within(Order.created_at)).count(),
        "credited_orders": credited,
        "revenue": f"{amount(revenue or 0, currency)} {currency}".strip(),
        "queued": Message.select().where(Message.state == "queued").count(),
        "alarms": len(Alarm.standing()),
    }
