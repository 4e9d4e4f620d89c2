"""Places where a test may kill the process: a crash at exactly this instruction.

Nothing happens unless the environment names the place, which only tests do.
"""

import os
import signal

_CHOSEN, _, _AFTER = os.environ.get("WINBACK_TEST_KILL_AT", "").partition(":")
_passed = 0

POINTS = (
    "news written",  # in the transaction that decides on orders
    "news decided",  # on the disk, and none of it has left
    "before claim",  # nothing of it is written
    "claim written",  # in the transaction, which is not committed
    "claimed",  # on the disk, and no request has left
    "before request",  # in the worker
    "answered",  # in the worker: the answer is in memory only
    "recording",  # in the transaction that writes what came back
    "recorded",  # on the disk
    "statuses",  # in the transaction that moves messages by their statuses
)
OF_CONFIRMATIONS = (  # of a STOP
    "confirmation claimed",  # on the disk, and no request has left
    "confirmation answered",  # the answer is in memory only
)
OF_ALARMS = ("alarm told",)  # the mail server took it, and nothing of that is written


def point(name: str) -> None:
    """Die here by SIGKILL if WINBACK_TEST_KILL_AT is `name:N`, when it is passed for the Nth time."""
    global _passed  # noqa: PLW0603 - one process, one chosen place
    if name != _CHOSEN:
        return
    _passed += 1
    if _passed >= int(_AFTER or "1"):
        os.kill(os.getpid(), signal.SIGKILL)
