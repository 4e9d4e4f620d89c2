"""winback report: what was sent, what came of it, and who was left alone and why."""

from pathlib import Path
from zoneinfo import ZoneInfo

import click

from agent.budget import gather_budget
from agent.commands.options import config_option, read_settings
from agent.commands.report.files import as_csv, as_json
from agent.commands.report.page import as_page
from agent.commands.report.tables import print_report
from agent.config.campaigns import PLANNED
from agent.database import shared
from agent.jobs.report import report
from agent.rules.credit import View
from agent.service import WallClock
from models import ShopFact

FORMATS = {"json": as_json, "csv": as_csv, "html": as_page}


@click.command
@config_option
@click.option(
    "--days",
    default=30,
    show_default=True,
    type=click.IntRange(1, 3650),
    help="Today and the days before it, so many in all.",
)
@click.option("--campaign", type=click.Choice(PLANNED), help="Only this one.")
@click.option(
    "--view",
    default=View.LAST.value,
    show_default=True,
    type=click.Choice([view.value for view in View]),
    help="Which message an order counts for: a used coupon's, else the last before it; the first "
    "of the time before it; or only coupons.",
)
@click.option(
    "--format",
    "form",
    default="table",
    show_default=True,
    type=click.Choice(["table", *FORMATS]),
    help="csv: a row for each day, campaign, template and language. html: a page of its own.",
)
def command(config: Path, days: int, campaign: str | None, view: str, form: str) -> None:
    """Show the campaigns of the last days: sent, delivered, read, ordered, earned, and what they cost.

    \b
    Examples:
      winback report --days 90 --campaign price_drop
      winback report --format html > report.html
    """
    settings = read_settings(config)
    with shared(settings.database.path):
        now = WallClock().now()
        told = report(settings, now=now, days=days, campaign=campaign or "", view=View(view))
        if form in FORMATS:
            click.echo(FORMATS[form](told), nl=False)
            return
        span = "day" if days == 1 else f"{days} days"
        by_view = "" if view == View.LAST else f", orders by {view}"
        print_report(told, title=f"the last {span}{by_view}")
        budget = gather_budget(settings, now, ZoneInfo(ShopFact.all().get("zone", "UTC")))
    if budget.is_told:
        click.echo(f"budget: {budget.in_words}")
