"""wc/v3: the shop's webhooks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, Response

from agent.sandbox.shop.errors import WooError
from agent.sandbox.shop.exchange import current, found, reply
from agent.sandbox.shop.lists import LIST_RULES, answer, by_include, paged, pick
from agent.sandbox.shop.params import Params, Rule, one_of, text
from agent.sandbox.shop.rows import Webhook
from agent.sandbox.shop.view import Fields, gmt
from agent.sandbox.shop.webhooks import STATUSES, is_address, is_topic
from agent.sandbox.shop.writes import written

if TYPE_CHECKING:
    from collections.abc import Callable

    from agent.sandbox.shop.shop import Shop

RULES: dict[str, Rule] = {
    **LIST_RULES,
    "orderby": one_of("date", "id", "include", "title", "slug"),
    "status": one_of("all", *STATUSES),
}
WRITE_RULES: dict[str, Rule] = {
    "name": text,
    "status": one_of(*STATUSES),
    "topic": text,
    "delivery_url": text,
    "secret": text,
}
_NEW_PRODUCT = ("woocommerce_new_product", "woocommerce_new_product_variation")
_SAVED_PRODUCT = ("woocommerce_update_product", "woocommerce_update_product_variation")
HOOKS = {
    "coupon.created": ("woocommerce_process_shop_coupon_meta", "woocommerce_new_coupon"),
    "coupon.updated": ("woocommerce_process_shop_coupon_meta", "woocommerce_update_coupon"),
    "coupon.deleted": ("wp_trash_post",),
    "coupon.restored": ("untrashed_post",),
    "customer.created": (
        "user_register",
        "woocommerce_created_customer",
        "woocommerce_new_customer",
    ),
    "customer.updated": ("profile_update", "woocommerce_update_customer"),
    "customer.deleted": ("delete_user",),
    "order.created": ("woocommerce_new_order",),
    "order.updated": ("woocommerce_update_order", "woocommerce_order_refunded"),
    "order.deleted": ("wp_trash_post", "woocommerce_trash_order"),
    "order.restored": ("untrashed_post", "woocommerce_untrash_order"),
    "product.created": ("woocommerce_process_product_meta", *_NEW_PRODUCT),
    "product.updated": ("woocommerce_process_product_meta", *_SAVED_PRODUCT),
    "product.deleted": ("wp_trash_post",),
    "product.restored": ("untrashed_post",),
}

WEBHOOK = Fields[Webhook](
    {
        "id": lambda _, row: row.id,
        "name": lambda _, row: row.name,
        "status": lambda _, row: row.status,
        "topic": lambda _, row: row.topic,
        "resource": lambda _, row: row.resource,
        "event": lambda _, row: row.event,
        "hooks": lambda _, row: list(HOOKS.get(row.topic, ())),
        "delivery_url": lambda _, row: row.delivery_url,
        "date_created": lambda view, row: view.local(row.created),
        "date_created_gmt": lambda _, row: gmt(row.created),
        "date_modified": lambda view, row: view.local(row.modified),
        "date_modified_gmt": lambda _, row: gmt(row.modified),
        "_links": lambda view, row: view.links("webhooks", row.id),
    }
)


def _check(sent: Params, *, new: bool) -> None:
    """WooError 400 for a topic or address that cannot be. A change may leave both away."""
    if (new or sent.text("topic")) and not is_topic(sent.text("topic")):
        word = "is required and must" if new else "must"
        raise _invalid("topic", f"Webhook topic {word} be valid.")
    if (new or sent.text("delivery_url")) and not is_address(sent.text("delivery_url")):
        raise _invalid(
            "delivery_url",
            "Webhook delivery URL must be a valid URL starting with http:// or https://.",
        )


def _invalid(what: str, message: str) -> WooError:
    return WooError(f"woocommerce_rest_shop_webhook_invalid_{what}", message, 400)


def _known(row: Webhook | None) -> Webhook:
    """To show or change what does not exist is a 400 here, and says so in other words."""
    if row is None:
        raise _invalid("id", "ID is invalid.")
    return row


def webhook_routes(shop: Shop) -> Blueprint:
    api = Blueprint("webhooks", __name__)

    def shown(row: Webhook, *, writes: bool = True) -> Response:
        exchange = current()
        exchange.work = written("webhooks", exchange.fields, writes=writes)
        return reply(WEBHOOK.render(exchange.view, [row], exchange.fields, alone=True)[0])

    @api.get("/webhooks")
    def list_webhooks() -> Response:
        exchange = current()
        params = exchange.params(RULES)
        exchange.need_key()
        status, words = params.text("status", "all"), params.text("search").casefold()
        by = params.text("orderby", "date")
        keys: dict[str, Callable[[Webhook], object]] = {
            "date": lambda row: (row.created, row.id),
            "title": lambda row: (row.name, row.id),
            "slug": lambda row: (row.name, row.id),
        }
        with shop.lock:
            tests: list[Callable[[Webhook], bool]] = [lambda row: status in {"all", row.status}]
            if words:
                tests.append(lambda row: words in row.name.casefold())
            rows = pick(
                shop.webhooks,
                params,
                tests,
                "status",
                key=keys.get(by),
                descending=params.text("order") != "asc",
            )
            listed = paged(params, by_include(params, rows) if by == "include" else rows)
            return answer(listed, WEBHOOK, params, resource="webhooks", view=exchange.view)

    @api.get("/webhooks/<int:number>")
    def show_webhook(number: int) -> Response:
        current().may_see()
        with shop.lock:
            return shown(_known(shop.webhooks.get(number)), writes=False)

    @api.post("/webhooks")
    def create_webhook() -> Response:
        exchange = current()
        sent = exchange.body(WRITE_RULES)
        exchange.may_create()
        _check(sent, new=True)
        number = shop.add_webhook(
            sent.text("topic"),
            sent.text("delivery_url"),
            secret=sent.text("secret"),
            name=sent.text("name"),
        )
        with shop.lock:
            response = shown(shop.webhook(number))
        response.status_code = 201
        response.headers["Location"] = exchange.view.url("webhooks", number)
        return response

    @api.route("/webhooks/<int:number>", methods=["PUT", "PATCH", "POST"])
    def update_webhook(number: int) -> Response:
        exchange = current()
        sent = exchange.body(WRITE_RULES)
        exchange.may_edit()
        with shop.lock:
            row = _known(shop.webhooks.get(number))
            _check(sent, new=False)
            for name in WRITE_RULES:
                if value := sent.text(name):
                    setattr(row, name, value)
            # TRAP: `failures` stays, so after a re-enabling the next failure disables it again
            shop.save_webhook(row)
            return shown(row)

    @api.delete("/webhooks/<int:number>")
    def delete_webhook(number: int) -> Response:
        exchange = current()
        exchange.may_delete()
        exchange.forced("Webhooks", trash=False)
        with shop.lock:
            response = shown(found(shop.webhooks.get(number), "webhook"))
            shop.delete_webhook(number)
        return response

    return api
