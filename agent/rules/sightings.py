"""What one person saw of one article, put together: in whatever order it is told, the same comes out."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

TOGETHER: Final = timedelta(hours=1)  # views that are less apart are one
UNWISHED_FOR: Final = timedelta(days=1)  # so long a removal still counts for what is told late


@dataclass(frozen=True, slots=True)
class Sighting:
    """What was seen from `first_at` to `seen_at`; price and stock as they were seen last."""

    first_at: datetime
    seen_at: datetime
    price: int | None  # minor units
    stock_status: str
    source: str


@dataclass(frozen=True, slots=True)
class Changes:
    """What makes the rows of a table equal to what was seen; to be carried out in this order."""

    removed: Sequence[int] = ()
    changed: Mapping[int, Sighting] = field(default_factory=dict)
    added: Sequence[Sighting] = ()


def put_together(
    kept: Mapping[int, Sighting], told: Iterable[Sighting], *, lasting: bool
) -> Changes:
    """Add what was told to the rows that are kept, each with its id.

    What is `lasting`, a wish or a cart, is one row for ever; views are one while less than an hour
    lies between each and the next.
    """
    pieces = [(one, number) for number, one in kept.items()] + [(one, 0) for one in told]
    pieces.sort(key=lambda piece: (piece[0].first_at, piece[0].seen_at, piece[1]))
    groups: list[tuple[Sighting, list[int]]] = []
    for one, number in pieces:
        if groups and (lasting or one.first_at - groups[-1][0].seen_at < TOGETHER):
            whole, numbers = groups[-1]
            groups[-1] = _joined(whole, one), [*numbers, number]
        else:
            groups.append((one, [number]))
    removed: list[int] = []
    changed: dict[int, Sighting] = {}
    added: list[Sighting] = []
    for whole, numbers in groups:
        known = sorted(filter(None, numbers))
        removed += known[1:]
        if not known:
            added.append(whole)
        elif kept[known[0]] != whole:
            changed[known[0]] = whole
    return Changes(removed, changed, added)


def _joined(one: Sighting, other: Sighting) -> Sighting:
    last = max(one, other, key=_newest)
    return Sighting(
        min(one.first_at, other.first_at),
        last.seen_at,
        last.price,
        last.stock_status,
        last.source,
    )


def _newest(one: Sighting) -> tuple[datetime, bool, int, str, str]:
    """Of two at the same moment, one with a price, and the lower price: it promises least."""
    return (one.seen_at, one.price is not None, -(one.price or 0), one.stock_status, one.source)
