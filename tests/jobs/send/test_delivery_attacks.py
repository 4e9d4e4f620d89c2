"""Attacks on the delivery: what would write to somebody twice, lose a message, or hold the others up."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from send_stage import Office
from sending_world import message

from agent.epoch import treat_as_restored
from agent.jobs.settle import settle
from agent.jobs.track import file_orphans, track
from models import Message, Webhook
from models.base import database


def _tell(office: Office, uid: str, wamid: str, status: str, *, code: int | None = None) -> None:
    """A status that was acknowledged, and that nobody has looked at."""
    at = str(int(office.clock.now().timestamp()))
    one: dict[str, Any] = {"id": wamid, "status": status, "timestamp": at}
    one["biz_opaque_callback_data"] = uid
    if code is not None:
        one["errors"] = [{"code": code, "title": "no luck"}]
    body = {"entry": [{"changes": [{"field": "messages", "value": {"statuses": [one]}}]}]}
    Webhook.insert(
        source="whatsapp",
        received_at=office.clock.now(),
        body=json.dumps(body).encode(),
        urgent=False,
    ).execute()


def _track(office: Office) -> None:
    track(office.settings, now=office.clock.now(), beat=lambda: None)


# a database that was put back


@pytest.mark.parametrize("state", ["claimed", "unsure"])
def test_news_that_may_have_had_its_second_try_gets_none_after_a_restore(
    office: Office, state: str
) -> None:
    office.change(whatsapp__resend_unsure_news=True)
    [news] = office.world.queue(kind="news", state=state, claimed_at=office.clock.now())
    office.later(minutes=30)
    treat_as_restored(office.clock.now())
    for _ in range(3):
        office.send()
        office.later(hours=1)
        settle(office.settings, now=office.clock.now())
    assert office.taken == {}
    assert message(news).state == "abandoned"


def test_who_was_spared_for_a_day_in_a_lost_life_gets_no_other_try_after_a_restore(
    office: Office,
) -> None:
    """The copy holds a webhook that nobody had read when it was made; since then it was, and the later
    try was made."""
    [uid] = office.world.queue(kind="news", state="accepted", wamid="wamid.1")
    _tell(office, uid, "wamid.1", "failed", code=131049)
    office.later(hours=25)
    treat_as_restored(office.clock.now())
    _track(office)
    office.send()
    assert office.taken == {}
    assert message(uid).state == "failed"


# many messages


def _plan(work: Callable[[], object]) -> str:
    """How SQLite does what `work` asks of `message`."""
    asked: list[str] = []
    connection = database.obj.connection()
    connection.set_trace_callback(asked.append)
    work()
    connection.set_trace_callback(None)
    steps = [
        row[3]
        for one in asked
        if one.startswith(("SELECT", "UPDATE")) and '"message"' in one
        for row in database.execute_sql(f"EXPLAIN QUERY PLAN {one}").fetchall()
    ]
    assert steps
    return "; ".join(steps)


@pytest.mark.parametrize("name", ["orphaned", "abandon", "news", "orphans of statuses"])
def test_what_is_asked_all_the_time_reads_no_message_that_was_answered(
    office: Office, name: str
) -> None:
    now = office.clock.now()
    office.world.queue(state="claimed", claimed_at=now)
    works: dict[str, Callable[[], object]] = {
        "orphaned": Message.orphaned,
        "abandon": lambda: Message.abandon(now, now),
        "news": lambda: Message.send_news_again(now, now),
        "orphans of statuses": lambda: file_orphans(office.settings, now=now),
    }
    plan = _plan(works[name])
    if name == "orphans of statuses":
        assert "message_wamid (wamid=?)" in plan
    else:
        assert "SCAN" not in plan.replace("SCAN CONSTANT ROW", "")
        assert "message_unanswered" in plan


def test_a_long_queue_that_waits_for_the_morning_is_passed_over_in_the_index(
    office: Office,
) -> None:
    """Whether a message may leave by now stands in the index: with 100,000 that may not, reading each
    row for it took 150 ms of every look."""
    plan = _plan(lambda: Message.due(office.clock.now(), 20))
    assert "message_queued" in plan
    columns = database.execute_sql("PRAGMA index_info(message_queued)").fetchall()
    assert [name for _, _, name in columns] == ["priority", "id", "not_before", "expires_at"]
