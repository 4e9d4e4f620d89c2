"""What is to be told of alarms -> an e-mail for all of it, and a POST for each.

What was told, and of which that could not be written down (a kill between the two), is told once more.
What fails is tried again after growing waits, and given up after the last: the log and the status have it
all the same.
"""

import json
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from agent import faults
from agent.clients.mail import MailServer, compose
from agent.clients.receiver import Receiver
from agent.config import Settings
from agent.errors import Refused, Retryable, WinbackError
from agent.jobs.alarms.watch import EMAIL, WEBHOOK
from agent.log import Log
from agent.rules.alarm_kinds import KINDS
from models import Alarm, ShopFact, Telling
from models.alarms import BEGINS

log = Log(__name__)

WAITS: Final = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 20, 60, 180))
A_LETTER: Final = 50  # alarms
LONGEST_SUBJECT: Final = 120  # letters

News = Sequence[tuple[Telling, Alarm]]


def tell_alarms(
    settings: Settings, *, now: Callable[[], datetime], beat: Callable[[], None]
) -> dict[str, int]:
    """Tell what is due. Returns how many were told, put off and given up."""
    tally: Counter[str] = Counter()
    if not Telling.select(Telling.id).exists():
        return {}
    if news := _due(EMAIL, bool(settings.alarms.email_to), now()):
        beat()
        _settle(news, _write(settings, news, now()), now(), tally)
    if news := _due(WEBHOOK, bool(settings.alarms.webhook_url), now()):
        with _receiver(settings) as receiver:
            for number, one in enumerate(news):
                beat()
                trouble = _post(receiver, *one)
                if trouble is not None:  # the others would only wait for as many timeouts
                    _settle(news[number:], trouble, now(), tally)
                    break
                _settle([one], None, now(), tally)
    return dict(tally)


def send_test(settings: Settings, *, now: datetime) -> dict[str, WinbackError | None]:
    """Way -> what went wrong, None where it was taken: one test by each that is set."""
    found: dict[str, WinbackError | None] = {}
    wanted = settings.alarms
    if wanted.email_to:
        text = "This is a test: alarms of winback arrive here.\n"
        subject = f"[winback] {_shop(settings)}: a test"
        found[EMAIL] = _send(settings, subject, text, now, to_all=True)
    if wanted.webhook_url:
        body = {"event": "alarm", "id": f"test-{now:%Y%m%d%H%M%S}", "news": "test"}
        with _receiver(settings) as receiver:
            found[WEBHOOK] = _answer(receiver, body | {"at": now.isoformat()})
    return found


def _due(way: str, is_set: bool, now: datetime) -> News:
    """What is to be told this way now. Where nobody is named any more, nothing is told."""
    if not is_set:
        Telling.delete().where(Telling.way == way).execute()
        return []
    due = Telling.due(way, now, A_LETTER, longest=max(WAITS))
    alarms = {one.id: one for one in Alarm.select().where(Alarm.id.in_([d.alarm_id for d in due]))}
    lost = [one.id for one in due if one.alarm_id not in alarms]  # [retention] runs let go of it
    if lost:
        Telling.delete().where(Telling.id.in_(lost)).execute()
    return [(one, alarms[one.alarm_id]) for one in due if one.alarm_id in alarms]


def _settle(news: News, trouble: WinbackError | None, now: datetime, tally: Counter[str]) -> None:
    """What was told is done with; what was not waits, or is given up."""
    faults.point("alarm told")
    ids = [telling.id for telling, _ in news]
    if trouble is None:
        Telling.delete().where(Telling.id.in_(ids)).execute()
        tally["told"] += len(news)
        return
    lost = [telling.id for telling, _ in news if telling.attempts >= len(WAITS)]
    about = {"way": news[0][0].way, "what": trouble.what, "fix": trouble.fix}
    if lost:
        Telling.delete().where(Telling.id.in_(lost)).execute()
        log.error("alarm.given_up", error=None, alarms=len(lost), **about)
        tally["given up"] += len(lost)
    if any(telling.attempts == 0 for telling, _ in news):
        log.warning("alarm.not_told", alarms=len(news), **about)
    for telling, _ in news:
        if telling.id not in lost:
            Telling.update(
                attempts=telling.attempts + 1,
                not_before=now + WAITS[telling.attempts],
                trouble=trouble.what,
            ).where(Telling.id == telling.id).execute()
            tally["put off"] += 1


def _write(settings: Settings, news: News, now: datetime) -> WinbackError | None:
    zone = ZoneInfo(ShopFact.all().get("zone", "UTC"))
    begins = [alarm for telling, alarm in news if telling.news == BEGINS]
    over = [alarm for telling, alarm in news if telling.news != BEGINS]
    parts = [
        *(_begun(alarm, zone) for alarm in begins),
        *(_ended(alarm, zone) for alarm in over),
        "All that stands: winback alarms",
    ]
    return _send(settings, _subject(settings, begins, over), "\n\n".join(parts) + "\n", now)


def _subject(settings: Settings, begins: Sequence[Alarm], over: Sequence[Alarm]) -> str:
    counts = []
    if begins:
        counts.append("1 alarm" if len(begins) == 1 else f"{len(begins)} alarms")
    if over:
        counts.append(f"{len(over)} over")
    first = (begins or over)[0]
    about = f" ({first.subject})" if first.subject else ""
    said = f"[winback] {_shop(settings)}: {', '.join(counts)}: {KINDS[first.kind][1]}{about}"
    return said if len(said) <= LONGEST_SUBJECT else said[: LONGEST_SUBJECT - 3] + "..."


def _begun(alarm: Alarm, zone: ZoneInfo) -> str:
    return (
        f"{alarm.severity.upper()}: {alarm.what}\n"
        f"  since {alarm.since.astimezone(zone):%d %b %Y %H:%M %Z}\n"
        f"  what to do: {alarm.fix}\n"
        f"  ({_name(alarm)})"
    )


def _ended(alarm: Alarm, zone: ZoneInfo) -> str:
    return (
        f"OVER: {alarm.what}\n"
        f"  from {alarm.since.astimezone(zone):%d %b %Y %H:%M} "
        f"to {alarm.last_at.astimezone(zone):%d %b %Y %H:%M %Z}\n"
        f"  ({_name(alarm)})"
    )


def _name(alarm: Alarm) -> str:
    return f"{alarm.kind} {alarm.subject}".strip()


def _shop(settings: Settings) -> str:
    return ShopFact.all().get("name") or settings.shop.url.partition("://")[2]


def _send(
    settings: Settings, subject: str, text: str, now: datetime, *, to_all: bool = False
) -> WinbackError | None:
    """What went wrong. That one of several was refused is told in the log, and only wrong if it is to go
    `to_all`: sent once more, the others would get it twice."""
    wanted = settings.alarms
    sender = wanted.email_from or wanted.email_to[0]
    letter = compose(sender=sender, to=wanted.email_to, subject=subject, text=text, at=now)
    try:
        refused = mail_server(settings).send(letter)
    except WinbackError as error:
        return error
    if not refused:
        return None
    words = "; ".join(sorted(set(refused.values())))
    trouble = Refused(
        f"the mail server refuses {len(refused)} of {len(wanted.email_to)} addresses: {words}",
        fix="see email_to of [alarms], and that each mailbox takes mail",
    )
    if to_all:
        return trouble
    log.warning("alarm.not_everybody", refused=len(refused), what=trouble.what, fix=trouble.fix)
    return None


def mail_server(settings: Settings) -> MailServer:
    """As [alarms] names it."""
    wanted = settings.alarms
    return MailServer(
        host=wanted.smtp.host,
        port=wanted.smtp.port,
        security=wanted.smtp_security,
        user=wanted.smtp_user,
        password=wanted.smtp_password,
    )


def _receiver(settings: Settings) -> Receiver:
    return Receiver(settings.alarms.webhook_url, settings.alarms.webhook_secret)


def _post(receiver: Receiver, telling: Telling, alarm: Alarm) -> WinbackError | None:
    """What is over asks nobody to do anything: whoever passes on `what` and `fix` tells no alarm anew."""
    begins = telling.news == BEGINS
    body = {
        "event": "alarm",
        "id": f"{alarm.id}-{'begins' if begins else 'over'}",
        "news": telling.news,
        "alarm": alarm.kind,
        "subject": alarm.subject,
        "severity": alarm.severity,
        "what": alarm.what if begins else f"over: {alarm.what}",
        "fix": alarm.fix if begins else "",
        "since": alarm.since.isoformat(),
        "ended_at": alarm.ended_at.isoformat() if alarm.ended_at else None,
    }
    return _answer(receiver, body)


def _answer(receiver: Receiver, body: object) -> WinbackError | None:
    answer = receiver.tell(json.dumps(body, ensure_ascii=False))
    if answer.taken:
        return None
    return Retryable(
        f"webhook_url of [alarms]: {answer.reason}",
        fix="see that it answers with 200 in 15 seconds",
    )
