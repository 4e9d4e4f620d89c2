"""Every message that we ever meant to send, from the decision to its last status.

The row is the reservation of its place under the caps: it is written in one transaction with the
check, and a unique key makes a second decision about the same thing a no-op. The states and the ways
between them are in agent/rules/states.py.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from peewee import (
    SQL,
    AutoField,
    BigIntegerField,
    BooleanField,
    Case,
    CharField,
    IntegerField,
    TextField,
    chunked,
    fn,
)

from models.base import JsonField, Table, UtcField, carry_out_each, tuples
from models.coupons import Coupon
from models.delivery import MARKETING, Epoch, Pause
from models.templates import CampaignStanding, Template

ROWS_A_STATEMENT = 100
UNCOUNTED = ("cancelled", "expired", "refused", "failed")  # these count for no cap
UNANSWERED = ("claimed", "unsure", "abandoned")


class Message(Table):
    """One intent to write to one contact."""

    id = AutoField()
    uid = CharField(unique=True)  # random; travels as biz_opaque_callback_data
    contact_id = IntegerField()  # below 0: of somebody who was erased
    campaign = CharField()
    subject = CharField(default="")  # what it is about, where a campaign has more than one subject
    period = CharField()  # the local date of the decision
    kind = CharField(default="marketing")
    priority = IntegerField(default=0)  # lower goes first
    state = CharField(default="queued")
    reason = TextField(default="")  # why this person, in words
    template = CharField()
    language = CharField()
    variables = JsonField(default=dict)  # what its placeholders stand for
    cap_day = CharField()  # ISO date in the shop's zone that it counts on
    from_backlog = BooleanField(default=False)  # counts for the day's share of the backlog
    spell_began = UtcField(null=True)  # the order that this person has been quiet since
    attempts = IntegerField(default=0)
    created_at = UtcField(index=True)
    not_before = UtcField()
    expires_at = UtcField()
    claimed_at = UtcField(null=True)
    accepted_at = UtcField(null=True, index=True)
    sent_at = UtcField(null=True)
    delivered_at = UtcField(null=True)
    read_at = UtcField(null=True)
    ended_at = UtcField(null=True)
    wamid = CharField(null=True, unique=True)
    code = IntegerField(null=True)  # WhatsApp's error code
    detail = TextField(default="")
    product_id = BigIntegerField(null=True)  # what an alert is about: is it still so at the send?
    variation_id = BigIntegerField(default=0)
    price = BigIntegerField(null=True)  # minor units: what a price alert says
    about = JsonField(default=dict)  # products named, and because of which bought one
    resent = BooleanField(default=False)  # order news whose answer was lost: once more, by setting
    deferred = BooleanField(default=False)  # WhatsApp put it off for a day, which it may do once
    deferred_wamid = CharField(default="")  # of the try that a status put off
    order_id = BigIntegerField(null=True)  # the order that it is news of
    noted_at = UtcField(null=True)  # its failure was noted on the order in the shop
    country = CharField(default="")  # of the number, when it was decided
    charged = CharField(default="")  # category that WhatsApp charged it as; "free" if it did not
    clicked = BooleanField(default=False)  # somebody followed one of its links
    replied = BooleanField(default=False)  # the person answered it
    stopped = BooleanField(default=False)  # they said STOP after it

    class Meta:
        indexes = (
            (("contact_id", "campaign", "subject", "period"), True),
            # all that tells who is under a cap
            (("cap_day", "contact_id", "kind", "state"), False),
            (("product_id", "created_at"), False),
        )

    @classmethod
    def put(cls, rows: Sequence[Mapping[str, Any]]) -> list[str]:
        """Write intents; one that exists already stays as it is. Returns the uids written."""
        written: list[str] = []
        for batch in chunked(rows, ROWS_A_STATEMENT):
            query = cls.insert_many(batch).on_conflict_ignore().returning(cls.uid)
            written.extend(message.uid for message in query.execute())
        return written

    @classmethod
    def cap_days(cls, contacts: Iterable[int], since: date) -> dict[int, list[tuple[int, str]]]:
        """contact -> (message id, local date) of each marketing message that counts from `since` on.

        After a restore everybody has one more, with the id 0: what they may have got meanwhile.
        """
        asked = list(contacts)
        restored = Epoch.restored_day()
        days: dict[int, list[tuple[int, str]]] = {}
        if restored is not None and restored >= since:
            days = {contact: [(0, restored.isoformat())] for contact in asked}
        query = cls.select(cls.contact_id, cls.id, cls.cap_day).where(
            cls.contact_id.in_(asked),
            cls.cap_day >= since.isoformat(),
            cls.kind == "marketing",
            cls.state.not_in(UNCOUNTED),
        )
        for contact, number, day in tuples(query):
            days.setdefault(contact, []).append((number, day))
        return days

    @classmethod
    def due(
        cls,
        now: datetime,
        limit: int,
        *,
        marketing: bool = True,
        without: Collection[str] = (),
    ) -> list["Message"]:
        """What may go out now, most urgent first; without marketing, or some campaigns, if so asked.

        One that waits for its coupon does not, and none of a campaign in trouble, or of what is paused:
        they stay queued.
        """
        unmade = Coupon.select(Coupon.code).where(
            Coupon.message_uid == cls.uid, Coupon.woo_id.is_null()
        )
        asked_for = cls.campaign.not_in(sorted(without))
        if not marketing:
            asked_for &= cls.kind != MARKETING
        return list(
            cls.select()
            .where(
                *cls._may_leave(now),
                asked_for,
                ~fn.EXISTS(unmade),
            )
            .order_by(cls.priority, cls.id)
            .limit(limit)
        )

    @classmethod
    def overdue(
        cls,
        before: datetime,
        now: datetime,
        *,
        marketing: bool = True,
        without: Collection[str] = (),
    ) -> tuple[int, datetime | None]:
        """How many could have gone out since `before`, and may now; and since when the first of them.
        `marketing` and `without` as for `due`."""
        asked_for = cls.campaign.not_in(sorted(without))
        if not marketing:
            asked_for &= cls.kind != MARKETING
        query = cls.select(fn.COUNT(cls.id), fn.MIN(cls.not_before)).where(
            *cls._may_leave(now), cls.not_before <= before, asked_for
        )
        [(count, first)] = tuples(query)
        return count, first

    @classmethod
    def _may_leave(cls, now: datetime) -> tuple[Any, ...]:
        """The conditions on what is due, and held by nothing."""
        return (
            cls.state == "queued",
            cls.not_before <= now,
            cls.expires_at > now,
            cls.campaign.not_in(CampaignStanding.in_trouble()),
            Pause.lets_out(Pause.scopes(now), cls),
            Template.lets_out(cls),
        )

    @classmethod
    def coupons_wanted(cls, now: datetime, limit: int) -> list[Coupon]:
        """Codes that the shop does not have yet, of messages that may go out now."""
        return list(
            Coupon.select()
            .join(cls, on=(cls.uid == Coupon.message_uid))
            .where(
                Coupon.woo_id.is_null(),
                *cls._may_leave(now),
            )
            .order_by(cls.priority, cls.id)
            .limit(limit)
        )

    @classmethod
    def claim(cls, ids: Sequence[int], *, now: datetime, day: date) -> list[int]:
        """Take queued messages for sending; only ids that were still queued come back."""
        query = (
            cls.update(
                state="claimed", claimed_at=now, cap_day=day.isoformat(), attempts=cls.attempts + 1
            )
            .where(cls.id.in_(list(ids)), cls.state == "queued")
            .returning(cls.id)
        )
        return [message.id for message in query.execute()]

    @classmethod
    def accepted(cls, rows: Sequence[tuple[int, str, str]], now: datetime) -> None:
        """WhatsApp took these: (id, wamid, accepted or held). All or none are written.

        A status that was faster than the answer keeps its state, and the time if it is earlier; one that
        put off this very try leaves nothing to write. What is queued because an earlier try was put off meanwhile is under way by
        this one. Raises IntegrityError where a wamid is another message's.
        """
        moment = UtcField().db_value(now)
        carry_out_each(
            "UPDATE message SET wamid = ?, "
            "accepted_at = CASE WHEN accepted_at < ? THEN accepted_at ELSE ? END, "
            "state = CASE WHEN state IN ('claimed', 'unsure', 'abandoned', 'queued') THEN ? "
            "ELSE state END WHERE id = ? AND deferred_wamid != ?",
            [(wamid, moment, moment, state, number, wamid) for number, wamid, state in rows],
        )

    @classmethod
    def move(
        cls, ids: Sequence[int], from_states: Sequence[str], state: Any, **columns: Any
    ) -> int:
        """Move those that are still in one of `from_states`; returns how many moved."""
        query = cls.update(state=state, **columns).where(
            cls.id.in_(list(ids)), cls.state.in_(list(from_states))
        )
        return int(query.execute())

    @classmethod
    def end(cls, ids: Sequence[int], from_states: Sequence[str], state: str, **columns: Any) -> int:
        """Give up those that are still in one of `from_states`: they are cancelled or expired.

        One whose first answer was lost may have gone out then: it is abandoned, and counts as told.
        """
        return cls.move(ids, from_states, cls._unless_sent(state), **columns)

    @classmethod
    def _unless_sent(cls, state: str) -> Any:
        return Case(None, [(cls.resent, "abandoned")], state)

    @classmethod
    def call_off_prices(cls, why: str) -> int:
        """Those that wait to tell a price."""
        queued = (cls.state == "queued") & cls.price.is_null(False)
        return int(cls.update(state="cancelled", detail=why).where(queued).execute())

    @classmethod
    def expire(cls, now: datetime) -> int:
        """Whatever is still queued past its time ends here, and gives its place back."""
        query = cls.update(state=cls._unless_sent("expired"), ended_at=now).where(
            cls.state == "queued", cls.expires_at <= now
        )
        return int(query.execute())

    @classmethod
    def orphaned(cls) -> int:
        """Claims of a process that has ended: their requests may or may not have gone out."""
        claimed = cls.select(cls.id).where(unanswered(), cls.state == "claimed")
        if not claimed.exists():  # the usual case, and no reason to wait for other writers
            return 0
        query = cls.update(state="unsure", detail="the process ended before the answer came")
        return int(query.where(unanswered(), cls.state == "claimed").execute())

    @classmethod
    def last_claims(cls, contacts: Iterable[int], since: datetime) -> dict[int, datetime]:
        """contact -> when a message to them was last claimed, of those after `since`."""
        query = (
            cls.select(cls.contact_id, fn.MAX(cls.claimed_at))
            .where(cls.contact_id.in_(list(contacts)), cls.claimed_at > since)
            .group_by(cls.contact_id)
        )
        return dict(tuples(query))

    @classmethod
    def put_off(cls, contacts: Iterable[int], until: datetime) -> int:
        """Whatever is queued for these people waits until then."""
        query = cls.update(not_before=until).where(
            cls.state == "queued", cls.contact_id.in_(list(contacts)), cls.not_before < until
        )
        return int(query.execute())

    @classmethod
    def abandon(cls, claimed_before: datetime, now: datetime, *, but_for_news: bool = False) -> int:
        """Unsure for so long that no status will come. They still count for the caps.

        `but_for_news`: order news that can be sent once more waits on.
        """
        waits = (cls.kind != MARKETING) & ~cls.resent & (cls.expires_at > now)
        query = cls.update(state="abandoned", ended_at=now).where(
            unanswered(), cls.state == "unsure", cls.claimed_at <= claimed_before
        )
        return int((query.where(~waits) if but_for_news else query).execute())

    @classmethod
    def give_up(cls, accepted_before: datetime, now: datetime) -> int:
        """Sent or held for so long that WhatsApp has dropped them. Reads every message that was
        accepted by then, so seldom, and before anything is written."""
        gone = cls.select(cls.id).where(
            cls.state.in_(("held", "sent")), cls.accepted_at <= accepted_before
        )
        count = 0
        for ids in chunked([number for (number,) in tuples(gone)], ROWS_A_STATEMENT):
            count += cls.move(ids, ("held", "sent"), "undelivered", ended_at=now)
        return count

    @classmethod
    def abandon_queued(cls, why: str, now: datetime) -> int:
        """Whatever waits may have been sent in a life that this database does not know. It is not
        sent (again), and still counts for the caps; a status may yet tell what became of it."""
        query = cls.update(state="abandoned", detail=why, ended_at=now)
        return int(query.where(cls.state == "queued").execute())

    @classmethod
    def forgo_second_tries(cls) -> None:
        """Those that were under way may have had it in a life that this database does not know."""
        under_way = cls.state.in_(("accepted", "held", "sent", *UNANSWERED))
        cls.update(resent=True, deferred=True).where(under_way).execute()

    @classmethod
    def count_by_state(cls) -> dict[str, int]:
        counted = cls.select(cls.state, fn.COUNT(cls.id)).group_by(cls.state)
        return dict(tuples(counted))


def unanswered() -> Any:
    """Claimed or unsure, in the words of `message_unanswered`: SQLite uses that index only where a
    statement says the same, and not with parameters. Without it every message is read."""
    return Message.state.in_(SQL("('claimed', 'unsure')"))
