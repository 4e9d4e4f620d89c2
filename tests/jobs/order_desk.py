"""A shop, a WhatsApp, and the jobs between them that order news go through, on a clock moved by hand.

The jobs run in the order of the timetable and as often as it says; both servers are real.
"""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from jobs_stage import Counter, Stall, settings_from

from agent.clients.whatsapp import WhatsApp as Client
from agent.config import Settings
from agent.jobs.order_news import tell_orders
from agent.jobs.pull import follow_hints, read_shop_facts
from agent.jobs.send import Sender
from agent.jobs.settle import settle
from agent.jobs.templates import read_templates
from agent.jobs.track import track
from agent.rules.order_kinds import KINDS
from agent.sandbox.clock import MovedClock
from agent.sandbox.server import Server
from agent.sandbox.whatsapp.api import whatsapp_app
from agent.sandbox.whatsapp.messages import Accepted
from agent.sandbox.whatsapp.people import QuietPeople
from agent.sandbox.whatsapp.whatsapp import WhatsApp
from models import Message, OrderChange, Webhook

POLL = timedelta(minutes=1)
STEP, QUARTER, HOUR = timedelta(seconds=5), timedelta(minutes=15), timedelta(hours=1)
AGREED = {"_winback_order_news": "yes"}
OWN_STATUS = "ready-for-pickup"
PHONE = "+12025550100"
SECTIONS = "\n\n".join(
    f"[order_news.{kind}]\nenabled = true" for kind in (*KINDS, f"statuses.{OWN_STATUS}")
)


class OrderDesk:
    """All kinds are on, and one status of the shop's own. There are no quiet hours unless `more` says so."""

    def __init__(self, folder: Path, clock: MovedClock, stall: Stall, more: str = "") -> None:
        self.clock, self._folder = clock, folder
        self.counter = Counter(
            clock, stall, folder, country="US", currency="USD", timezone="America/New_York"
        )
        self.shop = self.counter.shop
        self.shop.add_order_status(OWN_STATUS, "Ready for pickup")
        read_shop_facts(self.counter.client, self.counter.settings)
        self.whatsapp = WhatsApp(clock, people=QuietPeople())
        self._server = Server(whatsapp_app(self.whatsapp))
        self._address = self._server.start()
        self.settings = self._read(more)
        self._show_templates()
        self.client = self._client(self.settings)
        read_templates(self.client, self.settings, now=clock.now())
        self._polled: datetime | None = None
        self.off = False  # the agent is down

    def _read(self, more: str) -> Settings:
        quiet = (
            "" if "[limits]" in more else '[limits]\nquiet_from = "00:00"\nquiet_until = "00:00"'
        )
        return settings_from(
            self._folder,
            "\n\n".join(filter(None, (quiet, SECTIONS, more))),
            shop=self.counter.url,
            whatsapp=self._address,
            page_size=100,
        )

    def change(self, more: str) -> None:
        """Other settings from now on."""
        self.settings = self.counter.settings = self._read(more)

    def _show_templates(self) -> None:
        shown = {news.template: news.body for news in self.settings.news.values()}
        for name, body in shown.items():
            blanks = " and ".join(f"{{{{{n}}}}}" for n in range(1, len(body) + 1))
            self.whatsapp.add_template(
                name, "en", "UTILITY", body=f"News of an order: {blanks} it is."
            )

    def _client(self, settings: Settings) -> Client:
        whatsapp = settings.whatsapp
        return Client(
            base_url=whatsapp.base_url,
            api_version=whatsapp.api_version,
            phone_number_id=self.whatsapp.phone_number_id,
            business_account_id=self.whatsapp.business_account_id,
            token=whatsapp.token,
            timeout=5.0,
            pool=4,
            sleep=lambda _: None,
        )

    @property
    def now(self) -> datetime:
        return self.clock.now()

    def fill(self) -> None:
        """All of the shop is in the mirror; from here on changes are watched."""
        self.counter.settings = self.settings
        self.counter.pull_all()
        tell_orders(self.settings, now=self.now, beat=lambda: None)
        self._polled = self.now

    def order(self, phone: str = PHONE, **more: Any) -> int:
        meta = {**AGREED, **more.pop("meta", {})}
        billing = {"phone": phone, "country": "US", "first_name": "Ana", **more.pop("billing", {})}
        lines = more.pop("lines", [(self.counter.shirt, 0, 2)])
        return self.shop.place_order(lines, billing=billing, meta=meta, **more)

    def later(self, **span: float) -> None:
        """Let time pass with all that the agent does meanwhile, a few seconds at once; of an hour and more,
        a quarter of one at once."""
        until = self.now + timedelta(**span)
        step = STEP if until - self.now < HOUR else QUARTER
        while self.now < until:
            self.clock.advance(min(step, until - self.now))
            if not self.off:
                self.work()

    def work(self) -> None:
        """What the timetable would do now."""
        if self._polled is None or self.now - self._polled >= POLL:
            self._polled = self.now
            self.counter.cycle()
        else:
            follow_hints(self.counter.client, self.settings, now=self.now, beat=lambda: None)
        tell_orders(self.settings, now=self.now, beat=lambda: None)
        if Message.due(self.now, 1):
            self.send()
        self.hear()
        settle(self.settings, now=self.now)

    def send(self) -> None:
        Sender(
            self.client,
            lambda: self.settings,
            now=self.clock.now,
            monotonic=time.monotonic,
            pause=lambda _: time.sleep(0.002),
        ).run(lambda: None)

    def hear(self) -> None:
        """The webhooks that are due come in, and are worked off."""
        courier = self.whatsapp._courier
        with courier._queueing:
            courier._pack(self.now)
            parcels, courier._parcels = courier._parcels, []
        for parcel in parcels:
            Webhook.insert(source="whatsapp", received_at=self.now, body=parcel.body).execute()
        track(self.settings, now=self.now, beat=lambda: None)

    def take_whatsapp_away(self) -> None:
        """Nobody listens where it was."""
        self._server.stop()

    def bring_whatsapp_back(self) -> None:
        self._server = Server(
            whatsapp_app(self.whatsapp), port=int(self._address.rpartition(":")[2])
        )
        self._server.start()

    @property
    def sent(self) -> list[Accepted]:
        return list(self.whatsapp.accepted)

    @property
    def told(self) -> list[str]:
        """The templates of all that was sent, in their order."""
        return [one.template or "" for one in self.sent]

    def outcomes(self, order: int) -> list[str]:
        """What its changes came to."""
        query = OrderChange.select().where(OrderChange.order_id == order).order_by(OrderChange.id)
        return [one.outcome if one.decided_at else "not decided yet" for one in query]

    def close(self) -> None:
        self.client.close()
        self.counter.close()
        self.whatsapp.close()
        self._server.stop()


OpenDesk = Callable[..., OrderDesk]


def messages(order: int) -> list[tuple[str, str]]:
    """(kind, state) of all that was meant to be told of it."""
    query = Message.select().where(Message.order_id == order).order_by(Message.id)
    return [(one.campaign, one.state) for one in query]
