"""What the tests of sending play in: a WhatsApp and an empty shop as real servers, and a full outbox.

The agent's side is real too: its config is a file that leads to these servers, and the outbox is
filled through the tables.
"""

import json
import time
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import timedelta
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from agent.clients.whatsapp import WhatsApp as Client
from agent.config import Settings, load
from agent.jobs.templates import read_templates
from agent.sandbox.clock import Clock
from agent.sandbox.server import Server
from agent.sandbox.shop.api import shop_app
from agent.sandbox.shop.shop import Shop
from agent.sandbox.whatsapp.api import whatsapp_app
from agent.sandbox.whatsapp.people import People, QuietPeople
from agent.sandbox.whatsapp.whatsapp import WhatsApp
from models import Contact, Message, ShopFact

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

APP_SECRET = "example-app-secret"
VERIFY_TOKEN = "example-verify-token"
ZONE = "Europe/London"  # where the numbers of the people are from, too
FACTS = {
    "name": "Example Shop",
    "url": "https://shop.example",
    "version": "9.9.5",
    "zone": ZONE,
    "currency": "GBP",
    "country": "GB",
    "order_statuses": "pending processing on-hold completed cancelled refunded failed",
}
CONFIG: dict[str, dict[str, object]] = {
    "shop": {"key": "ck_sandbox", "secret": "cs_sandbox"},
    "whatsapp": {
        "token": "EAAexample",
        "app_secret": APP_SECRET,
        "verify_token": VERIFY_TOKEN,
        "messages_per_second": 1000,
        "workers": 8,
        "timeout": "5s",
        "canary": [],  # all at once: a trial of a template has tests of its own
    },
    "web": {"listen": "127.0.0.1:0"},
    "database": {"path": "winback.db"},
    "limits": {"quiet_from": "00:00", "quiet_until": "00:00"},
    "campaigns.we_miss_you": {"enabled": True},
}


class WhenAsked:
    """An application that is put together when somebody first asks it: many worlds never visit their shop."""

    def __init__(self, build: "Callable[[], WSGIApplication]") -> None:
        self._built = cache(build)

    def __call__(self, environ: "WSGIEnvironment", start: "StartResponse") -> Iterable[bytes]:
        return self._built()(environ, start)


class World:
    """The servers, the config that leads to them, and what stands in the outbox.

    The clock is the sandbox's, and in the tests of `Sender` also the agent's.
    """

    def __init__(self, folder: Path, clock: Clock, people: People | None = None) -> None:
        self.folder, self.clock = folder, clock
        self.whatsapp = WhatsApp(clock, people=people or QuietPeople())
        self.whatsapp.add_template(
            "we_miss_you",
            "en",
            body="Hello {{1}}! It has been a while. What is new waits at {{2}} for you.",
        )
        self.shop = Shop(clock, timezone=ZONE, currency="GBP", country="GB")
        self._servers = [
            Server(whatsapp_app(self.whatsapp)),
            Server(WhenAsked(lambda: shop_app(self.shop))),
        ]
        self.whatsapp_url, self.shop_url = (server.start() for server in self._servers)
        self._filled = 0
        self._clients: list[Client] = []

    @property
    def config(self) -> Path:
        return self.folder / "winback.toml"

    def write_config(self, **changes: object) -> Path:
        """The config file. `changes` are keys as "whatsapp__workers", or "web__listen"."""
        sections = {name: dict(keys) for name, keys in CONFIG.items()}
        sections["shop"]["url"] = self.shop_url
        sections["whatsapp"] |= {
            "base_url": self.whatsapp_url,
            "phone_number_id": self.whatsapp.phone_number_id,
            "business_account_id": self.whatsapp.business_account_id,
        }
        for name, value in changes.items():
            section, _, key = name.rpartition("__")
            sections.setdefault(section.replace("__", "."), {})[key] = value
        lines = []
        for name, keys in sections.items():
            lines.append(f"[{name}]")
            lines += [f"{key} = {json.dumps(value)}" for key, value in keys.items()]
        self.config.write_text("\n".join(lines) + "\n", encoding="utf-8")
        self.config.chmod(0o600)
        return self.config

    def settings(self, **changes: object) -> Settings:
        self.write_config(**changes)
        return self.settings_as_written()

    def settings_as_written(self) -> Settings:
        """As the file has them now."""
        return load(self.config, environ={})

    def client(self, settings: Settings, sleep: Callable[[float], None] = time.sleep) -> Client:
        """The agent's client; closed with the world."""
        whatsapp = settings.whatsapp
        client = Client(
            base_url=whatsapp.base_url,
            api_version=whatsapp.api_version,
            phone_number_id=whatsapp.phone_number_id,
            business_account_id=whatsapp.business_account_id,
            token=whatsapp.token,
            timeout=whatsapp.timeout.total_seconds(),
            pool=whatsapp.workers,
            sleep=sleep,
        )
        self._clients.append(client)
        return client

    def learn_the_shop(self, settings: Settings) -> None:
        """What the agent knows before it first sends: the shop's facts, and the templates."""
        ShopFact.put(FACTS)
        read_templates(self.client(settings), settings, now=self.clock.now())

    def queue(self, count: int = 1, **columns: Any) -> list[str]:
        """Messages to as many new people, due now; gives their uids."""
        now = self.clock.now()
        uids = []
        for _ in range(count):
            number = self._filled
            self._filled += 1
            contact = self.contact(fictional_phone(number))
            row = {
                "uid": f"intent-{number:04}",
                "contact_id": contact,
                "campaign": "we_miss_you",
                "period": now.date().isoformat(),
                "template": "we_miss_you",
                "language": "en",
                "variables": {"first_name": "Ana", "shop_url": "https://shop.example"},
                "cap_day": now.date().isoformat(),
                "created_at": now,
                "not_before": now,
                "expires_at": now + timedelta(hours=72),
            }
            uids += Message.put([row | columns])
        return uids

    def contact(self, phone: str, **columns: Any) -> int:
        """Somebody who agreed to marketing; gives the id."""
        now = self.clock.now()
        row = {"phone": phone, "marketing": "yes", "marketing_at": now, "created_at": now}
        return int(Contact.insert(row | columns).execute())

    def close(self) -> None:
        for client in self._clients:
            client.close()
        self.whatsapp.close()
        for server in self._servers:
            server.stop()

    def stop_whatsapp(self) -> None:
        self._servers[0].stop()

    def start_whatsapp(self) -> None:
        """Again, at the same address."""
        port = int(self.whatsapp_url.rpartition(":")[2])
        self._servers[0] = Server(whatsapp_app(self.whatsapp), port=port)
        self._servers[0].start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def fictional_phone(number: int) -> str:
    """Of the numbers that belong to nobody: 1,000 British ones, then 100 of each American area code."""
    if number < 1000:
        return f"+447700900{number:03}"
    area, line = divmod(number - 1000, 100)
    return f"+1{201 + area}55501{line:02}"


def message(uid: str) -> Message:
    """The row as it is now."""
    return Message.get(Message.uid == uid)


def states() -> Counter[str]:
    """How many messages are in each state."""
    return Counter(one.state for one in Message.select(Message.state))


def wait_until(
    happened: Callable[[], object],
    *,
    within: float = 15.0,
    what: Callable[[], str] = lambda: "",
) -> None:
    """Look again and again until `happened` is true; AssertionError, with `what` there is to see, if
    that takes too long."""
    until = time.monotonic() + within
    while not happened():
        assert time.monotonic() < until, f"it did not happen in time {what()}"
        time.sleep(0.02)
