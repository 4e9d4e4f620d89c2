"""The account's standing and its templates change, and the webhooks say so as Meta's do."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hearing import Hearing, hearing
from whatsapp_stage import ANA, Stage

from agent.rules.inbound import Unknown, read_webhook
from agent.rules.meta_news import (
    AccountAlert,
    AccountUpdate,
    Capability,
    NumberChange,
    Restriction,
    TemplateCategory,
    TemplateQuality,
    TemplateStatus,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

NAME = "we_miss_you"
OURS = {"name": NAME, "language": "en"}
MESSAGE = {
    "messaging_product": "whatsapp",
    "to": ANA,
    "type": "template",
    "template": {"name": NAME, "language": {"code": "en"}},
}
HOUR = timedelta(hours=1)


@pytest.fixture
def subscriber() -> Iterator[Hearing]:
    with hearing() as heard:
        yield heard


@pytest.fixture
def stage(subscriber: Hearing) -> Iterator[Stage]:
    with Stage() as opened:
        opened.wa.subscribe(subscriber.url)
        opened.wa.add_template(NAME, "en", body="Come and see us again soon.")
        opened.wa.add_template(NAME, "es", body="Ven a vernos pronto otra vez.")
        yield opened


def told(stage: Stage, subscriber: Hearing) -> list[Any]:
    """What the agent's own reader makes of the webhooks since the last time."""
    stage.wa.deliver_due()
    return [event for one in subscriber.take() for event in read_webhook(one.json)]


def refused(stage: Stage) -> int | None:
    status, answer = stage.send(MESSAGE)
    return None if status == 200 else answer["error"]["code"]


def test_another_quality_is_told_when_it_becomes_or_was_poor(
    stage: Stage, subscriber: Hearing
) -> None:
    for quality in ("YELLOW", "RED", "RED", "GREEN"):
        stage.wa.change_quality(quality)
        assert stage.wa.number["quality_rating"] == quality
    assert [one.event for one in told(stage, subscriber)] == ["FLAGGED", "UNFLAGGED"]


def test_another_status_or_health_is_not_told(stage: Stage, subscriber: Hearing) -> None:
    stage.wa.change_status("RATE_LIMITED")
    stage.wa.change_health("BLOCKED", "WABA", "no payment method")
    assert told(stage, subscriber) == []
    _, number = stage.get(stage.wa.phone_number_id, fields="status,health_status")
    assert number["status"] == "RATE_LIMITED"
    health = number["health_status"]
    assert health["can_send_message"] == "BLOCKED"
    (waba,) = (one for one in health["entities"] if one["can_send_message"] == "BLOCKED")
    assert (waba["entity_type"], waba["errors"][0]["error_description"]) == (
        "WABA",
        "no payment method",
    )
    stage.wa.change_health("AVAILABLE")
    assert all("errors" not in one for one in stage.wa.number["health_status"]["entities"])


@pytest.mark.parametrize(
    ("tier", "as_number", "limit"),
    [("TIER_10K", False, "TIER_10K"), ("TIER_10K", True, "10000"), ("TIER_UNLIMITED", True, "-1")],
)
def test_another_limit_as_a_word_or_a_number(
    stage: Stage, subscriber: Hearing, tier: str, limit: str, *, as_number: bool
) -> None:
    stage.wa.change_limit(tier, as_number=as_number)
    assert told(stage, subscriber) == [Capability(limit=limit)]
    assert stage.wa.number["whatsapp_business_manager_messaging_limit"] == tier
    assert stage.wa.limits.people_a_day is None  # the sandbox keeps none until it is told to


def test_the_limits_that_the_sandbox_keeps_change_with_them(
    stage: Stage, subscriber: Hearing
) -> None:
    stage.wa.limits.people_a_day, stage.wa.limits.per_second = 250, 80
    stage.wa.change_limit("TIER_2K")
    stage.wa.change_throughput("HIGH")
    assert (stage.wa.limits.people_a_day, stage.wa.limits.per_second) == (2000, 1000)
    assert stage.wa.number["throughput"] == {"level": "HIGH"}
    assert told(stage, subscriber) == [
        Capability(limit="TIER_2K"),
        NumberChange(event="THROUGHPUT_UPGRADE", limit="TIER_2K"),
    ]
    stage.wa.change_limit("TIER_UNLIMITED")
    assert stage.wa.limits.people_a_day is None


def test_a_restriction_refuses_templates_until_its_end(stage: Stage, subscriber: Hearing) -> None:
    until = stage.clock.now() + HOUR
    stage.wa.restrict(until)
    (event,) = told(stage, subscriber)
    kind = "RESTRICTED_BIZ_INITIATED_MESSAGING"
    assert event.restrictions == (Restriction(kind=kind, until=until),)
    assert event.at == stage.clock.now()
    assert refused(stage) == 368
    stage.clock.advance(HOUR)
    assert refused(stage) is None


def test_one_of_another_kind_refuses_nothing(stage: Stage, subscriber: Hearing) -> None:
    stage.wa.restrict(stage.clock.now() + HOUR, "RESTRICTED_ADD_PHONE_NUMBER_ACTION")
    stage.wa.violate("SPAM")
    assert [one.event for one in told(stage, subscriber)] == [
        "ACCOUNT_RESTRICTION",
        "ACCOUNT_VIOLATION",
    ]
    assert refused(stage) is None


def test_a_ban_is_announced_in_force_and_over(stage: Stage, subscriber: Hearing) -> None:
    refusals = []
    for state in ("SCHEDULE_FOR_DISABLE", "DISABLE", "REINSTATE"):
        stage.wa.ban(state, "November 22, 2026" if state == "SCHEDULE_FOR_DISABLE" else "")
        refusals.append(refused(stage))
        stage.wa.limits.pair = False
    assert refusals == [None, 131031, None]
    bans = [one for one in told(stage, subscriber) if isinstance(one, AccountUpdate)]
    assert [(one.ban, one.ban_date) for one in bans] == [
        ("SCHEDULE_FOR_DISABLE", "November 22, 2026"),
        ("DISABLE", ""),
        ("REINSTATE", ""),
    ]


def test_an_alert(stage: Stage, subscriber: Hearing) -> None:
    stage.wa.alert("OBA_APPROVED", "INFORMATIONAL", "You are official")
    assert told(stage, subscriber) == [
        AccountAlert(kind="OBA_APPROVED", severity="INFORMATIONAL", description="You are official")
    ]


def test_the_quality_of_a_template(stage: Stage, subscriber: Hearing) -> None:
    stage.wa.judge_template(NAME, "RED", "en")
    assert told(stage, subscriber) == [TemplateQuality(**OURS, now="RED", was="UNKNOWN")]
    listed = stage.wa.templates.find(NAME, "en")
    assert listed is not None
    assert listed.listed()["quality_score"] == {"score": "RED"}


def test_another_category_comes_a_day_after_its_notice(stage: Stage, subscriber: Hearing) -> None:
    stage.wa.change_category(NAME, "UTILITY", "en")
    assert told(stage, subscriber) == [TemplateCategory(**OURS, now="UTILITY", was="MARKETING")]
    stage.wa.announce_category(NAME, "MARKETING", "en")
    assert told(stage, subscriber) == [TemplateCategory(**OURS, now="UTILITY", becomes="MARKETING")]
    stage.clock.advance(timedelta(hours=23, minutes=59))
    assert told(stage, subscriber) == []
    stage.clock.advance(timedelta(minutes=1))
    assert told(stage, subscriber) == [TemplateCategory(**OURS, now="MARKETING", was="UTILITY")]
    assert told(stage, subscriber) == []


def test_a_paused_template_in_all_its_languages(stage: Stage, subscriber: Hearing) -> None:
    stage.wa.set_template_status(NAME, "PAUSED")
    events = told(stage, subscriber)
    assert events == [
        TemplateStatus(name=NAME, language=language, event="PAUSED") for language in ("en", "es")
    ]
    assert not any(isinstance(one, Unknown) for one in events)


@pytest.mark.parametrize("change", ["judge_template", "announce_category", "change_category"])
def test_a_template_that_does_not_exist(stage: Stage, change: str) -> None:
    with pytest.raises(KeyError):
        getattr(stage.wa, change)("unheard_of", "UTILITY")
