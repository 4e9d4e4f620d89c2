"""winback pause: nothing leaves any more, from this moment on."""

from pathlib import Path

import click

from agent.by_hand import write_down
from agent.commands.options import config_option, read_sound_settings
from agent.database import shared
from agent.pauses import pause
from agent.service import WallClock
from models.delivery import EVERYTHING


@click.command
@click.option("--reason", default="", metavar="TEXT", help="Shown by `winback status`.")
@config_option
def command(reason: str, config: Path) -> None:
    """Send nothing and plan nothing until `winback resume`, whatever the config says.

    A running daemon obeys at once; what has left already has left. The shop is mirrored, and replies
    are heard all the while. `winback campaign pause NAME` does it for one campaign.

    \b
    Examples:
      winback pause --reason "stocktaking until Monday"
      winback status
    """
    settings = read_sound_settings(config)
    with shared(settings.database.path):
        now = WallClock().now()
        new = pause(EVERYTHING, reason, now=now)
        if new:
            write_down("pause", {}, begun=now, now=now)
    click.echo(f"everything {'is paused' if new else 'was paused already'}; go on: winback resume")
