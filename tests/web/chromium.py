"""A real browser without a window, spoken to in its own DevTools protocol over two pipes.

Needs Chromium (Debian's `chromium`). Source: "Chrome DevTools Protocol", domains Target, Page, Runtime, Log
and Emulation; `--remote-debugging-pipe` reads at file 3 and writes at file 4, each message ended by a zero.
"""

import base64
import json
import os
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome")
SCREENSHOTS = os.environ.get("WINBACK_SCREENSHOTS", "")  # a folder for those who want to look
PATIENCE = 60.0  # seconds for one answer
HAND_OVER = """
import fcntl, os, sys
given = [fcntl.fcntl(int(one), fcntl.F_DUPFD, 10) for one in sys.argv[1:3]]
os.dup2(given[0], 3)
os.dup2(given[1], 4)
os.execv(sys.argv[3], sys.argv[3:])
"""
"""A program that becomes the browser, with the two pipes where it looks for them."""


def command() -> str:
    """The program. Without it these tests are skipped, unless the environment forbids that."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        if os.environ.get("WINBACK_REQUIRE_CHROMIUM"):
            pytest.fail("WINBACK_REQUIRE_CHROMIUM is set, and there is no chromium")
        pytest.skip("there is no chromium here (Debian: apt install chromium)")
    return found


class Chromium:
    """One tab. `complaints` is what the browser's log and the page's console said since the last `open`."""

    def __init__(self, to_it: int, from_it: int) -> None:
        self._to_it, self._from_it = to_it, from_it
        self._read, self._number, self._session = b"", 0, ""
        self._loaded = False
        self.complaints: list[str] = []
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.ask("Target.attachToTarget", targetId=target, flatten=True)[
            "sessionId"
        ]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.ask(f"{domain}.enable")

    def look_like(self, width: int, height: int, *, dark: bool) -> None:
        """A window of this size, by day or by night; one of a phone's width is a phone."""
        self.ask(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=1, mobile=width < 600,
        )  # fmt: skip
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.ask("Emulation.setEmulatedMedia", features=[scheme])

    def open(self, url: str) -> None:
        """Load a page, until all that belongs to it is there."""
        self.complaints, self._loaded = [], False
        self.ask("Page.navigate", url=url)
        until = time.monotonic() + PATIENCE
        while not self._loaded:
            self._take(until)

    def value(self, script: str) -> Any:
        """What an expression is in the page. The page's own policy does not keep us from asking."""
        answer = self.ask("Runtime.evaluate", expression=script, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def press_tab(self) -> None:
        """As a person does: the browser itself moves the focus."""
        key = {"key": "Tab", "code": "Tab", "windowsVirtualKeyCode": 9}
        self.ask("Input.dispatchKeyEvent", type="rawKeyDown", **key)
        self.ask("Input.dispatchKeyEvent", type="keyUp", **key)

    def shoot(self, path: Path) -> None:
        """The whole page as a PNG."""
        answer = self.ask("Page.captureScreenshot", captureBeyondViewport=True)
        path.write_bytes(base64.b64decode(answer["data"]))

    def ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._to_it, json.dumps(message).encode() + b"\0")
        until = time.monotonic() + PATIENCE
        while True:
            answer = self._take(until)
            if answer.get("id") == self._number:
                assert "error" not in answer, (method, answer["error"])
                result: dict[str, Any] = answer["result"]
                return result

    def _take(self, until: float) -> dict[str, Any]:
        """The next message; what it tells of the page is kept."""
        while b"\0" not in self._read:
            left = until - time.monotonic()
            if left <= 0 or not select.select([self._from_it], [], [], left)[0]:
                raise TimeoutError("the browser does not answer")
            part = os.read(self._from_it, 1 << 20)
            if not part:
                raise EOFError("the browser has ended")
            self._read += part
        raw, _, self._read = self._read.partition(b"\0")
        message: dict[str, Any] = json.loads(raw)
        told = message.get("params", {})
        match message.get("method"):
            case "Page.loadEventFired":
                self._loaded = True
            case "Log.entryAdded":
                self.complaints.append(f"{told['entry']['source']}: {told['entry']['text']}")
            case "Runtime.consoleAPICalled":
                self.complaints.append(f"console: {told['args']}")
            case "Runtime.exceptionThrown":
                self.complaints.append(f"exception: {told['exceptionDetails']['text']}")
            case "Page.javascriptDialogOpening":
                self.complaints.append(f"dialog: {told['message']}")
            case "Network.loadingFailed":
                self.complaints.append(
                    f"not loaded: {told.get('blockedReason') or told['errorText']}"
                )
        return message


@contextmanager
def started(profile: Path) -> Iterator[Chromium]:
    """A browser with a profile of its own, ended with the block."""
    its_end, to_it = os.pipe()
    from_it, its_answers = os.pipe()
    process = subprocess.Popen(
        [
            sys.executable, "-c", HAND_OVER, str(its_end), str(its_answers), command(), "--headless",
            "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run",
            "--disable-background-networking", "--disable-dev-shm-usage",
            "--remote-debugging-pipe", f"--user-data-dir={profile}",
        ],
        pass_fds=(its_end, its_answers),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    os.close(its_end)
    os.close(its_answers)
    try:
        yield Chromium(to_it, from_it)
    finally:
        os.close(to_it)
        os.close(from_it)
        process.terminate()
        process.wait(20)
