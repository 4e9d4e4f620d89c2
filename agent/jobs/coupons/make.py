"""outbox -> shop: the coupons of messages that are about to leave.

A code is written into our table when the message is decided, and made in the shop before the message
can be sent. That we ask for it is on the disk before the request leaves. Asking again after a crash
finds the coupon there, by its code, and checks that it is ours.
"""

from collections.abc import Callable
from datetime import datetime

from agent.clients.shop import Shop
from agent.errors import Refused, Unauthorized
from agent.jobs.coupons.echo import ABOUT_IT, LEFT, Json, deviations, is_marked, wanted
from agent.log import Log
from models import Coupon, Message
from models.base import transaction

log = Log(__name__)

TAKEN = "woocommerce_rest_coupon_code_already_exists"
MOST_A_RUN = 200
FAILED = "its message is called off; see that the shop takes coupons, and which plugin changes them"


def make_coupons(shop: Shop, *, now: datetime, beat: Callable[[], None]) -> dict[str, int]:
    """Make what is wanted. A coupon that the shop does not make as asked cancels its message.

    Raises what is not about one coupon; nothing is lost then, and the next run goes on.
    """
    made = failed = 0
    for coupon in Message.coupons_wanted(now, MOST_A_RUN):
        beat()
        if trouble := _make(shop, coupon, now):
            log.warning("coupon.failed", code=coupon.code, reason=trouble, fix=FAILED)
            failed += 1
        else:
            made += 1
    return {what: count for what, count in (("made", made), ("failed", failed)) if count}


def _make(shop: Shop, coupon: Coupon, now: datetime) -> str:
    """Ask for it, and write down what came of it. Returns what went wrong, or ''."""
    if "*" in coupon.email:  # WooCommerce would take it to stand for any letters
        return _give_up(coupon, "its e-mail would let others use it", now)
    if coupon.made_at is None:
        noted = Coupon.update(made_at=now).where(Coupon.code == coupon.code).execute()
        if not noted:
            return "its person was erased meanwhile"
    try:
        echo: Json | None = shop.create("coupons", wanted(coupon))
    except Unauthorized:
        raise
    except Refused as refusal:
        if not refusal.code.startswith(ABOUT_IT):
            raise
        if refusal.code != TAKEN:
            return _give_up(coupon, refusal.what, now)
        echo = _found(shop, coupon)
    if echo is None:
        return _give_up(coupon, "its code is taken", now)
    if wrong := deviations(coupon, echo):
        removed = _remove(shop, echo)
        reason = f"the shop made another coupon than asked for: {', '.join(wrong)}"
        return _give_up(coupon, reason, now, left_behind=not removed)
    Coupon.update(woo_id=int(echo["id"])).where(Coupon.code == coupon.code).execute()
    return ""


def _found(shop: Shop, coupon: Coupon) -> Json | None:
    """The coupon that an earlier request made, whose answer was lost."""
    found = shop.page("coupons", code=coupon.code).rows
    return next((one for one in found if is_marked(coupon, one)), None)


def _give_up(coupon: Coupon, reason: str, now: datetime, *, left_behind: bool = False) -> str:
    """Its message is not sent. What is `left_behind` in the shop is looked for in the night."""
    with transaction():
        if not left_behind:
            Coupon.update(made_at=None).where(Coupon.code == coupon.code).execute()
        Message.update(state="cancelled", detail=f"no coupon: {reason}", ended_at=now).where(
            Message.uid == coupon.message_uid, Message.state == "queued"
        ).execute()
    return reason


def _remove(shop: Shop, echo: Json) -> bool:
    """Take back what is of no use; it may be gone already."""
    try:
        shop.remove(f"coupons/{echo['id']}", force="true")
    except Unauthorized:
        raise
    except Refused as refusal:
        if not refusal.code.startswith(ABOUT_IT):
            raise
        log.warning("coupon.not_removed", id=echo["id"], reason=refusal.what, fix=LEFT)
        return False
    return True
