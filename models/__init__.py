"""The tables: what we know, and nothing of what we do with it."""

from models.base import Table
from models.contacts import Contact, Identity, PhoneReading, Statement
from models.inbox import Reply, Status, Webhook
from models.ledger import Conversion, Cursor, Heartbeat, JobRun
from models.mirror import Customer, Order, OrderLine, Product, Refund, ShopFact
from models.outbox import CampaignStanding, Coupon, Message, Template

__all__ = [
    "TABLES", "CampaignStanding", "Contact", "Conversion", "Coupon", "Cursor", "Customer", "Heartbeat", "Identity", "JobRun",
    "Message", "Order", "OrderLine", "PhoneReading", "Product", "Refund", "Reply", "ShopFact", "Statement",
    "Status", "Table", "Template", "Webhook",
]  # fmt: skip

TABLES: tuple[type[Table], ...] = (
    Customer, Product, Order, OrderLine, Refund, ShopFact,
    Contact, PhoneReading, Identity, Statement,
    Message, Coupon, CampaignStanding, Template,
    Webhook, Status, Reply,
    Cursor, JobRun, Heartbeat, Conversion,
)  # fmt: skip
