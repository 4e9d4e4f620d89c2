"""What Meta tells of templates and the account is read again at once, and pauses what it must."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from jobs_stage import nothing

from agent.config import Settings
from agent.jobs.track import track
from agent.pauses import resume
from models import JobCall, Pause, SetAside, Webhook

TEMPLATE = {
    "message_template_id": 7,
    "message_template_name": "we_miss_you",
    "message_template_language": "en",
}
RESTRICTED = {
    "event": "ACCOUNT_RESTRICTION",
    "restriction_info": [{"restriction_type": "RESTRICTED_BIZ_INITIATED_MESSAGING"}],
}
VIOLATION = {"event": "ACCOUNT_VIOLATION", "violation_info": {"violation_type": "SPAM"}}
BACK = {"event": "DISABLED_UPDATE", "ban_info": {"waba_ban_state": "REINSTATE"}}
Tell = Callable[..., None]


@pytest.fixture
def tell(database: Path, settings: Settings, now: datetime) -> Tell:
    """A webhook of one change comes, and is worked off."""

    def told(field: str, value: dict[str, Any], *, at: datetime = now) -> None:
        entry = {"time": int(at.timestamp()), "changes": [{"field": field, "value": value}]}
        body = json.dumps({"entry": [entry]}).encode()
        Webhook.insert(source="whatsapp", body=body, received_at=now).execute()
        track(settings, now=now, beat=nothing)
        assert not SetAside.select().exists()

    return told


def paused() -> dict[str, datetime | None]:
    return {f"{one.scope} {one.source}": one.until for one in Pause.select()}


@pytest.mark.parametrize(
    ("field", "value", "job"),
    [
        ("message_template_status_update", TEMPLATE | {"event": "PAUSED"}, "templates"),
        ("message_template_quality_update", TEMPLATE | {"new_quality_score": "RED"}, "templates"),
        ("template_category_update", TEMPLATE | {"new_category": "MARKETING"}, "templates"),
        (
            "template_category_update",
            TEMPLATE | {"new_category": "UTILITY", "correct_category": "MARKETING"},
            "templates",
        ),
        ("phone_number_quality_update", {"event": "THROUGHPUT_UPGRADE"}, "account"),
        ("business_capability_update", {"max_daily_conversations_per_business": -1}, "account"),
        ("account_update", {"event": "AD_ACCOUNT_LINKED"}, "account"),
        ("account_alerts", {"alert_type": "OBA_APPROVED", "alert_severity": "CRITICAL"}, "account"),
    ],
)
def test_it_calls_the_job_that_reads_it(
    tell: Tell, field: str, value: dict[str, Any], job: str
) -> None:
    tell(field, value)
    tell(field, value)
    assert JobCall.all() == {job: 2}
    assert paused() == {}


def test_a_restriction_pauses_everything_until_its_end(
    tell: Tell, now: datetime, caplog: pytest.LogCaptureFixture
) -> None:
    end = (now + timedelta(days=3)).astimezone(UTC)
    info = RESTRICTED["restriction_info"][0] | {"expiration": int(end.timestamp())}  # type: ignore[index]
    for _ in range(2):
        tell("account_update", RESTRICTED | {"restriction_info": [info]})
    assert paused() == {"* restriction": end}
    alarms = [one for one in caplog.records if one.getMessage() == "account.restricted"]
    assert [one.levelname for one in alarms] == ["ERROR"]  # told once
    assert Pause.scopes(end - timedelta(seconds=1)) == {"*"}
    assert Pause.scopes(end) == set()


def test_one_that_is_over_already_pauses_nothing(tell: Tell, now: datetime) -> None:
    info = RESTRICTED["restriction_info"][0] | {"expiration": int(now.timestamp())}  # type: ignore[index]
    tell("account_update", RESTRICTED | {"restriction_info": [info]})
    assert paused() == {}


def test_a_violation_pauses_marketing_until_a_person_has_looked(tell: Tell, now: datetime) -> None:
    tell("account_update", VIOLATION)
    assert paused() == {"marketing restriction": None}
    later = now + timedelta(minutes=5)
    assert [one.reason for one in resume(now=later).lifted] == [
        "Meta tells of a violation of its rules: SPAM"
    ]
    tell("account_update", VIOLATION)  # the same, delivered again
    assert paused() == {}


def test_what_meta_takes_back_goes_on(tell: Tell, now: datetime) -> None:
    tell("account_update", RESTRICTED, at=now - timedelta(hours=2))
    tell("account_update", BACK, at=now - timedelta(hours=1))
    assert paused() == {}


def test_in_whatever_order_the_two_come(tell: Tell, now: datetime) -> None:
    tell("account_update", BACK, at=now - timedelta(hours=1))
    tell("account_update", RESTRICTED, at=now - timedelta(hours=2))
    assert paused() == {}


def test_a_restriction_after_that_counts(tell: Tell, now: datetime) -> None:
    tell("account_update", BACK, at=now - timedelta(hours=2))
    tell("account_update", RESTRICTED, at=now - timedelta(hours=1))
    tell("account_update", BACK, at=now - timedelta(hours=3))  # late
    assert paused() == {"* restriction": None}


def test_taking_it_back_leaves_what_somebody_paused(tell: Tell, now: datetime) -> None:
    Pause.put("*", "operator", "stocktaking", now=now)
    tell("account_update", RESTRICTED, at=now - timedelta(hours=2))
    tell("account_update", BACK, at=now - timedelta(hours=1))
    assert paused() == {"* operator": None}
