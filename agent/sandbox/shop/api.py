"""The sandbox shop over HTTP: the part of wc/v3 and wc-analytics that an agent asks for.

    shop = Shop(clock)
    with Server(shop_app(shop)) as url: ...

A request passes: trouble, the key, the route, its parameters, the right to ask, the answer, and
the time that a real server would have taken.
"""

from __future__ import annotations

import gzip
import json
import time
from email.utils import format_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING

from flask import Flask, Response, g, request
from werkzeug.exceptions import HTTPException, InternalServerError

from agent.sandbox.server import VANISH
from agent.sandbox.shop.auth import SECRETS, Gate
from agent.sandbox.shop.errors import AuthError, WooError, no_route
from agent.sandbox.shop.exchange import Exchange, current, reply
from agent.sandbox.shop.facts import (
    api_index,
    current_currency,
    general_settings,
    order_totals,
    system_status,
)
from agent.sandbox.shop.front import ELSEWHERE, SENT_METHOD, front
from agent.sandbox.shop.params import php_query
from agent.sandbox.shop.render_orders import REFUND_METHODS
from agent.sandbox.shop.routes_coupons import coupon_routes
from agent.sandbox.shop.routes_goods import goods_routes
from agent.sandbox.shop.routes_orders import order_routes
from agent.sandbox.shop.routes_payments import payment_routes
from agent.sandbox.shop.routes_people import people_routes
from agent.sandbox.shop.routes_refunds import note_routes, refund_routes
from agent.sandbox.shop.routes_variations import variation_routes
from agent.sandbox.shop.routes_webhooks import webhook_routes
from agent.sandbox.shop.shop import Asked
from agent.sandbox.shop.trouble import Page, Trouble, html
from agent.sandbox.shop.view import ALL_METHODS, View

if TYPE_CHECKING:
    from collections.abc import Callable

    from agent.sandbox.shop.costs import Costs
    from agent.sandbox.shop.params import PhpValue
    from agent.sandbox.shop.shop import Shop

WC, ANALYTICS = "/wp-json/wc/v3", "/wp-json/wc-analytics"
FACTS: dict[str, Callable[[View], object]] = {
    "settings/general": general_settings,
    "data/currencies/current": current_currency,
    "system_status": system_status,
    "reports/orders/totals": lambda view: order_totals(view.shop),
}
READ_ONLY = {f"{WC}/{path}" for path in ("refunds", "variations", "payment_gateways", *FACTS)}
READ_ONLY |= {f"{ANALYTICS}/variations", "/wp-json"}
PAGE = "winback.page"  # in the environ: the answer is a page for people
NO_CACHE = {
    "Expires": "Wed, 11 Jan 1984 05:00:00 GMT",
    "Cache-Control": "no-cache, must-revalidate, max-age=0, no-store, private",
}
REST = {
    "X-Robots-Tag": "noindex",
    "X-Content-Type-Options": "nosniff",
    "Access-Control-Expose-Headers": "X-WP-Total, X-WP-TotalPages, Link",
    "Access-Control-Allow-Headers": (
        "Authorization, X-WP-Nonce, Content-Disposition, Content-MD5, Content-Type"
    ),
}


def shop_app(shop: Shop, *, costs: Costs | None = None, prefix: str = "") -> Flask:
    """The WSGI application of a shop; with `costs` it takes as long as a real one.

    `prefix` is the path below which WordPress lives, as "/store" for http://host/store/wp-json/...
    """
    app = Flask(__name__, static_folder=None)
    app.url_map.strict_slashes = False
    for routes in (
        order_routes,
        refund_routes,
        note_routes,
        people_routes,
        coupon_routes,
        webhook_routes,
        payment_routes,
    ):
        app.register_blueprint(routes(shop), url_prefix=WC)
    for routes in (goods_routes, variation_routes):
        app.register_blueprint(routes(shop), url_prefix=WC)
        app.register_blueprint(
            routes(shop), url_prefix=ANALYTICS, name=f"analytics_{routes.__name__}"
        )
    _fact_routes(app)
    door = _Door(shop, costs, prefix)
    app.before_request(door.admit)
    app.register_error_handler(WooError, door.refuse)
    app.register_error_handler(HTTPException, door.unknown)
    app.after_request(door.finish)
    app.wsgi_app = front(app.wsgi_app, prefix)  # type: ignore[method-assign,assignment]  # as Flask advises
    return app


class _Door:
    """Every request comes in here, and every answer goes out."""

    def __init__(self, shop: Shop, costs: Costs | None, prefix: str) -> None:
        self._shop, self._costs, self._gate = shop, costs, Gate(shop)
        self._prefix = prefix

    def admit(self) -> Response | None:
        home = request.host_url.rstrip("/") + self._prefix
        address = str(request.environ["REQUEST_URI"]).removeprefix(self._prefix)
        query = php_query(request.query_string.decode())
        if self._shop.on_request is not None:
            self._shop.on_request(_asked(self._shop, query, 0, 0))
        trouble = (self._shop.trouble or Trouble()).strike()
        g.exchange = exchange = Exchange(self._shop, query, home, trouble)
        if request.environ.get(ELSEWHERE):
            body = html("404 Not Found", "nginx")
            return _page(Page(404, body, names_the_api=False, cacheable=True), exchange)
        if (page := trouble.instead(home, address)) is not None:
            return _page(page, exchange)
        if not request.path.startswith("/wp-json"):
            return _site(exchange)
        method = str(request.environ[SENT_METHOD])
        # WordPress puts home and path together again, and for the front page it adds no slash
        path = address.partition("?")[0]
        base = home + ("" if path == "/" else path)
        header = request.headers.get("Authorization", "")
        exchange.known = self._gate.admit(method, base, address, query, header)
        if request.path.startswith(ANALYTICS) and not self._shop.analytics:
            raise no_route()
        if exchange.known and request.routing_exception is None:
            self._gate.permit(request.method)
        return None

    def refuse(self, error: WooError) -> Response:
        current().silent = isinstance(error, AuthError) or error.code == "rest_no_route"
        return reply(error.body(), status=error.status)

    def unknown(self, error: HTTPException) -> Response:
        if isinstance(error, InternalServerError):
            raise error.original_exception or error  # our own mistake: let it be seen
        return self.refuse(no_route())

    def finish(self, response: Response) -> Response:
        exchange = current()
        response.headers["Date"] = format_datetime(self._shop.now(), usegmt=True)
        response.headers["Server"] = "nginx/1.22.1"
        if PAGE not in request.environ:
            response = _as_rest(response, exchange)
        if self._shop.compresses and request.accept_encodings["gzip"] > 0:
            _compress(response)
        size = response.content_length or 0
        if self._costs is not None:
            self._costs.count(exchange.work, size)
            self._costs.charge(exchange.work, time.monotonic() - exchange.began)
        self._shop.asked.append(_asked(self._shop, exchange.query, response.status_code, size))
        if exchange.trouble.loses_answer:
            request.environ[VANISH] = True
        return response


def _fact_routes(app: Flask) -> None:
    @app.get("/wp-json")
    def index() -> Response:
        return reply(api_index(current().view))

    def fact(path: str, tell: Callable[[View], object]) -> None:
        def view() -> Response:
            exchange = current()
            exchange.need_key()
            with exchange.shop.lock:
                return reply(tell(exchange.view))

        app.add_url_rule(f"{WC}/{path}", path, view)

    for path, tell in FACTS.items():
        fact(path, tell)


def _allow(rule: str) -> tuple[str, ...]:
    """The methods that WooCommerce has for a route of ours, also where we have fewer."""
    if rule.endswith("<int:refund>"):
        return REFUND_METHODS
    if rule.endswith(">"):
        return ALL_METHODS
    return ("GET",) if rule in READ_ONLY else ("GET", "POST")


def _page(page: Page, exchange: Exchange) -> Response:
    request.environ[PAGE] = True
    response = Response(page.body, page.status, content_type=page.type)
    if page.from_rest:
        response.headers.update(REST)
    if not page.cacheable:
        response.headers.update(NO_CACHE)
    if page.names_the_api:
        response.headers["Link"] = _discovery(exchange)
    response.headers.update(page.headers)
    return response


def _site(exchange: Exchange) -> Response:
    """The pages for people: the home page, and for all else that there is nothing."""
    name = exchange.shop.name
    if request.path in {"/", "/index.php"}:
        return _page(Page(200, html(name, "Welcome."), cacheable=True), exchange)
    return _page(Page(404, html(f"Page not found &#8211; {name}", "Nothing here.")), exchange)


def _discovery(exchange: Exchange) -> str:
    return f'<{exchange.view.rest_url("/")}>; rel="https://api.w.org/"'


def _as_rest(response: Response, exchange: Exchange) -> Response:
    """The headers that all answers of the API have, and what trouble or `_envelope` does to them."""
    response.headers.update(REST)
    if exchange.known:
        response.headers.update(NO_CACHE)
        if request.url_rule is not None and not exchange.silent:
            response.headers["Allow"] = ", ".join(_allow(request.url_rule.rule))
    elif request.method in {"GET", "HEAD"}:
        response.headers["Vary"] = "Origin"
    if exchange.query.get("_envelope"):
        response = _enveloped(response)
    response.headers.setdefault("Link", _discovery(exchange))
    body = response.get_data(as_text=True)
    if (spoiled := exchange.trouble.spoil(body)) != body:
        response.set_data(spoiled)
    return response


def _compress(response: Response) -> None:
    """As a server does behind PHP's back; `bytes` of a request are those on the wire."""
    if body := response.get_data():
        response.set_data(gzip.compress(body, mtime=0))
        response.headers["Content-Encoding"] = "gzip"
        response.headers.add("Vary", "Accept-Encoding")


def _enveloped(response: Response) -> Response:
    """`_envelope=1`: status and headers inside the body, and always 200 outside."""
    inside: dict[str, object] = {}
    for name in ("X-WP-Total", "X-WP-TotalPages", "Link", "Allow"):
        value = response.headers.pop(name, None)
        if value is not None:
            inside[name] = int(value) if value.isdigit() else value
    whole = {
        "body": json.loads(response.get_data()),
        "status": response.status_code,
        "headers": inside,
    }
    response.set_data(json.dumps(whole, separators=(",", ":")).replace("/", "\\/"))
    response.status_code = HTTPStatus.OK
    return response


def _asked(shop: Shop, query: dict[str, PhpValue], status: int, size: int) -> Asked:
    params = {
        name: ",".join(value.values()) if isinstance(value, dict) else value
        for name, value in query.items()
        if name not in SECRETS
    }
    path = request.path.removeprefix("/wp-json").strip("/")
    return Asked(request.method, path, params, status, size, shop.now())
