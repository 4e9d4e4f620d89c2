"""What the metrics tell of winback itself, and that all of them follow Prometheus' conventions."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families

from agent.config import Settings
from agent.jobs.alarms.watch import write_down
from agent.rules.alarm_kinds import KINDS, Standing
from agent.web import Listener, intake
from models import Heartbeat, JobRun, Message

HOUR = timedelta(hours=1)
UNIT = re.compile(
    r"_(ms|milliseconds|minutes|hours|days|kb|mb|gb|kilobytes|megabytes|percent)(_|$)"
)


@pytest.fixture
def url(database: Path, settings: Settings, now: datetime) -> Iterator[str]:
    app = intake(lambda: settings, lambda: now)
    listener = Listener(app, host="127.0.0.1", port=0, threads=2)
    yield f"http://127.0.0.1:{listener.port}"
    listener.close()


def samples(url: str) -> dict[str, float]:
    """`name{label=value}` -> value."""
    read: dict[str, float] = {}
    for family in text_string_to_metric_families(requests.get(f"{url}/metrics", timeout=10).text):
        for one in family.samples:
            labels = ",".join(f"{name}={value}" for name, value in sorted(one.labels.items()))
            read[f"{one.name}{{{labels}}}" if labels else one.name] = one.value
    return read


def fill(now: datetime) -> None:
    Heartbeat.beat(
        pid=1, version="0.1.0", started_at=now - HOUR, beat_at=now, stopped_at=None, listening="x"
    )
    write_down([Standing("disk", "12 MB left", "make room")], [], now)
    for outcome, at in (("ok", now - HOUR), ("failed", now), ("failed", now)):
        JobRun.write("poll", started_at=at, ended_at=at, outcome=outcome)
    Message.put([{
        "uid": "u1", "contact_id": 1, "campaign": "we_miss_you", "period": "2026-03-02",
        "template": "we_miss_you", "language": "en", "cap_day": "2026-03-02", "created_at": now,
        "not_before": now - HOUR, "expires_at": now + HOUR,
    }])  # fmt: skip


def test_winback_itself(url: str, now: datetime) -> None:
    fill(now)
    read = samples(url)
    assert read["winback_alarm{name=disk}"] == 1
    assert read["winback_alarm{name=queue_stuck}"] == 0
    assert len([name for name in read if name.startswith("winback_alarm{")]) == len(KINDS)
    assert read["winback_queue_messages"] == read["winback_queue_due_messages"] == 1
    assert read["winback_queue_oldest_due_age_seconds"] == 3600
    assert read["winback_unsure_messages"] == 0
    succeeded = read["winback_job_last_success_timestamp_seconds{job=poll}"]
    assert succeeded == (now - HOUR).timestamp()
    assert read["winback_job_failures_total{job=poll}"] == 2
    assert read["winback_heartbeat_timestamp_seconds"] == now.timestamp()
    assert read["winback_start_timestamp_seconds"] == (now - HOUR).timestamp()
    assert read["winback_build_info{version=0.1.0}"] == 1
    assert read["winback_database_size_bytes"] > 100_000
    assert read["winback_disk_free_bytes"] > 1


def test_failures_are_counted_on_when_old_runs_are_dropped(url: str, now: datetime) -> None:
    fill(now)
    JobRun.forget_before(now + HOUR)
    assert samples(url)["winback_job_failures_total{job=poll}"] == 2


@pytest.mark.parametrize("filled", [False, True])
def test_all_follow_the_conventions(url: str, now: datetime, filled: bool) -> None:
    """Prometheus: "Metric and label naming", and what promtool's `check metrics` complains of."""
    if filled:
        fill(now)
    text = requests.get(f"{url}/metrics", timeout=10).text
    names = [one.name for one in text_string_to_metric_families(text)]
    assert len(names) == len(set(names)) > 20
    for line in text.splitlines():
        if line.startswith("# HELP"):
            _, _, name, told = line.split(" ", 3)
            assert told[:1].isupper() or told[:1].isdigit(), line
            assert told.endswith("."), line
            assert re.fullmatch(r"winback(_[a-z]+)+", name), line
            assert not UNIT.search(name), line
    for family in text_string_to_metric_families(text):
        assert family.documentation
        assert not family.name.endswith(("_total", "_count", "_sum", "_bucket"))
        spans = family.name.endswith(("_age", "_timestamp", "_size", "_free"))
        assert not spans, f"{family.name} has no unit"
        for one in family.samples:
            assert one.name.endswith("_total") == (family.type == "counter"), one.name
            for label in one.labels:
                assert re.fullmatch("[a-z]+", label)
                assert label not in {"le", "quantile", "instance"}
                assert label not in family.name.split("_")[1:] or label == "job"


def test_the_sign_of_life_is_one_of_the_loop(settings: Settings, now: datetime) -> None:
    said = ""
    client = intake(lambda: settings, lambda: now, lambda: said).test_client()
    assert (client.get("/healthz").status_code, client.get("/healthz").text) == (200, "ok")
    said = "the loop has stood still for 200 s"
    assert (client.get("/healthz").status_code, client.get("/healthz").text) == (503, said)
