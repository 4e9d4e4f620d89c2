"""winback check: the config, and then everything it leads to, each with what to do."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from agent import log
from agent.budget import gather_budget, refusal
from agent.commands.check.alarms import alarm_findings
from agent.commands.check.findings import show
from agent.commands.check.links import link_findings
from agent.commands.check.parties import Impatient, account_findings, guarded, shop_findings
from agent.commands.check.templates import Finding, template_findings
from agent.commands.options import config_option, read_settings
from agent.commands.pausing import told
from agent.config import Settings
from agent.daemon import make_tools
from agent.database import owned, shared
from agent.epoch import standing_doubt
from agent.errors import AlreadyRunning
from agent.jobs.status import zone_of_the_shop
from agent.pauses import RESTORE, way_out
from agent.rules.selection import ALERTS
from agent.service import WallClock
from agent.timetable import Tools
from models import Pause, ShopFact


@click.command
@config_option
def command(config: Path) -> None:
    """Check the config, then talk to the shop, WhatsApp and the database; nothing is changed there.

    \b
    Examples:
      winback check
      winback check && systemctl reload winback
    """
    settings = read_settings(config)
    log.set_up(style="logfmt", level="error")
    tools = make_tools(settings, Impatient(WallClock()))
    failed = 0
    for part, look in (
        ("config", _config),
        ("database", _database),
        ("shop", shop_findings),
        ("whatsapp", _whatsapp),
        ("links", link_findings),
        ("alarms", alarm_findings),
    ):
        for finding in guarded(look, tools):
            show(part, finding)
            failed += bool(finding.fix) and finding.fatal
    if failed:
        click.echo(f"\n{failed} to correct before winback can work (FAIL above)")
        sys.exit(1)
    click.echo("\nwinback can work")


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


def _whatsapp(tools: Tools) -> Iterator[Finding]:
    may_read_templates = yield from account_findings(tools)
    if may_read_templates:
        yield from template_findings(tools)
