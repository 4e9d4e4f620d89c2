"""winback db: is the database whole, and does it agree with itself; and made smaller."""

import os
import shutil
import sys
from pathlib import Path

import click

from agent.by_hand import write_down
from agent.commands.options import config_option, read_sound_settings
from agent.commands.printable import printable
from agent.database import owned, shared
from agent.errors import DatabaseTrouble
from agent.jobs.database_check import check_database, in_words, mend_standings
from agent.service import WallClock
from models.base import compact, free_bytes


@click.group
def command() -> None:
    """Look whether the database is whole, and give room back to the disk.

    \b
    Examples:
      winback db check --quick
      winback db check
    """


@command.command
@click.option("--quick", is_flag=True, help="Leave out what takes minutes with a large database.")
@click.option(
    "--mend", is_flag=True, help="Write anew what the consent ledger comes to, where it differs."
)
@config_option
def check(quick: bool, mend: bool, config: Path) -> None:
    """Look at the file, at what leads where, at the consent ledger, at the states of messages, and work
    out anew what is worked out.

    It changes nothing, works beside the daemon, and says what to do about each mistake. The exit code is
    1 if there is one.

    \b
    Examples:
      winback db check
      winback db check --quick || echo "look at it"
    """
    settings = read_sound_settings(config)
    path, clock = settings.database.path, WallClock()
    wrong = 0
    with shared(path):
        if mend:
            begun = clock.now()
            count = mend_standings(beat=lambda: None)
            write_down("db check --mend", {"contacts": count}, begun=begun, now=clock.now())
            click.echo(f"written anew for {count:,} contacts")
        for one in check_database(path, quick=quick, now=clock.now(), beat=lambda: None):
            if one.wrong:
                wrong += 1
                click.echo(f"WRONG  {one.what}: {printable(one.wrong)}\n       -> {one.fix}")
            else:
                click.echo(f"ok     {one.what}")
    if wrong:
        click.echo(f"{wrong} {'thing is' if wrong == 1 else 'things are'} wrong", err=True)
        sys.exit(1)


@command.command
@config_option
def vacuum(config: Path) -> None:
    """Write the database anew without what is free in it: smaller, and with no byte of what was deleted.

    winback must be stopped for it. It takes as much room again as the database has, twice.

    \b
    Examples:
      systemctl stop winback && sudo -u winback winback db vacuum; systemctl start winback
    """
    settings = read_sound_settings(config)
    path = settings.database.path.resolve()
    os.environ["SQLITE_TMPDIR"] = str(path.parent)  # there is room, and it is ours
    with owned(path):
        before = path.stat().st_size
        _require_room(path, before - free_bytes())
        clock = WallClock()
        begun = clock.now()
        compact()
        after = path.stat().st_size
        write_down("db vacuum", {"bytes given back": before - after}, begun=begun, now=clock.now())
    click.echo(f"{in_words(before)} before, {in_words(after)} now")


def _require_room(path: Path, used: int) -> None:
    """Raises DatabaseTrouble where the disk has no room for a copy of what is used, and for the log of
    its way back."""
    free = shutil.disk_usage(path.parent).free
    if free < 2 * used:
        raise DatabaseTrouble(
            f"{path.parent} has {in_words(free)} free, and it takes {in_words(2 * used)}",
            fix="make room there; nothing was changed",
        )
