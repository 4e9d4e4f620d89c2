"""How figures look on a terminal, and on paper when there is none."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from rich.console import Console
from rich.table import Table
from rich.text import Text

from agent.commands.report.people import examples_table, plain_table, reasons_table
from agent.commands.report.words import (
    beforehand,
    campaign_name,
    comparison_lines,
    cost,
    in_order,
    money,
)
from agent.jobs.report import Line, Report
from agent.rules.figures import Figures, Rate, average_order, return_on_cost

MOST_FAILURES = 12
BARS, PLAIN_BARS = "▁▂▃▄▅▆▇█", "_.-~=+*#"


def print_report(report: Report, *, title: str, detailed: bool = True) -> None:
    """The campaigns, what they earned, and who was left alone.

    Without `detailed` only what fits one table.
    """
    console = Console(markup=False)  # people and shops may have brackets in their names
    title = f"{report.shop}: {title}" if report.shop else title
    if not report.lines:
        console.print(f"{title}: nobody was chosen, nothing was sent", highlight=False)
    elif detailed:
        console.print(messages_table(report, title))
        console.print(earnings_table(report))
    else:
        console.print(campaigns_table(report, title))
    below = list(_below(report))
    if detailed:
        below += _course(report, plain=console.options.ascii_only)
    for told in below:
        console.print(told, highlight=False)
    if below and (report.examples or report.reasons):
        console.print()
    if detailed:
        for table in _details(report):
            console.print(table)
    if report.examples:
        console.print(examples_table(report))
    if report.reasons:
        console.print(reasons_table(report))


def _below(report: Report) -> Iterator[str]:
    """What has no column in the table of the campaigns."""
    for line in _lines(report.lines):
        if rest := _rest(line.figures):
            yield f"{campaign_name(line.campaign)}, not sent: {rest}"
    others = {
        currency: minor
        for currency, minor in sorted(report.total.revenue.items())
        if currency != report.currency
    }
    if others:
        told = ", ".join(money(minor, currency) for currency, minor in others.items())
        yield f"and in other currencies: {told}"


def campaigns_table(report: Report, title: str) -> Table:
    """Shares stand below their counts, so that seven figures fit on 80 columns."""
    table = plain_table(title)
    table.add_column("campaign")
    for name in ("chosen", "sent", "delivered", "read", "replied", "ordered", "revenue"):
        table.add_column(name, justify="right", no_wrap=True)
    for line in _lines(report.lines):
        one = line.figures
        table.add_row(
            campaign_name(line.campaign),
            f"{one.chosen:,}",
            f"{one.sent:,}",
            _share(one.delivered, one.sent),
            _share(one.opened, one.sent),
            _share(one.replied, one.sent),
            _share(one.converted, one.sent, shown=one.orders.total()),
            money(one.revenue[report.currency], report.currency),
        )
    return table


def messages_table(report: Report, title: str) -> Table:
    """What became of the messages. Below each count stand its share, and between what that truly is
    (95 %); below a campaign its templates, where it has several."""
    table = plain_table(title)
    table.add_column("campaign")
    for name in ("chosen", "sent", "delivered", "opened", "clicked", "replied", "STOP"):
        table.add_column(name, justify="right", no_wrap=True)
    for line in _lines(report.lines):
        table.add_row(campaign_name(line.campaign), *_messages(line.figures, _with_interval))
        if len(line.parts) > 1:
            for part in line.parts:
                name = f"  {part.template}\n  {part.language}"
                table.add_row(Text(name), *_messages(part.figures, _without))
    return table


def _messages(one: Figures, shown: "Shown") -> list[str]:
    rates = one.rates
    return [
        f"{one.chosen:,}",
        f"{one.sent:,}",
        shown(one.delivered, rates["delivered"]),
        shown(one.opened, rates["opened"]),
        shown(one.clicked, rates["clicked"]),
        shown(one.replied, rates["replied"]),
        shown(one.opt_outs, rates["opt_outs"]),
    ]


def earnings_table(report: Report) -> Table:
    """What they earned and cost."""
    table = plain_table("What they earned, and cost")
    table.add_column("campaign")
    for name in ("converted", "orders", "revenue", "an order", "cost", "return"):
        table.add_column(name, justify="right", no_wrap=name != "cost")
    for line in _lines(report.lines):
        one = line.figures
        average = average_order(one, report.currency)
        back = return_on_cost(one, report.currency, report.cost_currency)
        table.add_row(
            campaign_name(line.campaign),
            _with_interval(one.converted, one.rates["converted"]),
            f"{one.orders.total():,}",
            money(one.revenue[report.currency], report.currency),
            "-" if average is None else money(average, report.currency),
            cost(one, report.cost_currency),
            "-" if back is None else f"{back:,} x",
        )
    return table


def _details(report: Report) -> Iterator[Table]:
    if report.failures:
        yield failures_table(report)
    if report.news:
        yield news_table(report)
    if report.compared or report.everything is not None:
        yield holdout_table(report)


def failures_table(report: Report) -> Table:
    table = plain_table("What failed, and why")
    table.add_column("messages", justify="right")
    table.add_column("of")
    table.add_column("because")
    for one in in_order(report.failures, lambda failure: failure.campaign)[:MOST_FAILURES]:
        code = "" if one.code is None else f" ({one.code})"
        table.add_row(f"{one.messages:,}", campaign_name(one.campaign), f"{one.meaning}{code}")
    if len(report.failures) > MOST_FAILURES:
        rest = sum(one.messages for one in report.failures[MOST_FAILURES:])
        table.add_row(f"{rest:,}", "", "other reasons: see --format json")
    return table


def news_table(report: Report) -> Table:
    """News of orders, which are to earn nothing."""
    table = plain_table("Order news")
    table.add_column("kind")
    for name in ("sent", "delivered", "read", "failed", "cost"):
        table.add_column(name, justify="right")
    for line in _lines(report.news):
        one = line.figures
        table.add_row(
            campaign_name(line.campaign),
            f"{one.sent:,}",
            _share(one.delivered, one.sent),
            _share(one.opened, one.sent),
            f"{one.failed:,}",
            cost(one, report.cost_currency),
        )
    return table


def holdout_table(report: Report) -> Table:
    """What would have happened anyway, by those who were held out."""
    table = plain_table("What would have happened anyway")
    table.add_column("campaign", no_wrap=True)
    table.add_column()
    compared = in_order(list(report.compared.items()), lambda one: one[0])
    named = [(campaign_name(campaign), one) for campaign, one in compared]
    if report.everything is not None:
        named.append(("All marketing", report.everything))
    for name, one in named:
        table.add_row(name, "\n".join(comparison_lines(one, report.currency, report.window)))
    if report.everything is not None and (told := beforehand(report.everything, report.share)):
        table.add_row("Beforehand", told)
    return table


def _course(report: Report, *, plain: bool) -> Iterator[str]:
    """How many left and ordered on each day, as a row of bars."""
    days = [report.first + timedelta(days=n) for n in range((report.last - report.first).days + 1)]
    if len(report.days) < 2 or len(days) > 62:
        return
    figures = [report.days.get(day.isoformat(), Figures()) for day in days]
    for name, counts in (
        ("sent a day", [one.sent for one in figures]),
        ("orders a day", [one.orders.total() for one in figures]),
    ):
        if most := max(counts):
            when: date = days[counts.index(most)]
            bars = "".join(_bar(one, most, PLAIN_BARS if plain else BARS) for one in counts)
            yield f"{name:12} {bars}  most: {most:,} on {when:%d %b}"


def _bar(count: int, most: int, bars: str) -> str:
    return bars[-(-count * (len(bars) - 1) // most)] if count else " "


def _lines(lines: Sequence[Line]) -> list[Line]:
    return in_order(lines, lambda line: line.campaign)


def _share(part: int, whole: int, shown: int | None = None) -> str:
    """A count with its share of `whole` below; `shown` is another count to show in its place."""
    count = f"{part if shown is None else shown:,}"
    return f"{count}\n{part / whole:.0%}" if whole and part else count


class Shown:
    """How a count and its share are written."""

    def __init__(self, *, interval: bool) -> None:
        self._interval = interval

    def __call__(self, count: int, rate: Rate | None) -> str:
        if rate is None or not count:
            return f"{count:,}"
        told = f"{count:,}\n{rate.value:.1%}"
        if not self._interval:
            return told
        return f"{told}\n{_short(rate.low)}-{_short(rate.high)}"


def _short(share: float) -> str:
    """As percents, in two digits or so."""
    return f"{share * 100:.0f}" if share >= 0.1 else f"{share * 100:.1f}"


_with_interval, _without = Shown(interval=True), Shown(interval=False)


def _rest(one: Figures) -> str:
    parts = {
        "held out": one.withheld,
        "waiting": one.waiting,
        "failed": one.failed,
        "dropped": one.dropped,
        "unsure": one.unknown,
    }
    return ", ".join(f"{count:,} {what}" for what, count in parts.items() if count)
