"""winback simulate: the last days once more with the rules as they are set, or as they might be."""

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import click

from agent.commands.ending import ended_by_signals
from agent.commands.options import config_option
from agent.commands.simulate.files import as_json, require_new, write_messages
from agent.commands.simulate.tables import print_simulation
from agent.config import load_changed
from agent.config.campaigns import PLANNED
from agent.config.changed import changes_from
from agent.rehearse.simulation import MOST_DAYS, simulate
from agent.service import WallClock


@click.command(
    epilog="\b\nExamples:\n  winback simulate --days 90\n"
    "  winback simulate --campaign we_miss_you --set audience.inactive_after=120d"
)
@config_option
@click.option(
    "--days",
    default=90,
    show_default=True,
    type=click.IntRange(1, MOST_DAYS),
    help="Today and the days before it, so many in all.",
)
@click.option(
    "--campaign",
    "campaigns",
    multiple=True,
    type=click.Choice(PLANNED),
    help="Switch this one on, here alone.",
)
@click.option(
    "--set",
    "changes",
    multiple=True,
    metavar="KEY=VALUE",
    help="Another value than the config has: limits.per_30_days=2. Can be given several times.",
)
@click.option(
    "--as-said",
    is_flag=True,
    help="Consent counts from the date that it was given, also where winback heard of it later: as of a "
    "list that was imported lately.",
)
@click.option("--json", "form", flag_value="json", help="Everything but the messages, as JSON.")
@click.option(
    "--messages",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write each message into this new file: when, to whom, why, and its text (CSV).",
)
@click.option("--full-phones", is_flag=True, help="Do not mask the phones in that file.")
def command(
    config: Path,
    days: int,
    campaigns: Sequence[str],
    changes: Sequence[str],
    as_said: bool,
    form: str | None,
    messages: Path | None,
    full_phones: bool,
) -> None:
    """Replay the last days from the mirror, with your rules: who would have been written to, and when.

    Each day with the orders, stock, prices, looks and consents as they were known then; with the real
    rules, caps, waves, quiet hours, budget and holdout. Nothing is sent and nothing is changed; a daemon
    may run beside it. Every message counts as delivered. What was really sent in these days does not
    count, what was sent before them does.
    """
    on = [f"campaigns.{name}.enabled=true" for name in campaigns]
    settings = load_changed(
        config.expanduser().absolute(), changes_from([*on, *changes]), environ=os.environ
    )
    for warning in settings.warnings:
        click.echo(f"warning: {warning}", err=True)
    is_on = any(campaign.enabled for campaign in settings.campaigns.values())
    if not (is_on or form or messages):
        click.echo(
            "No campaign is on, so nobody would have been written to. --campaign NAME takes one as if it were "
            f"on, and can be given several times: {', '.join(settings.priority)}."
        )
        return
    if messages is not None:
        require_new(messages)
    now = WallClock().now()
    with ended_by_signals(), _progress(now, days) as progress:  # the copy of the database goes
        told = simulate(settings, now=now, days=days, as_said=as_said, progress=progress)
    if messages is not None:
        write_messages(told, messages, full_phones=full_phones)
        click.echo(f"{len(told.sent):,} messages are in {messages}", err=True)
    if form == "json":
        click.echo(as_json(told), nl=False)
    else:
        print_simulation(told, window=settings.attribution.window)


@contextmanager
def _progress(now: datetime, days: int) -> Iterator[Callable[[datetime], None]]:
    """A bar on a terminal; elsewhere nothing."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("looking back", total=days)

        def show(moment: datetime) -> None:
            done = days - (now - moment).total_seconds() / 86_400
            day = moment.astimezone(UTC)
            bar.update(task, completed=max(done, 0), description=f"{day:%d %b %Y}")

        yield show
