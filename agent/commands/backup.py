"""winback backup: a copy of the database, beside a running daemon."""

from pathlib import Path

import click

from agent.backups import make_copy
from agent.by_hand import write_down
from agent.commands.options import config_option, read_sound_settings
from agent.database import require_there, shared
from agent.errors import DatabaseTrouble
from agent.service import WallClock


@click.command
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--force", is_flag=True, help="Write over FILE if it is there already.")
@config_option
def command(file: Path, force: bool, config: Path) -> None:
    """Copy the database to FILE as it is at this moment, whole and checked.

    The daemon goes on meanwhile. Only you may read the copy: it holds what customers said and bought.
    It is put back with `winback restore FILE`, never by copying it over the database.

    \b
    Examples:
      winback backup /mnt/other-machine/winback.db --force
    """
    database = read_sound_settings(config).database.path.resolve()
    require_there(database)
    clock = WallClock()
    begun = clock.now()
    size = make_copy(database, file.absolute(), replace=force, now=begun)
    click.echo(f"{file}: {size / 1e6:,.1f} MB, whole")
    try:
        with shared(database):
            write_down("backup", {"bytes": size}, begun=begun, now=clock.now())
    except DatabaseTrouble as error:  # a full disk is a reason to make copies
        click.echo(f"note: the log will not tell of it: {error.what}", err=True)
