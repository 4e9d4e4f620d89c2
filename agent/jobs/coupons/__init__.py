"""outbox -> shop: the life of a coupon, from just before its message to after its last day."""

from agent.jobs.coupons.make import make_coupons
from agent.jobs.coupons.remove import remove_coupons

__all__ = ["make_coupons", "remove_coupons"]
