"""What the pull leaves out of the shop's rows: whoever was erased stays so while the shop still has them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from agent.person_key import name_hashes
from agent.rules.copies import Row
from agent.rules.phones import read_phone
from models import Forgotten, Identity
from models.base import among, tuples
from models.erasures import PHONE
from models.insight import CUSTOMER, EMAIL

NOBODYS: dict[str, Any] = {
    "email": "", "phone": "", "first_name": "", "last_name": "", "consent": "", "news_consent": "",
}  # fmt: skip
OF_AN_ORDER: dict[str, Any] = {"customer_id": 0, "language": "", "details": {}}


def leave_out_forgotten(rows: Sequence[Row], what: str, *, country: str) -> None:
    """Empty what tells whose these rows are, of those who were erased since they were made.

    Meant are rows under their number or account; under their e-mail alone only where no other number
    stands beside it, else it is the e-mail that goes. Of an order that another's account placed with their
    number it is the number that goes, and the name. What they order after that is theirs as anybody's.
    """
    if not rows or not Forgotten.any():
        return
    named = [_names(row, what, country) for row in rows]
    hashes = name_hashes(
        phones={phone for phone, _, _ in named if phone},
        emails={email for _, email, _ in named if email},
        accounts={account for _, _, account in named if account},
    )
    since = Forgotten.since(hashes.values())
    if not since:
        return
    held = _held({account for _, _, account in named if account}) if what == "order" else set()
    for row, (phone, email, account) in zip(rows, named, strict=True):

        def holds(kind: str, value: object, made: datetime | None = row["created_at"]) -> bool:
            moment = since.get(hashes.get((kind, str(value)), ""))
            return moment is not None and (made is None or made <= moment)

        by_email = holds(EMAIL, email)
        if holds(PHONE, phone) and account in held and not holds(CUSTOMER, account):
            row.update(NOBODYS | {"email": "" if by_email else email, "details": {}})
        elif holds(PHONE, phone) or holds(CUSTOMER, account) or (by_email and not phone):
            row.update(NOBODYS | (OF_AN_ORDER if what == "order" else {}))
        elif by_email:
            row["email"] = ""


def _held(accounts: set[int]) -> set[int]:
    """Those of these accounts that are somebody's whom we know."""
    query = Identity.select(Identity.value).where(
        Identity.kind == CUSTOMER, among(Identity.value, {str(one) for one in accounts})
    )
    return {int(value) for (value,) in tuples(query)}


def _names(row: Row, what: str, country: str) -> tuple[str, str, int]:
    """Phone, e-mail and account of a row; '' and 0 where it has none."""
    phone = read_phone(row["phone"], row["country"] or country).e164 if row["phone"] else ""
    account = row["woo_id"] if what == "customer" else row["customer_id"]
    return phone, row["email"], account
