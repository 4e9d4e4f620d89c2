"""Whoever reads pages, however slowly, keeps the write-ahead log from no checkpoint: it does not grow."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from dashboard_stage import NOW, PAGES, Browser, fill, settings_with

from agent.web import Listener, intake
from models import ShopFact
from models.base import close_database, empty_log, migrate, open_database
from models.base import database as handle

MOST = (
    6_000_000  # bytes; SQLite begins the log anew after 1,000 pages of 4 KiB, where nobody reads it
)


@pytest.fixture(scope="module")
def log_file(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    settings = settings_with(tmp_path_factory.mktemp("shop"), 'language = "en"')
    open_database(settings.database.path)
    migrate()
    fill(settings, NOW)
    yield Path(f"{settings.database.path}-wal")
    close_database()


@pytest.fixture(scope="module")
def listener(log_file: Path) -> Iterator[Listener]:
    settings = settings_with(log_file.parent, 'language = "en"')
    listener = Listener(intake(lambda: settings, lambda: NOW), host="127.0.0.1", port=0, threads=4)
    yield listener
    listener.close(0.1)


def write(rounds: int) -> None:
    """Some pages to the log for each; what says the same again would be none."""
    for number in range(rounds):
        ShopFact.put({f"ballast {number % 20}": f"{number} " * 1_500})


def test_no_page_leaves_a_reading_behind(listener: Listener) -> None:
    browser = Browser(f"http://127.0.0.1:{listener.port}")
    for path in PAGES:
        assert browser.get(path).status_code == 200
        ShopFact.put({"ballast": path})
        assert empty_log(patience=0), path


def test_who_asks_and_never_takes_the_answer_holds_nothing(
    listener: Listener, log_file: Path
) -> None:
    with ExitStack() as hanging:
        for path in PAGES * 2:
            line = hanging.enter_context(socket.create_connection(("127.0.0.1", listener.port)))
            line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
            line.sendall(f"GET /dashboard{path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        assert Browser(f"http://127.0.0.1:{listener.port}").get("/").status_code == 200
        write(1_000)
        assert log_file.stat().st_size < MOST
        assert empty_log()


def test_a_reading_that_is_left_open_would_be_seen_here(log_file: Path) -> None:
    """What these tests stand on: somebody in the middle of a transaction lets the log grow."""
    empty_log()
    other = handle.obj.__class__(handle.obj.database, uri=True)
    other.connect()
    try:
        other.execute_sql("BEGIN")
        other.execute_sql("SELECT COUNT(*) FROM shop_fact").fetchall()
        write(1_000)
        assert log_file.stat().st_size > MOST
        assert not empty_log(patience=0)
    finally:
        other.close()
    assert empty_log()
