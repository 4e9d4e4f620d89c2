"""What the number says of itself decides what may leave."""

from typing import Any

import pytest

from agent.rules.account_health import throughput, troubles
from agent.sandbox.whatsapp.number import healthy_number

WELL = healthy_number("1", "2", "+1 555-078-3881")


def stops(**fields: Any) -> list[bool]:
    """Of each trouble whether it stops everything."""
    return [one.stops_all for one in troubles(WELL | fields)]


def test_a_healthy_number_has_no_trouble() -> None:
    assert troubles(WELL) == []


def test_what_is_not_said_is_no_trouble() -> None:
    assert troubles({"id": "1"}) == []
    assert stops(status=None, name_status=None, quality_rating="NA", health_status=None) == []


@pytest.mark.parametrize(
    "status",
    ["BANNED", "DELETED", "DISCONNECTED", "MIGRATED", "PENDING", "RESTRICTED", "UNVERIFIED"],
)
def test_a_number_that_cannot_send_stops_everything(status: str) -> None:
    assert stops(status=status) == [True]


@pytest.mark.parametrize("status", ["FLAGGED", "RATE_LIMITED", "a word of next year"])
def test_one_that_can_only_stops_marketing(status: str) -> None:
    assert stops(status=status) == [False]


@pytest.mark.parametrize("name", ["DECLINED", "EXPIRED", "PENDING_REVIEW", "NONE", "a new word"])
def test_a_name_that_is_not_approved_stops_everything(name: str) -> None:
    assert stops(name_status=name) == [True]


@pytest.mark.parametrize("name", ["APPROVED", "AVAILABLE_WITHOUT_REVIEW"])
def test_one_that_is_does_not(name: str) -> None:
    assert stops(name_status=name) == []


@pytest.mark.parametrize(
    ("quality", "found"), [("RED", [False]), ("YELLOW", []), ("GREEN", []), ("UNKNOWN", [])]
)
def test_red_quality_stops_marketing(quality: str, found: list[bool]) -> None:
    assert stops(quality_rating=quality) == found


def test_a_blocked_account_says_who_is_blocked_why_and_what_to_do() -> None:
    health = {
        "can_send_message": "BLOCKED",
        "entities": [
            {"entity_type": "PHONE_NUMBER", "can_send_message": "AVAILABLE"},
            {
                "entity_type": "WABA",
                "can_send_message": "BLOCKED",
                "errors": [
                    {
                        "error_code": 141006,
                        "error_description": "There is an error with your payment method",
                        "possible_solution": "Add a payment method.",
                    },
                    "no object",
                ],
            },
            "no object",
        ],
    }
    (found,) = troubles(WELL | {"health_status": health})
    assert found.stops_all
    assert found.what == (
        "Meta lets no message leave (blocked: WABA): There is an error with your payment method"
    )
    assert found.fix == "Add a payment method."


@pytest.mark.parametrize(
    ("health", "whose"),
    [
        ({"can_send_message": "BLOCKED"}, "the account"),
        ({"can_send_message": "BLOCKED", "entities": "none"}, "the account"),
        ({"entities": [{"can_send_message": "BLOCKED"}]}, "something"),
    ],
)
def test_a_block_without_words_is_one_too(health: object, whose: str) -> None:
    (found,) = troubles(WELL | {"health_status": health})
    assert (found.stops_all, f"blocked: {whose}" in found.what) == (True, True)


@pytest.mark.parametrize("health", [{"can_send_message": "LIMITED"}, "no object", {}])
def test_a_limited_account_can_send(health: object) -> None:
    assert stops(health_status=health) == []


def test_the_worst_comes_first() -> None:
    assert stops(quality_rating="RED", name_status="DECLINED", status="FLAGGED") == [
        True,
        False,
        False,
    ]


@pytest.mark.parametrize(
    ("fields", "messages"),
    [
        ({"throughput": {"level": "STANDARD"}}, 80),
        ({"throughput": {"level": "HIGH"}}, 1000),
        ({"throughput": {"level": "HIGH"}, "is_on_biz_app": True}, 20),
        ({"is_on_biz_app": True, "platform_type": "NOT_APPLICABLE"}, 80),
        ({"throughput": {"level": "NOT_APPLICABLE"}}, None),
        ({"throughput": None}, None),
    ],
)
def test_messages_a_second(fields: dict[str, Any], messages: int | None) -> None:
    assert throughput(WELL | fields) == messages
