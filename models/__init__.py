"""The tables: what we know, and nothing of what we do with it."""

from models.base import Table
from models.contacts import Contact, Identity, PhoneReading, Statement
from models.inbox import Reply, Status, Webhook
from models.ledger import Conversion, Cursor, Heartbeat, JobRun
from models.mirror import Customer, Order, OrderLine, Product, Refund, ShopFact
from models.outbox import Coupon, Message, Template

TABLES: tuple[type[Table], ...] = (
    Customer, Product, Order, OrderLine, Refund, ShopFact,
    Contact, PhoneReading, Identity, Statement,
    Message, Coupon, Template,
    Webhook, Status, Reply,
    Cursor, JobRun, Heartbeat, Conversion,
)  # fmt: skip
