"""Both webhooks against what looks almost as it should: nothing of it is an error of ours, nothing gets in
unsigned, and what was acknowledged is kept.

The bodies are the samples of WhatsApp and the recorded deliveries of a shop, changed at random: parts
dropped, doubled, of another type, nested, huge, of odd letters, cut off. The seed names a case for good.
"""

import base64
import copy
import hashlib
import hmac
import io
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

import pytest
from sending_world import World
from web_signing import sign

from agent.config import Settings
from agent.jobs.track import track
from agent.rules.shop_webhooks import Unreadable, changed
from agent.web import intake
from models import TABLES, Contact, Hint, Message, SetAside, Webhook
from models.base import tuples

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication

SAMPLES = Path(__file__).with_name("whatsapp_samples.json")
RECORDINGS = Path(__file__).parents[1] / "recordings"
TOPICS = ("order.created", "order.updated", "order.deleted", "customer.updated")
SHOP_SECRET = "example-shop-webhook-secret"
ODD: tuple[Any, ...] = (
    None, True, False, 0, -1, 1.5, 10**30, -(10**30), 2**63, float("nan"), float("inf"), "", " ", "0",
    "stop", "STOP", "\x00", "\ud83d", "\udfff\ud83d", "é" * 300, "\u202e" + "x", "x" * 2_000, "9" * 400,
    "1795300000", "wamid.1", "12025550101", "+", "'; DROP TABLE message; --", [], {}, [[]], [None], {"": {}},
    {"id": {}}, ["x"] * 50,
)  # fmt: skip
KEYS = ("statuses", "messages", "errors", "user_preferences", "id", "from", "type", "status", "system",
        "pricing", "context", "order", "timestamp", "field", "value", "changes", "entry", "x")  # fmt: skip
LARGEST = 3 * 1024 * 1024  # bytes
BATCH = 1_000  # posts between two looks of the tracking


@dataclass(frozen=True, slots=True)
class Post:
    path: str
    headers: dict[str, str]
    body: bytes
    topic: str = ""


class Mutant:
    """Posts by a seed."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)
        self._numbers = count()
        self._samples = list(json.loads(SAMPLES.read_text(encoding="utf-8")).values())
        self._weights = [_weight(sample) for sample in self._samples]
        self._deliveries = [(topic, _recorded(topic)) for topic in TOPICS]
        self._deliveries += [("product.updated", {"id": 832, "type": "variation", "parent_id": 7})]

    def posts(self, number: int, *, signed: bool) -> Iterator[Post]:
        for _ in range(number):
            if self._random.random() < 0.8:
                yield self._whatsapp(signed=signed)
            else:
                yield self._shop(signed=signed)

    def _whatsapp(self, *, signed: bool) -> Post:
        many = self._random.choice((1, 1, 1, 2, 5))
        changes = self._random.choices(self._samples, self._weights, k=many)
        entry = {"id": "102290129340398", "time": 1751247548, "changes": changes}
        payload = {"object": "whatsapp_business_account", "entry": [entry]}
        body = self._body(payload)
        mark = sign(body) if signed else self._forged(sign(body), sign(body, "another secret"))
        return Post("/webhooks/whatsapp", {"X-Hub-Signature-256": mark}, body)

    def _shop(self, *, signed: bool) -> Post:
        topic, delivery = self._random.choice(self._deliveries)
        if isinstance(delivery, dict):  # each of another order: what is known is not noted again
            delivery = delivery | {"id": next(self._numbers) + 1}
        body = self._body(delivery)
        mark = _shop_mark(body, SHOP_SECRET)
        if not signed:
            mark = self._forged(mark, _shop_mark(body, "another secret"))
        headers = {
            "X-WC-Webhook-Signature": mark,
            "X-WC-Webhook-Topic": topic,
            "X-WC-Webhook-Resource": topic.partition(".")[0],
        }
        return Post("/webhooks/shop", headers, body, topic)

    def _forged(self, right: str, others: str) -> str:
        return self._random.choice(
            (
                others,
                right[:-1],
                right + "=",
                right[1:],
                right.swapcase(),
                "",
                "sha256=",
                "é",
                "=" * 99,
            )
        )

    def _body(self, payload: Any) -> bytes:
        payload = copy.deepcopy(payload)
        for _ in range(self._random.choice((0, 1, 1, 2, 4))):
            payload = self._changed(payload)
        body = json.dumps(payload, ensure_ascii=self._random.random() < 0.9)
        raw = body.replace("/", "\\/").encode(errors="surrogatepass")
        chance = self._random.random()
        if chance > 0.999:
            return raw + b" " * self._random.choice((100_000, LARGEST))
        if chance < 0.03:
            return raw[: self._random.randrange(len(raw))]
        if chance < 0.06:
            place = self._random.randrange(len(raw))
            return raw[:place] + self._random.randbytes(3) + raw[place:]
        if chance < 0.07:
            return b"[" * 3_000 + raw
        return self._random.randbytes(40) if chance < 0.08 else raw

    def _changed(self, payload: Any) -> Any:
        """Something in it is changed, anywhere."""
        holders = list(_holders(payload))
        if not holders:
            return self._random.choice(ODD)
        holder = self._random.choice(holders)
        keys = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
        key = self._random.choice(keys)
        match self._random.randrange(7):
            case 0:
                del holder[key]
            case 1 if isinstance(holder, list):
                holder.extend([holder[key]] * self._random.choice((1, 3, 30)))
            case 1 | 2:
                holder[key] = copy.deepcopy(self._random.choice(ODD))
            case 3:
                for _ in range(self._random.choice((1, 2, 60))):
                    holder[key] = self._random.choice(([holder[key]], {"entry": holder[key]}))
            case 4 if isinstance(holder, dict):
                holder[self._random.choice(KEYS)] = copy.deepcopy(self._random.choice(ODD))
            case 5:
                holder[key] = str(holder[key])[:5_000]
            case _:
                other = self._random.choice(holders)
                holder[key] = copy.deepcopy(other)
        return payload


def _weight(sample: Any) -> int:
    """What people say takes long to work off, and comes seldom."""
    if sample["field"] == "user_preferences" or "messages" in sample["value"]:
        return 1
    return 4 if "statuses" in sample["value"] else 2


def _recorded(topic: str) -> Any:
    text = (RECORDINGS / f"q10_delivery_{topic}.json").read_text(encoding="utf-8")
    return json.loads(json.loads(text)["body"])


def _holders(value: Any) -> Iterator[Any]:
    """Every object and list in it that has something in it."""
    if isinstance(value, dict | list) and value:
        yield value
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _holders(inner)


def _shop_mark(body: bytes, secret: str) -> str:
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()


@pytest.fixture
def settings(world: World) -> Settings:
    return world.settings(web__shop_webhook_secret=SHOP_SECRET)


@pytest.fixture
def send(database: Path, settings: Settings, now: datetime) -> Callable[[Post], tuple[int, str]]:
    """Straight to the application that the daemon serves: no wire, all of the rest."""
    app = intake(lambda: settings, lambda: now)
    return lambda post: _sent(app.wsgi_app, post)


def _sent(app: "WSGIApplication", post: Post) -> tuple[int, str]:
    answered: list[str] = []
    environ: dict[str, Any] = {
        "REQUEST_METHOD": "POST", "PATH_INFO": post.path, "QUERY_STRING": "", "SCRIPT_NAME": "",
        "SERVER_NAME": "shop.example", "SERVER_PORT": "443", "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1", "CONTENT_LENGTH": str(len(post.body)),
        "wsgi.input": io.BytesIO(post.body), "wsgi.errors": sys.stderr, "wsgi.url_scheme": "https",
        "wsgi.version": (1, 0), "wsgi.input_terminated": True,
        "wsgi.multithread": True, "wsgi.multiprocess": False, "wsgi.run_once": False,
    }  # fmt: skip
    for name, value in post.headers.items():  # as a server hands them over: bytes as Latin-1
        environ["HTTP_" + name.upper().replace("-", "_")] = value.encode().decode("latin-1")

    def start(status: str, *_: object) -> Callable[[bytes], object]:
        answered.append(status)
        return lambda _: None

    text = b"".join(app(environ, start)).decode()
    return int(answered[0][:3]), text


def everything() -> dict[str, int]:
    return {table.__name__: table.select().count() for table in TABLES}


@pytest.mark.long
@pytest.mark.parametrize(
    ("seed", "number"),
    [
        *((seed, 250) for seed in (1, 2)),
        pytest.param(3, 100_000, marks=pytest.mark.long),
    ],
)
def test_nothing_of_it_is_an_error_of_ours_and_nothing_acknowledged_is_lost(
    send: Callable[[Post], tuple[int, str]],
    settings: Settings,
    now: datetime,
    seed: int,
    number: int,
) -> None:
    contact = Contact.insert(phone="+12025550101", marketing="yes", created_at=now).execute()
    mutant = Mutant(seed)
    with ThreadPoolExecutor(16) as posts:
        # what nobody signed leaves nothing, whatever it says
        before = everything()
        answers = Counter(
            status for status, _ in posts.map(send, mutant.posts(number // 5, signed=False))
        )
        assert set(answers) <= {403, 413}
        assert everything() == before

        # what is signed is acknowledged, kept, and worked off: by the elements that can be
        acknowledged = Counter[bytes]()
        hints: set[tuple[str, int]] = set()
        left = number - number // 5
        while left:
            batch = list(mutant.posts(min(BATCH, left), signed=True))
            left -= len(batch)
            for post, (status, text) in zip(batch, posts.map(send, batch), strict=True):
                fits = len(post.body) <= LARGEST
                assert status == (200 if fits else 413), (status, text, post.body[:2_000])
                if not fits:
                    continue
                if post.path == "/webhooks/whatsapp":
                    acknowledged[hashlib.sha256(post.body).digest()] += 1
                elif text == "ok":
                    hints |= _hint(post)
            track(settings, now=now + timedelta(hours=1), beat=lambda: None)
    kept = Counter(
        hashlib.sha256(bytes(body)).digest() for (body,) in tuples(Webhook.select(Webhook.body))
    )
    assert kept == acknowledged
    assert hints <= {(hint.kind, hint.woo_id) for hint in Hint.select()}
    assert Webhook.select().where(Webhook.done_at.is_null()).count() == 0
    assert SetAside.select().count() > number // 50
    # and after all of that a person's no is heard, and a message moves
    Message.insert(
        uid="uid-after", contact_id=contact, campaign="we_miss_you", period="x", state="accepted",
        template="t", language="en", cap_day="x", created_at=now, not_before=now, expires_at=now,
        wamid="wamid.after",
    ).execute()  # fmt: skip
    said = {"from": "12025550101", "id": "wamid.last", "timestamp": "1795301000", "type": "text"}
    value = {
        "messages": [said | {"text": {"body": "STOP"}}],
        "statuses": [{"id": "wamid.after", "status": "read", "timestamp": "1795301000"}],
    }
    body = json.dumps({"entry": [{"changes": [{"field": "messages", "value": value}]}]}).encode()
    assert send(Post("/webhooks/whatsapp", {"X-Hub-Signature-256": sign(body)}, body))[0] == 200
    track(settings, now=now + timedelta(hours=1), beat=lambda: None)
    assert Contact.get(Contact.phone == "+12025550101").marketing == "no"
    assert Message.get(Message.uid == "uid-after").state == "read"


def _hint(post: Post) -> set[tuple[str, int]]:
    try:
        about = changed(post.topic, post.headers["X-WC-Webhook-Resource"], post.body)
    except Unreadable:
        return set()
    return set() if about is None or about.bare else {(about.kind, about.woo_id)}
