"""What the tables tell becomes an alarm, once; and what is over ends, once."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from agent.config import Settings
from agent.epoch import suspect
from agent.jobs.alarms import AlarmWatch
from agent.jobs.alarms.watch import write_down
from agent.jobs.health import look_at_health, standing_alarms
from agent.pauses import ACCOUNT, CANARY, ERROR, RESTRICTION
from agent.rules.alarm_kinds import Standing
from models import (
    Alarm,
    CampaignStanding,
    Canary,
    Contact,
    Cursor,
    Forward,
    JobRun,
    Message,
    Pause,
    Sample,
    SetAside,
    ShopFact,
    Telling,
    Template,
    Webhook,
)
from models.delivery import EVERYTHING, MARKETING

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
TOLD = '[alarms]\nemail_to = ["you@shop.example"]\nwebhook_url = "https://desk.example/alarms"\n'


class Watching:
    """A daemon that has run for days, and its minutes."""

    def __init__(self, settings: Settings, now: datetime) -> None:
        self.settings, self.now = settings, now
        self.hung: list[str] = []
        self.steady: datetime | None = None
        self.watch = AlarmWatch(now - 5 * DAY, lambda: 0.0)

    def look(self, after: timedelta = timedelta(0)) -> dict[str, int]:
        self.now += after
        return self.watch.look(
            self.settings, now=self.now, hung=self.hung, steady=self.steady or self.now - 5 * DAY
        )

    @property
    def standing(self) -> list[tuple[str, str]]:
        return [(one.kind, one.subject) for one in standing_alarms()]


@pytest.fixture
def watching(database: Path, settings: Settings, now: datetime) -> Watching:
    ShopFact.put({"zone": "America/Sao_Paulo", "currency": "BRL"})
    Cursor.insert(name="orders", since=now, polled_at=now).execute()
    return Watching(settings, now)


def message(now: datetime, **columns: Any) -> None:
    number = Message.select().count()
    row = {
        "uid": f"u{number}", "contact_id": number, "campaign": "we_miss_you",
        "period": now.date().isoformat(), "template": "we_miss_you", "language": "en",
        "cap_day": now.date().isoformat(), "created_at": now, "not_before": now,
        "expires_at": now + 3 * DAY,
    }  # fmt: skip
    Message.put([row | columns])


def run(job: str, at: datetime, outcome: str = "failed", **columns: Any) -> None:
    JobRun.write(job, started_at=at, ended_at=at, outcome=outcome, **columns)


def test_a_shop_where_all_is_well_has_none(watching: Watching) -> None:
    now = watching.now
    run("poll", now - HOUR, trouble="no answer", failure="ShopAway")
    run("poll", now, outcome="ok")
    message(now - HOUR, state="delivered", accepted_at=now - 2 * HOUR, claimed_at=now - HOUR)
    Webhook.insert(source="whatsapp", received_at=now - HOUR, body=b"", done_at=now).execute()
    CampaignStanding.put("we_miss_you", "", now)
    Sample.insert(kind="orders", taken_at=now - HOUR, compared=200, differing=0).execute()
    assert watching.look() == {}
    assert watching.standing == []
    assert look_at_health(now).alarms == []


def refused_twice(job: str, now: datetime, trouble: str) -> None:
    for at in (now - MINUTE, now):
        run(job, at, trouble=trouble, failure="Unauthorized", fix="another one")


def stuck(now: datetime) -> None:
    message(now - 3 * HOUR, not_before=now - 2 * HOUR)


def unsure(now: datetime) -> None:
    for _ in range(10):
        message(now, state="unsure", claimed_at=now - HOUR)


def refused(now: datetime) -> None:
    CampaignStanding.put("loyalty_reward", "the template is PAUSED", now)
    CampaignStanding.put("price_drop", "there is no such template", now)  # it is off


def set_aside(now: datetime) -> None:
    number = Webhook.insert(source="whatsapp", received_at=now, body=b"", done_at=now).execute()
    SetAside.put(number, [("0/0", "no JSON")], now)


def silent(now: datetime) -> None:
    Webhook.insert(source="whatsapp", received_at=now - DAY, body=b"", done_at=now).execute()
    message(now, state="held", accepted_at=now - 3 * HOUR)
    message(now, state="accepted", accepted_at=now - 2 * HOUR)


def forwarding(now: datetime) -> None:
    row = {"person": "1", "body": "{}", "created_at": now - 2 * HOUR, "not_before": now}
    Forward.insert(event="a", attempts=3, trouble="it answered 500", **row).execute()
    Forward.insert(event="b", trouble="it answered 500", **row).execute()


def no_coupons(now: datetime) -> None:
    message(
        now, campaign="loyalty_reward", state="cancelled", ended_at=now - HOUR,
        detail="no coupon: its code is taken",
    )  # fmt: skip
    message(now, campaign="loyalty_reward", state="cancelled", ended_at=now, detail="STOP")


def failing(now: datetime) -> None:
    run("settle", now - 5 * HOUR, outcome="ok")
    for hours in (4, 3, 2):
        run("settle", now - hours * HOUR, trouble="KeyError: 'x'", failure="KeyError")


@pytest.mark.parametrize(
    ("bring_about", "kind", "subject", "word"),
    [
        (lambda now: Pause.put(EVERYTHING, ERROR, "WhatsApp stopped us: 190 expired", now=now), "whatsapp_token", "", "190 expired"),
        (lambda now: Pause.put(MARKETING, ERROR, "WhatsApp stopped us: 131048 spam", now=now), "whatsapp_stopped", "", "131048"),
        (lambda now: Pause.put(EVERYTHING, ERROR, "WhatsApp stopped us: odd", now=now), "whatsapp_stopped", "", "odd"),
        (lambda now: refused_twice("account", now, "WhatsApp answered 190"), "whatsapp_token", "", "190"),
        (lambda now: refused_twice("poll", now, "401"), "shop_key", "", "401"),
        (lambda now: Pause.put(MARKETING, ACCOUNT, "the number's quality is RED", now=now), "whatsapp_number", "", "RED"),
        (lambda now: Pause.put(EVERYTHING, RESTRICTION, "Meta restricts", now=now), "whatsapp_restriction", "", "Meta"),
        (lambda now: Pause.put("we_miss_you", CANARY, "12 % failed", now=now), "canary", "we_miss_you", "12 %"),
        (refused, "template", "loyalty_reward", "PAUSED"),
        (lambda now: Cursor.update(polled_at=now - 2 * HOUR).execute(), "mirror_stale", "", "not read"),
        (lambda now: Sample.insert(kind="products", taken_at=now, compared=100, differing=5).execute(), "mirror_drift", "products", "5 of 100"),
        (lambda now: ShopFact.put({"webhooks": "the shop switched off order.updated"}), "shop_webhooks", "", "order.updated"),
        (stuck, "queue_stuck", "", "1 messages"),
        (unsure, "unsure", "", "10 messages"),
        (lambda now: Webhook.insert(source="whatsapp", received_at=now - 2 * HOUR, body=b"").execute(), "webhooks_wait", "", "1 webhooks"),
        (silent, "webhooks_missing", "", "not one webhook"),
        (set_aside, "set_aside", "", "1 parts"),
        (lambda now: suspect(now - DAY, now), "restored", "", "put back"),
        (forwarding, "forward", "", "500"),
        (no_coupons, "coupons", "", "its code is taken"),
        (failing, "job_failing", "settle", "3 times"),
    ],
)  # fmt: skip
def test_what_the_tables_tell_is_found(
    watching: Watching,
    bring_about: Callable[[datetime], Any],
    kind: str,
    subject: str,
    word: str,
) -> None:
    bring_about(watching.now)
    assert watching.look() == {"begun": 1}
    [alarm] = standing_alarms()
    assert (alarm.kind, alarm.subject) == (kind, subject)
    assert word in alarm.what
    assert alarm.fix
    assert alarm.since <= watching.now


def test_a_hung_job_and_a_full_disk(
    watching: Watching, write_settings: Callable[..., Settings]
) -> None:
    watching.settings = write_settings("[alarms]\nfree_mb = 1000000\n")
    watching.hung = ["send"]
    watching.look()
    assert {kind for kind, _ in watching.standing} >= {"job_hung"}


def test_money_that_is_spent_is_looked_at_seldom_and_at_once_with_another_config(
    watching: Watching, write_settings: Callable[..., Settings]
) -> None:
    watching.settings = write_settings("[budget]\nmessages_per_month = 1\n")
    watching.look()
    message(watching.now, state="delivered", claimed_at=watching.now)
    assert watching.look(MINUTE) == {}
    assert watching.look(10 * MINUTE) == {"begun": 1}
    assert watching.standing == [("budget_spent", "")]
    watching.settings = write_settings("[budget]\nmessages_per_month = 2\n")
    assert watching.look(10 * MINUTE) == {"over": 1}


def test_prices_that_are_missing(
    watching: Watching, write_settings: Callable[..., Settings]
) -> None:
    Contact.insert(
        phone="+12025550100", region="US", marketing="yes", created_at=watching.now
    ).execute()
    watching.settings = write_settings(
        '[budget]\nmoney_per_month = "5"\ncurrency = "USD"\n'
        'prices = [{since = "2026-01-01", country = "GB", category = "marketing", price = "0.05"}]\n'
    )
    watching.look()
    assert watching.standing == [("budget_prices", "")]


def test_what_waits_for_a_good_reason_is_not_stuck(watching: Watching) -> None:
    stuck(watching.now)
    Canary.put("we_miss_you", "x", batch=0, now=watching.now, passed=False)
    Canary.update(filled_at=watching.now).execute()
    assert watching.look() == {}  # the batch that has left is watched
    Canary.delete().execute()
    Pause.put(MARKETING, "operator", "", now=watching.now)
    assert watching.look() == {}  # paused by a person
    Pause.delete().execute()
    ShopFact.put({"whatsapp_limit": "TIER_250"})
    for _ in range(250):
        message(watching.now, state="delivered", claimed_at=watching.now - 2 * HOUR)
    assert watching.look() == {}  # Meta lets us write to no more people today
    ShopFact.put({"whatsapp_limit": "TIER_1K"})
    assert watching.look() == {"begun": 1}


def test_a_machine_that_slept_is_no_shop_that_is_away(watching: Watching) -> None:
    watching.now += DAY
    watching.steady = watching.now - MINUTE  # the clock has jumped
    assert watching.look() == {}
    watching.now += 2 * HOUR
    assert watching.look() == {"begun": 1}


def test_webhooks_of_the_time_in_which_it_was_off_are_not_missed(watching: Watching) -> None:
    silent(watching.now)
    watching.steady = watching.now - MINUTE
    assert watching.look() == {}
    Cursor.update(polled_at=watching.now + 2 * HOUR).execute()
    watching.look(2 * HOUR)
    assert ("webhooks_missing", "") in watching.standing


def test_a_new_installation_has_none_while_nothing_has_happened_yet(
    database: Path, settings: Settings, now: datetime
) -> None:
    new = Watching(settings, now)
    for _ in range(24):  # the first reading takes a day
        Cursor.insert(name="orders", total=90_000, walked=100).on_conflict_ignore().execute()
        assert new.look(HOUR) == {}
    assert new.standing == []


def test_a_translation_that_is_refused_and_news_that_became_marketing(
    watching: Watching, write_settings: Callable[..., Settings]
) -> None:
    watching.settings = write_settings(
        '[campaigns.we_miss_you.translations.es]\nbody = ["{first_name|qué tal}", "{shop_url}"]\n'
        "[order_news.order_completed]\nenabled = true\n"
    )
    for name, language, refused in (
        ("we_miss_you", "es", "132015 paused"), ("order_completed", "en", ""),
    ):  # fmt: skip
        Template.insert(
            name=name, language=language, status="APPROVED", category="MARKETING", body={},
            read_at=watching.now, refused=refused,
        ).execute()  # fmt: skip
    watching.look()
    assert watching.standing == [
        ("template", "we_miss_you/es"),
        ("template_category", "order_completed"),
    ]


def test_it_is_one_alarm_however_often_it_is_looked_at_and_who_looks(
    watching: Watching, write_settings: Callable[..., Settings], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    watching.settings = write_settings(TOLD)
    set_aside(watching.now)
    watching.look()
    for _ in range(5):
        watching.look(MINUTE)
    watching = Watching(watching.settings, watching.now + MINUTE)  # a restart
    watching.look()
    assert Alarm.select().count() == 1
    assert sorted((one.way, one.news) for one in Telling.select()) == [
        ("email", "begins"), ("webhook", "begins"),
    ]  # fmt: skip
    assert [one.message for one in caplog.records if "alarm" in one.message] == ["alarm.begins"]


def test_it_is_over_when_it_was_gone_for_ten_minutes(
    watching: Watching, write_settings: Callable[..., Settings]
) -> None:
    watching.settings = write_settings(TOLD)
    set_aside(watching.now)
    watching.look()
    Telling.delete().execute()  # that it began was told
    SetAside.delete().execute()
    assert watching.look(9 * MINUTE) == {}
    assert watching.look(MINUTE) == {"over": 1}
    assert watching.standing == []
    assert {one.news for one in Telling.select()} == {"is over"}
    assert [one.kind for one in Alarm.recent(watching.now - HOUR)] == ["set_aside"]


def test_of_what_is_over_before_it_was_told_nothing_is_told(
    watching: Watching, now: datetime
) -> None:
    write_down([Standing("set_aside", "what", "fix")], ["email"], now)
    write_down([], ["email"], now + HOUR)
    assert Telling.select().count() == 0


def test_flapping_is_no_flood(watching: Watching, now: datetime) -> None:
    """Gone for 12 minutes of each 15, for two days."""
    begun = 0
    for minutes in range(0, 2 * 24 * 60, 3):
        found = [Standing("set_aside", "what", "fix")] if minutes % 15 < 3 else []
        begun += write_down(found, [], now + minutes * MINUTE).get("begun", 0)
    assert begun <= 4


def test_a_clock_that_was_set_back_leaves_none_standing_for_ever(
    watching: Watching, now: datetime
) -> None:
    write_down([Standing("set_aside", "what", "fix")], [], now + 300 * DAY)
    assert write_down([], [], now) == {"over": 1}
