"""The report for other programs, and as a page: the same figures, whole, and nothing that breaks out of it."""

import csv
import io
import json
from collections import Counter
from datetime import date, timedelta
from decimal import Decimal
from html.parser import HTMLParser
from typing import Any

import pytest

from agent.commands.report.files import FUNNEL, HEADERS, as_csv, as_json
from agent.commands.report.page import as_page
from agent.jobs.report import Failure, Line, Part, Report
from agent.rules.comparison import Arm, Comparison
from agent.rules.credit import View
from agent.rules.figures import COUNTS, Cell, Figures
from agent.rules.intervals import Sums
from agent.rules.reasons import Why

FIRST, LAST = date(2026, 2, 1), date(2026, 3, 2)
EVIL = '<script>alert("x")</script>&amp;\'"'


def figures(n: int, **more: Any) -> Figures:
    values: dict[str, Any] = {
        "chosen": 100 * n, "withheld": 10 * n, "sent": 90 * n, "delivered": 80 * n, "opened": 60 * n,
        "clicked": 9 * n, "replied": 3 * n, "converted": 4 * n, "opt_outs": n, "failed": 2 * n,
        "cost": Decimal("1.25") * n, "orders": Counter(BRL=5 * n, JPY=1),
        "revenue": Counter(BRL=12_345 * n, JPY=500),
    }  # fmt: skip
    return Figures(**values | more)


def arm(people: int, buyers: int) -> Arm:
    return Arm(people, buyers, Sums(people, buyers * 5_000, buyers * 5_000**2))


def whole(**more: Any) -> Report:
    """Two campaigns, one of them in two languages and on two days, and news of orders."""
    cells = {
        Cell("2026-02-03", "we_miss_you", "hello", "en"): figures(1),
        Cell("2026-02-04", "we_miss_you", "hello", "es"): figures(2),
        Cell("2026-02-04", "price_drop", "cheap", "en"): figures(3, unpriced=2),
        Cell("2026-02-04", "order_completed", "done", "en"): Figures(chosen=7, sent=7, delivered=6),
    }
    missed = figures(1)
    missed.add(figures(2))
    later = figures(2)
    later.add(figures(3, unpriced=2))
    values: dict[str, Any] = {
        "first": FIRST, "last": LAST, "shop": "Example Shop", "currency": "BRL",
        "cost_currency": "BRL", "cells": cells,
        "lines": [
            Line("price_drop", figures(3, unpriced=2), [Part("cheap", "en", figures(3, unpriced=2))]),
            Line("we_miss_you", missed,
                 [Part("hello", "en", figures(1)), Part("hello", "es", figures(2))]),
        ],
        "news": [Line("order_completed", Figures(chosen=7, sent=7, delivered=6))],
        "days": {"2026-02-03": figures(1), "2026-02-04": later},
        "failures": [Failure("we_miss_you", 131049, "spares this person", 4),
                     Failure("order_completed", None, "no reason was told", 1)],
        "compared": {"we_miss_you": Comparison(arm(9_000, 540), arm(1_000, 30), 0.1, 5_000)},
        "everything": Comparison(arm(98, 2), arm(2, 0), 0.02, 100),
        "reasons": {Why.SAID_NO: 3},
    }  # fmt: skip
    return Report(**values | more)


# CSV and JSON


def test_the_csv_parses_back_to_the_sums_of_the_json() -> None:
    told = whole()
    rows = list(csv.DictReader(io.StringIO(as_csv(told))))
    assert len(rows) == len(told.cells)
    said = json.loads(as_json(told))
    campaigns = [row for row in rows if row["about"] == "campaign"]
    for name in COUNTS:
        assert sum(int(row[name]) for row in campaigns) == said["total"][name]
    assert sum(int(row["orders"]) for row in campaigns) == said["total"]["orders"]
    for column, amount in (("revenue", said["total"]["revenue"]["BRL"]), ("cost", said["total"]["cost"])):  # fmt: skip
        assert sum(Decimal(row[column]) for row in campaigns) == Decimal(amount)
    by_campaign = {one["campaign"]: one for one in said["campaigns"]}
    for name, one in by_campaign.items():
        own = [row for row in campaigns if row["campaign"] == name]
        assert sum(int(row["opened"]) for row in own) == one["opened"]
        parts = sum(part["opened"] for part in one["templates"])
        assert parts == one["opened"]
    [news] = [row for row in rows if row["about"] == "order news"]
    assert int(news["delivered"]) == said["order_news"][0]["delivered"] == 6


def test_the_headers_of_the_csv_stay_as_they_are() -> None:
    assert HEADERS == (
        "day", "about", "campaign", "template", "language", "chosen", "withheld", "waiting", "sent",
        "delivered", "opened", "clicked", "replied", "converted", "opt_outs", "failed", "dropped",
        "unknown", "unpriced", "orders", "revenue", "currency", "other_revenue", "cost", "cost_currency",
    )  # fmt: skip
    assert as_csv(whole(cells={})) == ",".join(HEADERS) + "\n"


def test_money_is_plain_decimals_with_its_currency() -> None:
    row = next(csv.DictReader(io.StringIO(as_csv(whole()))))
    assert (row["revenue"], row["currency"], row["other_revenue"]) == ("123.45", "BRL", "500 JPY")
    assert (row["cost"], row["cost_currency"]) == ("1.25", "BRL")
    said = json.loads(as_json(whole()))
    one = next(one for one in said["campaigns"] if one["campaign"] == "we_miss_you")
    assert one["revenue"] == {"BRL": "370.35", "JPY": "1000"}
    assert one["average_order"] == "24.69"
    assert one["return_on_cost"] == "98.76"


def test_the_json_has_the_funnel_the_days_and_both_groups() -> None:
    said = json.loads(as_json(whole()))
    assert [one["step"] for one in said["funnel"]] == list(FUNNEL)
    assert said["funnel"][0]["messages"] == 600
    assert [one["day"] for one in said["days"]] == ["2026-02-03", "2026-02-04"]
    missed = next(one for one in said["campaigns"] if one["campaign"] == "we_miss_you")
    assert missed["rates"]["delivered"]["value"] == pytest.approx(80 / 90, abs=1e-6)
    held = missed["holdout"]
    assert held["verdict"] == "more"
    assert held["incremental_buyers"]["value"] == pytest.approx(270)
    assert Decimal(held["incremental_revenue"]["value"]) == 13_500
    assert said["campaigns"][0]["holdout"] is None
    assert said["holdout_of_everything"]["verdict"] == "cannot tell yet"
    assert json.loads(as_json(whole(everything=None)))["holdout_of_everything"] is None
    assert missed["failures"] == [{"code": 131049, "meaning": "spares this person", "messages": 4}]
    assert said["left_alone"] == {"said_no": 3}


def test_nothing_at_all_is_a_report_too() -> None:
    empty: dict[str, Any] = {
        "cells": {}, "lines": [], "news": [], "days": {}, "failures": [], "compared": {},
        "everything": None, "reasons": {}, "shop": "", "currency": "",
    }  # fmt: skip
    said = json.loads(as_json(whole(**empty)))
    assert said["total"]["rates"]["delivered"] is None
    assert said["total"]["average_order"] is None
    assert "Nobody was chosen" in as_page(whole(**empty))


# the page


class Page(HTMLParser):
    """What stands in a page: its tags with their attributes, and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in {"meta", "br", "rect"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, f"{tag} closes what is not open"

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def test_the_page_is_well_formed_and_needs_nothing_from_elsewhere() -> None:
    page = Page(as_page(whole()))
    assert page.open == []
    names = {name for name, _ in page.tags}
    assert not names & {"script", "link", "img", "iframe", "object", "form", "a", "base"}
    for _, attributes in page.tags:
        assert not {"src", "href", "onclick", "onload", "style"} & set(attributes)
    html = as_page(whole())
    assert "http:" not in html
    assert "https:" not in html
    assert "url(" not in html
    policy = [one for one in page.all("meta") if one.get("http-equiv")]
    assert policy == [
        {
            "http-equiv": "Content-Security-Policy",
            "content": "default-src 'none'; style-src 'unsafe-inline'",
        }
    ]


def test_the_page_can_be_read_on_a_phone_by_night_and_by_ear() -> None:
    html = as_page(whole())
    page = Page(html)
    assert {"name": "viewport", "content": "width=device-width, initial-scale=1"} in page.all(
        "meta"
    )
    assert "prefers-color-scheme: dark" in html
    assert page.all("html") == [{"lang": "en"}]
    assert len(page.all("caption")) == len(page.all("table")) > 4
    assert all(one["role"] == "img" and one["aria-label"] for one in page.all("svg"))
    assert len(page.all("svg")) == len(FUNNEL) + 2  # a bar for each step, two for the days
    assert all(one.get("scope") in {"row", "col"} for one in page.all("th"))


def test_the_page_has_the_figures_and_what_can_be_said_of_them() -> None:
    text = Page(as_page(whole())).text
    for told in (
        "Example Shop: 01 Feb 2026 to 02 Mar 2026", "We miss you", "hello, es", "R$370.35",
        "R$12.50 and 2 without a price".replace("12.50", "3.75"), "131049", "spares this person", "Order completed",
        "270 buyers who would not have come", "cannot tell yet, about", "All marketing",
    ):  # fmt: skip
        assert told in text, told


@pytest.mark.parametrize("view", list(View))
def test_the_page_says_which_orders_count(view: View) -> None:
    said = {View.LAST: "the last one before", View.FIRST: "the first message", View.COUPON: "Only"}
    assert said[view] in Page(as_page(whole(view=view))).text


def test_whatever_anybody_typed_is_escaped() -> None:
    evil = Figures(chosen=1, sent=1)
    html = as_page(
        whole(
            shop=EVIL,
            currency="BRL",
            cost_currency="BRL",
            lines=[Line(EVIL, evil, [Part(EVIL, EVIL, evil), Part("b", EVIL, evil)])],
            news=[Line(f"statuses.{EVIL}", evil)],
            failures=[Failure(EVIL, 1, EVIL, 1)],
            compared={EVIL: Comparison(arm(10, 1), arm(10, 1), 0.1, 20)},
        )
    )
    assert "<script" not in html
    page = Page(html)
    assert page.open == []
    assert page.text.count('<script>alert("x")</script>&amp;') >= 7
    assert all("alert" not in name for name, _ in page.tags)


def test_one_day_has_no_course_of_days() -> None:
    html = as_page(whole(first=LAST))
    assert "Day by day" not in html
    assert "Day by day" in as_page(whole(first=LAST - timedelta(days=1)))
