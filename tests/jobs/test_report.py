"""outbox + conversions -> figures; each against a count made by hand."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from jobs_stage import DAY, add_contact, add_message, open_shop

from agent.config import Settings
from agent.jobs.report import Failure, Line, Report, report
from agent.rules.credit import View
from agent.rules.figures import Figures
from agent.rules.reasons import Why
from models import Conversion, JobRun, Message, PhoneReading
from models.base import database as handle

EVERY_STATE = (
    "queued", "claimed", "accepted", "held", "sent", "delivered", "read", "undelivered",
    "unsure", "abandoned", "failed", "refused", "cancelled", "expired", "withheld",
)  # fmt: skip
PRICES = """[budget]
currency = "BRL"
prices = [
  {since = "2026-01-01", country = "US", category = "marketing", price = "0.10"},
  {since = "2026-03-02", country = "US", category = "marketing", price = "0.20"},
  {since = "2026-01-01", country = "US", category = "utility", price = "0.01"},
]"""


@pytest.fixture(autouse=True)
def _opened(database: Path) -> None:
    open_shop(name="Example Shop", currency="BRL", zone="America/Sao_Paulo")


@pytest.fixture
def told(settings: Settings, now: datetime) -> Callable[..., Report]:
    def tell(**more: Any) -> Report:
        return report(more.pop("settings", settings), **{"now": now, "days": 30} | more)

    return tell


def earn(
    message: Message, order: int, revenue: int, at: datetime, currency: str = "BRL", **more: Any
) -> None:
    Conversion.insert(
        order_id=order, message_id=message.id, contact_id=message.contact_id,
        campaign=message.campaign, ordered_at=at, revenue=revenue, currency=currency,
        period=message.period, template=message.template, language=message.language,
        **{"first_message_id": message.id} | more,
    ).execute()  # fmt: skip


def message(now: datetime, number: int, **more: Any) -> Message:
    """A message to a person of its own."""
    contact = add_contact(f"+120255501{number:02}", now, first_name=f"P{number}")
    return add_message(contact, now, **more)


def test_every_state_is_counted_in_its_place_and_nowhere_else(
    now: datetime, told: Callable[..., Report]
) -> None:
    for number, state in enumerate(EVERY_STATE):
        message(now, number, state=state)
    [line] = told().lines
    one = line.figures
    assert one == Figures(
        chosen=15,
        withheld=1,
        sent=6,  # accepted, held, sent, delivered, read, undelivered
        delivered=2,
        opened=1,
        waiting=2,
        failed=3,
        dropped=2,
        unknown=2,
        unpriced=6,  # what has or may have arrived, and no price is known
    )
    # nobody vanishes; `undelivered` was sent and failed
    whole = one.sent + one.waiting + one.dropped + one.unknown + one.failed + one.withheld
    assert whole == 15 + 1


def test_fault_26_what_people_did_is_read_from_the_messages_and_no_counter_is_kept(
    now: datetime, told: Callable[..., Report]
) -> None:
    one = message(now, 1, state="delivered")
    message(now, 2, state="read", clicked=True, replied=True, stopped=True)
    first = told().lines[0].figures
    assert (first.clicked, first.replied, first.opt_outs) == (1, 1, 1)
    # however often the same is told
    for _ in range(3):
        Message.update(state="read", clicked=True).where(Message.id == one.id).execute()
    again = told().lines[0].figures
    assert (again.opened, again.clicked, again.delivered) == (2, 2, 2)
    assert told() == told()


def test_fault_4_a_status_reaches_the_figures(now: datetime, told: Callable[..., Report]) -> None:
    one = message(now, 1, state="sent")
    assert told().lines[0].figures.delivered == 0
    Message.update(state="read").where(Message.id == one.id).execute()
    assert (told().lines[0].figures.delivered, told().lines[0].figures.opened) == (1, 1)


def test_campaigns_have_a_line_each_and_templates_a_part_of_it(
    now: datetime, told: Callable[..., Report]
) -> None:
    for number, language in enumerate(("en", "es", "es")):
        message(now, number, campaign="loyalty_reward", state="read", template="t", language=language)  # fmt: skip
    message(now, 9, state="queued")
    assert [(one.campaign, one.figures.chosen) for one in told().lines] == [
        ("loyalty_reward", 3), ("we_miss_you", 1),
    ]  # fmt: skip
    parts = told().lines[0].parts
    assert [(one.template, one.language, one.figures.opened) for one in parts] == [
        ("t", "en", 1), ("t", "es", 2),
    ]  # fmt: skip
    assert told().total.chosen == 4


def test_only_one_campaign_is_told_if_it_is_named(
    now: datetime, told: Callable[..., Report]
) -> None:
    earn(message(now, 1, campaign="loyalty_reward", state="read", code=131049), 10, 100, now)
    earn(message(now, 2, state="failed", code=131026), 11, 200, now)
    for view in View:
        one = told(campaign="we_miss_you", view=view)
        assert [line.campaign for line in one.lines] == ["we_miss_you"]
        assert [failure.campaign for failure in one.failures] == ["we_miss_you"]
        assert one.everything is None


def test_the_days_are_those_of_the_shop(now: datetime, told: Callable[..., Report]) -> None:
    # at half past one in the night of UTC it is still yesterday in São Paulo
    night = now.replace(hour=1, minute=30)
    assert told(now=night, days=2).first == date(2026, 2, 28)
    assert told(now=night, days=2).last == date(2026, 3, 1)
    message(now, 1, period="2026-02-28")
    message(now, 2, period="2026-02-27")
    message(now, 3, period="2026-03-02")
    assert told(now=night, days=2).total.chosen == 1
    assert list(told(days=4).days) == ["2026-02-27", "2026-02-28", "2026-03-02"]


def test_orders_and_revenue_are_those_of_the_messages_of_the_time(
    now: datetime, told: Callable[..., Report]
) -> None:
    inside = message(now - 29 * DAY, 1, state="read", wamid="w1")
    before = message(now - 30 * DAY, 2, state="read", wamid="w2")
    earn(inside, 10, 8950, now)
    earn(inside, 11, 1050, now)
    earn(before, 12, 99900, now)

    [line] = told().lines
    one = line.figures
    assert (one.chosen, one.converted, one.orders, one.revenue) == (
        1, 1, Counter(BRL=2), Counter(BRL=10000),
    )  # fmt: skip
    assert told().days[(now - 29 * DAY).date().isoformat()].revenue["BRL"] == 10000


def test_other_currencies_stand_apart(now: datetime, told: Callable[..., Report]) -> None:
    one = message(now, 1, state="read")
    earn(one, 10, 1000, now)
    earn(one, 11, 250, now, currency="USD")
    figures = told().lines[0].figures
    assert figures.revenue == {"BRL": 1000, "USD": 250}
    assert figures.converted == 1


def test_views_count_the_same_orders_for_other_messages(
    now: datetime, told: Callable[..., Report]
) -> None:
    began = message(now - DAY, 1, campaign="new_arrivals", template="n", state="read")
    last = message(now, 2, state="read")
    earn(last, 10, 1000, now, first_message_id=began.id)
    earn(last, 11, 500, now, by_coupon=True)

    def revenue(view: View) -> dict[str, int]:
        lines = told(view=view).lines
        return {line.campaign: line.figures.revenue["BRL"] for line in lines}

    assert revenue(View.LAST) == {"new_arrivals": 0, "we_miss_you": 1500}
    assert revenue(View.FIRST) == {"new_arrivals": 1000, "we_miss_you": 500}
    assert revenue(View.COUPON) == {"new_arrivals": 0, "we_miss_you": 500}
    for view, converted in ((View.LAST, 1), (View.FIRST, 2), (View.COUPON, 1)):
        assert told(view=view).total.converted == converted


def test_order_news_have_a_block_of_their_own(now: datetime, told: Callable[..., Report]) -> None:
    message(now, 1, state="read")
    message(now, 2, campaign="order_completed", kind="utility", order_id=7, state="delivered")
    message(now, 3, campaign="statuses.ready", kind="utility", order_id=8, state="failed", code=1)
    told_now = told()
    assert [(line.campaign, line.figures.chosen) for line in told_now.lines] == [("we_miss_you", 1)]
    assert [(line.campaign, line.figures.sent, line.figures.failed) for line in told_now.news] == [
        ("order_completed", 1, 0), ("statuses.ready", 0, 1),
    ]  # fmt: skip
    assert told_now.total.chosen == sum(one.chosen for one in told_now.days.values()) == 1


# what it cost


@pytest.mark.parametrize(
    ("columns", "cost", "unpriced"),
    [
        ({"state": "delivered", "charged": "marketing"}, "0.20", 0),
        ({"state": "delivered", "charged": "marketing_lite"}, "0.20", 0),
        ({"state": "delivered", "charged": "utility"}, "0.01", 0),
        ({"state": "delivered", "charged": "free"}, "0", 0),
        ({"state": "delivered", "charged": "authentication"}, "0", 1),
        ({"state": "delivered", "charged": ""}, "0.20", 0),  # nothing was told: its kind's
        ({"state": "unsure", "charged": ""}, "0.20", 0),  # it may have arrived
        ({"state": "delivered", "charged": "", "country": "FR"}, "0", 1),
        ({"state": "failed", "charged": "marketing"}, "0", 0),
        ({"state": "undelivered", "charged": ""}, "0", 0),
        ({"state": "queued", "charged": ""}, "0", 0),
        ({"state": "withheld", "charged": ""}, "0", 0),
        ({"state": "read", "charged": "", "campaign": "order_completed"}, "0.01", 0),
    ],
)
def test_a_message_costs_what_its_country_category_and_day_cost(
    write_settings: Callable[..., Settings],
    now: datetime,
    told: Callable[..., Report],
    columns: dict[str, Any],
    cost: str,
    unpriced: int,
) -> None:
    message(now, 1, **{"country": "US"} | columns)
    found = told(settings=write_settings(PRICES))
    [line] = [*found.lines, *found.news]
    assert (line.figures.cost, line.figures.unpriced) == (Decimal(cost), unpriced)


def test_prices_hold_from_their_day_on(
    write_settings: Callable[..., Settings], now: datetime, told: Callable[..., Report]
) -> None:
    message(now, 1, state="read", country="US")
    message(now - DAY, 2, state="read", country="US")
    assert told(settings=write_settings(PRICES)).total.cost == Decimal("0.30")


# failures


def test_failures_are_told_by_what_whatsapp_said(
    now: datetime, told: Callable[..., Report]
) -> None:
    for number in range(3):
        message(now, number, state="failed", code=131049)
    message(now, 4, state="refused", code=131026)
    message(now, 5, state="undelivered")
    message(now, 6, state="failed", code=424242)
    message(now, 7, state="read", code=131049)  # put off once, and then it came
    message(now - 40 * DAY, 8, state="failed", code=1)
    assert told().failures == [
        Failure("we_miss_you", 131049, "WhatsApp spares this person marketing for now", 3),
        Failure("we_miss_you", 131026, "not on WhatsApp, or cannot get such messages", 1),
        Failure("we_miss_you", 424242, "see WhatsApp's list of error codes", 1),
        Failure("we_miss_you", None, "no reason was told", 1),
    ]


# people


def test_who_was_left_alone_is_told_by_the_latest_run_that_came_through(
    now: datetime, told: Callable[..., Report]
) -> None:
    def ran(at: datetime, outcome: str, **result: int) -> None:
        JobRun.write("campaigns", started_at=at, ended_at=at, outcome=outcome, result=result)

    ran(now - 2 * DAY, "ok", chosen=9)
    ran(now - DAY, "ok", chosen=2, no_consent=40, not_quiet=5, of_another_version=1)
    ran(now, "failed")

    found = told()
    assert found.decided_at == now - DAY
    assert found.reasons == {Why.CHOSEN: 2, Why.NO_CONSENT: 40, Why.NOT_QUIET: 5}


def test_numbers_that_cannot_be_reached_are_told_by_reason(told: Callable[..., Report]) -> None:
    PhoneReading.keep(
        [
            {"typed": "1", "country": "US", "reason": "too short", "e164": ""},
            {"typed": "2", "country": "US", "reason": "too short", "e164": ""},
            {"typed": "3", "country": "US", "reason": "a landline", "e164": ""},
            {"typed": "4", "country": "US", "reason": "", "e164": "+12025550104"},
        ]
    )
    assert told().unreachable == {"too short": 2, "a landline": 1}


def test_examples_are_people_and_those_who_ordered_come_first(
    now: datetime, told: Callable[..., Report]
) -> None:
    ordered = message(now - DAY, 1, state="read", reason="quiet for 61 days")
    for number in range(2, 9):
        message(now, number, state="sent")
    message(now, 20, state="withheld")
    message(now, 21, campaign="order_completed", order_id=7, state="read")
    earn(ordered, 10, 1000, now)
    earn(ordered, 11, 1000, now)

    examples = told().examples
    assert [one.became for one in examples] == ["ordered", "sent"]
    assert examples[0].reason == "quiet for 61 days"
    assert "2025550101" not in examples[0].person  # nobody's whole number on a screen


def test_a_shop_where_nothing_has_happened_yet_has_a_report(told: Callable[..., Report]) -> None:
    assert told() == Report(
        first=date(2026, 2, 1), last=date(2026, 3, 2), shop="Example Shop", currency="BRL",
        cost_currency="USD", lines=[], news=[], failures=[], examples=[],
    )  # fmt: skip


# how it is counted


def test_the_counts_come_from_one_index_without_sorting(
    monkeypatch: pytest.MonkeyPatch, now: datetime, told: Callable[..., Report]
) -> None:
    message(now, 1, state="failed", code=1)
    asked: list[str] = []
    real = handle.obj.execute_sql

    def listening(sql: str, values: Any = None, *more: Any) -> Any:
        if sql.startswith("SELECT") and "COUNT" in sql and 'FROM "message"' in sql:
            asked.extend(row[3] for row in real(f"EXPLAIN QUERY PLAN {sql}", values).fetchall())
        return real(sql, values, *more)

    monkeypatch.setattr(handle.obj, "execute_sql", listening)
    told()
    plans = " / ".join(asked)
    assert "USING COVERING INDEX message_counted (period>? AND period<?)" in plans
    assert "message_failed (period>? AND period<?)" in plans
    by_cells = plans[: plans.index("message_failed")]
    assert "TEMP B-TREE" not in by_cells
    assert "SCAN message" not in plans


def test_the_window_and_the_currency_of_the_prices_are_told(
    settings: Settings, told: Callable[..., Report]
) -> None:
    shorter = replace(settings, attribution=replace(settings.attribution, window=timedelta(days=5)))
    assert told(settings=shorter).window == timedelta(days=5)
    assert told().cost_currency == "USD"


def test_a_line_without_parts_is_a_line() -> None:
    assert Line("we_miss_you", Figures()).parts == ()
