"""shop -> mirror: what is new or changed, page by page, each page in a transaction of its own."""

from collections.abc import Callable
from datetime import datetime, timedelta

from agent.clients.shop import Shop
from agent.config import Settings
from agent.jobs.pull.facts import read_shop_facts
from agent.jobs.pull.kinds import CUSTOMERS, ORDERS, PRODUCTS, REFUNDS, VARIATIONS, Filing
from agent.jobs.pull.lines import read_lines
from agent.jobs.pull.walk import begin_again, walk
from models import Cursor

CUSTOMERS_AGAIN = timedelta(days=1)  # customers have no filter by change: walked anew once a day
REFUNDS_AGAIN = timedelta(hours=1)

__all__ = ["pull_changes", "pull_slowly", "read_lines", "read_shop_facts"]


def pull_changes(
    shop: Shop, settings: Settings, *, now: datetime, beat: Callable[[], None]
) -> dict[str, int]:
    """What changed since the last poll: orders and products, and refunds where an order moved."""
    filing = Filing.from_settings(settings, now)
    counts = {kind.name: walk(shop, kind, filing, beat=beat) for kind in (ORDERS, PRODUCTS)}
    refunds = Cursor.named(REFUNDS.name)
    # A refund moves the date of its order, so without a moved order there is none to be found. The
    # hour is for what a poll that failed half-way may have left.
    if counts["orders"] or refunds.polled_at is None or now - refunds.polled_at > REFUNDS_AGAIN:
        counts["refunds"] = walk(shop, REFUNDS, filing, beat=beat)
    return {kind: news for kind, news in counts.items() if news}


def pull_slowly(
    shop: Shop, settings: Settings, *, now: datetime, beat: Callable[[], None]
) -> dict[str, int]:
    """The rest, by the hour: variations, new customers, and once a day all customers."""
    filing = Filing.from_settings(settings, now)
    began = Cursor.named(CUSTOMERS.name).walk_began
    if began is not None and now - began >= CUSTOMERS_AGAIN:
        begin_again(CUSTOMERS)
    kinds = (VARIATIONS, CUSTOMERS)
    counts = {kind.name: walk(shop, kind, filing, beat=beat) for kind in kinds}
    return {kind: news for kind, news in counts.items() if news}
