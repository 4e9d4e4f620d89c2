"""Each kind of alarm from its beginning to its end: in the log, the status and at the webhook, once each."""

import logging
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from alarm_desk import SECRET, Desk
from log_read import complaints

from agent.commands.status.lines import lines
from agent.commands.status.seen import see
from agent.config import Settings
from agent.epoch import absolve, suspect
from agent.jobs.alarms import AlarmWatch, tell_alarms
from agent.pauses import ACCOUNT, CANARY, ERROR, RESTRICTION
from agent.rules.alarm_kinds import CRITICAL, KINDS
from agent.sandbox.server import Server
from models import (
    CampaignStanding,
    Contact,
    Cursor,
    Forward,
    JobRun,
    Message,
    Pause,
    Sample,
    SetAside,
    ShopFact,
    Template,
    Webhook,
)
from models.delivery import EVERYTHING, MARKETING

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


class Shop:
    """An installation where all is well, and its minutes: what the daemon's jobs `alarms` and
    `tell_alarms` do in each."""

    def __init__(self, settings: Settings, now: datetime) -> None:
        self.settings, self.now = settings, now
        self.hung: list[str] = []
        self.shop_answers = True
        self._watch = AlarmWatch(now - 5 * DAY, lambda: 0.0)
        ShopFact.put({"zone": "America/Sao_Paulo", "currency": "BRL"})
        Cursor.insert(name="orders", since=now, polled_at=now).execute()

    def minute(self, passed: timedelta = MINUTE) -> dict[str, int]:
        self.now += passed
        if self.shop_answers:
            Cursor.update(polled_at=self.now).execute()
        counts = self._watch.look(
            self.settings, now=self.now, hung=self.hung, steady=self.now - 5 * DAY
        )
        tell_alarms(self.settings, now=lambda: self.now, beat=lambda: None)
        return counts

    def status(self) -> list[str]:
        """What `winback status` says of alarms."""
        return [text for label, text in lines(see(self.settings, self.now)) if label == "ALARM"]

    def with_more(self, table: str, **columns: Any) -> None:
        """Other settings in one section, as after a reload."""
        section = replace(getattr(self.settings, table), **columns)
        self.settings = replace(self.settings, **{table: section})


def message(now: datetime, count: int = 1, **columns: Any) -> None:
    for _ in range(count):
        number = Message.select().count()
        row = {
            "uid": f"u{number}", "contact_id": number, "campaign": "we_miss_you",
            "period": now.date().isoformat(), "template": "we_miss_you", "language": "en",
            "cap_day": now.date().isoformat(), "created_at": now, "not_before": now,
            "expires_at": now + 3 * DAY,
        }  # fmt: skip
        Message.put([row | columns])


def webhook(now: datetime, **columns: Any) -> int:
    row = {"source": "whatsapp", "received_at": now, "body": b""}
    return int(Webhook.insert(row | columns).execute())


def run(job: str, at: datetime, outcome: str = "failed", **columns: Any) -> None:
    JobRun.write(job, started_at=at, ended_at=at, outcome=outcome, **columns)


def refused_twice(shop: Shop, job: str) -> None:
    for _ in range(2):
        run(job, shop.now, trouble="401", failure="Unauthorized", fix="another key")


def fails(shop: Shop) -> None:
    for hours in (4, 3, 2):
        run("settle", shop.now - hours * HOUR, trouble="KeyError: 'x'", failure="KeyError")


def has_a_template(shop: Shop) -> None:
    news = dict(shop.settings.news)
    news["order_completed"] = replace(news["order_completed"], enabled=True)
    shop.settings = replace(shop.settings, news=news)
    Template.insert(
        name="order_completed", language="en", status="APPROVED", category="MARKETING", body={},
        read_at=shop.now,
    ).execute()  # fmt: skip


def reads_no_more(shop: Shop) -> None:
    shop.shop_answers = False
    Cursor.update(polled_at=shop.now - 2 * HOUR).execute()


def reads_again(shop: Shop) -> None:
    shop.shop_answers = True


def hears_nothing(shop: Shop) -> None:
    webhook(shop.now - DAY, done_at=shop.now - DAY)
    message(shop.now, state="accepted", accepted_at=shop.now - 2 * HOUR)


def sets_aside(shop: Shop) -> None:
    SetAside.put(webhook(shop.now, done_at=shop.now), [("0/0", "no JSON")], shop.now)


def is_full(shop: Shop) -> None:
    free = shutil.disk_usage(shop.settings.database.path.parent).free
    shop.with_more("alarms", free_mb=free // 1_000_000 + 100_000)


def has_room(shop: Shop) -> None:
    shop.with_more("alarms", free_mb=0)


def has_spent(shop: Shop) -> None:
    message(shop.now, state="delivered", claimed_at=shop.now)
    shop.with_more("budget", messages_per_month=1)


def lacks_prices(shop: Shop) -> None:
    Contact.insert(
        phone="+12025550100", region="US", marketing="yes", created_at=shop.now
    ).execute()
    shop.with_more("budget", money_per_month="5", currency="USD", prices=())


def may_spend(shop: Shop) -> None:
    shop.with_more("budget", messages_per_month=None, money_per_month=None)


def forwards_nothing(shop: Shop) -> None:
    Forward.insert(
        event="a", person="1", body="{}", created_at=shop.now - 2 * HOUR, not_before=shop.now,
        attempts=3, trouble="it answered 500",
    ).execute()  # fmt: skip


def makes_no_coupons(shop: Shop) -> None:
    message(
        shop.now, campaign="loyalty_reward", state="cancelled", ended_at=shop.now,
        detail="no coupon: its code is taken",
    )  # fmt: skip


def pauses(scope: str, source: str, reason: str) -> Callable[[Shop], object]:
    return lambda shop: Pause.put(scope, source, reason, now=shop.now)


def lifts(scope: str, source: str) -> Callable[[Shop], object]:
    return lambda _: Pause.lift(scope, source)


@dataclass
class Life:
    """How it comes about, how it ends, and after how long it counts as over at the soonest."""

    begins: Callable[[Shop], object]
    ends: Callable[[Shop], object]
    over_after: timedelta = field(default=10 * MINUTE)


def nothing(_: Shop) -> None:
    """Time alone ends it."""


LIVES = {
    "whatsapp_token": Life(pauses(EVERYTHING, ERROR, "WhatsApp stopped us: 190 expired"), lifts(EVERYTHING, ERROR)),
    "whatsapp_stopped": Life(pauses(MARKETING, ERROR, "WhatsApp stopped us: 131048 spam"), lifts(MARKETING, ERROR)),
    "whatsapp_number": Life(pauses(MARKETING, ACCOUNT, "its quality is RED"), lifts(MARKETING, ACCOUNT)),
    "whatsapp_restriction": Life(pauses(EVERYTHING, RESTRICTION, "Meta restricts"), lifts(EVERYTHING, RESTRICTION)),
    "template": Life(
        lambda shop: CampaignStanding.put("we_miss_you", "the template is PAUSED", shop.now),
        lambda shop: CampaignStanding.put("we_miss_you", "", shop.now),
    ),
    "template_category": Life(has_a_template, lambda _: Template.update(category="UTILITY").execute()),
    "shop_key": Life(lambda shop: refused_twice(shop, "poll"), lambda shop: run("poll", shop.now, "ok")),
    "mirror_stale": Life(reads_no_more, reads_again),
    "mirror_drift": Life(
        lambda shop: Sample.insert(kind="orders", taken_at=shop.now, compared=100, differing=5).execute(),
        nothing, 27 * HOUR,
    ),
    "shop_webhooks": Life(
        lambda _: ShopFact.put({"webhooks": "the shop switched off order.updated"}),
        lambda _: ShopFact.put({"webhooks": "ok"}),
    ),
    "queue_stuck": Life(
        lambda shop: message(shop.now - 3 * HOUR), lambda _: Message.update(state="accepted").execute()
    ),
    "unsure": Life(
        lambda shop: message(shop.now, 10, state="unsure", claimed_at=shop.now - HOUR),
        lambda _: Message.update(state="delivered").execute(),
    ),
    "webhooks_wait": Life(
        lambda shop: webhook(shop.now - 2 * HOUR), lambda shop: Webhook.update(done_at=shop.now).execute()
    ),
    "webhooks_missing": Life(hears_nothing, lambda shop: webhook(shop.now, done_at=shop.now)),
    "set_aside": Life(sets_aside, lambda _: SetAside.delete().execute()),
    "disk": Life(is_full, has_room),
    "budget_spent": Life(has_spent, may_spend),
    "budget_prices": Life(lacks_prices, may_spend),
    "restored": Life(lambda shop: suspect(shop.now - DAY, shop.now), lambda _: absolve()),
    "forward": Life(forwards_nothing, lambda _: Forward.delete().execute()),
    "coupons": Life(makes_no_coupons, nothing, 25 * HOUR),
    "canary": Life(pauses("we_miss_you", CANARY, "12 % failed"), lifts("we_miss_you", CANARY)),
    "job_failing": Life(fails, lambda shop: run("settle", shop.now, "ok")),
    "job_hung": Life(lambda shop: shop.hung.append("send"), lambda shop: shop.hung.clear()),
}  # fmt: skip


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def shop(
    database: Path, desk: Desk, write_settings: Callable[..., Settings], now: datetime
) -> Iterator[Shop]:
    with Server(desk) as url:
        yield Shop(
            write_settings(
                f'[alarms]\nfree_mb = 50\nwebhook_url = "{url}/alarms"\nwebhook_secret = "{SECRET}"\n'
            ),
            now,
        )


def test_every_kind_has_a_life_here() -> None:
    assert set(LIVES) == set(KINDS)


@pytest.mark.parametrize("kind", LIVES)
def test_it_begins_once_and_is_over_once_everywhere(
    shop: Shop, desk: Desk, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    life = LIVES[kind]
    shop.minute()
    assert (shop.status(), desk.heard) == ([], [])  # all is well

    life.begins(shop)
    for _ in range(3):
        shop.minute()
    [said] = shop.status()
    [begun] = desk.heard
    assert (begun["alarm"], begun["news"], begun["severity"]) == (kind, "begins", KINDS[kind][0])
    # of each figure only that there is one: while we look, another program takes a megabyte of the disk
    assert re.sub(r"\d+", "0", begun["what"]) in re.sub(r"\d+", "0", said)
    assert begun["fix"]
    assert begun["fix"] in said

    life.ends(shop)
    shop.minute(life.over_after)
    for _ in range(11):
        shop.minute()
    assert shop.status() == []
    assert [one["news"] for one in desk.heard] == ["begins", "is over"]
    assert (desk.heard[1]["alarm"], desk.heard[1]["fix"]) == (kind, "")

    told = [one for one in caplog.records if one.message.startswith("alarm.")]
    assert [one.message for one in told] == ["alarm.begins", "alarm.over"]
    assert told[0].levelname == ("ERROR" if KINDS[kind][0] == CRITICAL else "WARNING")
    assert {one.fields["alarm"] for one in told} == {kind}  # type: ignore[attr-defined]
    assert complaints(told) == []
