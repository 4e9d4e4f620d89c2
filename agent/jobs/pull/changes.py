"""What the rows of a page show that orders did: the history that the order news stand on.

Only rows that are filed after the first fill come here. `before` are the same rows as the mirror had
them, by id; what is not among them is new.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from agent.rules.copies import DRAFTS, Row
from agent.rules.order_details import in_one_text, numbers_of
from models.order_changes import REFUND, SHIPMENTS, STATUS, TOTAL

Before = Mapping[int, Mapping[str, Any]]

EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)


def order_changes(rows: Sequence[Row], before: Before, now: datetime) -> list[Row]:
    """New orders, other statuses, other tracking numbers, as rows of OrderChange.

    A draft is no order yet: when it becomes one, that is new. `now` is when we saw it, by our clock.
    """
    changes = []
    for number, row in _by_id(rows):
        known = before.get(number)
        if row["status"] in DRAFTS or (known is not None and known["read_at"] > row["read_at"]):
            continue  # or an answer that set out earlier than what we have
        for what, was, became in _of_order(row, known):
            changes.append(
                {
                    "order_id": number,
                    "what": what,
                    "was": was,
                    "became": became,
                    "changed_at": _moment(row, known),
                    "seen_at": now,
                }
            )
    return changes


def new_refunds(rows: Sequence[Row], before: Before, now: datetime) -> list[Row]:
    """Refunds that the mirror did not have, as rows of OrderChange."""
    return [
        {
            "order_id": row["order_id"],
            "what": REFUND,
            "was": "",
            "became": str(row["amount"]),
            "changed_at": _possible(row["created_at"], row),
            "seen_at": now,
        }
        for number, row in _by_id(rows)
        if number not in before
    ]


def _by_id(rows: Sequence[Row]) -> Iterator[tuple[int, Row]]:
    """Once each, as what comes last in the page says."""
    yield from {row["woo_id"]: row for row in rows}.items()


def _of_order(row: Row, known: Mapping[str, Any] | None) -> Iterator[tuple[str, str, str]]:
    """What it did, from what, to what."""
    placed = known if known is not None and known["status"] not in DRAFTS else None
    was = placed["status"] if placed else ""
    if row["status"] != was:
        yield STATUS, was, row["status"]
    if placed is not None and row["total"] != placed["total"]:
        yield TOTAL, str(placed["total"]), str(row["total"])
    if known is not None and known["details_rule"] != row["details_rule"]:
        return  # another config, or version, reads other numbers out of what has been there for long
    had = numbers_of(placed["details"]) if placed else []
    has = numbers_of(row["details"])
    if set(had) != set(has):
        yield SHIPMENTS, in_one_text(had), in_one_text(has)


def _moment(row: Row, known: Mapping[str, Any] | None) -> datetime:
    """When it changed, by the shop. What moved no date changed at some time before we read it."""
    moved: datetime | None = row["modified_at"]
    if moved is None or (known is not None and known["modified_at"] == moved):
        moved = None
    return _possible(moved, row)


def _possible(moment: datetime | None, row: Row) -> datetime:
    """An import may write any date, and nothing changed after it was read."""
    read_at: datetime = row["read_at"]
    return read_at if moment is None else max(min(moment, read_at), EARLIEST)
