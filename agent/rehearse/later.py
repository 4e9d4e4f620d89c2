"""The tables as they are now, beside the copy that was wound back: read, never written."""

from models import (
    Contact,
    Customer,
    Erased,
    Identity,
    Interest,
    Message,
    Order,
    OrderChange,
    OrderLine,
    Product,
    ProductChange,
    Refund,
    Statement,
)
from models.attached import attached

SCHEMA = "later"


LaterContact = attached(Contact, SCHEMA)
LaterCustomer = attached(Customer, SCHEMA)
LaterErased = attached(Erased, SCHEMA)
LaterIdentity = attached(Identity, SCHEMA)
LaterInterest = attached(Interest, SCHEMA)
LaterMessage = attached(Message, SCHEMA)
LaterOrder = attached(Order, SCHEMA)
LaterOrderChange = attached(OrderChange, SCHEMA)
LaterOrderLine = attached(OrderLine, SCHEMA)
LaterProduct = attached(Product, SCHEMA)
LaterProductChange = attached(ProductChange, SCHEMA)
LaterRefund = attached(Refund, SCHEMA)
LaterStatement = attached(Statement, SCHEMA)
