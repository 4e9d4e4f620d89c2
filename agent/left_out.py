"""Whom the settings leave out by a role or an e-mail, found by all their accounts and e-mails."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from agent.config import Settings
from models import Contact, Customer, Identity
from models.base import tuples


@dataclass(frozen=True, slots=True)
class LeftOut:
    """contact -> roles and e-mails of theirs that the settings leave out."""

    roles: Mapping[int, frozenset[str]]
    emails: Mapping[int, frozenset[str]]

    @classmethod
    def from_settings(cls, settings: Settings) -> "LeftOut":
        whom = settings.audience
        return cls(_roles(whom.exclude_roles), _emails(whom.exclude_emails))

    @property
    def contacts(self) -> set[int]:
        return self.roles.keys() | self.emails.keys()


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
    named = Contact.select(Contact.email, Contact.id).where(Contact.email.in_(wanted))
    for email, contact in (*Identity.holders("email", wanted).items(), *tuples(named)):
        found[contact] = found.get(contact, frozenset()) | {email}
    return found
