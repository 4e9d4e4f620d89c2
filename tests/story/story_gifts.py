"""Coupons and new arrivals: is there what the message promises?"""

from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal

from story_config import Terms
from story_interest import Interest
from story_truth import Household, Truth
from story_world import World

from agent.sandbox.shop.rows import Coupon
from agent.sandbox.whatsapp.messages import Accepted
from models import Message

VALID = timedelta(days=7)
WAITS = timedelta(hours=72)  # a message may, and its coupon is dated to bear it
REST_OF_THE_DAY = timedelta(days=1)  # on the day that the message names it still works
MARK = "_winback_message"
LONGEST_NAME = 60  # characters; what is longer may be cut


class Gifts:
    """Held against the shop in the moment the message leaves."""

    def __init__(self, world: World, truth: Truth, interest: Interest, terms: Terms) -> None:
        self._world, self._truth, self._interest, self._terms = world, truth, interest, terms

    def loyalty(self, home: Household, message: Accepted, row: Message) -> Iterable[str]:
        """Its coupon is in the shop, for this person, with this percentage, and long enough."""
        _, percent, code, until, _ = message.parameters["body"]
        coupon = self._world.shop.coupon_by_code(code)
        if coupon is None:
            yield f"the shop has no coupon {code!r}"
            return
        emails = {one.email.casefold() for one in home.people}
        if not coupon.email_restrictions or not set(coupon.email_restrictions) <= emails:
            yield f"the coupon is for {coupon.email_restrictions}, and these are {sorted(emails)}"
        if (
            coupon.discount_type != "percent"
            or percent.replace("\u00a0", "") != f"{coupon.amount:.0f}%"
        ):
            yield f"the message says {percent}, the coupon {coupon.amount} {coupon.discount_type}"
        if (coupon.usage_limit, coupon.used_by) != (1, []):
            yield f"it can be used {coupon.usage_limit} times, and was by {coupon.used_by}"
        left = None if coupon.expires is None else coupon.expires - message.at
        if left is None or not VALID <= left <= VALID + WAITS + REST_OF_THE_DAY:
            yield f"it ends in {left}"
        elif str(coupon.expires.astimezone(self._world.zone).day) not in until:  # type: ignore[union-attr]
            yield f"the message says until {until}, and it ends {coupon.expires}"
        if len(self._of_message(row.uid)) != 1:
            yield f"{len(self._of_message(row.uid))} coupons were made for it"
        if home.plain:
            spent = self._truth.spent(home)
            earned = max((p for least, p in self._terms.tiers if spent >= least), default=0)
            if Decimal(earned) != coupon.amount:
                yield f"they spent {spent}, which is worth {earned} %, not {coupon.amount}"

    def arrivals(self, home: Household, message: Accepted, row: Message) -> Iterable[str]:
        """Each product is new since they last bought, to be had, to be seen, and not theirs already."""
        named = list(row.about.get("products", ()))
        if not 1 <= len(named) <= 3:
            yield f"it names {len(named)} products"
        last = self._truth.last_order(home)
        for number in named:
            product = self._world.shop.products.get(number)
            if product is None or product.status != "publish":
                yield f"product {number} is not in the shop"
                continue
            if product.name[:LONGEST_NAME] not in message.text:
                yield f"it does not name {product.name!r}"
            if product.stock_status != "instock" or product.catalog_visibility not in {
                "visible",
                "catalog",
            }:
                yield f"{product.name!r} is {product.stock_status}, {product.catalog_visibility}"
            if product.created <= last:
                yield f"{product.name!r} was there when they last bought, on {last:%Y-%m-%d}"
            if self._truth.bought_at(home, number).year > 1:
                yield f"{product.name!r} was bought there"

    def left_over(self) -> Iterable[str]:
        """Coupons of ours that nobody can use any more, days after they ended."""
        long_ago = self._world.clock.now() - timedelta(days=3)
        for coupon in self._world.shop.coupons:
            ours = any(meta.key == MARK for meta in coupon.meta)
            over = coupon.expires is not None and coupon.expires < long_ago
            if ours and over and not coupon.used_by:
                yield f"coupon {coupon.code} ended {coupon.expires}, unused, and is still there"

    def _of_message(self, uid: str) -> list[Coupon]:
        return [
            coupon
            for coupon in self._world.shop.coupons
            if any(meta.key == MARK and meta.value == uid for meta in coupon.meta)
        ]
