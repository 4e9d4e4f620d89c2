"""Those who were held out beside the others: as chance assigned them, whatever became of the messages."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from jobs_stage import (
    DAY,
    add_contact,
    add_message,
    contact_at,
    file_orders,
    file_refunds,
    nothing,
    open_shop,
    order_json,
)

from agent.config import Settings
from agent.jobs.attribute import attribute
from agent.jobs.lots import draw_lots
from agent.jobs.report import report
from agent.person_key import person_key
from agent.rules.comparison import Comparison, Verdict
from agent.rules.holdout import OF_CAMPAIGN, OF_EVERYTHING, held_out_of_everything
from models import Contact, Conversion, Statement
from models.refresh import refresh

HELD = {"state": "withheld", "detail": OF_CAMPAIGN}


def work_out(settings: Settings) -> None:
    """Whose the orders are, and which message earned which."""
    refresh(settings.audience.paid_statuses, "BRL")
    attribute(settings, beat=nothing)


def phone(number: int) -> str:
    return f"+1202555{number:04}"


@pytest.fixture(autouse=True)
def _opened(database: Path) -> None:
    open_shop(country="US", zone="America/Sao_Paulo", currency="BRL")


@pytest.fixture
def settings(write_settings: Callable[..., Settings]) -> Settings:
    return write_settings("[holdout]\neverything = 2\nshare = 10")


@pytest.fixture
def person(settings: Settings, now: datetime) -> Callable[..., int]:
    """Somebody with a message; `bought` are how many days after it they bought for 100.00 each."""
    numbers = iter(range(100, 10_000))

    def make(*bought: float, at: datetime = now - 20 * DAY, **message: Any) -> int:
        number = next(numbers)
        contact = add_contact(phone(number), now)
        add_message(contact, at, period=at.date().isoformat(), **message)
        file_orders(
            settings,
            now,
            *(
                order_json(number * 100 + n, at + days * DAY, phone(number))
                for n, days in enumerate(bought)
            ),
        )
        return contact

    return make


@pytest.fixture
def compared(settings: Settings, now: datetime) -> Callable[..., dict[str, Comparison]]:
    def compare(days: int = 30) -> dict[str, Comparison]:
        work_out(settings)
        return dict(report(settings, now=now, days=days).compared)

    return compare


def test_everybody_counts_in_the_group_they_were_assigned_to_whatever_became_of_it(
    person: Callable[..., int], compared: Callable[..., dict[str, Comparison]]
) -> None:
    for state in ("read", "failed", "cancelled", "expired", "queued"):
        person(1, state=state)
    person(state="delivered")
    person(2, **HELD)
    person(**HELD)
    one = compared()["we_miss_you"]
    assert (one.treated.people, one.treated.buyers) == (6, 5)
    assert (one.control.people, one.control.buyers) == (2, 1)
    assert one.treated.revenue.total == 50_000
    assert one.treated.revenue.squares == 5 * 10_000**2
    assert one.control.revenue.total == 10_000
    assert one.share == 0.1


def test_withheld_messages_earn_nothing_by_themselves(
    person: Callable[..., int], compared: Callable[..., dict[str, Comparison]]
) -> None:
    person(2, **HELD)
    person(1, state="read")  # never accepted, so it earns nothing either
    compared()
    assert Conversion.select().count() == 0


def test_only_what_was_bought_in_the_window_after_the_first_message_counts(
    settings: Settings,
    now: datetime,
    person: Callable[..., int],
    compared: Callable[..., dict[str, Comparison]],
) -> None:
    long_ago = now - 50 * DAY
    early = person(-1, at=long_ago, state="read")
    person(30, at=long_ago, state="read")
    late = person(30.5, at=long_ago, **HELD)
    # and a later message of the same campaign begins no window of its own
    add_message(early, now - 10 * DAY, period="2026-02-20", state="read")
    add_message(late, now - 19 * DAY, period="2026-02-11", uid="again", **HELD)
    one = compared(60)["we_miss_you"]
    assert (one.treated.people, one.treated.buyers) == (2, 1)
    assert (one.control.people, one.control.buyers) == (1, 0)
    assert one.complete == 3


def test_several_orders_of_a_person_are_one_buyer_with_all_they_paid(
    person: Callable[..., int], compared: Callable[..., dict[str, Comparison]]
) -> None:
    person(1, 2, 3, state="read")
    person(**HELD)
    treated = compared()["we_miss_you"].treated
    assert (treated.buyers, treated.revenue.total, treated.revenue.squares) == (
        1,
        30_000,
        30_000**2,
    )


def test_revenue_is_net_of_refunds_and_of_the_shops_own_money(
    settings: Settings,
    now: datetime,
    person: Callable[..., int],
    compared: Callable[..., dict[str, Comparison]],
) -> None:
    contact = person(1, state="read")
    person(**HELD)
    number = Contact.get_by_id(contact).phone[-4:].lstrip("0")
    file_refunds(settings, now, (1, int(number) * 100, "30.00"))
    euros = order_json(7, now - 10 * DAY, phone(int(number)), currency="EUR")
    file_orders(settings, now, euros)
    treated = compared()["we_miss_you"].treated
    assert (treated.buyers, treated.revenue.total) == (1, 7_000)


def test_an_order_after_several_messages_of_a_campaign_is_paid_once(
    now: datetime, person: Callable[..., int], compared: Callable[..., dict[str, Comparison]]
) -> None:
    several = person(15, state="read")
    for number in range(3):
        at = now - (10 - number) * DAY
        add_message(several, at, period=at.date().isoformat(), uid=f"later {number}", state="read")
    person(**HELD)
    treated = compared()["we_miss_you"].treated
    assert (treated.people, treated.buyers, treated.revenue.total) == (1, 1, 10_000)


def test_whoever_changed_groups_counts_in_the_first(
    now: datetime, person: Callable[..., int], compared: Callable[..., dict[str, Comparison]]
) -> None:
    changed = person(15, state="read")
    add_message(changed, now - 10 * DAY, period="2026-02-20", uid="later", **HELD)
    back = person(15, **HELD)
    add_message(back, now - 10 * DAY, period="2026-02-20", uid="later too", state="read")
    one = compared()["we_miss_you"]
    assert (one.treated.people, one.treated.buyers) == (1, 1)
    assert (one.control.people, one.control.buyers) == (1, 1)


def test_whoever_hears_no_marketing_at_all_is_in_no_group_of_a_campaign(
    person: Callable[..., int], compared: Callable[..., dict[str, Comparison]]
) -> None:
    person(1, state="withheld", detail=OF_EVERYTHING)
    assert compared() == {}
    person(state="read")
    person(**HELD)
    one = compared()["we_miss_you"]
    assert (one.treated.people, one.control.people) == (1, 1)
    assert one.treated.buyers + one.control.buyers == 0
    assert one.complete == 0  # twenty days are not thirty


def test_campaigns_are_compared_one_by_one(
    person: Callable[..., int], compared: Callable[..., dict[str, Comparison]]
) -> None:
    person(1, state="read")
    person(**HELD)
    person(1, campaign="price_drop", state="read")
    person(1, campaign="price_drop", **HELD)
    person(1, campaign="back_in_stock", state="read")  # nobody is held out
    found = compared()
    assert {name: one.control.buyers for name, one in found.items()} == {
        "we_miss_you": 0, "price_drop": 1,
    }  # fmt: skip


def test_groups_of_a_share_that_was_changed_are_not_compared(
    person: Callable[..., int], compared: Callable[..., dict[str, Comparison]]
) -> None:
    for _ in range(20):
        person(state="read")
        person(**HELD)
    assert compared()["we_miss_you"].verdict is Verdict.NOT_COMPARABLE


def test_a_campaign_without_a_share_has_no_sizes_to_expect(
    write_settings: Callable[..., Settings], now: datetime, person: Callable[..., int]
) -> None:
    person(state="read")
    person(**HELD)
    person(campaign="of_old", state="read")
    person(campaign="of_old", **HELD)
    settings = write_settings(
        "[holdout]\nshare = 10\n\n[campaigns.we_miss_you]\nenabled = true\nholdout = 0"
    )
    found = report(settings, now=now, days=30).compared
    assert [found[name].share for name in ("of_old", "we_miss_you")] == [None, None]


@pytest.mark.long
@pytest.mark.parametrize("share", [0, 10])
def test_who_was_chosen_after_the_holdout_was_ended_is_not_compared_with_those_before(
    write_settings: Callable[..., Settings],
    now: datetime,
    person: Callable[..., int],
    share: int,
) -> None:
    for n in range(40):
        person(*([1] if n % 2 else []), at=now - 25 * DAY, state="read")
    for n in range(4):
        person(*([1] if n % 2 else []), at=now - 25 * DAY, **HELD)
    for _ in range(200):
        person(at=now - DAY, state="read")  # they have hardly had the time to buy
    settings = write_settings(
        f"[holdout]\nshare = 10\n\n[campaigns.we_miss_you]\nenabled = true\nholdout = {share}"
    )
    work_out(settings)
    one = report(settings, now=now, days=30).compared["we_miss_you"]
    if share:  # the sizes tell of it
        assert one.verdict is Verdict.NOT_COMPARABLE
    else:
        assert (one.treated.people, one.control.people) == (40, 4)
        assert one.treated.rate == one.control.rate == 0.5
        assert one.verdict is Verdict.CANNOT_TELL
        # and two months later their time is over, and that of the later ones does not count
        one = report(settings, now=now + 60 * DAY, days=90).compared["we_miss_you"]
        assert one.complete == one.people == 44


# nothing at all


@pytest.fixture
def crowd(settings: Settings, now: datetime) -> list[str]:
    """2,000 people who agreed; those of them with an even number bought ten days ago."""
    phones = [phone(number) for number in range(2_000)]
    for one in phones:
        add_contact(one, now, created_at=now - 400 * DAY)
    orders = [order_json(n + 1, now - 10 * DAY, phones[n]) for n in range(0, 200, 2)]
    file_orders(settings, now, *orders)
    work_out(settings)
    return phones


def test_the_group_that_hears_nothing_is_compared_with_all_others(
    settings: Settings, now: datetime, crowd: list[str]
) -> None:
    assert report(settings, now=now, days=30).everything is None  # nobody's lot is drawn
    assert draw_lots(beat=nothing) == {"drawn to compare": 2_000}
    assert draw_lots(beat=nothing) == {}
    held = {one for one in crowd if held_out_of_everything(person_key(), one, 2)}
    bought = {crowd[n] for n in range(0, 200, 2)}
    one = report(settings, now=now, days=30).everything
    assert one is not None
    assert (one.control.people, one.treated.people) == (len(held), 2_000 - len(held))
    assert (one.control.buyers, one.treated.buyers) == (len(held & bought), len(bought - held))
    assert one.treated.revenue.total == len(bought - held) * 10_000
    # and what was bought before counts in no group
    earlier = report(settings, now=now, days=5).everything
    assert earlier is not None
    assert earlier.control.buyers + earlier.treated.buyers == 0


def test_whoever_said_no_meanwhile_had_agreed_and_still_counts(
    settings: Settings, now: datetime, crowd: list[str]
) -> None:
    draw_lots(beat=nothing)
    said = {"purpose": "marketing", "said_at": now - 90 * DAY, "recorded_at": now - 90 * DAY}
    for number, when in ((0, now - DAY), (2, now - 60 * DAY), (4, now - DAY)):
        Contact.update(marketing="no", marketing_at=when).where(
            Contact.id == contact_at(crowd[number]).id
        ).execute()
        if number != 4:  # who never agreed is none of them
            Statement.add([{"phone": crowd[number], "says": "yes", "source": "list", **said}])
    one = report(settings, now=now, days=30).everything
    assert one is not None
    assert one.people == 1_998
    assert one.control.buyers + one.treated.buyers == 98


def test_without_a_share_there_is_no_such_group(
    write_settings: Callable[..., Settings], now: datetime, crowd: list[str]
) -> None:
    draw_lots(beat=nothing)
    settings = write_settings("[holdout]\neverything = 0")
    assert report(settings, now=now, days=30).everything is None


def test_a_window_of_another_length_is_the_one_that_counts(
    write_settings: Callable[..., Settings], now: datetime, person: Callable[..., int]
) -> None:
    settings = write_settings('[holdout]\nshare = 10\n\n[attribution]\nwindow = "2d"')
    person(1.9, state="read")
    person(2.1, state="read")
    person(**HELD)
    work_out(settings)
    one = report(settings, now=now, days=30).compared["we_miss_you"]
    assert one.treated.buyers == 1
    assert one.complete == one.people
    assert timedelta(days=2) == settings.attribution.window
