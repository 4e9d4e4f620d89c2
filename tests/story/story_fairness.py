"""Nobody is forgotten, and nobody is passed over: what should have been decided, and was not.

Only of people about whom there is no doubt, with a day to spare at each boundary: the boundaries have
tests of their own.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime, time, timedelta

from story_config import Terms
from story_interest import LOOK_BACK, Article, Interest
from story_promises import WINBACKS
from story_truth import Household, Truth
from story_world import World

from models import Contact, JobRun, Message
from models.base import tuples

DAY = timedelta(days=1)
EVER = timedelta(days=3650)
FOR_SURE_QUIET = timedelta(days=61)
WRITTEN_OFF = {"cancelled", "expired"}  # as if it had never been decided
FAILED = {"failed", "refused"}

NOT_ON_WHATSAPP = {131026}


class Fairness:
    """Asked right after a run."""

    def __init__(self, world: World, truth: Truth, interest: Interest, terms: Terms) -> None:
        self._world, self._truth, self._interest, self._terms = world, truth, interest, terms
        self._now = world.clock.now
        self.spent = 0  # days on which nobody else could be written to for want of a budget

    def forgotten(self) -> Iterable[str]:
        """After the day's campaigns: quiet people who could be written to, and got nothing."""
        midnight = self._midnight()
        rows = self._rows()
        run = JobRun.newest("campaigns")
        if run is None or run.outcome != "ok" or run.started_at < midnight:
            return
        if self._spent():
            self.spent += 1
            return
        today = [row for own in rows.values() for row in own if row.created_at >= midnight]
        share_left = sum(row.from_backlog for row in today) < self._terms.backlog
        for home in self._truth.homes.values():
            own = rows[home.phone]
            if not self._could_be_won_back(home, own):
                continue
            last = self._truth.last_order(home)
            came_up = last + FOR_SURE_QUIET - DAY  # since yesterday, and not written to since
            newly = came_up > midnight - 0.9 * DAY and not any(r.created_at > last for r in own)
            if not any(row.created_at >= midnight for row in own) and (share_left or newly):
                yield (
                    f"{home.phone} is quiet for {self._truth.quiet_for(home).days} days and got "
                    f"nothing: {[(r.campaign, r.state, f'{r.created_at:%m-%d}') for r in own]}"
                )

    def passed_over(self) -> Iterable[str]:
        """After the alerts of an hour: who waited longer for what somebody else was told of."""
        just_now = (Message.campaign == "back_in_stock") & (Message.created_at == self._now())
        if not Message.select().where(just_now).exists():
            return
        rows = self._rows()
        fresh: dict[Article, list[str]] = defaultdict(list)
        for phone, own in rows.items():
            for row in own:
                if row.campaign == "back_in_stock" and row.created_at == self._now():
                    fresh[int(row.product_id or 0), row.variation_id].append(phone)
        for article, told in fresh.items():
            # a first sight that is long ago keeps their place
            since = {phone: self._waits_since(phone, article, EVER) for phone in told}
            youngest = max((one for one in since.values() if one is not None), default=None)
            for phone in self._interest.phones(article):
                home = self._truth.homes[phone]
                waits = self._waits_since(phone, article)
                if phone in told or waits is None or youngest is None or waits >= youngest:
                    continue
                if any(row.created_at >= self._midnight() for row in rows[phone]):
                    continue  # one message a day, whatever it is about
                if any(_is_about(row, article) for row in rows[phone]):
                    continue  # told, or about to be
                if self._free(home, rows[phone]) and self._surely_waits(home, article):
                    sights = self._interest.sights(home, article)
                    yield (
                        f"{phone} waits for {article} since {waits}, and {told} were told, "
                        f"who wait since {since}: {sights}, "
                        f"{[(r.campaign, r.state, f'{r.created_at:%m-%d}') for r in rows[phone]]}"
                    )

    def _could_be_won_back(self, home: Household, own: list[Message]) -> bool:
        if not self._free(home, own) or not self._truth.bought(home):
            return False
        if self._truth.quiet_for(home) < FOR_SURE_QUIET:
            return False
        last = self._truth.last_order(home)
        tried = [
            row
            for row in own
            if row.campaign in WINBACKS and row.created_at > last and row.state not in WRITTEN_OFF
        ]
        return len(tried) < self._terms.attempts

    def _free(self, home: Household, own: list[Message]) -> bool:
        """Agreed, and no cap or failure stands against another message; today's own does not count."""
        if not home.plain or not home.agreed:
            return False
        midnight = self._midnight()
        before = [row for row in own if row.created_at < midnight]
        if any(row.state in FAILED and row.created_at > midnight - 9 * DAY for row in before):
            return False
        # what was written off in this very moment still stood when the others were decided about
        now = self._now()
        if sum(row.code in NOT_ON_WHATSAPP for row in own if row.state in FAILED) > 1:
            return False  # what cannot be brought to them is not tried again and again
        taken = [r for r in before if r.state not in WRITTEN_OFF | FAILED or r.ended_at == now]
        # counted on the day it left, which may be some days after it was decided
        moments = [row.claimed_at or row.created_at for row in taken]
        in_week = sum(one > midnight - 8 * DAY for one in moments)
        in_month = sum(one > midnight - 31 * DAY for one in moments)
        return bool(in_week < self._terms.per_7_days and in_month < self._terms.per_30_days)

    def _surely_waits(self, home: Household, article: Article) -> bool:
        """Nothing since: neither a look at it in stock, nor an order, nor a message about it."""
        sights = self._interest.sights(home, article)
        out = [one.at for one in sights if one.stock_status == "outofstock" and not one.vague]
        if not out or any(one.vague for one in sights):
            return False
        over: list[datetime] = [one.at for one in sights if one.stock_status == "instock"]
        over += [self._truth.bought_at(home, article[0])]
        over += [one.at for one in home.got if one.template == "back_in_stock"]
        return max(over) < max(out)

    def _waits_since(
        self, phone: str, article: Article, look_back: timedelta = LOOK_BACK
    ) -> datetime | None:
        home = self._truth.homes[phone]
        sights = self._interest.sights(home, article, look_back=look_back)
        return min((one.at for one in sights), default=None)

    def _rows(self) -> dict[str, list[Message]]:
        """phone -> all that was ever decided about it, oldest first."""
        phones = dict(tuples(Contact.select(Contact.id, Contact.phone)))
        rows: dict[str, list[Message]] = defaultdict(list)
        columns = (
            *(Message.contact_id, Message.campaign, Message.state, Message.created_at),
            *(Message.claimed_at, Message.from_backlog, Message.product_id, Message.variation_id),
            *(Message.ended_at, Message.code),
        )
        for row in Message.select(*columns).order_by(Message.id):
            rows[phones[row.contact_id]].append(row)
        return rows

    def _spent(self) -> bool:
        """Is this month's budget used up, or nearly?"""
        if self._terms.budget is None:
            return False
        first = self._midnight().astimezone(self._world.zone).replace(day=1).astimezone(UTC)
        rows = Message.select().where(Message.created_at >= first)
        return int(rows.count()) + self._terms.backlog >= self._terms.budget

    def _midnight(self) -> datetime:
        zone = self._world.zone
        today = self._now().astimezone(zone).date()
        return datetime.combine(today, time(), zone).astimezone(UTC)


def _is_about(row: Message, article: Article) -> bool:
    same = (row.product_id, row.variation_id) == article
    return same and row.campaign == "back_in_stock" and row.state not in WRITTEN_OFF | FAILED
