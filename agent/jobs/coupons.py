"""outbox -> shop: the coupons of messages that are about to leave.

A code is written into our table when the message is decided, and made in the shop before the message
can be sent. Making it again after a crash finds it there, by its code, and checks that it is ours.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from agent.clients.shop import Shop
from agent.errors import Refused, Unauthorized
from agent.log import Log
from models import Coupon, Message
from models.base import transaction

log = Log(__name__)

MARK = "_winback_message"  # meta key that says which message a coupon was made for
TAKEN = "woocommerce_rest_coupon_code_already_exists"
# How WooCommerce's codes begin when it looked at this coupon and does not want it. Anything else (a
# certificate, a redirect, a page that is gone) is about the shop, and passes.
ABOUT_IT = ("woocommerce_rest_", "rest_invalid_param", "coupon_invalid_")
MOST_A_RUN = 200


def make_coupons(shop: Shop, *, now: datetime, beat: Callable[[], None]) -> dict[str, int]:
    """Make what is wanted. A coupon that the shop does not make as asked cancels its message.

    Raises what is not about one coupon; nothing is lost then, and the next run goes on.
    """
    made = failed = 0
    for coupon in Coupon.wanted(now, MOST_A_RUN):
        beat()
        trouble, woo_id = _make(shop, coupon)
        if trouble:
            log.warning("coupon.failed", code=coupon.code, reason=trouble)
            Message.update(state="cancelled", detail=f"no coupon: {trouble}", ended_at=now).where(
                Message.uid == coupon.message_uid, Message.state == "queued"
            ).execute()
            failed += 1
        else:
            with transaction():
                Coupon.update(woo_id=woo_id, made_at=now).where(
                    Coupon.code == coupon.code
                ).execute()
            made += 1
    return {what: count for what, count in (("made", made), ("failed", failed)) if count}


def _make(shop: Shop, coupon: Coupon) -> tuple[str, int]:
    """What went wrong, or '' and the shop's id of the coupon."""
    try:
        echo = shop.create("coupons", _wanted(coupon))
    except Unauthorized:
        raise
    except Refused as refusal:
        if not refusal.code.startswith(ABOUT_IT):
            raise
        if refusal.code != TAKEN:
            return refusal.what, 0
        found = shop.page("coupons", code=coupon.code).rows
        if not found or coupon.message_uid not in _marks(found[0]):
            return "its code is taken", 0
        echo = found[0]
    wrong = _deviations(coupon, echo)
    if wrong:
        _remove(shop, echo)
        return f"the shop made another coupon than asked for: {', '.join(wrong)}", 0
    return "", int(echo["id"])


def _remove(shop: Shop, echo: dict[str, Any]) -> None:
    """Take back what is of no use; it may be gone already."""
    try:
        shop.remove(f"coupons/{echo['id']}", force="true")
    except Unauthorized:
        raise
    except Refused as refusal:
        if not refusal.code.startswith(ABOUT_IT):
            raise
        log.warning("coupon.not_removed", id=echo["id"], reason=refusal.what)


def _wanted(coupon: Coupon) -> dict[str, Any]:
    return {
        "code": coupon.code,
        "discount_type": "percent",
        "amount": str(coupon.percent),  # a number is refused
        "individual_use": True,
        "usage_limit": 1,
        "email_restrictions": [coupon.email],
        # date_expires_gmt is ignored without a word, and the coupon would never expire
        "date_expires": coupon.expires_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "description": "Made by winback for one customer.",
        "meta_data": [{"key": MARK, "value": coupon.message_uid}],
    }


def _deviations(coupon: Coupon, echo: dict[str, Any]) -> list[str]:
    """WooCommerce answers 201 and stores something else when it does not like a value."""
    try:
        same_amount = Decimal(str(echo.get("amount"))) == coupon.percent
    except InvalidOperation:
        same_amount = False
    expires = coupon.expires_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
    checks = {
        "code": str(echo.get("code", "")).lower() == coupon.code.lower(),
        "amount": same_amount and echo.get("discount_type") == "percent",
        "expiry": echo.get("date_expires_gmt") == expires,
        "e-mail": echo.get("email_restrictions") == [coupon.email],
        "usage limit": echo.get("usage_limit") == 1,
    }
    return [f"{name} {echo.get(name)!r}" for name, fits in checks.items() if not fits]


def _marks(echo: dict[str, Any]) -> list[str]:
    return [str(m.get("value")) for m in echo.get("meta_data") or () if m.get("key") == MARK]
