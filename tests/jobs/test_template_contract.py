"""From the approved template to the request: what is judged to fit is taken by WhatsApp, the rest never queued."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from jobs_stage import DAY, Stall, file_orders, nothing, open_shop, order_json

from agent.clients.outcomes import Accepted
from agent.clients.whatsapp import WhatsApp as Client
from agent.config import Settings
from agent.jobs.decide import decide
from agent.jobs.submit import submit
from agent.jobs.templates import read_templates
from agent.rules.order_kinds import STATUS_UPDATE
from agent.rules.placeholders import CAMPAIGNS
from agent.rules.shipped import SHIPPED
from agent.rules.templates import TemplateMapping, compile_template, components
from agent.sandbox.clock import MovedClock
from agent.sandbox.whatsapp.api import whatsapp_app
from agent.sandbox.whatsapp.people import QuietPeople
from agent.sandbox.whatsapp.whatsapp import WhatsApp
from agent.templates import known_templates, usable_mappings
from models import CampaignStanding, Message

ON = (
    "[campaigns.loyalty_reward]\nenabled = {loyalty}\n\n[campaigns.we_miss_you]\nenabled = {miss}\n"
)
VALUES = {
    "first_name": "Ana",
    "shop_name": "Example Shop",
    "shop_url": "https://shop.example",
    "discount_percent": "15%",
    "coupon_code": "WB7K2QX94MT",
    "product_list": "Blue shirt",
    "order_number": "1001",
    "order_total": "$89.00",
    "item_count": "3",
    "status_emoji": "📦",
    "tracking_number": "JD014600003",
}
PLAIN = "Hello {{1}}, we have not seen you for a while: {{2}} has news."
NAMED = "Hello {{name}}, we have not seen you for a while: {{shop}} has news."
TABLE = 'body = {name = "{first_name|there}", shop = "{shop_url}"}'
LINK = {"type": "URL", "text": "Open", "url": "https://shop.example/{{1}}"}
STOP = {"type": "QUICK_REPLY", "text": "Stop"}
CODE = {"type": "COPY_CODE", "example": "WB7K2QX94MT"}


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


def sent(client: Client, mapping: TemplateMapping, phone: str = "+12025550100") -> object:
    """What WhatsApp says to a message of that mapping."""
    contract = compile_template(known_templates()[mapping.template, mapping.language])
    return client.send(
        {
            "messaging_product": "whatsapp",
            "to": phone,
            "type": "template",
            "template": {
                "name": mapping.template,
                "language": {"policy": "deterministic", "code": mapping.language},
                "components": components(contract, mapping, VALUES),
            },
        }
    )


@pytest.mark.parametrize(
    ("template", "keys"),
    [
        ({"body": PLAIN}, ""),
        ({"body": NAMED, "parameter_format": "NAMED"}, TABLE),
        ({"body": PLAIN, "header": "News of {{1}}"}, 'header = ["{shop_name}"]'),
        (
            {"body": NAMED, "parameter_format": "NAMED", "header": "News of {{our_name}}"},
            f'header = ["{{shop_name}}"]\n{TABLE}',
        ),
        ({"body": PLAIN, "header": "News", "footer": "Reply STOP"}, ""),
        ({"body": PLAIN, "buttons": [STOP]}, ""),
        ({"body": PLAIN, "buttons": [STOP]}, 'opt_out_payload = "OPTOUT_MARKETING"'),
        ({"body": PLAIN, "buttons": [LINK]}, 'url_suffix = "shop?from=winback&who={first_name|x}"'),
        (
            {"body": PLAIN, "buttons": [STOP, LINK]},
            'url_suffix = "new"\nopt_out_payload = "OPTOUT_MARKETING"',
        ),
    ],
)
def test_every_shape_that_fits_is_taken_by_whatsapp(
    account: WhatsApp,
    client: Client,
    write_settings: Callable[..., Settings],
    now: datetime,
    template: dict[str, Any],
    keys: str,
) -> None:
    account.add_template("we_miss_you", "en", **template)
    settings = write_settings(ON.format(loyalty="false", miss="true") + keys)
    read_templates(client, settings, now=now)
    assert CampaignStanding.troubles()["we_miss_you"] == ""
    [mapping] = usable_mappings(settings)["we_miss_you"].values()
    assert isinstance(sent(client, mapping), Accepted)


def test_a_coupon_can_be_copied(
    account: WhatsApp, client: Client, write_settings: Callable[..., Settings], now: datetime
) -> None:
    body = "Hello {{1}}, here are {{2}} off with the code {{3}}, for you at {{4}} only."
    account.add_template("loyalty_reward", "en", body=body, buttons=[STOP, CODE])
    settings = write_settings(ON.format(loyalty="true", miss="false"))
    read_templates(client, settings, now=now)
    assert isinstance(sent(client, usable_mappings(settings)["loyalty_reward"]["en"]), Accepted)


@pytest.mark.parametrize(
    "template",
    [
        {"body": PLAIN, "category": "UTILITY"},
        {"body": PLAIN, "status": "PAUSED"},
        {"body": PLAIN, "header": "IMAGE"},
        {"body": PLAIN, "header": "News of {{1}}"},
        {"body": PLAIN, "buttons": [LINK]},
        {"body": PLAIN, "buttons": [CODE]},
        {"body": PLAIN, "offer": "Only today"},
        {"body": NAMED, "parameter_format": "NAMED"},
        {"body": "Hello {{1}}, nice to see you here."},
        {"body": PLAIN, "language": "en_GB"},
    ],
)
def test_of_a_template_that_does_not_fit_nothing_is_queued(
    account: WhatsApp,
    client: Client,
    write_settings: Callable[..., Settings],
    now: datetime,
    template: dict[str, Any],
) -> None:
    settings = write_settings(ON.format(loyalty="false", miss="true"))
    open_shop(country="US", zone="America/New_York")
    file_orders(settings, now, order_json(10, now - 200 * DAY, "202-555-0101", consent="yes"))
    account.add_template("we_miss_you", **({"language": "en"} | template))
    read_templates(client, settings, now=now)
    assert CampaignStanding.troubles()["we_miss_you"]
    assert decide(settings, now=now, beat=nothing) == {"nothing_fits": 1}
    assert Message.select().count() == 0


def test_a_category_that_meta_changes_under_a_campaign_stops_it(
    account: WhatsApp, client: Client, settings: Settings, now: datetime
) -> None:
    made = account.add_template("we_miss_you", "en", body=PLAIN)
    read_templates(client, settings, now=now)
    assert CampaignStanding.troubles()["we_miss_you"] == ""
    account.templates = type(account.templates)()
    account.add_template(made.name, made.language, body=PLAIN, category="UTILITY")
    read_templates(client, settings, now=now)
    assert "of the category UTILITY" in CampaignStanding.troubles()["we_miss_you"]


def _sections() -> Iterator[str]:
    """Those of all campaigns, kinds of order news, and one status of the shop's own."""
    for name, language in SHIPPED:
        if language == "en":
            own = "statuses.ready-for-pickup" if name == STATUS_UPDATE else name
            yield f"campaigns.{name}" if name in CAMPAIGNS else f"order_news.{own}"


def test_those_that_come_with_winback_are_submitted_approved_and_taken(
    account: WhatsApp,
    client: Client,
    clock: MovedClock,
    write_settings: Callable[..., Settings],
    now: datetime,
) -> None:
    """The whole way from nothing: submitted, looked through, read, judged, sent."""
    account.approve_templates_after = timedelta(hours=20)
    settings = write_settings(
        "\n\n".join(f"[{section}]\nenabled = true" for section in _sections())
    )
    done = list(submit(client, SHIPPED.values(), known={}, shop_url="https://shop.example"))
    assert {(one.new, one.status, one.error) for one in done} == {(True, "PENDING", None)}
    read_templates(client, settings, now=now)
    assert all("PENDING" in trouble for trouble in CampaignStanding.troubles().values())
    clock.advance(timedelta(hours=20))
    read_templates(client, settings, now=now)
    assert set(CampaignStanding.troubles().values()) == {""}
    for name, mappings in usable_mappings(settings).items():
        assert [*mappings] == ["en", "es", "pt_BR"], name
        for number, mapping in enumerate(mappings.values()):
            phone = f"+120255501{[*settings.occasions].index(name) * 3 + number:02}"
            assert isinstance(sent(client, mapping, phone), Accepted)
