"""The `winback` command: finds the command that was asked for, and turns failures into exit codes."""

import difflib
import errno
import sys
from importlib import import_module
from pathlib import Path

import click
import peewee

from agent.errors import WinbackError
from agent.installed import INSTALLED

COMMANDS = {
    "init": "Ask what is needed, try it out, and write the config.",
    "run": "Run the daemon.",
    "check": "Check the config, and talk to the shop, WhatsApp and the database.",
    "sync": "Pull the shop into the mirror once, without sending anything.",
    "status": "Show how the daemon and the mirror are.",
    "alarms": "List what needs a person, and see that news of it arrive.",
    "log-events": "Say what the events of the status log mean.",
    "report": "Show what the campaigns brought.",
    "preview": "Show the plan of the next daily run, before it is made.",
    "simulate": "Replay the last days with your rules: who would have been written to.",
    "send-test": "Send one real message to yourself.",
    "why": "Show why a person hears from the shop, or does not.",
    "order": "Show what an order did, and what its customer was told.",
    "pause": "Send nothing until resume, whatever the config says.",
    "resume": "Let go on what was paused.",
    "campaign": "Pause one campaign, let it go on, or list all of them.",
    "templates": "List the message templates, see one filled in, submit those of winback.",
    "consent": "Show who said what; bring consent in, and take it back.",
    "contact": "Put contacts together or apart; hand out or erase what is known of a person.",
    "message": "Look at a message, call it off, or try it once more.",
    "replies": "Show what people answered.",
    "inbox": "Show what came in from WhatsApp, and work off what could not be.",
    "events": "Bring in what people looked at.",
    "shop-webhooks": "Let the shop tell of changes at once.",
    "bridge": "Print the shop's plugin: the consent checkbox, and what customers look at.",
    "db": "Look whether the database is whole; give room back to the disk.",
    "once": "Run one job of the daemon now.",
    "backup": "Copy the database, while the daemon works on it.",
    "restore": "Put a copy in the place of the database.",
    "restored": "Answer whether the database was put back, and let marketing go on.",
    "demo": "Show everything on a make-believe shop.",
}


class _Commands(click.Group):
    """Loads a command's module only when it is asked for: the daemon needs no tables and colours."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - one signature for all
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(
            f"agent.commands.{cmd_name.replace('-', '_')}"
        ).command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        near = difflib.get_close_matches(name, COMMANDS, n=1)
        if name not in COMMANDS and near:
            ctx.fail(f"No such command '{name}'. Did you mean '{near[0]}'?")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - one signature for all
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.command(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="winback", prog_name="winback")
def winback() -> None:
    """Writes to a WooCommerce shop's quiet customers over WhatsApp: politely, and once.

    Start with `winback demo`. Then `winback init` writes a config, and `winback check` tries it out.

    \b
    Examples:
      winback demo                      all of it on a make-believe shop
      winback init                      the first evening: a config from a few answers
      winback status                    how it is
      winback why +12025550101          why somebody hears from the shop, or does not
      winback COMMAND -h                what a command does, with examples
    """


CANNOT_PRINT = (errno.ENOSPC, errno.EDQUOT, errno.EIO)  # a full disk at the other end of a >


def main() -> None:
    """The console command. An expected failure is one message and an exit code, no traceback."""
    try:
        winback()
    except WinbackError as error:
        click.echo(f"winback: {error}", err=True)
        sys.exit(error.exit_code)
    except PermissionError as error:
        if error.filename is None:
            raise
        fix = INSTALLED.remedy(Path(error.filename), "let this user read it, or take another one")
        click.echo(f"winback: {error.filename}: {error.strerror}\n  -> {fix}", err=True)
        sys.exit(77)
    except OSError as error:
        if error.errno not in CANNOT_PRINT:
            raise
        click.echo(f"winback: {error.strerror or error}", err=True)
        sys.exit(74)
    except peewee.DatabaseError as error:  # where no path was at hand to explain it better
        click.echo(f"winback: database: {error}", err=True)
        sys.exit(74)


if __name__ == "__main__":
    main()
