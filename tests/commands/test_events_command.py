"""winback events import: what was taken, what was set aside, and what scripts hear of it."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
from daemon_process import ROOT, DaemonProcess, environ
from sending_world import FACTS, World, wait_until
from typing_in import typed, typed_on_a_terminal

from agent.database import owned, shared
from agent.errors import BadInput, DatabaseTrouble
from agent.rules.events import reread
from agent.service import WallClock
from models import Identity, Interest, Product, ShopFact, UnsettledEvent


@pytest.fixture
def config(world: World) -> Path:
    """A database with a shop, one customer and one product."""
    now = WallClock().now()
    with owned(world.folder / "winback.db"):
        ShopFact.put(FACTS)
        contact = world.contact("+447400123456")
        row = {"kind": "customer", "value": "17", "contact_id": contact, "seen_at": now}
        Identity.insert(row).execute()
        Product.insert(woo_id=42, price=1990, stock_status="instock", read_at=now).execute()
    return world.write_config()


@contextmanager
def opened(config: Path) -> Iterator[None]:
    with shared(config.parent / "winback.db"):
        yield


def write(folder: Path, *lines: str) -> Path:
    file = folder / "views.csv"
    file.write_text("kind,customer_id,product_id\n" + "".join(f"{line}\n" for line in lines))
    return file


def test_a_good_file_ends_with_0_and_a_second_time_changes_nothing(
    config: Path, tmp_path: Path
) -> None:
    file = write(tmp_path, "product_view,17,42", "wishlist_add,17,42", "cart,99,42")
    first = typed("events", "import", str(file), "--config", str(config))
    assert (first.exit_code, first.stderr) == (0, "")
    assert first.stdout == (
        "3 events taken, 2 rows of interest written, 1 waits for a person or product, 0 lines set aside\n"
    )
    again = typed("events", "import", str(file), "--config", str(config))
    assert again.stdout == (
        "3 events taken, 0 rows of interest written, 1 waits for a person or product, 0 lines set aside\n"
    )
    with opened(config):
        assert (Interest.select().count(), UnsettledEvent.select().count()) == (2, 1)


def test_lines_that_are_set_aside_are_on_stderr_with_their_numbers(
    config: Path, tmp_path: Path
) -> None:
    file = write(tmp_path, "viewed,17,42", "product_view,17,42", "product_view,,42")
    ended = typed("events", "import", str(file), "--config", str(config))
    assert ended.exit_code == 1
    assert ended.stdout == (
        "1 event taken, 1 row of interest written, 0 wait for a person or product, 2 lines set aside\n"
    )
    told = ended.stderr.splitlines()
    assert [line.split(": ")[0] for line in told] == [f"{file}:2", f"{file}:4"]
    assert all(line.endswith("set aside") for line in told)


def test_on_a_terminal_a_bar_tells_how_far_it_is(config: Path, tmp_path: Path) -> None:
    file = write(tmp_path, *["product_view,17,42"] * 2500)
    code, shown = typed_on_a_terminal("events", "import", str(file), "--config", str(config))
    assert code == 0
    assert "views.csv" in shown
    assert "100%" in shown
    assert "2,500 events taken, 1 row of interest written" in shown


def test_a_file_that_is_not_there_is_refused(config: Path, tmp_path: Path) -> None:
    ended = typed("events", "import", str(tmp_path / "none.csv"), "--config", str(config))
    assert isinstance(ended.exception, BadInput)
    assert "none.csv" in str(ended.exception)


def test_a_folder_is_a_usage_error(config: Path, tmp_path: Path) -> None:
    assert typed("events", "import", str(tmp_path), "--config", str(config)).exit_code == 2


def test_before_the_first_start_it_says_what_to_do(world: World, tmp_path: Path) -> None:
    file = write(tmp_path, "product_view,17,42")
    ended = typed("events", "import", str(file), "--config", str(world.write_config()))
    assert isinstance(ended.exception, DatabaseTrouble)
    assert "there is no database" in str(ended.exception)


def test_stopped_it_says_that_nothing_is_taken_twice(config: Path, tmp_path: Path) -> None:
    # given a large file, and somebody who presses Ctrl-C at its first bad line
    file = write(tmp_path, "viewed,17,42", *["product_view,17,42"] * 300_000)
    with subprocess.Popen(
        [sys.executable, "-m", "agent.cli", "events", "import", str(file), "--config", str(config)],
        stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=environ(),
    ) as importing:  # fmt: skip
        assert importing.stderr is not None
        assert "set aside" in importing.stderr.readline()
        importing.send_signal(signal.SIGINT)
        assert importing.wait(30) == 130
        told = importing.stderr.read()
    assert told.endswith("stopped; import the file again, nothing is taken twice\n")
    with opened(config):
        assert UnsettledEvent.select().count() == 0


@pytest.mark.long
def test_beside_a_daemon_which_takes_events_too_and_files_what_waits(
    world: World, config: Path, tmp_path: Path
) -> None:
    token = "example-events-token"
    config = world.write_config(web__events_token=token)
    # given a view of a product that becomes known before the daemon starts
    file = write(tmp_path, "product_view,17,77")
    ended = typed("events", "import", str(file), "--config", str(config))
    assert (ended.exit_code, "1 waits for" in ended.stdout) == (0, True)
    with opened(config):
        Product.insert(woo_id=77, stock_status="instock", read_at=WallClock().now()).execute()
    with DaemonProcess(config) as daemon, opened(config):
        wait_until(lambda: Interest.select().where(Interest.product_id == 77).exists())
        # and another that is told while it runs
        answer = requests.post(
            f"{daemon.url}/events",
            json={"kind": "cart", "customer_id": 17, "product_id": 42},
            headers={"Authorization": f"Bearer {token}"},
            timeout=10,
        )
        assert answer.json() == {"taken": 1, "refused": []}
        daemon.kill()  # what was acknowledged is on the disk
        assert reread(UnsettledEvent.get().said).what.product_id == 42


def test_what_was_dropped_is_told_with_its_reason(config: Path, tmp_path: Path) -> None:
    file = tmp_path / "views.csv"
    file.write_text("kind,link,product_id\nproduct_view,AbCdEfGhI1,42\n")
    done = typed("events", "import", str(file), "--config", str(config))
    assert done.exit_code == 0
    assert done.stdout.splitlines() == [
        "0 events taken, 0 rows of interest written, 0 wait for a person or product, 0 lines set aside",
        "1 event dropped: unknown link",
    ]
