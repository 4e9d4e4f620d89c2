"""Alarms, jobs, the queue, the daemon and its disk, as Prometheus' metrics."""

import shutil
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from agent.jobs.health import Health
from agent.rules.alarm_kinds import KINDS
from models import JobCount, JobRun

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prometheus_client import Metric


class OperationMetrics:
    """One look at how winback itself is."""

    def __init__(self, health: Health, database: Path) -> None:
        self._health, self._database = health, database
        self._succeeded = JobRun.last_succeeded()
        self._failures = JobCount.failures()

    def collect(self) -> "Iterator[Metric]":
        yield from self._alarms()
        yield from self._queue()
        yield from self._jobs()
        yield from self._daemon()
        yield from self._disk()

    def _alarms(self) -> "Iterator[Metric]":
        from prometheus_client.core import GaugeMetricFamily

        standing = {one.kind for one in self._health.alarms}
        family = GaugeMetricFamily(
            "winback_alarm", "1 while an alarm of this kind stands, else 0.", labels=["name"]
        )
        for kind in KINDS:
            family.add_metric([kind], float(kind in standing))
        yield family

    def _queue(self) -> "Iterator[Metric]":
        queue = self._health.queue
        since = queue.due_since
        age = 0.0 if since is None else max((self._health.at - since).total_seconds(), 0.0)
        yield _gauge("queue_messages", "Messages that wait to be sent.", queue.queued)
        yield _gauge(
            "queue_due_messages", "Those that may leave now, and nothing holds.", queue.due
        )
        yield _gauge(
            "queue_oldest_due_age_seconds",
            "For how long the first of these may have left; 0 if there is none.",
            age,
        )
        yield _gauge(
            "unsure_messages",
            "Messages of which nobody knows yet whether they were sent.",
            queue.unsure,
        )

    def _jobs(self) -> "Iterator[Metric]":
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

        succeeded = GaugeMetricFamily(
            "winback_job_last_success_timestamp_seconds",
            "When the newest run began that came through and did something.",
            labels=["job"],
        )
        for job, moment in sorted(self._succeeded.items()):
            succeeded.add_metric([job], moment.timestamp())
        yield succeeded
        failures = CounterMetricFamily("winback_job_failures", "Runs that failed.", labels=["job"])
        for job, count in self._failures.items():
            failures.add_metric([job], count)
        yield failures

    def _daemon(self) -> "Iterator[Metric]":
        from prometheus_client.core import InfoMetricFamily

        daemon = self._health.daemon
        yield _moment(
            "heartbeat_timestamp_seconds", "The daemon's last sign of life.", daemon.beat_at
        )
        yield _moment("start_timestamp_seconds", "When the daemon started.", daemon.started_at)
        yield InfoMetricFamily(
            "winback_build", "The version that runs.", value={"version": daemon.version}
        )

    def _disk(self) -> "Iterator[Metric]":
        yield _gauge(
            "database_size_bytes",
            "The database's file, with what was written and is not in it yet.",
            sum(map(_size, (self._database, Path(f"{self._database}-wal")))),
        )
        yield _gauge(
            "disk_free_bytes",
            "What is left on the database's disk.",
            shutil.disk_usage(self._database.parent).free,
        )


def _gauge(name: str, told: str, value: float) -> "Metric":
    from prometheus_client.core import GaugeMetricFamily

    return GaugeMetricFamily(f"winback_{name}", told, value=value)


def _moment(name: str, told: str, moment: datetime | None) -> "Metric":
    """Nothing where it never was."""
    from prometheus_client.core import GaugeMetricFamily

    value = None if moment is None else moment.timestamp()
    return GaugeMetricFamily(f"winback_{name}", told, value=value)


def _size(path: Path) -> int:
    with suppress(FileNotFoundError):  # the log beside it comes and goes
        return path.stat().st_size
    return 0
