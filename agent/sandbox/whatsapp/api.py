"""The sandbox WhatsApp over HTTP: the part of Meta's Graph API that a sender needs.

    POST       /v26.0/{phone_number_id}/messages
    GET, POST  /v26.0/{business_account_id}/message_templates
    GET        /v26.0/{business_account_id}/phone_numbers
    GET, POST  /v26.0/{business_account_id}/subscribed_apps
    GET        /v26.0/{phone_number_id}, /v26.0/{template_id}, /v26.0/{business_account_id}
    GET        /v26.0/debug_token

under any version from v21.0 on. `Server` (of `agent.sandbox.server`) runs the application.
"""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, g, request

from agent.sandbox.server import VANISH
from agent.sandbox.whatsapp.answers import (
    chosen,
    json_answer,
    json_body,
    paged,
    proxy_page,
    refusal_answer,
)
from agent.sandbox.whatsapp.errors import BadGateway, GraphError, unknown_object
from agent.sandbox.whatsapp.number import APP_ID, USUAL_FIELDS
from agent.sandbox.whatsapp.templates import matching
from agent.sandbox.whatsapp.token import (
    MANAGEMENT,
    MESSAGING,
    authenticate,
    authorize,
    described,
    token_in,
)
from agent.sandbox.whatsapp.turns import Vanished

if TYPE_CHECKING:
    from collections.abc import Callable

    from agent.sandbox.whatsapp.whatsapp import WhatsApp

OLDEST_VERSION = 21
TEMPLATE_FILTERS = ("name", "status", "category", "language")
USUAL_TEMPLATE_FIELDS = (
    "id", "name", "parameter_format", "components", "language", "status", "category",
)  # fmt: skip


def whatsapp_app(whatsapp: WhatsApp) -> Flask:
    """A WSGI application that speaks for `whatsapp`."""
    app = Flask("winback-sandbox-whatsapp", static_folder=None)
    app.before_request(_read_version)
    app.register_error_handler(GraphError, refusal_answer)
    app.register_error_handler(BadGateway, proxy_page)
    app.register_error_handler(404, lambda _: refusal_answer(GraphError(2500)))
    app.register_error_handler(405, lambda _: refusal_answer(_unsupported(request.path)))
    graph = _Graph(whatsapp)
    for rule, view, method in (
        ("debug_token", graph.debug_token, "GET"),
        ("<object_id>", graph.node, "GET"),
        ("<object_id>/messages", graph.send, "POST"),
        ("<object_id>/message_templates", graph.list_templates, "GET"),
        ("<object_id>/message_templates", graph.create_template, "POST"),
        ("<object_id>/phone_numbers", graph.phone_numbers, "GET"),
        ("<object_id>/subscribed_apps", graph.subscribed_apps, "GET"),
        ("<object_id>/subscribed_apps", graph.subscribe_app, "POST"),
    ):
        app.add_url_rule(f"/<version>/{rule}", view.__name__, _answered(view), methods=[method])

    @app.after_request
    def _wait(response: Response) -> Response:
        # at the very end: the message is on its way while its sender still waits for the answer
        seconds = whatsapp.wait_seconds()
        if seconds > 0:
            time.sleep(seconds)
        return response

    return app


class _Graph:
    """One method per endpoint; each returns the JSON of its 200."""

    def __init__(self, whatsapp: WhatsApp) -> None:
        self._whatsapp = whatsapp

    def send(self, object_id: str) -> dict[str, Any]:
        whatsapp = self._whatsapp
        self._allow(MESSAGING, object_id, whatsapp.phone_number_id)
        if whatsapp.drops_this_request():
            request.environ[VANISH] = True
            return {}
        try:
            message = whatsapp.send(json_body(), version=g.version)
        except Vanished:
            request.environ[VANISH] = True
            return {}
        if whatsapp.loses_this_response():
            request.environ[VANISH] = True
        if whatsapp.garbles_this_response():
            raise BadGateway(502)
        contact = {"input": message.input}
        if message.to.startswith("+"):
            contact["wa_id"] = message.person.key
        else:
            contact["user_id"] = message.to
        sent = {"id": message.id}
        if message.kind == "template":
            sent["message_status"] = "held_for_quality_assessment" if message.held else "accepted"
        return {"messaging_product": "whatsapp", "contacts": [contact], "messages": [sent]}

    def list_templates(self, object_id: str) -> dict[str, Any]:
        self._allow(MANAGEMENT, object_id, self._whatsapp.business_account_id)
        self._whatsapp.look_through_reviews()
        filters = {name: request.args[name] for name in TEMPLATE_FILTERS if request.args.get(name)}
        found = matching(self._whatsapp.templates.all(), filters)
        return paged([template.listed() for template in found], USUAL_TEMPLATE_FIELDS)

    def create_template(self, object_id: str) -> dict[str, Any]:
        self._allow(MANAGEMENT, object_id, self._whatsapp.business_account_id)
        template = self._whatsapp.create_template(json_body())
        return {"id": template.id, "status": template.status, "category": template.category}

    def node(self, object_id: str) -> dict[str, Any]:
        whatsapp = self._whatsapp
        authorize(whatsapp, _token(), MANAGEMENT)
        if object_id == whatsapp.phone_number_id:
            return chosen(whatsapp.number, USUAL_FIELDS)
        if object_id == whatsapp.business_account_id:
            return chosen({"id": object_id, "name": "Example Shop"}, ("id", "name"))
        whatsapp.look_through_reviews()
        template = whatsapp.templates.get(object_id)
        if template is None:
            raise _unsupported(object_id)
        return chosen(template.listed(), USUAL_TEMPLATE_FIELDS)

    def phone_numbers(self, object_id: str) -> dict[str, Any]:
        self._allow(MANAGEMENT, object_id, self._whatsapp.business_account_id)
        return paged([self._whatsapp.number], USUAL_FIELDS)

    def subscribed_apps(self, object_id: str) -> dict[str, Any]:
        self._allow(MANAGEMENT, object_id, self._whatsapp.business_account_id)
        link = f"https://www.facebook.com/games/?app_id={APP_ID}"
        app = {"whatsapp_business_api_data": {"link": link, "name": "Example Shop", "id": APP_ID}}
        return {"data": [app] if self._whatsapp.app_subscribed else []}

    def subscribe_app(self, object_id: str) -> dict[str, Any]:
        self._allow(MANAGEMENT, object_id, self._whatsapp.business_account_id)
        self._whatsapp.app_subscribed = True
        return {"success": True}

    def debug_token(self) -> dict[str, Any]:
        """About `input_token`, which may be the asking one; no right is needed for that."""
        authenticate(self._whatsapp, _token())
        asked = request.args.get("input_token")
        if not asked:
            raise GraphError(100, message="(#100) The parameter input_token is required")
        return {"data": described(self._whatsapp, asked)}

    def _allow(self, right: str, object_id: str, expected: str) -> None:
        """GraphError without a good token, its right, or with another object than ours."""
        authorize(self._whatsapp, _token(), right)
        if object_id != expected:
            raise _unsupported(object_id)


def _answered(view: Callable[..., dict[str, Any]]) -> Callable[..., Response]:
    """A Flask view of an endpoint; the version in the path has been read by then."""

    def answer(version: str, **parts: str) -> Response:  # noqa: ARG001 - a part of the route
        return json_answer(view(**parts))

    return answer


def _read_version() -> None:
    """Keep the Graph version of "/v26.0/..." in `g.version`. GraphError 2500 or 2635."""
    found = re.match(r"/v(\d{1,3})\.0/", request.path)
    if found is None:
        raise GraphError(2500, message=f"Unknown path components: {request.path}")
    g.version = int(found[1])
    if g.version < OLDEST_VERSION:
        raise GraphError(
            2635,
            message="(#2635) You are calling a deprecated version of the API. "
            "Please update to the latest version: v26.0.",
        )


def _token() -> str:
    return token_in(request.headers.get("Authorization", ""), request.args.get("access_token"))


def _unsupported(object_id: str) -> GraphError:
    return unknown_object(object_id, request.method.lower())
