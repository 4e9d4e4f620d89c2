"""From the README to a daemon under a real systemd and back: the very commands that stand there, as root
on a clean Debian, against the make-believe shop and WhatsApp of `winback demo --world`.
"""

import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests
from chapters import commands
from daemon_process import ROOT, environ
from machine import (
    SOURCE,
    Machine,
    NotBooted,
    fetch_wheels,
    make_root,
    what_is_missing,
)

INSTALL = "Installing it on the shop's server"
UPGRADE = "Upgrading"
UNINSTALL = "Uninstalling"
ASKS = re.compile(r"^winback init.*$", re.MULTILINE)
CONFIG, CREDENTIALS = "/etc/winback/config.toml", "/etc/winback/credentials"
MOST_EXPOSED = 1.2
NEW, NEW_SOURCE = "99.0.0", "/root/winback-new"
ORDERS = "shop_order"
MIGRATION = '''"""A table that only the new version has."""

from typing import Any


def up(_: Any, db: Any) -> None:
    db.execute_sql("CREATE TABLE rehearsed (id INTEGER PRIMARY KEY)")


def down(_: Any, db: Any) -> None:
    db.execute_sql("DROP TABLE rehearsed")
'''

pytestmark = pytest.mark.long


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    """Booted; where none can be had the test is skipped, or fails with WINBACK_REQUIRE_INSTALL=1."""
    if missing := what_is_missing():
        _no_machine(missing)
    make_root(tmp_path / "clean.tar")
    fetch_wheels(tmp_path / "wheels")
    try:
        with Machine(tmp_path / "root", tmp_path / "clean.tar", tmp_path / "wheels") as machine:
            yield machine
    except NotBooted as error:
        _no_machine(str(error))


def _no_machine(why: str) -> None:
    if os.environ.get("WINBACK_REQUIRE_INSTALL") == "1":
        pytest.fail(why)
    pytest.skip(why)


@dataclass(frozen=True, slots=True)
class World:
    """The shop and the WhatsApp outside of the container, on the network that both share."""

    answers: str  # to winback init, one a line
    flags: str  # to it, that lead to this WhatsApp and to a port of ours
    port: int


@contextmanager
def a_world() -> Iterator[World]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    process = subprocess.Popen(
        [
            sys.executable, "-u", "-m", "agent.cli", "demo", "--world", "--port", str(port),
            "--products", "40", "--customers", "200",
        ],
        stdout=subprocess.PIPE, text=True, cwd=ROOT, env=environ(COLUMNS="200"),
    )  # fmt: skip
    assert process.stdout is not None
    try:
        told = ""
        while "ends this world" not in told:
            line = process.stdout.readline()
            assert line, told
            told += line
        answers = re.findall(r"^  [a-z' ]+?  +(\S+)$", told, re.MULTILINE)
        [flags] = re.findall(r"(--set whatsapp\.base_url=\S+ --set web\.listen=\S+)", told)
        # the last four are choices: the shop's country, winback's checkbox, no campaign, no e-mail
        yield World("\n".join([*answers, "", "", "", ""]) + "\n", flags, port)
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)


def test_the_readme_from_nothing_to_nothing(machine: Machine) -> None:
    with a_world() as world:
        install(machine, world)
        look_at_the_files(machine)
        judge_the_unit(machine)
        reload_a_broken_config_and_a_good_one(machine)
        kill(machine)
        start_with_a_broken_config(machine)
        stop_in_peace(machine)
        put_the_secrets_outside(machine, world)
        upgrade(machine)
        go_back(machine)
    uninstall(machine)


def type_in(machine: Machine, block: str, world: World, *, folder: str = SOURCE) -> None:
    """A block of the README: as it stands, but `winback init` is answered, and led to our WhatsApp."""
    asks = ASKS.search(block)
    if asks is None:
        machine.do(block, folder=folder)
        return
    if before := block[: asks.start()].strip():
        machine.do(before, folder=folder)
    machine.do(f"{asks[0]} {world.flags}", folder=folder, answers=world.answers)
    machine.do(block[asks.end() :], folder=folder)


def install(machine: Machine, world: World) -> None:
    type_in(machine, commands(INSTALL)[0], world)
    answer = requests.get(f"http://127.0.0.1:{world.port}/healthz", timeout=10)
    assert answer.text.strip() == "ok"
    machine.wait_for("sudo -u winback winback status | grep -q 'runs as process'")
    assert "event=daemon.ready" in machine.journal()


def look_at_the_files(machine: Machine) -> None:
    """Owners and modes; the database is the daemon's; nothing of the program is writable for it."""
    told = machine.do(
        f"stat -c '%U:%G %a %n' /etc/winback {CONFIG} /var/lib/winback /var/lib/winback/*"
    )
    rights = {name: f"{owner} {mode}" for owner, mode, name in map(str.split, told.splitlines())}
    assert rights["/etc/winback"] == "root:winback 750"
    assert rights[CONFIG] == "root:winback 640"
    assert rights["/var/lib/winback"] == "winback:winback 700"
    assert rights["/var/lib/winback/winback.db"] == "winback:winback 600"
    assert (
        machine.do(
            "sudo -u winback find /opt/winback /etc/winback /etc/systemd -writable ! -type l"
        )
        == ""
    )
    assert (
        machine.do(f"ps_user=$(stat -c %U /proc/{main_pid(machine)}); echo $ps_user") == "winback\n"
    )


def judge_the_unit(machine: Machine) -> None:
    verified = machine.run("systemd-analyze verify /etc/systemd/system/winback.service")
    assert (verified.returncode, verified.stdout + verified.stderr) == (0, "")
    unit = "/etc/systemd/system/winback.service"
    judged = machine.do(f"systemd-analyze security --offline=true --no-pager {unit}")
    exposure = re.search(r"exposure level for winback\.service: ([\d.]+)", judged)
    assert exposure is not None
    assert float(exposure[1]) <= MOST_EXPOSED


def reload_a_broken_config_and_a_good_one(machine: Machine) -> None:
    pid = main_pid(machine)
    machine.do(
        f"cp -p {CONFIG} /root/good.toml; sed -i 's/^# poll = .*/poll = \"never\"/' {CONFIG}"
    )
    machine.do("systemctl reload winback")
    machine.wait_for("journalctl -u winback -o cat | grep -q event=config.kept")
    assert "[timetable] poll" in machine.journal()
    assert main_pid(machine) == pid
    machine.do(f"sed -i 's/^poll = .*/poll = \"20s\"/' {CONFIG}")
    machine.do("sudo -u winback winback check && systemctl reload winback")
    machine.wait_for("journalctl -u winback -o cat | grep -q event=config.reloaded")
    assert main_pid(machine) == pid


def kill(machine: Machine) -> None:
    """As the kernel does when memory is short: it comes back, once."""
    pid = main_pid(machine)
    machine.do(f"kill -9 {pid}")
    machine.wait_for("journalctl -u winback -o cat | grep -c event=daemon.ready | grep -qx 2")
    assert main_pid(machine) not in {pid, "0"}
    assert shown(machine, "NRestarts") == "1"


def start_with_a_broken_config(machine: Machine) -> None:
    """It ends with 78 and is not tried again and again; with the config mended it starts."""
    machine.do(f"cp -p {CONFIG} /root/good.toml; echo 'nonsense' >> {CONFIG}")
    assert machine.run("systemctl restart winback").returncode != 0
    assert (shown(machine, "ExecMainStatus"), shown(machine, "ActiveState")) == ("78", "failed")
    time.sleep(6)  # longer than RestartSec
    assert shown(machine, "ActiveState") == "failed"
    machine.do(f"cp -p /root/good.toml {CONFIG} && systemctl start winback")
    assert shown(machine, "ActiveState") == "active"


def stop_in_peace(machine: Machine) -> None:
    machine.do("systemctl stop winback")
    assert (shown(machine, "ActiveState"), shown(machine, "Result")) == ("inactive", "success")
    assert "event=daemon.stopped" in machine.journal()
    machine.do("systemctl start winback")


def put_the_secrets_outside(machine: Machine, world: World) -> None:
    """LoadCredential=: not even the daemon's user reads the files; without one it does not start."""
    type_in(machine, commands(INSTALL)[1], world)
    assert shown(machine, "ActiveState") == "active"
    config = machine.do(f"cat {CONFIG}")
    for secret in ("ck_sandbox", "cs_sandbox", "EAAexample", "example-app-secret"):
        assert secret not in config
    told = machine.do(f"stat -c '%U:%G %a' {CREDENTIALS} {CREDENTIALS}/* {CONFIG}.1 | sort -u")
    assert told.split("\n")[:-1] == ["root:root 600", "root:root 700", "root:winback 600"]
    assert machine.run(f"sudo -u winback cat {CREDENTIALS}/shop_key").returncode != 0
    assert machine.run("sudo -u winback winback check").returncode == 78  # it does not see them

    machine.do(f"mv {CREDENTIALS}/shop_key /root/; ! systemctl restart winback")
    machine.do(f"mv /root/shop_key {CREDENTIALS}/; systemctl restart winback")
    # what an upgrade does while nobody has the secrets
    machine.do("systemctl stop winback; sudo -u winback winback backup /var/lib/winback/copy.db")
    machine.do("sudo -u winback winback restore /var/lib/winback/copy.db")
    # the rest goes on with the secrets in the file, as the README's first block has it
    machine.do(f"cp /root/good.toml {CONFIG}; rm -r /etc/systemd/system/winback.service.d")
    machine.do(
        "systemd-tmpfiles --create winback.conf; systemctl daemon-reload; systemctl restart winback"
    )


def upgrade(machine: Machine) -> None:
    """To a version with one migration more: config and data are as before."""
    machine.wait_for(f"test $({counting(ORDERS)}) -gt 0", within=120)
    config, orders = machine.do(f"sha256sum {CONFIG}"), rows(machine, ORDERS)
    new = machine.bring_source(NEW_SOURCE)
    project = new / "pyproject.toml"
    project.write_text(
        re.sub(r'^version = ".+"', f'version = "{NEW}"', project.read_text(), flags=re.MULTILINE)
    )
    (new / "models" / "migrations" / "9000_rehearsed.py").write_text(MIGRATION)
    machine.do(commands(UPGRADE)[0], folder=NEW_SOURCE)
    assert NEW in machine.do("winback --version")
    assert shown(machine, "ActiveState") == "active"
    assert (machine.do(f"sha256sum {CONFIG}"), rows(machine, "rehearsed")) == (config, 0)
    assert rows(machine, ORDERS) >= orders


def go_back(machine: Machine) -> None:
    """To the version before, with the copy of before: held until somebody says that it may go on."""
    config = machine.do(f"sha256sum {CONFIG}")
    machine.do(commands(UPGRADE)[1])
    assert NEW not in machine.do("winback --version")
    assert shown(machine, "ActiveState") == "active"
    assert machine.do(f"sha256sum {CONFIG}") == config
    assert "no such table" in machine.run(counting("rehearsed")).stderr
    assert rows(machine, ORDERS) > 0
    assert "winback restored --done" in machine.do("sudo -u winback winback restored")


def uninstall(machine: Machine) -> None:
    """Only config and data, then nothing."""
    program, data = commands(UNINSTALL)
    machine.do(program)
    left = machine.do(FIND).splitlines()
    assert left == ["/etc/winback", "/var/lib/winback"]
    machine.do(data)
    assert machine.do(FIND) == ""
    assert machine.run("getent passwd winback || getent group winback").returncode != 0
    assert machine.run("systemctl cat winback").returncode != 0


FIND = (
    "find / -xdev -iname '*winback*' -not -path '/root/*' -not -path '/proc/*' -not -path '/tmp/*' "
    "-prune | sort"
)


def main_pid(machine: Machine) -> str:
    return shown(machine, "MainPID")


def shown(machine: Machine, name: str) -> str:
    return machine.do(f"systemctl show --property {name} --value winback").strip()


def counting(table: str) -> str:
    """A command that prints how many rows there are."""
    code = (
        "import sqlite3; "
        "db = sqlite3.connect('file:/var/lib/winback/winback.db?mode=ro', uri=True); "
        f"print(db.execute('SELECT count(*) FROM {table}').fetchone()[0])"
    )
    return f"sudo -u winback /opt/winback/bin/python -c {shlex.quote(code)}"


def rows(machine: Machine, table: str) -> int:
    return int(machine.do(counting(table)))
