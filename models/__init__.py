"""The tables: what we know, and nothing of what we do with it."""

import models.outbox_indexes  # noqa: F401 - declares them
from models.alarms import Alarm, Telling
from models.base import Table
from models.contacts import Contact, Erased, Identity, PhoneReading, Statement
from models.conversations import Confirmation, Forward
from models.coupons import Coupon
from models.delivery import Asking, Canary, Epoch, JobCall, Pause
from models.erasures import Departed, Forgotten, Ruling
from models.exactness import Found, Hint, Sample
from models.figures import Awaited, EndedSession, Figure
from models.inbox import Received, Reply, SetAside, Status, Webhook
from models.insight import Basis, Bestseller, Companion, History, SharedName, Stale, Taste
from models.interest import Interest, ProductChange
from models.ledger import Conversion, Cursor, Heartbeat, JobCount, JobRun
from models.links import Link
from models.looked_at import LookedAt
from models.mirror import (
    Category,
    Customer,
    Order,
    OrderLine,
    Product,
    Refund,
    ShopCoupon,
)
from models.order_changes import OrderChange
from models.outbox import Message
from models.past import InterestWas, ProductWas
from models.shop_facts import ShopFact
from models.templates import CampaignStanding, Template
from models.unsettled import UnsettledEvent

__all__ = [
    "TABLES", "Alarm", "Asking", "Awaited", "Basis", "Bestseller", "CampaignStanding", "Canary", "Category", "Companion", "Confirmation", "Contact", "Conversion", "Coupon",
    "Cursor", "Customer", "Departed", "EndedSession", "Epoch", "Erased", "Figure", "Forgotten", "Forward", "Found", "Heartbeat", "Hint", "History", "Identity", "Interest", "InterestWas", "JobCall", "JobCount", "JobRun", "Link", "LookedAt", "Message",
    "Order", "OrderChange", "OrderLine", "Pause", "PhoneReading", "Product", "ProductChange", "ProductWas", "Received", "Refund", "Reply", "Ruling", "Sample", "SetAside", "SharedName",
    "ShopCoupon", "ShopFact", "Stale", "Statement", "Status", "Table", "Taste", "Telling", "Template", "UnsettledEvent", "Webhook",
]  # fmt: skip

TABLES: tuple[type[Table], ...] = (
    Customer, Product, Category, Order, OrderLine, OrderChange, Refund, ShopCoupon, ShopFact,
    ProductChange, ProductWas, Hint, Found, Sample,
    Interest, InterestWas, LookedAt, UnsettledEvent, History, Taste, Basis, SharedName, Stale, Companion, Bestseller,
    Contact, PhoneReading, Identity, Statement, Erased, Forgotten, Departed, Ruling,
    Message, Coupon, Link, CampaignStanding, Template, Pause, Canary, JobCall, Asking, Epoch,
    Webhook, SetAside, Received, Status, Reply, Confirmation, Forward,
    Cursor, JobRun, JobCount, Heartbeat, Conversion, Figure, Awaited, EndedSession, Alarm, Telling,
)  # fmt: skip
