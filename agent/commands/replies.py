"""winback replies: what people answered, so that a person of the shop takes over."""

import json
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import click
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from agent.commands.options import config_option, read_settings
from agent.database import shared
from agent.jobs.consent_proof import read_number
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
    """
    settings = read_settings(config)
    now = WallClock().now()
    with shared(settings.database.path):
        of = read_number(phone, settings.shop.default_country).e164 if phone else ""
        found = look_at_replies(now - timedelta(days=days), phone=of, now=now)
        zone = zone_of_the_shop()
    if as_json:
        for one in found:
            click.echo(json.dumps(_as_json(one), ensure_ascii=False))
        return
    if not found:
        click.echo(f"nobody wrote in the last {days} days")
        return
    table = Table(box=SIMPLE, pad_edge=False, collapse_padding=True)
    for heading in ("when", "who", "wrote", "in answer to", "open until"):
        table.add_column(heading, overflow="fold")
    for one in found:
        table.add_row(
            f"{one.at.astimezone(zone):%d %b %H:%M}",
            f"{one.phone} {one.name}".strip(),
            one.text or f"({one.kind})",
            one.campaign or "-",
            _open(one, zone),
        )
    Console(highlight=False, markup=False).print(table)  # people's words may have brackets


def _open(one: Written, zone: ZoneInfo) -> str:
    return f"{one.open_until.astimezone(zone):%d %b %H:%M}" if one.open_until else "over"


def _as_json(one: Written) -> dict[str, str | None]:
    return {
        "at": one.at.isoformat(),
        "phone": one.phone,
        "name": one.name,
        "kind": one.kind,
        "text": one.text,
        "campaign": one.campaign or None,
        "open_until": one.open_until.isoformat() if one.open_until else None,
    }
