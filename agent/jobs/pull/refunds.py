"""The refunds of single orders: what an order no longer lists was deleted, which moves no date."""

from collections.abc import Callable, Sequence

from agent.clients.shop import Shop
from agent.jobs.pull.around import by_ids
from agent.jobs.pull.filing import GONE, Filing, News, forget
from agent.jobs.pull.gone import MOST, look_for
from agent.jobs.pull.kinds import ORDERS, REFUNDS
from agent.rules.copies import ORDER_REFUND_FIELDS, refunds_of
from models import Cursor, Refund
from models.base import transaction, tuples


def read_refunds_of(
    shop: Shop, filing: Filing, orders: Sequence[int], beat: Callable[[], None]
) -> tuple[News, set[int]]:
    """Forget the refunds that these orders do not have any more; returns these, and the orders that
    could not be asked in this cycle.

    One that we do not know yet is left to the list of all refunds, which has its date: that list is
    then swept at once.
    """
    page = by_ids(shop, ORDERS, filing, beat, ORDER_REFUND_FIELDS).read(orders)
    listed = {int(one["id"]): refunds_of(one) for one in page.rows}
    missing = [number for number in orders if number not in listed]
    for number in missing[:MOST]:
        beat()
        found = look_for(shop, "orders", number, ORDER_REFUND_FIELDS)
        listed[number] = refunds_of(found.rows[0]) if found else {}
    query = Refund.select(Refund.woo_id, Refund.order_id)
    known = dict(tuples(query.where(Refund.order_id.in_(list(listed)))))
    gone = [refund for refund, order in known.items() if refund not in listed[order]]
    with transaction():
        forget(Refund, "refunds", gone, filing)
        if any(refund not in known for refunds in listed.values() for refund in refunds):
            Cursor.hasten(f"sweep {REFUNDS.name}")
    return dict.fromkeys(gone, GONE), set(missing[MOST:])
