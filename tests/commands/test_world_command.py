"""winback demo --world: what it tells is what winback init asks, and a config comes of it that is well."""

import re
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from daemon_process import ROOT, environ, run_winback

ENOUGH = "Ctrl-C ends this world."
SECRETS = {
    "WINBACK_SHOP_KEY": "consumer key",
    "WINBACK_SHOP_SECRET": "consumer secret",
    "WINBACK_WHATSAPP_TOKEN": "access token",
    "WINBACK_WHATSAPP_APP_SECRET": "app secret",
}


@pytest.mark.long
def test_from_nothing_to_a_shop_that_is_read(tmp_path: Path) -> None:
    world = subprocess.Popen(
        [
            sys.executable, "-u", "-m", "agent.cli", "demo", "--world",
            "--products", "20", "--customers", "100", "--port", "8187",
        ],
        stdout=subprocess.PIPE, text=True, cwd=ROOT, env=environ(COLUMNS="200"),
    )  # fmt: skip
    assert world.stdout is not None
    try:
        told = ""
        while ENOUGH not in told:
            line = world.stdout.readline()
            assert line, told
            told += line
        answer = dict(re.findall(r"^  ([a-z' ]+?)  +(\S+)$", told, re.MULTILINE))
        [command] = re.findall(r"agent\.cli init --config config\.toml (.+)$", told, re.MULTILINE)
        assert "--set web.listen=127.0.0.1:8187" in command
        config = tmp_path / "config.toml"
        init = subprocess.run(
            [
                sys.executable, "-m", "agent.cli", "init", "--config", config, "--non-interactive",
                "--shop-url", answer["shop's address"], "--phone-number-id", answer["phone number id"],
                "--business-account-id", answer["account id"], *shlex.split(command),
            ],
            cwd=ROOT, env=environ(**{name: answer[words] for name, words in SECRETS.items()}),
            capture_output=True, text=True, timeout=30, check=False,
        )  # fmt: skip
        assert init.returncode == 0, init.stdout + init.stderr

        check = run_winback("check", "--config", str(config))
        assert check.returncode == 0, check.stdout
        assert f"{tmp_path / 'winback.db'} is not there yet" in check.stdout
        synced = run_winback("sync", "--config", str(config))
        assert re.search(r"\d+ of them agreed", synced.stdout), synced.stdout + synced.stderr
    finally:
        world.send_signal(signal.SIGINT)
        rest, _ = world.communicate(timeout=20)
    assert world.returncode == 0
    assert rest.endswith("ending ...\n")
