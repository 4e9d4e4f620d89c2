"""Every failure that we expect, by name.

    WinbackError            shown without a traceback; `fix` says what to do next
      ConfigError           the file is wrong; a restart will not help (exit 78)
      AlreadyRunning        another winback works on this database (exit 75)
      DatabaseTrouble       locked, read-only, full or not ours (exit 74)
        DatabaseGone        taken away under the daemon; a restart would begin anew (exit 78)
      BadInput              a file that was given to a command is not what it takes (exit 65)
      PortInUse             our listener cannot bind (exit 71)
      Retryable             asking again is safe, at the earliest after `after` seconds (exit 69)
        ShopAway            the shop is down for everybody, not for this request alone (exit 69)
      Refused               the other side said no, and will say no again (exit 77)
        Unauthorized        the key or token is wrong or lacks a right
      Garbled               an answer came and is not what was asked for (exit 76)
      Unsure                a send left us and no answer came: never repeated blindly (exit 69)

Exit codes are those of sysexits.h.
"""


class WinbackError(Exception):
    """An expected failure: `what` happened, and the `fix` a person can do about it.

    `told`: the log has a line of its own about it, so whoever catches it need not warn again.
    """

    exit_code = 1
    told = False

    def __init__(self, what: str, *, fix: str) -> None:
        super().__init__(what)
        self.what, self.fix = what, fix

    def __str__(self) -> str:
        return f"{self.what}\n  -> {self.fix}"


class ConfigError(WinbackError):
    """The config file is wrong. The systemd unit lists this code, so a typo is no restart loop."""

    exit_code = 78


class AlreadyRunning(WinbackError):
    """Another winback process works on this database."""

    exit_code = 75


class DatabaseTrouble(WinbackError):
    """The database is locked, read-only, full, newer than this program, or not ours."""

    exit_code = 74


class DatabaseGone(DatabaseTrouble):
    """The file was taken away under the daemon. A new one would know nobody who was written to, so
    starting again by itself is the last thing to do: the exit code is that of ConfigError."""

    exit_code = 78


class BadInput(WinbackError):
    """A file that a command was given is not what it takes."""

    exit_code = 65


class PortInUse(WinbackError):
    """The address we should listen on is taken or not ours."""

    exit_code = 71


class Retryable(WinbackError):
    """Asking again is safe: connection refused, 429; for reads also timeouts and 5xx.

    `after` is the server's Retry-After in seconds, or None when it named no time.
    """

    exit_code = 69

    def __init__(self, what: str, *, fix: str, after: float | None = None) -> None:
        super().__init__(what, fix=fix)
        self.after = after


class ShopAway(Retryable):
    """The shop gives no answer to anything. Nothing was done, and often nothing was even asked.

    `after`: in so many seconds the shop is looked for again at the earliest.
    """

    told = True  # once, when the shop went


class Refused(WinbackError):
    """The other side answered no and will say no again. `code` is its own error code."""

    exit_code = 77

    def __init__(self, what: str, *, fix: str, code: str = "") -> None:
        super().__init__(what, fix=fix)
        self.code = code


class Unauthorized(Refused):
    """The key or token is wrong, expired, or lacks a right."""


class Garbled(WinbackError):
    """An answer came, but not in the form that was asked for: HTML, a notice before the JSON."""

    exit_code = 76


class Unsure(WinbackError):
    """The request left and no answer came. It may have been carried out: never repeated blindly."""

    exit_code = 69
