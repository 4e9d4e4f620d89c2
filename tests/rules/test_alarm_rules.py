"""Which alarms stand, by what is known."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from agent.rules.alarm_kinds import KINDS, PARTS, Standing
from agent.rules.alarms import AlarmFacts, FailingJob, Said, gone_for, judge_alarms

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
HOUR, MINUTE, DAY = timedelta(hours=1), timedelta(minutes=1), timedelta(days=1)
WELL = AlarmFacts(
    now=NOON, stuck_after=HOUR, running_since=NOON - 5 * DAY, free_mb=1_000,
    free_bytes=50_000_000_000, shop_read_at=NOON - MINUTE,
)  # fmt: skip
LONG_AGO = NOON - HOUR - MINUTE
SAID = Said("it is not well", "mend it", NOON - HOUR)


def job(name: str = "poll", **columns: object) -> FailingJob:
    fields = {
        "job": name, "failures": 3, "since": LONG_AGO, "failure": "Garbled", "trouble": "HTML came",
        "fix": "see the shop",
    }  # fmt: skip
    return FailingJob(**(fields | columns))  # type: ignore[arg-type]


def stand(**facts: object) -> list[Standing]:
    return judge_alarms(replace(WELL, **facts))  # type: ignore[arg-type]


def kinds(**facts: object) -> list[str]:
    return [one.kind for one in stand(**facts)]


def test_where_all_is_well_nothing_stands() -> None:
    assert stand() == []
    assert stand(free_bytes=None, shop_read_at=None) == []


@pytest.mark.parametrize(
    ("facts", "kind"),
    [
        ({"stopped": [(190, SAID)]}, "whatsapp_token"),
        ({"stopped": [(10, SAID)]}, "whatsapp_token"),
        ({"stopped": [(200, SAID)]}, "whatsapp_token"),
        ({"stopped": [(131031, SAID)]}, "whatsapp_stopped"),
        ({"stopped": [(None, SAID)]}, "whatsapp_stopped"),
        ({"failing": [job("account", failure="Unauthorized")]}, "whatsapp_token"),
        ({"failing": [job("coupons", failure="Unauthorized")]}, "shop_key"),
        ({"number": SAID}, "whatsapp_number"),
        ({"restrictions": [SAID]}, "whatsapp_restriction"),
        ({"templates": {"we_miss_you": SAID}}, "template"),
        ({"moved_templates": {"order_completed": "en"}}, "template_category"),
        ({"canaries": {"we_miss_you": SAID}}, "canary"),
        ({"shop_read_at": LONG_AGO}, "mirror_stale"),
        ({"drift": {"orders": (3, 200)}}, "mirror_drift"),
        ({"shop_webhooks": "disabled"}, "shop_webhooks"),
        ({"due": 5, "oldest_due": LONG_AGO}, "queue_stuck"),
        ({"unsure": 10}, "unsure"),
        ({"webhooks_waiting": 2, "oldest_webhook": LONG_AGO}, "webhooks_wait"),
        ({"unanswered_since": LONG_AGO}, "webhooks_missing"),
        ({"set_aside": 1}, "set_aside"),
        ({"free_bytes": 999_999_999}, "disk"),
        ({"budget_spent": SAID}, "budget_spent"),
        ({"budget_prices": SAID}, "budget_prices"),
        ({"restored": SAID}, "restored"),
        ({"forward": replace(SAID, since=LONG_AGO)}, "forward"),
        ({"coupons_failed": 1, "coupon_trouble": "its code is taken"}, "coupons"),
        ({"failing": [job("templates")]}, "job_failing"),
        ({"hung": ["send"]}, "job_hung"),
    ],
)
def test_each_kind_stands_alone_with_what_is_so_and_what_to_do(
    facts: dict[str, object], kind: str
) -> None:
    [alarm] = stand(**facts)
    assert alarm.kind == kind
    assert alarm.what
    assert alarm.fix
    assert alarm.severity == KINDS[kind][0]


def test_every_kind_can_stand_and_belongs_to_a_part() -> None:
    marks = test_each_kind_stands_alone_with_what_is_so_and_what_to_do.pytestmark
    assert {kind for _, kind in marks[0].args[1]} == set(KINDS) == set(PARTS)


@pytest.mark.parametrize(
    "facts",
    [
        {"shop_read_at": NOON - HOUR},  # to the minute
        {"drift": {"orders": (2, 100), "products": (3, 300)}},  # few, or a small share
        {"due": 5, "oldest_due": LONG_AGO, "last_claim": NOON - MINUTE},  # a long queue that moves
        {"due": 0, "oldest_due": LONG_AGO},
        {"unsure": 9},
        {"oldest_webhook": NOON - MINUTE},
        {"unanswered_since": NOON - MINUTE},
        {"free_bytes": 1_000_000_000},
        {"forward": SAID},  # for no longer than an hour
        {"forward": replace(SAID, since=None)},
        {"failing": [job("templates", failures=2)]},
        {"failing": [job("templates", since=NOON - MINUTE)]},
        {"failing": [job("account", failure="Unauthorized", failures=1)]},  # perhaps once
        {"failing": [job("hints", failure="ShopAway")]},  # that is mirror_stale
    ],
)
def test_what_passes_or_is_told_elsewhere_is_no_alarm(facts: dict[str, object]) -> None:
    assert stand(**facts) == []


def test_what_should_have_happened_while_winback_was_off_is_nobodys_fault() -> None:
    off = {
        "running_since": NOON - MINUTE,
        "shop_read_at": NOON - 2 * DAY,
        "due": 5,
        "oldest_due": NOON - 2 * DAY,
        "webhooks_waiting": 1,
        "oldest_webhook": NOON - 2 * DAY,
    }
    assert kinds(**off) == []
    on = off | {"running_since": LONG_AGO}
    assert kinds(**on) == ["mirror_stale", "queue_stuck", "webhooks_wait"]


def test_a_stale_mirror_tells_what_the_shop_said() -> None:
    [alarm] = stand(shop_read_at=LONG_AGO, failing=[job(failure="ShopAway", trouble="no answer")])
    assert "no answer" in alarm.what
    assert alarm.fix == "see the shop"
    assert alarm.since == LONG_AGO


def test_a_key_that_many_jobs_were_refused_with_is_one_alarm() -> None:
    refused = [job(name, failure="Unauthorized") for name in ("poll", "coupons", "account", "send")]
    assert sorted(kinds(failing=refused)) == ["shop_key", "whatsapp_token"]


def test_each_campaign_has_its_own_alarm() -> None:
    found = stand(templates={"we_miss_you": SAID, "price_drop": SAID})
    assert [one.key for one in found] == [("template", "we_miss_you"), ("template", "price_drop")]


def test_a_job_that_broke_without_a_remedy_gets_one() -> None:
    [alarm] = stand(failing=[job("settle", fix="", failure="KeyError")])
    assert "log" in alarm.fix


def test_what_comes_and_goes_has_to_be_gone_for_longer_and_longer() -> None:
    minutes = [gone_for(ended) // MINUTE for ended in range(9)]
    assert minutes == [10, 20, 40, 80, 160, 320, 360, 360, 360]
