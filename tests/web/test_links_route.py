"""GET /r/<token>: where it leads, what counts as a click, and that nobody ever sees an error there."""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
import requests
from sending_world import World, message, wait_until

from agent.config import Settings
from agent.sandbox.clock import MovedClock
from agent.web import Listener, intake
from models import Link, Message
from models.base import close_database, open_database
from models.base import database as handle

SHOP = "https://shop.example"
TOKEN = "AbCdEfGhI1"
BROWSER = "Mozilla/5.0 (Android 16; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0"
Follow = Callable[..., requests.Response]


@pytest.fixture
def settings(world: World) -> Settings:
    return world.settings(shop__url=SHOP, web__public_url=SHOP, links__count=True)


@pytest.fixture
def clock(world: World) -> MovedClock:
    assert isinstance(world.clock, MovedClock)
    return world.clock


@pytest.fixture
def url(database: Path, settings: Settings, clock: MovedClock) -> Iterator[str]:
    """The same application and server as in the daemon."""
    app = intake(lambda: settings, clock.now)
    listener = Listener(app, host="127.0.0.1", port=0, threads=4)
    yield f"http://127.0.0.1:{listener.port}"
    listener.close()


@pytest.fixture
def follow(url: str) -> Follow:
    def follow(token: str = TOKEN, *, method: str = "GET", **headers: str) -> requests.Response:
        given = {"User-Agent": BROWSER} | {
            name.replace("_", "-"): value for name, value in headers.items()
        }
        return requests.request(
            method, f"{url}/r/{token}", headers=given, allow_redirects=False, timeout=20
        )

    return follow


@pytest.fixture
def uid(database: Path, world: World, clock: MovedClock) -> str:
    """A message with one link."""
    [uid] = world.queue()
    link(uid, clock)
    return uid


def link(uid: str, clock: MovedClock, token: str = TOKEN, target: str = "/product/shirt/") -> None:
    made = clock.now()
    Link.put([{"token": token, "message_uid": uid, "target": target, "created_at": made}])


def clicks(token: str = TOKEN) -> int:
    """As they stand now: one is counted while its answer is on its way."""
    return int(Link.get_by_id(token).clicks)


def counted(times: int, token: str = TOKEN) -> None:
    wait_until(lambda: clicks(token) == times, what=lambda: f"{clicks(token)} clicks")


# where it leads


def test_a_link_leads_to_its_page_of_the_shop_and_is_counted(
    follow: Follow, uid: str, clock: MovedClock
) -> None:
    answer = follow()
    assert (answer.status_code, answer.headers["Location"]) == (
        302,
        f"{SHOP}/product/shirt/?wb={TOKEN}",
    )
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["X-Robots-Tag"] == "noindex, nofollow"
    counted(1)
    found = Link.get_by_id(TOKEN)
    assert (found.first_at, found.last_at) == (clock.now(), clock.now())
    assert message(uid).clicked


@pytest.mark.parametrize("token", ["", "short", "AbCdEfGhI2", "abcdefghi1", f"{TOKEN}x", "a//b"])
def test_a_link_that_nobody_knows_leads_to_the_front_page(
    follow: Follow, uid: str, token: str
) -> None:
    answer = follow(token)
    assert (answer.status_code, answer.headers["Location"]) == (302, f"{SHOP}/")
    assert answer.headers["Cache-Control"] == "no-store"
    assert (clicks(), message(uid).clicked) == (0, False)


def test_whatever_a_messenger_takes_for_a_part_of_it(follow: Follow, uid: str) -> None:
    for written in (f"{TOKEN}.", f"{TOKEN}/", f"{TOKEN})", f"{TOKEN}?fbclid=a"):
        assert follow(written).headers["Location"] == f"{SHOP}/product/shirt/?wb={TOKEN}"


def test_a_link_that_is_too_old_leads_to_the_front_page(
    follow: Follow, uid: str, clock: MovedClock
) -> None:
    clock.advance(timedelta(days=180))
    assert follow().headers["Location"] == f"{SHOP}/product/shirt/?wb={TOKEN}"
    counted(1)
    clock.advance(timedelta(seconds=1))
    assert follow().headers["Location"] == f"{SHOP}/"
    assert clicks() == 1


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/", "//evil.example/", "/\\evil.example", "@evil.example/", ":8443/",
        ".evil.example/", "/a\r\nSet-Cookie: a=b", "javascript:alert(1)", "",
    ],
)  # fmt: skip
def test_no_table_leads_out_of_the_shop(
    follow: Follow, uid: str, clock: MovedClock, target: str
) -> None:
    """Somebody wrote into the database."""
    link(uid, clock, "AbCdEfGhI2", target)
    answer = follow("AbCdEfGhI2")
    assert (answer.status_code, answer.headers["Location"]) == (302, f"{SHOP}/")
    assert "Set-Cookie" not in answer.headers


def test_nobody_is_led_by_what_the_request_says(follow: Follow, uid: str) -> None:
    elsewhere = {"Host": "evil.example", "X_Forwarded_Host": "evil.example"}
    for token in ("https://evil.example", f"{TOKEN}?url=//evil.example", "a//evil.example"):
        answer = follow(token, **elsewhere)
        assert (answer.status_code, answer.headers["Location"][:21]) == (302, f"{SHOP}/")
    answer = follow("//evil.example", **elsewhere)
    assert (answer.status_code, answer.headers.get("Location")) == (404, None)


def test_a_link_works_after_counting_was_switched_off(
    database: Path, world: World, uid: str, clock: MovedClock
) -> None:
    settings = world.settings(shop__url=SHOP)
    answer = intake(lambda: settings, clock.now).test_client().get(f"/r/{TOKEN}")
    assert answer.headers["Location"] == f"{SHOP}/product/shirt/?wb={TOKEN}"


def test_the_shop_may_have_a_name_beyond_ascii(
    database: Path, world: World, uid: str, clock: MovedClock
) -> None:
    settings = world.settings(shop__url="https://loja-calção.example/br")
    app = intake(lambda: settings, clock.now).test_client()
    home = "https://xn--loja-calo-s2a7b.example"
    assert app.get(f"/r/{TOKEN}").headers["Location"] == f"{home}/product/shirt/?wb={TOKEN}"
    assert app.get("/r/none").headers["Location"] == f"{home}/br/"


# what counts


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("HEAD", {}),
        ("GET", {"User_Agent": "WhatsApp/2.25.15.78 A"}),
        ("GET", {"User_Agent": "facebookexternalhit/1.1"}),
        ("GET", {"User_Agent": "Mozilla/5.0 (compatible; Examplebot/2.1)"}),
        ("GET", {"Sec_Purpose": "prefetch;prerender"}),
        ("GET", {"Purpose": "prefetch"}),
    ],
)
def test_who_is_no_person_is_led_on_and_not_counted(
    follow: Follow, uid: str, clock: MovedClock, method: str, headers: dict[str, str]
) -> None:
    answer = follow(method=method, **headers)
    assert (answer.status_code, answer.headers["Location"]) == (
        302,
        f"{SHOP}/product/shirt/?wb={TOKEN}",
    )
    follow()  # whoever comes next is
    counted(1)


def test_clicks_of_one_minute_are_one(follow: Follow, uid: str, clock: MovedClock) -> None:
    first = clock.now()
    for seconds, times in ((0, 1), (59, 1), (1, 2), (30, 2), (31, 3)):
        clock.advance(timedelta(seconds=seconds))
        follow()
        counted(times)
    found = Link.get_by_id(TOKEN)
    assert (found.first_at, found.last_at) == (first, clock.now())


def test_a_clock_that_was_ahead_makes_no_click_forgotten(
    follow: Follow, uid: str, clock: MovedClock
) -> None:
    ahead = clock.now() + timedelta(days=1)
    Link.update(first_at=ahead, last_at=ahead, clicks=1).execute()
    follow()
    counted(2)


def test_a_crowd_at_one_link_is_one_click(follow: Follow, uid: str) -> None:
    with ThreadPoolExecutor(8) as crowd:
        answers = list(crowd.map(lambda _: follow().status_code, range(40)))
    assert answers == [302] * 40
    counted(1)


def test_a_crowd_at_many_links_is_a_click_each(
    follow: Follow, world: World, clock: MovedClock
) -> None:
    tokens = [f"AbCdEfGh{number:02}" for number in range(40)]
    uids = world.queue(20)
    for place, token in enumerate(tokens):
        link(uids[place // 2], clock, token, f"/{token}/")
    with ThreadPoolExecutor(8) as crowd:
        list(crowd.map(follow, tokens))
    for token in tokens:
        counted(1, token)
    assert Message.select().where(Message.clicked).count() == 20


def test_a_click_changes_nothing_else_of_the_message(follow: Follow, uid: str) -> None:
    def columns() -> dict[str, object]:
        [row] = Message.select().where(Message.uid == uid).dicts()
        return dict(row)

    before = columns()
    follow()
    counted(1)
    wait_until(lambda: message(uid).clicked)
    assert columns() == before | {"clicked": True}


def test_a_link_of_a_message_that_is_gone_still_leads(
    follow: Follow, database: Path, clock: MovedClock
) -> None:
    link("nobody", clock)
    assert follow().headers["Location"] == f"{SHOP}/product/shirt/?wb={TOKEN}"
    counted(1)


# when the database is in trouble


@pytest.mark.long
def test_a_database_that_is_locked_costs_the_click_and_not_the_customer(
    follow: Follow,
    uid: str,
    database: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    with closing(sqlite3.connect(database)) as other:
        other.execute("BEGIN IMMEDIATE")
        for _ in range(3):
            assert follow().headers["Location"] == f"{SHOP}/product/shirt/?wb={TOKEN}"
        wait_until(lambda: caplog.records)
        other.rollback()
    [told] = [one for one in caplog.records if one.getMessage() == "click.lost"]  # once a minute
    fields = vars(told)["fields"]
    assert "locked" in str(fields["what"])
    assert "no other program" in fields["fix"]
    assert (clicks(), message(uid).clicked) == (0, False)
    follow()
    counted(1)


def test_a_full_disk_costs_clicks_and_no_customer(
    database: Path,
    settings: Settings,
    world: World,
    clock: MovedClock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    app = intake(lambda: settings, clock.now).test_client()
    tokens = [f"AbCdEfG{number:03}" for number in range(200)]
    for token, uid in zip(tokens, world.queue(200), strict=True):
        link(uid, clock, token, f"/{token}/")
    [(pages,)] = handle.execute_sql("PRAGMA page_count").fetchall()
    handle.execute_sql(f"PRAGMA max_page_count = {pages}")
    for token in tokens:
        with app.get(f"/r/{token}", headers={"User-Agent": BROWSER}) as answer:
            assert answer.headers["Location"] == f"{SHOP}/{token}/?wb={token}"
    assert [one.getMessage() for one in caplog.records] == ["click.lost"]
    assert "full" in str(vars(caplog.records[0])["fields"]["what"])
    # what was counted was counted whole
    clicked = {one.uid for one in Message.select().where(Message.clicked)}
    assert clicked == {one.message_uid for one in Link.select().where(Link.clicks == 1)}
    assert len(clicked) < len(tokens)


def test_a_database_that_cannot_be_read_leads_to_the_front_page(
    database: Path,
    settings: Settings,
    uid: str,
    clock: MovedClock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    app = intake(lambda: settings, clock.now).test_client()
    close_database()
    with closing(sqlite3.connect(database)) as other:
        other.execute("ALTER TABLE link RENAME TO elsewhere")
        other.commit()
    open_database(database)
    for _ in range(3):
        answer = app.get(f"/r/{TOKEN}", headers={"User-Agent": BROWSER})
        assert (answer.status_code, answer.headers["Location"]) == (302, f"{SHOP}/")
    assert [one.getMessage() for one in caplog.records] == ["link.unread"]  # once a minute


def test_a_click_waits_for_no_other_writer_before_the_customer_is_led_on(
    follow: Follow, uid: str, database: Path
) -> None:
    led = threading.Event()
    with closing(sqlite3.connect(database)) as other, ThreadPoolExecutor(1) as customer:
        other.execute("BEGIN IMMEDIATE")
        answer = customer.submit(follow)
        answer.add_done_callback(lambda _: led.set())
        assert led.wait(20)
        other.rollback()
    counted(1)
