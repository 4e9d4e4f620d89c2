"""winback demo --keep: the daemon as a process of its own, on the real clock, until Ctrl-C."""

import signal
import subprocess
import sys
import time
from datetime import datetime, timedelta

from rich.console import Console

from agent.commands.stage import ZONE, Stage
from agent.service import WallClock

RESTART_AFTER = 2.0  # seconds, as the systemd unit does
STOP_WITHIN = 20.0


def keep(stage: Stage, console: Console) -> None:
    """Run `winback run` beside the sandbox. Killed, it starts again; stopped in peace, it stays so."""
    now = WallClock().now()
    at = _soon(now.astimezone(ZONE))
    stage.write_config(pace=5, poll="15s", at=f"{at:%H:%M}", quiet_from="08:00")
    stage.clock.follow_the_wall()
    stage.life.advance_to(now)
    stage.life.start()
    stage.whatsapp.start_delivering()
    winback = f"{sys.argv[0]} {{}} --config {stage.config}"
    console.print(
        f"\nThe daemon goes on, on the real clock; its campaigns run at {at:%H:%M} shop time "
        f"(now {now.astimezone(ZONE):%H:%M}), five messages a second. Beside it, try:\n"
        f"  {winback.format('status')}\n"
        f"  {winback.format('report')}\n"
        f"  {winback.format('check')}\n"
        f"  tail -f {stage.folder / 'winback.log'}\n"
        "or kill it in the middle of sending: no message comes twice. Ctrl-C ends everything.",
        soft_wrap=True,
        highlight=False,
    )
    previous = {
        number: signal.signal(number, signal.default_int_handler)
        for number in (signal.SIGINT, signal.SIGTERM)  # INT too: shells ignore it for "... &"
    }
    try:
        _look_after(stage, console)
    except KeyboardInterrupt:
        console.print("ending ...")
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
    most = max(stage.whatsapp.accepted_by_intent.values(), default=0)
    console.print(
        f"WhatsApp took {len(stage.whatsapp.accepted):,} messages, none more than {most} time(s)."
    )


def _look_after(stage: Stage, console: Console) -> None:
    """What systemd would do: Restart=on-failure."""
    command = [sys.executable, "-m", "agent.cli", "run", "--config", str(stage.config)]
    with (stage.folder / "winback.log").open("ab") as log:
        while True:
            daemon = subprocess.Popen(command, stderr=log, start_new_session=True)  # noqa: S603 - ours
            console.print(f"daemon: process {daemon.pid}")
            try:
                code = daemon.wait()
            except KeyboardInterrupt:
                _stop(daemon)
                raise
            if code == 0:
                console.print(
                    "daemon: stopped in peace, and not started again. By hand: "
                    f"{sys.argv[0]} run --config {stage.config}",
                    soft_wrap=True,
                )
                signal.pause()
            how = signal.Signals(-code).name if code < 0 else f"exit code {code}"
            console.print(f"daemon: ended by {how}, started again in {RESTART_AFTER:.0f} s")
            time.sleep(RESTART_AFTER)  # noqa: TID251 - beside the agent, not in it


def _stop(daemon: "subprocess.Popen[bytes]") -> None:
    daemon.terminate()
    try:
        daemon.wait(STOP_WITHIN)
    except subprocess.TimeoutExpired:
        daemon.kill()
        daemon.wait()


def _soon(local: datetime) -> datetime:
    """The next minute but one, so that there is time to look on; never just before midnight."""
    at = local + timedelta(minutes=2)
    return at if at.date() == local.date() and at.hour < 23 else local.replace(hour=0, minute=5)
