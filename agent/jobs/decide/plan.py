"""Who hears from the shop now, and why: the rules asked about everybody who may be chosen.

In three passes, each over people who were found in sets:

    the queue    pairs of a person and an article that is back, those who have waited longest first
    the others   with something they saw that moved: cheaper, or back and no place in this wave
    the quiet    who may be won back, the most recently quiet first, until the day's share is full

Nothing is written here but temporary tables, so a rehearsal is the same as the run.
"""

from array import array
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from agent.config import BackInStock, PriceDrop, Settings
from agent.jobs.decide.arrivals import NewProducts, with_news
from agent.jobs.decide.articles import Waves, articles
from agent.jobs.decide.capacity import Capacity
from agent.jobs.decide.day import Day
from agent.jobs.decide.offers import audience_of, bounds_of, suitable, usable_offers
from agent.jobs.decide.people import Asked, Known, gather
from agent.jobs.decide.planned import Planned
from agent.jobs.decide.written import decided_today
from agent.left_out import LeftOut
from agent.person_key import person_key
from agent.rules.audience import newly_quiet
from agent.rules.budget import Budget
from agent.rules.caps import Caps
from agent.rules.holdout import OF_CAMPAIGN, OF_EVERYTHING, held_out, held_out_of_everything
from agent.rules.interest import Article
from agent.rules.reasons import Why
from agent.rules.room import Room
from agent.rules.selection import ALERTS, WINBACKS, Decision, Offer, Shelf, choose
from models.census import census
from models.planning import (
    Lately,
    Seen,
    Tried,
    next_quiet,
)
from models.planning import LeftOut as LeftOutTable
from models.waiting import Stir, Waiting, forget

if TYPE_CHECKING:
    from datetime import datetime

PEOPLE_A_BATCH = 500
EVERYTHING: Sequence[str] = (*ALERTS, *WINBACKS)


class Plan:
    """The plan of one run. `batches` makes it; `tally` then says how many people met which reason.

    `campaigns` are those that this run decides about; `room` and `budget` are taken from as it goes.
    `only`: nobody but this contact will be looked at.
    """

    def __init__(
        self,
        settings: Settings,
        day: Day,
        *,
        campaigns: Sequence[str],
        room: Room,
        budget: Budget,
        beat: Callable[[], None],
        only: int | None = None,
    ) -> None:
        self.tally: Counter[Why] = Counter()
        self._settings, self._day, self._beat = settings, day, beat
        self._offers = usable_offers(settings, day.currency, campaigns, now=day.now)
        self._audience = audience_of(settings)
        limits = settings.limits
        self._caps = Caps(limits.per_7_days, limits.per_30_days)
        self._left_out = LeftOut.from_settings(settings)
        self._bounds = bounds_of(settings, day, self._left_out)
        self._decided = decided_today(day, only)
        self._key = person_key()
        self._capacity = Capacity(settings, day, room, budget)
        self._yesterday = day.midnight(days_ago=1)
        self._since = day.now - settings.interest.look_back
        self._articles: dict[tuple[int, int], Article] = {}
        self._waves: Waves | None = None
        self._passed: dict[int, Why] = {}  # who stood in a queue in vain, and why
        self._new: NewProducts | None = None  # nobody is to hear of any

    def batches(self) -> Iterator[list[Planned]]:
        """Everybody who was looked at, in batches; nobody twice among those who are chosen."""
        if self._settings.limits.per_7_days == 0 or self._settings.limits.per_30_days == 0:
            return  # the owner wants nothing sent
        try:
            yield from self._passes()
        finally:
            forget()

    def _passes(self) -> Iterator[list[Planned]]:
        wins_back = any(offer.name in WINBACKS for offer in self._offers)
        Lately.work_out(self._bounds)
        Seen.begin()
        if any(offer.name == "new_arrivals" and not offer.off for offer in self._offers):
            self._new = NewProducts(self._day.now)
        if any(offer.name in ALERTS for offer in self._offers):
            yield from self._alerts()
        if wins_back:
            Tried.work_out(self._bounds)
            LeftOutTable.work_out(self._bounds)
            yield from self._quiet()

    def _alerts(self) -> Iterator[list[Planned]]:
        since = self._since
        drop, back = (
            self._settings.campaigns["price_drop"],
            self._settings.campaigns["back_in_stock"],
        )
        assert isinstance(drop, PriceDrop)  # noqa: S101 - each name has its own type of settings
        assert isinstance(back, BackInStock)  # noqa: S101
        if all(offer.off for offer in self._offers if offer.name in ALERTS):
            return
        Stir.work_out(since, drop.more_than_percent)
        if not Waiting.line_up(since, drop.more_than_percent):
            return  # nobody who may be written to waits for anything that moved
        self._articles = articles()
        self._waves = Waves(
            self._articles.values(),
            people_per_unit=back.people_per_unit,
            wave_after=back.wave_after,
            now=self._day.now,
        )
        yield from self._queue()
        yield from self._others()
        if not any(offer.name in WINBACKS for offer in self._offers):
            self._tell_of_those_in_the_queue()

    def _tell_of_those_in_the_queue(self) -> None:
        """Who was looked at for more than their place in a queue has been told of."""
        passed = self._passed.keys() - self._decided
        for contact in passed - Seen.among(passed):
            self.tally[self._passed[contact]] += 1

    def _queue(self) -> Iterator[list[Planned]]:
        """Each place of a wave to whoever has waited longest for it and may have it.

        Pair by pair: somebody who waits for two articles stands in both queues, and takes the place
        that comes first. Nobody is looked at for whom there is no place.
        """
        until_back = self._offers[: self._place_of("back_in_stock") + 1]
        if all(offer.off for offer in until_back if offer.name == "back_in_stock"):
            return
        position = 0
        while not self._is_full() and (pairs := Waiting.page(position, PEOPLE_A_BATCH)):
            position = pairs[-1].position
            asked = [pair for pair in pairs if self._has_a_place(pair)]
            people = self._gather([pair.contact_id for pair in asked])
            if any(offer.name == "new_arrivals" for offer in until_back):
                people |= self._with_news([*people.values()])
            batch = []
            for pair in asked:
                known = people.get(pair.contact_id)
                if known is None or not self._has_a_place(pair) or self._is_full():
                    continue
                only = {wish.article.article_id: 0 for wish in known.person.wishes}
                only.pop(self._articles[pair.article].article_id, None)
                one = self._judge(known, until_back, only)
                if one.decision.why is Why.CHOSEN:
                    batch.append(one)
                else:
                    against = dict(one.decision.against).get("back_in_stock", one.decision.why)
                    self._passed[pair.contact_id] = against
            Seen.add(one.decision.contact_id for one in batch)
            self._beat()
            yield batch

    def _has_a_place(self, pair: Waiting) -> bool:
        """May one more be told of this article? Not for whom a message was decided already."""
        article = self._articles.get(pair.article)
        if article is None or pair.contact_id in self._decided:
            return False
        if self._free(article) == 0:
            self._passed.setdefault(pair.contact_id, Why.NEXT_WAVE)
            return False
        return True

    def _free(self, article: Article) -> int | None:
        return self._waves.free(article) if self._waves is not None else None

    def _others(self) -> Iterator[list[Planned]]:
        """To whom something is cheaper, and who got no place in a queue."""
        everybody = array("q", Waiting.of_cheaper())
        for first in range(0, len(everybody), PEOPLE_A_BATCH):
            batch = everybody[first : first + PEOPLE_A_BATCH]
            ids = [contact for contact in batch if contact not in self._decided]
            if self._capacity.full is not None:
                self.tally[self._capacity.full] += len(ids)
                Seen.add(ids)
                continue
            yield self._judge_all(ids)

    def _quiet(self) -> Iterator[list[Planned]]:
        """Who may be won back, until the day's share, the room or the budget is full."""
        self._capacity.begin_with_the_quiet()
        suits = suitable(self._offers, self._new)
        for again in (False, True):  # who was not tried yet comes before who was, however long ago
            after: tuple[datetime, int] | None = None
            while not self._is_full():
                limit = min(self._capacity.enough(), PEOPLE_A_BATCH)
                rows = next_quiet(self._bounds, suits, after, again=again, limit=limit)
                if not rows:
                    break
                after = (rows[-1][1], rows[-1][0])
                seen = Seen.among([contact for contact, _ in rows])
                yield self._judge_all([contact for contact, _ in rows if contact not in seen])
        rest = census(self._bounds, suits)
        waiting = rest.pop("candidate", 0)
        if waiting:
            self.tally[self._capacity.full or Why.NOTHING_FITS] += waiting
        for name, count in rest.items():
            self.tally[Why[name.upper()]] += count

    def _judge_all(self, ids: Sequence[int]) -> list[Planned]:
        """Whom all campaigns of this run are asked about. Of counted articles no place is left: whoever
        could have had one stood in the queue."""
        places = {
            article.article_id: 0
            for article in self._articles.values()
            if self._free(article) is not None
        }
        known = self._gather(ids)
        before_news = self._offers[: self._place_of("new_arrivals")]
        decided = {who: self._choose(one, before_news, places) for who, one in known.items()}
        if len(before_news) < len(self._offers):
            # late, because it takes a look at all that they saw and bought
            rest = [who for who, one in decided.items() if one.why is not Why.CHOSEN]
            may_hear = [known[who] for who in rest if decided[who].why is Why.NOTHING_FITS]
            known |= self._with_news(may_hear)
            for who in rest:
                decided[who] = self._choose(known[who], self._offers, places)
        batch = [self._take(one, decided[who]) for who, one in known.items()]
        Seen.add(ids)
        for one in batch:
            self.tally[one.decision.why] += one.decision.why is not Why.CHOSEN
        self._beat()
        return batch

    def _place_of(self, campaign: str) -> int:
        """How many offers come before this one."""
        return next(
            (place for place, offer in enumerate(self._offers) if offer.name == campaign),
            len(self._offers),
        )

    def _judge(self, known: Known, offers: Sequence[Offer], places: Mapping[int, int]) -> Planned:
        return self._take(known, self._choose(known, offers, places))

    def _choose(self, known: Known, offers: Sequence[Offer], places: Mapping[int, int]) -> Decision:
        return choose(
            known.person,
            offers,
            audience=self._audience,
            caps=self._caps,
            now=self._day.now,
            today=self._day.date,
            shelf=self._shelf(places),
        )

    def _take(self, known: Known, decision: Decision) -> Planned:
        """Plan it, as far as there is room."""
        if decision.why is not Why.CHOSEN:
            return Planned(known, decision)
        if decision.contact_id in self._decided:
            return Planned(known, Decision(decision.contact_id, Why.CAPPED))
        backlog = decision.quiet_since is not None and not newly_quiet(
            decision.quiet_since, self._audience.inactive_after, self._yesterday
        )
        no_room = self._capacity.take(decision, known, backlog=backlog)
        if no_room is not None:
            return Planned(known, replace(decision, why=no_room, campaign=""))
        self._decided.add(decision.contact_id)
        withheld = self._withheld(known.phone, decision.campaign)
        self.tally[Why.HELD_OUT if withheld else Why.CHOSEN] += 1
        if withheld:
            return Planned(known, decision, backlog, withheld)
        wish = decision.wish
        if decision.campaign == "back_in_stock" and wish is not None and self._waves is not None:
            self._waves.take(wish.article)
        return Planned(known, decision, backlog)

    def _shelf(self, places: Mapping[int, int]) -> Shelf:
        return Shelf(places, self._new.by_category if self._new is not None else {})

    def _withheld(self, phone: str, campaign: str) -> str:
        """Out of what chance holds this person, now that they are chosen; "" where it does not.

        Asked last, so that both groups went through the same: who is held out has taken their part of
        the room, the budget and the day's share as the others have.
        """
        if held_out_of_everything(self._key, phone, self._settings.holdout.everything):
            return OF_EVERYTHING
        percent = self._settings.held_out_of(campaign)
        return OF_CAMPAIGN if held_out(self._key, phone, campaign, percent) else ""

    def _is_full(self) -> bool:
        return self._capacity.full is not None

    def _gather(self, ids: Sequence[int]) -> dict[int, Known]:
        return gather(ids, Asked(self._left_out, self._since, self._articles))

    def _with_news(self, known: Sequence[Known]) -> dict[int, Known]:
        """contact -> the same person, and what tells whether something is new to them."""
        if self._new is None or not known:
            return {}
        return with_news(known, self._new, self._bounds.quiet_before)
