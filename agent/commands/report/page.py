"""The report as one page of HTML: no scripts, nothing from elsewhere, for phones and screens, by day and by
night. Whatever a shop or a person typed is escaped."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from html import escape

from agent.commands.report.files import FUNNEL
from agent.commands.report.words import (
    beforehand,
    campaign_name,
    comparison_lines,
    cost,
    in_order,
    money,
)
from agent.jobs.report import Line, Report
from agent.rules.credit import View
from agent.rules.figures import Figures, Rate, average_order, return_on_cost

_STYLE = """
:root { color-scheme: light dark; --paper: #fff; --ink: #1d2127; --soft: #5b6470; --line: #d8dde3; --bar: #2468a8; }
@media (prefers-color-scheme: dark) {
  :root { --paper: #15181c; --ink: #e8eaed; --soft: #a3acb8; --line: #363d46; --bar: #6fb1ef; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 70rem; padding: 1rem; background: var(--paper); color: var(--ink);
  font: 1rem/1.45 system-ui, sans-serif; }
h1 { font-size: 1.4rem; margin: 0; }
h2 { font-size: 1.1rem; margin: 2rem 0 .4rem; }
p, li { max-width: 45rem; }
.soft, small { color: var(--soft); }
.wide { overflow-x: auto; }
table { border-collapse: collapse; min-width: 100%; }
caption { text-align: left; font-weight: 600; padding: .4rem 0; }
th, td { padding: .35rem .5rem .35rem 0; border-bottom: 1px solid var(--line); text-align: right;
  vertical-align: top; white-space: nowrap; font-variant-numeric: tabular-nums; }
th:first-child, td.words { text-align: left; }
td.words { white-space: normal; }
tbody th { font-weight: 600; }
tr.part th { font-weight: 400; padding-left: 1rem; }
small { display: block; }
tr.step td:last-child { width: 55%; min-width: 5rem; vertical-align: middle; }
tr.step svg { height: .9rem; }
svg { display: block; width: 100%; height: auto; fill: var(--bar); }
""".strip()

_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def as_page(report: Report) -> str:
    title = f"{report.shop or 'winback'}: {report.first:%d %b %Y} to {report.last:%d %b %Y}"
    return "\n".join(
        (
            "<!DOCTYPE html>",
            '<html lang="en">',
            "<head>",
            '<meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
            f"<title>{escape(title)}</title>",
            f"<style>\n{_STYLE}\n</style>",
            "</head>",
            "<body>",
            f"<h1>{escape(title)}</h1>",
            f'<p class="soft">{escape(_about(report))}</p>',
            *_body(report),
            "</body>",
            "</html>",
            "",
        )
    )


def _about(report: Report) -> str:
    counts = {
        View.LAST: "An order counts for the message whose coupon it used, else for the last one before it",
        View.FIRST: "An order counts for the first message before it",
        View.COUPON: "Only orders count that used a coupon which was made for a message",
    }[report.view]
    return (
        f"{counts}; revenue is net of refunds. Below a share stands between what it truly is, with 95 % "
        "certainty."
    )


def _body(report: Report) -> Iterator[str]:
    if not report.lines:
        yield "<p>Nobody was chosen, nothing was sent.</p>"
    else:
        yield from _funnel(report.total)
        yield from _messages(report)
        yield from _earnings(report)
        yield from _days(report)
    yield from _groups(report)
    if report.failures:
        rows = [
            (
                campaign_name(one.campaign),
                f"{one.messages:,}",
                "-" if one.code is None else str(one.code),
                one.meaning,
            )
            for one in in_order(report.failures, lambda failure: failure.campaign)
        ]
        yield _table("What failed, and why", ("", "messages", "code", "because"), _plain_rows(rows))
    if report.news:
        yield from _news(report)


def _funnel(total: Figures) -> Iterator[str]:
    """The steps, and what each is of the first, as a figure and as a bar."""
    most = max(total.chosen, 1)
    rows = []
    for step in FUNNEL:
        count = getattr(total, step)
        share = f"{count / most:.1%}"
        bar = f'<rect height="14" width="{count * 300 / most:.1f}" rx="2"/>'
        picture = _picture(f"{step}: {share} of the chosen", bar, 300, 14)
        rows.append(_row(step, [f"{count:,}", share, picture], "step"))
    yield "<h2>From the choice to the order</h2>"
    yield _table(
        "All campaigns together, as shares of the chosen", ("", "messages", "share", ""), rows
    )


def _messages(report: Report) -> Iterator[str]:
    headers = (
        "campaign", "chosen", "held out", "sent", "delivered", "opened", "clicked", "replied", "STOP",
        "waiting", "failed", "dropped", "unsure",
    )  # fmt: skip
    rows = []
    for line in _lines(report.lines):
        rows.append(_row(campaign_name(line.campaign), _counts(line.figures)))
        if len(line.parts) > 1:
            rows += [
                _row(f"{part.template}, {part.language}", _counts(part.figures), "part")
                for part in line.parts
            ]
    yield "<h2>Campaigns</h2>"
    yield _table("What became of the messages", headers, rows)


def _counts(one: Figures) -> list[str]:
    rates = one.rates
    return [
        f"{one.chosen:,}",
        f"{one.withheld:,}",
        f"{one.sent:,}",
        _share(one.delivered, rates["delivered"]),
        _share(one.opened, rates["opened"]),
        _share(one.clicked, rates["clicked"]),
        _share(one.replied, rates["replied"]),
        _share(one.opt_outs, rates["opt_outs"]),
        f"{one.waiting:,}",
        f"{one.failed:,}",
        f"{one.dropped:,}",
        f"{one.unknown:,}",
    ]


def _earnings(report: Report) -> Iterator[str]:
    rows = []
    for line in _lines(report.lines):
        one = line.figures
        average = average_order(one, report.currency)
        back = return_on_cost(one, report.currency, report.cost_currency)
        own = [report.currency, *sorted(set(one.revenue) - {report.currency})]
        cells = [
            _share(one.converted, one.rates["converted"]),
            f"{one.orders.total():,}",
            "<br>".join(escape(money(one.revenue[currency], currency)) for currency in own),
            "-" if average is None else escape(money(average, report.currency)),
            escape(cost(one, report.cost_currency)),
            "-" if back is None else f"{back:,} times",
        ]
        rows.append(_row(campaign_name(line.campaign), cells))
    headers = ("campaign", "converted", "orders", "revenue", "an order", "cost", "return")
    yield _table("What they earned, and cost", headers, rows)


def _days(report: Report) -> Iterator[str]:
    """Sent messages and orders, a bar for each day; all figures in a table that opens."""
    days = [report.first + timedelta(days=n) for n in range((report.last - report.first).days + 1)]
    if len(days) < 2:
        return
    figures = [report.days.get(day.isoformat(), Figures()) for day in days]
    yield "<h2>Day by day</h2>"
    for name, counts in (
        ("Sent messages", [one.sent for one in figures]),
        ("Orders of the messages of the day", [one.orders.total() for one in figures]),
    ):
        most, width = max(*counts, 1), 600 / len(days)
        bars = "".join(
            f'<rect x="{number * width:.2f}" y="{60 - count * 60 / most:.1f}" '
            f'width="{width * 0.8:.2f}" height="{count * 60 / most:.1f}"/>'
            for number, count in enumerate(counts)
            if count
        )
        when = days[counts.index(max(counts))]
        told = f"{name}: {sum(counts):,} in all, most on {when:%d %b}: {max(counts):,}"
        yield f"<p>{escape(told)}</p>"
        yield _picture(f"{name} of each day. {told}; the table below has all days", bars, 600, 60)
    rows = [
        (
            f"{day:%d %b %Y}",
            *(f"{count:,}" for count in (one.sent, one.delivered, one.opened, one.orders.total())),
            money(one.revenue[report.currency], report.currency),
        )
        for day, one in zip(days, figures, strict=True)
        if one.chosen
    ]
    headers = ("day", "sent", "delivered", "opened", "orders", "revenue")
    yield "<details><summary>All days</summary>"
    yield _table("By the day on which somebody was chosen", headers, _plain_rows(rows))
    yield "</details>"


def _groups(report: Report) -> Iterator[str]:
    compared = in_order(list(report.compared.items()), lambda one: one[0])
    named = [(campaign_name(campaign), one) for campaign, one in compared]
    if report.everything is not None:
        named.append(("All marketing", report.everything))
    if named:
        yield "<h2>What would have happened anyway</h2>"
    for name, one in named:
        lines = comparison_lines(one, report.currency, report.window)
        told = "".join(f"<li>{escape(line)}</li>" for line in lines)
        yield f"<h3>{escape(name)}</h3>\n<ul>{told}</ul>"
    if report.everything is not None and (said := beforehand(report.everything, report.share)):
        yield f"<h3>Beforehand</h3>\n<p>{escape(said)}</p>"


def _news(report: Report) -> Iterator[str]:
    rows = [
        _row(
            campaign_name(line.campaign),
            [
                f"{line.figures.sent:,}",
                _share(line.figures.delivered, line.figures.rates["delivered"]),
                _share(line.figures.opened, line.figures.rates["opened"]),
                f"{line.figures.failed:,}",
                escape(cost(line.figures, report.cost_currency)),
            ],
        )
        for line in _lines(report.news)
    ]
    yield "<h2>Order news</h2>"
    yield _table("News of orders", ("kind", "sent", "delivered", "read", "failed", "cost"), rows)


def _lines(lines: Sequence[Line]) -> list[Line]:
    return in_order(lines, lambda line: line.campaign)


def _share(count: int, rate: Rate | None) -> str:
    if rate is None or not count:
        return f"{count:,}"
    return (
        f"{count:,}<small>{rate.value:.1%}<br>{rate.low * 100:.1f} to {rate.high * 100:.1f}</small>"
    )


def _row(name: str, cells: Iterable[str], kind: str = "") -> str:
    """`cells` are HTML already."""
    opening = f'<tr class="{kind}">' if kind else "<tr>"
    return f'{opening}<th scope="row">{escape(name)}</th>{"".join(f"<td>{c}</td>" for c in cells)}</tr>'


def _plain_rows(rows: Iterable[Sequence[str]]) -> list[str]:
    return [_row(name, map(escape, cells)) for name, *cells in rows]


def _table(caption: str, headers: Sequence[str], rows: Iterable[str]) -> str:
    heads = "".join(f'<th scope="col">{escape(header)}</th>' for header in headers)
    return (
        f'<div class="wide"><table><caption>{escape(caption)}</caption>'
        f"<thead><tr>{heads}</tr></thead>\n<tbody>\n" + "\n".join(rows) + "\n</tbody></table></div>"
    )


def _picture(told: str, shapes: str, width: int, height: int) -> str:
    """`told` is what it shows, for who does not see it."""
    return (
        f'<svg viewBox="0 0 {width} {height}" preserveAspectRatio="none" role="img" aria-label="{escape(told)}">'
        f"<title>{escape(told)}</title>{shapes}</svg>"
    )
