"""winback replies: what people answered, so that a person of the shop takes over."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from agent.commands.options import config_option, read_settings
from agent.commands.printable import printable, printable_lines
from agent.conversations import told_of
from agent.database import shared
from agent.jobs.consent_proof import read_known_number
from agent.jobs.replies import Written, look_at_replies
from agent.jobs.status import zone_of_the_shop
from agent.service import WallClock


@click.command
@click.option("--days", type=click.IntRange(1, 3650), default=7, show_default=True)
@click.option("--contact", "phone", default="", help="Of this phone alone.")
@click.option("--json", "as_json", is_flag=True, help="For a program: one line for each reply.")
@config_option
def command(days: int, phone: str, as_json: bool, config: Path) -> None:
    """Show who wrote what, in answer to which campaign, and until when WhatsApp lets you answer freely.

    winback itself answers nothing but a STOP. Answer from your own inbox of the number, or let replies
    be forwarded: [conversations] in the config.

    \b
    Examples:
      winback replies --days 2
      winback replies --contact +12025550101 --json
    """
    settings = read_settings(config)
    now = WallClock().now()
    with shared(settings.database.path):
        of = read_known_number(phone, settings.shop.default_country).e164 if phone else ""
        found = look_at_replies(now - timedelta(days=days), settings.consent, phone=of)
        zone = zone_of_the_shop()
    if as_json:
        for one in found:
            click.echo(json.dumps(_as_json(one)))  # in ASCII: it does nothing to a terminal
        return
    if not found:
        time = "day" if days == 1 else f"{days:,} days"
        click.echo(f"{of or 'nobody'} {'did not write' if of else 'wrote'} in the last {time}")
        return
    table = Table(box=SIMPLE, pad_edge=False, collapse_padding=True)
    for heading in ("when", "who", "", "wrote", "in answer to", "open until"):
        table.add_column(heading, overflow="fold")
    for one in found:
        table.add_row(
            f"{one.at.astimezone(zone):%d %b %H:%M}",
            printable(f"{one.phone or one.user_id} {one.name}".strip()),
            "STOP" if one.is_stop else "",
            printable_lines(one.text) or f"({printable(one.kind)})",
            one.answers.campaign if one.answers else "-",
            _open(one, now, zone),
        )
    # people's words may have brackets, and colons
    Console(highlight=False, markup=False, emoji=False).print(table)


def _open(one: Written, now: datetime, zone: ZoneInfo) -> str:
    return f"{one.open_until.astimezone(zone):%d %b %H:%M}" if one.open_until > now else "over"


def _as_json(one: Written) -> Mapping[str, Any]:
    """By the names of what is forwarded; instants are ISO 8601."""
    return {
        "id": one.id,
        "at": one.at.isoformat(),
        "phone": one.phone or None,
        "user_id": one.user_id or None,
        "name": one.name or None,
        "text": one.text,
        "kind": one.kind,
        "in_reply_to": told_of(one.answers),
        "window_open_until": one.open_until.isoformat(),
        "is_stop": one.is_stop,
    }
