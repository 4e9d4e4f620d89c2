"""The intake and what became of the messages, as Prometheus' metrics.

Counters are what the database has ever counted: a scrape after a restart goes on where the last one was.
"""

from collections import Counter
from typing import TYPE_CHECKING

from agent.jobs.intake_status import WINDOW, IntakeStatus

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prometheus_client import Metric

DECIDED = f"Messages decided in {WINDOW.days} days, today with them"


class IntakeMetrics:
    """One look at the intake."""

    def __init__(self, status: IntakeStatus) -> None:
        self._status = status

    def collect(self) -> "Iterator[Metric]":
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

        status = self._status
        yield CounterMetricFamily(
            "winback_webhooks_received", "Webhooks of WhatsApp stored.", value=status.received
        )
        yield GaugeMetricFamily(
            "winback_webhooks_waiting",
            "Webhooks of WhatsApp that wait to be worked off.",
            value=status.waiting,
        )
        yield GaugeMetricFamily(
            "winback_webhooks_oldest_waiting_age_seconds",
            "For how long the oldest of them has been waiting; 0 if none waits.",
            value=status.oldest_waiting.total_seconds(),
        )
        yield GaugeMetricFamily(
            "winback_webhook_elements_set_aside",
            "Elements of webhooks that could not be read or worked off.",
            value=status.set_aside,
        )
        elements = CounterMetricFamily(
            "winback_webhook_elements", "Elements of webhooks, by what they are.", labels=["kind"]
        )
        for kind, count in status.elements.items():
            elements.add_metric([kind], count)
        yield elements
        yield CounterMetricFamily(
            "winback_replies", "Messages from people that were kept.", value=status.replies
        )
        refusals = CounterMetricFamily(
            "winback_opt_outs", "Refusals on the consent ledger.", labels=["purpose"]
        )
        for purpose, count in status.refusals.items():
            refusals.add_metric([purpose], count)
        yield refusals
        yield from self._messages()

    def _messages(self) -> "Iterator[Metric]":
        from prometheus_client.core import GaugeMetricFamily

        states = GaugeMetricFamily(
            "winback_messages", f"{DECIDED}, by where they are.", labels=["campaign", "state"]
        )
        done = {what: Counter[str]() for what in ("clicked", "replied", "opted_out")}
        for one in self._status.sent:
            states.add_metric([one.campaign, one.state], one.messages)
            done["clicked"][one.campaign] += one.clicked
            done["replied"][one.campaign] += one.replied
            done["opted_out"][one.campaign] += one.stopped
        yield states
        for what, counts in done.items():
            family = GaugeMetricFamily(
                f"winback_messages_{what}",
                f"{DECIDED}, after which the person {what.replace('_', ' ')}.",
                labels=["campaign"],
            )
            for campaign, count in sorted(counts.items()):
                family.add_metric([campaign], count)
            yield family
