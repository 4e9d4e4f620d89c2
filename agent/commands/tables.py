"""How figures look on a terminal, and on paper when there is none."""

import re
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TypeVar

from babel.numbers import format_currency
from rich.box import SIMPLE
from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from agent.jobs.report import Example, Line, Report
from agent.rules.money import amount
from agent.rules.order_kinds import KINDS, STATUS_UPDATE
from agent.rules.reasons import Why

NAMES = {
    "back_in_stock": "Back in stock",
    "price_drop": "Price drop",
    "loyalty_reward": "Loyalty reward",
    "new_arrivals": "New arrivals",
    "we_miss_you": "We miss you",
}
NEWS_NAMES = {kind: kind.replace("_", " ").capitalize() for kind in (*KINDS, STATUS_UPDATE)}
MOST_REASONS = 3  # why numbers cannot be written to


def print_report(report: Report, *, title: str) -> None:
    """The campaigns, what they earned, and who was left alone."""
    console = Console(markup=False)  # people and shops may have brackets in their names
    title = f"{report.shop}: {title}" if report.shop else title
    if report.lines:
        console.print(campaigns_table(report, title))
    else:
        console.print(f"{title}: nobody was chosen, nothing was sent", highlight=False)
    below = list(_below(report))
    for told in below:
        console.print(told)
    if below and (report.examples or report.reasons):
        console.print()
    if report.examples:
        console.print(examples_table(report))
    if report.reasons:
        console.print(reasons_table(report))


def _below(report: Report) -> Iterator[str]:
    """What has no column in the table of the campaigns."""
    for line in _in_order(report.lines):
        if rest := _rest(line):
            yield f"{campaign_name(line.campaign)}, not sent: {rest}"
    if report.other_currencies:
        others = ", ".join(money(v, c) for c, v in report.other_currencies.items())
        yield f"and in other currencies: {others}"


def campaigns_table(report: Report, title: str) -> Table:
    """Shares stand below their counts, so that seven figures fit on 80 columns."""
    table = _table(title)
    table.add_column("campaign")
    for name in ("chosen", "sent", "delivered", "read", "replied", "ordered", "revenue"):
        table.add_column(name, justify="right", no_wrap=True)
    for line in _in_order(report.lines):
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
    """By campaign; below each reason stands why it was none of the campaigns that come first."""
    table = _table("Some of those who were chosen, and why")
    for name in ("person", "because this person", "became"):
        table.add_column(name, no_wrap=name == "person")
    for campaign, examples in groupby(_in_order(report.examples), lambda one: one.campaign):
        table.add_row(Text(campaign_name(campaign), style="bold"))
        for one in examples:
            table.add_row(Text(f"  {one.person}"), _why(one.reason), one.became)
    return table


def _why(reason: str) -> Text | Group:
    because, *passed_over = _reasons(reason)
    if not passed_over:
        return Text(because)
    others = Table.grid(padding=(0, 1))
    for why in passed_over:
        others.add_row("-", Text(f"not {why}"))
    return Group(Text(because), others)


Ours = TypeVar("Ours", Line, Example)


def _in_order(ours: Sequence[Ours]) -> list[Ours]:
    """By campaign, as they are named above; those of other versions last."""
    keys = list(NAMES)
    return sorted(ours, key=lambda one: keys.index(one.campaign) if one.campaign in keys else 99)


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


def _reasons(reason: str) -> list[str]:
    """Why this campaign, and why not those before: as it was written down, with the names of the
    campaigns. That one is switched off is no news of a person.
    """
    keys = "|".join(map(re.escape, NAMES))
    because, *others = re.split(rf"; (?=(?:{keys}): )", reason)
    against = [one.partition(": ") for one in others]
    off = Why.OFF.value
    return [because, *(f"{campaign_name(key)}: {why}" for key, _, why in against if why != off)]


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
