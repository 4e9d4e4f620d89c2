"""The people in the report: some of those who were chosen, and who was left alone, with the reasons."""

import re
from itertools import groupby

from rich.box import SIMPLE
from rich.console import Group
from rich.table import Table
from rich.text import Text

from agent.commands.report.words import NAMES, campaign_name, in_order
from agent.jobs.report import Report
from agent.rules.reasons import Why

MOST_REASONS = 3  # why numbers cannot be written to


def examples_table(report: Report) -> Table:
    """By campaign; below each reason stands why it was none of the campaigns that come first."""
    table = plain_table("Some of those who were chosen, and why")
    for name in ("person", "because this person", "became"):
        table.add_column(name, no_wrap=name == "person")
    ordered = in_order(report.examples, lambda one: one.campaign)
    for campaign, examples in groupby(ordered, lambda one: one.campaign):
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


def reasons_table(report: Report) -> Table:
    when = f" on {report.decided_at:%d %B %Y}" if report.decided_at else ""
    table = plain_table(f"Who was left alone{when}, and why")
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


def _reasons(reason: str) -> list[str]:
    """Why this campaign, and why not those before: as it was written down, with the names of the
    campaigns. That one is switched off is no news of a person.
    """
    keys = "|".join(map(re.escape, NAMES))
    because, *others = re.split(rf"; (?=(?:{keys}): )", reason)
    against = [one.partition(": ") for one in others]
    off = Why.OFF.value
    return [because, *(f"{campaign_name(key)}: {why}" for key, _, why in against if why != off)]


def plain_table(title: str) -> Table:
    return Table(
        title=title, title_justify="left", box=SIMPLE, pad_edge=False, collapse_padding=True
    )
