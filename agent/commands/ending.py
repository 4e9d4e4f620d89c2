"""How a command ends that leaves nothing behind: also where it is told to by a signal."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """Ctrl-C, TERM and a closed terminal all raise KeyboardInterrupt, so that nothing stays behind.

    INT as well: shells ignore it for "... &". An ignored HUP stays so: that is what nohup is for.
    """
    previous = {
        number: signal.signal(number, signal.default_int_handler)
        for number in ENDING
        if not (number is signal.SIGHUP and signal.getsignal(number) is signal.SIG_IGN)
    }
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
