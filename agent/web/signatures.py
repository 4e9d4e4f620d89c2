"""Which of two secrets signed a body, while one takes the other's place."""

import hashlib
import hmac
from collections.abc import Callable
from enum import Enum


class Signer(Enum):
    CURRENT = "current"
    PREVIOUS = "previous"
    NOBODY = "nobody"


def signer(
    given: str, body: bytes, current: str, previous: str, written: Callable[[bytes], str]
) -> Signer:
    """Whose secret made `given` of `body`: its HMAC-SHA256, `written` as the header has it.

    The bytes count as they came: Meta, and the shop, escape characters in ways that no other
    serializer repeats. Both secrets are always tried, and compared in constant time, so the time that
    it takes tells a stranger nothing. "" is no secret.
    """
    fits_current, fits_previous = (
        hmac.compare_digest(
            given.encode(errors="replace"),
            written(hmac.new(secret.encode(), body, hashlib.sha256).digest()).encode(),
        )
        for secret in (current, previous)
    )
    if fits_current and current:
        return Signer.CURRENT
    return Signer.PREVIOUS if fits_previous and previous else Signer.NOBODY
