"""winback preview: the plan of the next daily run, before it is made."""

import json
from datetime import datetime
from pathlib import Path

import click

from agent.backups import on_a_copy
from agent.commands.ending import ended_by_signals
from agent.commands.moments import AT
from agent.commands.options import config_option, read_settings
from agent.commands.plain_json import plain
from agent.commands.preview.told import tell
from agent.config.campaigns import PLANNED
from agent.explain import daemon_away, next_run, plan_ahead
from agent.jobs.status import zone_of_the_shop
from agent.service import WallClock


@click.command
@click.option(
    "--campaign",
    type=click.Choice(PLANNED),
    help="This one alone, and as if it were on and nothing held it.",
)
@click.option(
    "--samples",
    type=click.IntRange(0, 1000),
    default=2,
    show_default=True,
    help="So many messages of each campaign, with the finished text.",
)
@click.option(
    "--at",
    "moment",
    type=AT,
    metavar="MOMENT",
    help="As a run would plan then, by what is known now; in the shop's time unless it names another. "
    "The next daily run if left out.",
)
@click.option("--json", "as_json", is_flag=True, help="For a program.")
@config_option
def command(
    campaign: str | None, samples: int, moment: datetime | None, as_json: bool, config: Path
) -> None:
    """Show the plan of the next daily run: per campaign how many people, what it would cost and when it
    would leave, some of the messages, who is left alone and why, and what holds a campaign back.

    Nothing is sent or changed: it is worked out on a copy of the database, also beside a daemon. Whom
    alerts are about is looked for every hour, and so before that run.

    \b
    Examples:
      winback preview
      winback preview --campaign loyalty_reward --samples 5
    """
    settings = read_settings(config)
    now = WallClock().now()
    with ended_by_signals(), on_a_copy(settings.database.path):  # the copy goes, however it ends
        at = moment or next_run(settings, now)
        if at.tzinfo is None:
            at = at.replace(tzinfo=zone_of_the_shop())
        away = daemon_away(now)
        found = plan_ahead(settings, now=now, at=at, rehearse=campaign or "", samples=samples)
    if as_json:
        click.echo(json.dumps(plain(found), indent=2))
        return
    tell(found, away)
