"""WhatsApp -> templates: a campaign that cannot be sent as things are is off, and says why."""

import logging
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest
from jobs_stage import DAY, Stall, file_orders, nothing, open_shop, order_json

from agent.clients.whatsapp import WhatsApp as Client
from agent.config import Settings
from agent.errors import Unauthorized
from agent.jobs.decide import decide
from agent.jobs.templates import judge_again, judge_campaigns, read_templates
from agent.sandbox.clock import MovedClock
from agent.sandbox.whatsapp.api import whatsapp_app
from agent.sandbox.whatsapp.people import QuietPeople
from agent.sandbox.whatsapp.whatsapp import WhatsApp
from models import CampaignStanding, Template

FITS = {
    "we_miss_you": "Hello {{1}}, we have not seen you for a while: {{2}} has news.",
    "loyalty_reward": "Hello {{1}}, here are {{2}} off with the code {{3}}, for you at {{4}} only.",
}


@pytest.fixture
def account(clock: MovedClock) -> Iterator[WhatsApp]:
    whatsapp = WhatsApp(clock, people=QuietPeople())
    yield whatsapp
    whatsapp.close()


@pytest.fixture
def client(account: WhatsApp, database: Path, stall: Stall) -> Iterator[Client]:
    opened = Client(
        base_url=stall.serve(whatsapp_app(account)),
        api_version="v26.0",
        phone_number_id=account.phone_number_id,
        business_account_id=account.business_account_id,
        token=account.token,
        timeout=5,
        pool=1,
        sleep=lambda _: None,
    )
    yield opened
    opened.close()


def add(account: WhatsApp, name: str, **more: object) -> None:
    account.add_template(name, "en", **({"body": FITS[name]} | more))  # type: ignore[arg-type]


def trouble_of(name: str) -> str:
    return CampaignStanding.troubles()[name]


def test_templates_that_fit_make_their_campaigns_usable(
    account: WhatsApp, client: Client, settings: Settings, now: datetime
) -> None:
    for name in FITS:
        add(account, name)
    assert read_templates(client, settings, now=now)["templates"] == 2
    assert {name for name, wrong in CampaignStanding.troubles().items() if not wrong} == set(FITS)
    assert {one.name for one in Template.select()} == set(FITS)


def test_all_pages_of_templates_are_read(
    account: WhatsApp, client: Client, settings: Settings, now: datetime
) -> None:
    for number in range(130):
        account.add_template(f"other_{number}", "en", body="Hello, nice to have you here.")
    add(account, "we_miss_you")
    read_templates(client, settings, now=now)
    assert Template.select().count() == 131
    assert trouble_of("we_miss_you") == ""


def test_a_missing_template_is_told_with_its_language(
    account: WhatsApp, client: Client, settings: Settings, now: datetime
) -> None:
    account.add_template("we_miss_you", "pt_BR", body=FITS["we_miss_you"])
    read_templates(client, settings, now=now)
    assert "no template 'we_miss_you' in the language 'en'" in trouble_of("we_miss_you")


@pytest.mark.parametrize("status", ["PAUSED", "PENDING", "REJECTED", "DISABLED"])
def test_only_an_approved_template_can_be_sent(
    account: WhatsApp, client: Client, settings: Settings, now: datetime, status: str
) -> None:
    add(account, "we_miss_you", status=status)
    read_templates(client, settings, now=now)
    assert f"the template is {status}" in trouble_of("we_miss_you")


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (
            {"body": "Hello {{1}}, nice to see you here."},
            "body expects 1 value, the config gives 2",
        ),
        ({"body": "Hello {{1}}, {{2}} and {{3}} are new."}, "expects 3 values, the config gives 2"),
        (
            {
                "body": "Hello {{name}}, {{shop}} has news for you.",
                "parameter_format": "NAMED",
            },
            "have names (name, shop)",
        ),
        ({"category": "UTILITY"}, "of the category UTILITY"),
        ({"header": "News of {{1}}"}, "header expects 1 value"),
        ({"header": "IMAGE"}, "header is of the kind image"),
        (
            {"buttons": [{"type": "URL", "text": "Open", "url": "https://shop.example/{{1}}"}]},
            "url_suffix",
        ),
        ({"buttons": [{"type": "COPY_CODE", "example": "ABC"}]}, "makes no coupon"),
    ],
)
def test_a_template_that_the_config_does_not_fit_is_told(
    account: WhatsApp,
    client: Client,
    settings: Settings,
    now: datetime,
    more: dict[str, object],
    words: str,
) -> None:
    add(account, "we_miss_you", **more)
    read_templates(client, settings, now=now)
    assert words in trouble_of("we_miss_you")


def test_a_campaign_in_trouble_writes_to_nobody_until_it_is_mended(
    account: WhatsApp,
    client: Client,
    settings: Settings,
    now: datetime,
    caplog: pytest.LogCaptureFixture,
) -> None:
    open_shop(country="US", zone="America/New_York")
    old = order_json(10, now - 200 * DAY, "202-555-0101", consent="yes")
    file_orders(settings, now, old)
    add(account, "we_miss_you")
    account.set_template_status("we_miss_you", "PAUSED")

    with caplog.at_level(logging.INFO):
        read_templates(client, settings, now=now)
        assert decide(settings, now=now, beat=nothing) == {"nothing_fits": 1}
    told = [one for one in caplog.records if one.message == "campaign.unusable"]
    assert (
        "PAUSED"
        in next(one for one in told if one.fields["campaign"] == "we_miss_you").fields["reason"]
    )

    # one that waits for its review is told so, with nothing to do
    caplog.clear()
    account.set_template_status("we_miss_you", "PENDING")
    with caplog.at_level(logging.INFO):
        read_templates(client, settings, now=now)
    [pending] = [one for one in caplog.records if one.message == "campaign.unusable"]
    assert "nothing to do" in pending.fields["fix"]

    caplog.clear()
    account.set_template_status("we_miss_you", "APPROVED")
    with caplog.at_level(logging.INFO):
        read_templates(client, settings, now=now)
    assert [one.message for one in caplog.records].count("campaign.usable") == 1
    assert decide(settings, now=now, beat=nothing) == {"chosen": 1}


def test_the_same_trouble_is_told_once(
    account: WhatsApp,
    client: Client,
    settings: Settings,
    now: datetime,
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.INFO):
        read_templates(client, settings, now=now)
        read_templates(client, settings, now=now)
    told = [one.fields["campaign"] for one in caplog.records if one.message == "campaign.unusable"]
    assert sorted(told) == ["loyalty_reward", "we_miss_you"]


def test_only_what_is_on_is_counted_as_in_trouble(
    account: WhatsApp,
    client: Client,
    write_settings: Callable[..., Settings],
    now: datetime,
) -> None:
    on = "[order_news.order_completed]\nenabled = true"
    counted = read_templates(client, write_settings(on), now=now)
    told = {"templates": 0, "campaigns in trouble": 2, "order news in trouble": 1}
    assert counted == told
    add(account, "we_miss_you")
    counted = read_templates(client, write_settings(""), now=now)
    assert counted == {"templates": 1, "campaigns in trouble": 1, "order news in trouble": 0}


def test_a_campaign_that_is_off_is_judged_in_silence(
    account: WhatsApp,
    client: Client,
    write_settings: Callable[..., Settings],
    now: datetime,
    caplog: pytest.LogCaptureFixture,
) -> None:
    off = write_settings("[campaigns.loyalty_reward]\nenabled = false")
    add(account, "we_miss_you")
    with caplog.at_level(logging.INFO):
        read_templates(client, off, now=now)
    assert [one.message for one in caplog.records] == []
    assert trouble_of("loyalty_reward")


def test_a_new_config_is_judged_by_the_templates_that_were_read(
    account: WhatsApp,
    client: Client,
    settings: Settings,
    write_settings: Callable[..., Settings],
    now: datetime,
) -> None:
    add(account, "we_miss_you")
    read_templates(client, settings, now=now)
    assert trouble_of("we_miss_you") == ""

    other = write_settings('[campaigns.we_miss_you]\nenabled = true\nbody = ["{first_name|there}"]')
    assert "expects 2 values" in judge_campaigns(other, now)["we_miss_you"]
    assert trouble_of("we_miss_you")


def test_when_whatsapp_cannot_be_asked_everything_stays(
    account: WhatsApp, client: Client, settings: Settings, now: datetime
) -> None:
    add(account, "we_miss_you")
    read_templates(client, settings, now=now)
    account.token_expires_at = now
    with pytest.raises(Unauthorized):
        read_templates(client, settings, now=now)
    assert trouble_of("we_miss_you") == ""
    assert Template.select().count() == 1


def test_a_template_that_is_gone_is_gone_here_too(
    account: WhatsApp, client: Client, settings: Settings, now: datetime
) -> None:
    for name in FITS:
        add(account, name)
    read_templates(client, settings, now=now)
    account.templates = type(account.templates)()
    read_templates(client, settings, now=now)
    assert Template.select().count() == 0
    assert "no template" in trouble_of("we_miss_you")


@pytest.mark.usefixtures("database")
def test_before_the_first_reading_nothing_is_said_about_templates(
    settings: Settings, now: datetime, caplog: pytest.LogCaptureFixture
) -> None:
    judge_again(settings, now)
    assert CampaignStanding.troubles() == {}
    assert caplog.records == []
