"""Which alarms stand, by what is known: facts in, alarms out. agent/rules/alarm_kinds.py lists them all."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from agent.rules.alarm_kinds import Standing

UNSURE_TOO_MANY: Final = 10  # of 24 hours
FAILURES: Final = 3  # in a row, before a job counts as failing again and again
REFUSALS: Final = 2  # in a row: a plugin of the shop's may refuse once in a while
DRIFT_SHARE: Final = 0.01  # of the rows compared in a day
DRIFT_ROWS: Final = 3
ELEMENTS: Final = "they stay until you have looked: winback inbox"
MEGABYTE: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Said:
    """What another part has found and put into words."""

    what: str
    fix: str
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class FailingJob:
    """A job whose newest runs failed."""

    job: str
    failures: int  # since it last came through
    since: datetime  # the first of them
    failure: str  # Unauthorized, ShopAway, Garbled, ...: the class of the error
    trouble: str
    fix: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmFacts:
    """What alarms are judged by, at `now`."""

    now: datetime
    stuck_after: timedelta
    running_since: datetime  # what should have happened before is nobody's fault
    free_mb: int
    free_bytes: int | None = None  # None: the disk could not be asked
    stopped: Sequence[tuple[int | None, Said]] = ()  # (WhatsApp's code, what it answered)
    number: Said | None = None
    restrictions: Sequence[Said] = ()
    templates: Mapping[str, Said] = field(default_factory=dict)  # campaign or news that is on
    moved_templates: Mapping[str, str] = field(default_factory=dict)  # order news -> languages
    shop_read_at: datetime | None = None  # None: the first reading is not through
    drift: Mapping[str, tuple[int, int]] = field(default_factory=dict)  # kind -> (differing, all)
    shop_webhooks: str = ""  # what is wrong with them, "" if nothing
    oldest_due: datetime | None = None  # of messages that are due, and that nothing holds
    due: int = 0
    last_claim: datetime | None = None
    unsure: int = 0  # of the last 24 hours
    oldest_webhook: datetime | None = None  # of those that wait
    webhooks_waiting: int = 0
    unanswered_since: datetime | None = None  # accepted since, and not one webhook came
    set_aside: int = 0
    budget_spent: Said | None = None
    budget_prices: Said | None = None
    restored: Said | None = None
    forward: Said | None = None
    coupons_failed: int = 0  # messages of 24 hours that were called off for want of their coupon
    coupon_trouble: str = ""
    canaries: Mapping[str, Said] = field(default_factory=dict)  # campaign -> why it was stopped
    failing: Sequence[FailingJob] = ()
    hung: Sequence[str] = ()


TOKEN_CODES: Final = frozenset({0, 3, 10, 190, *range(200, 300)})
"""WhatsApp's codes for a token that is over or lacks a right (Meta's "Error codes", authorization)."""

OF_WHATSAPP: Final = frozenset({"account", "templates", "send", "confirm"})
"""The jobs that ask WhatsApp; all others that are refused are refused by the shop."""

UNAUTHORIZED: Final = "Unauthorized"


def judge_alarms(facts: AlarmFacts) -> list[Standing]:
    """All that stand, one of each kind and subject."""
    found: dict[tuple[str, str], Standing] = {}
    for rule in (_whatsapp, _campaigns, _shop, _queue, _webhooks, _machine, _money, _others, _jobs):
        for one in rule(facts):
            found.setdefault(one.key, one)
    return list(found.values())


def gone_for(ended: int) -> timedelta:
    """How long an alarm must not have been seen before it counts as over, if it ended `ended` times in
    the last 24 hours: what comes and goes is one alarm, and not a flood of news."""
    return min(timedelta(minutes=10 << min(ended, 6)), timedelta(hours=6))


def _whatsapp(facts: AlarmFacts) -> Iterator[Standing]:
    for code, said in facts.stopped:
        kind = "whatsapp_token" if code in TOKEN_CODES else "whatsapp_stopped"
        yield Standing(kind, said.what, said.fix, since=said.since)
    for one in facts.failing:
        if one.job in OF_WHATSAPP and _is_refused(one):
            yield Standing("whatsapp_token", one.trouble, one.fix, since=one.since)
    if facts.number is not None:
        yield Standing(
            "whatsapp_number", facts.number.what, facts.number.fix, since=facts.number.since
        )
    for said in facts.restrictions:
        yield Standing("whatsapp_restriction", said.what, said.fix, since=said.since)


def _campaigns(facts: AlarmFacts) -> Iterator[Standing]:
    for name, said in facts.templates.items():
        yield Standing("template", said.what, said.fix, subject=name, since=said.since)
    for name, languages in facts.moved_templates.items():
        yield Standing(
            "template_category",
            f"WhatsApp counts the template of {name} as marketing, in {languages}: only those are told "
            "who agreed to marketing too, and it counts for their limits",
            "ask for a review of its category in WhatsApp Manager, or write it anew",
            subject=name,
        )
    for name, said in facts.canaries.items():
        yield Standing("canary", said.what, said.fix, subject=name, since=said.since)


def _shop(facts: AlarmFacts) -> Iterator[Standing]:
    for one in facts.failing:
        if one.job not in OF_WHATSAPP and _is_refused(one):
            yield Standing("shop_key", one.trouble, one.fix, since=one.since)
    if facts.shop_read_at is not None:
        waits_since = max(facts.shop_read_at, facts.running_since)
        if facts.now - waits_since > facts.stuck_after:
            poll = next((one for one in facts.failing if one.job == "poll"), None)
            yield Standing(
                "mirror_stale",
                "the shop was not read since then, so no campaign runs"
                + (f": {poll.trouble}" if poll else ""),
                poll.fix if poll else "winback check tells whether the shop answers",
                since=facts.shop_read_at,
            )
    for kind, (differing, compared) in facts.drift.items():
        if differing >= DRIFT_ROWS and differing > compared * DRIFT_SHARE:
            yield Standing(
                "mirror_drift",
                f"{differing:,} of {compared:,} {kind} that were compared with the shop's in a day were "
                "not equal; they were put right",
                "if it goes on, lower sweep_hours of [mirror]; events mirror.drift of the log name the "
                "rows and fields",
                subject=kind,
            )
    if facts.shop_webhooks:
        yield Standing(
            "shop_webhooks",
            f"the shop's webhooks are not well: {facts.shop_webhooks}; changes are seen by the polls alone",
            "winback shop-webhooks install",
        )


def _queue(facts: AlarmFacts) -> Iterator[Standing]:
    waits_since = _latest(facts.oldest_due, facts.running_since)
    if waits_since is not None and facts.due:
        moved_at = max(waits_since, facts.last_claim or waits_since)
        if facts.now - moved_at > facts.stuck_after:
            yield Standing(
                "queue_stuck",
                f"{facts.due:,} messages are due and nothing holds them, but none has left since then",
                "see what the job send says in winback status; restart winback if it says nothing",
                since=moved_at,
            )
    if facts.unsure >= UNSURE_TOO_MANY:
        yield Standing(
            "unsure",
            f"of {facts.unsure:,} messages of the last 24 hours nobody knows whether they were sent: "
            "WhatsApp's answers were lost, and no status has come",
            "see that webhooks arrive (winback check) and that this machine's way to WhatsApp is well; "
            "a status settles them, and none is sent again",
        )


def _webhooks(facts: AlarmFacts) -> Iterator[Standing]:
    waits_since = _latest(facts.oldest_webhook, facts.running_since)
    if waits_since is not None and facts.now - waits_since > facts.stuck_after:
        yield Standing(
            "webhooks_wait",
            f"{facts.webhooks_waiting:,} webhooks of WhatsApp wait to be worked off: nothing is sent while "
            "one of them may hold a STOP",
            "see what the job track says in winback status; restart winback if it says nothing",
            since=facts.oldest_webhook,
        )
    # while we were not there nobody could come in: WhatsApp brings it again, after growing waits
    silent_since = _latest(facts.unanswered_since, facts.running_since)
    if silent_since is not None and facts.now - silent_since > facts.stuck_after:
        yield Standing(
            "webhooks_missing",
            "WhatsApp took messages since then, and not one webhook has come: neither statuses nor STOPs "
            "arrive",
            "check the callback URL and the app secret in the app, and that the web server passes on "
            "/webhooks/",
            since=facts.unanswered_since,
        )
    if facts.set_aside:
        yield Standing(
            "set_aside",
            f"{facts.set_aside:,} parts of webhooks could not be read or worked off",
            ELEMENTS,
        )


def _machine(facts: AlarmFacts) -> Iterator[Standing]:
    if facts.free_bytes is not None and facts.free_bytes < facts.free_mb * MEGABYTE:
        yield Standing(
            "disk",
            f"the database's disk has {facts.free_bytes // MEGABYTE:,} MB left, less than the {facts.free_mb:,} of "
            "free_mb in [alarms]",
            "make room, or lower free_mb; when it is full nothing is sent, and webhooks are refused, which WhatsApp brings "
            "again",
        )
    if facts.restored is not None:
        yield Standing(
            "restored", facts.restored.what, facts.restored.fix, since=facts.restored.since
        )
    if facts.hung:
        yield Standing(
            "job_hung",
            f"no progress of {', '.join(sorted(facts.hung))}",
            "systemd restarts winback by itself; without systemd, restart it",
        )


def _money(facts: AlarmFacts) -> Iterator[Standing]:
    for kind, said in (
        ("budget_spent", facts.budget_spent),
        ("budget_prices", facts.budget_prices),
    ):
        if said is not None:
            yield Standing(kind, said.what, said.fix, since=said.since)


def _others(facts: AlarmFacts) -> Iterator[Standing]:
    forward = facts.forward
    if forward is not None and facts.now - (forward.since or facts.now) > facts.stuck_after:
        yield Standing("forward", forward.what, forward.fix, since=forward.since)
    if facts.coupons_failed:
        yield Standing(
            "coupons",
            f"{facts.coupons_failed:,} messages of 24 hours were called off because the shop did not make "
            f"their coupon: {facts.coupon_trouble}",
            "see that the shop takes coupons and that no plugin changes them: winback check",
        )


def _jobs(facts: AlarmFacts) -> Iterator[Standing]:
    """What has no alarm of its own. A shop that is away is told as `mirror_stale`."""
    for one in facts.failing:
        own = one.failure in (UNAUTHORIZED, "ShopAway")
        lasts = facts.now - one.since > facts.stuck_after
        if not own and lasts and one.failures >= FAILURES:
            yield Standing(
                "job_failing",
                f"{one.job} failed {one.failures:,} times: {one.trouble}",
                one.fix or "see event job.broke in the log, and tell the authors of winback",
                subject=one.job,
                since=one.since,
            )


def _is_refused(one: FailingJob) -> bool:
    return one.failure == UNAUTHORIZED and one.failures >= REFUSALS


def _latest(moment: datetime | None, other: datetime) -> datetime | None:
    return None if moment is None else max(moment, other)
