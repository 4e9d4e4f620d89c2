"""winback resume: what was paused goes on."""

from pathlib import Path

import click

from agent.by_hand import write_down
from agent.commands.options import config_option, read_sound_settings
from agent.commands.pausing import tell
from agent.database import shared
from agent.jobs.status import zone_of_the_shop
from agent.pauses import resume
from agent.service import WallClock


@click.command
@config_option
def command(config: Path) -> None:
    """Let everything go on, also what winback stopped by itself, and say what that was.

    Three things stay: a campaign that was paused by itself, what the account's health holds back (it
    ends when the account is well again), and what waits for `winback restored`.

    \b
    Examples:
      winback resume
    """
    settings = read_sound_settings(config)
    with shared(settings.database.path):
        now = WallClock().now()
        done = resume(now=now)
        if done.lifted:
            write_down("resume", {"pauses": len(done.lifted)}, begun=now, now=now)
        tell(done, zone_of_the_shop())
