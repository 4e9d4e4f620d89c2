"""The secret of this installation by which people are told apart without their names: for chance, and for
what must be remembered of somebody who was erased.

It is made once and stands in the database, so that a copy that is put back decides as before.
"""

import hmac
import secrets
from collections.abc import Iterable
from hashlib import sha256

from models import ShopFact
from models.erasures import PHONE
from models.insight import CUSTOMER, EMAIL

_NAME = "person_key"


def person_key() -> bytes:
    """The key; made where there is none yet."""
    found = ShopFact.all().get(_NAME)
    if found is None:
        ShopFact.insert(name=_NAME, value=secrets.token_hex(32)).on_conflict_ignore().execute()
        found = ShopFact.all()[_NAME]
    return bytes.fromhex(found)


def is_drawn() -> bool:
    """Is there a key yet?"""
    return _NAME in ShopFact.all()


def hashed(key: bytes, text: str) -> str:
    """The keyed hash of a phone or a name: HMAC-SHA256, in hexadecimal digits."""
    return hmac.new(key, text.encode(), sha256).hexdigest()


def name_hashes(
    *, phones: Iterable[str] = (), emails: Iterable[str] = (), accounts: Iterable[int] = ()
) -> dict[tuple[str, str], str]:
    """(kind, value) -> its keyed hash, as `Forgotten` has it. The kind is in it: an e-mail's hash is never
    that of a number."""
    key = person_key()
    names = [
        *((PHONE, phone) for phone in phones),
        *((EMAIL, email) for email in emails),
        *((CUSTOMER, str(account)) for account in accounts),
    ]
    return {(kind, value): hashed(key, f"{kind} {value}") for kind, value in names}
