"""What the database knows of how winback is; for `winback status`, beside a running daemon."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from peewee import Case, fn

from agent.conversations import SYSTEM
from models import (
    CampaignStanding,
    Confirmation,
    Contact,
    Coupon,
    Cursor,
    Forward,
    Heartbeat,
    Interest,
    JobRun,
    Message,
    Order,
    OrderChange,
    Pause,
    PhoneReading,
    Reply,
    SetAside,
    ShopCoupon,
    ShopFact,
    Statement,
    UnsettledEvent,
    Webhook,
)
from models import Status as HeardOf
from models.base import tuples

RECENTLY = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Coupons:
    """How many codes were made in the shop, and what became of them."""

    usable: int = 0
    used: int = 0
    over: int = 0  # and still in the shop
    removed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Looks:
    """What is known of what people look at, wish for and put into carts."""

    known: int
    newest_at: datetime | None
    waiting: int  # of people or products that are not known


@dataclass(frozen=True, slots=True, kw_only=True)
class Replies:
    """What follows from what people write."""

    of_late: int  # in RECENTLY
    to_confirm: int  # STOPs
    to_forward: int
    trouble: str  # of the address that is told of them; "" where it is well


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """A look at everything, at one moment."""

    heartbeat: Heartbeat | None
    shop: dict[str, str]
    cursors: Sequence[Cursor]
    orders_without_lines: int
    contacts: int
    agreed: int
    refused: int
    agreed_to_news: int
    unusable_phones: int
    statements: int
    looks: Looks
    messages: dict[str, int]
    next_due: datetime | None
    declined: dict[int, int]  # WhatsApp's error code -> messages of the last RECENTLY
    news: dict[str, int]  # what came of what orders did in RECENTLY -> orders
    troubles: dict[str, str]
    pauses: Sequence[Pause]
    runs: Sequence[JobRun]
    coupons: Coupons
    replies: Replies
    webhooks_waiting: int
    set_aside: int  # elements of webhooks
    first_unanswered: datetime | None  # accepted, and never has any status come


def look(now: datetime) -> Status:
    """Gather it."""
    queued = Message.select().where(Message.state == "queued")
    first = queued.order_by(Message.not_before).first()
    return Status(
        heartbeat=Heartbeat.get_or_none(),
        shop=ShopFact.all(),
        cursors=list(Cursor.select().order_by(Cursor.name)),
        orders_without_lines=Order.select().where(Order.lines_at.is_null()).count(),
        contacts=Contact.select().count(),
        agreed=Contact.agreed_count(),
        refused=Contact.select().where(Contact.marketing == "no").count(),
        agreed_to_news=Contact.agreed_count("order_news"),
        unusable_phones=PhoneReading.select().where(PhoneReading.reason != "").count(),
        statements=Statement.select().count(),
        looks=Looks(
            known=Interest.select().count(),
            newest_at=Interest.select(fn.MAX(Interest.seen_at)).scalar(),
            waiting=UnsettledEvent.select().where(UnsettledEvent.reason != "").count(),
        ),
        messages=Message.count_by_state(),
        next_due=first.not_before if first else None,
        declined=_declined(now),
        news=_news(now),
        troubles=CampaignStanding.troubles(),
        pauses=Pause.in_force(now),
        runs=JobRun.latest(),
        coupons=_coupons(now),
        replies=_replies(now),
        webhooks_waiting=Webhook.select().where(Webhook.done_at.is_null()).count(),
        set_aside=SetAside.select().count(),
        first_unanswered=_first_unanswered(),
    )


def zone_of_the_shop() -> ZoneInfo:
    """Whose times are shown; UTC until the shop has told."""
    return ZoneInfo(ShopFact.all().get("zone", "UTC"))


def _replies(now: datetime) -> Replies:
    said = Reply.select().where(Reply.at > now - RECENTLY, Reply.kind != SYSTEM)
    return Replies(
        of_late=said.count(),
        to_confirm=Confirmation.select().where(Confirmation.state == "waiting").count(),
        to_forward=Forward.select().count(),
        trouble=Forward.select(fn.MAX(Forward.trouble)).scalar() or "",
    )


def _declined(now: datetime) -> dict[int, int]:
    """The most frequent first."""
    count = fn.COUNT(Message.id)
    query = (
        Message.select(Message.code, count)
        .where(Message.created_at >= now - RECENTLY, Message.code.is_null(False))
        .group_by(Message.code)
        .order_by(count.desc(), Message.code)
    )
    return dict(tuples(query))


def _news(now: datetime) -> dict[str, int]:
    """The most frequent first."""
    orders = fn.COUNT(OrderChange.order_id.distinct())
    query = (
        OrderChange.select(OrderChange.outcome, orders)
        .where(OrderChange.changed_at >= now - RECENTLY, OrderChange.decided_at.is_null(False))
        .group_by(OrderChange.outcome)
        .order_by(orders.desc(), OrderChange.outcome)
    )
    return dict(tuples(query))


def _first_unanswered() -> datetime | None:
    """When WhatsApp took the first message, if no status has ever come back."""
    if HeardOf.select().exists():
        return None
    first: datetime | None = Message.select(fn.MIN(Message.accepted_at)).scalar()
    return first


def _coupons(now: datetime) -> Coupons:
    """Of those that the shop has or had. What was used, the mirror knows."""
    used = Coupon.woo_id.in_(ShopCoupon.select(ShopCoupon.woo_id).where(ShopCoupon.usage_count > 0))
    what = Case(
        None,
        [
            (Coupon.removed_at.is_null(False), "removed"),
            (used, "used"),
            (Coupon.expires_at > now, "usable"),
        ],
        "over",
    )
    made = Coupon.select(what, fn.COUNT(Coupon.code)).where(Coupon.woo_id.is_null(False))
    return Coupons(**dict(tuples(made.group_by(what))))
