"""winback check: the config, and then everything it leads to, each with what to do."""

import os
import shutil
import sys
import textwrap
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from agent import log
from agent.budget import gather_budget, refusal
from agent.commands.check_links import link_findings
from agent.commands.check_templates import Finding, template_findings
from agent.commands.options import config_option, read_settings
from agent.commands.pausing import told
from agent.config import LoyaltyReward, Settings
from agent.config.complaints import nearest
from agent.daemon import make_tools
from agent.database import owned, shared
from agent.epoch import standing_doubt
from agent.errors import AlreadyRunning, Refused, Unauthorized, WinbackError
from agent.jobs.status import zone_of_the_shop
from agent.order_news import delivered_statuses
from agent.pauses import RESTORE, way_out
from agent.rules.account_health import troubles
from agent.rules.order_kinds import DELIVERED, STATUSES
from agent.rules.selection import ALERTS
from agent.service import Service, WallClock
from agent.timetable import Tools
from models import Pause, ShopFact

CLOCK_TOLERANCE = 60  # seconds; the shop refuses signatures that are 15 minutes off
LONGEST_PAUSE = 0.5  # seconds before a question is asked again: somebody is waiting
MANAGEMENT = "whatsapp_business_management"
NEEDED_RIGHTS = ("whatsapp_business_messaging", MANAGEMENT)
MARGIN = " " * 16  # where the findings begin


class _Impatient(Service):
    """Asks again soon or not at all; the daemon has more patience."""

    def sleep(self, seconds: float) -> None:
        super().sleep(min(seconds, LONGEST_PAUSE))


@click.command
@config_option
def command(config: Path) -> None:
    """Check the config, then talk to the shop, WhatsApp and the database; nothing is changed there."""
    settings = read_settings(config)
    log.set_up(style="logfmt", level="error")
    tools = make_tools(settings, _Impatient(WallClock()))
    failed = 0
    for part, look in (
        ("config", _config),
        ("database", _database),
        ("shop", _shop),
        ("whatsapp", _whatsapp),
        ("links", link_findings),
    ):
        for finding in _guarded(look, tools):
            _show(part, finding)
            failed += bool(finding.fix) and finding.fatal
    if failed:
        click.echo(f"\n{failed} to correct before winback can work (FAIL above)")
        sys.exit(1)
    click.echo("\nwinback can work")


def _show(part: str, finding: Finding) -> None:
    mark = "ok" if not finding.fix else "FAIL" if finding.fatal else "note"
    _say(f"{mark:5} {part:9} ", finding.what)
    if finding.fix:
        _say(f"{MARGIN}-> ", finding.fix)


def _say(label: str, text: str) -> None:
    """Folded below itself on a terminal; one line elsewhere, so that it can be searched."""
    if sys.stdout.isatty():
        text = textwrap.fill(
            text,
            max(shutil.get_terminal_size().columns, 60),
            initial_indent=label,
            subsequent_indent=" " * len(label),
            break_long_words=False,
            break_on_hyphens=False,
        )
        click.echo(text)
    else:
        click.echo(label + text)


def _guarded(look: Callable[[Tools], Iterator[Finding]], tools: Tools) -> Iterator[Finding]:
    """A failure ends the look at one part, not the check."""
    try:
        yield from look(tools)
    except WinbackError as error:
        yield Finding(error.what, error.fix)


def _config(tools: Tools) -> Iterator[Finding]:
    yield Finding(str(tools.settings.path))
    if not any(occasion.enabled for occasion in tools.settings.occasions.values()):
        yield Finding(
            "no campaign is on: winback mirrors the shop and writes to nobody",
            "set enabled = true in a [campaigns....] or [order_news....] section when you want it to "
            "write",
            fatal=False,
        )
    alerts = [name for name in ALERTS if tools.settings.campaigns[name].enabled]
    if alerts and not tools.settings.web.events_token:
        yield Finding(
            f"the shop cannot tell what people look at: {' and '.join(alerts)} will know of unpaid "
            "orders, and of what is asked on WhatsApp, but of no product views and wishlists",
            "set events_token in [web], and give it to the shop's plugin: winback bridge",
            fatal=False,
        )


def _database(tools: Tools) -> Iterator[Finding]:
    """One that is not there yet is not made here: this may be another user than the daemon's."""
    path = tools.settings.database.path
    if not path.exists() and os.access(path.parent, os.W_OK | os.X_OK):
        yield Finding(f"{path} is not there yet; the first start makes it")
        return
    try:
        with owned(path):
            yield Finding(f"{path} can be written")
            yield from _restored()
            yield from _pauses()
            yield from _budget(tools.settings)
    except AlreadyRunning:
        with shared(path):
            yield Finding(f"{path}: a daemon works on it")
            yield from _restored()
            yield from _pauses()
            yield from _budget(tools.settings)


def _restored() -> Iterator[Finding]:
    doubt = standing_doubt()
    if doubt is not None:
        yield Finding(doubt.what, doubt.fix, fatal=False)  # no mistake in the config


def _pauses() -> Iterator[Finding]:
    """All but those of a restore, which is told apart. Paused is no mistake."""
    zone = zone_of_the_shop()
    for pause in Pause.in_force(WallClock().now()):
        if pause.source != RESTORE:
            yield Finding(told(pause, zone), way_out(pause), fatal=False)


def _budget(settings: Settings) -> Iterator[Finding]:
    """Where money is limited, prices for all who agreed: only the database knows where they live."""
    if settings.budget.money_per_month is None:
        return
    now, zone = WallClock().now(), ZoneInfo(ShopFact.all().get("zone", "UTC"))
    budget = gather_budget(settings, now, zone)
    refused = refusal(budget, now.astimezone(zone).date())
    if refused is None:
        yield Finding(f"the budget knows its prices: {budget.in_words}")
    else:
        fatal = any(campaign.enabled for campaign in settings.campaigns.values())
        yield Finding(refused.what, refused.fix, fatal=fatal)


def _shop(tools: Tools) -> Iterator[Finding]:
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


def _whatsapp(tools: Tools) -> Iterator[Finding]:
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
        return  # all that follows would only say the same again
    yield from _number(whatsapp.phone_number())
    if whatsapp.subscribed_apps():
        yield Finding("an app gets the account's webhooks")
    else:
        yield Finding(
            "no app gets the account's webhooks, so no status and no STOP would ever arrive",
            "subscribe your app to the account: POST /{business account id}/subscribed_apps",
        )
    yield from template_findings(tools)


def _number(number: dict[str, object]) -> Iterator[Finding]:
    name = f"{number.get('verified_name') or ''} {number.get('display_phone_number') or ''}".strip()
    found = troubles(number)
    for one in found:
        yield Finding(f"{name}: {one.what}", one.fix)
    if not found:
        quality = number.get("quality_rating") or "unknown"
        yield Finding(f"the number {name} is connected, its quality is {quality}")
