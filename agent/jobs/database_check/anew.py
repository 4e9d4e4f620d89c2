"""What is worked out from the orders, worked out once more and compared; nothing is changed."""

from collections.abc import Iterator
from typing import Any, Final

from agent.jobs.database_check.looked import A_WALK, ANEW, Beat, Looked, some
from models import Basis, Contact, History, Order, Stale, Taste
from models.base import among, database, raw, tuples
from models.histories import write_histories
from models.holders import HOLDER
from models.insight import COUNTING, PRODUCT

A_BATCH: Final = 500
_OF_ORDERS = Stale.kind.not_in((PRODUCT, COUNTING))  # the others are about what goes with what


def compare_anew(beat: Beat) -> Iterator[Looked]:
    """Whose the orders are, and what they come to: worked out once more, and compared."""
    basis = Basis.get_or_none()
    if basis is None or basis.stage:
        yield Looked(
            "what is worked out from the orders (not yet, or being worked out: not compared)"
        )
        return
    waiting = Stale.select().where(_OF_ORDERS).count()
    if waiting > A_WALK:
        yield Looked(
            "what is worked out from the orders", f"{waiting:,} changes wait to be worked off", ANEW
        )
        return
    stale_orders = {
        int(one) for (one,) in tuples(Stale.select(Stale.value).where(Stale.kind == "order"))
    }
    wrong, last = list[int](), 0
    query = Order.select(Order.woo_id, Order.holder_id, HOLDER)
    while rows := raw(query.where(Order.woo_id > last).order_by(Order.woo_id).limit(A_WALK)):
        beat()
        wrong += [
            number for number, known, anew in rows if known != anew and number not in stale_orders
        ]
        last = rows[-1][0]
    yield Looked(
        "orders belong to whom they would belong anew",
        f"{len(wrong):,} do not, such as {some(wrong)}" if wrong and not waiting else "",
        ANEW if wrong and not waiting else "",
    )
    differing = _histories(basis, beat) if not waiting else []
    note = "" if not waiting else f" ({waiting:,} changes wait: compared the next time)"
    yield Looked(
        f"histories and tastes are what they would be anew{note}",
        f"of {len(differing):,} contacts they are not, such as {some(differing)}"
        if differing
        else "",
        ANEW if differing else "",
    )


def _histories(basis: Basis, beat: Beat) -> list[int]:
    """The contacts whose history would be another; each batch is worked out and undone."""
    differing: list[int] = []
    last = 0
    contacts = Contact.select(Contact.id).order_by(Contact.id).limit(A_BATCH)
    while ids := [number for (number,) in tuples(contacts.where(Contact.id > last))]:
        beat()
        with database.atomic() as batch:
            before = _sums(ids)
            write_histories(ids, basis)
            after = _sums(ids)
            batch.rollback()
        if not Stale.select().where(_OF_ORDERS).exists():  # nothing changed meanwhile
            differing += sorted({row[1] for row in before ^ after})
        last = ids[-1]
    return differing


def _sums(ids: list[int]) -> set[tuple[Any, ...]]:
    histories = raw(History.select().where(among(History.contact_id, ids)))
    tastes = raw(Taste.select().where(among(Taste.contact_id, ids)))
    return {("history", *row) for row in histories} | {("taste", *row) for row in tastes}
