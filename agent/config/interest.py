"""The section about what people look at and wish for."""

from datetime import timedelta

from agent.config.kinds import Duration, Text
from agent.config.schema import section, setting

_RETAILER_ID = Text(
    'a pattern with {id} or {sku}, such as "{id}", "{sku}" or "{sku}_{id}"',
    r"[^{}]*(?:\{id\}|\{sku\}|\{sku\}[^{}]+\{id\})[^{}]*",
    "write the id of a product as your catalogue has it, with {id} or {sku} in its place",
)


@section
class Interest:
    """What people look at, wish for and leave in carts: what the product alerts stand on."""

    look_back: timedelta = setting(
        Duration("1d", "90d"), "Interest older than this starts no message.", default="30d"
    )
    kept: timedelta = setting(
        Duration("30d", "400d"), "Interest older than this is removed, each night.", default="90d"
    )
    retailer_id: str = setting(
        _RETAILER_ID,
        "How your WhatsApp catalogue writes the id of a product: {id} is WooCommerce's number, {sku} "
        "its SKU.",
        default="{id}",
    )
