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
from agent.room import THROUGHPUT, daily_limit
from agent.sandbox.clock import MovedClock
from agent.sandbox.whatsapp.api import whatsapp_app
from agent.sandbox.whatsapp.people import QuietPeople
from agent.sandbox.whatsapp.whatsapp import WhatsApp
from models import Pause, ShopFact

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
    assert (
        read_account(client, now=NOW) == read_account(client, now=NOW) == {"people a day": 10_000}
    )
    assert daily_limit(settings) == 10_000
    told = [one for one in caplog.records if getattr(one, "fields", {}).get("which") == "limit"]
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


def test_the_numbers_messages_a_second_are_kept(
    meta: WhatsApp, client: Client, settings: Settings
) -> None:
    read_account(client, now=NOW)
    assert ShopFact.all()[THROUGHPUT] == "80"
    meta.number["throughput"] = {"level": "HIGH"}
    read_account(client, now=NOW)
    assert ShopFact.all()[THROUGHPUT] == "1000"
    meta.number["throughput"] = None
    read_account(client, now=NOW)
    assert ShopFact.all()[THROUGHPUT] == ""


def test_a_number_that_cannot_send_pauses_everything_until_it_can(
    meta: WhatsApp, client: Client, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    meta.number |= {"status": "BANNED", "quality_rating": "RED"}
    for _ in range(3):
        assert read_account(client, now=NOW) == {"people a day": 2000, "troubles": 2}
    assert paused() == {
        "*": "the number is BANNED",
        "marketing": "the number's quality is RED: people block or report its messages",
    }
    levels = [one.levelname for one in caplog.records if one.getMessage() == "account.trouble"]
    assert levels == ["ERROR", "WARNING"]  # once each

    meta.number["status"] = "FLAGGED"  # better, and not well
    read_account(client, now=NOW)
    assert list(paused()) == ["marketing"]
    assert paused()["marketing"].startswith("the number is FLAGGED; ")

    meta.number |= {"status": "CONNECTED", "quality_rating": "YELLOW"}
    assert read_account(client, now=NOW) == {"people a day": 2000}
    assert paused() == {}
    assert [one.getMessage() for one in caplog.records].count("account.well") == 2


def test_a_healthy_number_ends_no_pause_of_another_source(
    meta: WhatsApp, client: Client, settings: Settings
) -> None:
    Pause.put("*", "operator", "stocktaking", now=NOW)
    Pause.put("marketing", "restriction", "a violation", now=NOW)
    read_account(client, now=NOW)
    assert paused() == {"*": "stocktaking", "marketing": "a violation"}


def paused() -> dict[str, str]:
    return {one.scope: one.reason for one in Pause.in_force(NOW)}
