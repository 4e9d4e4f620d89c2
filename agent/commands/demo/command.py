"""winback demo: the real agent against a make-believe shop, on a clock of its own."""

import logging
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import cycle
from pathlib import Path

import click
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table
from rich.text import Text

from agent.commands.demo.diary import Diary
from agent.commands.demo.keep import come_to_today, keep, newest_told
from agent.commands.demo.script import LANGUAGES
from agent.commands.demo.stage import ZONE, Stage, first_morning, set_up
from agent.commands.demo.world import stand_by
from agent.commands.ending import ended_by_signals
from agent.commands.report.tables import print_report
from agent.commands.report.words import NAMES, NEWS_NAMES
from agent.config import load
from agent.daemon import Daemon
from agent.database import owned
from agent.errors import WinbackError
from agent.jobs.report import report
from agent.log import Logfmt
from agent.service import Service, WallClock
from models import Message

DAYS = 4
MINUTE, BY_DAY, BY_NIGHT = timedelta(minutes=1), timedelta(minutes=30), timedelta(hours=1)
LONGEST_STEP = 120.0  # seconds that the jobs of one moment may take
LONGEST_SENDING = 10  # minutes, one by one, until what is queued has left


@click.command
@click.option(
    "--keep", "keeping", is_flag=True, help="Go on afterwards, on the real clock, until Ctrl-C."
)
@click.option(
    "--world",
    "alone",
    is_flag=True,
    help="Only put up the shop and WhatsApp, for a winback of your own, until Ctrl-C.",
)
@click.option(
    "--port",
    default=8087,
    show_default=True,
    type=click.IntRange(1, 65535),
    help="With --world: where your winback listens.",
)
@click.option("--products", default=300, show_default=True, type=click.IntRange(20, 2000))
@click.option("--customers", default=3000, show_default=True, type=click.IntRange(100, 20000))
def command(keeping: bool, alone: bool, port: int, products: int, customers: int) -> None:
    """Make up a shop with two years of orders, and let winback work on it for some days.

    Nothing leaves this machine, nothing is left behind.

    \b
    Examples:
      winback demo                some days in a minute, and what they brought
      winback demo --keep         then a daemon on the real clock, to look at and to kill
      winback demo --world        only shop and WhatsApp, to try winback init on
    """
    console = Console()
    now = WallClock().now()
    start = now if alone else first_morning(now, DAYS)
    with ended_by_signals(), tempfile.TemporaryDirectory(prefix="winback-demo-") as name:
        folder = Path(name)
        console.print("Making up a shop ...", style="dim")
        with set_up(
            folder, start, products=products, customers=customers, templates=not alone
        ) as stage:
            town = stage.town
            console.print(
                f"A shop with {town.products:,} products, {len(town.people):,} people "
                f"and {town.orders:,} orders: {stage.shop_url}"
            )
            if alone:
                _stand_by(stage, console, port)
                return
            stage.write_config(pace=1000, poll="30m", alerts="1h", at="09:00", quiet_from="22:00")
            with _logging_to(folder / "demo.log"):
                _play(stage, console)
            if keeping:
                database = folder / "winback.db"
                come_to_today(database)
                keep(stage, console, told_of=newest_told(database))


def _stand_by(stage: Stage, console: Console, port: int) -> None:
    try:
        stand_by(stage, console, port=port)
    except KeyboardInterrupt:
        console.print("ending ...")


def _play(stage: Stage, console: Console) -> None:
    """Some days of the shop's life, with the agent at work."""
    settings = load(stage.config, environ={})
    service = Service(stage.clock)
    with owned(settings.database.path):
        daemon = Daemon(settings, service, os.environ)
        try:
            daemon.start()
            _live_through(stage, daemon, console)
            told = report(settings, now=stage.clock.now(), days=DAYS + 1)
            print_report(told, title=f"{DAYS} days of winback", detailed=False)
            for title, table in (
                ("What they read, one message of each", _messages(stage)),
                ("And what the make-believe world counted itself", _truth(stage)),
            ):
                console.print(title, style="table.title")
                console.print(table)
        finally:
            daemon.stop(patience=5)


def _live_through(stage: Stage, daemon: Daemon, console: Console) -> None:
    moment = stage.clock.now()
    end = moment + timedelta(days=DAYS)
    diary = Diary(stage, console)
    begun = False
    minutes = 0  # that were waited for messages, one after the other
    with console.status("") as status:
        while moment < end:
            status.update(f"{moment.astimezone(ZONE):%A %H:%M}")
            stage.move_to(moment)
            daemon.timetable.knock()
            if not daemon.guard.wait_until_resting(LONGEST_STEP):
                jobs = ", ".join(daemon.guard.running())
                raise WinbackError(f"{jobs} does not come to an end", fix="please report this")
            daemon.look_after()
            if not begun:
                diary.begin(moment)
                begun = True
            sending = minutes < LONGEST_SENDING and _something_leaves(moment)
            minutes = minutes + 1 if sending else 0
            diary.write(moment, sending=sending)
            moment = moment + MINUTE if sending else _next(moment)


def _something_leaves(now: datetime) -> bool:
    """Is there a message whose time comes by the next minute? Some still wait for a coupon, or for
    another look at the shop, which is good for two minutes only.
    """
    due = (Message.not_before <= now + MINUTE) & (Message.expires_at > now)
    return bool(Message.select().where(Message.state == "queued", due).exists())


def _next(moment: datetime) -> datetime:
    """On to the next full step, of a day or of a night."""
    local = moment.astimezone(ZONE)
    step = BY_DAY if 7 <= local.hour < 22 else BY_NIGHT
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    return moment + step - (local - midnight) % step


def _messages(stage: Stage) -> Table:
    """One message of each campaign and kind of order news as it came, in one language after the other."""
    table = Table(box=SIMPLE, show_header=False, pad_edge=False)
    table.add_column(no_wrap=True)
    table.add_column()
    languages = cycle(LANGUAGES)
    for campaign, name in (NAMES | NEWS_NAMES).items():
        sent = [one for one in stage.whatsapp.accepted if one.template == campaign]
        if sent:
            wanted = next(languages)
            example = next((one for one in sent if one.language == wanted), sent[0])
            table.add_row(name, Text(example.text))
    return table


def _truth(stage: Stage) -> Table:
    """What the sandbox knows itself, beside what the agent counted."""
    happened = stage.life.happened
    most = max(stage.whatsapp.come_by_intent.values(), default=0)
    table = Table(box=SIMPLE, show_header=False, pad_edge=False)
    table.add_column()
    table.add_column(justify="right")
    table.add_row("messages that WhatsApp took", f"{len(stage.whatsapp.accepted):,}")
    news = sum(one.template in NEWS_NAMES for one in stage.whatsapp.accepted)
    table.add_row("of them news of orders", f"{news:,}")
    for language, name in LANGUAGES.items():
        count = sum(one.language == language for one in stage.whatsapp.accepted)
        table.add_row(f"of them in {name}", f"{count:,}")
    table.add_row("the most times that one message came", f"{most}")
    table.add_row("looks that the shop's plugin told of", f"{stage.plugin.told:,}")
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
