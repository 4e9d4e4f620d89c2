"""Typing a command, in this process: without a terminal, or on one of a given width."""

import os
import pty
import threading
from contextlib import redirect_stderr, redirect_stdout

from click.testing import CliRunner, Result

from agent.cli import winback


def typed(*arguments: str) -> Result:
    """The command's end, where its output goes to a pipe. An expected failure is in `.exception`."""
    return CliRunner().invoke(winback, arguments)


def typed_on_a_terminal(*arguments: str) -> tuple[int, str]:
    """The exit code, and what a real (pseudo) terminal got from stdout and stderr."""
    ours, theirs = pty.openpty()
    got: list[bytes] = []
    reader = threading.Thread(target=_read, args=(ours, got))
    reader.start()
    try:
        with os.fdopen(theirs, "w") as terminal, redirect_stdout(terminal):
            with redirect_stderr(terminal):
                code = _exit_code(arguments)
            terminal.flush()
    finally:
        reader.join()
        os.close(ours)
    return code, b"".join(got).decode().replace("\r\n", "\n")


def _exit_code(arguments: tuple[str, ...]) -> int:
    try:
        winback.main(arguments, standalone_mode=False)
    except SystemExit as ended:
        return int(ended.code or 0)
    return 0


def _read(terminal: int, got: list[bytes]) -> None:
    """To its end, which a closed terminal tells by an error."""
    while True:
        try:
            piece = os.read(terminal, 65536)
        except OSError:
            return
        if not piece:
            return
        got.append(piece)
