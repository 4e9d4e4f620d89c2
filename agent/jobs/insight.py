"""mirror -> insight: what is worked out from the orders is kept current."""

from collections.abc import Callable

from agent.config import Settings
from models import Cursor, ShopFact
from models.refresh import refresh


def keep_current(settings: Settings, *, beat: Callable[[], None]) -> dict[str, int]:
    """Work out anew what the last changes of the mirror made stale. Returns how many histories.

    Not before all orders are in: until then nothing is marked, and then all is worked out at once.
    """
    orders = Cursor.get_or_none(Cursor.name == "orders", Cursor.since.is_null(False))
    if orders is None:
        return {}
    currency = ShopFact.all()["currency"]
    histories = refresh(settings.audience.paid_statuses, currency, beat=beat)
    return {"histories": histories} if histories else {}
