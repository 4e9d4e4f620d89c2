"""Statuses name the person by WhatsApp's user id too: so whoever hides their number later is known by it."""

from collections.abc import Sequence
from datetime import datetime

from agent.consent import refused_under
from agent.jobs.track.carrying import uncover
from agent.rules.inbound import StatusUpdate
from models import Contact, Identity, Message
from models.base import among, tuples


def learn_user_ids(statuses: Sequence[StatusUpdate], *, now: datetime) -> int:
    """Note whose ids these are, where nobody knew; in the caller's transaction.

    What they refused under the id alone holds for the number from now on. Returns how many are new.
    """
    told = {status.user_id: status for status in statuses if status.user_id}
    strange = told.keys() - Identity.holders("user_id", told).keys()
    fresh = {user_id: told[user_id] for user_id in strange}
    if not fresh:
        return 0
    contacts = _contacts(list(fresh.values()))
    rows = [
        {"kind": "user_id", "value": user_id, "contact_id": contact, "seen_at": status.at}
        for user_id, status in fresh.items()
        if (contact := contacts.get(status.uid) or contacts.get(status.wamid))
    ]
    Identity.put(rows)
    holders = {str(row["value"]): row["contact_id"] for row in rows}
    for user_id in refused_under(holders):
        phone = Contact.get_by_id(holders[user_id]).phone
        uncover(user_id, [phone], now=now)
    return len(rows)


def _contacts(statuses: Sequence[StatusUpdate]) -> dict[str, int]:
    """uid or wamid -> contact; of somebody who was erased there is none."""
    found: dict[str, int] = {}
    for field, names in (
        (Message.uid, {status.uid for status in statuses if status.uid}),
        (Message.wamid, {status.wamid for status in statuses}),
    ):
        query = Message.select(field, Contact.id).join(
            Contact, on=(Contact.id == Message.contact_id)
        )
        found |= dict(tuples(query.where(among(field, names))))
    return found
