"""All that the report tells, put together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from agent.config import Settings
from agent.jobs.report.counts import Period, counted, earned, failures
from agent.jobs.report.groups import compare_campaigns, compare_everything
from agent.jobs.report.people import Example, examples, reasons_known, unreachable
from agent.rules.budget import Prices, Rate
from agent.rules.comparison import Comparison
from agent.rules.credit import View
from agent.rules.figures import Cell, Figures, is_news, tally
from agent.rules.reasons import Why
from agent.rules.whatsapp_codes import meaning
from models import Contact, JobRun, ShopFact


@dataclass(frozen=True, slots=True)
class Part:
    """What one template in one language came to."""

    template: str
    language: str
    figures: Figures


@dataclass(frozen=True, slots=True)
class Line:
    """One campaign, or one kind of order news, and what its templates came to."""

    campaign: str
    figures: Figures
    parts: Sequence[Part] = ()


@dataclass(frozen=True, slots=True)
class Failure:
    """Messages of one campaign that failed for one reason. `code` is WhatsApp's, if it told one."""

    campaign: str
    code: int | None
    meaning: str
    messages: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What was decided from `first` to `last` (dates of the shop), and what came of it.

    `cells` is all of it in its smallest parts; `lines`, `news` and `days` are sums of these.
    """

    first: date
    last: date
    shop: str
    currency: str  # of the shop
    cost_currency: str
    view: View = View.LAST
    window: timedelta = timedelta(days=30)  # how long after a message an order counts
    cells: Mapping[Cell, Figures] = field(default_factory=dict)
    lines: Sequence[Line] = ()  # campaigns
    news: Sequence[Line] = ()  # kinds of order news
    days: Mapping[str, Figures] = field(default_factory=dict)  # of the campaigns, by date
    failures: Sequence[Failure] = ()
    compared: Mapping[str, Comparison] = field(default_factory=dict)  # by campaign
    everything: Comparison | None = None  # those who hear no marketing at all, and all others
    share: float = 0.0  # of the people whom a campaign chooses, that it holds out by default
    decided_at: datetime | None = None
    reasons: Mapping[Why, int] = field(default_factory=dict)
    unreachable: Mapping[str, int] = field(default_factory=dict)  # phones by why nobody is reached
    people: int = 0
    examples: Sequence[Example] = ()

    @property
    def total(self) -> Figures:
        """All campaigns together."""
        whole = Figures()
        for line in self.lines:
            whole.add(line.figures)
        return whole


def report(
    settings: Settings,
    *,
    now: datetime,
    days: int,
    campaign: str = "",
    view: View = View.LAST,
) -> Report:
    """Today and the days before it, `days` in all; of one campaign, if it is named."""
    facts = ShopFact.all()
    currency = facts.get("currency", "")
    period = Period.of_days(days, now, ZoneInfo(facts.get("zone", "UTC")), campaign)
    prices = Prices(
        Rate(one.since, one.country, one.category, one.price) for one in settings.budget.prices
    )
    cells = tally(counted(period), *earned(period, view), prices)
    lines = _lines(cells)
    latest = JobRun.newest("campaigns")
    return Report(
        first=period.first,
        last=period.last,
        shop=facts.get("name", ""),
        currency=currency,
        cost_currency=settings.budget.currency,
        view=view,
        window=settings.attribution.window,
        cells=cells,
        lines=[line for line in lines if not is_news(line.campaign)],
        news=[line for line in lines if is_news(line.campaign)],
        days=_days(cells),
        failures=_failures(period, lines),
        compared=compare_campaigns(settings, period, now, currency),
        everything=None if campaign else compare_everything(settings, period, now, currency),
        share=settings.holdout.share / 100,
        decided_at=latest.started_at if latest else None,
        reasons=reasons_known(latest.result if latest else {}),
        unreachable=unreachable(),
        people=Contact.select().count(),
        examples=examples(period, [line.campaign for line in lines]),
    )


def _lines(cells: Mapping[Cell, Figures]) -> list[Line]:
    """A line for each campaign, in the order of their names."""
    parts: dict[tuple[str, str, str], Figures] = {}
    for cell, figures in cells.items():
        parts.setdefault(cell[1:], Figures()).add(figures)
    lines = []
    for campaign, those in groupby(sorted(parts), key=lambda key: key[0]):
        whole, own = Figures(), []
        for _, template, language in those:
            figures = parts[campaign, template, language]
            whole.add(figures)
            own.append(Part(template, language, figures))
        lines.append(Line(campaign, whole, own))
    return lines


def _days(cells: Mapping[Cell, Figures]) -> dict[str, Figures]:
    days: dict[str, Figures] = {}
    for cell in sorted(cells):
        if not is_news(cell.campaign):
            days.setdefault(cell.day, Figures()).add(cells[cell])
    return days


def _failures(period: Period, lines: Sequence[Line]) -> list[Failure]:
    """By campaign, the most frequent reason first; what failed without a code comes last."""
    told = sorted(failures(period), key=lambda one: (one[0], -one[2], one[1]))
    found = [Failure(campaign, code, meaning(code), messages) for campaign, code, messages in told]
    for line in lines:
        coded = sum(one.messages for one in found if one.campaign == line.campaign)
        if line.figures.failed > coded:
            rest = line.figures.failed - coded
            found.append(Failure(line.campaign, None, meaning(None), rest))
    return found
