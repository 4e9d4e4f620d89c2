"""winback demo --world: the make-believe shop and WhatsApp alone, for a winback of one's own."""

import shlex
import time
from datetime import timedelta
from pathlib import Path
from typing import NoReturn

from rich.console import Console

from agent.commands.demo.stage import Stage
from agent.commands.program import as_typed

REVIEW = timedelta(seconds=15)  # that WhatsApp takes for a template; in life it is up to a day
KEY, SECRET = "ck_sandbox", "cs_sandbox"
APP_SECRET = "example-app-secret"  # noqa: S105 - of a WhatsApp that is none


def stand_by(stage: Stage, console: Console, *, port: int) -> NoReturn:
    """Let the world live on the real clock, until KeyboardInterrupt (see `ended_by_signals`), and tell
    what `winback init` asks for it. Its webhooks come to `port` of this machine.
    """
    stage.whatsapp.subscribe(f"http://127.0.0.1:{port}/webhooks/whatsapp")
    stage.whatsapp.approve_templates_after = REVIEW
    stage.clock.follow_the_wall()
    stage.life.start()
    stage.whatsapp.start_delivering()
    console.print(
        f"\nWhat winback init asks, for this shop and this WhatsApp:\n{answers(stage)}\n"
        f"In another terminal, in a folder of your own:\n"
        f"  {init_command(stage, port, Path('config.toml'))}\n"
        f"It says itself what comes next. A template takes {REVIEW.total_seconds():.0f} seconds to be "
        f"approved here, and webhooks come to port {port}. Ctrl-C ends this world.",
        soft_wrap=True,
        highlight=False,
        markup=False,
    )
    while True:
        time.sleep(1.0)  # noqa: TID251 - beside the agent, not in it


def answers(stage: Stage) -> str:
    """One a line, in the order of the questions."""
    told = (
        ("shop's address", stage.shop_url),
        ("consumer key", KEY),
        ("consumer secret", SECRET),
        ("phone number id", stage.whatsapp.phone_number_id),
        ("account id", stage.whatsapp.business_account_id),
        ("access token", stage.whatsapp.token),
        ("app secret", APP_SECRET),
    )
    return "".join(f"  {name:16} {value}\n" for name, value in told)


def init_command(stage: Stage, port: int, config: Path) -> str:
    """A winback of one's own that listens where this WhatsApp tells what became of messages."""
    return (
        f"{as_typed()} init --config {shlex.quote(str(config))} --set database.path=winback.db "
        f"--set whatsapp.base_url={stage.whatsapp_url} --set web.listen=127.0.0.1:{port}"
    )
