"""What people had looked at and wished for by a moment."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from agent.rehearse.later import LaterInterest, LaterInterestWas
from models import Contact, Interest
from models.base import among, among_pairs, instant, transaction, tuples
from models.interest import SHOP

TOLD = "told"  # by a message of ours: what the rehearsal sends it notes itself
COLUMNS = (
    "contact_id", "product_id", "variation_id", "kind", "price", "stock_status", "first_at", "seen_at",
    "source",
)  # fmt: skip

WISHLIST = "wishlist"

Pair = tuple[int, int]
"""A contact and a product."""
Row = dict[str, Any]


def wind_back(at: str) -> None:
    """After the people; in the caller's transaction."""
    moment = instant(at)
    there = Contact.select(Contact.id)
    Interest.delete().where(
        (Interest.first_at > moment)
        | Interest.contact_id.not_in(there)
        | ((Interest.source == SHOP) & (Interest.seen_at > moment))  # its carts are followed anew
    ).execute()
    put_interest(_changed_later(moment), at)


def _changed_later(moment: datetime) -> set[Pair]:
    """Of what was seen longer, written over or taken off a list after it."""
    was = LaterInterestWas.until > moment
    kept = (
        LaterInterest.select(LaterInterest.contact_id, LaterInterest.product_id).where(
            LaterInterest.seen_at > moment, LaterInterest.source.not_in((SHOP, TOLD))
        ),
        LaterInterestWas.select(LaterInterestWas.contact_id, LaterInterestWas.product_id).where(
            was
        ),
        LaterInterestWas.select(LaterInterestWas.moved_to, LaterInterestWas.product_id).where(
            was, LaterInterestWas.moved_to.is_null(False)
        ),
    )
    return {(contact, product) for query in kept for contact, product in tuples(query)}


def put_interest(pairs: Collection[Pair], at: str) -> None:
    """All that these people had seen of these products by `at`, whatever the copy has of it."""
    if not pairs:
        return
    moment = instant(at)
    there = {number for (number,) in tuples(
        Contact.select(Contact.id).where(among(Contact.id, {contact for contact, _ in pairs}))
    )}  # fmt: skip
    asked = [pair for pair in pairs if pair[0] in there]
    rows = _as_they_were(asked, moment)
    for row in rows:
        if row["seen_at"] > moment:  # what they saw was the same: else the row was written over
            row["seen_at"] = row["first_at"]
    theirs = among_pairs((Interest.contact_id, Interest.product_id), asked)
    wishes = Interest.select(Interest.contact_id, Interest.product_id, Interest.variation_id)
    with transaction():
        before = set(tuples(wishes.where(theirs, Interest.kind == WISHLIST)))
        Interest.delete().where(theirs, Interest.source.not_in((SHOP, TOLD))).execute()
        Interest.write_each(rows, lambda insert: insert.on_conflict_replace())
        after = set(tuples(wishes.where(theirs, Interest.kind == WISHLIST)))
        # what was to be told of these is called off, as when somebody takes them off their list
        Interest.unwish((*wish, moment) for wish in sorted(before - after))


def _as_they_were(pairs: Collection[Pair], moment: datetime) -> list[Row]:
    """Of each piece of interest the row that stood then: the first that was written over or taken away
    later, or the one that still stands."""
    stood: dict[tuple[Any, ...], Row] = {}
    for table, order in (
        (LaterInterestWas, (LaterInterestWas.until, LaterInterestWas.id)),
        (LaterInterest, (LaterInterest.id,)),
    ):
        query = table.select(*(getattr(table, name) for name in COLUMNS)).where(
            among_pairs((table.contact_id, table.product_id), pairs),
            table.first_at <= moment,
            table.source.not_in((SHOP, TOLD)),
        )
        if table is LaterInterestWas:
            query = query.where(table.until > moment)
        for row in query.order_by(*order).dicts():
            stood.setdefault(_key(row, row["contact_id"]), row)
    moved = LaterInterestWas.select(
        *(getattr(LaterInterestWas, name) for name in COLUMNS), LaterInterestWas.moved_to
    ).where(
        among_pairs((LaterInterestWas.moved_to, LaterInterestWas.product_id), pairs),
        LaterInterestWas.until > moment,
    )
    for row in moved.dicts():  # it was another number's then
        stood.pop(_key(row, row["moved_to"]), None)
    return list(stood.values())


def _key(row: Row, contact: int) -> tuple[Any, ...]:
    return (contact, *(row[name] for name in ("product_id", "variation_id", "kind", "first_at")))
