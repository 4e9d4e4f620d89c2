"""What the pages of the dashboard show, over real HTTP, of a shop with something on each of them.

All look at one installation: none of them changes anything.
"""

import re
from collections.abc import Iterator
from html import unescape

import pytest
from dashboard_stage import (
    ATTACK,
    NOW,
    PAGES,
    SOLD_OUT_PRODUCT,
    Browser,
    fill,
    plain,
    settings_with,
)

from agent.web import Listener, intake
from models import Awaited, Contact, Message
from models.base import close_database, migrate, open_database


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    settings = settings_with(tmp_path_factory.mktemp("shop"), 'language = "en"')
    open_database(settings.database.path)
    migrate()
    fill(settings, NOW)
    listener = Listener(intake(lambda: settings, lambda: NOW), host="127.0.0.1", port=0, threads=4)
    yield Browser(f"http://127.0.0.1:{listener.port}")
    listener.close(0.1)
    close_database()


def test_every_page_says_what_it_is_and_carries_no_script(browser: Browser) -> None:
    for path in PAGES:
        answer = browser.get(path)
        assert answer.status_code == 200, path
        assert answer.text.count("<h1") == 1, path
        assert "<script" not in answer.text.lower(), path
        assert " style=" not in answer.text, path
        assert "onerror=alert" not in re.sub(r"&lt;.*?&gt;", "", answer.text), path
        assert not re.search(r'(?:src|href|action)="(?:https?:)?//', answer.text), path
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "no-referrer"


def test_what_people_typed_is_shown_as_they_typed_it(browser: Browser) -> None:
    """Fault: a name, a reply, a product or a reason that becomes part of the page."""
    for path in ("/people/1", f"/waiting/{SOLD_OUT_PRODUCT}", "/", "/campaigns", "/messages"):
        assert ATTACK in plain(browser.get(path).text) or ATTACK in unescape(
            browser.get(path).text
        ), path


def test_the_overview_has_the_figures_of_the_report_and_says_how_old_they_are(
    browser: Browser,
) -> None:
    words = plain(browser.get("/").text)
    sent = Message.select().where(
        Message.accepted_at.is_null(False),
        Message.state.in_(("sent", "delivered", "read")),
        Message.campaign != "shipping_update",
    )
    assert f"{sent.count()} messages sent" in words
    assert "Counted just now" in words
    assert "never agreed to marketing on WhatsApp 40" in words
    assert "see WhatsApp Manager" in words
    assert words.count("most on a day") == 2


def test_charts_are_told_in_words_and_in_a_table_as_well(browser: Browser) -> None:
    page = browser.get("/").text
    for svg in re.findall(r'<svg class="bars.*?</svg>', page, re.DOTALL):
        assert re.search(r"<title id=.*?>.+?</title><desc id=.*?>.+?</desc>", svg)
    assert page.count("<details><summary>The same in numbers") == 2


def test_lists_mask_phones_and_the_page_of_a_person_does_not(browser: Browser) -> None:
    phone = Contact.get_by_id(2).phone
    for path in ("/people?q=carla", "/messages", "/waiting", f"/waiting/{SOLD_OUT_PRODUCT}"):
        assert "+1202555" not in browser.get(path).text, path
    assert phone in browser.get("/people/2").text


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("+1 202 555 0105", {5}),
        ("001 202 555-0105", {5}),
        ("+1202555010", set(range(1, 10))),
        ("P7@example.com", {7}),
        ("p7@", {7}),
        ("903", {3}),
        ("élida", {4, 10, 16, 22, 28, 34, 40, 46, 52, 58}),
        ("Élida Prado", {4, 10, 16, 22, 28, 34, 40, 46, 52, 58}),
        ("prado", {4, 10, 16, 22, 28, 34, 40, 46, 52, 58}),
        ("ANA SO", {6, 12, 18, 24, 30, 36, 42, 48, 54, 60}),
        ("ana lima", set()),
        ("lia", set()),
        ("", set()),
        ("   ", set()),
        ("%", set()),
        ("_na", set()),
        ("\0", set()),
        ("'; DROP TABLE contact; --", set()),
        ("9" * 90, set()),
        ("²²²", set()),
    ],
)
def test_people_are_found_by_what_is_known_of_them(
    browser: Browser, asked: str, found: set[int]
) -> None:
    page = browser.get("/people", params={"q": asked})
    assert page.status_code == 200
    assert set(map(int, re.findall(r"/dashboard/people/(\d+)", page.text))) == found


def test_a_person_is_explained_with_proof(browser: Browser) -> None:
    words = plain(browser.get("/people/2").text)
    assert "If winback decided now" in words
    assert "Quero receber ofertas pelo WhatsApp" in words
    assert "order 2" in words
    assert "customer number 902" in words
    assert "agreed to marketing on WhatsApp" in words


def test_a_message_is_told_from_its_decision_to_its_order(browser: Browser) -> None:
    number = Message.select().where(Message.replied, Message.campaign == "we_miss_you").get().id
    words = plain(browser.get(f"/messages/{number}").text)
    for what in ("decided", "accepted by WhatsApp", "read", "answered", "ordered", "earned"):
        assert what in words
    assert "https://shop.example" in words


def numbers_on(browser: Browser, **asked: object) -> tuple[list[int], str]:
    """The messages of a page, and the address of the older ones."""
    page = browser.get("/messages", params=asked).text
    found = [int(n) for n in re.findall(r'<th scope="row".*?/dashboard/messages/(\d+)', page)]
    older = re.search(r'rel="next" href="/dashboard(.*?)"', page)
    return found, unescape(older[1]) if older else ""


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"state": "read"},
        {"campaign": "we_miss_you"},
        {"state": "read", "campaign": "back_in_stock"},
        {"code": "131049"},
        {"code": "131049", "campaign": "we_miss_you"},
        {"reason": "no order for 75 days", "state": "delivered"},
        {"reason": ATTACK},
        {"code": "999"},
        {"state": "claimed"},
        {"campaign": "nothing"},
    ],
)
def test_messages_are_filtered_and_paged_without_losing_or_doubling_any(
    browser: Browser, asked: dict[str, str]
) -> None:
    query = Message.select(Message.id).order_by(Message.id.desc())
    for name in ("state", "campaign", "code"):
        if name in asked:
            query = query.where(getattr(Message, name) == asked[name])
    if "reason" in asked:
        query = query.where(
            (Message.reason == asked["reason"]) | (Message.detail == asked["reason"])
        )
    found, older = numbers_on(browser, **asked)
    while older:
        page = browser.get(older).text
        found += [int(n) for n in re.findall(r'<th scope="row".*?/dashboard/messages/(\d+)', page)]
        match = re.search(r'rel="next" href="/dashboard(.*?)"', page)
        older = unescape(match[1]) if match else ""
    assert found == [one.id for one in query]


@pytest.mark.parametrize(
    "path",
    [
        "/messages?before=-1", "/messages?before=99999999999999999999999", "/messages?before=x",
        "/messages?state=%00&campaign=%ff&code=1e9", "/messages?code=99999999999999999999",
        "/messages?code=%C2%B2&before=%C2%B2", "/messages?reason=" + "x" * 3000,
        "/waiting?after=1.2", "/waiting?after=9.9.9.9", "/waiting?after=-1.0.0",
        "/waiting?after=99999999999999999999.1.1", "/people?q=" + "x" * 3000,
        "/campaigns?done=%3Cscript%3E",
    ],
)  # fmt: skip
def test_garbage_in_an_address_asks_for_nothing(browser: Browser, path: str) -> None:
    assert browser.get(path).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/people/0", "/people/99999999999999999999", "/messages/99999999999999999999", "/messages/x",
        "/waiting/1/99999999999999999999", "/waiting/7", "/../healthz", "/%2e%2e/%2e%2e/etc/passwd",
        "/style.css/../../routes.py", "/templates/base.html", "/translations/es/LC_MESSAGES/messages.po",
    ],
)  # fmt: skip
def test_what_is_not_there_is_not_there(browser: Browser, path: str) -> None:
    answer = browser.get(path)
    assert answer.status_code == (200 if answer.text == "ok" else 404)
    assert "root:" not in answer.text
    assert "import" not in answer.text


def test_who_waits_for_what(browser: Browser) -> None:
    page = browser.get("/waiting").text
    one = Awaited.get(Awaited.product_id == SOLD_OUT_PRODUCT)
    assert re.search(rf'data-label="People">{one.people}<', page)
    assert "Vestido Linho - Azul, M" in page
    waiting = browser.get(f"/waiting/{SOLD_OUT_PRODUCT}").text
    assert f"{one.people} people in all" in waiting
    assert "at most 5 people a unit in stock, the next after 1 hour" in plain(waiting)
