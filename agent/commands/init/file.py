"""Putting a config and its secrets on the disk: whole or not at all, and for its owner's eyes."""

import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from agent.errors import BadInput

OWNER_ONLY = 0o600
OWNER_AND_GROUP = 0o640


def require_free(path: Path, *, force: bool) -> None:
    """Raises BadInput when the file is there and may not be replaced, or its folder is not there."""
    if path.exists() and not force:
        raise BadInput(
            f"{path} is there already, and is left as it is",
            fix="--force writes a new one, and keeps a copy of this one beside it",
        )
    if not path.parent.is_dir():
        raise BadInput(f"{path.parent}: there is no such folder", fix=f"mkdir -p {path.parent}")
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise BadInput(
            f"{path.parent} cannot be written by this user",
            fix="as root: the config in /etc/winback is root's; or name another with --config",
        )


def write_config(path: Path, text: str, *, force: bool) -> Path | None:
    """Put the config there; gives the copy that was kept of the one before.

    Root in a folder of another group (/etc/winback, of winback) lets that group read it: the daemon
    is no root. Everywhere else only the owner can.
    """
    kept = _keep(path) if path.exists() and force else None
    group = path.parent.stat().st_gid
    shared = os.geteuid() == 0 and group != 0
    _put(path, text, group=group if shared else None, replace=force)
    if kept is not None:
        kept.chmod(OWNER_ONLY)  # the daemon has no use for it, and it may hold secrets
    return kept


def write_secrets(folder: Path, secret: Mapping[str, str], *, force: bool) -> None:
    """Each secret into a file of its own, as LoadCredential= takes them."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name, value in secret.items():
        _put(folder / name, value + "\n", group=None, replace=force)


def rights_of(path: Path) -> str:
    """In words: who can read it."""
    found = path.stat()
    mode = found.st_mode & 0o777
    return f"mode {mode:04o}" + (", with its folder's group" if mode == OWNER_AND_GROUP else "")


def _keep(path: Path) -> Path:
    """A second name for the file as it is, under the first number that is free."""
    number = 1
    while True:
        copy = path.with_name(f"{path.name}.{number}")
        try:
            copy.hardlink_to(path)
        except FileExistsError:
            number += 1
        else:
            return copy


def _put(path: Path, text: str, *, group: int | None, replace: bool) -> None:
    """Raises BadInput when it came to be there meanwhile, or the disk does not take it."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fchmod(descriptor, OWNER_ONLY)  # whatever the umask is
            if group is not None:
                os.fchown(descriptor, -1, group)
                os.fchmod(descriptor, OWNER_AND_GROUP)
            os.fsync(descriptor)
        if replace:
            draft.replace(path)
        else:
            path.hardlink_to(draft)  # unlike a rename, never over another
    except FileExistsError:
        raise BadInput(f"{path} is there already", fix="--force replaces it") from None
    except OSError as error:
        raise BadInput(
            f"{path} cannot be written: {error.strerror}",
            fix="see to the disk and the rights there",
        ) from None
    finally:
        draft.unlink(missing_ok=True)
