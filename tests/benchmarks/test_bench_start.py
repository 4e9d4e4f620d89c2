"""How soon the daemon is ready, and what it holds in memory once it has nothing to do."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from parties import settings_in, shop_process, show, whatsapp_process

if TYPE_CHECKING:
    from collections.abc import Iterator

IDLE_AFTER = 10.0  # seconds
BARE = "import requests, peewee, woocommerce, schedule, tenacity, flask, waitress, phonenumbers"
STATUS = "import re; print(re.search(r'VmRSS:\\s*(\\d+)', open('/proc/self/status').read())[1])"


@pytest.mark.bench
def test_start_and_idle_memory(tmp_path: Path) -> None:
    with (
        shop_process(products=300, customers=3000) as shop,
        whatsapp_process() as whatsapp,
    ):
        config = settings_in(tmp_path, shop=shop, whatsapp=whatsapp).path
        with daemon(config) as (first_ready, process):
            time.sleep(IDLE_AFTER)
            after_first_fill = resident(process)
        with daemon(config) as (ready, process):
            time.sleep(IDLE_AFTER)
            idle = resident(process)
    importing, bare = import_alone()
    show(
        "winback run",
        [
            ("ready, new database", f"{first_ready:.2f} s"),
            ("ready, database of 7,500 orders", f"{ready:.2f} s"),
            ("the bare imports and their interpreter", f"{importing:.2f} s"),
            ("start: ours / bare", f"{ready / importing:.2f}"),
            ("memory after the first fill", f"{after_first_fill:.1f} MB"),
            (f"memory idle, {IDLE_AFTER:.0f} s after a start", f"{idle:.1f} MB"),
            ("memory of the bare imports", f"{bare:.1f} MB"),
            ("memory: ours idle / bare", f"{idle / bare:.2f}"),
        ],
    )


@contextmanager
def daemon(config: Path) -> Iterator[tuple[float, subprocess.Popen[bytes]]]:
    """A daemon that is ready; yields how many seconds that took, and its process."""
    address = config.with_name("notify")
    address.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(address))
        ready = threading.Event()
        threading.Thread(target=listen, args=(systemd, ready), daemon=True).start()
        command = [Path(sys.executable).with_name("winback"), "run", "--config", config]
        begun = time.perf_counter()
        with config.with_name("log").open("ab") as log:
            process = subprocess.Popen(
                command, stderr=log, env=os.environ | {"NOTIFY_SOCKET": str(address)}
            )
        try:
            assert ready.wait(30)
            yield time.perf_counter() - begun, process
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(25)


def listen(systemd: socket.socket, ready: threading.Event) -> None:
    """Read on after READY=1 too: the daemon would wait at a full socket, as systemd lets nobody do."""
    said = b""
    while b"STOPPING=1" not in said:
        said = systemd.recv(4096)
        if b"READY=1" in said:
            ready.set()


def resident(process: subprocess.Popen[bytes]) -> float:
    """Resident memory in MB."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) / 1024


def import_alone() -> tuple[float, float]:
    """Seconds and MB of an interpreter that only imports what we stand on."""
    begun = time.perf_counter()
    said = subprocess.run(
        [sys.executable, "-c", f"{BARE}; {STATUS}"], capture_output=True, text=True, check=True
    )
    return time.perf_counter() - begun, int(said.stdout) / 1024
