"""What the tests of the sandbox WhatsApp play on: an account with templates, and a subscriber."""

from __future__ import annotations

import hmac
import json
from datetime import UTC, datetime
from typing import Any, Self

from flask import Flask, Response, request

from agent.sandbox.clock import MovedClock
from agent.sandbox.server import Server
from agent.sandbox.whatsapp.api import whatsapp_app
from agent.sandbox.whatsapp.people import People, QuietPeople
from agent.sandbox.whatsapp.whatsapp import WhatsApp

START = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
ANA = "+34600111222"
GOOD = {"Authorization": "Bearer EAAexample"}
NUMBER_ID, ACCOUNT_ID = "106540352242922", "102290129340398"


class Stage:
    """An account on a clock that stands still, asked without a network."""

    def __init__(self, people: People | None = None, seed: int = 0) -> None:
        self.clock = MovedClock(START)
        self.wa = WhatsApp(self.clock, people=people or QuietPeople(), seed=seed)
        self.app = whatsapp_app(self.wa)
        self.client = self.app.test_client()
        add_templates(self.wa)

    def send(self, body: object, version: int = 26, **headers: str) -> tuple[int, dict[str, Any]]:
        """POST a message; gives the status and the JSON."""
        path = f"/v{version}.0/{NUMBER_ID}/messages"
        answer = self.client.post(path, json=body, headers=GOOD | headers)
        return answer.status_code, answer.get_json()

    def refusal(self, body: object, version: int = 26) -> tuple[int, str]:
        """The code and the details with which a message is refused; it must not be accepted."""
        before = len(self.wa.accepted)
        status, answer = self.send(body, version)
        assert status >= 400
        assert len(self.wa.accepted) == before
        error = answer["error"]
        assert error["message"]
        assert error["type"]
        assert error["fbtrace_id"]
        return error["code"], error.get("error_data", {}).get("details", "")

    def get(self, path: str, **question: str) -> tuple[int, dict[str, Any]]:
        answer = self.client.get(f"/v26.0/{path}", query_string=question, headers=GOOD)
        return answer.status_code, answer.get_json()

    def close(self) -> None:
        self.wa.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def add_templates(wa: WhatsApp) -> None:
    """Those of the three sample messages below, and a few plain ones."""
    wa.add_template(
        "autumn_offer",
        "es_ES",
        body="Hola {{1}}, esta semana tienes un {{2}} de descuento en toda la tienda.",
        header="IMAGE",
        footer="Responde STOP para no recibir más promociones",
        buttons=[
            {"type": "QUICK_REPLY", "text": "No más promos"},
            {"type": "URL", "text": "Ver oferta", "url": "https://shop.example/o/{{1}}"},
            {"type": "COPY_CODE", "example": "OTONO20"},
        ],
    )
    wa.add_template(
        "order_shipped_named",
        "es_ES",
        "UTILITY",
        parameter_format="NAMED",
        header="Pedido de {{shop}}",
        body="Hola {{first_name}}, tu pedido {{order_number}} ya está en camino. Gracias.",
    )
    wa.add_template(
        "lto_weekend",
        "es_ES",
        body="Hola {{1}}, con {{2}} ahorras todo el fin de semana.",
        header="IMAGE",
        offer="¡Solo hoy!",
        buttons=[
            {"type": "COPY_CODE", "example": "FIN25"},
            {"type": "URL", "text": "Ver", "url": "https://shop.example/{{1}}"},
        ],
    )
    wa.add_template("plain", "en_US", "UTILITY", body="Your order has left our house.")
    wa.add_template("greeting", "en_US", body="Hello {{1}}, we have not seen you for a while.")


def template(
    name: str, language: str = "en_US", *components: object, **more: Any
) -> dict[str, Any]:
    """A message with a template to Ana; `more` replaces fields of the message."""
    content = {"name": name, "language": {"code": language}, "components": list(components)}
    return {
        "messaging_product": "whatsapp",
        "to": ANA,
        "type": "template",
        "template": content,
    } | more


def texts(*values: str) -> dict[str, Any]:
    """A body component with positional values."""
    return {"type": "body", "parameters": [{"type": "text", "text": value} for value in values]}


def greeting(name: str = "Ana", **more: Any) -> dict[str, Any]:
    return template("greeting", "en_US", texts(name), **more)


IMAGE = {
    "type": "header",
    "parameters": [{"type": "image", "image": {"link": "https://shop.example/img/a.jpg"}}],
}
QUICK_REPLY = {
    "type": "button",
    "sub_type": "quick_reply",
    "index": "0",
    "parameters": [{"type": "payload", "payload": "OPTOUT_MARKETING"}],
}
URL = {
    "type": "button",
    "sub_type": "url",
    "index": "1",
    "parameters": [{"type": "text", "text": "autumn?c=42"}],
}
CODE = {
    "type": "button",
    "sub_type": "copy_code",
    "index": "2",
    "parameters": [{"type": "coupon_code", "coupon_code": "OTONO20"}],
}


def autumn_offer(**more: Any) -> dict[str, Any]:
    """All kinds of components in one message: image, positional body, three kinds of buttons."""
    components = (IMAGE, texts("Ana", "20%"), QUICK_REPLY, URL, CODE)
    message = template("autumn_offer", "es_ES", *components, recipient_type="individual")
    message["template"]["language"]["policy"] = "deterministic"
    return message | {"biz_opaque_callback_data": "cmp42:msg:01J9ZK3Q"} | more


def order_shipped(**more: Any) -> dict[str, Any]:
    """Named parameters, in another order than in the template."""
    header = [{"type": "text", "parameter_name": "shop", "text": "Tienda"}]
    body = [
        {"type": "text", "parameter_name": "order_number", "text": "10023"},
        {"type": "text", "parameter_name": "first_name", "text": "Ana"},
    ]
    return template(
        "order_shipped_named",
        "es_ES",
        {"type": "header", "parameters": header},
        {"type": "body", "parameters": body},
        **more,
    )


def weekend_offer(ends_ms: int = 1798675200000, **more: Any) -> dict[str, Any]:
    """A limited-time offer; button indexes as integers."""
    terms = {"expiration_time_ms": ends_ms}
    return template(
        "lto_weekend",
        "es_ES",
        {
            "type": "header",
            "parameters": [{"type": "image", "image": {"id": "1602186516975000"}}],
        },
        texts("Ana", "FIN25"),
        {
            "type": "limited_time_offer",
            "parameters": [{"type": "limited_time_offer", "limited_time_offer": terms}],
        },
        {
            "type": "button",
            "sub_type": "copy_code",
            "index": 0,
            "parameters": [{"type": "coupon_code", "coupon_code": "FIN25"}],
        },
        {
            "type": "button",
            "sub_type": "url",
            "index": 1,
            "parameters": [{"type": "text", "text": "fin25"}],
        },
        **more,
    )


class Subscriber:
    """A callback that notes what it is posted, over a real socket.

    `answers` are the HTTP statuses of the next posts, 200 when there are no more.
    """

    def __init__(self, app_secret: str = "example-app-secret") -> None:
        self.answers: list[int] = []
        self.raw: list[bytes] = []  # of all posts, also those not answered with 200
        self.signed: list[bool] = []
        self.content_types: list[str] = []
        self._secret = app_secret
        app = Flask("subscriber")
        app.add_url_rule("/webhook", "take", self._take, methods=["GET", "POST"])
        self.server = Server(app)
        self.url = self.server.start() + "/webhook"

    def _take(self) -> Response:
        if request.method == "GET":
            right = request.args.get("hub.verify_token") == "example-verify-token"
            return Response(request.args["hub.challenge"] if right else "", 200 if right else 403)
        raw = request.get_data()
        want = "sha256=" + hmac.new(self._secret.encode(), raw, "sha256").hexdigest()
        self.signed.append(request.headers.get("X-Hub-Signature-256") == want)
        self.content_types.append(request.mimetype)
        self.raw.append(raw)
        return Response("", self.answers.pop(0) if self.answers else 200)

    @property
    def bodies(self) -> list[dict[str, Any]]:
        return [json.loads(raw) for raw in self.raw]

    @property
    def changes(self) -> list[dict[str, Any]]:
        return [
            change for body in self.bodies for entry in body["entry"] for change in entry["changes"]
        ]

    @property
    def statuses(self) -> list[dict[str, Any]]:
        return [status for one in self.changes for status in one["value"].get("statuses", ())]

    @property
    def messages(self) -> list[dict[str, Any]]:
        return [message for one in self.changes for message in one["value"].get("messages", ())]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.server.stop()
