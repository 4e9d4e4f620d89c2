"""A story in which nothing fails, so that what the daemon did can be held against a rehearsal of it.

WhatsApp takes and delivers everything, and nobody's number is off it: a rehearsal knows no failures. And
what people write is read before anything is decided, as in life, where it is read every other second:
in a story all that happens in one moment bears the same date.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from story_telling import Story
from story_world import StoryPeople

from agent.rehearse.outcome import Simulation
from models import Contact, Message
from models.base import UtcField, database, tuples

MOMENT = timedelta(seconds=1)
SOON = timedelta(seconds=12)  # after which the shop has been asked once more
LEFT = ("accepted", "sent", "delivered", "read")
CODE = "coupon_code"


class FaithfulPeople(StoryPeople):
    """They can all be reached, and still say STOP."""

    NOT_ON_WHATSAPP = 0.0
    HELD_BACK = 0.0
    UNREACHED = 0.0


class QuietStory(Story):
    """`wakes`: the moments at which the agent's timetable was looked at."""

    # a message is on its way within the minute, in life as in a rehearsal
    late = timedelta(seconds=30)

    def begin(self) -> None:
        self.wakes: list[datetime] = []
        self.world.whatsapp.people = FaithfulPeople(self.world.seed)
        super().begin()

    def _listen(self) -> None:
        super()._listen()
        self.agent.work_alone("track")

    def _work(self) -> None:
        self.world.clock.advance(MOMENT)
        self.wakes.append(self._now())
        super()._work()

    def _meanwhile(self) -> None:
        self.world.clock.advance(MOMENT)
        super()._meanwhile()

    def settle_down(self) -> None:
        """The agent stays awake until what had to ask the shop first has left, as in life: in other stories
        it may sleep for hours between."""
        for _ in range(2):
            soon = self._now() + SOON
            waits = (Message.state == "queued") & (Message.not_before <= soon)
            if not Message.select().where(waits).exists():
                return
            self.world.clock.advance(SOON)
            self._listen()
            self.agent.work({}, together=self.together)
            self.check()
            self.wakes.append(self._now())


@dataclass(frozen=True, slots=True, order=True)
class Told:
    """One message, as both sides know it. A coupon's code is drawn anew each time, so it is left out."""

    day: date
    phone: str
    campaign: str
    says: tuple[tuple[str, str], ...]


def really_sent(since: datetime) -> list[Told]:
    """What WhatsApp took of the messages that were decided after `since`."""
    query = (
        Message.select(Message.cap_day, Contact.phone, Message.campaign, Message.variables)
        .join(Contact, on=(Contact.id == Message.contact_id))
        .where(
            Message.created_at > since,
            Message.kind == "marketing",
            Message.accepted_at.is_null(False),
        )
    )
    return sorted(
        Told(date.fromisoformat(day), phone, campaign, _says(values))
        for day, phone, campaign, values in tuples(query)
    )


def rehearsed(simulation: Simulation) -> list[Told]:
    return sorted(
        Told(one.day, one.phone, one.campaign, _says(one.variables)) for one in simulation.sent
    )


def _says(values: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted((name, value) for name, value in values.items() if name != CODE))


def differences(real: Iterable[Told], simulated: Iterable[Told]) -> list[str]:
    """Message by message."""
    were, would = Counter(real), Counter(simulated)
    return [
        *(f"was sent, and not rehearsed: {one}" for one in sorted((were - would).elements())),
        *(f"was rehearsed, and not sent: {one}" for one in sorted((would - were).elements())),
    ]


def midnight(story: Story, days: int) -> datetime:
    """The shop's midnight, `days` after the first day of the story."""
    first = story.world.clock.now().astimezone(story.world.zone).date()
    day: Any = first + timedelta(days=days)
    return datetime(day.year, day.month, day.day, tzinfo=story.world.zone).astimezone(UTC)


SNAPSHOT = {
    "orders": "SELECT woo_id, status, total, customer_id, contact_id, holder_id, email FROM shop_order",
    "lines": "SELECT woo_id, order_id, product_id, quantity FROM order_line",
    "refunds": "SELECT woo_id, order_id, amount FROM refund",
    "products": "SELECT woo_id, name, status, visibility, price, stock_status, stock_quantity, categories "
    "FROM product",
    "people": "SELECT phone, marketing, marketing_at, first_name, last_name, email, language FROM contact",
    "names": "SELECT kind, value, phone FROM identity JOIN contact ON contact.id = contact_id "
    "WHERE kind IN ('customer', 'email')",
    "consent": "SELECT phone, purpose, says, source, said_at FROM consent_statement",
    "interest": "SELECT phone, product_id, variation_id, kind, price, stock_status, first_at, seen_at "
    "FROM interest JOIN contact ON contact.id = contact_id WHERE source <> 'told'",
    "histories": "SELECT phone, last_order_at, bought, spent, last_bought "
    "FROM history JOIN contact ON contact.id = contact_id",
    "tastes": "SELECT phone, category_id, bought FROM taste JOIN contact ON contact.id = contact_id",
    # how far one is on its way WhatsApp dates itself, some seconds before we hear of it
    "messages": "SELECT uid, CASE WHEN state IN ('accepted', 'sent', 'delivered', 'read') THEN 'left' "
    "ELSE state END, cap_day, accepted_at FROM message WHERE kind = 'marketing'",
}
"""What of the tables is looked at, where one that was wound back is compared with how it really was."""


def snapshot(at: datetime) -> dict[str, set[tuple[Any, ...]]]:
    """The database that is open. Of the interest not what was seen in the minute before `at`: when the shop
    told of it is not written down, and it may have done so after it."""
    rows = {what: set(database.execute_sql(sql).fetchall()) for what, sql in SNAPSHOT.items()}
    last = UtcField().db_value(at - timedelta(minutes=1)) or ""
    rows["interest"] = {row for row in rows["interest"] if row[-2] < last}
    return rows


def unlike(
    was: Mapping[str, set[tuple[Any, ...]]], found: Mapping[str, set[tuple[Any, ...]]]
) -> list[str]:
    """Row by row."""
    return [
        f"{what}: {told} {row}"
        for what in was
        for told, rows in (
            ("missing", was[what] - found[what]),
            ("invented", found[what] - was[what]),
        )
        for row in sorted(rows, key=str)
    ]
