"""winback report: what was sent, what came of it, and who was left alone and why."""

from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from agent.budget import gather_budget
from agent.commands.options import config_option, read_settings
from agent.commands.tables import print_report
from agent.database import shared
from agent.jobs.report import report
from agent.service import WallClock
from models import ShopFact


@click.command
@config_option
@click.option("--days", default=30, show_default=True, type=click.IntRange(1, 3650))
def command(config: Path, days: int) -> None:
    """Show the campaigns of the last days: sent, delivered, read, ordered, earned."""
    settings = read_settings(config)
    with shared(settings.database.path):
        now = WallClock().now()
        span = "day" if days == 1 else f"{days} days"
        print_report(report(now - timedelta(days=days)), title=f"the last {span}")
        zone = ZoneInfo(ShopFact.all().get("zone", "UTC"))
        budget = gather_budget(settings, now, zone)
    if budget.is_told:
        click.echo(f"budget: {budget.in_words}")
