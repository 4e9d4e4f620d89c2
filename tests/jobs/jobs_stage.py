"""What the stories of the jobs play with.

A `Counter` has a sandbox shop on one side and the pulling jobs on the other, over real HTTP. Where
the wire does not matter, `order_json` and `file_orders` bring orders into the mirror through the
same code that files a page of the shop.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from agent.clients.shop import Shop as ShopClient
from agent.config import Settings, load
from agent.jobs.pull import measure_drift, pull_all, read_shop_facts, run_cycle
from agent.jobs.pull.cycle import follow_up, poll
from agent.jobs.pull.filing import Filing
from agent.jobs.pull.kinds import CUSTOMERS, ORDERS, REFUNDS, Kind
from agent.jobs.pull.lines import read_lines
from agent.jobs.pull.sweep import sweep_on, swept
from agent.jobs.pull.walk import walk
from agent.sandbox.clock import MovedClock
from agent.sandbox.server import Server
from agent.sandbox.shop.api import shop_app
from agent.sandbox.shop.shop import Shop
from agent.sandbox.shop.trouble import Trouble
from models import CampaignStanding, Contact, Cursor, Message, Order, ShopFact

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication

CONFIG = """\
[shop]
url = "{shop}"
key = "ck_sandbox"
secret = "cs_sandbox"
page_size = {page_size}

[whatsapp]
phone_number_id = "106540352242922"
business_account_id = "102290129340398"
token = "EAAexample"
app_secret = "example-app-secret"
verify_token = "example-verify-token"
base_url = "{whatsapp}"

[database]
path = "winback.db"

[holdout]
everything = 0
share = 0

[campaigns.we_miss_you]
enabled = true

[campaigns.loyalty_reward]
enabled = true
"""
FACTS = {
    "name": "Example Shop",
    "url": "https://shop.example",
    "version": "9.9.5",
    "zone": "America/Sao_Paulo",
    "currency": "BRL",
    "country": "BR",
    "order_statuses": "pending processing on-hold completed cancelled refunded failed",
}
CONSENT = "_winback_marketing"  # the order meta key of the default config
DAY = timedelta(days=1)


class Killed(BaseException):
    """What `beat` raises where a test ends the process."""


class Misprint(Trouble):
    """A plugin that changes what the API says."""

    def __init__(self, right: str, wrong: str) -> None:
        self.right, self.wrong = right, wrong

    def spoil(self, body: str) -> str:
        return body.replace(self.right, self.wrong)


def nothing() -> None:
    """A beat that lets everything go on."""


def dying_after(beats: int) -> Callable[[], None]:
    """A beat that ends the job when it is asked for the time after `beats` times."""
    asked = count()

    def beat() -> None:
        if next(asked) >= beats:
            raise Killed

    return beat


def settings_from(
    folder: Path,
    more: str = "",
    *,
    shop: str = "https://shop.example",
    whatsapp: str = "https://graph.facebook.com",
    page_size: int = 2,
) -> Settings:
    """Settings of a file in `folder`. `more` are further sections; one that is there is replaced."""
    text = CONFIG.format(shop=shop, whatsapp=whatsapp, page_size=page_size)
    for part in filter(None, more.split("\n\n")):
        header = part.strip().partition("\n")[0]
        text = "\n\n".join(
            section for section in text.split("\n\n") if not section.startswith(header)
        )
        text = f"{text.rstrip()}\n\n{part.strip()}\n"
    path = folder / "winback.toml"
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)
    return load(path, environ={})


class Stall:
    """A real server on loopback; what it serves changes from test to test."""

    def __init__(self) -> None:
        self._app: WSGIApplication | None = None
        self._server = Server(self._answer)

    def serve(self, app: "WSGIApplication") -> str:
        """From now on it is `app` that answers. Returns the address."""
        self._app = app
        return self.url

    def _answer(self, environ: Any, start: Any) -> Iterable[bytes]:
        assert self._app is not None
        return self._app(environ, start)

    def __enter__(self) -> Self:
        self.url = self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop()


class Counter:
    """A sandbox shop, and the agent's side of it; two rows a page unless `settings` say otherwise."""

    def __init__(self, clock: MovedClock, stall: "Stall", folder: Path, **shop: str) -> None:
        self.clock = clock
        self.shop = Shop(clock, **shop)  # type: ignore[arg-type]  # only its texts are ever given
        self.url = stall.serve(shop_app(self.shop))
        self.settings = settings_from(folder, shop=self.url)
        self.client = ShopClient(
            self.url,
            self.shop.consumer_key,
            self.shop.consumer_secret,
            sleep=lambda _: None,
            monotonic=lambda: clock.now().timestamp(),
            user_agent="winback/0",
        )
        read_shop_facts(self.client, self.settings)
        self.shirt = self.shop.add_product(name="Shirt", price="40")
        self.forget_requests()

    @property
    def now(self) -> datetime:
        return self.clock.now()

    def later(self, **step: float) -> None:
        self.clock.advance(timedelta(**step))

    def page_size(self, rows: int) -> None:
        self.settings = replace(self.settings, shop=replace(self.settings.shop, page_size=rows))

    def order(self, phone: str = "", *, amount: int = 1, **more: Any) -> int:
        """Somebody buys `amount` shirts; returns the order's number."""
        billing = {"phone": phone, "country": "BR", "email": "", **more.pop("billing", {})}
        return self.shop.place_order([(self.shirt, 0, amount)], billing=billing, **more)

    def poll(self, beat: Callable[[], None] = nothing) -> dict[str, int]:
        """Only what is asked by date: orders and products."""
        return poll(self.client, self.settings, now=self.now, beat=beat)

    def cycle(self, beat: Callable[[], None] = nothing) -> dict[str, int]:
        """One whole cycle of the daemon."""
        return run_cycle(self.client, self.settings, now=self.now, beat=beat)

    def pull_all(self, beat: Callable[[], None] = nothing) -> None:
        """As `winback sync` does."""
        pull_all(self.client, self.settings, now=self.clock.now, beat=beat)

    def walk(self, kind: Kind, beat: Callable[[], None] = nothing) -> int:
        """The list of one kind, from where its cursor stands."""
        filing = Filing.from_settings(self.settings, self.now)
        return walk(self.client, kind, filing, beat=beat)

    def sweep(self, kind: Kind) -> None:
        """A whole round over the list of one kind, and what it points at."""
        filing = Filing.from_settings(self.settings, self.now)
        cursor = Cursor.named(swept(kind))
        sweep_on(self.client, kind, filing, beat=nothing)
        while Cursor.get_by_id(cursor.name).walk_began is not None:
            sweep_on(self.client, kind, filing, beat=nothing)
        follow_up(self.client, filing, beat=nothing)

    def drift(self) -> dict[str, int]:
        return measure_drift(self.client, self.settings, now=self.now, beat=nothing)

    def read_lines(self, *, most: int = 20) -> int:
        filing = Filing.from_settings(self.settings, self.now)
        return read_lines(self.client, filing, beat=nothing, most=most)

    def asked(self, path: str) -> list[Mapping[str, str]]:
        """The parameters of the requests for `path` since `forget_requests`."""
        return [one.params for one in self.shop.asked if one.path == path and one.method == "GET"]

    def forget_requests(self) -> None:
        self.shop.asked.clear()

    def close(self) -> None:
        self.client.close()


def mirrored() -> list[tuple[int, str]]:
    """(number, status) of every order in the mirror."""
    return [(one.woo_id, one.status) for one in Order.select().order_by(Order.woo_id)]


def in_the_shop(shop: Shop) -> list[tuple[int, str]]:
    """The same, as the shop has it."""
    return [(one.id, one.status) for one in shop.orders]


def order_json(number: int, created: datetime, phone: str = "", **more: Any) -> dict[str, Any]:
    """An order as the shop's API gives it: paid, of 100.00 BRL, unless `more` says otherwise.

    `email`, `first_name` and `country` go to the billing address, `consent` into the meta data.
    """
    billing = {
        "phone": phone,
        "email": more.pop("email", ""),
        "country": more.pop("country", "US"),
        "first_name": more.pop("first_name", "Ana"),
        "last_name": more.pop("last_name", "Example"),
    }
    consent = more.pop("consent", None)
    meta = [] if consent is None else [{"key": CONSENT, "value": consent}]
    return {
        "id": number,
        "status": "completed",
        "currency": "BRL",
        "total": "100.00",
        "customer_id": 0,
        "billing": billing,
        "meta_data": meta,
        "date_created_gmt": gmt(created),
        "date_modified_gmt": gmt(more.pop("modified", created)),
        "date_paid_gmt": gmt(created),
    } | more


def gmt(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")


def open_shop(**facts: str) -> None:
    """Write down what a shop says of itself, as a job would have read it."""
    ShopFact.put(FACTS | facts)


def file_orders(settings: Settings, now: datetime, *orders: dict[str, Any]) -> None:
    """Orders arrive in the mirror, as one page."""
    ORDERS.absorb(list(orders), now, Filing.from_settings(settings, now))


def file_customers(settings: Settings, now: datetime, *customers: dict[str, Any]) -> None:
    CUSTOMERS.absorb(list(customers), now, Filing.from_settings(settings, now))


def file_refunds(settings: Settings, now: datetime, *refunds: tuple[int, int, str]) -> None:
    """Refunds as (id, order, amount)."""
    rows = [
        {"id": number, "parent_id": order, "amount": amount, "date_created_gmt": gmt(now)}
        for number, order, amount in refunds
    ]
    REFUNDS.absorb(rows, now, Filing.from_settings(settings, now))


def approve_templates(settings: Settings, now: datetime) -> None:
    """Every campaign can be sent."""
    for name in settings.campaigns:
        CampaignStanding.put(name, "", now)


def contact_at(phone: str) -> Contact:
    found: Contact = Contact.get(Contact.phone == phone)
    return found


def add_message(contact: int, now: datetime, **more: Any) -> Message:
    """A message to `contact`, decided at `now` and queued, unless `more` says otherwise."""
    uid = more.pop("uid", f"uid-{Message.select().count() + 1}")
    day = now.date().isoformat()
    Message.insert(
        **{
            "uid": uid,
            "contact_id": contact,
            "campaign": "we_miss_you",
            "period": day,
            "cap_day": day,
            "template": "we_miss_you",
            "language": "en",
            "created_at": now,
            "not_before": now,
            "expires_at": now + 3 * DAY,
        }
        | more
    ).execute()
    found: Message = Message.get(Message.uid == uid)
    return found


def add_contact(phone: str, now: datetime, **more: Any) -> int:
    """Somebody who agreed to marketing, unless `more` says otherwise. Returns the contact's id."""
    values = {"phone": phone, "marketing": "yes", "marketing_at": now - DAY, "created_at": now}
    return int(Contact.insert(**(values | more)).execute())
