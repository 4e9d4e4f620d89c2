"""What the report counts, each by one statement over an index that has all of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from peewee import JOIN, SQL, fn

from agent.rules.credit import View
from agent.rules.figures import FAILED, Cell, Counted, Earned
from models import Conversion, Message
from models.base import raw


@dataclass(frozen=True, slots=True)
class Period:
    """Dates in the shop's zone, the first and the last with them. `campaign` is the only one that is
    looked at, if it is not ""."""

    first: date
    last: date
    zone: ZoneInfo
    campaign: str = ""

    @classmethod
    def of_days(cls, days: int, now: datetime, zone: ZoneInfo, campaign: str = "") -> "Period":
        """Today and the days before it, `days` of them in all."""
        today = now.astimezone(zone).date()
        return cls(today - timedelta(days=days - 1), today, zone, campaign)

    @property
    def began(self) -> datetime:
        """The first midnight."""
        return datetime.combine(self.first, time(), self.zone)

    def holds(self, table: Any) -> Any:
        """The condition on the columns `period` and `campaign` of a table."""
        condition = table.period.between(self.first.isoformat(), self.last.isoformat())
        return condition & (table.campaign == self.campaign) if self.campaign else condition


def counted(period: Period) -> list[Counted]:
    """All messages that were decided in this time.

    The columns stand as in the index `message_counted`, so nothing is sorted and no row is read.
    """
    alike = (
        Message.period, Message.campaign, Message.template, Message.language, Message.country,
        Message.state, Message.charged,
    )  # fmt: skip
    flags = (Message.clicked, Message.replied, Message.stopped)
    query = (
        Message.select(*alike, *map(fn.SUM, flags), fn.COUNT(SQL("*")))
        .where(period.holds(Message))
        .group_by(*alike)
    )
    return [Counted(Cell(*row[:4]), *row[4:]) for row in raw(query)]


def earned(period: Period, view: View) -> tuple[list[Earned], Mapping[Cell, int]]:
    """The orders and revenue of each cell by currency, and how many messages earned an order."""
    message, query = _credited(period, view)
    cell = _cell(message)
    sums = (Conversion.currency, fn.COUNT(Conversion.order_id), fn.SUM(Conversion.revenue))
    income = query.select(*cell, *sums).group_by(*cell, Conversion.currency)
    number = Conversion.first_message_id if view is View.FIRST else Conversion.message_id
    messages = query.select(*cell, fn.COUNT(number.distinct())).group_by(*cell)
    return (
        [Earned(Cell(*row[:4]), *row[4:]) for row in raw(income)],
        {Cell(*row[:4]): row[4] for row in raw(messages)},
    )


def _credited(period: Period, view: View) -> tuple[Any, Any]:
    """The table that describes the message which has the order in this view, and what to select from."""
    if view is not View.FIRST:
        query = Conversion.select().where(period.holds(Conversion))
        return Conversion, query.where(Conversion.by_coupon) if view is View.COUPON else query
    # a cross join, so that SQLite goes by the orders and does not read every message of the time
    query = Conversion.select().join(Message, JOIN.CROSS)
    by_number = Message.id == Conversion.first_message_id
    return Message, query.where(by_number, period.holds(Message))


def _cell(table: Any) -> tuple[Any, ...]:
    return table.period, table.campaign, table.template, table.language


def failures(period: Period) -> list[tuple[str, int, int]]:
    """(campaign, WhatsApp's code, messages) of those that failed with a code."""
    query = (
        Message.select(Message.campaign, Message.code, fn.COUNT(SQL("*")))
        .where(
            period.holds(Message),
            Message.code.is_null(False),
            Message.state.in_(sorted(FAILED)),
        )
        .group_by(Message.campaign, Message.code)
    )
    return raw(query)
