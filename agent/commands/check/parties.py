"""What `winback check` and `winback init` say of the shop and of WhatsApp, each with what to do."""

from collections.abc import Callable, Generator, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

from agent.commands.check.templates import Finding
from agent.config import LoyaltyReward, Settings
from agent.config.complaints import nearest
from agent.errors import Refused, Unauthorized, WinbackError
from agent.installed import INSTALLED
from agent.order_news import delivered_statuses
from agent.rules.account_health import troubles
from agent.rules.order_kinds import DELIVERED, STATUSES
from agent.service import Service, WallClock
from agent.timetable import Tools

CLOCK_TOLERANCE = 60  # seconds; the shop refuses signatures that are 15 minutes off
LONGEST_PAUSE = 0.5  # seconds before a question is asked again: somebody is waiting
MANAGEMENT = "whatsapp_business_management"
NEEDED_RIGHTS = ("whatsapp_business_messaging", MANAGEMENT)


class Impatient(Service):
    """Asks again soon or not at all; the daemon has more patience."""

    def sleep(self, seconds: float) -> None:
        super().sleep(min(seconds, LONGEST_PAUSE))


def guarded(look: Callable[[Tools], Iterator[Finding]], tools: Tools) -> Iterator[Finding]:
    """A failure ends the look at one part, not the check."""
    try:
        yield from look(tools)
    except WinbackError as error:
        yield Finding(error.what, error.fix)
    except PermissionError as error:
        path, otherwise = Path(error.filename or ""), "let the user that winback runs as read it"
        yield Finding(f"{path}: {error.strerror}", INSTALLED.remedy(path, otherwise))


def shop_findings(tools: Tools) -> Iterator[Finding]:
    shop = tools.shop
    site = shop.site()
    yield Finding(f"{tools.settings.shop.url} answers: {site.get('name') or 'without a name'}")
    orders = shop.page("orders", per_page=1, _fields="id")
    yield Finding(f"the key can read: {orders.total:,} orders")
    off = (orders.served_at - WallClock().now()).total_seconds()
    if abs(off) > CLOCK_TOLERANCE:
        yield Finding(
            f"the shop's clock and this machine's are {abs(off):.0f} s apart",
            "let both run NTP (timedatectl set-ntp true)",
            fatal=False,
        )
    status = shop.one("system_status", _fields="environment,settings")
    environment, general = status.get("environment") or {}, status.get("settings") or {}
    yield Finding(
        f"WooCommerce {environment.get('version', 'of an unknown version')}, "
        f"{general.get('currency', 'of an unknown currency')}"
    )
    yield _can_write(tools)
    if _makes_coupons(tools.settings) and not _coupons_enabled(tools):
        yield Finding(
            "the shop does not take coupons",
            "WooCommerce > Settings > General > Enable the use of coupon codes",
        )
    yield from _statuses(tools)


def _statuses(tools: Tools) -> Iterator[Finding]:
    """Order news of a status that the shop does not have would be waited for in vain."""
    on = [name for name, news in tools.settings.news.items() if news.enabled]
    own = [name.removeprefix(f"{STATUSES}.") for name in on if name.startswith(f"{STATUSES}.")]
    if not own and DELIVERED not in on:
        return
    known = [str(one["slug"]) for one in tools.shop.page("reports/orders/totals").rows]
    for status in own:
        if status not in known:
            near = nearest(status, known)
            yield Finding(
                f"the shop has no order status {status}: [order_news.{STATUSES}.{status}] is never told",
                f"did you mean {near}?" if near else f"it has {', '.join(known)}",
                fatal=False,
            )
    arrived = delivered_statuses(tools.settings)
    if DELIVERED in on and not arrived & {*known}:
        yield Finding(
            f"the shop has no order status {' or '.join(sorted(arrived))}: {DELIVERED} is never told",
            f"name in [order_news.{DELIVERED}] statuses what says so; the shop has {', '.join(known)}",
            fatal=False,
        )


def _can_write(tools: Tools) -> Finding:
    """A coupon without a code is refused by every shop; how it is refused tells the key's rights."""
    wanted = _makes_coupons(tools.settings) or tools.settings.order_news.note_on_order
    try:
        tools.shop.create("coupons", {})
    except Unauthorized as error:
        why = "only needed once loyalty_reward or note_on_order is on"
        if wanted:
            why = "loyalty_reward makes coupons"
            if not _makes_coupons(tools.settings):
                why = "note_on_order leaves notes on orders"
        return Finding(f"the key cannot write ({why}): {error.what}", error.fix, fatal=wanted)
    except Refused:
        return Finding("the key can write")
    return Finding(
        "the shop took a coupon without a code",
        "a plugin changes how coupons are made: look for an empty one and remove it",
        fatal=False,
    )


def _makes_coupons(settings: Settings) -> bool:
    return any(isinstance(c, LoyaltyReward) and c.enabled for c in settings.campaigns.values())


def _coupons_enabled(tools: Tools) -> bool:
    general = {one["id"]: one["value"] for one in tools.shop.page("settings/general").rows}
    return general.get("woocommerce_enable_coupons") == "yes"


def account_findings(tools: Tools) -> Generator[Finding, None, bool]:
    """The token, the number and the account; returns whether the token may read more of it."""
    whatsapp = tools.whatsapp
    info = whatsapp.token_info()  # first: this question needs no right
    rights = info.get("scopes") or ()
    missing = [right for right in NEEDED_RIGHTS if right not in rights]
    if missing:
        yield Finding(
            f"the token lacks {' and '.join(missing)}",
            "Meta Business Settings > Users > System users: generate a token with both rights",
        )
    else:
        yield Finding("the token has the rights it needs")
    if ends := info.get("expires_at"):
        yield Finding(
            f"the token ends on {datetime.fromtimestamp(ends, UTC):%d %B %Y}",
            "a system user's token without an end does not stop in the night",
            fatal=False,
        )
    if MANAGEMENT in missing:
        return False  # all that follows would only say the same again
    number = whatsapp.phone_number()
    yield from _number(number)
    yield from _belongs(tools, number)
    if whatsapp.subscribed_apps():
        yield Finding("an app gets the account's webhooks")
    else:
        yield Finding(
            "no app gets the account's webhooks, so no status and no STOP would ever arrive",
            "subscribe your app to the account: POST /{business account id}/subscribed_apps",
        )
    return True


def _number(number: dict[str, object]) -> Iterator[Finding]:
    name = f"{number.get('verified_name') or ''} {number.get('display_phone_number') or ''}".strip()
    found = troubles(number)
    for one in found:
        yield Finding(f"{name}: {one.what}", one.fix)
    if not found:
        quality = number.get("quality_rating") or "unknown"
        yield Finding(f"the number {name} is connected, its quality is {quality}")


def _belongs(tools: Tools, number: Mapping[str, object]) -> Iterator[Finding]:
    """The two ids stand side by side on Meta's page, and are easily those of different accounts."""
    known = [str(one.get("id")) for one in tools.whatsapp.phone_numbers()]
    if number.get("id") not in known:
        yield Finding(
            f"the account {tools.settings.whatsapp.business_account_id} does not have this number: its "
            f"phone number ids are {', '.join(known) or 'none'}",
            "take both ids from the same page: your app > WhatsApp > API Setup",
        )
