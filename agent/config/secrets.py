"""Where a secret comes from. For `key` of [shop], the first of these that is there:

    1. the environment           WINBACK_SHOP_KEY
    2. a systemd credential      $CREDENTIALS_DIRECTORY/shop_key   (LoadCredential= in the unit)
    3. the config file           key = "..."   or   key_file = "/etc/winback/shop_key"

So the machine wins over the file. Both forms of 3 at once are a complaint, whatever wins: one of
them would be changed some day, and nothing would happen. The line break that editors and `echo`
leave at the end of a file is not part of the secret.
"""

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from agent.config.complaints import Unfit, Wrong, found

FILE_SUFFIX = "_file"

_LONGEST = 64 * 1024  # bytes; a longer file is no secret, and may have no end (/dev/zero)


@dataclass(frozen=True, slots=True)
class Source:
    """What the file, or what took its place, says of one secret."""

    value: object  # None: nowhere
    origin: str = ""  # "" for the config file itself
    warning: str = ""


def find_secret(
    section: str,
    name: str,
    table: Mapping[str, object],
    *,
    environ: Mapping[str, str],
    folder: Path,
) -> Source:
    """The secret `name` of `section`, not yet checked. A relative path starts at `folder`.

    Raises Unfit when two forms stand in the config, or a source is empty or cannot be read.
    """
    in_file = table.get(name + FILE_SUFFIX, "")
    if not isinstance(in_file, str):
        raise Unfit(
            Wrong(
                f"is {found(in_file)}, not the path of a file", 'write it in double quotes: "/..."'
            )
        )
    if in_file and name in table:
        raise Unfit(
            Wrong(
                f"stands beside {name}{FILE_SUFFIX}: two sources of one secret",
                f"remove {name} or {name}_file",
            )
        )
    variable = f"WINBACK_{section}_{name}".upper()
    if variable in environ:
        if not environ[variable].strip():
            raise Unfit(
                Wrong(f"is empty in the environment variable {variable}", "set it, or unset it")
            )
        return Source(environ[variable], f"from the environment variable {variable}")
    if directory := environ.get("CREDENTIALS_DIRECTORY"):
        credential = Path(directory) / f"{section}_{name}"
        if credential.exists():
            return _from(credential, f"from the systemd credential {credential.name}")
    if in_file:
        return _from(folder / in_file, f"from {folder / in_file}")
    return Source(table.get(name))


def _from(path: Path, origin: str) -> Source:
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            content = file.read(_LONGEST + 1)
        text = content.decode()
    except OSError as error:
        raise Unfit(
            Wrong(f"cannot be read {origin}: {error.strerror}", "correct the path or its rights")
        ) from None
    except ValueError:  # not UTF-8, or a path with a NUL
        raise Unfit(
            Wrong(f"cannot be read {origin}: not a text", "write only the secret there")
        ) from None
    if not text.strip():
        raise Unfit(Wrong(f"is empty {origin}", "write the secret there, on one line"))
    if len(content) > _LONGEST:
        raise Unfit(Wrong(f"cannot be read {origin}: too long", "write only the secret there"))
    warning = readable_by_all(path, mode)
    return Source(text.rstrip("\r\n"), origin, warning)


def readable_by_all(path: Path, mode: int) -> str:
    """A warning if every user of this machine can read a file with a secret, else ""."""
    if not mode & stat.S_IROTH:
        return ""
    return f"{path} holds a secret and every user of this machine can read it; chmod o-rwx {path}"
