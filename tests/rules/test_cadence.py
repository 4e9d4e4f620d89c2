"""When a job is due, after restarts, stops and changes of the clock."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.rules.cadence import Daily, Every

MADRID = ZoneInfo("Europe/Madrid")
HOURLY = Every(timedelta(hours=1))
MORNING = Daily(time(9), until=time(12))
MINUTE = timedelta(minutes=1)


def at(text: str, zone: str = "Europe/Madrid", fold: int = 0) -> datetime:
    """A local time as a UTC instant."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC)


def due(
    cadence: Every | Daily, now: datetime, last: datetime | None, zone: ZoneInfo = MADRID
) -> bool:
    return cadence.due(now=now, zone=zone, last_started=last)


def following(
    cadence: Every | Daily, now: datetime, last: datetime | None, zone: ZoneInfo = MADRID
) -> datetime:
    return cadence.next_due(now=now, zone=zone, last_started=last)


def test_a_job_that_never_ran_is_due() -> None:
    assert due(HOURLY, at("2026-06-01 03:00"), None)
    assert due(MORNING, at("2026-06-01 09:00"), None)


def test_every_hour_is_due_when_the_hour_is_over() -> None:
    last = at("2026-06-01 03:00")
    assert not due(HOURLY, last + timedelta(minutes=59, seconds=59), last)
    assert due(HOURLY, last + timedelta(hours=1), last)
    assert following(HOURLY, last, last) == last + timedelta(hours=1)


def test_a_missed_hour_is_made_up_once() -> None:
    last, now = at("2026-06-01 03:00"), at("2026-06-01 17:23")
    assert following(HOURLY, now, last) == now
    assert not due(HOURLY, now + MINUTE, now)


def test_every_hour_waits_for_a_start_that_is_just_ahead() -> None:
    # given a clock that was set back by half an hour after the job had started
    now, last = at("2026-06-01 03:00"), at("2026-06-01 03:30")
    assert not due(HOURLY, now, last)
    assert following(HOURLY, now, last) == at("2026-06-01 04:30")


def test_every_hour_does_not_wait_for_a_start_in_another_year() -> None:
    assert due(HOURLY, at("2026-06-01 03:00"), at("2027-06-01 03:00"))


@pytest.mark.parametrize("interval", [timedelta(0), timedelta(seconds=-1)])
def test_an_interval_must_be_positive(interval: timedelta) -> None:
    with pytest.raises(ValueError, match="must be positive"):
        Every(interval)


@pytest.mark.parametrize("until", [time(9), time(8, 59)])
def test_a_daily_job_must_have_some_time(until: time) -> None:
    with pytest.raises(ValueError, match="later in the day"):
        Daily(time(9), until=until)


def test_a_daily_job_is_due_from_its_time_on() -> None:
    last = at("2026-05-31 09:00:03")
    assert not due(MORNING, at("2026-06-01 08:59:59"), last)
    # and not by 24 hours: yesterday it started three seconds late
    assert due(MORNING, at("2026-06-01 09:00"), last)


def test_a_daily_job_runs_once_a_date() -> None:
    ran = at("2026-06-01 09:00:01")
    assert not due(MORNING, at("2026-06-01 09:00:02"), ran)
    assert not due(MORNING, at("2026-06-01 11:59"), ran)
    assert following(MORNING, ran, ran) == at("2026-06-02 09:00")


def test_a_daily_job_is_made_up_the_same_day_unless_it_is_too_late() -> None:
    last = at("2026-05-28 09:00")
    assert due(MORNING, at("2026-06-01 11:59:59"), last)
    assert not due(MORNING, at("2026-06-01 12:00"), last)
    assert following(MORNING, at("2026-06-01 12:00"), last) == at("2026-06-02 09:00")


def test_the_date_is_the_shops() -> None:
    # given a job that ran on 1 June at 09:00 in Auckland, which is still 31 May in UTC
    auckland = ZoneInfo("Pacific/Auckland")
    ran = at("2026-06-01 09:00", "Pacific/Auckland")
    assert not due(MORNING, at("2026-06-01 11:00", "Pacific/Auckland"), ran, auckland)
    assert due(MORNING, at("2026-06-02 09:00", "Pacific/Auckland"), ran, auckland)


def test_a_time_that_spring_leaves_out_is_the_end_of_the_gap() -> None:
    job, last = Daily(time(2, 30), until=time(6)), at("2026-03-28 02:30")
    assert not due(job, at("2026-03-29 01:59:59"), last)
    assert following(job, at("2026-03-29 00:00"), last) == at("2026-03-29 03:00")
    assert due(job, at("2026-03-29 03:00"), last)


def test_a_job_whose_whole_time_is_left_out_runs_after_the_gap() -> None:
    job, last = Daily(time(2, 10), until=time(2, 50)), at("2026-03-28 02:10")
    assert due(job, at("2026-03-29 03:00"), last)
    assert due(job, at("2026-03-29 03:39"), last)
    assert not due(job, at("2026-03-29 03:40"), last)


def test_a_time_that_autumn_repeats_runs_at_the_first() -> None:
    """Fault 16: days and times are those of the shop's own zone."""
    job, last = Daily(time(2, 30), until=time(6)), at("2026-10-24 02:30")
    first = at("2026-10-25 02:30")
    assert following(job, at("2026-10-25 00:00"), last) == first
    assert not due(job, at("2026-10-25 02:30", fold=1), first)


def test_a_date_that_the_calendar_left_out_is_passed_over() -> None:
    # given Samoa, which went from 29 to 31 December 2011
    apia = ZoneInfo("Pacific/Apia")
    ran = at("2011-12-29 09:00", "Pacific/Apia")
    assert following(MORNING, ran, ran, apia) == at("2011-12-31 09:00", "Pacific/Apia")


def test_a_clock_set_back_over_midnight_runs_nothing_twice() -> None:
    # given a job that ran just after midnight, and a clock that then went back to the day before
    job = Daily(time(0, 5), until=time(23, 59))
    ran = at("2026-06-02 00:06")
    assert not due(job, at("2026-06-01 23:50"), ran)
    assert not due(job, at("2026-06-02 00:06"), ran)
    assert following(job, at("2026-06-01 23:50"), ran) == at("2026-06-03 00:05")


def test_a_start_in_another_year_blocks_no_daily_job() -> None:
    assert due(MORNING, at("2026-06-01 09:00"), at("2031-01-01 09:00"))
    assert following(MORNING, at("2026-06-01 13:00"), at("2031-01-01 09:00")) == at(
        "2026-06-02 09:00"
    )


ZONES = ["Europe/Madrid", "America/Havana", "Australia/Lord_Howe", "Asia/Beirut", "America/Nuuk"]
CADENCES = st.one_of(
    st.builds(Every, st.timedeltas(timedelta(minutes=1), timedelta(days=2))),
    st.tuples(st.times(), st.times())
    .filter(lambda pair: pair[0] < pair[1])
    .map(lambda pair: Daily(pair[0], until=pair[1])),
)
MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - bounds


@settings(max_examples=100)
@given(
    cadence=CADENCES,
    now=MOMENTS,
    last=st.none() | MOMENTS,
    zone=st.sampled_from(ZONES).map(ZoneInfo),
)
def test_it_is_due_when_it_was_said_to_be_and_not_a_moment_before(
    cadence: Every | Daily, now: datetime, last: datetime | None, zone: ZoneInfo
) -> None:
    then = following(cadence, now, last, zone)
    assert then >= now
    assert due(cadence, then, last, zone)
    assert due(cadence, now, last, zone) == (then == now)
    if now < then and (last is None or last <= now):
        assert not due(cadence, then - timedelta(microseconds=1), last, zone)
    # never blocked for longer than it takes for two runs to pass
    longest = 2 * cadence.interval if isinstance(cadence, Every) else timedelta(days=3, hours=2)
    assert then - now <= longest


@settings(max_examples=60)
@given(
    start=MOMENTS,
    steps=st.lists(st.integers(-20 * 60, 30 * 60), max_size=40),  # minutes that the clock moves
    zone=st.sampled_from(ZONES).map(ZoneInfo),
    job=st.sampled_from(
        [MORNING, Daily(time(0, 5), until=time(23, 59)), Daily(time(2, 15), until=time(3))]
    ),
)
def test_a_clock_set_back_by_less_than_a_day_never_runs_it_twice_on_a_date(
    start: datetime, steps: list[int], zone: ZoneInfo, job: Daily
) -> None:
    # given a clock that jumps about, but stays within a day of the latest it has shown
    now, latest, last, dates = start, start, None, []
    for step in steps:
        now = max(now + step * MINUTE, latest - timedelta(hours=23))
        latest = max(latest, now)
        if due(job, now, last, zone):
            dates.append(now.astimezone(zone).date())
            last = now
    assert len(dates) == len(set(dates))
