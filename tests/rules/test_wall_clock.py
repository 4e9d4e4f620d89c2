"""Local times as instants, on ordinary days and when the clocks are changed."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.rules.wall_clock import clock_change, instants

MADRID = ZoneInfo("Europe/Madrid")


def test_an_ordinary_time_is_one_instant() -> None:
    assert instants(date(2026, 6, 1), time(9), MADRID) == (datetime(2026, 6, 1, 7, tzinfo=UTC),)


def test_a_time_that_autumn_repeats_is_two_instants() -> None:
    assert instants(date(2026, 10, 25), time(2, 30), MADRID) == (
        datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
        datetime(2026, 10, 25, 1, 30, tzinfo=UTC),
    )


@pytest.mark.parametrize("minute", [0, 1, 30, 59])
def test_a_time_that_spring_leaves_out_is_the_end_of_the_gap(minute: int) -> None:
    assert instants(date(2026, 3, 29), time(2, minute), MADRID) == (
        datetime(2026, 3, 29, 1, tzinfo=UTC),
    )


def test_a_gap_of_half_an_hour_ends_on_time() -> None:
    lord_howe = ZoneInfo("Australia/Lord_Howe")  # 02:00 -> 02:30 on 4 October 2026
    assert instants(date(2026, 10, 4), time(2, 10), lord_howe) == (
        datetime(2026, 10, 3, 15, 30, tzinfo=UTC),
    )


def test_a_day_that_was_left_out_is_the_start_of_the_next() -> None:
    apia = ZoneInfo("Pacific/Apia")  # had no 30 December 2011
    (instant,) = instants(date(2011, 12, 30), time(9), apia)
    assert instant.astimezone(apia).replace(tzinfo=None) == datetime(2011, 12, 31)  # noqa: DTZ001 - a wall


def test_the_fold_of_the_asked_time_does_not_matter() -> None:
    day = date(2026, 10, 25)
    assert instants(day, time(2, 30, fold=1), MADRID) == instants(day, time(2, 30), MADRID)


def test_the_change_of_the_clocks_is_found_to_the_second() -> None:
    change = clock_change(
        datetime(2026, 10, 24, 23, 59, 59, tzinfo=UTC),
        datetime(2026, 10, 25, 9, tzinfo=UTC),
        MADRID,
    )
    assert change == datetime(2026, 10, 25, 1, tzinfo=UTC)


ZONES = [
    "Europe/Madrid", "America/New_York", "America/Havana", "Australia/Lord_Howe", "Africa/Casablanca",
    "America/Sao_Paulo", "Asia/Kolkata", "Pacific/Apia", "Asia/Beirut", "America/Nuuk", "Asia/Tehran",
]  # fmt: skip


@given(
    instant=st.datetimes(datetime(2005, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - bounds
    zone=st.sampled_from(ZONES).map(ZoneInfo),
)
def test_every_instant_is_found_by_what_the_clocks_show(instant: datetime, zone: ZoneInfo) -> None:
    local = instant.astimezone(zone)
    found = instants(local.date(), local.time(), zone)
    assert instant in found
    assert all(one.tzinfo is UTC for one in found)
    assert list(found) == sorted(found)


@given(
    day=st.dates(date(2005, 1, 1), date(2035, 1, 1)),
    at=st.times(),
    zone=st.sampled_from(ZONES).map(ZoneInfo),
)
def test_the_clocks_show_the_asked_time_or_have_just_skipped_it(
    day: date, at: time, zone: ZoneInfo
) -> None:
    asked = datetime.combine(day, at)
    for instant in instants(day, at, zone):
        shown = instant.astimezone(zone).replace(tzinfo=None)
        before = (instant - timedelta(microseconds=1)).astimezone(zone).replace(tzinfo=None)
        assert shown == asked or before < asked < shown or (before < asked and shown > asked)
