"""winback status: how the daemon, the mirror and the outbox are, from the database."""

import os
import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import click
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from agent.budget import gather_budget, refusal
from agent.clients.outcomes import ACTIONS
from agent.commands.mirror_told import IN_DAYS, ago, exactness_lines, span_in_words
from agent.commands.news_told import news_lines
from agent.commands.options import config_option, read_settings
from agent.commands.pausing import paused_lines, trial_in_words
from agent.config import Settings
from agent.database import shared
from agent.epoch import standing_doubt
from agent.jobs.account import QUALITY, STATUS
from agent.jobs.canary import under_trial
from agent.jobs.exactness import look_at_mirror
from agent.jobs.status import RECENTLY, Looks, Replies, Status, look
from agent.room import THROUGHPUT, account
from agent.rules.budget import Budget
from agent.rules.room import Account
from agent.service import WallClock

ANSWERED_WITHIN = timedelta(minutes=10)
SILENT = timedelta(minutes=2)  # without a sign of life for longer, the daemon is not well
NOT_OF_THE_SHOP = ("companions",)  # worked out here


@click.command
@config_option
def command(config: Path) -> None:
    """Show how the daemon, the mirror and the outbox are; works beside a running daemon."""
    settings = read_settings(config)
    now = WallClock().now()
    with shared(settings.database.path):
        status, mirror = look(now), look_at_mirror(now)
        zone = ZoneInfo(status.shop.get("zone", "UTC"))
        doubts = [doubt for doubt in (standing_doubt(),) if doubt is not None]
        budget, limit = gather_budget(settings, now, zone), account(settings, now, zone)
        trials = under_trial(settings, now)
        news = list(news_lines(settings, status))
    told = Table.grid(padding=(0, 2))
    told.add_column(no_wrap=True)
    told.add_column(overflow="fold")
    for label, text in (
        ("daemon", _daemon(status, now)),
        *paused_lines(status.pauses, zone),
        ("shop", _shop(settings, status, now, zone)),
        ("mirror", _mirror(status, now)),
        *exactness_lines(mirror),
        ("people", _people(status)),
        ("interest", _looks(status.looks, now)),
        *(
            (
                "campaign",
                f"{name}: {_campaign(campaign.enabled, status.troubles, name)}"
                f"{trial_in_words(trials.get(name), settings, zone)}",
            )
            for name, campaign in settings.campaigns.items()
        ),
        *news,
        ("budget", _budget(budget, now.astimezone(zone).date())),
        ("account", _account(limit) + _number(status.shop)),
        ("outbox", _outbox(status, zone)),
        *_declined(status),
        *(("restored", f"MARKETING IS HELD: {doubt.what}: {doubt.fix}") for doubt in doubts),
        *_coupons(status),
        ("replies", _replies(status.replies)),
        ("webhooks", _webhooks(status, now) + _shops_webhooks(status.shop.get("webhooks", ""))),
    ):
        told.add_row(label, text)
    console = Console(highlight=False, markup=False)  # a failure may quote brackets
    console.print(told)
    if status.runs:
        console.print(_jobs(status, zone))


def _daemon(status: Status, now: datetime) -> str:
    beat = status.heartbeat
    if beat is None:
        return "has never run on this database"
    if beat.stopped_at is not None:
        return f"stopped {ago(beat.stopped_at, now)}"
    silence = now - beat.beat_at
    if silence > SILENT or not _alive(beat.pid):
        return f"NOT RUNNING: the last sign of process {beat.pid} was {ago(beat.beat_at, now)}"
    return (
        f"runs as process {beat.pid}, version {beat.version}, for "
        f"{span_in_words(now - beat.started_at)}, listening on {beat.listening}, "
        f"last sign of life {ago(beat.beat_at, now)}"
    )


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


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


def _jobs(status: Status, zone: ZoneInfo) -> Table:
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
