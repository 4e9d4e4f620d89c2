"""What Meta tells of templates, number and account; samples as in its webhook reference."""

from datetime import UTC, datetime
from typing import Any

import pytest

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
from agent.rules.restrictions import Holds, ends_restrictions, measures

TOLD_AT = 1795400000
AT = datetime.fromtimestamp(TOLD_AT, UTC)
TEMPLATE = {
    "message_template_id": 594425479261596,
    "message_template_name": "we_miss_you",
    "message_template_language": "en-US",
}
OURS = {"name": "we_miss_you", "language": "en_US"}


def read(field: str, time: Any = TOLD_AT, **value: Any) -> Any:
    """The only event of a webhook with this one change."""
    entry = {"id": "102", "time": time, "changes": [{"field": field, "value": value}]}
    (event,) = read_webhook({"entry": [entry]})
    return event


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"event": "APPROVED", "reason": "NONE"}, TemplateStatus(**OURS, event="APPROVED")),
        ({"event": "APPROVED", "reason": None}, TemplateStatus(**OURS, event="APPROVED")),
        (
            {"event": "REJECTED", "reason": "INVALID_FORMAT"},
            TemplateStatus(**OURS, event="REJECTED", reason="INVALID_FORMAT"),
        ),
        (
            {"event": "REJECTED", "reason": "NONE", "rejection_info": {"reason": "no space"}},
            TemplateStatus(**OURS, event="REJECTED", reason="no space"),
        ),
        (
            {"event": "PAUSED", "other_info": {"title": "FIRST_PAUSE", "description": "3 hours"}},
            TemplateStatus(**OURS, event="PAUSED", title="FIRST_PAUSE"),
        ),
        ({"event": "PAUSED", "other_info": "?"}, TemplateStatus(**OURS, event="PAUSED")),
    ],
)
def test_the_status_of_a_template(more: dict[str, Any], expected: TemplateStatus) -> None:
    assert read("message_template_status_update", **TEMPLATE, **more) == expected


def test_the_quality_of_a_template() -> None:
    found = read(
        "message_template_quality_update",
        **TEMPLATE,
        previous_quality_score="GREEN",
        new_quality_score="YELLOW",
    )
    assert found == TemplateQuality(**OURS, now="YELLOW", was="GREEN")


def test_another_category_is_announced_and_then_done() -> None:
    field = "template_category_update"
    announced = read(field, **TEMPLATE, new_category="UTILITY", correct_category="MARKETING")
    done = read(field, **TEMPLATE, previous_category="UTILITY", new_category="MARKETING")
    assert announced == TemplateCategory(**OURS, now="UTILITY", becomes="MARKETING")
    assert done == TemplateCategory(**OURS, now="MARKETING", was="UTILITY")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (
            {"event": "THROUGHPUT_UPGRADE", "max_daily_conversations_per_business": "TIER_10K"},
            NumberChange(event="THROUGHPUT_UPGRADE", limit="TIER_10K"),
        ),
        (
            {"event": "DOWNGRADE", "current_limit": "TIER_250", "old_limit": "TIER_2K"},
            NumberChange(event="DOWNGRADE", limit="TIER_250"),
        ),
    ],
)
def test_the_number(value: dict[str, Any], expected: NumberChange) -> None:
    assert read("phone_number_quality_update", **value) == expected


@pytest.mark.parametrize(
    ("value", "limit"),
    [
        ({"max_daily_conversations_per_business": 2000}, "2000"),
        ({"max_daily_conversations_per_business": -1}, "-1"),
        ({"max_daily_conversations_per_business": "TIER_2K"}, "TIER_2K"),
        ({"max_daily_conversation_per_phone": 250}, "250"),
        ({}, ""),
    ],
)
def test_the_limit_is_a_number_or_a_word(value: dict[str, Any], limit: str) -> None:
    assert read("business_capability_update", **value) == Capability(limit=limit)


@pytest.mark.parametrize("nested", [True, False])
def test_an_alert(*, nested: bool) -> None:
    told = {
        "alert_type": "INCREASED_CAPABILITIES_ELIGIBILITY_FAILED",
        "alert_severity": "CRITICAL",
        "alert_description": "Too many reports",
    }
    value = {"entity_type": "WABA", "alert_info": told} if nested else told
    assert read("account_alerts", **value) == AccountAlert(
        kind="INCREASED_CAPABILITIES_ELIGIBILITY_FAILED",
        severity="CRITICAL",
        description="Too many reports",
    )


def restriction(kind: str, **more: Any) -> AccountUpdate:
    found: AccountUpdate = read(
        "account_update",
        event="ACCOUNT_RESTRICTION",
        restriction_info=[{"restriction_type": kind} | more, "no object"],
    )
    return found


def test_a_restriction_of_all_that_we_send_has_its_end() -> None:
    update = restriction("RESTRICTED_BIZ_INITIATED_MESSAGING", expiration=TOLD_AT + 60)
    end = datetime.fromtimestamp(TOLD_AT + 60, UTC)
    kind = "RESTRICTED_BIZ_INITIATED_MESSAGING"
    assert update.restrictions == (Restriction(kind=kind, until=end),)
    assert update.at == AT
    (found,) = measures(update)
    assert (found.holds, found.until) == (Holds.EVERYTHING, end)


@pytest.mark.parametrize("expiration", [None, "soon", 10**30])
def test_one_whose_end_cannot_be_read_is_not_overlooked(expiration: object) -> None:
    (found,) = measures(restriction("RESTRICTED_BIZ_INITIATED_MESSAGING", expiration=expiration))
    assert (found.holds, found.until) == (Holds.EVERYTHING, None)


@pytest.mark.parametrize(
    "kind",
    [
        "RESTRICTED_CUSTOMER_INITIATED_MESSAGING",
        "RESTRICTED_UTILITY_TEMPLATES",
        "SOMETHING_NEW",
        "",
    ],
)
def test_other_restrictions_stop_marketing(kind: str) -> None:
    assert [one.holds for one in measures(restriction(kind))] == [Holds.MARKETING]


@pytest.mark.parametrize(
    "kind", ["RESTRICTED_ADD_PHONE_NUMBER_ACTION", "RESTRICTED_DIRECT_SEND_UTILITY_TEMPLATES"]
)
def test_some_are_none_of_our_business(kind: str) -> None:
    assert measures(restriction(kind)) == []


@pytest.mark.parametrize(
    ("value", "holds"),
    [
        ({"event": "ACCOUNT_RESTRICTION"}, [Holds.MARKETING]),
        (
            {"event": "ACCOUNT_VIOLATION", "violation_info": {"violation_type": "SPAM"}},
            [Holds.MARKETING],
        ),
        ({"event": "ACCOUNT_VIOLATION"}, [Holds.MARKETING]),
        (
            {"event": "DISABLED_UPDATE", "ban_info": {"waba_ban_state": "DISABLE"}},
            [Holds.EVERYTHING],
        ),
        (
            {
                "event": "DISABLED_UPDATE",
                "ban_info": {
                    "waba_ban_state": "SCHEDULE_FOR_DISABLE",
                    "waba_ban_date": "November 22, 2026",
                },
            },
            [Holds.MARKETING],
        ),
        ({"event": "ACCOUNT_DELETED"}, [Holds.EVERYTHING]),
        (
            {"event": "ACCOUNT_DELETED", "violation_info": {"violation_type": "SCAM"}},
            [Holds.EVERYTHING, Holds.MARKETING],
        ),
        ({"event": "DISABLED_UPDATE", "ban_info": {"waba_ban_state": "REINSTATE"}}, []),
        ({"event": "VOLUME_BASED_PRICING_TIER_UPDATE"}, []),
    ],
)
def test_what_an_announcement_asks_for(value: dict[str, Any], holds: list[Holds]) -> None:
    assert [one.holds for one in measures(read("account_update", **value))] == holds


@pytest.mark.parametrize(
    ("value", "ends"),
    [
        ({"event": "ACCOUNT_RECONNECTED"}, True),
        ({"event": "DISABLED_UPDATE", "ban_info": {"waba_ban_state": "REINSTATE"}}, True),
        ({"event": "DISABLED_UPDATE", "ban_info": {"waba_ban_state": "DISABLE"}}, False),
    ],
)
def test_what_takes_it_back(value: dict[str, Any], *, ends: bool) -> None:
    assert ends_restrictions(read("account_update", **value)) is ends


@pytest.mark.parametrize("time", [None, "soon", 10**30, []])
def test_an_announcement_without_a_time_is_one_too(time: object) -> None:
    assert read("account_update", time, event="ACCOUNT_DELETED").at is None


@pytest.mark.parametrize(
    "field",
    [
        "message_template_status_update",
        "message_template_quality_update",
        "template_category_update",
        "phone_number_quality_update",
        "account_update",
        "account_alerts",
    ],
)
def test_one_that_says_nothing_is_kept_as_unknown(field: str) -> None:
    assert isinstance(read(field, something="else"), Unknown)


def test_a_name_that_is_no_text_is_kept_as_unknown() -> None:
    nameless = TEMPLATE | {"message_template_name": 5, "event": "APPROVED"}
    assert isinstance(read("message_template_status_update", TOLD_AT, **nameless), Unknown)
