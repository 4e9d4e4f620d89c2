"""winback consent: what people said elsewhere, brought onto the ledger."""

import sys
from pathlib import Path

import click

from agent.commands.options import config_option, read_settings
from agent.database import shared
from agent.jobs.consent_import import ABOUT, import_consent
from agent.rules.consent import MARKETING
from agent.service import WallClock


@click.group
def command() -> None:
    """Bring consent in."""


@command.command(name="import")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--purpose",
    type=click.Choice(sorted(ABOUT)),
    default=MARKETING,
    show_default=True,
    help="What was said is about this, in a file without a column `purpose`.",
)
@config_option
def import_(file: Path, purpose: str, config: Path) -> None:
    """Put the consents of a CSV FILE on the ledger.

    Its first line names the columns: `phone`, and if you like `says` (yes or no; yes if missing),
    `date` (2026-03-01, or with a time and offset), `country` (for numbers without +), `wording` and
    `purpose` (marketing, order_news or both). An import never overrides a STOP. Lines that cannot be used are shown, the others are taken.
    """
    settings = read_settings(config)
    now = WallClock().now()
    with shared(settings.database.path):
        done = import_consent(file, country=settings.shop.default_country, now=now, purpose=purpose)
    for line, reason in done.set_aside:
        click.echo(f"{file}:{line}: {reason}; set aside", err=True)
    aside = len(done.set_aside)
    click.echo(
        f"{done.added:,} {'statement' if done.added == 1 else 'statements'} added, "
        f"{done.known:,} known already, {aside:,} {'line' if aside == 1 else 'lines'} set aside"
    )
    if done.set_aside:
        sys.exit(1)
