"""The outbox and the contacts -> what is left of the month."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from jobs_stage import DAY, add_contact, add_message

from agent.budget import gather_budget, refusal
from agent.config import Settings
from agent.rules.budget import Budget, Unpriced
from agent.rules.states import State
from models.outbox import UNCOUNTED

Write = Callable[..., Settings]

UTC = ZoneInfo("UTC")
TODAY = date(2026, 3, 2)  # of `now`, a Monday noon
PRICES = """
prices = [
  {since = "2026-01-01", country = "GB", price = "0.0382"},
  {since = "2026-01-01", country = "GB", category = "utility", price = "0.0159"},
]"""


@pytest.fixture(autouse=True)
def _open(database: Path) -> None:
    """A database."""


def gathered(write_settings: Write, now: datetime, more: str = "", zone: ZoneInfo = UTC) -> Budget:
    return gather_budget(write_settings(f"[budget]\n{more}"), now, zone)


def british(now: datetime, number: int = 0, **more: str) -> int:
    return add_contact(f"+4477009001{number:02}", now, **{"region": "GB", **more})


@pytest.fixture
def person(now: datetime) -> int:
    return british(now)


def write_to(person: int, now: datetime, day: date = TODAY, **more: object) -> None:
    add_message(person, now, cap_day=day.isoformat(), **more)


# what counts


@pytest.mark.parametrize("state", sorted(State))
def test_what_may_have_left_counts_and_what_did_not_costs_nothing(
    write_settings: Write, now: datetime, person: int, state: str
) -> None:
    write_to(person, now, state=state)
    spent = gathered(write_settings, now, PRICES).spent
    counts = state not in (*UNCOUNTED, State.WITHHELD)
    assert spent.messages == counts
    assert spent.money == (Decimal("0.0382") if counts else 0)


@pytest.mark.parametrize(
    ("day", "counts"),
    [
        (date(2026, 2, 28), False),
        (date(2026, 3, 1), True),
        (date(2026, 3, 31), True),
        (date(2026, 4, 1), False),
        (date(2025, 3, 2), False),
    ],
)
def test_a_month_goes_from_its_first_day_to_its_last(
    write_settings: Write, now: datetime, person: int, day: date, counts: bool
) -> None:
    write_to(person, now, day, state="read")
    assert gathered(write_settings, now).spent.messages == counts


def test_the_month_is_the_shop_s(write_settings: Write, now: datetime, person: int) -> None:
    write_to(person, now, date(2026, 4, 1), state="read")
    late = datetime(2026, 3, 31, 23, 30, tzinfo=UTC)
    assert gathered(write_settings, late).spent.messages == 0
    assert gathered(write_settings, late, zone=ZoneInfo("Europe/Madrid")).spent.messages == 1


def test_what_is_still_queued_from_last_month_is_this_month_s(
    write_settings: Write, now: datetime, person: int
) -> None:
    """It leaves today at the earliest, and costs what it costs today."""
    write_to(person, now, date(2026, 2, 27))
    dearer = PRICES.replace("prices = [", 'prices = [{since="2026-03-01",country="GB",price=1},')
    spent = gathered(write_settings, now, dearer).spent
    assert (spent.messages, spent.money) == (1, 1)


def test_what_is_queued_counts_on_its_day_or_today_if_that_is_later(
    write_settings: Write, now: datetime, person: int
) -> None:
    write_to(person, now, TODAY - DAY)
    dearer = PRICES.replace("prices = [", 'prices = [{since="2026-03-02",country="GB",price=1},')
    assert gathered(write_settings, now, dearer).spent.money == 1


def test_messages_are_counted_by_country_day_and_kind(
    write_settings: Write, now: datetime, person: int
) -> None:
    other = add_contact("+5511912345678", now, region="BR")
    prices = PRICES.replace(
        "prices = [",
        'prices = [{since = "2026-03-02", country = "GB", price = "0.05"},'
        '{since = "2026-01-01", country = "BR", price = "0.0625"},',
    )
    for day, state in ((TODAY - DAY, "read"), (TODAY, "read"), (TODAY, "unsure")):
        write_to(person, now, day, state=state, period=f"{day}{state}")
    write_to(other, now, state="accepted")
    write_to(person, now, state="read", kind="order_news", campaign="order_completed")
    spent = gathered(write_settings, now, prices).spent
    assert spent.messages == 4
    assert spent.money == Decimal("0.0382") + 2 * Decimal("0.05") + Decimal("0.0625") + Decimal(
        "0.0159"
    )
    assert spent.unpriced == ()


def test_a_message_whose_person_is_gone_has_no_known_price(
    write_settings: Write, now: datetime
) -> None:
    write_to(999, now, state="read")
    assert gathered(write_settings, now, PRICES).spent.unpriced == (Unpriced("", "marketing", 1),)


def test_without_limits_nothing_is_refused(
    write_settings: Write, now: datetime, person: int
) -> None:
    budget = gathered(write_settings, now)
    assert budget.take("GB")
    assert refusal(budget, TODAY) is None


# prices that are missing


def test_without_a_price_for_somebody_who_agreed_no_campaign_runs(
    write_settings: Write, now: datetime, person: int
) -> None:
    """A missing price is unknown, never 0, and a money budget then refuses to start."""
    add_contact("+5491123456789", now, region="AR")
    add_contact("+5491123456780", now, region="AR")
    add_contact("+56221234567", now, region="CL")
    budget = gathered(write_settings, now, f"money_per_month = 10{PRICES}")
    assert not budget.take("GB")
    refused = refusal(budget, TODAY)
    assert refused is not None
    assert refused.what == (
        "money_per_month of [budget] is set, and what a message costs is not known for AR, CL: no "
        "campaign runs"
    )
    assert refused.fix == (
        'add to prices of [budget]: {since = "2026-03-01", country = "AR", category = "marketing", '
        'price = "..."}, {since = "2026-03-01", country = "CL", category = "marketing", price = "..."}'
        '; a line of country "*" is for all that have none'
    )
    assert refused.exit_code == 78


@pytest.mark.parametrize("says", ["", "no"])
def test_who_did_not_agree_needs_no_price(write_settings: Write, now: datetime, says: str) -> None:
    add_contact("+5491123456789", now, region="AR", marketing=says)
    assert refusal(gathered(write_settings, now, f"money_per_month = 10{PRICES}"), TODAY) is None


def test_a_country_that_is_left_out_needs_no_price(write_settings: Write, now: datetime) -> None:
    add_contact("+5491123456789", now, region="AR")
    settings = write_settings(
        f"[budget]\nmoney_per_month = 10{PRICES}\n\n[audience]\nexclude_countries = ['AR']"
    )
    assert refusal(gather_budget(settings, now, UTC), TODAY) is None


def test_the_price_must_hold_today(write_settings: Write, now: datetime, person: int) -> None:
    later = PRICES.replace("2026-01-01", "2026-03-03")
    (missing,) = gathered(write_settings, now, f"money_per_month = 10{later}").unpriced
    assert missing == Unpriced("GB", "marketing", 1)
    tomorrow = gathered(write_settings, now + DAY, f"money_per_month = 10{later}")
    assert tomorrow.unpriced == ()


def test_a_line_for_all_others_leaves_nobody_without_a_price(
    write_settings: Write, now: datetime
) -> None:
    add_contact("+5491123456789", now, region="AR")
    others = PRICES.replace("prices = [", 'prices = [{since="2026-01-01",country="*",price=1},')
    budget = gathered(write_settings, now, f"money_per_month = 10{others}")
    assert refusal(budget, TODAY) is None
    assert budget.take("AR")
    assert budget.money_left == 9


@pytest.mark.parametrize("region", ["", "001", "AC"])  # satellites, an island without a code
def test_numbers_of_no_country_stop_nobody_else(
    write_settings: Write, now: datetime, person: int, region: str
) -> None:
    add_contact("+8821612345678", now, region=region)
    budget = gathered(write_settings, now, f"money_per_month = 10{PRICES}")
    assert refusal(budget, TODAY) is None
    assert budget.take("GB")
    assert not budget.take(region)


def test_what_was_sent_without_a_known_price_refuses_too(
    write_settings: Write, now: datetime
) -> None:
    """What is left is not known then, whoever would be written to next."""
    satellite = add_contact("+8821612345678", now, region="001", marketing="no")
    write_to(satellite, now, state="read")
    refused = refusal(gathered(write_settings, now, f"money_per_month = 10{PRICES}"), TODAY)
    assert refused is not None
    assert "not known for 001: no" in refused.what
    assert refused.fix == (
        'add to prices of [budget]: {since = "2026-03-01", country = "*", category = "marketing", '
        'price = "..."}'
    )


def test_of_many_prices_the_first_few_are_asked_for(write_settings: Write, now: datetime) -> None:
    for number, region in enumerate(("AR", "BO", "CL", "EC", "PE", "PY", "UY")):
        add_contact(f"+59{number}", now, region=region)
    refused = refusal(gathered(write_settings, now, f"money_per_month = 10{PRICES}"), TODAY)
    assert refused is not None
    assert "AR, BO, CL, EC, PE and 2 more" in refused.what


def test_spending_goes_on_where_the_outbox_left_off(
    write_settings: Write, now: datetime, person: int
) -> None:
    more = f"messages_per_month = 3\nmoney_per_month = 10{PRICES}"
    write_to(person, now, state="read")
    budget = gathered(write_settings, now, more)
    assert [budget.take("GB") for _ in range(3)] == [True, True, False]
    write_to(british(now, 1), now)
    assert [gathered(write_settings, now, more).messages_left for _ in range(2)] == [1, 1]


def test_a_new_month_begins_with_nothing_spent(
    write_settings: Write, now: datetime, person: int
) -> None:
    write_to(person, now, state="read")
    april = now + timedelta(days=30)
    assert gathered(write_settings, now, "messages_per_month = 1").messages_left == 0
    assert gathered(write_settings, april, "messages_per_month = 1").messages_left == 1


# order news cost money too


@pytest.mark.parametrize(("on", "missing"), [("true", [("FR", "utility", 1)]), ("false", [])])
def test_what_order_news_would_cost_is_asked_for_before_the_first_leaves(
    write_settings: Write, now: datetime, on: str, missing: list[tuple[str, str, int]]
) -> None:
    """Else the first of them would stop all campaigns."""
    british(now, order_news="yes")
    add_contact("+33639980001", now, region="FR", marketing="no", order_news="yes")
    news = f"[order_news.order_completed]\nenabled = {on}"
    settings = write_settings(f"[budget]\nmoney_per_month = 10{PRICES}\n\n{news}")
    assert [*gather_budget(settings, now, UTC).unpriced] == missing
