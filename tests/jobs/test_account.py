"""WhatsApp -> facts: the account's limit is what Meta says now."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from jobs_stage import Stall

from agent.clients.whatsapp import WhatsApp as Client
from agent.config import Settings
from agent.errors import Unauthorized
from agent.jobs.account import read_account
from agent.room import daily_limit
from agent.sandbox.clock import MovedClock
from agent.sandbox.whatsapp.api import whatsapp_app
from agent.sandbox.whatsapp.people import QuietPeople
from agent.sandbox.whatsapp.whatsapp import WhatsApp

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
FIELD = "whatsapp_business_manager_messaging_limit"


@pytest.fixture
def meta(clock: MovedClock) -> Iterator[WhatsApp]:
    whatsapp = WhatsApp(clock, people=QuietPeople())
    yield whatsapp
    whatsapp.close()


@pytest.fixture
def client(meta: WhatsApp, database: Path, stall: Stall) -> Iterator[Client]:
    opened = Client(
        base_url=stall.serve(whatsapp_app(meta)),
        api_version="v26.0",
        phone_number_id=meta.phone_number_id,
        business_account_id=meta.business_account_id,
        token=meta.token,
        timeout=5,
        pool=1,
        sleep=lambda _: None,
    )
    yield opened
    opened.close()


def test_the_limit_is_read_and_kept(meta: WhatsApp, client: Client, settings: Settings) -> None:
    assert read_account(client, now=NOW) == {"people a day": 2000}
    assert daily_limit(settings) == 2000


def test_a_limit_that_was_raised_is_told_once(
    meta: WhatsApp, client: Client, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    read_account(client, now=NOW)
    meta.number[FIELD] = "TIER_10K"
    assert read_account(client, now=NOW) == read_account(client, now=NOW) == {"people a day": 10_000}
    assert daily_limit(settings) == 10_000
    told = [one.getMessage() for one in caplog.records if "account.limit" in one.getMessage()]
    assert len(told) == 2  # the first reading, and the change


@pytest.mark.parametrize("tier", ["TIER_UNLIMITED", "TIER_NOT_SET"])
def test_an_account_without_a_limit(
    meta: WhatsApp, client: Client, settings: Settings, tier: str
) -> None:
    meta.number[FIELD] = tier
    assert read_account(client, now=NOW) == {}
    assert daily_limit(settings) is None


def test_a_number_that_tells_no_limit_has_none_that_we_know(
    meta: WhatsApp, client: Client, settings: Settings
) -> None:
    read_account(client, now=NOW)
    meta.number[FIELD] = None
    assert read_account(client, now=NOW) == {}
    assert daily_limit(settings) is None


def test_a_token_without_the_right_changes_nothing(
    meta: WhatsApp, client: Client, settings: Settings
) -> None:
    read_account(client, now=NOW)
    meta.token = "EAAanother"
    with pytest.raises(Unauthorized):
        read_account(client, now=NOW)
    assert daily_limit(settings) == 2000
