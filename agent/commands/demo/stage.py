"""The make-believe shop and WhatsApp of the demo, and the config that leads the agent to them."""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from agent.commands.demo.script import TEMPTING, campaigns_config, put_up_templates
from agent.commands.demo.script_news import news_config, put_up_news_templates
from agent.sandbox.clock import MovedClock, WallClock
from agent.sandbox.server import Server
from agent.sandbox.shop.api import shop_app
from agent.sandbox.shop.shop import Shop
from agent.sandbox.town.believable import Town, furnish
from agent.sandbox.town.life import Life
from agent.sandbox.town.plugin import Plugin
from agent.sandbox.town.showcase import Showcase
from agent.sandbox.whatsapp.api import whatsapp_app
from agent.sandbox.whatsapp.whatsapp import WhatsApp

SEED = 7
ZONE = ZoneInfo("America/Sao_Paulo")
EVENTS_TOKEN = "sandbox-events-token"  # noqa: S105 - of a listener on this machine that ends with the demo
CONFIG = """\
# The config of a demo. It leads to a sandbox on this machine, not to a shop.
[shop]
url = "{shop}"
key = "ck_sandbox"
secret = "cs_sandbox"

[whatsapp]
phone_number_id = "{number}"
business_account_id = "{account}"
token = "EAAexample"
app_secret = "example-app-secret"
verify_token = "example-verify-token"
base_url = "{whatsapp}"
messages_per_second = {pace}
workers = 64
canary = []  # all at once: with batches of a new template the first days would show little

[web]
listen = "127.0.0.1:{port}"
events_token = "{token}"

[database]
path = "winback.db"

[timetable]
poll = "{poll}"
alerts = "{alerts}"
templates = "6h"
attribution = "1h"
stale_after = "2h"
campaigns_at = "{at}"
campaigns_until = "23:59"

# fewer looks than in life, where a day is longer than some seconds
[mirror]
sweep_hours = 96
carts = "2h"
counts = "4h"
trash = "4h"
accounts = "2h"
variations = "2h"
rest = "6h"

[limits]
quiet_from = "{quiet_from}"
quiet_until = "08:00"

[audience]
backlog_per_day = {backlog}

[log]
heartbeat = "1m"

"""


class DemoClock(MovedClock):
    """The clock of agent and sandbox: moved by hand, and later the machine's own."""

    def __init__(self, start: datetime) -> None:
        super().__init__(start)
        self._wall: WallClock | None = None

    def now(self) -> datetime:
        return super().now() if self._wall is None else self._wall.now()

    def monotonic(self) -> float:
        return time.monotonic()

    def follow_the_wall(self) -> None:
        """From now on it is as late as it is."""
        self._wall = WallClock()


@dataclass(frozen=True, slots=True)
class Stage:
    """Everything that stands around the agent."""

    folder: Path
    clock: DemoClock
    shop: Shop
    whatsapp: WhatsApp
    town: Town
    life: Life
    showcase: Showcase
    plugin: Plugin
    shop_url: str
    whatsapp_url: str
    port: int  # where the agent will listen

    @property
    def config(self) -> Path:
        return self.folder / "config.toml"

    def write_config(self, *, pace: int, poll: str, alerts: str, at: str, quiet_from: str) -> None:
        """A config file for the agent, readable only by us, as one with secrets should be."""
        self.config.touch(mode=0o600)
        self.config.write_text(
            CONFIG.format(
                shop=self.shop_url,
                whatsapp=self.whatsapp_url,
                number=self.whatsapp.phone_number_id,
                account=self.whatsapp.business_account_id,
                port=self.port,
                pace=pace,
                poll=poll,
                alerts=alerts,
                at=at,
                quiet_from=quiet_from,
                token=EVENTS_TOKEN,
                # about a sixth of those who are quiet and agreed: of 3,000 customers 200
                backlog=max(self.town.customers // 15, 1),
            )
            + campaigns_config()
            + news_config(),
            encoding="utf-8",
        )

    def move_to(self, moment: datetime) -> None:
        """Let time pass: people look and buy, and WhatsApp tells what became of messages."""
        self.clock.set(moment)
        self.life.advance_to(moment)
        self.showcase.advance_to(moment)
        self.plugin.tell(self.showcase.looks)
        self.whatsapp.deliver_due()


@contextmanager
def set_up(
    folder: Path, start: datetime, *, products: int, customers: int, templates: bool = True
) -> Iterator[Stage]:
    """Furnish a shop as of `start`, and serve it and a WhatsApp on free ports of this machine, with the
    demo's own `templates` or none yet."""
    clock = DemoClock(start)
    shop = Shop(clock, name="Loja Exemplo", timezone=ZONE.key)
    shop.gateways["bacs"].instructions = "Transfira o total e informe o número do seu pedido."
    shop.add_order_status("delivered", "Delivered")  # as plugins for tracking bring one
    town = furnish(shop, seed=SEED, now=start, products=products, customers=customers)
    whatsapp = WhatsApp(clock, seed=SEED)
    if templates:
        put_up_templates(whatsapp)
        put_up_news_templates(whatsapp)
    life = Life(shop, whatsapp, town, seed=SEED, tempting=TEMPTING)
    showcase = Showcase(shop, town, seed=SEED)
    port = _free_port()
    whatsapp.subscribe(f"http://127.0.0.1:{port}/webhooks/whatsapp")
    plugin = Plugin(f"http://127.0.0.1:{port}/events", EVENTS_TOKEN)
    with Server(shop_app(shop)) as shop_url, Server(whatsapp_app(whatsapp)) as whatsapp_url:
        try:
            yield Stage(
                folder, clock, shop, whatsapp, town, life, showcase, plugin,
                shop_url, whatsapp_url, port,
            )  # fmt: skip
        finally:
            life.stop()
            whatsapp.close()


def first_morning(now: datetime, days: int) -> datetime:
    """09:00 of the shop, so long ago that `days` days are over by last midnight."""
    today = now.astimezone(ZONE).replace(hour=9, minute=0, second=0, microsecond=0)
    return (today - timedelta(days=days + 1)).astimezone(UTC)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
