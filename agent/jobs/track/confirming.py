"""A STOP is confirmed, once: the answer is written down here, with the refusal, and sent by `confirm`."""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

from agent.config import Settings
from agent.consent import Stands
from agent.conversations import WINDOW
from agent.rules.confirmations import compose_confirmation
from agent.rules.consent import NO, PURPOSES
from agent.rules.inbound import Inbound
from agent.rules.phones import read_phone
from agent.templates import shop_language
from models import Confirmation, Contact, ShopFact

NOT_AGAIN: Final = timedelta(days=30)
NEVER_SENT: Final = ("refused", "expired", "cancelled")


def ask_for_confirmation(
    stop: Inbound,
    contact: Contact | None,
    settings: Settings,
    *,
    before: Sequence[Stands],
    purposes: Sequence[str],
    now: datetime,
) -> None:
    """In the transaction that puts the refusal on the ledger. `before`: what held until then, for each
    number that it is about; `purposes`: what it ended.

    Nobody who is stopped already is told so again within NOT_AGAIN, and nobody after the window.
    """
    if not settings.consent.confirm_stop or now >= stop.at + WINDOW:
        return
    recipient = f"+{stop.sender}" if stop.sender else stop.user_id
    was_stopped = all(stood[purpose].answer == NO for stood in before for purpose in purposes)
    if was_stopped and _was_told(recipient, contact, now):
        return
    facts = ShopFact.all()
    language, text = compose_confirmation(
        settings.consent.confirmations,
        everything=set(purposes) == set(PURPOSES),
        shop_name=facts.get("name") or urlsplit(settings.shop.url).netloc,
        order_language=contact.language if contact else "",
        country=contact.region if contact else read_phone(recipient, "").region,
        shop_language=shop_language(settings, facts),
        countries=settings.languages.countries,
    )
    Confirmation.insert(
        wamid=stop.wamid,
        uid=secrets.token_hex(16),
        contact_id=contact.id if contact else None,
        recipient=recipient,
        text=text,
        language=language,
        said_at=min(stop.at, now),
        not_before=now,
    ).on_conflict_ignore().execute()


def _was_told(recipient: str, contact: Contact | None, now: datetime) -> bool:
    theirs = Confirmation.recipient == recipient
    if contact is not None:
        theirs |= Confirmation.contact_id == contact.id
    query = Confirmation.select(Confirmation.wamid).where(
        theirs, Confirmation.said_at > now - NOT_AGAIN, Confirmation.state.not_in(NEVER_SENT)
    )
    return bool(query.exists())
