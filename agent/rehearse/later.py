"""The tables as they are now, beside the copy that was wound back: read, never written."""

from models import (
    Contact,
    Customer,
    Erased,
    Identity,
    Interest,
    InterestWas,
    Message,
    Order,
    OrderChange,
    OrderLine,
    Product,
    ProductChange,
    ProductWas,
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
LaterInterestWas = attached(InterestWas, SCHEMA)
LaterMessage = attached(Message, SCHEMA)
LaterOrder = attached(Order, SCHEMA)
LaterOrderChange = attached(OrderChange, SCHEMA)
LaterOrderLine = attached(OrderLine, SCHEMA)
LaterProduct = attached(Product, SCHEMA)
LaterProductChange = attached(ProductChange, SCHEMA)
LaterProductWas = attached(ProductWas, SCHEMA)
LaterRefund = attached(Refund, SCHEMA)
LaterStatement = attached(Statement, SCHEMA)
