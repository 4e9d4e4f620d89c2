"""The dashboard in a real browser: nothing is blocked, nothing complains, nothing is wider than the phone."""

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

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


FOCUSED = """(() => { const one = document.activeElement, card = one.closest('.card');
    const place = of => { const at = of.getBoundingClientRect();
        return {top: at.top + scrollY, bottom: at.bottom + scrollY, left: at.left} };
    return one === document.body ? null : {
        order: [...document.querySelectorAll('*')].indexOf(one), own: place(one), card: card && place(card),
        seen: getComputedStyle(one).outlineStyle != 'none',
        what: one.tagName + ' ' + (one.textContent || one.name).trim().slice(0, 40)} })()"""
FROM_THE_TOP = "document.querySelector('a, button, input').focus()"
"""Also where a page begins in its form."""
REACHABLE = """(() => { const all = [...document.querySelectorAll('*')];
    return [...document.querySelectorAll('a[href], button, input, select, textarea, summary')]
        .filter(one => one.type != 'hidden' && !one.disabled && one.getClientRects().length)
        .map(one => all.indexOf(one)) })()"""


@pytest.mark.long
@pytest.mark.parametrize("width", [360, 1280])
def test_the_tab_key_goes_through_a_page_as_it_is_read(
    browser: Chromium, url: str, width: int
) -> None:
    """WCAG 2.2: 2.1.1, 2.4.1, 2.4.3 and 2.4.7."""
    browser.look_like(width, 800, dark=False)
    for path in PAGES:
        browser.open(url + path)
        browser.value(FROM_THE_TOP)
        stops = _round(browser)
        assert set(browser.value(REACHABLE)) <= {one["order"] for one in stops}, path
        assert [one["what"] for one in stops[1:] if not one["seen"]] == [], path
        assert stops[0]["what"].startswith("A Ir para o conteúdo"), path
        for before, after in pairwise(stops[1:]):
            assert _is_next(before, after), (path, before, after)


def _round(browser: Chromium) -> list[dict[str, Any]]:
    """Where the focus goes, until it leaves the page, or goes up."""
    stops: list[dict[str, Any]] = [browser.value(FOCUSED)]
    while True:
        browser.press_tab()
        stop = browser.value(FOCUSED)
        if stop is None or stop["order"] <= stops[-1]["order"]:
            return stops
        stops.append(stop)


def _is_next(before: dict[str, Any], after: dict[str, Any]) -> bool:
    """Below, or beside it on the right; of two cards the cards are."""
    both_in = before["card"] and after["card"] and before["card"] != after["card"]
    one, other = (stop["card" if both_in else "own"] for stop in (before, after))
    below = other["top"] >= one["bottom"] - 1
    return bool(below or (other["bottom"] > one["top"] and other["left"] >= one["left"]))
