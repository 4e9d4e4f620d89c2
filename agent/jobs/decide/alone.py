"""One person asked about by themselves: what a run would find of them, and what it would decide."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from agent.jobs.decide.arrivals import NewProducts
from agent.jobs.decide.articles import Waves, articles
from agent.jobs.decide.people import Known
from agent.jobs.decide.plan import Plan
from agent.jobs.decide.planned import Planned
from agent.rules.conditions import Condition
from agent.rules.interest import Article
from agent.rules.selection import ALERTS, Offer, everything_asked
from models import Interest
from models.base import tuples
from models.waiting import Stir, Waiting, forget

MOST_AHEAD = 200
"""People that are counted who have waited longer, where there are not more places than that."""


@dataclass(frozen=True, slots=True)
class Queue:
    """How far a person is from a message about an article of which the shop counts the units.

    `ahead`: people who can be written to and have waited longer; `or_more`: so many were counted, and there
    are more. `free`: how many more may be told now.
    """

    article: str
    ahead: int
    free: int
    or_more: bool = False


@dataclass(frozen=True, slots=True)
class Judged:
    """What a run would do about one person, if nobody came before them for the room and the budget.

    `asked`: each campaign that can be decided, in the order of preference, with all its conditions;
    those of a campaign that is off tell what would be if it were on.
    """

    planned: Planned
    asked: Sequence[tuple[Offer, Sequence[Condition]]]
    queues: Sequence[Queue]


class Alone(Plan):
    """The plan of a run that looks at one person. Nothing is written but temporary tables."""

    def judge(self, contact: int) -> Judged:
        """Raises KeyError for a contact that there is none of."""
        try:
            self._look_at_what_moved(contact)
            known = self._gather([contact])[contact]
            self._new = NewProducts(self._day.now)
            known = self._with_news([known])[contact]
            queues = self._queues(known)
        finally:
            forget()
        places = {
            article.article_id: max(queue.free - queue.ahead, 0)
            for article, queue in queues.items()
        }
        return Judged(
            self._judge(self._as_a_run_sees(known), self._offers, places),
            [(offer, self._asked(known, offer, places)) for offer in self._offers],
            list(queues.values()),
        )

    def _look_at_what_moved(self, contact: int) -> None:
        """Of what this person looked at, what is back or cheaper."""
        looked_at = Interest.select(Interest.product_id).where(
            Interest.contact_id == contact, Interest.seen_at > self._since
        )
        products = {number for (number,) in tuples(looked_at.distinct())}
        drop: Any = self._settings.campaigns["price_drop"]
        back: Any = self._settings.campaigns["back_in_stock"]
        Stir.work_out(self._since, drop.more_than_percent, products)
        self._articles = articles()
        self._waves = Waves(
            self._articles.values(),
            people_per_unit=back.people_per_unit,
            wave_after=back.wave_after,
            now=self._day.now,
        )

    def _queues(self, known: Known) -> dict[Article, Queue]:
        """article -> the queue in which they stand for it, where its units are counted."""
        free = {
            wish.article: free
            for wish in known.person.wishes
            if wish.waits and (free := self._free(wish.article)) is not None
        }
        return {
            article: self._queue_for(article, known.person.contact_id, places)
            for article, places in free.items()
        }

    def _queue_for(self, article: Article, contact: int, places: int) -> Queue:
        most = max(MOST_AHEAD, places)
        ahead = Waiting.ahead(contact, article.key, self._since, self._bounds, most + 1)
        return Queue(article.name, min(ahead, most), places, or_more=ahead > most)

    def _as_a_run_sees(self, known: Known) -> Known:
        """A run whose alerts are all off looks at nobody's wishes."""
        if any(not offer.off for offer in self._offers if offer.name in ALERTS):
            return known
        return replace(known, person=replace(known.person, wishes=()))

    def _asked(
        self, known: Known, offer: Offer, places: Mapping[int, int]
    ) -> tuple[Condition, ...]:
        return everything_asked(
            known.person,
            offer,
            audience=self._audience,
            caps=self._caps,
            now=self._day.now,
            today=self._day.date,
            shelf=self._shelf(places),
        )
