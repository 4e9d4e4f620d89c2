"""A new template is tried out in growing batches, and stops by itself when they go badly."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from jobs_stage import add_contact, add_message

from agent.canary import allowances, fingerprint
from agent.config import Settings
from agent.consent import Heard, record
from agent.conversations import mark_stopped, newest_before
from agent.jobs.canary import watch_canaries
from agent.pauses import resume, resume_campaign
from agent.sandbox.clock import MovedClock
from models import Canary, Contact, Message, Pause, Template

CONFIG = """
[whatsapp]
phone_number_id = "106540352242922"
business_account_id = "102290129340398"
token = "EAAexample"
app_secret = "example-app-secret"
verify_token = "example-verify-token"
canary = [4, 8]
canary_wait = "1h"
canary_failures = 50
canary_opt_outs = 40

[campaigns.loyalty_reward]
enabled = false
"""
NAME = "we_miss_you"
HOUR = timedelta(hours=1)


class Trials:
    """What a sender would do in a campaign, without a WhatsApp."""

    def __init__(self, settings: Settings, clock: MovedClock) -> None:
        self.settings, self.clock = settings, clock
        self._people = 0
        self.put_template()

    @property
    def now(self) -> datetime:
        return self.clock.now()

    def put_template(self, text: str = "Hello {{1}}", number: int = 7, **more: Any) -> None:
        body = {
            "id": str(number),
            "name": NAME,
            "language": "en",
            "category": "MARKETING",
            "components": [{"type": "BODY", "text": text}],
        }
        row = {"name": NAME, "language": "en", "status": "APPROVED", "category": "MARKETING"}
        Template.replace_all([row | {"body": body | more, "read_at": self.now}])

    def send(self, count: int, state: str = "sent", **columns: Any) -> list[str]:
        """So many messages leave, and are in this state afterwards; their people's phones."""
        phones = []
        for _ in range(count):
            self._people += 1
            phones.append(f"+44770090{self._people:04}")
            contact = add_contact(phones[-1], self.now)
            columns = {"claimed_at": self.now} | columns
            add_message(contact, self.now, state=state, **columns)
        return phones

    def allowed(self) -> int | None:
        return allowances(self.settings, self.now).get(NAME)

    def watch(self) -> dict[str, int]:
        return watch_canaries(self.settings, now=self.now)

    def later(self, step: timedelta) -> None:
        self.clock.advance(step)


@pytest.fixture
def trials(database: Path, clock: MovedClock, write_settings: Callable[..., Settings]) -> Trials:
    return Trials(write_settings(CONFIG), clock)


def stopped() -> dict[str, str]:
    return {pause.scope: pause.reason for pause in Pause.select() if pause.source == "canary"}


def say_no(phones: list[str], now: datetime) -> None:
    """As `track` files it: on the ledger, and with the message that they had got by then."""
    record([Heard(phone=one, says="no", source="whatsapp", said_at=now) for one in phones], now=now)
    got = [newest_before(Contact.get(Contact.phone == phone).id, now) for phone in phones]
    mark_stopped([message.id for message in got if message is not None])


def test_batches_leave_one_by_one_and_then_all_the_others(trials: Trials) -> None:
    assert trials.allowed() == 4
    trials.send(3)
    assert (trials.allowed(), trials.watch()) == (1, {})
    trials.later(timedelta(minutes=10))
    trials.send(1)
    assert trials.allowed() == 0
    trials.later(timedelta(minutes=1))
    assert trials.watch() == {"filled": 1}
    trials.later(timedelta(minutes=58))
    assert (trials.watch(), trials.allowed()) == ({}, 0)
    trials.later(timedelta(minutes=1))  # an hour after the last of it has left
    assert (trials.watch(), trials.allowed()) == ({"next": 1}, 8)
    trials.send(8)
    assert (trials.allowed(), trials.watch()) == (0, {"filled": 1})
    trials.later(HOUR)
    assert trials.watch() == {"passed": 1}
    assert trials.allowed() is None
    assert trials.watch() == {}


def test_a_small_campaign_goes_on_with_its_batch_the_next_day(trials: Trials) -> None:
    trials.allowed()
    trials.send(3)
    trials.later(timedelta(days=1))
    assert (trials.watch(), trials.allowed()) == ({}, 1)


def test_what_did_not_leave_after_all_gives_its_place_back(trials: Trials) -> None:
    trials.allowed()
    trials.send(2, "queued")
    trials.send(1, "cancelled")
    trials.send(1, "unsure")
    assert trials.allowed() == 3


def test_too_many_failures_stop_the_campaign_and_say_why(
    trials: Trials, caplog: pytest.LogCaptureFixture
) -> None:
    trials.allowed()
    trials.send(1)
    trials.send(2, "failed", code=131026)
    trials.send(1, "refused", code=132012)
    assert trials.watch() == {"stop": 1}
    reason = "3 of 4 messages failed (more than 50 %): error 2 x 131026, 1 x 132012"
    assert stopped() == {NAME: reason}
    assert Message.due(trials.now, 10) == []
    assert trials.watch() == {}  # once
    (alarm,) = (one for one in caplog.records if one.getMessage() == "canary.stopped")
    assert alarm.levelname == "ERROR"


def test_people_who_say_no_stop_it_also_after_the_wait(trials: Trials) -> None:
    trials.allowed()
    first = trials.send(4)
    trials.watch()
    trials.later(HOUR)
    assert trials.watch() == {"next": 1}
    trials.send(3)
    trials.later(HOUR)
    say_no(first[:3], trials.now)  # 3 of the 7 until now
    assert trials.watch() == {"stop": 1}
    assert stopped() == {NAME: "3 of 7 people said STOP (more than 40 %)"}


def test_who_had_said_no_before_or_got_nothing_says_nothing_of_this_template(
    trials: Trials,
) -> None:
    trials.allowed()
    failed = trials.send(2, "failed", code=131050)
    told = trials.send(2)
    say_no(failed, trials.now)
    say_no(told, trials.now - HOUR)
    assert trials.watch() == {"filled": 1}


def test_held_messages_stop_it_when_they_are_still_held(trials: Trials) -> None:
    trials.allowed()
    trials.send(3, "held")
    trials.send(1)
    assert trials.watch() == {"filled": 1}
    trials.later(HOUR)
    assert trials.watch() == {"stop": 1}
    assert "3 of 4 are still held" in stopped()[NAME]


def test_held_messages_that_were_released_do_not(trials: Trials) -> None:
    trials.allowed()
    trials.send(4, "held")
    trials.watch()
    Message.update(state="delivered").execute()
    trials.later(HOUR)
    assert trials.watch() == {"next": 1}


@pytest.mark.parametrize("whole", [True, False])
def test_resuming_tries_the_batch_once_more(trials: Trials, *, whole: bool) -> None:
    trials.allowed()
    trials.send(4, "failed", code=131000)
    assert trials.watch() == {"stop": 1}
    trials.later(HOUR)
    done = resume(now=trials.now) if whole else resume_campaign(NAME, now=trials.now)
    assert [pause.scope for pause in done.lifted] == [NAME]
    assert (trials.watch(), trials.allowed()) == ({}, 4)
    trials.send(4, "failed", code=131000)
    assert trials.watch() == {"stop": 1}


def test_another_text_is_tried_out_anew(trials: Trials) -> None:
    trials.allowed()
    Canary.update(passed_at=trials.now).execute()
    assert trials.allowed() is None
    trials.later(HOUR)
    trials.put_template("Hello {{1}}, come back")
    assert trials.allowed() == 4


def test_another_template_of_the_same_text_is_tried_out_anew(trials: Trials) -> None:
    trials.allowed()
    Canary.update(passed_at=trials.now).execute()
    trials.put_template(number=8)
    assert trials.allowed() == 4


def test_its_quality_and_status_are_none_of_its_text(trials: Trials) -> None:
    trials.allowed()
    Canary.update(passed_at=trials.now).execute()
    trials.later(HOUR)
    trials.put_template(status="PAUSED", quality_score={"score": "RED"})
    assert trials.allowed() is None


def test_addresses_of_examples_change_with_each_reading() -> None:
    def header(address: str) -> str:
        part = {"type": "HEADER", "format": "IMAGE", "example": {"header_handle": [address]}}
        return fingerprint(json.dumps({"id": "7", "components": [part]}))

    assert header("https://cdn.example/a?oe=1") == header("https://cdn.example/a?oe=2")


@pytest.mark.parametrize(("sent_before", "more"), [(3, 4), (4, 8), (7, 8), (8, None)])
def test_what_was_sent_before_there_were_trials_counts(
    trials: Trials, sent_before: int, more: int | None
) -> None:
    trials.send(sent_before, "delivered")
    trials.send(9, "failed")  # not taken
    trials.send(9, "delivered", template="another")
    trials.later(HOUR)
    assert trials.allowed() == more


def test_without_batches_nothing_is_limited(
    trials: Trials, write_settings: Callable[..., Settings]
) -> None:
    trials.settings = write_settings(CONFIG.replace("[4, 8]", "[]"))
    assert allowances(trials.settings, trials.now) == {}
    assert trials.watch() == {}


def test_fewer_batches_than_when_it_began(
    trials: Trials, write_settings: Callable[..., Settings]
) -> None:
    trials.allowed()
    Canary.update(batch=1).execute()
    trials.settings = write_settings(CONFIG.replace("[4, 8]", "[4]"))
    assert allowances(trials.settings, trials.now) == {}


def test_a_campaign_that_is_off_or_without_a_template_is_not_tried_out(
    trials: Trials, write_settings: Callable[..., Settings]
) -> None:
    Template.delete().execute()
    assert allowances(trials.settings, trials.now) == {}
    off = "\n\n[campaigns.we_miss_you]\nenabled = false\n"
    trials.settings = write_settings(CONFIG + off)
    trials.put_template()
    assert allowances(trials.settings, trials.now) == {}
    assert list(Canary.select()) == []


def test_a_clock_that_is_set_back_does_not_let_everything_out(trials: Trials) -> None:
    trials.allowed()
    trials.send(4)
    trials.watch()
    trials.clock = MovedClock(trials.now - timedelta(hours=5))
    for _ in range(5):  # as a sender would ask
        assert trials.allowed() == 0
        trials.later(timedelta(seconds=1))
    assert trials.watch() == {"filled": 1}
    trials.later(HOUR)
    # those that left in the future count for this batch too: rather too few than too many
    assert (trials.watch(), trials.allowed()) == ({"next": 1}, 4)


def test_a_trial_that_seems_to_begin_later_begins_now(trials: Trials) -> None:
    trials.allowed()
    trials.clock = MovedClock(trials.now - timedelta(hours=5))
    left = 0
    for _ in range(9):
        more = trials.allowed() or 0
        trials.send(more)
        left += more
        trials.later(timedelta(seconds=1))
    assert left == 4


def test_passed_trials_cost_two_questions(trials: Trials) -> None:
    trials.allowed()
    Canary.update(passed_at=trials.now).execute()
    asked: list[str] = []
    from models.base import database

    database.obj.connection().set_trace_callback(asked.append)
    trials.allowed()
    database.obj.connection().set_trace_callback(None)
    assert len(asked) == 2


def test_counting_what_left_uses_the_index_of_campaigns(trials: Trials) -> None:
    from models.base import database

    query = Message.select().where(
        Message.campaign == NAME,
        Message.claimed_at.is_null(False),
        Message.claimed_at >= trials.now,
    )
    sql, values = query.sql()
    plan = str(database.execute_sql(f"EXPLAIN QUERY PLAN {sql}", values).fetchall())
    assert "message_left" in plan
