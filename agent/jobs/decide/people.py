"""What the mirror and the outbox know of each contact, gathered in sets."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from peewee import JOIN, chunked

from agent.config import Settings
from agent.rules.selection import Person
from agent.rules.states import State
from models import Contact, Customer, Identity, Message, OrderLine
from models.base import tuples
from models.histories import History, Turn, forget_histories
from models.outbox import UNCOUNTED

PEOPLE_A_BATCH = 500
FAILED = (State.FAILED, State.REFUSED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A person for the rules, and what their message may say."""

    person: Person
    first_name: str
    last_name: str
    email: str
    zones: tuple[str, ...]
    last_bought: int | None  # id of the newest order that counts as bought


@dataclass(frozen=True, slots=True)
class LeftOut:
    """contact -> roles and e-mails of theirs that the settings leave out."""

    roles: dict[int, frozenset[str]]
    emails: dict[int, frozenset[str]]


def gather(settings: Settings, currency: str, winbacks: Sequence[str]) -> Iterator[list[Known]]:
    """Everybody, in batches: the most recently quiet first, so that those come before the backlog.

    `winbacks` are the campaigns whose messages count as attempts to win somebody back.
    """
    left_out = LeftOut(
        _roles(settings.audience.exclude_roles), _emails(settings.audience.exclude_emails)
    )
    History.work_out(settings.audience.paid_statuses, currency)
    everybody = Turn.line_up()
    for first in range(1, everybody + 1, PEOPLE_A_BATCH):
        rows = _batch(first)
        ids = [row[0] for row in rows]
        written = _written(ids)
        yield [_known(row, written.get(row[0], []), left_out, winbacks) for row in rows]
    forget_histories()


def last_products(orders: Sequence[int]) -> dict[int, str]:
    """order id -> the name of its dearest line."""
    names: dict[int, str] = {}
    for batch in chunked(orders, PEOPLE_A_BATCH):
        lines = (
            OrderLine.select(OrderLine.order_id, OrderLine.name)
            .where(OrderLine.order_id.in_(list(batch)))
            .order_by(OrderLine.order_id, OrderLine.total, OrderLine.woo_id.desc())
        )
        names.update(dict(tuples(lines)))
    return names


def _batch(first: int) -> list[tuple[Any, ...]]:
    """One row a contact: what they are called, and what they ordered, bought and spent."""
    query = (
        Turn.select(
            Contact.id,
            Contact.marketing,
            Contact.region,
            Contact.zones,
            Contact.first_name,
            Contact.last_name,
            Contact.email,
            History.last_order_at,
            History.bought,
            History.spent,
            History.last_bought,
        )
        .join(Contact, on=(Contact.id == Turn.contact_id))
        .join(History, JOIN.LEFT_OUTER, on=(History.contact_id == Contact.id))
        .where(Turn.position.between(first, first + PEOPLE_A_BATCH - 1))
        .order_by(Turn.position)
    )
    return tuples(query)


@dataclass(frozen=True, slots=True)
class Written:
    """A message to somebody, or the attempt at one."""

    campaign: str
    day: date  # local
    moment: datetime
    state: str

    @property
    def counts(self) -> bool:
        """For the caps and the cool-downs."""
        return self.state not in UNCOUNTED


def _written(contacts: Sequence[int]) -> dict[int, list[Written]]:
    """contact -> what was written to them, and what failed."""
    written: dict[int, list[Written]] = {}
    query = Message.select(
        Message.contact_id, Message.campaign, Message.cap_day, Message.created_at, Message.state
    ).where(
        Message.contact_id.in_(list(contacts)),
        Message.kind == "marketing",
        Message.state.not_in(UNCOUNTED) | Message.state.in_(FAILED),
    )
    for contact, campaign, day, moment, state in tuples(query):
        one = Written(campaign, date.fromisoformat(day), moment, state)
        written.setdefault(contact, []).append(one)
    return written


def _roles(excluded: Sequence[str]) -> dict[int, frozenset[str]]:
    """contact -> those of their roles that the settings leave out."""
    accounts = Customer.select(Customer.woo_id.cast("TEXT"), Customer.role).where(
        Customer.role.in_(list(excluded))
    )
    roles = dict(tuples(accounts))
    found: dict[int, frozenset[str]] = {}
    for account, contact in Identity.holders("customer", roles).items():
        found[contact] = found.get(contact, frozenset()) | {roles[account]}
    return found


def _emails(excluded: Sequence[str]) -> dict[int, frozenset[str]]:
    """contact -> those of all their e-mails that the settings leave out."""
    found: dict[int, frozenset[str]] = {}
    wanted = [email.lower() for email in excluded]
    for email, contact in Identity.holders("email", wanted).items():
        found[contact] = found.get(contact, frozenset()) | {email}
    return found


def _known(
    row: tuple[Any, ...],
    written: Sequence[Written],
    left_out: LeftOut,
    winbacks: Sequence[str],
) -> Known:
    contact, consent, region, zones, first, last, email, last_order_at, bought, spent, order = row
    newest: dict[str, date] = {}
    counted = [one for one in written if one.counts]
    for one in counted:
        newest[one.campaign] = max(one.day, newest.get(one.campaign, date.min))
    person = Person(
        contact_id=contact,
        consent=consent,
        region=region,
        emails=frozenset({email} if email else ()) | left_out.emails.get(contact, frozenset()),
        roles=left_out.roles.get(contact, frozenset()),
        bought=bought or 0,
        spent=spent or 0,
        last_order_at=last_order_at,
        counted_days=tuple(one.day for one in counted),
        failed_on=max((one.day for one in written if not one.counts), default=None),
        last_by_campaign=tuple(sorted(newest.items())),
        attempts=sum(
            one.campaign in winbacks and (last_order_at is None or one.moment > last_order_at)
            for one in written
        ),
    )
    return Known(
        person=person,
        first_name=first,
        last_name=last,
        email=email,
        zones=tuple(zones.split()),
        last_bought=order,
    )
