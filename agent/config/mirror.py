"""The section about how exact the mirror of the shop is kept, and what that may cost the shop."""

from datetime import time, timedelta

from agent.config.kinds import Duration, Items, Text, TimeOfDay, Whole
from agent.config.schema import section, setting

_ROLE = Text("a role of small letters", r"[a-z0-9_-]+", 'write it as WordPress does: "customer"')


@section
class Mirror:
    """How the changes are found that move no date in WooCommerce. Each costs the shop a request a turn."""

    customer_roles: tuple[str, ...] = setting(
        Items(_ROLE, least=1),
        'WordPress roles of the accounts that are mirrored; "all" for every account.',
        default=["all"],
    )
    sweep_hours: int = setting(
        Whole(1, 720),
        "In how many hours every order, product, variation, refund and account is read once more, "
        "spread evenly: for imports and plugins that write past WooCommerce, and for what was deleted "
        "for good. No change stays unseen for longer.",
        default=24,
    )
    lines_sweep: timedelta = setting(
        Duration("1h", "365d"),
        "The same for the lines of orders, which cost a shop eight times as much and hardly ever "
        "change by themselves.",
        default="14d",
    )
    carts: timedelta = setting(
        Duration("1m", "1d"),
        "How often products are read again that somebody waits for, or has left in a cart.",
        default="10m",
    )
    counts: timedelta = setting(
        Duration("1m", "1d"),
        "How often the shop is asked how many orders and refunds it has: one less tells of a deletion.",
        default="15m",
    )
    trash: timedelta = setting(
        Duration("1m", "1d"),
        "How often the trash is asked for products: the list of the others does not tell.",
        default="5m",
    )
    accounts: timedelta = setting(
        Duration("1m", "1d"),
        "How often the newest accounts are asked for: WooCommerce cannot filter them by change.",
        default="10m",
    )
    variations: timedelta = setting(
        Duration("1m", "1d"),
        "How often variations are asked for by change: for shops where a variation's change does not "
        "move its product.",
        default="15m",
    )
    rest: timedelta = setting(
        Duration("10m", "7d"),
        "How often categories, our own coupons, the list of refunds and what the shop says of itself "
        "(zone, currency, statuses) are read again.",
        default="1h",
    )
    drift_at: time = setting(
        TimeOfDay(), "When random rows are compared with the shop, field by field.", default="03:30"
    )
    drift_sample: int = setting(
        Whole(1, 100), "How many rows of each kind are compared then.", default=100
    )
