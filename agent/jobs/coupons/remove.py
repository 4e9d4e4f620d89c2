"""shop -> nothing: coupons that nobody used, after their time.

Only what the shop itself says is unused, now. A coupon that was used is part of an order's history and
is never touched; nor is one that the shop's people gave more time.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from peewee import JOIN, chunked

from agent.clients.shop import Shop
from agent.errors import Refused, Unauthorized
from agent.jobs.coupons.echo import ABOUT_IT, LEFT, Json, is_marked, is_of
from agent.log import Log
from agent.rules import copies
from models import Coupon, Message, ShopCoupon
from models.base import transaction

log = Log(__name__)

MARGIN = timedelta(days=1)  # after the end: an order of the last minute may still be under way
MOST_A_NIGHT = 1000
ROWS_A_REQUEST = 100
FIELDS = f"{copies.COUPON_FIELDS},meta_data"
UNKNOWN = "woocommerce_rest_shop_coupon_invalid_id"  # the shop has no such coupon (any more)
NEVER_LEFT = ("cancelled", "expired", "refused")  # and never will: nobody knows the code


def remove_coupons(shop: Shop, *, now: datetime, beat: Callable[[], None]) -> dict[str, int]:
    """Remove what has had its time, or was made for a message that never left.

    Raises what is not about one coupon; the rest has its turn the next time.
    """
    removal = _Removal(shop, now)
    for coupons in chunked(removal.over(), ROWS_A_REQUEST):
        beat()
        asked = {coupon.woo_id or 0: coupon for coupon in coupons}
        ids = ",".join(map(str, asked))
        page = shop.page("coupons", include=ids, per_page=len(asked), _fields=FIELDS)
        rows = {int(row["id"]): row for row in page.rows}
        for number, coupon in asked.items():
            beat()
            removal.end(coupon, rows.get(number) or removal.alone(number), page.served_at)
    for coupon in removal.unanswered():
        beat()
        page = shop.page("coupons", code=coupon.code, _fields=FIELDS)
        row = next((one for one in page.rows if is_marked(coupon, one)), None)
        removal.end(coupon, row, page.served_at)
    return dict(removal.tally)


@dataclass(slots=True)
class _Removal:
    """One night's work."""

    shop: Shop
    now: datetime
    tally: Counter[str] = field(default_factory=Counter)

    @property
    def until(self) -> datetime:
        """What ended before then has had its time."""
        return self.now - MARGIN

    def over(self) -> Sequence[Coupon]:
        """Oldest first, without those that the mirror knows to be used or to go on."""
        unused = (ShopCoupon.usage_count == 0) & (
            (ShopCoupon.expires_at < self.until) | (Coupon.expires_at >= self.until)
        )
        query = (
            self._ended()
            .join(ShopCoupon, JOIN.LEFT_OUTER, on=(ShopCoupon.woo_id == Coupon.woo_id))
            .where(Coupon.woo_id.is_null(False), ShopCoupon.woo_id.is_null() | unused)
        )
        return list(query.limit(MOST_A_NIGHT))

    def unanswered(self) -> Sequence[Coupon]:
        """What was asked for without an answer, and is asked for no more."""
        query = self._ended().where(Coupon.woo_id.is_null(), Coupon.made_at.is_null(False))
        return list(query.limit(ROWS_A_REQUEST))

    def _ended(self) -> Any:
        never_left = Message.state.in_(NEVER_LEFT) & (Message.ended_at < self.until)
        return (
            Coupon.select(Coupon)
            .join(Message, JOIN.LEFT_OUTER, on=(Message.uid == Coupon.message_uid))
            .switch(Coupon)
            .where(Coupon.removed_at.is_null(), (Coupon.expires_at < self.until) | never_left)
            .order_by(Coupon.expires_at, Coupon.code)
        )

    def alone(self, number: int) -> Json | None:
        """A list may leave out drafts, or be wrong; only this answer tells that there is none."""
        try:
            return self.shop.one(f"coupons/{number}", _fields=FIELDS)
        except Unauthorized:
            raise
        except Refused as refusal:
            if refusal.code != UNKNOWN:
                raise
        return None

    def end(self, coupon: Coupon, row: Json | None, read_at: datetime) -> None:
        """Remove it if the shop's own row says that it may go; write down what became of it."""
        if row is None:
            self._gone(coupon, "gone already")
            return
        copy = copies.coupon(row, read_at)
        expires = copy["expires_at"]
        goes_on = coupon.expires_at < self.until and (expires is None or expires >= self.until)
        if not is_of(coupon, row):  # the shop was restored, and the id is somebody else's
            log.warning(
                "coupon.not_ours", code=coupon.code, id=row["id"],
                fix="nothing to do: the shop was put back, and the id is another coupon's; it stays",
            )  # fmt: skip
            self._gone(coupon, "not ours")
        elif copy["usage_count"] or goes_on:
            with transaction():
                ShopCoupon.absorb([copy])
                Coupon.update(woo_id=copy["woo_id"]).where(Coupon.code == coupon.code).execute()
            self.tally["kept"] += 1
        elif self._remove(copy["woo_id"]):
            coupon.woo_id = copy["woo_id"]
            self._gone(coupon, "removed")

    def _remove(self, number: int) -> bool:
        """For good, also out of the trash. False if this shop does not let it go."""
        try:
            self.shop.remove(f"coupons/{number}", force="true")
        except Unauthorized:
            raise
        except Refused as refusal:
            if refusal.code == UNKNOWN:
                return True
            if not refusal.code.startswith(ABOUT_IT):
                raise
            tell = log.debug if self.tally["not removed"] else log.warning
            tell("coupon.not_removed", id=number, reason=refusal.what, fix=LEFT)
            self.tally["not removed"] += 1
            return False
        return True

    def _gone(self, coupon: Coupon, how: str) -> None:
        with transaction():
            Coupon.update(woo_id=coupon.woo_id, removed_at=self.now).where(
                Coupon.code == coupon.code
            ).execute()
            if how != "not ours":
                ShopCoupon.delete().where(ShopCoupon.woo_id == coupon.woo_id).execute()
        self.tally[how] += 1
