"""Everything that comes in is counted under a name."""

from datetime import UTC, datetime

import pytest

from agent.rules.inbound import (
    Event,
    Inbound,
    NumberChanged,
    Preference,
    StatusUpdate,
    Unknown,
)
from agent.rules.meta_news import AccountError, AccountUpdate, TemplateStatus
from agent.rules.webhook_kinds import kind_of

AT = datetime(2026, 11, 21, tzinfo=UTC)


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        (StatusUpdate("w", "read", AT), "status read"),
        (Inbound("w", AT, "reaction"), "message reaction"),
        (Preference("stop", AT), "preference stop"),
        (NumberChanged("w", AT), "number changed"),
        (AccountError(code=130429), "account error 130429"),
        (AccountUpdate(event="VERIFIED_ACCOUNT"), "account update"),
        (TemplateStatus(name="a", language="en", event="APPROVED"), "template status"),
        (Unknown("field security"), "unknown field security"),
        (Unknown("status: no", broken=True), "broken"),
        (StatusUpdate("w", "x" * 100, AT), "status " + "x" * 53),
    ],
)
def test_the_name(event: Event, kind: str) -> None:
    assert kind_of(event) == kind
