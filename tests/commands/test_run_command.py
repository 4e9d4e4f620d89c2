"""winback run: its beginning and its end; what it does between them, test_daemon.py tells."""

import os
import signal
import threading

from sending_world import World, wait_until
from typing_in import typed

from agent.database import owned
from models import Heartbeat


def test_it_works_until_term_and_ends_in_peace(world: World) -> None:
    def end_it() -> None:
        try:
            wait_until(lambda: len(world.shop.asked) > 0)
        finally:
            if signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:  # else it would end us
                os.kill(os.getpid(), signal.SIGTERM)

    other = threading.Thread(target=end_it)
    other.start()
    ended = typed("run", "--config", str(world.write_config()))
    other.join()
    assert ended.exit_code == 0
    assert ended.stdout == ""
    told = [line for line in ended.stderr.splitlines() if "event=daemon." in line]
    assert ["event=daemon.ready" in told[0], "event=daemon.stopped" in told[-1]] == [True, True]
    with owned(world.folder / "winback.db"):  # nobody holds it any more
        assert Heartbeat.get().stopped_at is not None
