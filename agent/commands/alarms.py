"""winback alarms: what needs a person now, what did of late, and whether the news of it arrives."""

import json
import sys
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from agent.commands.options import config_option, read_settings, read_sound_settings
from agent.commands.status.as_json import alarm_in_json
from agent.config import Settings
from agent.database import shared
from agent.errors import ConfigError
from agent.jobs.alarms import send_test
from agent.jobs.status import zone_of_the_shop
from agent.service import WallClock
from models import Alarm, Telling

RECENTLY = timedelta(days=7)
WHERE = {"email": "e-mail", "webhook": "webhook"}


@click.command
@config_option
@click.option("--test", is_flag=True, help="Send a test to everybody who is told of alarms.")
@click.option(
    "--json", "as_json", is_flag=True, help="Those that stand and the recent ones as JSON."
)
def command(config: Path, test: bool, as_json: bool) -> None:
    """List the alarms that stand, and those of the last 7 days; or see that news of them arrive.

    Alarms go to the log and to `winback status`, and by [alarms] of the config to an e-mail address and
    a webhook: once when they begin, and once when they are over.

    \b
    Examples:
      winback alarms
      winback alarms --test
    """
    settings = (read_settings if test else read_sound_settings)(config)
    with shared(settings.database.path):
        if test:
            _test(settings)
        else:
            _list(as_json)


def _list(as_json: bool) -> None:
    now = WallClock().now()
    standing, recent = Alarm.standing(), Alarm.recent(now - RECENTLY)
    if as_json:
        told = {
            "standing": [alarm_in_json(one) for one in standing],
            "recent": [alarm_in_json(one) for one in recent],
        }
        click.echo(json.dumps(told, ensure_ascii=False, indent=2))
        return
    zone = zone_of_the_shop()
    for alarm in standing:
        seen = f", last seen {_at(alarm.last_at, zone)}" if alarm.is_gone(now) else ""
        click.echo(
            f"{alarm.severity.upper():8}  since {_at(alarm.since, zone)}{seen}  {alarm.what}\n"
            f"{'':8}  -> {alarm.fix}"
        )
    if not standing:
        click.echo("no alarm stands")
    for alarm in recent:
        until = _at(alarm.last_at, zone)
        click.echo(f"{'over':8}  {_at(alarm.since, zone)} to {until}  {alarm.what}")
    waiting = Telling.select().where(Telling.trouble != "").order_by(Telling.id).first()
    if waiting is not None:
        click.echo(f"not told yet by {WHERE[waiting.way]}: {waiting.trouble}")


def _at(moment: datetime, zone: ZoneInfo) -> str:
    return f"{moment.astimezone(zone):%d %b %H:%M}"


def _test(settings: Settings) -> None:
    found = send_test(settings, now=WallClock().now())
    if not found:
        raise ConfigError(
            "nobody is told of alarms: [alarms] names no email_to and no webhook_url",
            fix="set one of them in the config; until then alarms are in the log and in winback status",
        )
    for way, trouble in found.items():
        if trouble is None:
            click.echo(f"{WHERE[way]}: taken; see that it arrives")
        else:
            click.echo(f"{WHERE[way]}: {trouble}", err=True)
    if any(found.values()):
        sys.exit(1)
