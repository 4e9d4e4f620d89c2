"""The status log: one line an event, whatever is in it."""

import json
import logging
import sys
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from agent.log import JsonLines, Log, Logfmt, set_up

LOG = Log("agent.test")


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    """What `set_up` changes is for the whole process."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture
def journal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Under systemd, which stamps the lines itself."""
    monkeypatch.setenv("JOURNAL_STREAM", "8:1234")


def _lines(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return capsys.readouterr().err.splitlines()


def test_an_event_is_one_line_of_keys_and_values(
    journal: None, capsys: pytest.CaptureFixture[str]
) -> None:
    set_up(style="logfmt", level="info")
    LOG.info("walk.step_back", kind="orders", walked=300)
    assert _lines(capsys) == ["level=info event=walk.step_back kind=orders walked=300"]


def test_what_is_no_warning_asks_nobody_to_do_anything(
    journal: None, capsys: pytest.CaptureFixture[str]
) -> None:
    set_up(style="logfmt", level="info")
    for tell in (LOG.info, LOG.warning):
        tell("template.status", now="APPROVED", fix="look at it")
    assert _lines(capsys) == [
        "level=info event=template.status now=APPROVED",
        'level=warning event=template.status now=APPROVED fix="look at it"',
    ]


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("two words", '"two words"'),
        ("", '""'),
        ('say "hello"', '"say \\"hello\\""'),
        ("a=b", '"a=b"'),
        ("two\nlines", '"two\\nlines"'),
        ("olá", "olá"),
        ("olá, João", '"olá, João"'),
        ("C:\\file", '"C:\\\\file"'),
        ("\x1b[2Jhidden", '"\\u001b[2Jhidden"'),
        ("one\u2028two", '"one\\u2028two"'),
        ("half \ud83d", '"half \\ud83d"'),
        (None, "None"),
        (datetime(2026, 3, 2, 12, 0, tzinfo=UTC), "2026-03-02T12:00:00+00:00"),
    ],
)
def test_a_value_is_quoted_where_it_would_break_the_line(
    journal: None, capsys: pytest.CaptureFixture[str], value: object, written: str
) -> None:
    set_up(style="logfmt", level="info")
    LOG.info("told", what=value)
    assert _lines(capsys) == [f"level=info event=told what={written}"]


def test_a_key_that_is_a_sentence_stays_one_key(
    journal: None, capsys: pytest.CaptureFixture[str]
) -> None:
    set_up(style="logfmt", level="info")
    LOG.info("job.done", **{'cancelled: no "name"=\nvalue': 3})
    assert _lines(capsys) == ["level=info event=job.done cancelled:_no_name_value=3"]


def test_without_journald_each_line_is_stamped(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("JOURNAL_STREAM", raising=False)
    set_up(style="logfmt", level="info")
    LOG.warning("told")
    [line] = _lines(capsys)
    stamp, _, rest = line.partition(" ")
    assert rest == "level=warning event=told"
    assert datetime.fromisoformat(stamp.removeprefix("ts=")).tzinfo is not None


def test_as_json_a_line_is_one_object(journal: None, capsys: pytest.CaptureFixture[str]) -> None:
    set_up(style="json", level="info")
    LOG.info("told", what='olá "João"\n', count=3, error=ValueError("no"))
    [line] = _lines(capsys)
    assert json.loads(line) == {
        "level": "info",
        "event": "told",
        "what": 'olá "João"\n',
        "count": 3,
        "error": "no",
    }


def test_a_fault_of_ours_brings_its_traceback(
    journal: None, capsys: pytest.CaptureFixture[str]
) -> None:
    set_up(style="logfmt", level="info")
    try:
        _ = {}["zone"]
    except KeyError as error:
        LOG.error("job.broke", error=error, job="poll")
    lines = _lines(capsys)
    assert lines[0] == "level=error event=job.broke job=poll"
    assert lines[1] == "Traceback (most recent call last):"
    assert lines[-1] == "KeyError: 'zone'"


def test_as_json_the_traceback_is_on_the_same_line() -> None:
    try:
        _ = {}["zone"]
    except KeyError:
        record = logging.LogRecord("agent", logging.ERROR, "", 0, "broke", (), sys.exc_info())
    written = JsonLines(stamped=False).format(record)
    assert "\n" not in written
    assert json.loads(written)["trace"].endswith("KeyError: 'zone'")


def test_an_expected_failure_brings_none(journal: None, capsys: pytest.CaptureFixture[str]) -> None:
    set_up(style="logfmt", level="info")
    LOG.error("job.hung", jobs="poll")
    assert _lines(capsys) == ["level=error event=job.hung jobs=poll"]


def test_a_librarys_words_are_told_with_its_name() -> None:
    record = logging.LogRecord("flask", logging.INFO, "", 0, "hello %s", ("there",), None)
    assert Logfmt(stamped=False).format(record) == 'level=info logger=flask message="hello there"'


def test_what_is_below_the_level_and_what_chatters_is_left_out(
    journal: None, capsys: pytest.CaptureFixture[str]
) -> None:
    set_up(style="logfmt", level="warning")
    LOG.debug("quiet")
    LOG.info("quiet")
    logging.getLogger("urllib3").warning("Retrying")
    LOG.warning("loud")
    assert _lines(capsys) == ["level=warning event=loud"]


def test_set_up_again_replaces_what_was(journal: None, capsys: pytest.CaptureFixture[str]) -> None:
    set_up(style="logfmt", level="info")
    set_up(style="json", level="debug")
    LOG.debug("once")
    assert _lines(capsys) == ['{"level": "debug", "event": "once"}']


@pytest.mark.parametrize("style", ["logfmt", "json"])
def test_nobody_is_named_whatever_others_say(
    journal: None, capsys: pytest.CaptureFixture[str], style: str
) -> None:
    set_up(style=style, level="info")
    said = (
        "no such user +12025550101; ana.example@mail.example, bia%40mail.example:"
        " wamid.HBgLMTIwMjU1NTAxMDEVAgARGBI5QTNDQTVC="
    )
    LOG.warning("send.declined", detail=said, at=datetime(2026, 3, 2, 12, 0, tzinfo=UTC))
    try:
        float(said)
    except ValueError as error:
        LOG.error("webhook.broke", error=error)
    told = capsys.readouterr().err
    for word in ("2025550101", "ana.example", "bia", "mail.example", "HBgL"):
        assert word not in told
    assert told.count("+12...01") == 2
    assert "12:00:00+00:00" in told  # the offset of a zone is no number


def test_what_only_looks_like_a_number_stays(
    journal: None, capsys: pytest.CaptureFixture[str]
) -> None:
    set_up(style="logfmt", level="info")
    LOG.info("job.done", orders=12025550101, url="https://shop.example/@12/x", sum="1+12025550101")
    [line] = _lines(capsys)
    assert line.endswith("orders=12025550101 url=https://shop.example/@12/x sum=1+12025550101")
