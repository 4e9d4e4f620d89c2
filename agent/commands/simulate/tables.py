"""How a simulation looks on a terminal, and on paper when there is none."""

import textwrap
from collections.abc import Iterator
from datetime import timedelta
from zoneinfo import ZoneInfo

from babel.numbers import format_currency
from rich.console import Console
from rich.table import Table
from rich.text import Text

from agent.commands.report.people import plain_table
from agent.commands.report.words import campaign_name, in_order, money
from agent.rehearse.outcome import Simulation, Sum
from agent.rules.reasons import Why

COLUMNS = ("people", "messages", "cost", "held\nout", "not\nsent", "bought", "they\npaid")
WIDEST = 1_000  # columns that no table of these takes
CHOSEN = (Why.CHOSEN, Why.HELD_OUT)


def print_simulation(told: Simulation, *, window: timedelta) -> None:
    """The campaigns by month, how often people would have heard, and what cannot be known."""
    console = Console(markup=False, highlight=False)  # people and shops may have brackets
    zone = ZoneInfo(told.zone)
    first, last = (one.astimezone(zone) for one in (told.began, told.until))
    title = f"what would have been sent from {first:%d %b %Y} to {last:%d %b %Y}"
    title = f"{told.shop}: {title}" if told.shop else title
    if told.lines:
        table = _campaigns(told, title)
        as_wide_as_it_likes = console.options.update(width=WIDEST)
        if console.measure(table, options=as_wide_as_it_likes).maximum <= console.width:
            console.print(table)
        else:  # a figure that is cut is worse than no table
            console.print(title)
            for line in _one_by_one(told, console.width):
                console.print(line, soft_wrap=True)
    else:
        console.print(f"{title}: nothing, nobody would have been chosen")
    for line in _below(told, window):
        console.print(line)
    if told.reasons:
        console.print(_reasons(told))
    for note in told.notes:
        console.print(f"note: {note}")


def _campaigns(told: Simulation, title: str) -> Table:
    table = plain_table(title)
    table.add_column("campaign", no_wrap=True)
    for name in COLUMNS:
        table.add_column(name, justify="right", no_wrap=True)
    for line in in_order(told.lines, lambda one: one.campaign):
        name = f"  {line.month}" if line.month else campaign_name(line.campaign)
        table.add_row(Text(name), *_row(told, line.sum), style=None if line.month else "bold")
    table.add_section()
    table.add_row("All", *_row(told, told.total), style="bold")
    return table


def _one_by_one(told: Simulation, width: int) -> Iterator[str]:
    """The same as sentences, in at most `width` columns."""
    for line in in_order(told.lines, lambda one: one.campaign):
        name = f"  {line.month}" if line.month else campaign_name(line.campaign)
        yield from _sentence(name, told, line.sum, width)
    yield from _sentence("All", told, told.total, width)
    yield ""


def _sentence(name: str, told: Simulation, one: Sum, width: int) -> Iterator[str]:
    people, messages, cost, held_out, not_sent, bought, paid = _row(told, one)
    said = (
        f"{name}: {people} people, {messages} messages, cost {cost}, {held_out} held out, {not_sent} not sent, "
        f"{bought} bought, they paid {paid}"
    )
    yield from textwrap.wrap(
        said, width, subsequent_indent="    ", break_on_hyphens=False, break_long_words=False
    )


def _row(told: Simulation, one: Sum) -> Iterator[str]:
    yield f"{one.people:,}"
    yield f"{one.messages:,}"
    yield _cost(told, one)
    yield f"{one.withheld:,}"
    yield f"{one.dropped + one.waiting:,}"
    yield f"{one.buyers:,}"
    yield money(one.revenue, told.currency)


def _cost(told: Simulation, one: Sum) -> str:
    if one.unpriced == one.messages:
        return "no price" if one.messages else "-"
    known = format_currency(one.cost, told.cost_currency, locale="en")
    return f"{known} and {one.unpriced:,} without a price" if one.unpriced else known


def _below(told: Simulation, window: timedelta) -> Iterator[str]:
    total = told.total
    if total.people:
        share = total.buyers / total.people
        yield (
            f"{total.buyers:,} of {total.people:,} people ({share:.1%}) bought within {window.days} days "
            "after a message, as it was: whatever was really sent to them then"
        )
        if total.open:
            yield f"for {total.open:,} messages these {window.days} days are not over"
        often = ", ".join(f"{count:,} x {people:,} people" for count, people in told.often.items())
        yield f"how many messages for one person: {often}"
    if told.days:
        by_day = {day: sum(sent.values()) for day, sent in told.days.items()}
        busiest = max(by_day, key=lambda day: by_day[day])
        days = (told.until - told.began).days or 1
        yield (
            f"{total.messages / days:,.0f} a day on average, {by_day[busiest]:,} at most, "
            f"on {busiest:%d %b %Y}"
        )
    if told.dropped:
        reasons = ", ".join(f"{count:,} {reason}" for reason, count in told.dropped.items())
        yield f"chosen and not sent: {reasons}"


def _reasons(told: Simulation) -> Table:
    table = plain_table("Who was left alone, and why: on a day, on average")
    table.add_column("people", justify="right")
    table.add_column("because this person")
    left_alone = {why: count for why, count in told.reasons.items() if why not in CHOSEN}
    for why, count in sorted(left_alone.items(), key=lambda one: -one[1]):
        table.add_row(f"{count / max(told.runs, 1):,.1f}", why.value)
    return table
