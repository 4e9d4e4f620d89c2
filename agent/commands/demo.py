"""winback demo: the real agent against a make-believe shop, on a clock of its own."""

import logging
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import click
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from agent.commands.keep import ended_by_signals, keep
from agent.commands.stage import ZONE, Stage, first_morning, set_up
from agent.commands.tables import print_report
from agent.config import load
from agent.daemon import Daemon
from agent.database import owned
from agent.errors import WinbackError
from agent.jobs.report import report
from agent.log import Logfmt
from agent.service import Service, WallClock
from models import Contact, Order

DAYS = 4
BY_DAY, BY_NIGHT = timedelta(minutes=15), timedelta(hours=1)
LONGEST_STEP = 120.0  # seconds that the jobs of one moment may take


@click.command
@click.option(
    "--keep", "keeping", is_flag=True, help="Go on afterwards, on the real clock, until Ctrl-C."
)
@click.option("--products", default=300, show_default=True, type=click.IntRange(20, 2000))
@click.option("--customers", default=3000, show_default=True, type=click.IntRange(100, 20000))
def command(keeping: bool, products: int, customers: int) -> None:
    """Make up a shop with two years of orders, and let winback work on it for some days.

    Nothing leaves this machine, nothing is left behind.
    """
    console = Console()
    start = first_morning(WallClock().now(), DAYS)
    with ended_by_signals(), tempfile.TemporaryDirectory(prefix="winback-demo-") as name:
        folder = Path(name)
        console.print("Making up a shop ...", style="dim")
        with set_up(folder, start, products=products, customers=customers) as stage:
            town = stage.town
            console.print(
                f"A shop with {town.products:,} products, {len(town.people):,} people "
                f"and {town.orders:,} orders: {stage.shop_url}"
            )
            stage.write_config(pace=1000, poll="15m", at="09:00", quiet_from="22:00")
            with _logging_to(folder / "demo.log"):
                _play(stage, console)
            if keeping:
                keep(stage, console)


def _play(stage: Stage, console: Console) -> None:
    """Some days of the shop's life, with the agent at work."""
    settings = load(stage.config, environ={})
    service = Service(stage.clock)
    with owned(settings.database.path):
        daemon = Daemon(settings, service, os.environ)
        try:
            daemon.start()
            begun = stage.clock.now()
            _live_through(stage, daemon, console)
            print_report(report(begun - timedelta(days=1)), title=f"{DAYS} days of winback")
            console.print("And what the make-believe world counted itself", style="table.title")
            console.print(_truth(stage))
        finally:
            daemon.stop(patience=5)


def _live_through(stage: Stage, daemon: Daemon, console: Console) -> None:
    moment = stage.clock.now()
    end = moment + timedelta(days=DAYS)
    told = 0
    with console.status("") as status:
        while moment < end:
            local = moment.astimezone(ZONE)
            status.update(f"{local:%A %H:%M}")
            stage.move_to(moment)
            daemon.timetable.knock()
            if not daemon.guard.wait_until_resting(LONGEST_STEP):
                jobs = ", ".join(daemon.guard.running())
                raise WinbackError(f"{jobs} does not come to an end", fix="please report this")
            daemon.look_after()
            accepted = len(stage.whatsapp.accepted)
            if accepted > told or moment == end - timedelta(days=DAYS):
                console.print(_line(local, accepted - told))
                told = accepted
            moment = _next(moment, sending=accepted > told)


def _next(moment: datetime, *, sending: bool) -> datetime:
    """A minute later while there is something to send, else by day or night."""
    local = moment.astimezone(ZONE)
    if sending or (local.hour == 9 and local.minute < 10):
        return moment + timedelta(minutes=1)
    return moment + (BY_DAY if 7 <= local.hour < 22 else BY_NIGHT)


def _line(local: datetime, sent: int) -> str:
    if sent:
        return f"{local:%A %H:%M}  {sent:,} {'message' if sent == 1 else 'messages'} sent"
    agreed = Contact.agreed_count()
    return (
        f"{local:%A %H:%M}  mirrored {Order.select().count():,} orders: "
        f"{Contact.select().count():,} people with a mobile number, {agreed:,} agreed to marketing"
    )


def _truth(stage: Stage) -> Table:
    """What the sandbox knows itself, beside what the agent counted."""
    happened = stage.life.happened
    most = max(stage.whatsapp.accepted_by_intent.values(), default=0)
    table = Table(box=SIMPLE, show_header=False, pad_edge=False)
    table.add_column()
    table.add_column(justify="right")
    table.add_row("messages that WhatsApp took", f"{len(stage.whatsapp.accepted):,}")
    table.add_row("the most times that one message came", f"{most}")
    table.add_row("orders in these days", f"{happened['orders']:,}")
    table.add_row("of them by people who read a message", f"{happened['orders after a message']:,}")
    table.add_row("coupons used", f"{happened['coupons used']:,}")
    return table


@contextmanager
def _logging_to(path: Path) -> Iterator[None]:
    """The agent's log goes to a file; only what is broken is shown."""
    root = logging.getLogger()
    before = root.handlers[:], root.level
    handler = logging.FileHandler(path, encoding="utf-8")
    handler.setFormatter(Logfmt(stamped=True))
    shown = logging.StreamHandler()
    shown.setLevel(logging.ERROR)
    shown.setFormatter(Logfmt(stamped=False))
    root.handlers[:], root.level = [handler, shown], logging.INFO
    try:
        yield
    finally:
        handler.close()
        root.handlers[:], root.level = before
