"""winback status: one look that tells whether all is well, and says so truly."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import click
import pytest
from daemon_process import DaemonProcess
from sending_world import World, wait_until
from typing_in import typed, typed_on_a_terminal

from agent.commands.status.mirror import ago, span_in_words
from agent.database import owned
from agent.errors import DatabaseTrouble
from models import (
    CampaignStanding,
    Canary,
    Contact,
    Cursor,
    Found,
    Heartbeat,
    Hint,
    Interest,
    JobRun,
    Order,
    OrderChange,
    Sample,
    ShopFact,
    Template,
    UnsettledEvent,
    Webhook,
)


def now() -> datetime:
    """The command reads the real clock, so what it is shown must be of this moment."""
    return datetime.now(UTC)


@pytest.fixture
def config(world: World) -> Path:
    with owned(world.folder / "winback.db"):
        pass
    return world.write_config()


@pytest.fixture
def dead_process() -> int:
    """The number of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


@pytest.fixture
def foreign_process(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """The kernel's first process, which ordinary users may not signal."""

    def kill(pid: int, number: int) -> None:
        raise PermissionError

    with monkeypatch.context() as patched:
        patched.setattr(os, "kill", kill)
        yield 1


def status(config: Path) -> dict[str, str]:
    """Label -> what stands there; a line that goes on below is joined."""
    ended = typed("status", "--config", str(config))
    assert ended.exit_code in (0, 1), ended.output
    assert "EAAexample" not in ended.output
    return read(ended.output)


def read(told: str) -> dict[str, str]:
    parts: dict[str, str] = {}
    label = ""
    for line in told.partition(" job ")[0].splitlines():
        word, _, rest = line.strip().partition("  ")
        if line.startswith(" "):
            rest = line.strip()
        else:
            label = word
        parts[label] = f"{parts.get(label, '')} {rest.strip()}".strip()
    return parts


def beat(pid: int, *, at: datetime | None = None, stopped: datetime | None = None) -> None:
    Heartbeat.beat(
        pid=pid, version="0.1.0", started_at=now() - timedelta(hours=3), beat_at=at or now(),
        stopped_at=stopped, listening="127.0.0.1:8321",
    )  # fmt: skip


def test_before_the_first_start_it_says_what_to_do(world: World) -> None:
    ended = typed("status", "--config", str(world.write_config()))
    assert isinstance(ended.exception, DatabaseTrouble)
    assert "winback run" in str(ended.exception)


def test_before_anything_happened(world: World, config: Path) -> None:
    told = status(config)
    assert told["daemon"] == "has never run on this database -> winback run"
    assert told["shop"] == f"{world.shop_url}, not read yet"
    assert told["mirror"] == "empty"
    assert told["outbox"] == "empty"
    assert told["people"].startswith("0 with a mobile number")
    assert "on; its template has not been looked at yet" in told["campaign"]
    assert "loyalty_reward: off" in told["campaign"]
    assert "last worked" not in typed("status", "--config", str(config)).output  # no empty table


def test_after_a_sync(world: World, config: Path) -> None:
    shirt = world.shop.add_product(name="Shirt", price="40")
    billing = {"phone": "+15125550111", "country": "US"}
    for _ in range(3):
        world.shop.place_order([(shirt, 0, 1)], billing=billing)
    assert typed("sync", "--config", str(config)).exit_code == 0
    told = status(config)
    assert f"Loja Exemplo at {world.shop_url}, WooCommerce 9.9.5, GBP" in told["shop"]
    assert "orders read " in told["mirror"]
    assert "customers read " in told["mirror"]
    assert told["people"].startswith("1 with a mobile number, 0 agreed to marketing, 0 said no")
    assert told["daemon"] == "has never run on this database -> winback run"


@pytest.mark.long
def test_a_daemon_from_its_start_over_a_stop_to_a_kill(config: Path) -> None:
    with DaemonProcess(config) as daemon:
        daemon.ready()
        told = status(config)["daemon"]
        assert told.startswith(f"runs as process {daemon.process.pid}, version ")
        assert f"listening on {daemon.url.removeprefix('http://')}" in told
        assert daemon.stop() == 0
    assert status(config)["daemon"].startswith("stopped ")
    with DaemonProcess(config) as daemon:
        daemon.ready()
        wait_until(lambda: "runs as" in status(config)["daemon"])
        daemon.kill()
        told = status(config)["daemon"]
    assert told.startswith(f"NOT RUNNING: the last sign of process {daemon.process.pid} was ")


def test_a_daemon_that_is_there_but_silent_is_not_called_running(config: Path) -> None:
    with owned(config.parent / "winback.db"):
        beat(os.getpid(), at=now() - timedelta(minutes=4))
    assert "NOT RUNNING" in status(config)["daemon"]


def test_a_daemon_whose_process_is_gone_is_not_called_running(
    config: Path, dead_process: int
) -> None:
    with owned(config.parent / "winback.db"):
        beat(dead_process)
    assert "NOT RUNNING" in status(config)["daemon"]


def test_another_users_daemon_is_seen_running(config: Path, foreign_process: int) -> None:
    with owned(config.parent / "winback.db"):
        beat(foreign_process)
    assert status(config)["daemon"].startswith("runs as process 1, version 0.1.0, for 3 h")


def test_the_first_walk_tells_how_far_it_is(config: Path) -> None:
    with owned(config.parent / "winback.db"):
        Cursor.insert(name="orders", walk_began=now(), walked=1_300, total=5_000).execute()
        Cursor.insert(
            name="products", since=now(), polled_at=now() - timedelta(minutes=5)
        ).execute()
        Cursor.insert(name="refunds", since=now()).execute()  # through, and just being read again
        Order.insert(woo_id=1, read_at=now()).execute()
    told = status(config)["mirror"]
    assert told == (
        "orders 1,300 of 5,000, products read 5 min ago, lines of 1 orders still to come"
    )


def test_how_the_pull_goes_on_is_no_kind_of_row(config: Path) -> None:
    with owned(config.parent / "winback.db"):
        for name in ("sweep orders", "turn carts", "companions", "orders"):
            Cursor.insert(name=name, since=now(), polled_at=now()).execute()
    assert re.fullmatch(r"orders read \d s ago", status(config)["mirror"])


def test_what_is_known_of_what_people_look_at(config: Path) -> None:
    assert status(config)["interest"] == "0 views, wishes and carts"
    seen = now() - timedelta(minutes=3)
    with owned(config.parent / "winback.db"):
        for product in range(1_200):
            Interest.insert(
                contact_id=1, product_id=product, kind="view", source="events",
                first_at=seen - timedelta(days=product % 20), seen_at=seen - timedelta(days=product % 20),
            ).execute()  # fmt: skip
        UnsettledEvent.put([("just told", seen)], "events")
        UnsettledEvent.put([("of a stranger", seen)], "events", "the person")
    assert status(config)["interest"] == (
        "1,200 views, wishes and carts, the newest 3 min ago; 1 of people or products not known yet"
    )


# how exact the mirror is


def fill(*, compared: int, differing: int, minutes: int = 200) -> None:
    Order.insert(woo_id=1, read_at=now() - timedelta(minutes=minutes)).execute()
    Order.insert(woo_id=2, read_at=now()).execute()
    if compared:
        Sample.insert(
            kind="orders", taken_at=now(), compared=compared, differing=differing
        ).execute()


@pytest.mark.parametrize(
    ("compared", "differing", "said"),
    [
        (1_000, 0, "100 % (99.6 to 100 %) of 1,000 rows compared in 7 days"),
        (
            1_000, 1,
            "99.9 % (99.4 to 100 %) of 1,000 rows compared in 7 days; 1 orders differed, and were put right",
        ),
        (
            100_000, 1,  # not all is never said to be 100 %
            "99.9 % (99.9 to 100 %) of 100,000 rows compared in 7 days; 1 orders differed, and were put right",
        ),
        (3, 3, "0 % (0 to 56.2 %) of 3 rows compared in 7 days; 3 orders differed, and were put right"),
        (0, 0, "no rows were compared with the shop's in 7 days"),
    ],
)  # fmt: skip
def test_exactness_is_told_with_what_it_may_be_of_all_rows(
    config: Path, compared: int, differing: int, said: str
) -> None:
    with owned(config.parent / "winback.db"):
        fill(compared=compared, differing=differing)
    assert status(config)["exact"] == said


def test_the_age_of_an_unseen_change_and_what_found_the_others(config: Path) -> None:
    with owned(config.parent / "winback.db"):
        fill(compared=0, differing=0)
        Found.add("orders", "sweep", 3, now().date())
        Found.add("orders", "poll", 1_200, now().date())
        Found.add("products", "poll", 31, now().date())
        Hint.note("orders", [1, 2], "webhook", now())
    told = status(config)
    assert told["unseen"] == (
        "a change that moved no date could be 3 h old at most, and not seen yet: that long ago the last "
        "of the orders was read"
    )
    assert told["found"] == "1,231 by poll, 3 by sweep in 7 days; 2 waiting to be read again"


def test_an_empty_mirror_is_neither_exact_nor_not(config: Path) -> None:
    assert not {"exact", "unseen", "found"} & status(config).keys()


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ("not installed", ""),
        ("ok", "; the shop's are on"),
        (
            "not there: order.updated",
            "; THE SHOP'S ARE NOT WELL: not there: order.updated: winback shop-webhooks install",
        ),
    ],
)
def test_the_shops_webhooks_are_told_where_they_are_used(
    config: Path, found: str, said: str
) -> None:
    with owned(config.parent / "winback.db"):
        ShopFact.put({"webhooks": found})
    told = status(config)
    assert told["webhooks"] == f"0 waiting, 0 of their elements set aside{said}"
    assert told["shop"].endswith("not read yet")  # that fact alone says nothing of the shop


def test_a_shop_of_which_only_some_is_known_is_not_read_yet(config: Path) -> None:
    """Its facts come one request after the other, and whoever asks in between sees the first."""
    with owned(config.parent / "winback.db"):
        ShopFact.put({"name": "S", "zone": "Asia/Tokyo"})
    assert status(config)["shop"].endswith("not read yet")


def test_a_campaign_in_trouble_stands_out(config: Path) -> None:
    with owned(config.parent / "winback.db"):
        CampaignStanding.put("we_miss_you", "the template is PAUSED", now())
    assert "we_miss_you: CANNOT BE SENT: the template is PAUSED" in status(config)["campaign"]
    with owned(config.parent / "winback.db"):
        CampaignStanding.put("we_miss_you", "", now())
    assert status(config)["campaign"].startswith("we_miss_you: on")


def test_it_tells_when_campaigns_are_decided_next(world: World, config: Path) -> None:
    facts = {"name": "S", "zone": "Asia/Tokyo", "currency": "JPY", "version": "9"}
    assert "decided" not in status(config)  # nothing is known of the shop
    with owned(config.parent / "winback.db"):
        ShopFact.put(facts)
        ran = now()
        JobRun.write("campaigns", started_at=ran, ended_at=ran, outcome="ok")
    tomorrow = ran.astimezone(ZoneInfo("Asia/Tokyo")) + timedelta(days=1)
    assert status(config)["decided"].startswith(f"next {tomorrow:%d %b} 09:00")
    world.write_config(campaigns__we_miss_you__enabled=False)
    assert "decided" not in status(config)


def test_the_outbox_tells_what_is_due_in_the_shops_time(world: World, config: Path) -> None:
    with owned(config.parent / "winback.db"):
        ShopFact.put({"name": "S", "zone": "Asia/Tokyo", "currency": "JPY", "version": "9"})
        world.queue(2, not_before=datetime(2026, 3, 2, 20, 30, tzinfo=UTC))
        world.queue(1, state="read", wamid="w1")
        Webhook.insert(source="whatsapp", received_at=now(), body=b"{}").execute()
    told = status(config)
    assert told["outbox"] == "2 queued, 1 read; next due 03 Mar 05:30"
    assert told["webhooks"].startswith("1 waiting")


def test_it_tells_what_messages_wait_for_that_are_due(world: World, config: Path) -> None:
    with owned(config.parent / "winback.db"):
        world.queue(3, created_at=now(), not_before=now(), expires_at=now() + timedelta(hours=72))
        assert "wait" not in status(config)["outbox"]
    with owned(config.parent / "winback.db"):
        Canary.put("we_miss_you", "its text", batch=0, now=now(), passed=False)
        Canary.update(filled_at=now()).execute()
    told = status(config)["outbox"]
    assert (
        "3 wait until the messages that tried out the template of we_miss_you were watched" in told
    )


def test_what_whatsapp_said_no_with_is_counted(world: World, config: Path) -> None:
    with owned(config.parent / "winback.db"):
        world.queue(2, state="failed", code=131026, created_at=now())
        world.queue(1, state="refused", code=999999, created_at=now())
        world.queue(1, state="refused", code=100, created_at=now() - timedelta(days=8))
    told = status(config)["errors"]
    assert told == "of WhatsApp in 7 days: 2 x 131026, 1 x 999999 (winback does not know it)"


def test_jobs_tell_what_they_did_or_why_not(config: Path) -> None:
    with owned(config.parent / "winback.db"):
        JobRun.write(
            "poll", started_at=now(), ended_at=now(), outcome="ok", result={"no_consent": 1_234}
        )
        JobRun.write(
            "track", started_at=now(), ended_at=now(), outcome="ok", result={"StatusUpdate": 2}
        )
        JobRun.write(
            "templates",
            started_at=now(),
            ended_at=now(),
            outcome="failed",
            trouble="no answer [/x]",
        )
    told = typed("status", "--config", str(config)).output
    assert "1,234 no consent" in told
    assert "2 status update" in told
    assert "no answer [/x]" in told


@pytest.mark.parametrize("columns", [80, 200])
def test_it_fits_the_terminal(
    world: World, config: Path, columns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with owned(config.parent / "winback.db"):
        beat(os.getpid())
        ShopFact.put(
            {"name": "A shop with a rather long name", "zone": "America/Argentina/Buenos_Aires",
             "currency": "ARS", "version": "9.9.5"}
        )  # fmt: skip
        for name in ("orders", "products", "refunds", "variations", "customers"):
            Cursor.insert(name=name, since=now(), polled_at=now()).execute()
        CampaignStanding.put("we_miss_you", "word " * 40, now())
        fill(compared=1_000, differing=1)
        for means in ("poll", "sweep", "watch", "webhook", "order", "sale", "count", "trash"):
            Found.add("orders", means, 1_000, now().date())
        for job in ("campaigns", "consent", "poll"):
            JobRun.write(
                job, started_at=now(), ended_at=now(), outcome="ok",
                result={f"a thing number {number}": 1_000 for number in range(9)},
            )  # fmt: skip
    monkeypatch.setenv("COLUMNS", str(columns))
    code, told = typed_on_a_terminal("status", "--config", str(config))
    assert code == 0  # the daemon runs, and no alarm stands
    lines = click.unstyle(told).splitlines()
    assert max(map(len, lines)) <= columns
    assert "…" not in told
    above = lines[: next(n for n, line in enumerate(lines) if "last worked" in line)]
    assert {line[:10].strip() for line in above} - {""} == {
        "daemon", "shop", "mirror", "exact", "unseen", "found", "people", "interest", "campaign",
        "decided", "order news", "budget", "account", "outbox", "replies", "webhooks",
    }  # fmt: skip  # what goes on below stands under its text, not under the label
    if columns == 200:
        assert "number 5" in next(line for line in lines if "campaigns" in line)


@pytest.mark.parametrize(
    ("span", "said"),
    [
        (timedelta(seconds=-5), "0 s"),  # a clock that was set back
        (timedelta(seconds=119), "119 s"),
        (timedelta(seconds=120), "2 min"),
        (timedelta(minutes=119), "119 min"),
        (timedelta(hours=47), "47 h"),
        (timedelta(days=2), "2 d"),
    ],
)
def test_spans_are_told_in_the_unit_that_still_says_something(span: timedelta, said: str) -> None:
    assert span_in_words(span) == said
    moment = now()
    assert ago(moment - span, moment) == f"{said} ago"


def put_template(name: str, category: str) -> None:
    Template.insert(
        name=name, language="en", status="APPROVED", category=category, body={}, read_at=now()
    ).execute()


def test_order_news_that_are_on_are_told_kind_by_kind(world: World) -> None:
    config = world.write_config(
        order_news__order_completed__enabled=True,
        order_news__order_delivered__enabled=True,
        order_news__shipping_update__enabled=True,
    )
    with owned(world.folder / "winback.db"):
        CampaignStanding.put("order_completed", "", now())
        CampaignStanding.put("order_delivered", "there is no such template", now())
        Contact.insert(phone="+12025550100", order_news="yes", created_at=now()).execute()
        put_template("order_completed", "MARKETING")
    done = typed("status", "--config", str(config))
    assert done.exit_code == 1  # no daemon runs
    told = " ".join(done.output.split())
    assert "order_completed: on; in en WhatsApp counts its template as MARKETING" in told
    assert "order_delivered: CANNOT BE SENT: there is no such template" in told
    assert "shipping_update: on; its template has not been looked at yet" in told
    assert "1 agreed to order news" in told
    assert "0 told in 7 days" in told
    assert "not told:" not in told


def test_how_much_of_the_order_news_was_told_and_why_not_the_rest(world: World) -> None:
    config = world.write_config(order_news__order_completed__enabled=True)
    outcomes = [
        ("order_completed", 2),
        ("statuses.packed", 1),
        ("order_completed: never agreed to order news", 2),
        ("order_on_hold: never agreed to order news", 1),
        ("order_completed: too late: we saw it long after it happened", 1),
        ("the shop has no such order any more", 1),
        ("order_on_hold: is switched off", 1),
        ("nothing to tell", 1),
    ]
    each = [outcome for outcome, count in outcomes for _ in range(count)]
    old, undecided = [("order_completed", now() - timedelta(days=8), now())], [("", now(), None)]
    with owned(world.folder / "winback.db"):
        OrderChange.add(
            {
                "order_id": number, "what": "status", "was": "", "became": "completed",
                "changed_at": moment, "seen_at": moment, "decided_at": decided, "outcome": outcome,
            }
            for number, (outcome, moment, decided) in enumerate(
                [*((one, now(), now()) for one in each), *old, *undecided], start=1
            )
        )  # fmt: skip
    told = " ".join(typed("status", "--config", str(config)).output.split())
    assert (
        "3 told in 7 days; not told: 3 x never agreed to order news, 1 x too late: we saw it long after it "
        "happened, 1 x the shop has no such order any more "
    ) in told


def test_order_news_that_are_off_are_one_line(config: Path) -> None:
    told = typed("status", "--config", str(config)).output
    assert re.search(r"^order news +off *$", told, re.MULTILINE)
