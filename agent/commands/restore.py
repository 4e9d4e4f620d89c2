"""winback restore: a copy in the place of the database, and nothing is sent twice."""

from pathlib import Path

import click

from agent.by_hand import write_down
from agent.commands.options import config_option, read_sound_settings
from agent.database import shared
from agent.restoring import Restored, put_back
from agent.service import WallClock


@click.command
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@config_option
def command(file: Path, config: Path) -> None:
    """Put the copy FILE in the place of the database; the daemon must be stopped.

    The database that is there now is kept beside it. The copy does not know what was sent since it was
    made: what waits in it is not sent, everybody counts as written to today, and marketing is held
    until `winback restored --done`.

    \b
    Examples:
      systemctl stop winback
      sudo -u winback winback restore /mnt/other-machine/winback.db
      systemctl start winback
    """
    database = read_sound_settings(config).database.path
    clock = WallClock()
    begun = clock.now()
    done = put_back(file.absolute(), database, now=begun)
    with shared(database):
        counts = {"not_sent": done.abandoned, "statements_taken_over": done.statements or 0}
        write_down("restore", counts, begun=begun, now=clock.now())
    for line in _in_words(done):
        click.echo(line)


def _in_words(done: Restored) -> list[str]:
    known = f"{done.known_until:%d %b %Y %H:%M} UTC" if done.known_until else "an unknown moment"
    lines = [
        f"put back; it knows all until {known}, and not what was sent since",
        f"{done.abandoned:,} messages waited in it and are not sent: they may have been",
        "marketing is held, and everybody counts as written to today",
    ]
    if done.aside is not None:
        lines.insert(1, f"the database that was there is kept as {done.aside}")
    if done.statements is None:
        lines.append(
            "the database that was there cannot be read: STOPs since then are not in the copy"
        )
    elif done.aside is not None:
        lines.append(f"{done.statements:,} consents and STOPs since then were taken over from it")
    if done.unknown_erased:
        who = "1 person was" if done.unknown_erased == 1 else f"{done.unknown_erased:,} people were"
        lines.append(
            f"{who} erased in the database that was there, which had begun anew and "
            "knows them under another key; the copy knows nobody of them, and would take them for new ones if "
            "they came again: erase them once more (winback contact forget PHONE), by your notes of who asked"
        )
    return [
        *lines,
        "next: start winback (it asks the shop anew what its accounts say), bring in the STOPs that you "
        "know of (winback consent import FILE.csv --purpose both), then: winback restored --done",
    ]
