"""The metrics: what Prometheus reads is what the database says, and only this machine sees it."""

import socket
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families

from agent.config import Settings
from agent.web import Listener, intake
from models import Cursor, Found, Hint, Order, Product, Sample
from models.base import close_database, open_database

Labels = tuple[tuple[str, str], ...]


@pytest.fixture
def url(database: Path, settings: Settings, now: datetime) -> Iterator[str]:
    listener = Listener(intake(lambda: settings, lambda: now), host="127.0.0.1", port=0, threads=2)
    yield f"http://127.0.0.1:{listener.port}/metrics"
    listener.close()


def scrape(url: str) -> dict[str, dict[Labels, float]]:
    """Name -> labels -> value, as Prometheus' own parser reads them; all are gauges with a text."""
    answer = requests.get(url, timeout=10)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    read: dict[str, dict[Labels, float]] = {}
    for family in text_string_to_metric_families(answer.text):
        assert (family.type, bool(family.documentation)) == ("gauge", True)
        assert family.name.startswith("winback_")
        read[family.name] = {tuple(sorted(one.labels.items())): one.value for one in family.samples}
    return read


def kind(name: str) -> Labels:
    return (("kind", name),)


def test_an_empty_mirror_has_no_ages_and_no_ratios(url: str) -> None:
    read = scrape(url)
    assert set(read["winback_mirror_rows"].values()) == {0}
    assert kind("orders") in read["winback_mirror_rows"]
    for name in (
        "winback_mirror_oldest_read_age_seconds",
        "winback_mirror_exactness_ratio",
        "winback_mirror_found_rows",
        "winback_hints_waiting",
    ):
        assert read[name] == {}
    assert "winback_mirror_polled_age_seconds" not in read


def test_every_figure_is_what_the_database_says(url: str, now: datetime) -> None:
    for number, age in ((1, 30), (2, 3_600), (3, 7)):
        Order.insert(woo_id=number, read_at=now - timedelta(seconds=age)).execute()
    Product.insert(woo_id=4, read_at=now - timedelta(seconds=5)).execute()
    Product.insert(woo_id=5, parent_id=4, read_at=now - timedelta(seconds=90)).execute()
    Product.insert(woo_id=6, parent_id=4, read_at=now + timedelta(seconds=9)).execute()
    Cursor.insert(name="orders", since=now, polled_at=now - timedelta(seconds=42)).execute()
    Sample.insert(kind="orders", taken_at=now, compared=100, differing=1).execute()
    Sample.insert(
        kind="orders", taken_at=now - timedelta(days=6), compared=100, differing=0
    ).execute()
    Sample.insert(
        kind="orders", taken_at=now - timedelta(days=8), compared=100, differing=99
    ).execute()
    Found.add("orders", "poll", 12, now.date())
    Found.add("orders", "poll", 3, now.date() - timedelta(days=6))
    Found.add("orders", "sweep", 1, now.date())
    Found.add("products", "poll", 500, now.date() - timedelta(days=7))
    Hint.note("orders", [1, 2], "webhook", now)
    Hint.note("variations", [4], "order", now)

    read = scrape(url)

    rows = read["winback_mirror_rows"]
    assert (rows[kind("orders")], rows[kind("products")], rows[kind("variations")]) == (3, 1, 2)
    ages = read["winback_mirror_oldest_read_age_seconds"]
    assert ages == {kind("orders"): 3_600, kind("products"): 5, kind("variations"): 90}
    assert read["winback_mirror_exactness_ratio"] == {kind("orders"): 0.995}
    assert read["winback_mirror_sample_compared_rows"] == {kind("orders"): 200}
    assert read["winback_mirror_sample_differing_rows"] == {kind("orders"): 1}
    assert read["winback_mirror_found_rows"] == {
        (("kind", "orders"), ("means", "poll")): 15,
        (("kind", "orders"), ("means", "sweep")): 1,
    }
    assert read["winback_hints_waiting"] == {kind("orders"): 2, kind("variations"): 1}
    assert read["winback_mirror_polled_age_seconds"] == {(): 42}


def test_a_second_scrape_sees_what_is_new(url: str, now: datetime) -> None:
    scrape(url)
    Order.insert(woo_id=1, read_at=now).execute()
    assert scrape(url)["winback_mirror_rows"][kind("orders")] == 1


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "[::1]"])
def test_this_machine_may_call_itself_by_any_of_its_names(url: str, name: str) -> None:
    assert requests.get(url, headers={"Host": f"{name}:8087"}, timeout=10).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Forwarded-For": "203.0.113.7"},
        {"X-Forwarded-For": ""},
        {"X-Forwarded-Host": "shop.example"},
        {"X-Real-IP": "203.0.113.7"},
        {"Forwarded": "for=203.0.113.7"},
        {"Via": "1.1 proxy.example"},
        {"Host": "shop.example"},
        {"Host": "["},
        {"Host": ""},
    ],
    ids=str,
)
def test_behind_a_careless_proxy_there_is_nothing(url: str, headers: dict[str, str]) -> None:
    answer = requests.get(url, headers=headers, timeout=10)
    assert answer.status_code in ({404, 400} if "Host" in headers else {404})
    assert "winback" not in answer.text


def test_a_bare_proxy_pass_of_nginx_is_known_by_its_protocol(url: str) -> None:
    """It passes the address of the upstream as the host, and no header that would tell."""
    host = url.split("/")[2]
    with socket.create_connection(("127.0.0.1", int(host.partition(":")[2]))) as line:
        request = f"GET /metrics HTTP/1.0\r\nHost: {host}\r\nConnection: close\r\n\r\n"
        line.sendall(request.encode())
        answer = b""
        while piece := line.recv(65536):
            answer += piece
    assert b" 404 " in answer.splitlines()[0]


@pytest.mark.parametrize("peer", ["203.0.113.7", "10.0.0.5", "", "::ffff:203.0.113.7"])
def test_other_machines_see_nothing(
    database: Path, settings: Settings, now: datetime, peer: str
) -> None:
    client = intake(lambda: settings, lambda: now).test_client()
    assert client.get("/metrics", environ_base={"REMOTE_ADDR": peer}).status_code == 404


def test_without_a_database_the_scrape_fails_and_says_so(
    settings: Settings, now: datetime, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    open_database(tmp_path / "empty.db")  # without tables
    client = intake(lambda: settings, lambda: now).test_client()
    try:
        assert client.get("/metrics").status_code == 503
    finally:
        close_database()
    assert [one.getMessage() for one in caplog.records] == ["metrics.no_database"]
