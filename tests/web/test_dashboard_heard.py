"""What those get of the dashboard who hear it, see badly, or write from right to left."""

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from dashboard_stage import NOW, PAGES, Browser, fill, settings_with

from agent.web import Listener, intake
from agent.web.dashboard.door import STYLE
from models import Contact

READABLE = 4.5  # WCAG 2.2, 1.4.3
PAPERS = {
    "ink": ("paper", "card", "soft-back", "good-back", "warn-back", "bad-back"),
    "soft": ("paper", "card", "soft-back", "warn-back", "bad-back"),
    "accent": ("paper", "card", "soft-back"),
    "good": ("card", "good-back"), "warn": ("card", "warn-back"), "bad": ("card", "bad-back"),
    "card": ("accent",),
}  # fmt: skip


@pytest.fixture
def browser(database: Path, tmp_path: Path) -> Iterator[Browser]:
    settings = settings_with(tmp_path, 'language = "en"')
    fill(settings, NOW)
    Contact.update(first_name="דנה", last_name="כהן").where(Contact.id == 2).execute()
    listener = Listener(intake(lambda: settings, lambda: NOW), host="127.0.0.1", port=0, threads=2)
    yield Browser(f"http://127.0.0.1:{listener.port}")
    listener.close(0.1)


def palettes() -> list[dict[str, str]]:
    """name -> colour, by day and by night."""
    found = []
    for block in re.findall(r":root \{(.*?)\}", STYLE.decode(), re.DOTALL):
        named = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]+)", block))
        found.append({**(found[0] if found else {}), **named})
    return found


def light(colour: str) -> float:
    """Relative luminance, as WCAG defines it."""
    digits = colour[1:] if len(colour) == 7 else "".join(2 * one for one in colour[1:])
    red, green, blue = (int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4))

    def linear(part: float) -> float:
        return part / 12.92 if part <= 0.03928 else float(((part + 0.055) / 1.055) ** 2.4)

    return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)


@pytest.mark.parametrize("night", [False, True])
def test_every_word_can_be_read_on_its_paper(night: bool) -> None:
    colours = palettes()[night]
    for ink, papers in PAPERS.items():
        for paper in papers:
            one, other = sorted((light(colours[ink]), light(colours[paper])), reverse=True)
            contrast = (one + 0.05) / (other + 0.05)
            assert contrast >= READABLE, f"{ink} on {paper}: {contrast:.2f}"


def test_no_heading_is_passed_over(browser: Browser) -> None:
    for path in PAGES:
        levels = [int(one) for one in re.findall(r"<h([1-6])\b", browser.get(path).text)]
        assert levels[:1] == [1], path
        assert levels.count(1) == 1, path
        for before, after in pairwise(levels):
            assert after <= before + 1, f"{path}: h{after} after h{before}"


def test_whether_a_condition_is_met_is_said_not_only_drawn(browser: Browser) -> None:
    text = browser.get("/people/2").text
    assert re.search(r'✓<span class="heard">yes</span>', text)
    assert re.search(r'✗<span class="heard">no</span>', text)
    assert "<span hidden" not in text


def test_a_reason_begins_large_and_keeps_the_names_in_it(browser: Browser) -> None:
    Contact.update(marketing="").where(Contact.id == 2).execute()
    assert "Never agreed to marketing on WhatsApp" in browser.get("/people/2").text


def test_a_name_from_right_to_left_turns_nothing_else_around(browser: Browser) -> None:
    for path in ("/people/2", "/people?q=902"):
        assert "<bdi>דנה כהן</bdi>" in browser.get(path).text, path


def test_every_field_has_a_label(browser: Browser) -> None:
    for path in PAGES:
        text = browser.get(path).text
        inside = "".join(re.findall(r"<label\b.*?</label>", text, re.DOTALL))
        fields = re.findall(r'<(?:input(?![^>]*type="hidden")|select)\b[^>]*>', text)
        assert all(field in inside for field in fields), path
