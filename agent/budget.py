"""The month's budget, gathered: what counts in the outbox, and whom we may write to."""

from collections import Counter
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from peewee import JOIN, SQL, fn

from agent.config import Settings
from agent.config.countries import COUNTRIES
from agent.errors import ConfigError
from agent.log import Log
from agent.rules.budget import Allowance, Budget, Prices, Rate, Sent, Spent, Unpriced
from models import Contact, Message
from models.base import tuples
from models.outbox import UNCOUNTED

log = Log(__name__)

SHOWN = 5  # prices that are asked for at once
LOOK_AGAIN = timedelta(minutes=5)  # unless the settings were read again


def gather_budget(settings: Settings, now: datetime, zone: ZoneInfo) -> Budget:
    """This month's budget as it stands at `now`; the month is the one of the shop's calendar."""
    today = now.astimezone(zone).date()
    wanted = settings.budget
    prices = Prices(Rate(one.since, one.country, one.category, one.price) for one in wanted.prices)
    return Budget(
        Allowance(
            messages=wanted.messages_per_month,
            money=wanted.money_per_month,
            currency=wanted.currency,
        ),
        prices,
        Spent.of(_sent(today), prices),
        today=today,
        reachable={} if wanted.money_per_month is None else _reachable(settings),
        hear_news={} if wanted.money_per_month is None else _hear_news(settings),
    )


def refusal(budget: Budget, today: date) -> ConfigError | None:
    """Why no campaign may run: money is limited, and nobody knows what a message would cost."""
    missing = budget.unpriced
    if not missing:
        return None
    month = today.replace(day=1).isoformat()
    lines = {
        f'{{since = "{month}", country = "{_named(one)}", category = "{one.category}", price = "..."}}'
        for one in missing[:SHOWN]
    }
    countries = ", ".join(dict.fromkeys(one.country or "unknown" for one in missing[:SHOWN]))
    more = f" and {len(missing) - SHOWN} more" if len(missing) > SHOWN else ""
    return ConfigError(
        "money_per_month of [budget] is set, and what a message costs is not known for "
        f"{countries}{more}: no campaign runs",
        fix=f"add to prices of [budget]: {', '.join(sorted(lines))}"
        + ("" if len(missing) == 1 else '; a line of country "*" is for all that have none'),
    )


class PriceWatch:
    """Whether campaigns may run; for who is asked every few seconds. What is wrong is told once."""

    def __init__(self) -> None:
        self._settings: Settings | None = None
        self._looked_at: datetime | None = None
        self._wrong: ConfigError | None = None

    def refusal(self, settings: Settings, now: datetime, zone: ZoneInfo) -> ConfigError | None:
        if settings.budget.money_per_month is None:
            wrong = None
        elif self._knows(settings, now):
            return self._wrong
        else:
            wrong = refusal(gather_budget(settings, now, zone), now.astimezone(zone).date())
        if wrong is not None and str(wrong) != str(self._wrong):
            log.warning("campaigns.refused", what=wrong.what, fix=wrong.fix)
        self._settings, self._looked_at, self._wrong = settings, now, wrong
        return wrong

    def _knows(self, settings: Settings, now: datetime) -> bool:
        """A refusal that was found a moment ago stands; that all is well is looked at each time."""
        if self._wrong is None or self._looked_at is None or settings is not self._settings:
            return False
        return timedelta(0) <= now - self._looked_at < LOOK_AGAIN


def _named(one: Unpriced) -> str:
    """As the price table may name it."""
    return one.country if one.country in COUNTRIES else "*"


def _sent(today: date) -> list[Sent]:
    """What counts in this month, by country, kind and day.

    What is still queued will leave today at the earliest, so a message left over from last month is
    this month's already.
    """
    day = today.isoformat()
    first, last = f"{day:.8}01", f"{day:.8}31"  # texts: no month has a later day
    # Two questions, because SQLite would answer one with an OR by reading all messages there are.
    of_this_month = Message.cap_day.between(first, last)
    # Nor by their days: of all of those before, only the few that are queued are meant.
    left_over = (Message.state == SQL("'queued'")) & (Message.cap_day.concat("") < first)
    counted: Counter[tuple[str, str, str]] = Counter()
    for which in (of_this_month, left_over):
        query = (
            Message.select(
                Contact.region, Message.kind, Message.state, Message.cap_day, fn.COUNT(Message.id)
            )
            .join(Contact, JOIN.LEFT_OUTER, on=(Contact.id == Message.contact_id))
            .where(which, Message.state.not_in((*UNCOUNTED, "withheld")))
            .group_by(Contact.region, Message.kind, Message.state, Message.cap_day)
        )
        for country, kind, state, on, count in tuples(query):
            counts_on = max(on, day) if state == "queued" else on
            counted[country or "", kind, counts_on] += count
    return [
        Sent(country, kind, date.fromisoformat(on), count)
        for (country, kind, on), count in sorted(counted.items())
    ]


def _reachable(settings: Settings) -> Mapping[str, int]:
    """country -> people there who agreed to marketing.

    Those of a country that no price can be given for are under "": where money counts, only a price
    for all others lets them be written to, and they keep nobody else from being written to.
    """
    query = (
        Contact.select(Contact.region, fn.COUNT(Contact.id))
        .where(
            Contact.marketing == "yes",
            Contact.region.not_in(list(settings.audience.exclude_countries)),
        )
        .group_by(Contact.region)
    )
    return _by_country(query)


def _hear_news(settings: Settings) -> Mapping[str, int]:
    """country -> people there who agreed to order news, while some kind of these is on."""
    if not any(news.enabled for news in settings.news.values()):
        return {}
    query = Contact.select(Contact.region, fn.COUNT(Contact.id))
    return _by_country(query.where(Contact.order_news == "yes").group_by(Contact.region))


def _by_country(query: Any) -> Mapping[str, int]:
    people: Counter[str] = Counter()
    for country, count in tuples(query):
        people[country if country in COUNTRIES else ""] += count
    return people
