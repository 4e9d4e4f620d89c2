"""What happens in the days of the demo, a line each as it comes."""

import textwrap
from collections import Counter
from datetime import date, datetime

from rich.console import Console

from agent.commands.demo.stage import ZONE, Stage
from agent.commands.report.words import NAMES, NEWS_NAMES
from models import Contact, JobRun, Order

_NAMES = NAMES | NEWS_NAMES
MARGIN = " " * len("Wednesday 09:00  ")
WIDEST = 100


class Diary:
    """Prints what came since it was last written into."""

    def __init__(self, stage: Stage, console: Console) -> None:
        self._stage, self._console = stage, console
        self._news = self._sent = 0  # how much of it is told
        self._sending_since: datetime | None = None
        self._of_orders: Counter[str] = Counter()  # order news of the day that are not told
        self._day: date | None = None

    def begin(self, moment: datetime) -> None:
        """What is known after the first look at the shop."""
        self._line(
            moment,
            f"winback has read {Order.select().count():,} orders: {Contact.select().count():,} people "
            f"with a mobile number, of whom {Contact.agreed_count():,} agreed to marketing",
        )
        self._line(
            moment,
            f"the shop's plugin told of {self._stage.plugin.told:,} looks at products, those of the "
            "last two weeks",
        )

    def write(self, moment: datetime, *, sending: bool) -> None:
        """The news of the shop, and what was sent; while more is being sent, that waits."""
        today = moment.astimezone(ZONE).date()
        if self._day not in {None, today} and self._of_orders:
            self._line(moment, f"yesterday, about orders: {told(self._of_orders)}")
            self._of_orders.clear()
        self._day = today
        for at, news in self._stage.showcase.news[self._news :]:
            self._line(at, f"in the shop: {news}", style="dim")
            self._news += 1
        sent = self._stage.whatsapp.accepted[self._sent :]
        if sent and self._sending_since is None:
            self._sending_since = moment
        if self._sending_since is not None and not sending:
            templates = Counter(one.template or "" for one in sent)
            campaigns = Counter({name: templates[name] for name in NAMES if templates[name]})
            self._of_orders += templates - campaigns
            if campaigns:
                self._line(self._sending_since, told(campaigns) + _waiting(campaigns))
            self._sent += len(sent)
            self._sending_since = None

    def _line(self, moment: datetime, text: str, style: str = "") -> None:
        for line in textwrap.wrap(
            text,
            min(self._console.width, WIDEST),
            initial_indent=f"{moment.astimezone(ZONE):%A %H:%M}".ljust(len(MARGIN)),
            subsequent_indent=MARGIN,
            break_on_hyphens=False,
        ):
            self._console.print(line, style=style, markup=False, highlight=not style)


def _waiting(campaigns: Counter[str]) -> str:
    """Whose turn comes later, by the newest look at what is back."""
    run = JobRun.newest("alerts") if campaigns["back_in_stock"] else None
    waiting = run.result.get("next_wave", 0) if run else 0
    if not waiting:
        return ""
    return f"; {waiting:,} {'waits' if waiting == 1 else 'wait'} for the next wave"


def told(by_campaign: Counter[str]) -> str:
    """How many messages of which campaigns, or of which kinds of order news."""
    total = by_campaign.total()
    messages = f"{total:,} {'message' if total == 1 else 'messages'} sent"
    names = [(name, by_campaign[key]) for key, name in _NAMES.items() if by_campaign[key]]
    if len(names) == 1:
        return f"{messages}: {names[0][0]}"
    return f"{messages}: {', '.join(f'{count:,} {name}' for name, count in names)}"
