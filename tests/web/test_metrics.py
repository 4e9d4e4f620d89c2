"""The metrics: what Prometheus reads is what the database says, and only this machine sees it."""

import socket
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families

from agent.config import Settings
from agent.consent import Heard, record
from agent.jobs.intake_status import look_at_intake
from agent.web import Listener, intake
from models import (
    Cursor,
    Found,
    Hint,
    Message,
    Order,
    Product,
    Received,
    Reply,
    Sample,
    SetAside,
    Webhook,
)
from models.base import close_database, open_database
from models.base import database as handle

Labels = tuple[tuple[str, str], ...]


@pytest.fixture
def url(database: Path, settings: Settings, now: datetime) -> Iterator[str]:
    listener = Listener(intake(lambda: settings, lambda: now), host="127.0.0.1", port=0, threads=2)
    yield f"http://127.0.0.1:{listener.port}/metrics"
    listener.close()


def scrape(url: str) -> dict[str, dict[Labels, float]]:
    """Name -> labels -> value, as Prometheus' own parser reads them; all have a text."""
    answer = requests.get(url, timeout=10)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    read: dict[str, dict[Labels, float]] = {}
    for family in text_string_to_metric_families(answer.text):
        assert family.type in {"gauge", "counter"}
        assert family.documentation
        counts = all(one.name.endswith("_total") for one in family.samples)
        assert not family.samples or counts == (family.type == "counter")
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


def test_what_came_in_and_what_became_of_the_messages(url: str, now: datetime) -> None:
    for age, done in ((90, now), (42, None), (7, None)):
        received = now - timedelta(seconds=age)
        Webhook.insert(source="whatsapp", received_at=received, body=b"", done_at=done).execute()
    SetAside.put(1, [("0/0/statuses/1", "odd")], now)
    Received.add({"status read": 5, "message text": 1}, now.date())
    Received.add({"status read": 2}, now.date() - timedelta(days=300))
    Reply.insert(wamid="wamid.1", at=now).execute()
    record(
        [
            Heard(phone="+12025550101", says="no", source="whatsapp", said_at=now),
            Heard(phone="+12025550101", says="no", source="whatsapp", said_at=now, purpose="order_news"),
            Heard(phone="+12025550102", says="no", source="command", said_at=now),
            Heard(phone="+12025550103", says="yes", source="command", said_at=now),
        ],
        now=now,
    )  # fmt: skip
    for number, (campaign, state, more) in enumerate(
        [
            ("we_miss_you", "read", {"clicked": True, "replied": True}),
            ("we_miss_you", "read", {"replied": True, "stopped": True}),
            ("we_miss_you", "sent", {}),
            ("price_drop", "queued", {}),
            ("price_drop", "read", {"period": "2026-02-22"}),  # of more than 7 days ago
        ]
    ):
        put_message(number, now, campaign=campaign, state=state, **more)

    read = scrape(url)

    assert read["winback_webhooks_received"] == {(): 3}
    assert read["winback_webhooks_waiting"] == {(): 2}
    assert read["winback_webhooks_oldest_waiting_age_seconds"] == {(): 42}
    assert read["winback_webhook_elements_set_aside"] == {(): 1}
    assert read["winback_webhook_elements"] == {kind("status read"): 7, kind("message text"): 1}
    assert read["winback_replies"] == {(): 1}
    assert read["winback_opt_outs"] == {
        (("purpose", "marketing"),): 2,
        (("purpose", "order_news"),): 1,
    }
    assert read["winback_messages"] == {
        (("campaign", "price_drop"), ("state", "queued")): 1,
        (("campaign", "we_miss_you"), ("state", "read")): 2,
        (("campaign", "we_miss_you"), ("state", "sent")): 1,
    }
    campaigns = [(("campaign", name),) for name in ("price_drop", "we_miss_you")]
    for what, counts in (("clicked", (0, 1)), ("replied", (0, 2)), ("opted_out", (0, 1))):
        assert read[f"winback_messages_{what}"] == dict(zip(campaigns, counts, strict=True))


def put_message(number: int, now: datetime, **more: Any) -> None:
    day = now.date().isoformat()
    row = {
        "uid": f"uid-{number}", "contact_id": 1, "subject": f"{number}", "period": day,
        "template": "t", "language": "en", "cap_day": day, "created_at": now, "not_before": now,
        "expires_at": now,
    }  # fmt: skip
    Message.insert(row | more).execute()


def test_the_scrape_reads_the_messages_of_the_week_in_their_index(
    database: Path, now: datetime
) -> None:
    """Of a million messages, those of the last days, and no row of the table."""
    asked: list[str] = []
    connection = handle.obj.connection()
    connection.set_trace_callback(asked.append)
    look_at_intake(now)
    connection.set_trace_callback(None)
    [statement] = [one for one in asked if 'FROM "message"' in one]
    plan = " ".join(row[3] for row in handle.execute_sql(f"EXPLAIN QUERY PLAN {statement}"))
    assert "USING COVERING INDEX message_counted (period>?)" in plan


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
