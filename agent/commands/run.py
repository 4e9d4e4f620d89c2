"""winback run: the daemon in the foreground, as systemd wants it."""

import os
from pathlib import Path

import click

from agent import log
from agent.commands.options import config_option
from agent.config import load
from agent.daemon import Daemon
from agent.database import owned
from agent.service import Service, WallClock

PATIENCE = 18.0  # seconds for the jobs to finish; systemd and people expect an end within 20


@click.command
@config_option
def command(config: Path) -> None:
    """Run the daemon until SIGTERM; SIGHUP reads the config again.

    \b
    Examples:
      winback run
      systemctl reload winback               as the unit does: SIGHUP
    """
    settings = load(config.expanduser().absolute(), environ=os.environ)
    log.set_up(style=settings.log.format, level=settings.log.level)
    service = Service(WallClock())
    service.listen_to_signals()
    with owned(settings.database.path):
        daemon = Daemon(settings, service, os.environ)
        daemon.start()
        try:
            service.run(daemon.tick)
        finally:
            daemon.stop(PATIENCE)
