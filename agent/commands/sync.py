"""winback sync: the whole pull in the foreground, with a bar that tells how far it is."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from agent import log
from agent.commands.options import config_option, read_settings
from agent.daemon import make_tools
from agent.database import owned
from agent.jobs.pull import pull_all
from agent.service import Service, Stopping, WallClock
from models import Contact, Cursor, Order, Product

LISTS = ("orders", "products", "variations", "refunds", "customers")


@click.command
@config_option
def command(config: Path) -> None:
    """Pull orders, products, variations, customers and refunds into the mirror.

    Stopped at any point (Ctrl-C), the next run goes on where this one was. The daemon does the same
    by itself, so this is for looking before the first start.

    \b
    Examples:
      winback sync
      winback sync --config try.toml
    """
    settings = read_settings(config)
    log.set_up(style=settings.log.format, level="warning")
    service = Service(WallClock())
    service.listen_to_signals()
    with owned(settings.database.path):
        tools = make_tools(settings, service)
        try:
            with _progress(service) as beat:
                pull_all(tools.shop, settings, now=service.clock.now, beat=beat)
        except Stopping:
            click.echo("stopped; the next sync goes on from here", err=True)
            sys.exit(130)
        reachable, consented = Contact.select().count(), Contact.agreed_count()
        click.echo(
            f"in the mirror: {Order.select().count():,} orders, {Product.select().count():,} products "
            f"and variations, {reachable:,} people with a mobile number, {consented:,} of them agreed"
        )


@contextmanager
def _progress(service: Service) -> Iterator[Callable[[], None]]:
    """A beat that shows where each list is: a bar on a terminal, a line a minute elsewhere."""
    if not sys.stderr.isatty():
        yield _line_a_minute(service)
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description:11}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
    )  # fmt: skip
    with Progress(*columns, console=Console(stderr=True)) as bar:
        tasks = {name: bar.add_task(name, total=None) for name in LISTS}
        lines = bar.add_task("order lines", total=None)

        def beat() -> None:
            service.check()
            for cursor in _cursors():
                done = cursor.walk_began is None and cursor.since is not None
                walked = cursor.total if done else cursor.walked
                bar.update(tasks[cursor.name], completed=walked, total=cursor.total)
            orders = Order.select().count()
            waiting = Order.select().where(Order.lines_at.is_null()).count()
            bar.update(lines, completed=orders - waiting, total=orders or None)

        yield beat
        beat()


def _line_a_minute(service: Service) -> Callable[[], None]:
    last = service.clock.monotonic()

    def beat() -> None:
        nonlocal last
        service.check()
        now = service.clock.monotonic()
        if now - last >= 60:
            last = now
            walks = ", ".join(f"{c.name} {c.walked or c.total:,}/{c.total:,}" for c in _cursors())
            click.echo(walks, err=True)

    return beat


def _cursors() -> list[Cursor]:
    return list(Cursor.select().where(Cursor.name.in_(LISTS)))
