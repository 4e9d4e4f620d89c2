"""winback restored: the operator's answer where the database is older than it seems, or may be."""

from pathlib import Path

import click

from agent import epoch
from agent.by_hand import write_down
from agent.commands.options import config_option, read_sound_settings
from agent.database import shared
from agent.errors import BadInput
from agent.service import WallClock
from models import Message


@click.command
@click.option(
    "--yes",
    is_flag=True,
    help="An older state of it was put back. What waits in it is given up, everybody counts as written to "
    "today, and marketing is held until --done.",
)
@click.option("--no", is_flag=True, help="It was not: this machine was off.")
@click.option("--done", is_flag=True, help="What is known of since is brought in: go on.")
@click.option(
    "--force",
    is_flag=True,
    help="With --done: do not wait until the shop has been read again. With --yes: do not ask.",
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
    if force and not (done or yes):
        raise click.UsageError("--force goes with --done or --yes.")
    settings = read_sound_settings(config)
    with shared(settings.database.path):
        held = epoch.is_held()
        if yes:
            _yes(force)
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


def _yes(force: bool) -> None:
    """Of what nothing here tells, nobody can be sure but the operator; and it cannot be taken back."""
    if not epoch.is_suspected():
        if epoch.is_held():
            return
        if not force:
            waiting = Message.select().where(Message.state == "queued").count()
            click.confirm(
                f"Nothing here tells that it was put back. If it was: messages that wait are given up ({waiting:,}), "
                "everybody counts as written to today, and marketing is held until winback restored "
                "--done. This cannot be taken back. Was it?",
                abort=True,
                err=True,
            )
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
