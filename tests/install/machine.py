"""A clean Debian with a real systemd, as a container: what the README's commands are rehearsed on.

The root is made by mmdebstrap from the packages of this machine's own Debian mirror, and booted by
systemd-nspawn; both ask for root. Wheels of the dependencies are fetched here and taken into the
container, so that the pip there needs no index: nothing of this machine's is used but these files.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
import tomllib
from pathlib import Path
from types import TracebackType
from typing import Final, Self

ROOT: Final = Path(__file__).parents[2]
SUITE: Final = "bookworm"
PYTHON: Final = "3.11"  # of that suite
NEEDED: Final = ("mmdebstrap", "systemd-nspawn", "nsenter")
PACKAGES: Final = "systemd,systemd-sysv,dbus,ca-certificates"  # and what Debian calls essential
SHIPPED: Final = (
    "README.md", "LICENSE", "CHANGELOG.md", "pyproject.toml", "config.example.toml",
    "agent", "models", "systemd",
)  # fmt: skip
SOURCE: Final = "/root/winback"  # in the container
WHEELS: Final = "/root/wheels"
BOOT_WITHIN: Final = 60.0  # seconds
STOP_WITHIN: Final = 40.0


def what_is_missing() -> str:
    """Why no machine can be made here; "" if one can."""
    if os.geteuid() != 0:
        return "making a clean root asks for root"
    missing = [program for program in NEEDED if shutil.which(program) is None]
    if missing:
        return f"{', '.join(missing)} not here: apt install mmdebstrap systemd-container"
    return "" if _mirror() else f"apt here knows no mirror of Debian {SUITE}"


def make_root(tarball: Path) -> None:
    """A minimal Debian, as a tar file. Raises CalledProcessError."""
    subprocess.run(
        ["mmdebstrap", "--mode=root", "--variant=minbase", f"--include={PACKAGES}", SUITE, tarball, _mirror()],
        check=True, capture_output=True, text=True, timeout=600,
    )  # fmt: skip


def fetch_wheels(folder: Path) -> None:
    """All that `pip install .` needs on that Debian. Raises CalledProcessError."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wanted = [*project["project"]["dependencies"], *project["build-system"]["requires"], "wheel"]
    subprocess.run(
        [
            sys.executable, "-m", "pip", "download", "--quiet", "--dest", folder,
            "--python-version", PYTHON, "--implementation", "cp", "--only-binary", ":all:", *wanted,
        ],
        check=True, capture_output=True, text=True, timeout=600,
    )  # fmt: skip


def _mirror() -> str:
    """The line of apt's sources for the suite, as this machine has them; "" if it has none."""
    told = subprocess.run(
        [
            "apt-get", "indextargets", "--format", "deb $(SITE) $(CODENAME) $(COMPONENT)",
            "Created-By: Packages", "Origin: Debian", f"Codename: {SUITE}",
        ],
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    return "\n".join(sorted(set(told.stdout.splitlines())))


class Machine:
    """A container that runs from `with` to its end, and is gone afterwards."""

    def __init__(self, folder: Path, tarball: Path, wheels: Path) -> None:
        """`folder` becomes its root; it must not be there yet, or be empty."""
        self.root = folder
        folder.mkdir(exist_ok=True)
        subprocess.run(["tar", "-C", folder, "-xf", tarball], check=True, timeout=120)
        shutil.copytree(wheels, self.path(WHEELS))
        self.bring_source(SOURCE)
        self._nspawn: subprocess.Popen[bytes] | None = None
        self._leader = 0

    def path(self, inside: str) -> Path:
        """From out here."""
        return self.root / inside.lstrip("/")

    def bring_source(self, inside: str) -> Path:
        """A copy of what a release holds; nothing of the checkout is seen from in there."""
        target = self.path(inside)
        target.mkdir(parents=True)
        for name in SHIPPED:
            if (ROOT / name).is_dir():
                ignored = shutil.ignore_patterns("__pycache__", "*.pyc")
                shutil.copytree(ROOT / name, target / name, ignore=ignored)
            else:
                shutil.copy(ROOT / name, target / name)
        return target

    def __enter__(self) -> Self:
        self._nspawn = subprocess.Popen(
            [
                "systemd-nspawn", "--quiet", "--directory", self.root, "--register=no", "--keep-unit",
                "--console=pipe", "--kill-signal=SIGRTMIN+3", "--boot",
            ],
            stdin=subprocess.DEVNULL,
            stdout=self._log(), stderr=subprocess.STDOUT,
        )  # fmt: skip
        try:
            self._wait_for_boot()
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end()

    def run(
        self,
        script: str,
        *,
        folder: str = SOURCE,
        answers: str = "",
        within: float = 240.0,
        **environ: str,
    ) -> "subprocess.CompletedProcess[str]":
        """Bash, as root, that ends at its first failure; `answers` is its stdin. Never raises for how it
        ended."""
        usual = {
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME": "/root",
            "LANG": "C.UTF-8",
            "DEBIAN_FRONTEND": "noninteractive",
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": WHEELS,
            "PIP_ROOT_USER_ACTION": "ignore",
        }
        return subprocess.run(
            [
                "nsenter", "--target", str(self._leader), "--mount", "--uts", "--ipc", "--pid", "--root",
                "/bin/bash", "-euc", f"cd {folder}\n{script}",
            ],
            input=answers, capture_output=True, text=True, timeout=within, check=False,
            env={**usual, **environ},
        )  # fmt: skip

    def do(self, script: str, **more: str) -> str:
        """The same for what has to work; gives its stdout."""
        done = self.run(script, **more)  # type: ignore[arg-type]
        assert done.returncode == 0, f"{script}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def journal(self) -> str:
        """What the daemon told so far."""
        return self.run("journalctl --unit winback --output cat --no-pager", folder="/").stdout

    def wait_for(self, script: str, within: float = 30.0) -> None:
        """Until it succeeds."""
        until = time.monotonic() + within
        while (done := self.run(script, folder="/")).returncode != 0:
            assert time.monotonic() < until, (
                f"{script}\n{done.stdout}{done.stderr}\n{self.journal()}"
            )
            time.sleep(0.2)

    def _log(self) -> int:
        return os.open(self.root.with_suffix(".log"), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def _wait_for_boot(self) -> None:
        assert self._nspawn is not None
        until = time.monotonic() + BOOT_WITHIN
        while time.monotonic() < until and self._nspawn.poll() is None:
            pid = self._nspawn.pid
            children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
            if children:
                self._leader = int(children[0])
                state = self.run("systemctl is-system-running", folder="/").stdout.strip()
                if state in {"running", "degraded"}:
                    return
            time.sleep(0.2)
        told = self.root.with_suffix(".log").read_text(errors="replace")[-2000:]
        raise NotBooted(f"systemd did not come up in a container here:\n{told}")

    def _end(self) -> None:
        """In peace; else with force. The files go too: 300 MB each."""
        if self._nspawn is not None and self._nspawn.poll() is None:
            self._nspawn.send_signal(signal.SIGTERM)  # it passes it on as the kill signal above
            try:
                self._nspawn.wait(STOP_WITHIN)
            except subprocess.TimeoutExpired:
                self._nspawn.kill()
                self._nspawn.wait()
        shutil.rmtree(self.root, ignore_errors=True)


class NotBooted(RuntimeError):
    """There is no room for a systemd here: no cgroups, or no right to make namespaces."""
