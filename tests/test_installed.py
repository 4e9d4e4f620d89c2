"""What somebody reads who may not read the config or the database: the same command as the daemon's user."""

import os
import pwd
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from daemon_process import ROOT, environ
from sending_world import World

from agent.database import owned
from agent.installed import INSTALLED, Layout
from agent.sandbox.clock import WallClock

ELSEWHERE = 65534  # another user than the one of these tests
WITHOUT_RIGHTS = (
    "setpriv",
    "--bounding-set=-all",
    "--inh-caps=-all",
)  # root that may not read everything


def another() -> str:
    """The name of some other user of this machine."""
    return next(one.pw_name for one in pwd.getpwall() if one.pw_uid != os.geteuid())


def test_in_the_installed_folders_it_is_the_command_as_it_was_typed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    layout = Layout(another(), (tmp_path,))
    monkeypatch.setattr(
        sys, "argv", ["/usr/local/bin/winback", "why", "+1 202-555-0101", "--at", "2026-03-02"]
    )
    fix = layout.remedy(tmp_path / "winback.db", "other")
    assert fix == (
        f"as its own user: sudo -u {another()} winback why '+1 202-555-0101' --at 2026-03-02"
    )


def test_elsewhere_and_for_that_user_and_where_there_is_none_it_is_not(tmp_path: Path) -> None:
    own = pwd.getpwuid(os.geteuid()).pw_name
    assert Layout(another(), (tmp_path / "x",)).remedy(tmp_path, "other") == "other"
    assert Layout(own, (tmp_path,)).remedy(tmp_path, "other") == "other"
    assert Layout("nobody-has-this-name", (tmp_path,)).remedy(tmp_path, "other") == "other"
    assert INSTALLED.remedy(tmp_path, "other") == "other"


def closed(path: Path) -> None:
    """To the user of the command that follows."""
    if os.geteuid() == 0:
        os.chown(path, ELSEWHERE, ELSEWHERE)
        path.chmod(0o700)
    else:
        path.chmod(0)


@pytest.mark.skipif(
    os.geteuid() == 0 and shutil.which("setpriv") is None, reason="root reads everything"
)
def test_what_may_not_be_read_is_no_traceback(tmp_path: Path) -> None:
    folder = tmp_path / "closed"
    folder.mkdir()
    with World(tmp_path, WallClock()) as world:
        config = world.write_config(database__path=str(folder / "winback.db"))
        with owned(folder / "winback.db"):
            pass
        closed(folder)
        told = said("status", config)
        assert told == (77, f"winback: {folder / 'winback.db'}: Permission denied")
        code, checked = said("check", config)
        assert (code, "Permission denied" in checked) == (1, True)
        closed(config)
        code, told_of_config = said("status", config)
        assert (code, told_of_config) == (
            78,
            f"winback: {config}: cannot be read: Permission denied",
        )
        folder.chmod(0o700)  # so that it can be tidied away


def said(command: str, config: Path) -> tuple[int, str]:
    """The exit code, and the line of what went wrong."""
    may_less = WITHOUT_RIGHTS if os.geteuid() == 0 else ()
    done = subprocess.run(
        [*may_less, sys.executable, "-m", "agent.cli", command, "--config", str(config)],
        capture_output=True, text=True, timeout=30, cwd=ROOT, env=environ(), check=False,
    )  # fmt: skip
    assert "Traceback" not in done.stderr
    lines = f"{done.stdout}\n{done.stderr}".splitlines()
    return done.returncode, next(line for line in lines if "Permission denied" in line)


def test_it_is_started_by_systemd_where_its_unit_is_installed(tmp_path: Path) -> None:
    unit = tmp_path / "winback.service"
    layout = Layout("winback", (), (tmp_path / "other.service", unit))
    assert layout.start == "winback run"
    unit.touch()
    assert layout.start == "systemctl start winback"
