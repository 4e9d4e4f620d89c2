"""Where the README installs winback, and how a command is typed there by somebody who may not do it."""

import os
import pwd
import shlex
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final


@dataclass(frozen=True, slots=True)
class Layout:
    """The user whom the daemon runs as, and the folders that are closed to others."""

    user: str
    folders: tuple[Path, ...]
    units: tuple[Path, ...] = ()  # where its unit may lie

    @property
    def start(self) -> str:
        """The command that starts the daemon here."""
        installed = any(unit.exists() for unit in self.units)
        return "systemctl start winback" if installed else "winback run"

    def remedy(self, path: Path, otherwise: str) -> str:
        """What to do where this user may not read or write `path`: the same command as the daemon's user, if
        the path is of this layout and they are somebody else; else `otherwise`."""
        if not any(path.is_relative_to(folder) for folder in self.folders):
            return otherwise
        try:
            number = pwd.getpwnam(self.user).pw_uid
        except KeyError:  # it is not installed so
            return otherwise
        if os.geteuid() == number:
            return otherwise
        return f"as its own user: sudo -u {self.user} {shlex.join(['winback', *sys.argv[1:]])}"


UNITS: Final = tuple(
    Path(folder, "systemd/system/winback.service")
    for folder in ("/etc", "/usr/lib", "/lib", "/run")
)
INSTALLED: Final = Layout("winback", (Path("/etc/winback"), Path("/var/lib/winback")), UNITS)
