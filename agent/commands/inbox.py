"""winback inbox: what of WhatsApp's webhooks could not be worked off, and what came in at all."""

import json
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import click
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table
from rich.text import Text

from agent.by_hand import write_down
from agent.commands.options import config_option, read_settings
from agent.commands.printable import printable
from agent.database import shared
from agent.errors import BadInput
from agent.jobs.status import zone_of_the_shop
from agent.jobs.track import try_again
from agent.rules.webhook_places import at_place
from agent.service import WallClock
from models import Received, SetAside, Webhook

SHOWN = 50
COUNTED = timedelta(days=7)

ids_argument = click.argument("ids", metavar="ID...", type=int, nargs=-1)


@click.group(invoke_without_command=True)
@click.pass_context
@config_option
def command(context: click.Context, config: Path) -> None:
    """Show what came in from WhatsApp, and what of it was set aside because it could not be read or
    worked off.

    After an upgrade that knows it, `winback inbox retry --all` works it off. What is neither worked off
    nor dropped stays for 400 days.

    \b
    Examples:
      winback inbox
      winback inbox show 7
    """
    if context.invoked_subcommand is not None:
        return
    settings = read_settings(config)
    today = WallClock().now().date()
    console = Console(highlight=False, markup=False)  # a reason may quote brackets
    with shared(settings.database.path):
        counts = Received.since(today - COUNTED)
        console.print(_counted(counts))
        count = SetAside.select().count()
        if not count:
            console.print("nothing is set aside")
            return
        console.print(_table())
    if count > SHOWN:
        console.print(f"and {count - SHOWN:,} older ones")
    console.print("see one with `winback inbox show ID`")


@command.command()
@click.argument("number", metavar="ID", type=int)
@config_option
def show(number: int, config: Path) -> None:
    """Show one, as WhatsApp sent it, and why it was set aside.

    \b
    Examples:
      winback inbox show 7
    """
    settings = read_settings(config)
    with shared(settings.database.path):
        [row] = _found([number])
        webhook = Webhook.get_or_none(Webhook.id == row.webhook_id)
        zone = zone_of_the_shop()
    came = "" if webhook is None else f"{webhook.received_at.astimezone(zone):%d %b %Y %H:%M:%S}"
    tried = f"{row.at.astimezone(zone):%d %b %Y %H:%M:%S}"
    times = "once" if row.tries == 1 else f"{row.tries} times"
    click.echo(f"Webhook {row.webhook_id}, {row.place or 'all of it'}; came {came or 'long ago'}")
    click.echo(f"Tried {times}, at last {tried}: {printable(row.reason)}")
    click.echo("" if webhook is None else _text(bytes(webhook.body), row.place))


@command.command()
@ids_argument
@click.option("--all", "every", is_flag=True, help="All that there are.")
@config_option
def retry(ids: Sequence[int], every: bool, config: Path) -> None:
    """Work some off once more, or all of them: after an upgrade, or when what broke them is mended.

    What a webhook says counts once, however often it is tried.

    \b
    Examples:
      winback inbox retry 7 9
      winback inbox retry --all
    """
    settings = read_settings(config)
    with shared(settings.database.path):
        chosen = [row.id for row in _chosen(ids, every=every)]
        clock = WallClock()
        begun = clock.now()
        worked, failed = try_again(settings, chosen, now=begun)
        counts = {"worked_off": worked, "set_aside": failed}
        write_down("inbox retry", counts, begun=begun, now=clock.now())
    click.echo(f"{worked:,} worked off, {failed:,} still set aside")


@command.command()
@ids_argument
@click.option("--all", "every", is_flag=True, help="All that there are.")
@config_option
def drop(ids: Sequence[int], every: bool, config: Path) -> None:
    """Forget some of them, or all. The webhooks that they came with stay for 90 days.

    \b
    Examples:
      winback inbox drop 7
    """
    settings = read_settings(config)
    with shared(settings.database.path):
        chosen = [row.id for row in _chosen(ids, every=every)]
        SetAside.delete().where(SetAside.id.in_(chosen)).execute()
        now = WallClock().now()
        write_down("inbox drop", {"dropped": len(chosen)}, begun=now, now=now)
    click.echo(f"{len(chosen):,} dropped")


def _chosen(ids: Sequence[int], *, every: bool) -> list[SetAside]:
    if every == bool(ids):
        raise click.UsageError("name some by their ids, or say --all")
    return list(SetAside.select().order_by(SetAside.id)) if every else _found(ids)


def _found(ids: Sequence[int]) -> list[SetAside]:
    """Raises BadInput where one of them is not there."""
    rows = list(SetAside.select().where(SetAside.id.in_(list(ids))).order_by(SetAside.id))
    missing = sorted(set(ids) - {row.id for row in rows})
    if missing:
        raise BadInput(
            f"nothing with the id {', '.join(map(str, missing))} is set aside",
            fix="`winback inbox` lists what there is",
        )
    return rows


def _counted(counts: dict[str, int]) -> str:
    if not counts:
        return f"nothing came from WhatsApp in {COUNTED.days} days"
    told = ", ".join(f"{count:,} {printable(kind)}" for kind, count in counts.items())
    return f"came from WhatsApp in {COUNTED.days} days: {told}"


def _table() -> Table:
    """The newest first."""
    zone = zone_of_the_shop()
    table = Table(title="Set aside", title_justify="left", box=SIMPLE, pad_edge=False)
    for name in ("id", "tried", "webhook", "place", "why"):
        table.add_column(name, no_wrap=name != "why", justify="right" if name == "id" else "left")
    for row in SetAside.select().order_by(SetAside.id.desc()).limit(SHOWN):
        table.add_row(
            f"{row.id}",
            f"{row.at.astimezone(zone):%d %b %H:%M}",
            f"{row.webhook_id}",
            row.place or "all of it",
            Text(printable(row.reason)),
        )
    return table


def _text(body: bytes, place: str) -> str:
    """What stands at the place, as JSON; the bytes as they came where they are none."""
    try:
        element = at_place(json.loads(body), place)
    except (ValueError, LookupError, RecursionError):
        return printable(body.decode(errors="backslashreplace"))
    return json.dumps(element, indent=2)  # in ASCII: what others wrote does nothing to a terminal
