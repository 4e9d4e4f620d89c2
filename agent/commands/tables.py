"""How figures look on a terminal, and on paper when there is none."""

from babel.numbers import format_currency
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from agent.jobs.report import Line, Report
from agent.rules.money import amount
from agent.rules.reasons import Why

NAMES = {"we_miss_you": "We miss you", "loyalty_reward": "Loyalty reward"}
MOST_REASONS = 3  # why numbers cannot be written to


def print_report(report: Report, *, title: str) -> None:
    """The campaigns, what they earned, and who was left alone."""
    console = Console(markup=False)  # people and shops may have brackets in their names
    title = f"{report.shop}: {title}" if report.shop else title
    if report.lines:
        console.print(campaigns_table(report, title))
    else:
        console.print(f"{title}: nobody was chosen, nothing was sent", highlight=False)
    for line in report.lines:
        if rest := _rest(line):
            console.print(f"{campaign_name(line.campaign)}, not sent: {rest}")
    if report.other_currencies:
        others = ", ".join(money(v, c) for c, v in report.other_currencies.items())
        console.print(f"and in other currencies: {others}")
    if report.examples:
        console.print(examples_table(report))
    if report.reasons:
        console.print(reasons_table(report))


def campaigns_table(report: Report, title: str) -> Table:
    """Shares stand below their counts, so that seven figures fit on 80 columns."""
    table = _table(title)
    table.add_column("campaign")
    for name in ("chosen", "sent", "delivered", "read", "replied", "ordered", "revenue"):
        table.add_column(name, justify="right", no_wrap=True)
    for line in report.lines:
        table.add_row(
            campaign_name(line.campaign),
            f"{line.chosen:,}",
            f"{line.sent:,}",
            _share(line.delivered, line.sent),
            _share(line.read, line.sent),
            _share(line.replied, line.sent),
            _share(line.converted, line.sent, shown=line.orders),
            money(line.revenue, report.currency),
        )
    return table


def examples_table(report: Report) -> Table:
    table = _table("Some of those who were chosen, and why")
    for name in ("person", "campaign", "because", "became"):
        table.add_column(name, no_wrap=name != "because")
    for one in report.examples:
        table.add_row(one.person, campaign_name(one.campaign), _readable(one.reason), one.became)
    return table


def reasons_table(report: Report) -> Table:
    when = f" on {report.decided_at:%d %B %Y}" if report.decided_at else ""
    table = _table(f"Who was left alone{when}, and why")
    table.add_column("people", justify="right")
    table.add_column("because this person")
    left_alone = {why: n for why, n in report.reasons.items() if why is not Why.CHOSEN}
    for reason, count in sorted(left_alone.items(), key=lambda one: -one[1]):
        table.add_row(f"{count:,}", reason.value)
    if report.unreachable:
        common = sorted(report.unreachable.items(), key=lambda one: -one[1])
        why = ", ".join(f"{count:,} {reason}" for reason, count in common[:MOST_REASONS])
        more = ", ..." if len(common) > MOST_REASONS else ""
        numbers = sum(report.unreachable.values())
        table.add_row(f"{numbers:,}", f"numbers that cannot be written to ({why}{more})")
    return table


def campaign_name(key: str) -> str:
    """`we_miss_you` as people say it."""
    return NAMES.get(key, key)


def money(minor: int, currency: str) -> str:
    return format_currency(amount(minor, currency), currency, locale="en") if currency else "-"


def _share(part: int, whole: int, shown: int | None = None) -> str:
    """A count with its share of `whole` below; `shown` is another count to show in its place."""
    count = f"{part if shown is None else shown:,}"
    return f"{count}\n{part / whole:.0%}" if whole and part else count


def _readable(reason: str) -> str:
    """A reason names the campaigns that did not fit by their keys."""
    for key, name in NAMES.items():
        reason = reason.replace(f"{key}:", f"{name}:")
    return reason


def _table(title: str) -> Table:
    return Table(
        title=title, title_justify="left", box=SIMPLE, pad_edge=False, collapse_padding=True
    )


def _rest(line: Line) -> str:
    parts = {
        "waiting": line.waiting,
        "failed": line.failed,
        "dropped": line.dropped,
        "unsure": line.unknown,
    }
    return ", ".join(f"{count:,} {what}" for what, count in parts.items() if count)
