"""The dashboard in a real browser: nothing is blocked, nothing complains, nothing is wider than the phone."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from chromium import SCREENSHOTS, Chromium, started
from dashboard_stage import NOW, PAGES, fill, settings_with

from agent.web import Listener, intake
from models.base import close_database, migrate, open_database

# 320 is also what is left of 1280 at 400 %: WCAG 2.2, 1.4.10
VIEWS = [(320, 640, False), (360, 800, True), (1280, 900, False), (1280, 900, True)]
OVERFLOWING = """[...document.querySelectorAll('body *')].filter(one => !one.closest('.scroll, .skip, thead')
    && one.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
    .map(one => one.tagName + '.' + one.className).slice(0, 5)"""
UNREADABLE = """[...document.querySelectorAll('main *')].filter(one => one.children.length == 0
    && one.textContent.trim() && getComputedStyle(one).color == getComputedStyle(document.body).backgroundColor)
    .map(one => one.tagName + '.' + one.className).slice(0, 5)"""


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    settings = settings_with(tmp_path_factory.mktemp("shop"), 'language = "pt"')
    open_database(settings.database.path)
    migrate()
    fill(settings, NOW)
    listener = Listener(intake(lambda: settings, lambda: NOW), host="127.0.0.1", port=0, threads=4)
    yield f"http://127.0.0.1:{listener.port}/dashboard"
    listener.close(0.1)
    close_database()


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    with started(tmp_path_factory.mktemp("profile")) as chromium:
        yield chromium


@pytest.mark.long
@pytest.mark.parametrize(("width", "height", "dark"), VIEWS)
def test_every_page_fits_and_nothing_is_blocked(
    browser: Chromium, url: str, width: int, height: int, dark: bool
) -> None:
    browser.look_like(width, height, dark=dark)
    papers = set()
    for path in PAGES:
        browser.open(url + path)
        if SCREENSHOTS:
            name = re.sub(r"\W+", "_", path).strip("_") or "overview"
            night = "_dark" if dark else ""
            browser.shoot(Path(SCREENSHOTS) / f"{name}_{width}{night}.png")
        assert browser.complaints == [], path
        assert browser.value("document.querySelectorAll('h1').length") == 1, path
        assert browser.value("document.scripts.length") == 0, path
        assert browser.value("document.querySelectorAll('main img').length") == 0, path
        assert browser.value("document.documentElement.clientWidth") == width, path
        assert browser.value("document.documentElement.scrollWidth") == width, (
            path,
            browser.value(OVERFLOWING),
        )
        assert browser.value(UNREADABLE) == [], path
        papers.add(browser.value("getComputedStyle(document.body).backgroundColor"))
    assert papers == {"rgb(18, 21, 26)" if dark else "rgb(246, 247, 249)"}


def test_a_browser_that_complained_would_be_heard(browser: Chromium, url: str) -> None:
    """What these tests stand on: a policy that blocks something says so."""
    browser.open(url + "/campaigns")
    browser.value(
        "document.body.append(Object.assign(new Image(), {src: 'http://127.0.0.1:9/x.png'}))"
    )
    browser.value(
        "document.body.insertAdjacentHTML('beforeend', '<p onclick=\"x()\" style=\"color:red\">')"
    )
    browser.value("new Promise(soon => setTimeout(soon, 200))")
    browser.value("1")
    assert any("Content Security Policy" in one for one in browser.complaints)


def test_charts_have_bars_that_can_be_seen(browser: Chromium, url: str) -> None:
    browser.look_like(360, 800, dark=False)
    browser.open(url + "/")
    tallest = browser.value(
        "Math.max(...[...document.querySelectorAll('svg.bars rect')].map(one => one.getBoundingClientRect().height))"
    )
    assert tallest > 100
    assert browser.value("document.querySelectorAll('svg.bars rect').length") == 60
