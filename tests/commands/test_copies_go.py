"""Commands that look at a copy of the database take it along, however they end."""

import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from daemon_process import ROOT, environ
from sending_world import FACTS, World

from agent.database import owned
from models import ShopFact

ANA = "+447700900101"

# the signal comes at the very moment at which the copy is opened
TOLD_TO_END = """
import os, sys
def hear(event, what):
    if event == "sqlite3.connect" and "{file}" in str(what) and "copies" in str(what):
        os.kill(os.getpid(), {number})
sys.addaudithook(hear)
from agent.cli import main
main()
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("command", ["why", "preview"])
def test_a_command_that_is_told_to_end_leaves_no_copy(
    world: World, tmp_path: Path, command: str, number: signal.Signals
) -> None:
    config = world.write_config()
    with owned(world.folder / "winback.db"):
        ShopFact.put(FACTS)
        world.contact(ANA)
    folder = tmp_path / "copies"
    folder.mkdir()
    yesterday = (world.clock.now() - timedelta(days=1)).date().isoformat()
    arguments = {"why": ["why", ANA, "--at", yesterday], "preview": ["preview"]}[command]
    file = {"why": "then.db", "preview": "winback.db"}[command]
    first = TOLD_TO_END.format(file=file, number=int(number))
    ended = subprocess.run(
        [sys.executable, "-c", first, *arguments, "--config", str(config)],
        capture_output=True, text=True, timeout=30, cwd=ROOT, env=environ(TMPDIR=str(folder)), check=False,
    )  # fmt: skip
    assert ended.returncode != 0
    assert "Traceback" not in ended.stderr
    assert not list(folder.iterdir())
