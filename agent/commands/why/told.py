"""One person as the terminal shows them to whoever asks why."""

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from zoneinfo import ZoneInfo

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from agent.commands.printable import printable
from agent.commands.report.words import money
from agent.commands.why.conditions import (
    OF_ALL,
    asked_in_words,
    at,
    threshold_in_words,
    value_in_words,
)
from agent.explain import Explanation
from agent.explain.explanation import (
    CampaignShown,
    ConsentShown,
    InterestShown,
    MessageShown,
    OrderShown,
)
from agent.rules.conditions import Condition
from agent.rules.consent import COUNTS, MARKETING
from agent.rules.reasons import Why

KINDS = {
    "customer": "customer",
    "email": "e-mail",
    "guest_order": "guest order",
    "wa_id": "WhatsApp id",
    "user_id": "WhatsApp user",
}
ANSWERS = {"yes": "yes", "no": "NO", "": "never said: nothing is sent"}


def tell(found: Explanation) -> None:
    """Print it. Names and texts are other people's, so nothing in them is taken for a sign."""
    console = Console(highlight=False, markup=False, emoji=False)
    zone = ZoneInfo(found.shop_zone)
    for line in _head(found, zone):
        console.print(line)
    if found.orders.newest:
        console.print(_orders(found.orders.newest, zone))
    if found.interest:
        console.print("Looked at or wished for:")
        console.print(_interest(found, zone))
    console.print("Messages:" if found.messages else "Messages: none")
    if found.messages:
        console.print(_messages(found, zone))
    for line in _limits(found):
        console.print(line)
    console.print("\nAsked by every campaign:")
    every = found.campaigns[0].conditions if found.campaigns else ()
    console.print(_conditions([one for one in every if one.name in OF_ALL], found, zone))
    for campaign in found.campaigns:
        console.print(_verdict(campaign))
        own = [one for one in campaign.conditions if one.name not in OF_ALL]
        console.print(_conditions(own, found, zone))
    for line in _end(found, zone):
        console.print(line)


def _head(found: Explanation, zone: ZoneInfo) -> Iterator[str]:
    person = found.person
    name = f"{person.first_name} {person.last_name}".strip() or "without a name"
    parts = [person.phone, printable(name), person.country or "of no country", person.language]
    yield ", ".join(part for part in parts if part)
    yield f"As of {at(found.at, zone)} ({found.shop_zone}); known since {at(person.known_since, zone)}"
    if person.unreachable:
        yield f"WhatsApp cannot reach them: {printable(person.unreachable)}"
    named: dict[str, list[str]] = {}
    for one in found.identities:
        named.setdefault(KINDS.get(one.kind, one.kind), []).append(printable(one.value))
    for kind, values in named.items():
        yield f"Joined by {kind}: {', '.join(values)}"
    for consent in found.consent:
        yield from _consent(consent, zone)
    orders = found.orders
    last = f", the last on {at(orders.last_order_at, zone)}" if orders.last_order_at else ""
    yield (
        f"Orders: {orders.bought} that count, {money(orders.spent, found.currency)} spent net of "
        f"refunds{last}"
    )


def _consent(consent: ConsentShown, zone: ZoneInfo) -> Iterator[str]:
    purpose = "marketing" if consent.purpose == MARKETING else "order news"
    since = f" since {at(consent.since, zone)}" if consent.since else ""
    yield f"Consent to {purpose}: {ANSWERS.get(consent.answer, consent.answer)}{since}"
    for one in consent.entries:
        weight = "it counts" if one.weight == COUNTS else one.weight
        words = " ".join(printable(one.words).split())
        yield f"    {at(one.said_at, zone)}  {one.says}, {printable(one.source)}: {words or '-'} ({weight})"


def _table(*headings: str) -> Table:
    table = Table(box=SIMPLE, pad_edge=False, collapse_padding=True)
    for heading in headings:
        table.add_column(heading, overflow="fold")
    return table


def _orders(newest: Sequence[OrderShown], zone: ZoneInfo) -> Table:
    table = _table("order", "placed", "status", "total", "counts")
    for one in newest:
        table.add_row(
            printable(one.number),
            at(one.created_at, zone) if one.created_at else "-",
            printable(one.status),
            money(one.total, one.currency),
            "yes" if one.counts else "no",
        )
    return table


def _interest(found: Explanation, zone: ZoneInfo) -> Table:
    table = _table("what", "how", "last seen", "price then, now", "stock then, now")
    for one in found.interest:
        prices = (_price(one.price_seen, found), _price(one.price_now, found))
        table.add_row(
            printable(one.name),
            ", ".join(one.kinds) + ("" if one.counts else " (too long ago)"),
            at(one.seen_at, zone),
            " -> ".join(prices),
            f"{one.stock_seen or '-'} -> {_stock(one)}",
        )
    return table


def _price(minor: int | None, found: Explanation) -> str:
    return "-" if minor is None else money(minor, found.currency)


def _stock(one: InterestShown) -> str:
    units = f" ({one.units_now})" if one.units_now is not None else ""
    return f"{one.stock_now or '-'}{units}"


def _messages(found: Explanation, zone: ZoneInfo) -> Table:
    table = _table("decided", "campaign", "became", "why", "cost")
    for one in found.messages:
        table.add_row(
            at(one.decided_at, zone),
            one.campaign,
            _became(one, zone),
            printable(one.reason.partition("; ")[0]) or "-",  # without the reasons against others
            _cost(one.cost, found.cost_currency),
        )
    return table


def _became(one: MessageShown, zone: ZoneInfo) -> str:
    when = f"due {at(one.at, zone)}" if one.state == "queued" else at(one.at, zone)
    code = f" (error {one.code})" if one.code else ""
    why = f": {printable(one.detail)}" if one.detail else ""
    counts = "" if one.counts or one.kind != MARKETING else "; counts for no cap"
    return f"{one.state} {when}{why}{code}{counts}"


def _cost(cost: Decimal | None, currency: str) -> str:
    return "not known" if cost is None else f"{cost} {currency}" if cost else "-"


def _limits(found: Explanation) -> Iterator[str]:
    caps = found.caps
    free = f"from {caps.free_on:%d %b %Y} on" if caps.free_on else "never: a cap is 0"
    yield (
        f"Caps: {caps.in_7_days} of {caps.per_7_days} in 7 days, {caps.in_30_days} of "
        f"{caps.per_30_days} in 30 days; one more may be sent {free}"
    )
    if caps.restored_on:
        yield f"    the database was put back on {caps.restored_on:%d %b %Y}: everybody counts as written to then"
    if found.quiet.now:
        until = at(found.quiet.until, ZoneInfo(found.quiet.zone))
        yield f"Quiet hours: now, until {until} ({found.quiet.zone})"
    else:
        yield f"Quiet hours: not now ({found.quiet.zone})"
    held = [one.name for one in found.campaigns if one.held_out]
    out = "of all marketing" if found.held_out_of_everything else ", ".join(held)
    yield f"Held out by chance, to compare: {out or 'of nothing'}"
    for queue in found.queues:
        yield (
            f"Waits for {printable(queue.article)}: {'more than ' if queue.or_more else ''}{queue.ahead:,} have "
            f"waited longer, {queue.free:,} more may be told now"
        )


def _verdict(campaign: CampaignShown) -> str:
    if campaign.chosen:
        said = "CHOSEN"
    elif campaign.why is None:
        said = "fits; another comes before it, or there is no room for it now"
    else:
        said = f"not: {campaign.why.value}{_from(campaign.from_day)}"
    return f"{campaign.name}: {said}"


def _from(day: date | None) -> str:
    return f"; from {day:%d %b %Y} on, if nothing else happens" if day else ""


def _conditions(conditions: Sequence[Condition], found: Explanation, zone: ZoneInfo) -> Table:
    table = _table("", "condition", "this person", "asked for")
    for one in conditions:
        table.add_row(
            "yes" if one.met else "NO",
            asked_in_words(one),
            value_in_words(one, found.currency, zone),
            threshold_in_words(one, found.currency, zone),
        )
    return table


def _end(found: Explanation, zone: ZoneInfo) -> Iterator[str]:
    decision = found.decision
    if decision.why is Why.CHOSEN and decision.leaves_at and decision.decided_at:
        decided = ""
        if decision.decided_at > found.at:
            decided = f"in the run of {at(decision.decided_at, zone)}, "
        leaves = (
            "at once" if decision.leaves_at <= decision.decided_at else at(decision.leaves_at, zone)
        )
        yield f"Decision: {decision.campaign}, {decided}would leave {leaves}: {printable(decision.reason)}"
    elif decision.why is Why.HELD_OUT:
        yield f"Decision: chosen for {decision.campaign}, and hears nothing: {decision.why.value}"
    else:
        yield f"Decision: nothing now: {decision.why.value}{_ahead(found)}"
    if decision.backlog:
        yield (
            "    of those who were quiet before yesterday a share is written to each day, the most recently "
            "quiet first: it may be a later day (winback preview)"
        )
    for hold in found.holds:
        yield f"Held: {f'{hold.campaign}: ' if hold.campaign else ''}{hold.what}\n    -> {hold.fix}"
    for line in found.unknown:
        yield f"Not known of that time: {line}"


def _ahead(found: Explanation) -> str:
    """What they get when only time has passed; nothing where that is not to be expected."""
    decision = found.decision
    held_out = found.held_out_of_everything or any(
        one.held_out for one in found.campaigns if one.name == decision.next_campaign
    )
    if decision.next_day is None:
        return ""
    hears = ", and hears nothing then either: held out" if held_out else ""
    return f"; {decision.next_campaign}{_from(decision.next_day).lstrip(';')}{hears}"
