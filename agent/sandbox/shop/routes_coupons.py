"""wc/v3: coupons, with all that WooCommerce silently makes of what is sent. Read the echo."""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response

from agent.sandbox.shop.coupons import DISCOUNT_TYPES
from agent.sandbox.shop.errors import WooError, missing_params
from agent.sandbox.shop.exchange import current, found, reply
from agent.sandbox.shop.lists import (
    DATE_RULES,
    LIST_RULES,
    answer,
    by_include,
    loosely_sorted,
    paged,
    pick,
    post_dates,
)
from agent.sandbox.shop.params import (
    EMAIL,
    Params,
    Rule,
    array,
    boolean,
    list_of,
    one_of,
    text,
    whole,
)
from agent.sandbox.shop.render_people import COUPON
from agent.sandbox.shop.rows import ZERO
from agent.sandbox.shop.writes import amount_of, merge_meta, moment_of, written

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from agent.sandbox.shop.rows import Coupon
    from agent.sandbox.shop.shop import Shop

SORTS: dict[str, Callable[[Coupon], Any]] = {  # whatever can be compared
    "date": lambda row: row.created,
    "modified": lambda row: row.modified,
    "title": lambda row: row.code.casefold(),
    "slug": lambda row: row.code.casefold(),
}
RULES: dict[str, Rule] = {
    **LIST_RULES,
    **DATE_RULES,
    "orderby": one_of("date", "id", "include", *list(SORTS)[1:]),
    "code": text,
}
COUNTS = ("usage_limit", "usage_limit_per_user", "limit_usage_to_x_items")
FLAGS = ("individual_use", "free_shipping", "exclude_sale_items")
NUMBERS = (
    "product_ids",
    "excluded_product_ids",
    "product_categories",
    "excluded_product_categories",
)
LIMITS = ("minimum_amount", "maximum_amount")


def _date_or_null(_name: str, value: object) -> object:
    return value if value is None else text("date_expires", value)


# TRAP: date_expires_gmt is shown but not read; a coupon made with it alone never expires
WRITE_RULES: dict[str, Rule] = {
    "code": text,
    "amount": text,
    "discount_type": one_of(*DISCOUNT_TYPES),
    "description": text,
    "date_expires": _date_or_null,
    "email_restrictions": list_of(text),
    "meta_data": array,
    **dict.fromkeys(COUNTS, whole),
    **dict.fromkeys(FLAGS, boolean),
    **dict.fromkeys(NUMBERS, list_of(whole)),
    **dict.fromkeys(LIMITS, text),
}


def _write(shop: Shop, row: Coupon, sent: Params) -> None:
    """Put what was sent into `row`, as WooCommerce understands it. WooError 400."""
    kind = sent.text("discount_type", row.discount_type)
    amount = shop.money(amount_of(sent.text("amount", str(row.amount))))
    if amount < 0:
        raise WooError("coupon_invalid_amount", "Invalid discount amount", 400)
    # TRAP: more than 100 percent is not refused, it makes the coupon worthless
    row.amount = ZERO if kind == "percent" and amount > 100 else amount
    row.discount_type = kind
    row.description = sent.text("description", row.description)
    if "date_expires" in sent:
        # a day alone ends at its START; nonsense is 1970: expired at once
        row.expires = moment_of(sent.text("date_expires"), shop.zone)
    if "email_restrictions" in sent:
        # TRAP: an address that is none is dropped, and without any the coupon is for everybody
        emails = (email.strip().lower() for email in sent.texts("email_restrictions"))
        row.email_restrictions = [email for email in emails if EMAIL.fullmatch(email)]
    read: dict[str, Callable[[str], object]] = {
        **dict.fromkeys(COUNTS, lambda name: sent.number(name) or None),  # 0 is no limit
        **dict.fromkeys(FLAGS, sent.flag),
        **dict.fromkeys(NUMBERS, lambda name: list(sent.numbers(name))),
        **dict.fromkeys(LIMITS, lambda name: shop.money(amount_of(sent.text(name)))),
    }
    for name, reader in read.items():
        if name in sent:
            setattr(row, name, reader(name))
    merge_meta(shop, row.meta, sent)


def _code(value: str) -> str:
    """Without HTML, and with what could be HTML spelled out; upper and lower case stay."""
    return escape(re.sub(r"<[^>]*>", "", value), quote=False).strip()


def _check_free(shop: Shop, code: str, own: int = 0) -> None:
    taken = shop.coupon_by_code(code)
    if taken is not None and taken.id != own:
        message = "The coupon code already exists"
        raise WooError("woocommerce_rest_coupon_code_already_exists", message, 400)


def _sorted(params: Params, rows: Sequence[Coupon]) -> Sequence[Coupon]:
    by, descending = params.text("orderby", "date"), params.text("order") != "asc"
    if by == "include":
        return by_include(params, rows)
    if by == "id":
        return rows[::-1] if descending else rows
    return loosely_sorted(params, rows, SORTS[by], descending=descending)


def coupon_routes(shop: Shop) -> Blueprint:
    api = Blueprint("coupons", __name__)

    @api.get("/coupons")
    def list_coupons() -> Response:
        exchange = current()
        params = exchange.params(RULES)
        exchange.need_key()
        code, words = params.text("code").casefold(), params.text("search").casefold()
        with shop.lock:
            tests: list[Callable[[Coupon], bool]] = [lambda row: row.status != "trash"]
            if code:
                tests.append(lambda row: row.code.casefold() == code)
            if words:
                tests.append(lambda row: words in row.code.casefold())
            tests += post_dates(params, shop.zone)
            rows = pick(shop.coupons, params, tests, "code")
            listed = paged(params, _sorted(params, rows))
            return answer(listed, COUPON, params, resource="coupons", view=exchange.view)

    @api.get("/coupons/<int:number>")
    def show_coupon(number: int) -> Response:
        exchange = current()
        exchange.may_see()
        with shop.lock:
            row = found(shop.coupons.get(number), "coupon")
            exchange.work = written("coupons", exchange.fields, writes=False)
            shown = COUPON.render(exchange.view, [row], exchange.fields, alone=True)
            return reply(shown[0])

    @api.post("/coupons")
    def create_coupon() -> Response:
        exchange = current()
        sent = exchange.body(WRITE_RULES)
        if "code" not in sent:
            raise missing_params("code")
        exchange.may_create()
        with shop.lock:
            row = shop.new_coupon(_code(sent.text("code")))
            _check_free(shop, row.code)
            _write(shop, row, sent)
            shop.add_coupon(row)
            exchange.work = written("coupons", None)
            place = {"Location": exchange.view.url("coupons", row.id)}
            shown = COUPON.render(exchange.view, [row])[0]
        return reply(shown, status=201, headers=place)

    @api.route("/coupons/<int:number>", methods=["PUT", "PATCH", "POST"])
    def update_coupon(number: int) -> Response:
        exchange = current()
        sent = exchange.body(WRITE_RULES)
        exchange.may_edit()
        with shop.lock:
            row = found(shop.coupons.get(number), "coupon", 400)
            code = _code(sent.text("code", row.code))
            _check_free(shop, code, own=row.id)
            _write(shop, row, sent)
            row.code = code
            shop.save_coupon(row)
            exchange.work = written("coupons", None)
            return reply(COUPON.render(exchange.view, [row])[0])

    @api.delete("/coupons/<int:number>")
    def delete_coupon(number: int) -> Response:
        exchange = current()
        force = exchange.forced("Coupons")
        exchange.may_delete()
        with shop.lock:
            row = found(shop.coupons.get(number), "coupon")
            if row.status == "trash" and not force:
                message = "The Coupon has already been deleted."
                raise WooError("woocommerce_rest_already_trashed", message, 410)
            exchange.work = written("coupons", None)
            response = reply(COUPON.render(exchange.view, [row])[0])  # as it was
            (shop.delete_coupon if force else shop.trash_coupon)(number)
        return response

    return api
