"""winback restored: the operator's answer where the database is older than it seems, or may be."""

from pathlib import Path

import click

from agent import epoch
from agent.by_hand import write_down
from agent.commands.options import config_option, read_sound_settings
from agent.database import shared
from agent.errors import BadInput
from agent.service import WallClock


@click.command
@click.option("--yes", is_flag=True, help="An older state of it was put back.")
@click.option("--no", is_flag=True, help="It was not: this machine was off.")
@click.option("--done", is_flag=True, help="What is known of since is brought in: go on.")
@click.option(
    "--force", is_flag=True, help="With --done: do not wait until the shop has been read again."
)
@config_option
def command(yes: bool, no: bool, done: bool, force: bool, config: Path) -> None:
    """Was the database put back from a copy or snapshot? Without an option: tell how it stands.

    winback holds marketing where it sees that it was (--done ends that), and where it cannot tell: then
    answer --yes or --no. Works beside a running daemon.

    \b
    Examples:
      winback restored
      winback restored --done
    """
    if yes + no + done > 1:
        raise click.UsageError("--yes, --no and --done are different answers: give one of them.")
    if force and not done:
        raise click.UsageError("--force goes with --done only.")
    settings = read_sound_settings(config)
    with shared(settings.database.path):
        held = epoch.is_held()
        if yes:
            _yes()
        elif no:
            _no()
        elif done:
            _done(force)
        if yes or no or done:
            answer, now = "--yes" if yes else "--no" if no else "--done", WallClock().now()
            write_down(f"restored {answer}", {}, begun=now, now=now)
        doubt = epoch.standing_doubt()
        if doubt is not None:
            click.echo(f"{doubt.what}\n  -> {doubt.fix}")
        elif held:
            click.echo("marketing is not held any more")
        else:
            click.echo("nothing of this holds marketing")


def _yes() -> None:
    if epoch.is_suspected() or not epoch.is_held():
        epoch.treat_as_restored(WallClock().now())


def _no() -> None:
    if not epoch.absolve() and epoch.is_held():
        raise BadInput(
            "it was put back: its mark is not the one in the file beside it, or somebody said so",
            fix="when what is known of since is brought in: winback restored --done",
        )


def _done(force: bool) -> None:
    if epoch.is_suspected():
        raise BadInput(
            "first say whether the database was put back",
            fix="winback restored --no if nothing was put back, winback restored --yes if it was",
        )
    reading = " and ".join(epoch.still_asked())
    if reading and epoch.is_held() and not force:
        raise BadInput(
            f"the shop's {reading} are being read again, for what people said there since",
            fix="let the daemon run and come back in some minutes, or: winback restored --done --force",
        )
    epoch.end_hold()
