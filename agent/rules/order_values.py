"""An order that a message is about -> what the placeholders about it stand for."""

import re
from contextlib import suppress
from datetime import date
from typing import Final

from agent.rules import formats, order_words
from agent.rules.languages import speaks
from agent.rules.order_kinds import KINDS, REFUNDED, REFUNDS
from agent.rules.shop_texts import address, plain, reviews
from agent.rules.shown import OrderShown, ShipmentShown
from agent.rules.visible import cut

MOST_ITEMS: Final = 3
LONGEST_ITEM: Final = 75  # characters of an article's name, where three stand in one value
LONGEST_INSTRUCTIONS: Final = 500  # characters; they are never cut, and leave room for the template

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def order_values(
    order: OrderShown, language: str, locale: str, shop_language: str
) -> dict[str, str]:
    """Placeholder -> text; what is not known is "" or missing.

    Only the shop's name of a status of its own is left out where the message is in another language
    than the shop: how to pay is said all the same, because without it nothing is paid.
    """
    refunded = order.refunded or (order.total if order.kind == REFUNDED else 0)
    amount = formats.money(refunded, order.currency, locale)
    instructions = _instructions(order)
    pays = order_words.awaits_payment(order.kind, order.status)
    return {
        "order_number": plain(order.number),
        "order_total": formats.money(order.total, order.currency, locale),
        "item_count": str(order.item_count),
        "item_list": _items(order, language, locale),
        "estimated_delivery": _delivery(order.delivery, locale),
        "payment_method": plain(order.payment_title),
        "payment_instructions": instructions,
        "status_text": _status(order, language, shop_language, amount),
        "status_emoji": order_words.emoji(order.kind),
        "action_needed": (instructions if pays else "")
        or order_words.action_needed(order.kind, order.status, language),
        "refund_amount": amount if refunded or order.kind in REFUNDS else "",
        "review_url": next((url for one in order.items if (url := reviews(one.url))), ""),
        **_shipment(order.shipment),
    }


def _status(order: OrderShown, language: str, shop_language: str, refunded: str) -> str:
    if order.kind in KINDS:
        return order_words.status_text(order.kind, language, refunded=refunded)
    if speaks(language) != speaks(shop_language):
        return ""
    # a key that may not read the names of statuses still tells the words of the slug
    return plain(order.status_name) or plain(re.sub(r"[-_]+", " ", order.status)).capitalize()


def _items(order: OrderShown, language: str, locale: str) -> str:
    """Up to three names, each once; of more than three, two and how many there are beside them."""
    names = list(dict.fromkeys(name for one in order.items if (name := plain(one.name))))
    short = [cut(name, LONGEST_ITEM) for name in names[:MOST_ITEMS]]
    unnamed = len(names) - len(short)
    if not unnamed:
        return formats.listed(tuple(short), locale)
    *shown, _ = short
    if others := order_words.more(unnamed + 1, language):
        return formats.listed((*shown, others), locale)
    return f"{formats.listed(tuple(short), locale)} (+{unnamed})"


def _delivery(said: str, locale: str) -> str:
    """A date in words; else what the shop says of it."""
    text = plain(said)
    if _DATE.fullmatch(text):
        with suppress(ValueError):  # the 31st of February
            return formats.long_date(date.fromisoformat(text), locale)
    return text


def _instructions(order: OrderShown) -> str:
    """How to pay, whole: an account number of which the end is missing is none."""
    said = plain(order.payment_instructions)
    return said if len(said) <= LONGEST_INSTRUCTIONS else ""


def _shipment(shipment: ShipmentShown | None) -> dict[str, str]:
    if shipment is None:
        return {}
    return {
        "carrier_name": plain(shipment.carrier),
        "tracking_number": plain(shipment.number),
        "tracking_url": address(shipment.url),
    }
