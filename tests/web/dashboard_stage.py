"""A shop's installation with something on every page, and a browser's view of it over real HTTP."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from random import Random
from typing import Any

import requests

from agent.config import Settings, load
from agent.consent import Heard, record
from agent.jobs.awaited import list_awaited
from agent.jobs.report import work_out_ahead
from agent.rules.shipped import approved
from models import (
    Alarm,
    CampaignStanding,
    Canary,
    Contact,
    Conversion,
    Cursor,
    Customer,
    Heartbeat,
    Identity,
    Interest,
    JobRun,
    Link,
    Message,
    Order,
    Pause,
    Product,
    Reply,
    Sample,
    ShopFact,
    Template,
)
from models.base import transaction
from models.refresh import refresh

FACTS = {
    "name": "Loja Exemplo", "url": "https://shop.example", "version": "9.9.5",
    "zone": "America/Sao_Paulo", "currency": "BRL", "country": "BR", "language": "pt_BR",
    "order_statuses": "pending processing on-hold completed cancelled refunded failed",
    "whatsapp_status": "CONNECTED", "whatsapp_quality": "GREEN", "whatsapp_limit": "TIER_10K",
    "webhooks": "ok",
}  # fmt: skip
CONFIG = """\
[shop]
url = "https://shop.example"
key = "ck_sandbox"
secret = "cs_sandbox"

[whatsapp]
phone_number_id = "106540352242922"
business_account_id = "102290129340398"
token = "EAAexample"
app_secret = "example-app-secret"
verify_token = "example-verify-token"

[database]
path = "winback.db"

[limits]
quiet_from = "00:00"
quiet_until = "00:00"

[campaigns.we_miss_you]
enabled = true
language = "pt_BR"

[campaigns.back_in_stock]
enabled = true

[campaigns.loyalty_reward]
enabled = true

[order_news.shipping_update]
enabled = true

[dashboard]
{dashboard}
"""
ATTACK = '<script>alert("winback")</script><img src=x onerror=alert(1)>'
NAMES = ("Ana Souza", "Bruno Lima", "Carla Dias", "Diego Alves", "Élida Prado", "Fábio Nunes")
STATES = (
    *("read",) * 9, *("delivered",) * 6, "sent", "failed", "unsure", "queued", "expired", "withheld",
)  # fmt: skip
CAMPAIGNS = ("we_miss_you", "back_in_stock", "loyalty_reward", "shipping_update")
SOLD_OUT_PRODUCT, VARIABLE, VARIATION = 501, 502, 503
PAGES = (
    "/", "/campaigns", "/people", "/people?q=a", "/people/1", "/people/2", "/messages",
    "/messages?state=failed", "/messages?code=131049", "/messages/1", "/waiting",
    f"/waiting/{SOLD_OUT_PRODUCT}", f"/waiting/{VARIABLE}/{VARIATION}",
)  # fmt: skip


DAY = timedelta(days=1)
PEOPLE = 60


def settings_with(folder: Path, dashboard: str = "") -> Settings:
    path = folder / "winback.toml"
    path.write_text(CONFIG.format(dashboard=dashboard), encoding="utf-8")
    path.chmod(0o600)
    return load(path, environ={})


def fill(settings: Settings, now: datetime) -> None:
    """Something of everything, and somebody whose every word is an attack."""
    with transaction():  # hundreds would each wait for the disk
        _fill(now)
    refresh(settings.audience.paid_statuses, "BRL")
    count(settings, now)


def _fill(now: datetime) -> None:
    random = Random(7)
    ShopFact.put(FACTS)
    Heartbeat.beat(
        pid=1, version="0.1.0", started_at=now - DAY, beat_at=now, stopped_at=None, listening=""
    )
    Cursor.named("orders")
    Cursor.update(since=now - timedelta(minutes=1), polled_at=now).where(
        Cursor.name == "orders"
    ).execute()
    Sample.insert(kind="orders", taken_at=now - DAY, compared=400, differing=1).execute()
    _fill_products(now)
    for number in range(1, PEOPLE + 1):
        _fill_person(number, random, now)
    _fill_messages(random, now)
    Template.replace_all(
        [
            {
                "name": name, "language": language, "status": "APPROVED",
                "category": body["category"], "body": body, "read_at": now,
            }
            for (name, language), body in approved("https://shop.example").items()
        ]
    )  # fmt: skip
    for name in CAMPAIGNS:
        CampaignStanding.put(name, "", now)
    Canary.put("loyalty_reward", "x", batch=1, now=now - DAY, passed=False)
    Pause.put("back_in_stock", "operator", ATTACK, now=now - DAY)
    Alarm.insert(
        kind="template", subject="loyalty_reward", severity="warning", what=f"{ATTACK} is paused",
        fix="see WhatsApp Manager", since=now - DAY, last_at=now,
    ).execute()  # fmt: skip
    JobRun.write(
        "campaigns", started_at=now, ended_at=now, outcome="ok",
        result={"no_consent": 40, "capped": 7},
    )  # fmt: skip


def count(settings: Settings, now: datetime) -> None:
    """As the daemon does every quarter of an hour."""
    work_out_ahead(settings, now=now, beat=lambda: None)
    list_awaited(settings, now=now, beat=lambda: None)


def _fill_products(now: datetime) -> None:
    for number, parent, name, status, units in (
        (SOLD_OUT_PRODUCT, 0, ATTACK, "outofstock", 0),
        (VARIABLE, 0, "Vestido Linho", "instock", None),
        (VARIATION, VARIABLE, "Vestido Linho - Azul, M", "outofstock", 0),
    ):
        Product.insert(
            woo_id=number, parent_id=parent, name=name, status="publish", price=18_990,
            stock_status=status, stock_quantity=units, read_at=now, sku=f"SKU-{number}",
        ).execute()  # fmt: skip


def _fill_person(number: int, random: Random, now: datetime) -> None:
    name = NAMES[number % len(NAMES)].split()
    if number == 1:
        name = [ATTACK, 'O\'Neil & "Filhos"']
    phone = f"+1202555{number + 100:04}"
    Contact.insert(
        id=number, phone=phone, region="US", zones="America/New_York", first_name=name[0],
        last_name=name[1], email=f"p{number}@example.com", created_at=now - 400 * DAY,
    ).execute()  # fmt: skip
    Identity.put(
        [
            {"kind": kind, "value": value, "contact_id": number, "seen_at": now}
            for kind, value in (("email", f"p{number}@example.com"), ("customer", str(900 + number)))
        ]
    )  # fmt: skip
    Customer.insert(
        woo_id=900 + number, email=f"p{number}@example.com", contact_id=number, read_at=now
    ).execute()
    words = ATTACK if number == 1 else "Quero receber ofertas pelo WhatsApp"
    record(
        [
            Heard(
                phone=phone, says="no" if number % 9 == 0 else "yes", source=f"order {number}",
                said_at=now - 90 * DAY, words=words,
            )
        ],
        now=now,
    )  # fmt: skip
    for order in range(random.randrange(0, 4)):
        at = now - timedelta(days=random.randrange(2, 300), hours=order)
        Order.insert(
            woo_id=number * 10 + order, number=str(number * 10 + order), status="completed",
            currency="BRL", total=random.randrange(5_000, 90_000), customer_id=900 + number,
            contact_id=number, holder_id=number, created_at=at, paid_at=at, read_at=now,
            modified_at=at, lines_at=now,
        ).execute()  # fmt: skip
    product, variation = random.choice(((SOLD_OUT_PRODUCT, 0), (VARIABLE, VARIATION)))
    Interest.write_each(
        [
            {
                "contact_id": number, "product_id": product, "variation_id": variation,
                "kind": random.choice(("view", "wishlist")), "price": 18_990,
                "stock_status": "outofstock", "first_at": now - timedelta(days=number % 20, hours=3),
                "seen_at": now - timedelta(hours=number), "source": "events",
            }
        ],
        lambda insert: insert.on_conflict_ignore(),
    )  # fmt: skip


def _fill_messages(random: Random, now: datetime) -> None:
    number = 0
    for passed in range(29, -1, -1):
        for _ in range(random.randrange(2, 14)):
            number += 1
            campaign, state = random.choice(CAMPAIGNS), random.choice(STATES)
            at = now - passed * DAY - timedelta(minutes=number % 600)
            insert_message(number, campaign, state, at, random)
            if state == "read" and random.random() < 0.3:
                _earn(number, campaign, at, random)


def insert_message(
    number: int, campaign: str, state: str, at: datetime, random: Random, **more: Any
) -> None:
    left = state not in ("queued", "expired", "withheld")
    failed = state == "failed"
    Message.insert(**{
        "id": number, "uid": f"uid-{number}", "contact_id": number % PEOPLE + 1, "campaign": campaign,
        "subject": str(number), "period": at.date().isoformat(), "cap_day": at.date().isoformat(),
        "state": state, "template": campaign, "language": "pt_BR",
        "variables": {"first_name": ATTACK, "shop_url": "https://shop.example"},
        "reason": "no order for 75 days", "created_at": at, "not_before": at, "expires_at": at + DAY,
        "claimed_at": at if left else None, "accepted_at": at if left and not failed else None,
        "sent_at": at if left and not failed else None,
        "delivered_at": at if state in ("delivered", "read") else None,
        "read_at": at + timedelta(minutes=5) if state == "read" else None,
        "ended_at": at if failed or state == "expired" else None, "wamid": f"wamid.{number}",
        "code": 131049 if failed else None, "country": "US",
        "detail": "everything" if state == "withheld" else (ATTACK if failed else ""),
        "clicked": state == "read" and random.random() < 0.4, "stopped": number % 50 == 0,
        "product_id": SOLD_OUT_PRODUCT if campaign == "back_in_stock" else None, **more,
    }).execute()  # fmt: skip


def _earn(number: int, campaign: str, at: datetime, random: Random) -> None:
    Conversion.insert(
        order_id=90_000 + number, message_id=number, contact_id=number % PEOPLE + 1,
        campaign=campaign, ordered_at=at + DAY, revenue=random.randrange(4_000, 60_000),
        currency="BRL", period=at.date().isoformat(), template=campaign, language="pt_BR",
        first_message_id=number,
    ).execute()  # fmt: skip
    Message.update(replied=True).where(Message.id == number).execute()
    Link.put(
        [
            {
                "token": f"token{number}", "message_uid": f"uid-{number}", "target": f"/?q={ATTACK}",
                "created_at": at, "clicks": 2, "first_at": at, "last_at": at,
            }
        ]
    )  # fmt: skip
    Reply.insert(
        wamid=f"reply.{number}", contact_id=number % PEOPLE + 1, kind="text", text=ATTACK,
        in_reply_to=f"wamid.{number}", at=at + timedelta(minutes=9),
    ).execute()  # fmt: skip


def plain(html: str) -> str:
    """The words of a page, each place between them one space."""
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", html)).split())


class Browser:
    """What somebody does on the pages: it keeps cookies, follows redirects and sends the forms' tokens."""

    def __init__(self, url: str) -> None:
        self.url, self.session = url, requests.Session()

    def get(self, path: str = "/", **more: Any) -> requests.Response:
        return self.session.get(f"{self.url}/dashboard{path}", timeout=30, **more)

    def token(self, path: str = "/campaigns") -> str:
        """That of the first form on a page."""
        found = re.search(r'name="token" value="([0-9a-f]{64})"', self.get(path).text)
        assert found
        return found[1]

    def post(self, path: str, form: dict[str, str], **more: Any) -> requests.Response:
        return self.session.post(f"{self.url}/dashboard{path}", data=form, timeout=30, **more)

    def log_in(self, password: str, **more: Any) -> requests.Response:
        form = {"password": password, "token": self.token("/login")}
        return self.post("/login", form, **more)


NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
