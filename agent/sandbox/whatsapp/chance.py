"""Fixed chance: numbers that look random, but are the same in every run with the same seed."""

from __future__ import annotations

from hashlib import blake2b


def chance(*parts: object) -> float:
    """A number from 0 up to, but not including, 1 that depends on nothing but `parts`.

    Drawing by name ("duplicate", the update's number) and not from one shared generator keeps a
    run the same however the threads of the server happen to be scheduled.
    """
    named = "\x1f".join(str(part) for part in parts).encode()
    return int.from_bytes(blake2b(named, digest_size=6).digest(), "big") / 2**48
