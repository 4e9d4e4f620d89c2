"""The dashboard's buttons, its language, and what it shows of an installation that is empty or old."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from html import unescape
from pathlib import Path
from random import Random

import pytest
from dashboard_stage import FACTS, NOW, PAGES, Browser, count, fill, plain, settings_with
from dashboard_stage import insert_message as put

from agent.config import Settings
from agent.rules.comparison import Verdict
from agent.web import Listener, intake
from agent.web.dashboard.overview import overview
from models import Awaited, Figure, JobRun, Pause, ShopFact
from models.delivery import EVERYTHING

MINUTE = timedelta(minutes=1)


@pytest.fixture
def settings(database: Path, tmp_path: Path) -> Settings:
    return settings_with(tmp_path, 'language = "en"')


@pytest.fixture
def open_pages(settings: Settings) -> Iterator[Callable[..., Browser]]:
    """A browser on this machine; with other settings of the section, if they are given."""
    listeners: list[Listener] = []

    def start(**more: object) -> Browser:
        shown = replace(settings, dashboard=replace(settings.dashboard, **more))  # type: ignore[arg-type]
        listeners.append(
            Listener(intake(lambda: shown, lambda: NOW), host="127.0.0.1", port=0, threads=4)
        )
        return Browser(f"http://127.0.0.1:{listeners[-1].port}")

    yield start
    for listener in listeners:
        listener.close(0.1)


@pytest.fixture
def browser(settings: Settings, open_pages: Callable[..., Browser]) -> Browser:
    fill(settings, NOW)
    return open_pages()


def test_an_empty_installation_has_every_page(open_pages: Callable[..., Browser]) -> None:
    browser = open_pages()
    for path in PAGES:
        answer = browser.get(path)
        there = not re.search(r"/(people|messages|waiting)/\d", path)
        assert answer.status_code == (200 if there else 404), path
        assert answer.text.count("<h1") == 1, path


def test_why_there_are_no_figures(
    database: Path, settings: Settings, open_pages: Callable[..., Browser]
) -> None:
    """Fault: "nobody was chosen yet, switch a campaign on" while one was on, and had chosen people."""
    ShopFact.put(FACTS)
    pages = {language: open_pages(language=language) for language in ("en", "es", "pt")}

    def told(*words: str) -> None:
        for browser, said in zip(pages.values(), words, strict=True):
            assert said in plain(browser.get("/").text)

    told("Nothing to show yet", "nada que mostrar", "para mostrar Os números")
    count(settings, NOW)
    told("No campaign has run yet", "Todavía no ha corrido", "Nenhuma campanha rodou ainda")
    told("begins at 09:00 by", "a las 09:00", "às 09:00")
    off = replace(
        settings,
        campaigns={name: replace(one, enabled=False) for name, one in settings.campaigns.items()},
    )
    assert overview(off, NOW)["nobody"] == "off"
    JobRun.write("campaigns", started_at=NOW, ended_at=NOW, outcome="ok", result={"capped": 3})
    told(
        "Nobody was chosen in this time",
        "No se ha elegido a nadie en",
        "Ninguém foi escolhido neste",
    )
    put(1, "shipping_update", "sent", NOW + MINUTE, Random(1), kind="order_news")
    assert overview(settings, NOW)["nobody"] == ""
    put(2, "we_miss_you", "queued", NOW + MINUTE, Random(1))
    told("Not counted yet", "Todavía sin contar", "Ainda não contado")


def test_a_zone_that_nobody_knows_here_takes_no_page_down(
    settings: Settings, open_pages: Callable[..., Browser]
) -> None:
    """WordPress may be set to an offset; and a zone may be gone from the machine after an upgrade."""
    fill(settings, NOW)
    ShopFact.put({"zone": "UTC+5.5"})
    browser = open_pages()
    assert {path: browser.get(path).status_code for path in PAGES} == dict.fromkeys(PAGES, 200)


def test_figures_that_are_old_are_told_to_be(
    settings: Settings, open_pages: Callable[..., Browser]
) -> None:
    fill(settings, NOW - timedelta(hours=2))
    assert "These figures are old" in open_pages().get("/").text


def test_pages_speak_the_shops_language_with_its_numbers(
    settings: Settings, open_pages: Callable[..., Browser]
) -> None:
    fill(settings, NOW)
    words = plain(open_pages(language="").get("/").text)
    assert "Mensagens enviadas por dia" in words
    assert re.search(r"R\$ [\d.]+,\d\d", words)
    assert "Ofertas" in plain(open_pages(language="es").get("/people/1").text)
    ShopFact.put({"language": "fr_FR", "country": "FR"})
    assert "Messages sent per day" in plain(open_pages(language="").get("/").text)


def test_a_list_of_articles_goes_on_where_it_ended(browser: Browser) -> None:
    Awaited.replace_all(
        {"product_id": n, "variation_id": n % 3, "people": n % 7, "agreed": 0, "since": NOW}
        for n in range(1, 181)
    )
    path, found = "/waiting", []
    while path:
        page = browser.get(path).text
        found += re.findall(r'<th scope="row"><a href="/dashboard/waiting/([\d/]+)"', page)
        match = re.search(r'rel="next" href="/dashboard(.*?)"', page)
        path = match[1] if match else ""
    assert len(found) == len(set(found)) == 180


def test_a_campaign_is_paused_and_goes_on(browser: Browser) -> None:
    form = {"token": browser.token(), "scope": "we_miss_you", "reason": "  stock \n taking "}
    answer = browser.post("/pause", form)
    assert answer.url.endswith("/campaigns?done=paused")
    assert "paused by you: stock taking" in answer.text
    assert Pause.get(Pause.scope == "we_miss_you").reason == "stock taking"
    answer = browser.post("/resume", form)
    assert "It goes on." in answer.text
    assert not Pause.select().where(Pause.scope == "we_miss_you").exists()


def test_everything_is_paused_and_goes_on_but_for_what_no_button_ends(browser: Browser) -> None:
    form = {"token": browser.token(), "scope": EVERYTHING}
    assert "Everything is held" in browser.post("/pause", form).text
    answer = browser.post("/resume", form)
    assert "what still holds stands below" in answer.text
    assert {one.scope for one in Pause.select()} == {"back_in_stock"}


def test_a_campaign_that_there_is_not_is_not_paused(browser: Browser) -> None:
    before = Pause.select().count()
    for scope in ("", "nothing", "marketing", "shipping_update"):
        form = {"token": browser.token(), "scope": scope}
        assert browser.post("/pause", form).status_code == 400
    assert Pause.select().count() == before


def test_a_page_without_a_match_among_the_newest_leads_further_back(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agent.web.dashboard.messages.LOOKED_AT", 20)
    put(1000, "we_miss_you", "read", NOW, Random(1), reason="the only one")
    for number in range(1001, 1051):
        put(number, "we_miss_you", "read", NOW, Random(1))
    path, pages = "/messages?reason=the+only+one", 0
    while "Look further back" in (page := browser.get(path).text):
        path = unescape(re.search(r'rel="next" href="/dashboard(.*?)"', page)[1])  # type: ignore[index]
        pages += 1
    assert pages == 2
    assert "/dashboard/messages/1000" in page


LIFTS = {
    "MORE": "About 120 more people bought (40 to 200)",
    "FEWER": "About 120 fewer people bought (40 to 200)",
    "NO_DIFFERENCE": "No difference worth knowing",
    "CANNOT_TELL": "That cannot be told yet. About 9,000 more people would show it",
    "NOT_COMPARABLE": "The groups cannot be compared",
    "NOBODY": "Nobody is held out to compare",
}


def test_what_a_campaign_brought_is_said_with_its_interval(
    settings: Settings, open_pages: Callable[..., Browser]
) -> None:
    fill(settings, NOW)
    browser = open_pages()
    kept = Figure.get().value
    for verdict in Verdict:
        sign = -1 if verdict is Verdict.FEWER else 1
        span = sorted((sign * 40.0, sign * 200.0))
        kept["campaigns"][0]["compared"] = {
            "verdict": verdict.name, "treated": 9_000, "treated_rate": 0.05, "control": 1_000,
            "control_rate": 0.04, "difference": [0.01, 0.002, 0.018], "buyers": [sign * 120.0, *span],
            "revenue": [1_000_000.0, 500_000.0, 1_500_000.0], "more_needed": 9_000, "since": None,
        }  # fmt: skip
        Figure.put("overview", kept, NOW)
        words = plain(browser.get("/").text)
        assert LIFTS[verdict.name] in words
        certain = verdict in (Verdict.MORE, Verdict.FEWER)
        assert ("R$10,000.00 (R$5,000.00 to R$15,000.00)" in words) == certain
