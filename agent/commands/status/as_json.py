"""`winback status --json`: the same as one object. Names stay as they are; new ones may come.

Instants are ISO 8601 in UTC, spans are seconds, money is text; what is not known is null.

    at, well       when it was looked at; whether the daemon runs and no alarm stands
    alarms         those that stand: alarm, subject, severity, what, fix, since
    daemon         runs, pid, version, started_at, beat_at, stopped_at, listening
    pauses         scope ("*" is everything), source, reason, since, until, ended_by
    shop           name, url, version, currency, zone, read_at, webhooks
    mirror         lists: read_at, and walked and total while the first reading is under way;
                   orders_without_lines; equal and compared of 7 days; oldest_unseen_seconds; found by
                   means; to_read_again
    people         contacts, agreed, refused, agreed_to_news, unusable_phones
    interest       known, newest_at, waiting
    campaigns      by name: enabled, trouble ("" is none), trial (batch from 1, left, watched_until)
    next_run       when the campaigns of a day are decided next
    order_news     by name: enabled, trouble; outcomes of 7 days
    budget         messages, messages_limit, money, money_limit, currency, spent, missing_prices
    account        status, quality, people_a_day, written_to_in_24_hours, messages_a_second
    outbox         messages by state, due, due_since, next_at, errors of 7 days by WhatsApp's code
    coupons        usable, used, over, removed
    replies        in_7_days, to_confirm, to_forward, forward_trouble
    webhooks       newest_at, waiting, set_aside
    restored       what and fix while the database counts as put back, else null
    jobs           by name: began_at, ended_at, outcome, counts, trouble, fix
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from agent.commands.status.seen import Seen
from agent.pauses import way_out
from agent.rules.budget import Budget
from models import Alarm, Cursor


def document(seen: Seen) -> dict[str, Any]:
    """All of it, ready for JSON."""
    health, status = seen.health, seen.status
    daemon, account = health.daemon, health.whatsapp
    return {
        "at": _at(seen.now),
        "well": health.well,
        "alarms": [alarm_in_json(one) for one in health.alarms],
        "daemon": {
            "runs": daemon.runs,
            "pid": daemon.pid,
            "version": daemon.version,
            "started_at": _at(daemon.started_at),
            "beat_at": _at(daemon.beat_at),
            "stopped_at": _at(daemon.stopped_at),
            "listening": daemon.listening,
        },
        "pauses": [
            {
                "scope": one.scope,
                "source": one.source,
                "reason": one.reason,
                "since": _at(one.since),
                "until": _at(one.until),
                "ended_by": way_out(one),
            }
            for one in status.pauses
        ],
        "shop": {
            **{name: status.shop.get(name) for name in ("name", "version", "currency", "zone")},
            "url": seen.settings.shop.url,
            "read_at": _at(health.shop.read_at),
            "webhooks": health.shop.webhooks,
        },
        "mirror": _mirror(seen),
        "people": {
            "contacts": status.contacts,
            "agreed": status.agreed,
            "refused": status.refused,
            "agreed_to_news": status.agreed_to_news,
            "unusable_phones": status.unusable_phones,
        },
        "interest": {
            "known": status.looks.known,
            "newest_at": _at(status.looks.newest_at),
            "waiting": status.looks.waiting,
        },
        "campaigns": {name: _campaign(seen, name) for name in seen.settings.campaigns},
        "next_run": _at(seen.next_run),
        "order_news": {
            "kinds": {
                name: {"enabled": one.enabled, "trouble": status.troubles.get(name)}
                for name, one in seen.settings.news.items()
            },
            "outcomes": dict(status.news),
        },
        "budget": _budget(seen.budget),
        "account": {
            "status": account.status,
            "quality": account.quality,
            "people_a_day": seen.limit.people_a_day,
            "written_to_in_24_hours": seen.limit.recent,
            "messages_a_second": account.per_second,
        },
        "outbox": {
            "messages": dict(status.messages),
            "due": health.queue.due,
            "due_since": _at(health.queue.due_since),
            "next_at": _at(health.queue.next_at),
            "errors": {str(code): count for code, count in status.declined.items()},
        },
        "coupons": {
            "usable": status.coupons.usable,
            "used": status.coupons.used,
            "over": status.coupons.over,
            "removed": status.coupons.removed,
        },
        "replies": {
            "in_7_days": status.replies.of_late,
            "to_confirm": status.replies.to_confirm,
            "to_forward": status.replies.to_forward,
            "forward_trouble": status.replies.trouble,
        },
        "webhooks": {
            "newest_at": _at(account.webhook_at),
            "waiting": status.webhooks_waiting,
            "set_aside": status.set_aside,
        },
        "restored": seen.doubt and {"what": seen.doubt.what, "fix": seen.doubt.fix},
        "jobs": {
            run.job: {
                "began_at": _at(run.started_at),
                "ended_at": _at(run.ended_at),
                "outcome": run.outcome,
                "counts": run.result,
                "trouble": run.trouble,
                "fix": run.fix,
            }
            for run in status.runs
        },
    }


def alarm_in_json(one: Alarm) -> dict[str, Any]:
    """As in `alarms` above, with the end where it is over."""
    over = {"ended_at": _at(one.ended_at)} if one.ended_at else {}
    return {
        "alarm": one.kind,
        "subject": one.subject,
        "severity": one.severity,
        "what": one.what,
        "fix": one.fix,
        "since": _at(one.since),
        **over,
    }


def _mirror(seen: Seen) -> dict[str, Any]:
    found: dict[str, int] = {}
    for (_, means), rows in seen.mirror.found.items():
        found[means] = found.get(means, 0) + rows
    unseen, overall = seen.mirror.longest_unseen, seen.mirror.overall
    return {
        "lists": _lists(seen.status.cursors),
        "orders_without_lines": seen.status.orders_without_lines,
        "equal": overall.equal,
        "compared": overall.compared,
        "oldest_unseen_seconds": unseen and unseen[1].total_seconds(),
        "found": found,
        "to_read_again": sum(seen.mirror.hints.values()),
    }


def _lists(cursors: Iterable[Cursor]) -> Mapping[str, Any]:
    """Those that are walked through; "sweep orders", "turn carts" are how the pull goes on."""
    return {
        one.name: {
            "read_at": _at(one.polled_at),
            **({"walked": one.walked, "total": one.total} if one.since is None else {}),
        }
        for one in cursors
        if " " not in one.name
    }


def _campaign(seen: Seen, name: str) -> dict[str, Any]:
    trying, wait = seen.trials.get(name), seen.settings.whatsapp.canary_wait
    trial = trying and {
        "batch": trying.batch + 1,
        "left": trying.left,
        "watched_until": _at(trying.filled_at + wait if trying.filled_at else None),
    }
    enabled = seen.settings.campaigns[name].enabled
    return {"enabled": enabled, "trouble": seen.status.troubles.get(name), "trial": trial}


def _budget(budget: Budget) -> dict[str, Any]:
    limits = budget.allowance
    return {
        "messages": budget.spent.messages,
        "messages_limit": limits.messages,
        "money": str(budget.spent.money),
        "money_limit": None if limits.money is None else str(limits.money),
        "currency": limits.currency,
        "spent": budget.is_spent,
        "missing_prices": sorted({f"{one.country} {one.category}" for one in budget.unpriced}),
    }


def _at(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat(timespec="seconds")
