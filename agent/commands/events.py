"""winback events: what people looked at and wished for elsewhere, brought in."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from agent.by_hand import write_down
from agent.commands.options import config_option, read_settings
from agent.database import shared
from agent.jobs.interest import import_events
from agent.service import Service, Stopping, WallClock

TOLD_EVERY = 60  # seconds, where there is no bar


@click.group
def command() -> None:
    """Bring in what people looked at.

    \b
    Examples:
      winback events import views.csv
    """


@command.command(name="import")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@config_option
def import_(file: Path, config: Path) -> None:
    """Take the product views, wishlists and carts of FILE.

    A .csv file names its columns in the first line: `kind`, who it was, which product, and if you
    like `price`, `currency`, `stock_status` and `at`. A .jsonl file has a JSON object with the same
    fields on each line. Lines that cannot be used are shown, the others are taken. Importing a file
    again changes nothing.

    \b
    Examples:
      winback events import views.csv
      winback events import carts.jsonl
    """
    settings = read_settings(config)
    service = Service(WallClock())
    service.listen_to_signals()

    def tell(line: int, reason: str) -> None:
        click.echo(f"{file}:{line}: {reason}; set aside", err=True)

    with shared(settings.database.path):
        try:
            with _progress(service, file) as beat:
                begun = service.clock.now()
                done = import_events(file, settings, now=begun, tell=tell, beat=beat)
            counts = {"events": done.events, "rows": done.rows, "set_aside": done.set_aside}
            write_down("events import", counts, begun=begun, now=service.clock.now())
        except Stopping:
            click.echo("stopped; import the file again, nothing is taken twice", err=True)
            sys.exit(130)
    click.echo(
        f"{_counted(done.events, 'event')} taken, {_counted(done.rows, 'row')} of interest written, "
        f"{done.waiting:,} {'waits' if done.waiting == 1 else 'wait'} for a person or product, "
        f"{_counted(done.set_aside, 'line')} set aside"
    )
    for reason, count in sorted(done.dropped.items()):
        click.echo(f"{_counted(count, 'event')} dropped: {reason}")
    if done.set_aside:
        sys.exit(1)


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


@contextmanager
def _progress(service: Service, file: Path) -> Iterator[Callable[[int], None]]:
    """A beat that shows how much of the file is behind us: a bar on a terminal, a line a minute
    elsewhere."""
    size = file.stat().st_size if file.exists() else 0
    if not sys.stderr.isatty():
        yield _line_a_minute(service, size)
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(file.name, total=size or None)

        def beat(done: int) -> None:
            service.check()
            bar.update(task, completed=done)

        yield beat


def _line_a_minute(service: Service, size: int) -> Callable[[int], None]:
    last = service.clock.monotonic()

    def beat(done: int) -> None:
        nonlocal last
        service.check()
        now = service.clock.monotonic()
        if now - last >= TOLD_EVERY:
            last = now
            click.echo(f"{done / max(size, 1):.0%} of the file", err=True)

    return beat
