"""winback order: what an order did, and what its customer was told of it, or why not."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import click
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from agent.commands.options import config_option, read_settings
from agent.commands.report.words import money
from agent.database import shared
from agent.errors import BadInput
from agent.jobs.order_history import OrderHistory, ended_at, find_orders
from models import Message, OrderChange, ShopFact

NEVER = "never said anything about order news"


@click.command
@click.argument("number")
@config_option
def command(number: str, config: Path) -> None:
    """Show what order NUMBER did since winback watches it, and what its customer was told.

    \b
    Examples:
      winback order 10482
    """
    settings = read_settings(config)
    with shared(settings.database.path):
        zone = ZoneInfo(ShopFact.all().get("zone", "UTC"))
        found = find_orders(number.removeprefix("#"))
        console = Console(highlight=False, markup=False)  # names and errors may have brackets
        for history in found:
            for line in _head(history):
                console.print(line)
            console.print(_table(history, zone) if history.changes else _NOTHING)
    if not found:
        raise BadInput(
            f"there is no order {number} in the mirror",
            fix="give its number as the shop shows it; one of this minute comes with the next poll",
        )


_NOTHING = "it did nothing since winback watches this shop's orders: nothing is told of it"


def _head(history: OrderHistory) -> Iterator[str]:
    order = history.order
    if order is None or history.state is None:
        yield f"Order with the id {history.order_id}: the shop has deleted it"
        return
    back = f", {money(history.state.refunded, order.currency)} given back"
    yield (
        f"Order {order.number} (id {order.woo_id}): {order.status}, "
        f"{money(order.total, order.currency)}{back if history.state.refunded else ''}"
    )
    contact = history.contact
    if contact is None:
        yield "Customer: no phone that WhatsApp could reach"
    else:
        said = {"yes": "agreed to order news", "no": "said no to order news"}
        unreachable = f"; WhatsApp cannot reach them: {contact.unreachable}"
        yield (
            f"Customer: {contact.first_name or 'without a name'}, {contact.phone}, "
            f"{said.get(contact.order_news, NEVER)}{unreachable if contact.unreachable else ''}"
        )


def _table(history: OrderHistory, zone: ZoneInfo) -> Table:
    table = Table(box=SIMPLE, pad_edge=False, collapse_padding=True)
    table.add_column("when", no_wrap=True)
    table.add_column("what", overflow="fold")
    table.add_column("came to", overflow="fold")
    rows = [
        *(
            (one.changed_at, _did(one, history.currency), _outcome(one))
            for one in history.changes
        ),
        *((one.created_at, f"message {one.campaign}", _became(one, zone)) for one in history.messages),
    ]  # fmt: skip
    for moment, what, became in sorted(rows, key=lambda row: row[0]):
        table.add_row(_at(moment, zone), what, became)
    return table


def _did(change: OrderChange, currency: str) -> str:
    match change.what:
        case "refund":
            return f"refund of {money(int(change.became), currency) if currency else change.became}"
        case "total":
            was, became = (
                money(int(amount), currency) if currency else amount
                for amount in (change.was, change.became)
            )
            return f"edited: {was} -> {became}"
        case "shipments":
            return f"shipments: {change.became or 'none'}"
    return f"{change.was or 'new'} -> {change.became}"


def _outcome(change: OrderChange) -> str:
    return change.outcome if change.decided_at else "not decided yet"


def _became(message: Message, zone: ZoneInfo) -> str:
    moment = ended_at(message)
    when = f", due {_at(moment, zone)}" if message.state == "queued" and moment else ""
    if message.state != "queued" and moment:
        when = f" {_at(moment, zone)}"
    code = f" (error {message.code})" if message.code else ""
    why = f": {message.detail}" if message.detail else ""
    tries = f", {message.attempts} tries" if message.attempts > 1 else ""
    noted = "; noted on the order" if message.noted_at else ""
    return f"{message.state}{when}{tries}{why}{code}{noted}"


def _at(moment: datetime, zone: ZoneInfo) -> str:
    return f"{moment.astimezone(zone):%d %b %Y %H:%M:%S}"
