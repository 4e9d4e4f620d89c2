"""winback status: how the daemon, the mirror and the outbox are, from the database."""

import errno
import json
import signal
import sys
from contextlib import suppress
from io import StringIO
from pathlib import Path

import click
from rich.console import Console
from rich.live import Live
from rich.text import Text

from agent.commands.ending import ended_by_signals
from agent.commands.options import config_option, read_sound_settings
from agent.commands.status.as_json import document
from agent.commands.status.lines import picture
from agent.commands.status.seen import Seen, see
from agent.config import Settings
from agent.database import shared
from agent.service import Service, WallClock

NOT_WELL = 1  # the exit code
CLOSED = 128 + signal.SIGHUP  # as if the signal that comes with it had ended us


@click.command
@config_option
@click.option("--json", "as_json", is_flag=True, help="All of it as one JSON object.")
@click.option(
    "--watch",
    is_flag=True,
    help="Draw it again every few seconds, until Ctrl-C; in a pipe one below the other.",
)
@click.option(
    "--every",
    type=click.FloatRange(min=0.5),
    default=3.0,
    show_default=True,
    metavar="SECONDS",
    help="How often --watch draws it.",
)
def command(config: Path, as_json: bool, watch: bool, every: float) -> None:
    """Show how the daemon, the mirror and the outbox are; works beside a running daemon.

    The exit code is for monitoring: 0 where the daemon runs and no alarm stands, else 1.

    \b
    Examples:
      winback status --watch
      winback status --json | jq .alarms
      winback status > /dev/null || echo "look after winback"
    """
    if as_json and watch:
        raise click.UsageError("--watch draws for people: it does not go with --json")
    settings = read_sound_settings(config)
    console = Console(highlight=False, markup=False)  # a failure may quote brackets
    with shared(settings.database.path):
        if watch:
            seen = _watch(settings, console, every)
        else:
            seen = see(settings, WallClock().now())
            if as_json:
                click.echo(json.dumps(document(seen), ensure_ascii=False, indent=2))
            else:
                console.print(picture(seen))
    if not seen.health.well:
        sys.exit(NOT_WELL)


def _watch(settings: Settings, console: Console, every: float) -> Seen:
    """Until Ctrl-C, SIGTERM, or the terminal is closed. Returns what was seen last."""
    draw = _on_the_screen if console.is_terminal else _one_below_the_other
    try:
        with ended_by_signals():
            return draw(settings, console, every)
    except OSError as error:
        if error.errno != errno.EIO:
            raise
        sys.exit(CLOSED)  # nobody sees it any more


def _on_the_screen(settings: Settings, console: Console, every: float) -> Seen:
    """What was seen last stays on the terminal."""
    service = Service(WallClock())
    seen = see(settings, service.clock.now())
    # a screen of its own: nothing scrolls by
    with (
        suppress(KeyboardInterrupt),
        Live(_fitting(seen, console), console=console, auto_refresh=False, screen=True) as live,
    ):
        while True:
            service.sleep(every)
            seen = see(settings, service.clock.now())
            live.update(_fitting(seen, console), refresh=True)
    console.print(picture(seen))
    return seen


def _fitting(seen: Seen, console: Console) -> Text:
    """As many lines as the terminal has; where there are more, the last says so."""
    drawn = Console(file=StringIO(), width=console.width, highlight=False, markup=False)
    with drawn.capture() as told:
        drawn.print(picture(seen))
    lines = told.get().splitlines()
    if len(lines) > console.height:
        cut = len(lines) - console.height + 1
        lines[console.height - 1 :] = [f"... {cut} lines more: winback status"]
    return Text("\n".join(lines), no_wrap=True)


def _one_below_the_other(settings: Settings, console: Console, every: float) -> Seen:
    """For a pipe or a file: each whole, below the moment that it is of."""
    service = Service(WallClock())
    seen = see(settings, service.clock.now())
    with suppress(KeyboardInterrupt):
        while True:
            console.print(f"{seen.now.astimezone(seen.zone):%Y-%m-%d %H:%M:%S %Z}")
            console.print(picture(seen))
            service.sleep(every)
            seen = see(settings, service.clock.now())
    return seen
