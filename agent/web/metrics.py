"""Metrics for Prometheus at /metrics, read from the database at each scrape.

For a Prometheus on this machine only. The listener is on loopback by default, and the web server in
front of it passes on /webhooks/* and /r/*, and nothing else. Should it pass on everything, by a careless
`location /`, the answer is still 404: a proxy gives itself away by its headers, by the name that
was asked for, or by HTTP/1.0, which is what a bare `proxy_pass` of nginx speaks before 1.29.7.
"""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import peewee
from flask import Blueprint, Response, abort, request

from agent.config import Settings
from agent.database import remedy
from agent.jobs.exactness import MirrorStatus, look_at_mirror
from agent.jobs.health import look_at_health
from agent.jobs.intake_status import look_at_intake
from agent.log import Log
from agent.web.intake_metrics import IntakeMetrics
from agent.web.operation_metrics import OperationMetrics
from agent.web.this_machine import comes_from_this_machine

if TYPE_CHECKING:
    from prometheus_client import Metric

log = Log(__name__)


def metrics(settings: Callable[[], Settings], now: Callable[[], datetime]) -> Blueprint:
    """The route. The library is loaded at the first scrape: most machines have no Prometheus."""
    routes = Blueprint("metrics", __name__)

    @routes.get("/metrics")
    def scrape() -> Response:
        if not comes_from_this_machine(request):
            abort(404)
        from prometheus_client import CollectorRegistry
        from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest

        registry = CollectorRegistry(auto_describe=False)  # of our own: nothing of the process
        try:
            registry.register(_Mirror(look_at_mirror(now())))
            registry.register(IntakeMetrics(look_at_intake(now())))
            path = settings().database.path
            registry.register(OperationMetrics(look_at_health(now()), path))
        except peewee.DatabaseError as error:
            log.warning("metrics.no_database", what=error, fix=remedy(str(error)))
            return Response("no database", 503, mimetype="text/plain")
        return Response(generate_latest(registry), content_type=CONTENT_TYPE_PLAIN_0_0_4)

    return routes


class _Mirror:
    """One look at the mirror, as Prometheus' metrics."""

    def __init__(self, status: MirrorStatus) -> None:
        self._status = status

    def collect(self) -> "Iterator[Metric]":
        from prometheus_client.core import GaugeMetricFamily

        status = self._status

        def gauge(name: str, told: str, **values: float | None) -> "Metric":
            """By kind; one without a value is left out."""
            family = GaugeMetricFamily(f"winback_{name}", told, labels=["kind"])
            for kind, value in values.items():
                if value is not None:
                    family.add_metric([kind], value)
            return family

        held, exactness = status.held, status.exactness
        yield gauge(
            "mirror_rows", "Rows in the mirror.", **{kind: one.rows for kind, one in held.items()}
        )
        yield gauge(
            "mirror_oldest_read_age_seconds",
            "How long ago the row was read that was read longest ago: no unseen change is older.",
            **{kind: _seconds(one.oldest_read) for kind, one in held.items()},
        )
        yield gauge(
            "mirror_exactness_ratio",
            "Share of rows that were equal to the shop's, of those compared in 7 days.",
            **{kind: one.ratio for kind, one in exactness.items()},
        )
        yield gauge(
            "mirror_sample_compared_rows",
            "Rows compared with the shop in 7 days.",
            **{kind: one.compared for kind, one in exactness.items()},
        )
        yield gauge(
            "mirror_sample_differing_rows",
            "Rows that differed from the shop's, of those compared in 7 days.",
            **{kind: one.differing for kind, one in exactness.items()},
        )
        yield gauge("hints_waiting", "Rows that wait to be read again.", **status.hints)
        found = GaugeMetricFamily(
            "winback_mirror_found_rows",
            "New, changed and deleted rows found in 7 days, today with them, by what found them.",
            labels=["kind", "means"],
        )
        for (kind, means), rows in status.found.items():
            found.add_metric([kind, means], rows)
        yield found
        if status.polled is not None:
            yield GaugeMetricFamily(
                "winback_mirror_polled_age_seconds",
                "How long ago the shop was asked which orders changed.",
                value=status.polled.total_seconds(),
            )


def _seconds(span: timedelta | None) -> float | None:
    return None if span is None else span.total_seconds()
