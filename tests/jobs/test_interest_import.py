"""A file of events: every line is taken or told, however large the file and whatever is in it."""

import json
import os
import tracemalloc
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from interest_stage import MINUTE, POSTER, RED, SHIRT, Story, rows, view, waiting
from jobs_stage import DAY, Killed, add_message

from agent.config import Settings
from agent.errors import BadInput
from agent.jobs.interest import import_events
from agent.jobs.interest.imports import LONGEST_LINE, Imported
from models import Interest, Link, ShopFact, UnsettledEvent


@pytest.fixture
def story(database: Path, settings: Settings, now: datetime) -> Story:
    return Story(settings, now)


class Desk:
    """Files that were written an hour ago, and what importing them tells."""

    def __init__(self, story: Story, folder: Path) -> None:
        self.story, self.folder = story, folder
        self.told: list[tuple[int, str]] = []
        self.beats: list[int] = []

    def write(self, name: str, content: str | bytes) -> Path:
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        an_hour_ago = (self.story.now - 60 * MINUTE).timestamp()
        os.utime(path, (an_hour_ago, an_hour_ago))
        return path

    def take(
        self, name: str, content: str | bytes, beat: Callable[[int], None] | None = None
    ) -> Imported:
        self.told.clear()
        self.beats.clear()
        return import_events(
            self.write(name, content),
            self.story.settings,
            now=self.story.now,
            tell=lambda line, reason: self.told.append((line, reason)),
            beat=beat or self.beats.append,
        )


@pytest.fixture
def desk(story: Story, tmp_path: Path) -> Desk:
    return Desk(story, tmp_path)


def json_lines(*told: object) -> str:
    return "".join(json.dumps(one) + "\n" for one in told)


# both kinds of file


def test_a_csv_file(desk: Desk) -> None:
    at = (desk.story.now - DAY).isoformat()
    done = desk.take(
        "views.csv",
        "kind,customer_id,email,product_id,variation_id,price,at\n"
        f"product_view,17,,42,,17.50,{at}\n"
        f"wishlist_add,,ana@shop.example,50,52,,{at}\n"
        f'cart,17,,"42",,,\n',
    )
    assert done == Imported(events=3, rows=3)
    assert rows("kind", "product_id", "variation_id", "price", "seen_at", "source") == [
        ("view", SHIRT, 0, 1750, desk.story.now - DAY, "import"),
        ("cart", SHIRT, 0, 1990, desk.story.now - 60 * MINUTE, "import"),
        ("wishlist", POSTER, RED, 1200, desk.story.now - DAY, "import"),
    ]
    assert desk.told == []


def test_a_file_of_json_lines(desk: Desk) -> None:
    cart = {"kind": "cart", "customer_id": 17, "products": [{"sku": "SHIRT"}, {"product_id": RED}]}
    done = desk.take("views.jsonl", json_lines(view(price=17.5), cart) + "\n   \n")
    assert done == Imported(events=3, rows=3)
    assert desk.told == []


def test_a_file_from_a_spreadsheet(desk: Desk) -> None:
    done = desk.take(
        "Views.CSV", "\ufeffKind; Customer_ID ;Product_ID\r\nproduct_view;17;42\r\n\r\n"
    )
    assert done == Imported(events=1, rows=1)


def test_importing_it_again_changes_nothing(desk: Desk) -> None:
    content = json_lines(view(), view(kind="wishlist_add"), view(customer_id=99))
    assert desk.take("a.jsonl", content) == Imported(events=3, rows=2, waiting=1)
    before = list(Interest.select().dicts()), list(UnsettledEvent.select().dicts())
    assert desk.take("a.jsonl", content) == Imported(events=3, rows=0, waiting=1)
    assert (list(Interest.select().dicts()), list(UnsettledEvent.select().dicts())) == before


def test_who_is_not_known_waits_for_the_daemon(desk: Desk) -> None:
    desk.take("a.jsonl", json_lines(view(customer_id=99), view(product_id=77)))
    assert waiting() == ["person", "product"]
    desk.story.product(77)
    assert desk.story.gather() == {"events": 1, "rows": 1}
    assert rows("product_id", "source") == [(77, "import")]


def test_before_the_shop_was_read_all_waits_for_the_daemon(desk: Desk) -> None:
    ShopFact.delete().execute()
    assert desk.take("a.jsonl", json_lines(view())) == Imported(events=1, waiting=1)
    ShopFact.put({"currency": "BRL"})
    assert desk.story.gather() == {"events": 1, "rows": 1}


# lines that cannot be used


def test_bad_lines_are_told_with_their_numbers_and_the_others_are_taken(desk: Desk) -> None:
    done = desk.take(
        "a.csv",
        "kind,customer_id,product_id,price,at\n"
        "product_view,17,42,,\n"
        "viewed,17,42,,\n"
        "\n"
        'product_view,17,42,"1,50",\n'
        "product_view,17,42,,2026-03-01 12:00\n"
        "product_view,17,42,,,,\n"
        "product_view\n"
        'product_view,17,"50\n",,\n'
        "product_view,17,51,,\n",
    )
    assert done == Imported(events=3, rows=3, set_aside=5)
    assert [(line, reason.split(":")[0]) for line, reason in desk.told] == [
        (3, "kind is 'viewed'"),
        (5, "price '1,50'"),
        (6, "at '2026-03-01 12"),
        (7, "7 cells, but 5 columns"),
        (8, "no person"),
    ]


def test_bad_json_lines_are_told_too(desk: Desk) -> None:
    content = b"\n".join(
        [
            json.dumps(view()).encode(),
            b"{",
            b"[1]",
            b"\xff\xfe",
            b'{"kind": "product_view", "customer_id": 17, "sku": "\\ud83d"}',
            b'{"kind": "product_view", "customer_id": 17, "sku": "a\\u0000"}',
            b"[" * 10_000,
            json.dumps(view(product_id=RED)).encode(),
        ]
    )
    assert desk.take("a.jsonl", content) == Imported(events=2, rows=2, set_aside=6)
    assert [line for line, _ in desk.told] == [2, 3, 4, 5, 6, 7]
    assert {reason.split(":")[0] for _, reason in desk.told} == {
        "not JSON", "an event is an object with fields",
        "sku '\\ud83d' has characters that no text has", "sku 'a\\x00' has characters that no text has",
    }  # fmt: skip


def test_what_is_no_utf_8_is_told_of_its_line_alone(desk: Desk) -> None:
    content = b"kind,customer_id,sku\nproduct_view,17,SHIRT\nproduct_view,17,caf\xe9\n"
    assert desk.take("a.csv", content) == Imported(events=1, rows=1, set_aside=1)
    assert desk.told == [(3, "not UTF-8")]


def test_a_quote_that_never_ends_is_told(desk: Desk) -> None:
    content = 'kind,customer_id,sku\nproduct_view,17,SHIRT\nproduct_view,17,"S' + "x\n" * 100_000
    done = desk.take("a.csv", content)
    assert (done.events, done.set_aside > 0) == (1, True)
    assert desk.told[0] == (3, "not CSV: field larger than field limit (131072)")


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl"])
def test_a_line_without_end_is_told_and_does_not_fill_the_memory(desk: Desk, name: str) -> None:
    endless = b"x" * (20 * LONGEST_LINE)
    first = b"kind,customer_id,sku\n" if name == "a.csv" else b""
    good = {
        "a.csv": b"product_view,17,SHIRT\n",
        "a.jsonl": json.dumps(view()).encode() + b"\n",
    }[name]
    path = desk.write(name, first + endless + b"\n" + good)
    tracemalloc.start()
    done = import_events(
        path, desk.story.settings, now=desk.story.now,
        tell=lambda line, reason: desk.told.append((line, reason)), beat=lambda _: None,
    )  # fmt: skip
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert done == Imported(events=1, rows=1, set_aside=1)
    assert [line for line, _ in desk.told] == [2 if name == "a.csv" else 1]
    assert peak < 12 * LONGEST_LINE


# files that cannot be used at all


@pytest.mark.parametrize(
    "first",
    ["", "\n", "customer_id,product_id\n", "kind,customer_id,produkt\n", "kind,kind\n", "kind,\n",
     '{"kind": "product_view"}\n', "kind,\ud83d\n", "kind," + "x" * 1_000_000],
)  # fmt: skip
def test_a_csv_file_whose_columns_are_others_is_refused(desk: Desk, first: str) -> None:
    with pytest.raises(BadInput) as refusal:
        desk.take("a.csv", first.encode(errors="surrogatepass") + b"product_view,17,42\n")
    assert "a.csv:1: the columns are " in str(refusal.value)
    assert "kind, and any of phone, country, customer_id" in str(refusal.value)
    assert len(str(refusal.value)) < 600
    assert rows() == []


@pytest.mark.parametrize("name", ["views", "views.txt", "views.json", "views.xlsx"])
def test_what_a_file_is_is_told_by_its_name(desk: Desk, name: str) -> None:
    with pytest.raises(BadInput, match=r"\.jsonl"):
        desk.take(name, "")


def test_a_file_that_is_not_there_is_refused(desk: Desk) -> None:
    with pytest.raises(BadInput, match="No such file"):
        import_events(
            desk.folder / "none.csv", desk.story.settings, now=desk.story.now,
            tell=lambda *_: None, beat=lambda _: None,
        )  # fmt: skip


def test_an_empty_file_of_json_lines_has_nothing(desk: Desk) -> None:
    assert desk.take("a.jsonl", "") == Imported()


def test_a_file_of_long_ago_has_nothing_that_is_kept(desk: Desk) -> None:
    path = desk.write("a.jsonl", json_lines(view()))
    os.utime(path, (0, 0))
    done = import_events(
        path, desk.story.settings, now=desk.story.now,
        tell=lambda line, reason: desk.told.append((line, reason)), beat=lambda _: None,
    )  # fmt: skip
    assert done == Imported(set_aside=1)
    assert "is too old: nothing older than 90 days is kept" in desk.told[0][1]


# large files


@pytest.mark.long
def test_a_large_file_comes_in_batches_and_what_stops_it_loses_nothing(desk: Desk) -> None:
    for number in range(2500):
        desk.story.product(10_000 + number)
    content = json_lines(*(view(product_id=10_000 + number) for number in range(2500)))

    def stop(done: int) -> None:
        assert 0 < done < len(content)
        raise Killed

    with pytest.raises(Killed):
        desk.take("a.jsonl", content, beat=stop)
    assert len(rows()) == 1000
    assert desk.take("a.jsonl", content) == Imported(events=2500, rows=1500)
    assert desk.beats[-1] == len(content)
    assert len(desk.beats) == 3


cells = st.sampled_from(
    [
        "",
        "product_view",
        "cart",
        "17",
        "42",
        "52",
        "x",
        '"',
        "'",
        "1,5",
        "\n",
        "\r",
        "\x00",
        "é",
        "\ud83d",
        ";",
    ]
)


@given(
    st.lists(st.lists(cells, max_size=5), max_size=6), st.sampled_from([",", ";"]), st.booleans()
)
@hypothesis_settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_line_of_a_csv_file_breaks_the_others(
    desk: Desk, lines: list[list[str]], mark: str, headed: bool
) -> None:
    header = mark.join(["kind", "customer_id", "product_id"] + ["sku"] * headed)
    body = "\n".join(mark.join(line) for line in lines)
    good = mark.join(["product_view", "17", "42"])
    content = f"{header}\n{good}\n{body}\n".encode(errors="surrogatepass")
    done = desk.take("a.csv", content)
    assert done.events >= 1
    assert done.set_aside == len(desk.told)


@given(st.lists(st.binary(max_size=20), max_size=6))
@hypothesis_settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_line_of_json_breaks_the_others(desk: Desk, lines: list[bytes]) -> None:
    good: Any = json.dumps(view()).encode()
    done = desk.take("a.jsonl", b"\n".join([good, *lines, good]))
    assert done.events == 2
    assert done.set_aside == len(desk.told)


def test_what_is_told_by_a_link_needs_a_consent_that_stands(desk: Desk) -> None:
    for token, contact in (("AbCdEfGhI1", desk.story.ana), ("AbCdEfGhI2", 0)):
        uid = add_message(contact, desk.story.now).uid
        made = desk.story.now
        Link.put([{"token": token, "message_uid": uid, "target": "/", "created_at": made}])
    lines = "".join(
        f"product_view,{link},{SHIRT}\n"
        for link in ("AbCdEfGhI1", "AbCdEfGhI2", "AbCdEfGhI3", "no")
    )
    done = desk.take("views.csv", f"kind,link,product_id\n{lines}")
    assert (done.events, done.rows, done.waiting, done.set_aside) == (1, 1, 0, 1)
    assert done.dropped == {"no consent": 1, "unknown link": 1}
    assert [line for line, _ in desk.told] == [5]
    assert rows("contact_id", "source") == [(desk.story.ana, "import")]
