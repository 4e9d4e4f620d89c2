"""A link, the whole way: the daemon writes it, WhatsApp brings it, Ana follows it, the shop's plugin tells
what she looks at, and winback knows it.
"""

import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from socket import create_server
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import pytest
import requests

from agent.config import load
from agent.daemon import Daemon
from agent.database import owned
from agent.sandbox.clock import MovedClock
from agent.sandbox.server import Server
from agent.sandbox.shop.api import shop_app
from agent.sandbox.shop.shop import Shop
from agent.sandbox.whatsapp.api import whatsapp_app
from agent.sandbox.whatsapp.people import QuietPeople
from agent.sandbox.whatsapp.whatsapp import WhatsApp
from agent.service import Service
from models import Contact, Interest, Link, Message

ZONE = ZoneInfo("America/Sao_Paulo")
BEFORE_NINE = datetime(2026, 3, 2, 8, 55, tzinfo=ZONE).astimezone(UTC)
TOKEN = "example-events-token"
BROWSER = {"User-Agent": "Mozilla/5.0 (Android 16; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0"}
PREVIEW = {"User-Agent": "WhatsApp/2.25.15.78 A"}
ANA, BRUNO = "+5511955550101", "+5511955550102"
CONFIG = """\
[shop]
url = "{shop}"
key = "ck_sandbox"
secret = "cs_sandbox"

[whatsapp]
phone_number_id = "106540352242922"
business_account_id = "102290129340398"
token = "EAAexample"
app_secret = "example-app-secret"
verify_token = "example-verify-token"
base_url = "{whatsapp}"

[web]
listen = "127.0.0.1:{port}"
public_url = "http://127.0.0.1:{port}"
events_token = "{token}"

[database]
path = "winback.db"

[holdout]
everything = 0
share = 0

[links]
count = true

[campaigns.we_miss_you]
enabled = true
"""


class StoryClock(MovedClock):
    """Moved by hand; waits still take their real time."""

    def monotonic(self) -> float:
        return time.monotonic()


@dataclass
class Story:
    """The two sandboxes, and the agent between them."""

    clock: StoryClock
    shop: Shop
    shop_url: str
    whatsapp: WhatsApp
    daemon: Daemon
    shirt: int

    def later(self, minutes: int) -> None:
        """Time passes by minutes; the agent does all that is due then."""
        for _ in range(minutes):
            self.clock.advance(timedelta(minutes=1))
            self.whatsapp.deliver_due()
            self.daemon.timetable.knock()
            assert self.daemon.guard.wait_until_resting(30), self.daemon.guard.running()

    def look(self, **who: object) -> requests.Response:
        """The shop's plugin tells that somebody looks at the shirt."""
        event = {"kind": "product_view", "product_id": self.shirt} | who
        return requests.post(
            f"http://127.0.0.1:{self.daemon.listener.port}/events",
            json={"source": "bridge", "events": [event]},
            headers={"Authorization": f"Bearer {TOKEN}"},
            timeout=20,
        )

    def link_of(self, phone: str) -> str:
        """The address that WhatsApp brought them."""
        [one] = [one for one in self.whatsapp.accepted if one.to == phone and one.template]
        return str(one.parameters["body"][1])


@pytest.fixture
def story(tmp_path: Path) -> Iterator[Story]:
    clock = StoryClock(BEFORE_NINE)
    shop, whatsapp = Shop(clock, timezone=ZONE.key), WhatsApp(clock, people=QuietPeople())
    whatsapp.add_template("we_miss_you", "en", body="Hello {{1}}! Have a look at {{2}} again.")
    shirt = shop.add_product(name="Shirt", price="100")
    for phone in (ANA, BRUNO):
        shop.place_order(
            [(shirt, 0, 1)],
            billing={"phone": phone, "country": "BR", "first_name": "Ana", "email": ""},
            created=clock.now() - timedelta(days=90),
            meta={"_winback_marketing": "yes"},
        )
    with create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with ExitStack() as stack:
        stack.callback(whatsapp.close)
        shop_url = stack.enter_context(Server(shop_app(shop)))
        path = tmp_path / "winback.toml"
        whatsapp_url = stack.enter_context(Server(whatsapp_app(whatsapp)))
        path.write_text(
            CONFIG.format(shop=shop_url, whatsapp=whatsapp_url, port=port, token=TOKEN),
            encoding="utf-8",
        )
        path.chmod(0o600)
        settings = load(path, environ={})
        stack.enter_context(owned(settings.database.path))
        daemon = Daemon(settings, Service(clock), environ={})
        stack.callback(daemon.stop, patience=5)
        whatsapp.subscribe(f"http://127.0.0.1:{port}/webhooks/whatsapp")
        daemon.start()
        begun = Story(clock, shop, shop_url, whatsapp, daemon, shirt)
        begun.later(minutes=8)
        yield begun


def contact(phone: str) -> Contact:
    found: Contact = Contact.get(Contact.phone == phone)
    return found


def test_from_the_message_to_what_she_looks_at(story: Story) -> None:
    address = story.link_of(ANA)
    assert address.startswith(f"http://127.0.0.1:{story.daemon.listener.port}/r/")
    assert address != story.link_of(BRUNO)

    # WhatsApp looks at it first, for a preview; then she does
    for headers in (PREVIEW, BROWSER):
        led = requests.get(address, headers=headers, allow_redirects=False, timeout=20)
        token = parse_qs(urlsplit(led.headers["Location"]).query)["wb"][0]
        assert (led.status_code, led.headers["Location"]) == (302, f"{story.shop_url}/?wb={token}")
    assert requests.get(address, headers=BROWSER, timeout=20).ok  # the shop knows that page
    story.later(minutes=1)
    assert Link.get_by_id(token).clicks == 1
    clicked = {one.contact_id: one.clicked for one in Message.select()}
    assert clicked == {contact(ANA).id: True, contact(BRUNO).id: False}

    # the plugin tells what she looks at
    assert story.look(link=token).json() == {"taken": 1, "refused": []}
    story.later(minutes=2)
    [seen] = Interest.select()
    assert (seen.contact_id, seen.product_id, seen.source) == (
        contact(ANA).id,
        story.shirt,
        "bridge",
    )


def test_who_said_stop_is_led_to_the_shop_and_not_followed(story: Story) -> None:
    story.whatsapp.customer_says(ANA, "STOP")
    story.later(minutes=2)
    assert contact(ANA).marketing == "no"
    led = requests.get(story.link_of(ANA), headers=BROWSER, allow_redirects=False, timeout=20)
    token = parse_qs(urlsplit(led.headers["Location"]).query)["wb"][0]
    assert story.look(link=token).json() == {"taken": 1, "refused": []}
    story.later(minutes=2)
    assert Interest.select().count() == 0
