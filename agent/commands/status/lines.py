"""What `winback status` says, line by line."""

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from rich.box import SIMPLE
from rich.console import Group
from rich.table import Table

from agent.budget import refusal
from agent.clients.outcomes import ACTIONS
from agent.commands.pausing import paused_lines, trial_in_words
from agent.commands.status.mirror import IN_DAYS, ago, exactness_lines, span_in_words
from agent.commands.status.news import news_lines
from agent.commands.status.seen import Seen
from agent.config import Settings
from agent.installed import INSTALLED
from agent.jobs.account import QUALITY, STATUS
from agent.jobs.health import DaemonHealth
from agent.jobs.send.waiting import TURN
from agent.jobs.status import RECENTLY, Looks, Replies, Status
from agent.room import THROUGHPUT
from agent.rules.budget import Budget
from agent.rules.room import Account

ANSWERED_WITHIN = timedelta(minutes=10)
NOT_OF_THE_SHOP = ("companions",)  # worked out here


def picture(seen: Seen) -> Group:
    """All of it, for a terminal: label and text, and the jobs below."""
    told = Table.grid(padding=(0, 2))
    told.add_column(no_wrap=True)
    told.add_column(overflow="fold")
    for label, text in lines(seen):
        told.add_row(label, text)
    runs = [jobs_table(seen.status, seen.zone)] if seen.status.runs else []
    return Group(told, *runs)


def lines(seen: Seen) -> Iterator[tuple[str, str]]:
    """Label and text; the alarms that stand come first."""
    settings, status, now, zone = seen.settings, seen.status, seen.now, seen.zone
    for alarm in seen.health.alarms:
        since = f"since {alarm.since.astimezone(zone):%d %b %H:%M}"
        if alarm.is_gone(now):
            since += f", last seen {alarm.last_at.astimezone(zone):%H:%M}"
        yield "ALARM", f"{alarm.what} ({since}) -> {alarm.fix}"
    yield "daemon", _daemon(seen.health.daemon, now)
    yield from paused_lines(status.pauses, zone)
    yield "shop", _shop(settings, status, now, zone)
    yield "mirror", _mirror(status, now)
    yield from exactness_lines(seen.mirror)
    yield "people", _people(status)
    yield "interest", _looks(status.looks, now)
    for name, campaign in settings.campaigns.items():
        said = _campaign(campaign.enabled, status.troubles, name)
        trial = trial_in_words(seen.trials.get(name), settings, zone)
        yield "campaign", f"{name}: {said}{trial}"
    if seen.next_run is not None:
        yield (
            "decided",
            f"next {seen.next_run.astimezone(zone):%d %b %H:%M}: once a day, alerts sooner",
        )
    yield from news_lines(settings, status)
    yield "budget", _budget(seen.budget, now.astimezone(zone).date())
    yield "account", _account(seen.limit) + _number(status.shop)
    yield "outbox", _outbox(status, zone)
    for waiting in seen.waits:
        if waiting.what_for != TURN:
            yield "", waiting.in_words(zone)
    yield from _declined(status)
    if seen.doubt is not None:
        yield "restored", f"MARKETING IS HELD: {seen.doubt.what}: {seen.doubt.fix}"
    yield from _coupons(status)
    yield "replies", _replies(status.replies)
    shops_webhooks = _shops_webhooks(status.shop.get("webhooks", ""))
    yield "webhooks", _webhooks(status, now) + shops_webhooks


def _daemon(daemon: DaemonHealth, now: datetime) -> str:
    if daemon.beat_at is None or daemon.started_at is None:
        return f"has never run on this database -> {INSTALLED.start}"
    if daemon.stopped_at is not None:
        return f"stopped {ago(daemon.stopped_at, now)} -> {INSTALLED.start}"
    last = ago(daemon.beat_at, now)
    if not daemon.runs:
        return f"NOT RUNNING: the last sign of process {daemon.pid} was {last} -> {INSTALLED.start}"
    return (
        f"runs as process {daemon.pid}, version {daemon.version}, for "
        f"{span_in_words(now - daemon.started_at)}, listening on {daemon.listening}, "
        f"last sign of life {last}"
    )


def _shop(settings: Settings, status: Status, now: datetime, zone: ZoneInfo) -> str:
    if not {"name", "version", "currency", "zone"} <= status.shop.keys():  # each is asked apart
        return f"{settings.shop.url}, not read yet"
    facts = status.shop
    local = now.astimezone(zone)
    return (
        f"{facts['name']} at {settings.shop.url}, WooCommerce {facts['version']}, "
        f"{facts['currency']}, {facts['zone']} ({local:%H:%M} there)"
    )


def _mirror(status: Status, now: datetime) -> str:
    parts = []
    for cursor in status.cursors:
        # "sweep orders", "turn carts": how the pull goes on, no kind of row
        if " " in cursor.name or cursor.name in NOT_OF_THE_SHOP:
            continue
        if cursor.since is None:
            parts.append(f"{cursor.name} {cursor.walked:,} of {cursor.total:,}")
        elif cursor.polled_at is not None:
            parts.append(f"{cursor.name} read {ago(cursor.polled_at, now)}")
    if status.orders_without_lines:
        parts.append(f"lines of {status.orders_without_lines:,} orders still to come")
    return ", ".join(parts) or "empty"


def _people(status: Status) -> str:
    return (
        f"{status.contacts:,} with a mobile number, {status.agreed:,} agreed to marketing, "
        f"{status.refused:,} said no; {status.agreed_to_news:,} agreed to order news; {status.unusable_phones:,} numbers not usable"
    )


def _looks(looks: Looks, now: datetime) -> str:
    known = f"{looks.known:,} views, wishes and carts"
    newest = f", the newest {ago(looks.newest_at, now)}" if looks.newest_at else ""
    waiting = f"; {looks.waiting:,} of people or products not known yet" if looks.waiting else ""
    return known + newest + waiting


def _webhooks(status: Status, now: datetime) -> str:
    first = status.first_unanswered
    if first is not None and now - first > ANSWERED_WITHIN:
        return (
            f"NONE HAS EVER COME, though WhatsApp took messages {ago(first, now)}: neither statuses "
            "nor STOPs arrive. Check the callback URL, the app secret and the web server in front"
        )
    see = ": winback inbox" if status.set_aside else ""
    return f"{status.webhooks_waiting:,} waiting, {status.set_aside:,} of their elements set aside{see}"


def _replies(replies: Replies) -> str:
    confirm = f"; {replies.to_confirm:,} STOPs to confirm" if replies.to_confirm else ""
    waiting = f"; {replies.to_forward:,} to forward" if replies.to_forward else ""
    trouble = f": THE ADDRESS DOES NOT TAKE THEM: {replies.trouble}" if replies.trouble else ""
    return f"{replies.of_late:,} {IN_DAYS}{confirm}{waiting}{trouble}"


def _shops_webhooks(found: str) -> str:
    if found in {"", "not installed"}:
        return ""
    if found == "ok":
        return "; the shop's are on"
    return f"; THE SHOP'S ARE NOT WELL: {found}: winback shop-webhooks install"


def _campaign(enabled: bool, troubles: dict[str, str], name: str) -> str:
    if not enabled:
        return "off"
    if name not in troubles:
        return "on; its template has not been looked at yet"
    return f"CANNOT BE SENT: {troubles[name]}" if troubles[name] else "on"


def _budget(budget: Budget, today: date) -> str:
    refused = refusal(budget, today)
    return (
        budget.in_words if refused is None else f"NO CAMPAIGN RUNS: {refused.what}: {refused.fix}"
    )


def _account(limit: Account) -> str:
    if limit.people_a_day is None:
        return "no limit of people a day is known"
    return (
        f"marketing may go to {limit.people_a_day:,} people in 24 hours, "
        f"{limit.recent:,} in the last ones"
    )


def _number(facts: dict[str, str]) -> str:
    """How the sender's number was when it was last read."""
    told = {
        "is": facts.get(STATUS),
        "quality": facts.get(QUALITY),
        "messages a second at most": facts.get(THROUGHPUT),
    }
    parts = ", ".join(f"{name} {value}" for name, value in told.items() if value)
    return f"; the number: {parts}" if parts else ""


def _coupons(status: Status) -> Iterator[tuple[str, str]]:
    counts = status.coupons
    parts = {
        "can be used": counts.usable,
        "used": counts.used,
        "over": counts.over,
        "removed": counts.removed,
    }
    if any(parts.values()):
        yield "coupons", ", ".join(f"{count:,} {what}" for what, count in parts.items() if count)


def _outbox(status: Status, zone: ZoneInfo) -> str:
    states = ", ".join(f"{count:,} {state}" for state, count in sorted(status.messages.items()))
    due = f"; next due {status.next_due.astimezone(zone):%d %b %H:%M}" if status.next_due else ""
    return (states or "empty") + due


def _declined(status: Status) -> Iterator[tuple[str, str]]:
    """What WhatsApp said no with, and how often, where it did."""
    codes = (
        f"{count:,} x {code}{'' if code in ACTIONS else ' (winback does not know it)'}"
        for code, count in status.declined.items()
    )
    if status.declined:
        yield "errors", f"of WhatsApp in {RECENTLY.days} days: {', '.join(codes)}"


def jobs_table(status: Status, zone: ZoneInfo) -> Table:
    table = Table(box=SIMPLE, pad_edge=False, collapse_padding=True)
    for name in ("job", "last worked", "outcome", "what it did"):
        table.add_column(name, no_wrap=name != "what it did")
    for run in status.runs:
        done = ", ".join(f"{count:,} {_in_words(what)}" for what, count in run.result.items())
        table.add_row(
            run.job,
            f"{run.started_at.astimezone(zone):%d %b %H:%M:%S}",
            run.outcome,
            run.trouble or done,
        )
    return table


def _in_words(name: str) -> str:
    """What a job counted: "no_consent", "StatusUpdate"."""
    return re.sub("(?<=[a-z])(?=[A-Z])", " ", name).replace("_", " ").lower()
