"""Who gets in: this machine without a password, everybody else with it; and what attackers try."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from http.client import HTTPConnection
from itertools import product
from pathlib import Path

import pytest
import requests
from dashboard_stage import FACTS, NOW, Browser, settings_with

from agent.config import Settings
from agent.web import Listener, intake
from models import EndedSession, Pause, ShopFact
from models.base import database as handle

PASSWORD = "a horse of a colour"
FORWARDED = (
    "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-Anything", "X-Real-IP",
    "Forwarded", "Via", "CF-Connecting-IP", "True-Client-IP", "x-forwarded-for",
)  # fmt: skip
FROM_ELSEWHERE = {"X-Forwarded-For": "198.51.100.7"}


class House:
    """A dashboard whose clock and settings can be changed while it runs."""

    def __init__(self, settings: Settings) -> None:
        self.settings, self.now = settings, NOW
        app = intake(lambda: self.settings, lambda: self.now)
        self.listener = Listener(app, host="127.0.0.1", port=0, threads=4)
        self.port = self.listener.port
        self.url = f"http://127.0.0.1:{self.port}"

    def password(self, password: str) -> None:
        shown = replace(self.settings.dashboard, password=password)
        self.settings = replace(self.settings, dashboard=shown)

    def later(self, **step: float) -> datetime:
        self.now += timedelta(**step)
        return self.now

    def raw(self, host: str, path: str = "/dashboard/", version: int = 11) -> tuple[int, str]:
        """A request with a Host header that no library would send."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=10)
        connection._http_vsn, connection._http_vsn_str = version, f"HTTP/1.{version - 10}"  # type: ignore[attr-defined]
        connection.putrequest("GET", path, skip_host=True)
        if host:
            connection.putheader("Host", host)
        connection.endheaders()
        answer = connection.getresponse()
        found = answer.status, answer.read().decode()
        connection.close()
        return found


@pytest.fixture
def house(database: Path, tmp_path: Path) -> Iterator[House]:
    ShopFact.put(FACTS)
    house = House(settings_with(tmp_path, 'language = "en"'))
    yield house
    house.listener.close(0.1)


@pytest.fixture
def locked(house: House) -> House:
    house.password(PASSWORD)
    return house


@pytest.fixture
def browser(locked: House) -> Browser:
    return Browser(locked.url)


def inside(answer: requests.Response) -> bool:
    return answer.status_code == 200 and "/dashboard/campaigns" in answer.text


def test_this_machine_needs_no_password_while_there_is_none(house: House) -> None:
    for host in (
        f"127.0.0.1:{house.port}",
        f"localhost:{house.port}",
        f"[::1]:{house.port}",
        "localhost",
    ):
        assert house.raw(host)[0] == 200, host


STRANGE_HOSTS = [
        "shop.example", "127.0.0.1.shop.example", "localhost.shop.example", "shop.example:8087", "0",
        "0.0.0.0", "[::]", "127.0.0.1@shop.example", "", "localhost.", "ⓛocalhost".encode().decode("latin-1"),
    ]  # fmt: skip


def test_a_page_of_elsewhere_whose_domain_leads_here_sees_nothing(house: House) -> None:
    """DNS rebinding: the browser asks us, and names the page's own host."""
    for host in STRANGE_HOSTS:
        status, text = house.raw(host)
        assert status in (400, 403), host
        assert "campaigns" not in text, host


def test_what_a_proxy_passes_on_is_from_elsewhere(house: House) -> None:
    for header, value in product(FORWARDED, ("127.0.0.1", "", "for=127.0.0.1")):
        answer = requests.get(f"{house.url}/dashboard/", headers={header: value}, timeout=10)
        assert answer.status_code == 403, header
        assert "ssh -L" in answer.text
        assert "[dashboard]" in answer.text
    assert house.raw(f"127.0.0.1:{house.port}", version=10)[0] == 403


def test_redirects_name_no_host(house: House) -> None:
    """Behind a web server we would name the wrong one, or what somebody put into the header."""
    answer = requests.get(f"{house.url}/dashboard", allow_redirects=False, timeout=10)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/dashboard/")


def test_a_form_of_elsewhere_changes_nothing(house: House) -> None:
    """CSRF, with the browser of somebody for whom no password is asked."""
    browser = Browser(house.url)
    token = browser.token()
    stranger = Browser(house.url)
    form = {"scope": "*", "token": token}
    for attempt in (
        lambda: browser.post("/pause", {"scope": "*"}),
        lambda: browser.post("/pause", {"scope": "*", "token": "0" * 64}),
        lambda: browser.post("/pause", {"scope": "*", "token": "ÿ" * 64}),
        lambda: stranger.post("/pause", form),
        lambda: browser.post("/pause", form, headers={"Sec-Fetch-Site": "cross-site"}),
        lambda: browser.post("/pause", form, headers={"Sec-Fetch-Site": "same-site"}),
    ):
        assert attempt().status_code == 403
    assert browser.get("/pause", params=form).status_code in (404, 405)
    assert not Pause.select().exists()
    assert browser.post("/pause", form).status_code == 200
    assert Pause.select().exists()


def test_nobody_sees_anything_before_the_password(locked: House, browser: Browser) -> None:
    for path in (
        "/",
        "/campaigns",
        "/people?q=a",
        "/people/1",
        "/messages",
        "/waiting",
        "/nowhere",
    ):
        answer = browser.get(path, allow_redirects=False)
        assert (answer.status_code, answer.headers["Location"]) == (303, "/dashboard/login"), path
        assert not answer.text or "people/" not in answer.text
    for path in ("/pause", "/resume", "/logout"):
        answer = browser.post(path, {"scope": "*"}, allow_redirects=False)
        assert answer.status_code in (303, 403)
    assert not Pause.select().exists()


def test_the_right_password_opens_and_logging_out_closes_for_every_copy(
    locked: House, browser: Browser
) -> None:
    assert browser.log_in("wrong").status_code == 403
    assert inside(browser.log_in(PASSWORD))
    assert inside(browser.get("/"))
    stolen = Browser(locked.url)
    stolen.session.cookies.update(browser.session.cookies)
    assert inside(stolen.get("/"))
    browser.post("/logout", {"token": browser.token()})
    assert not inside(browser.get("/"))
    assert not inside(stolen.get("/"))
    assert EndedSession.select().exists()


def cookie_of(answer: requests.Response) -> str:
    return answer.headers["Set-Cookie"]


def test_the_cookie_is_out_of_reach(locked: House, browser: Browser) -> None:
    near = cookie_of(browser.get("/login"))
    assert "HttpOnly" in near
    assert "SameSite=Lax" in near
    assert "Path=/dashboard" in near
    assert "Secure" not in near  # over http, on this machine
    far = requests.get(f"{locked.url}/dashboard/login", headers=FROM_ELSEWHERE, timeout=10)
    assert "Secure" in cookie_of(far)


def test_a_session_that_somebody_else_chose_is_none_of_the_one_who_logs_in(
    locked: House, browser: Browser
) -> None:
    """Session fixation."""
    browser.get("/login")
    planted = browser.session.cookies["winback"]
    assert inside(browser.log_in(PASSWORD))
    assert browser.session.cookies["winback"] != planted
    attacker = Browser(locked.url)
    attacker.session.cookies.set("winback", planted, domain="127.0.0.1", path="/dashboard")
    assert not inside(attacker.get("/"))


def test_a_forged_cookie_opens_nothing(locked: House, browser: Browser) -> None:
    assert inside(browser.log_in(PASSWORD))
    real = browser.session.cookies["winback"]
    content, _, signature = real.partition(".")
    for forged in (
        "", ".", content, f"{content}.", f"{content}.{'0' * 64}", f"A{content}.{signature}", "x" * 5000,
        f"{content}.{signature}0", "%00.%00", "é.é",
    ):  # fmt: skip
        answer = requests.get(
            f"{locked.url}/dashboard/",
            headers={"Cookie": f"winback={forged}".encode()},
            timeout=10,
            allow_redirects=False,
        )
        assert answer.status_code == 303, forged


def test_sessions_end_when_they_rest_when_they_are_old_and_with_the_password(
    locked: House, browser: Browser
) -> None:
    assert inside(browser.log_in(PASSWORD))
    locked.later(minutes=40)
    assert inside(browser.get("/"))  # it is used, and goes on
    locked.later(minutes=46)
    assert not inside(browser.get("/"))
    assert inside(browser.log_in(PASSWORD))
    for _ in range(19):
        locked.later(minutes=38)
        browser.get("/")
    assert not inside(browser.get("/"))  # twelve hours, however busy
    assert inside(browser.log_in(PASSWORD))
    locked.password("another password")
    assert not inside(browser.get("/"))
    locked.password(PASSWORD)
    locked.later(hours=-1)  # a clock that was set back
    assert not inside(browser.get("/"))


def test_a_session_without_a_password_is_none_with_one(house: House) -> None:
    browser = Browser(house.url)
    assert inside(browser.get("/"))
    house.password(PASSWORD)
    assert not inside(browser.get("/"))


def test_a_database_of_another_installation_knows_no_session_of_this_one(
    locked: House, browser: Browser
) -> None:
    assert inside(browser.log_in(PASSWORD))
    ShopFact.delete().where(ShopFact.name == "person_key").execute()
    assert not inside(browser.get("/"))


def guess(house: House, address: str, password: str = "guess") -> requests.Response:
    browser = Browser(house.url)
    headers = {"X-Forwarded-For": address} if address else {}
    page = browser.get("/login", headers=headers)
    token = re.search(r'name="token" value="(\w+)"', page.text)[1]  # type: ignore[index]
    # its cookie is for https alone
    cookie = cookie_of(page).partition(";")[0]
    return requests.post(
        f"{house.url}/dashboard/login",
        data={"password": password, "token": token},
        headers={**headers, "Cookie": cookie},
        timeout=10,
        allow_redirects=False,
    )


def test_who_guesses_waits_even_with_the_right_word_and_others_do_not(
    locked: House, capfd: pytest.CaptureFixture[str]
) -> None:
    assert [guess(locked, "198.51.100.7").status_code for _ in range(7)] == [403] * 5 + [429] * 2
    assert guess(locked, "198.51.100.7", PASSWORD).status_code == 429
    assert guess(locked, "203.0.113.9", PASSWORD).status_code == 303
    locked.later(minutes=11)
    assert guess(locked, "198.51.100.7", PASSWORD).status_code == 303
    assert "guess" not in capfd.readouterr().err.replace("guesses", "")  # what was typed


def test_a_flood_from_everywhere_is_stopped_and_leaves_the_way_through_ssh_open(
    locked: House,
) -> None:
    """Whoever forges the header is somebody else each time, and all together are still one flood."""
    found = [guess(locked, f"198.51.100.{n}, 203.0.113.{n}").status_code for n in range(55)]
    assert found == [403] * 50 + [429] * 5
    assert guess(locked, "", PASSWORD).status_code == 303


def test_the_address_that_the_web_server_saw_counts_not_what_the_client_claims(
    locked: House,
) -> None:
    found = [guess(locked, f"10.0.0.{n}, 198.51.100.7").status_code for n in range(7)]
    assert found == [403] * 5 + [429] * 2


def test_it_can_be_switched_off(house: House) -> None:
    house.settings = replace(
        house.settings, dashboard=replace(house.settings.dashboard, enabled=False)
    )
    for path in ("/", "/login", "/style.css"):
        assert requests.get(f"{house.url}/dashboard{path}", timeout=10).status_code == 404


def test_a_database_that_cannot_be_read_is_told_in_words(house: House) -> None:
    handle.execute_sql("ALTER TABLE shop_fact RENAME TO elsewhere")
    answer = requests.get(f"{house.url}/dashboard/", timeout=10)
    assert (answer.status_code, answer.text) == (503, "the database cannot be read just now")
    handle.execute_sql("ALTER TABLE elsewhere RENAME TO shop_fact")
    assert requests.get(f"{house.url}/dashboard/", timeout=10).status_code == 200


def test_a_form_that_is_too_large_is_not_read(house: House) -> None:
    browser = Browser(house.url)
    form = {"scope": "*", "token": browser.token(), "reason": "x" * 100_000}
    assert browser.post("/pause", form).status_code == 413
    assert not Pause.select().exists()


def test_reading_a_page_writes_nothing(house: House) -> None:
    browser = Browser(house.url)
    browser.get("/")  # the installation's key is made once
    [(before,)] = handle.execute_sql("PRAGMA data_version")
    for path in ("/", "/campaigns", "/people?q=a", "/messages", "/waiting"):
        assert browser.get(path).status_code == 200
    [(after,)] = handle.execute_sql("PRAGMA data_version")
    assert after == before
