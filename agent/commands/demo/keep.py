"""winback demo --keep: the daemon as a process of its own, on the real clock, until Ctrl-C."""

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import NoReturn

from rich.console import Console

from agent.commands.demo.stage import EVENTS_TOKEN, ZONE, Stage
from agent.commands.program import as_typed
from agent.database import shared
from agent.service import WallClock
from models import Heartbeat, Message, Order

RESTART_AFTER = 2.0  # seconds, as the systemd unit does
STOP_WITHIN = 20.0
NOT_AGAIN = {  # exit codes, as the systemd unit has them
    0: "stopped in peace",
    os.EX_CONFIG: "ended over something to correct, see its log",
}


def come_to_today(database: Path) -> None:
    """The make-believe days ended earlier than now. A daemon that was off for so long would hold marketing
    and ask why: see agent/epoch.py.
    """
    now = WallClock().now()
    with shared(database):
        Heartbeat.update(beat_at=now, stopped_at=now).execute()


def newest_told(database: Path) -> str:
    """The number of the order that was told last; "" if none was."""
    with shared(database):
        told = Order.select().join(Message, on=Message.order_id == Order.woo_id)
        newest = told.order_by(Message.id.desc()).first()
    return newest.number if newest else ""


def keep(stage: Stage, console: Console, *, told_of: str = "") -> None:
    """Run `winback run` beside the sandbox until KeyboardInterrupt (see `ended_by_signals`). `told_of` is
    the number of an order to look at.

    Killed, it starts again; stopped in peace, it stays so.
    """
    now = WallClock().now()
    at = _soon(now.astimezone(ZONE))
    stage.write_config(pace=5, poll="15s", alerts="10m", at=f"{at:%H:%M}", quiet_from="08:00")
    stage.clock.follow_the_wall()
    stage.life.advance_to(now)
    stage.life.start()
    stage.whatsapp.start_delivering()
    winback = f"{as_typed()} {{}} --config {stage.config}"
    order = f"  {winback.format(f'order {told_of}')}\n" if told_of else ""
    console.print(
        f"\nThe daemon goes on, on the real clock; its campaigns run at {at:%H:%M} shop time "
        f"(now {now.astimezone(ZONE):%H:%M}), five messages a second. Beside it, try:\n"
        f"  {winback.format('status')}\n"
        f"  {winback.format('report')}\n"
        f"  {winback.format('check')}\n"
        f"{order}"
        f"  {stage.plugin.address.removesuffix('/events')}/dashboard/ in a browser of this machine\n"
        f"  tail -f {stage.folder / 'winback.log'}\n"
        f"{_something_to_tell(stage, at)}"
        "Or kill it in the middle of sending: no message comes twice. To try winback init, and a "
        f"winback of your own: {as_typed()} demo --world. Ctrl-C ends everything.",
        soft_wrap=True,
        highlight=False,
        markup=False,
    )
    try:
        _look_after(stage, console)
    except KeyboardInterrupt:
        console.print("ending ...")
    most = max(stage.whatsapp.come_by_intent.values(), default=0)
    console.print(
        f"WhatsApp took {len(stage.whatsapp.accepted):,} messages, "
        f"{'none came twice.' if most <= 1 else f'ONE OF THEM CAME {most} TIMES.'}"
    )


def _something_to_tell(stage: Stage, at: datetime) -> str:
    """A request that makes the daemon write to somebody who would not have heard from it."""
    written_to = {message.to for message in stage.whatsapp.accepted}
    person = next(
        (
            one
            for one in stage.town.people
            if one.customer_id
            and one.said
            and one.reachable
            and one.lines[0].e164 not in written_to
        ),
        None,
    )
    product = next(
        (
            row
            for good in stage.town.goods
            if good.offered and not good.options
            for row in (stage.shop.product(good.id),)
            if row.stock_status == "instock" and row.price
        ),
        None,
    )
    if person is None or product is None:
        return ""
    event = {
        "kind": "product_view",
        "customer_id": person.customer_id,
        "product_id": product.id,
        "price": str(2 * Decimal(product.price)),
    }
    return (
        f"Or be the shop's plugin, and tell it that {person.first_name.strip().title()} saw "
        f"{product.name} for twice what it costs. It is a price drop then, at {at:%H:%M} or at one of "
        f"the looks that follow every ten minutes:\n"
        f"  curl -H 'Authorization: Bearer {EVENTS_TOKEN}' {stage.plugin.address} "
        f"-d '{json.dumps(event)}'\n"
    )


def _look_after(stage: Stage, console: Console) -> None:
    """What systemd would do: Restart=on-failure, but not for a mistake in the config.

    -P: this program, also in a folder that holds the sources of another version.
    """
    command = [sys.executable, "-P", "-m", "agent.cli", "run", "--config", str(stage.config)]
    daemon = None
    try:
        with (stage.folder / "winback.log").open("ab") as log:
            while True:
                daemon = subprocess.Popen(command, stderr=log, start_new_session=True)  # noqa: S603 - ours
                console.print(f"daemon: process {daemon.pid}")
                code = _ended(daemon)
                if code in NOT_AGAIN:
                    console.print(
                        f"daemon: {NOT_AGAIN[code]}, and not started again. By hand: "
                        f"{as_typed()} run --config {stage.config}",
                        soft_wrap=True,
                    )
                    _wait_for_the_end()
                how = signal.Signals(-code).name if code < 0 else f"exit code {code}"
                console.print(f"daemon: ended by {how}, started again in {RESTART_AFTER:.0f} s")
                time.sleep(RESTART_AFTER)  # noqa: TID251 - beside the agent, not in it
    finally:
        if daemon is not None:
            _stop(daemon)


def _ended(daemon: "subprocess.Popen[bytes]") -> int:
    """Wait for its exit code, a second at a time: a Ctrl-C that comes just before a call that blocks is
    noticed by Python only when that call returns.
    """
    while True:
        with suppress(subprocess.TimeoutExpired):
            return daemon.wait(1.0)


def _wait_for_the_end() -> NoReturn:
    """Until Ctrl-C; a second at a time as well."""
    while True:
        time.sleep(1.0)  # noqa: TID251 - beside the agent, not in it


def _stop(daemon: "subprocess.Popen[bytes]") -> None:
    """In peace; killed when it does not end in time, or when somebody presses Ctrl-C again."""
    daemon.terminate()
    try:
        daemon.wait(STOP_WITHIN)
    except (subprocess.TimeoutExpired, KeyboardInterrupt):
        daemon.kill()
        daemon.wait()


def _soon(local: datetime) -> datetime:
    """The next minute but one, so that there is time to look on; never just before midnight."""
    at = local + timedelta(minutes=2)
    return at if at.date() == local.date() and at.hour < 23 else local.replace(hour=0, minute=5)
