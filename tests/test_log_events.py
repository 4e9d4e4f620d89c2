"""What the code can tell is what the catalogue says, and each warning says what to do."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from log_calls import Told, events

from agent.cli import winback
from agent.errors import BadInput
from agent.log_events import COUNTS_OF, catalogue, counts, counts_of
from agent.rules.reasons import Why


def typed(*arguments: str) -> Result:
    return CliRunner().invoke(winback, arguments)


TIMETABLE = Path(__file__).parents[1] / "agent" / "timetable.py"


@pytest.fixture(scope="module")
def told() -> dict[str, Told]:
    return events()


def test_every_event_is_documented_and_every_documented_one_exists(told: dict[str, Told]) -> None:
    assert set(told) == set(catalogue())


def test_every_level_and_field_of_the_code_is_documented(told: dict[str, Told]) -> None:
    for name, one in told.items():
        event = catalogue()[name]
        assert one.fields <= {*event.fields, "fix"}, name
        assert set(event.levels) <= one.levels, name
        assert one.open or set(event.fields) <= one.fields, name
        if len(one.levels) == 1:
            assert set(event.levels) == one.levels, name


def test_every_warning_and_error_says_what_to_do(told: dict[str, Told]) -> None:
    assert [place for one in told.values() for place in one.without_fix] == []


def test_names_are_stable_words(told: dict[str, Told]) -> None:
    for name in told:
        assert name == "heartbeat" or re.fullmatch(r"[a-z_]+\.[a-z_]+", name), name
    for event in catalogue().values():
        assert all(re.fullmatch(r"[a-z_]+", one) for one in event.fields), event.name
        assert event.means.endswith("."), event.name
        assert len(event.fields) == len(set(event.fields)), event.name


def test_the_counts_are_those_of_jobs_that_exist() -> None:
    jobs = set(re.findall(r'Job\("(\w+)"', TIMETABLE.read_text(encoding="utf-8")))
    silent = {"day", "by_hand"}
    assert {COUNTS_OF.get(job, job) for job in jobs - silent} == set(counts())
    words = {word for of_job in counts().values() for word in of_job}
    assert all(re.fullmatch(r"\w+", word) for word in words)
    assert set(counts_of("campaigns")) == {why.name.lower() for why in Why}
    assert counts_of("day") == {}


def test_the_command_says_what_they_mean() -> None:
    everything = typed("log-events").output
    assert all(f"\n{name} (" in f"\n{everything}" for name in catalogue())
    one = typed("log-events", "alarm.begins").output
    assert one.startswith("alarm.begins (warning, error)\n")
    assert "fields: alarm, subject, since, what, fix" in one
    some = typed("log-events", "canary").output
    assert some.count("canary.") >= 5
    assert "chosen: people whose message was queued" in typed("log-events", "campaigns").output
    warnings = typed("log-events", "--warnings").output
    assert "daemon.ready" not in warnings
    assert "shop.away" in warnings


def test_a_name_that_is_none_gets_the_one_that_was_meant() -> None:
    done = typed("log-events", "alarm.begin")
    assert isinstance(done.exception, BadInput)
    assert "did you mean alarm.begins?" in str(done.exception)
