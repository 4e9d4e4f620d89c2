"""A template that WhatsApp refuses is stopped in its own language, and only there."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from agent.config import Settings
from agent.jobs.templates import judge_again, read_templates
from agent.templates import stop_template, usable_languages
from models import CampaignStanding, Contact, Message, Template

CONFIG = (
    "[campaigns.we_miss_you]\nenabled = true\n\n[campaigns.loyalty_reward]\nenabled = false\n\n"
)
WHY = "132015 the template was paused"

pytestmark = pytest.mark.usefixtures("database")


class Account:
    """WhatsApp, as far as templates are concerned."""

    def templates(self) -> list[dict[str, Any]]:
        return [
            {
                "name": "we_miss_you",
                "language": language,
                "status": "APPROVED",
                "category": "MARKETING",
                "components": [{"type": "BODY", "text": "Hello {{1}}, see {{2}} for news."}],
            }
            for language in ("en", "es")
        ]


@pytest.fixture
def settings(database: Path, write_settings: Callable[..., Settings], now: datetime) -> Settings:
    """Both templates have been read."""
    settings = write_settings(CONFIG)
    read_templates(Account(), settings, now=now)  # type: ignore[arg-type]
    return settings


def due(now: datetime) -> list[str]:
    return [one.language for one in Message.due(now, 10)]


@pytest.fixture
def _queued(settings: Settings, now: datetime) -> None:
    """A message in each language."""
    for number, language in enumerate(("en", "es")):
        contact = Contact.insert(
            phone=f"+4477009001{number:02}", marketing="yes", marketing_at=now, created_at=now
        ).execute()
        Message.put(
            [
                {
                    "uid": f"intent-{number}", "contact_id": contact, "campaign": "we_miss_you",
                    "period": "2026-03-02", "template": "we_miss_you", "language": language,
                    "variables": {}, "cap_day": "2026-03-02", "created_at": now,
                    "not_before": now, "expires_at": now + timedelta(days=3),
                }
            ]
        )  # fmt: skip


@pytest.mark.usefixtures("_queued")
def test_a_translation_that_is_refused_stops_alone_until_the_templates_are_read_again(
    settings: Settings, now: datetime, caplog: pytest.LogCaptureFixture
) -> None:
    assert due(now) == ["en", "es"]
    for _ in range(2):
        stop_template(settings, "we_miss_you", "es", WHY, now=now)
    # then nothing of it leaves or is composed, and all else goes on
    assert due(now) == ["en"]
    assert usable_languages(settings)["we_miss_you"] == ("en",)
    assert CampaignStanding.troubles()["we_miss_you"] == ""
    told = [
        {**one.fields, "fix": ""}
        for one in caplog.records
        if one.message == "campaign.language_unusable"
    ]  # type: ignore[attr-defined]
    assert told == [{"campaign": "we_miss_you", "language": "es", "reason": WHY, "fix": ""}]
    # when the config is read again, it stays
    judge_again(settings, now)
    assert due(now) == ["en"]
    # when the templates are, it is over
    caplog.clear()
    with caplog.at_level(logging.INFO):
        read_templates(Account(), settings, now=now)  # type: ignore[arg-type]
    assert [one.message for one in caplog.records] == ["campaign.language_usable"]
    assert due(now) == ["en", "es"]
    assert usable_languages(settings)["we_miss_you"] == ("en", "es")


@pytest.mark.usefixtures("_queued")
def test_the_campaigns_own_language_stops_all_of_it(
    settings: Settings, now: datetime, caplog: pytest.LogCaptureFixture
) -> None:
    stop_template(settings, "we_miss_you", "en", WHY, now=now)
    assert due(now) == []
    assert usable_languages(settings)["we_miss_you"] == ()
    assert CampaignStanding.troubles()["we_miss_you"] == f"WhatsApp refused it: {WHY}"
    assert [one.message for one in caplog.records] == ["campaign.unusable"]
    judge_again(settings, now)
    assert CampaignStanding.troubles()["we_miss_you"] == f"WhatsApp refused it: {WHY}"
    read_templates(Account(), settings, now=now)  # type: ignore[arg-type]
    assert due(now) == ["en", "es"]


def test_a_template_that_two_campaigns_share_stops_both(
    write_settings: Callable[..., Settings], now: datetime
) -> None:
    shared = write_settings(
        f'{CONFIG}[campaigns.new_arrivals]\nenabled = true\ntemplate = "we_miss_you"'
    )
    read_templates(Account(), shared, now=now)  # type: ignore[arg-type]
    stop_template(shared, "we_miss_you", "en", WHY, now=now)
    troubles = CampaignStanding.troubles()
    assert troubles["new_arrivals"] == troubles["we_miss_you"] == f"WhatsApp refused it: {WHY}"
    assert "refused" not in troubles["price_drop"]


def test_a_template_that_is_gone_from_the_list_stops_its_campaign_too(
    settings: Settings, now: datetime
) -> None:
    Template.delete().execute()
    stop_template(settings, "we_miss_you", "en", WHY, now=now)
    assert CampaignStanding.troubles()["we_miss_you"] == f"WhatsApp refused it: {WHY}"
