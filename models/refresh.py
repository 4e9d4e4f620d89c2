"""All that is worked out from the orders, from the beginning: at first, and when the settings change.

It goes through all orders and then all contacts, some thousands a transaction, and notes how far it
is; what changes behind it is marked, and worked off after it.
"""

from collections.abc import Callable, Sequence

from peewee import Value, fn

from models.base import transaction, tuples
from models.contacts import Contact
from models.histories import write_histories
from models.holders import HOLDER, NAMED, all_shared
from models.insight import PRODUCT, Basis, SharedName, Stale
from models.mirror import Order, OrderLine
from models.upkeep import A_BATCH, work_off

RULES = 2  # raise it where the rules change: all is worked out anew then
ORDERS_A_STEP = 20_000
NAMES, HOLDERS, HISTORIES, DONE = "names", "holders", "histories", ""
Beat = Callable[[], None]


def nothing() -> None:
    """A beat for those who have none."""


def refresh(paid_statuses: Sequence[str], currency: str, *, beat: Beat = nothing) -> int:
    """Bring holders, histories and tastes up to date with the mirror, all of it. Returns how many
    histories were worked out.

    `currency` is the shop's: what was spent in others is not added up.
    """
    basis = _begin(paid_statuses, currency)
    histories = 0
    while basis.stage != DONE:
        beat()
        histories += _step(basis)
        basis = Basis.get()
    return histories + work_off(basis, beat)


def _begin(paid_statuses: Sequence[str], currency: str) -> Basis:
    """On what it stands; all begins anew where that is not what it stood on until now.

    Whose an order is does not stand on the settings.
    """
    wanted = {"rules": RULES, "paid_statuses": sorted(paid_statuses), "currency": currency}
    basis: Basis | None = Basis.get_or_none()
    if basis is None or any(getattr(basis, name) != wanted[name] for name in wanted):
        held = basis is not None and basis.rules == RULES and basis.stage in (HISTORIES, DONE)
        with transaction():
            Basis.delete().execute()
            Basis.insert(**wanted, stage=HISTORIES if held else NAMES).execute()
    return Basis.get()


def _step(basis: Basis) -> int:
    """One of many. What another process has done of it meanwhile is not done again."""
    shared = _shared() if basis.stage == NAMES else []
    with transaction():
        here = Basis.get()
        if (here.stage, here.last_id) != (basis.stage, basis.last_id):
            return 0
        match here.stage:
            case "names":
                SharedName.delete().execute()
                SharedName.write_each(shared, lambda insert: insert)
                Basis.update(stage=HOLDERS, last_id=0).execute()
            case "holders":
                _hold_next(here.last_id)
            case _:
                return _write_next(here)
    return 0


def _shared() -> list[dict[str, str]]:
    """Read before the transaction begins, because it takes long; what changes meanwhile is marked."""
    return [{"kind": kind, "value": value} for kind in NAMED for value in all_shared(kind)]


def _hold_next(last_id: int) -> None:
    following = Order.select(Order.woo_id).where(Order.woo_id > last_id).order_by(Order.woo_id)
    until = following.offset(ORDERS_A_STEP - 1).limit(1).scalar() or _largest(Order.woo_id)
    orders = Order.woo_id.between(last_id + 1, until)
    Order.update(holder_id=HOLDER).where(orders).execute()
    if until > last_id:
        Basis.update(last_id=until).execute()
    else:
        Basis.update(stage=HISTORIES, last_id=0).execute()


def _write_next(basis: Basis) -> int:
    following = Contact.select(Contact.id).where(Contact.id > basis.last_id).order_by(Contact.id)
    contacts = [contact for (contact,) in tuples(following.limit(A_BATCH))]
    if contacts:
        write_histories(contacts, basis)
        Basis.update(last_id=contacts[-1]).execute()
    else:
        products = OrderLine.select(Value(PRODUCT), OrderLine.product_id.cast("TEXT")).distinct()
        marked = products.where(OrderLine.product_id > 0)
        Stale.insert_from(marked, (Stale.kind, Stale.value)).on_conflict_ignore().execute()
        Basis.update(stage=DONE, last_id=0).execute()
    return len(contacts)


def _largest(column: object) -> int:
    return int(Order.select(fn.MAX(column)).scalar() or 0)
