"""A run queues no more than can leave before it expires."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.rules.room import SHARE, Account, Hours, Room, people_a_day, room
from agent.rules.wall_clock import instants

MADRID = ZoneInfo("Europe/Madrid")
NEVER_QUIET = Hours(zone=MADRID, quiet_from=time(0), quiet_until=time(0))
NIGHTS = Hours(zone=MADRID, quiet_from=time(22), quiet_until=time(8))
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
PACE = 4  # three a second, as it is counted on


def at(text: str, zone: ZoneInfo = MADRID) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)


def asked(
    now: str = "2026-06-01 09:00",
    expires_after: timedelta = HOUR,
    *,
    per_second: int = PACE,
    waiting: int = 0,
    hours: Hours = NIGHTS,
    limit: int | None = None,
    recent: int = 0,
) -> int:
    return room(
        at(now), expires_after,
        per_second=per_second, waiting=waiting, hours=hours,
        account=Account(people_a_day=limit, recent=recent),
    )  # fmt: skip


def hours_open(begin: str, end: str, hours: Hours = NIGHTS) -> list[tuple[str, str]]:
    zone = hours.zone
    return [
        (f"{one.astimezone(zone):%d %H:%M}", f"{other.astimezone(zone):%d %H:%M}")
        for one, other in hours.open(at(begin, zone), at(end, zone))
    ]


# when messages leave


def test_the_nights_are_left_out() -> None:
    assert hours_open("2026-06-01 21:00", "2026-06-03 09:00") == [
        ("01 21:00", "01 22:00"), ("02 08:00", "02 22:00"), ("03 08:00", "03 09:00"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("begin", "end"),
    [
        ("2026-06-01 22:00", "2026-06-02 08:00"),  # a whole night
        ("2026-06-02 03:00", "2026-06-02 04:00"),
        ("2026-06-01 12:00", "2026-06-01 12:00"),
        ("2026-06-01 12:00", "2026-06-01 11:00"),
    ],
)
def test_some_spans_have_no_hour_in_them(begin: str, end: str) -> None:
    assert hours_open(begin, end) == []


def test_without_quiet_hours_all_of_it_is_open() -> None:
    assert hours_open("2026-06-01 21:00", "2026-06-02 09:00", NEVER_QUIET) == [
        ("01 21:00", "02 09:00")
    ]
    assert hours_open("2026-06-01 21:00", "2026-06-01 21:00", NEVER_QUIET) == []


def test_quiet_hours_within_a_day() -> None:
    siesta = Hours(zone=MADRID, quiet_from=time(14), quiet_until=time(17))
    assert hours_open("2026-06-01 13:00", "2026-06-01 18:00", siesta) == [
        ("01 13:00", "01 14:00"), ("01 17:00", "01 18:00"),
    ]  # fmt: skip


@pytest.mark.parametrize("quiet_from", [time(22), time(2, 30)])  # 2:30 comes twice, or never
@pytest.mark.parametrize(("day", "hours"), [("2026-03-28", 23), ("2026-10-24", 25)])
def test_the_nights_on_which_the_clocks_are_changed(day: str, hours: int, quiet_from: time) -> None:
    """As many minutes as a plain look at the clock finds, minute by minute."""
    quiet = Hours(zone=MADRID, quiet_from=quiet_from, quiet_until=time(8))
    begin, end = at(f"{day} 12:00"), at(f"{day} 12:00") + hours * HOUR
    minutes = (begin + timedelta(minutes=number) for number in range(hours * 60))
    loud = sum(not _is_quiet(one.astimezone(MADRID).time(), quiet) for one in minutes)
    assert sum((b - a for a, b in quiet.open(begin, end)), timedelta()) == timedelta(minutes=loud)
    if quiet_from == time(22):
        assert loud == 14 * 60  # the change falls into the night


def _is_quiet(local: time, hours: Hours) -> bool:
    if hours.quiet_from < hours.quiet_until:
        return hours.quiet_from <= local < hours.quiet_until
    return local >= hours.quiet_from or local < hours.quiet_until


# the pace


def test_an_hour_of_the_day_has_room_for_what_leaves_in_it() -> None:
    assert asked() == 3 * 3600


def test_what_waits_already_goes_first() -> None:
    assert asked(waiting=800) == 3 * 3600 - 800


@pytest.mark.parametrize("waiting", [3 * 3600, 3 * 3600 + 1, 10**9])
def test_a_queue_that_fills_the_time_leaves_no_room(waiting: int) -> None:
    assert asked(waiting=waiting) == 0


def test_of_a_span_over_night_only_the_day_counts() -> None:
    assert asked("2026-06-01 21:00", 12 * HOUR) == 2 * 3 * 3600
    assert asked("2026-06-01 09:00", 3 * DAY) == 3 * 14 * 3 * 3600


def test_a_night_has_no_room() -> None:
    assert asked("2026-06-01 22:00", 10 * HOUR) == 0
    assert asked("2026-06-01 22:00", 10 * HOUR + timedelta(minutes=1)) == 60 * 3


def test_a_slow_pace_is_rounded_down() -> None:
    assert asked(expires_after=timedelta(seconds=1), per_second=1) == 0
    assert asked(expires_after=timedelta(seconds=3), per_second=1) == 2


# the account's limit


def test_who_was_written_to_in_the_last_day_has_taken_a_place() -> None:
    assert asked(limit=250) == 250
    assert asked(limit=250, recent=200) == 50
    assert asked(limit=250, recent=200, waiting=49) == 1
    assert asked(limit=250, recent=300) == 0


@pytest.mark.parametrize(
    ("expires_after", "places"),
    [
        (12 * HOUR, 50),
        (DAY, 50),  # at the end of the 24 hours it is too late to send
        (DAY + HOUR, 50),  # ... and the clocks may be changed
        (DAY + 2 * HOUR, 300),
        (3 * DAY, 550),
    ],
)
def test_after_a_day_all_places_are_free_again(expires_after: timedelta, places: int) -> None:
    assert asked(expires_after=expires_after, limit=250, recent=200) == places


def test_a_day_that_ends_at_night_frees_no_place() -> None:
    # given messages from 21:00 that end at 23:00 of the next day, an hour into the quiet hours
    assert asked("2026-06-01 21:00", 26 * HOUR, limit=250, recent=250) == 0
    assert asked("2026-06-01 21:00", 26 * HOUR, limit=250, recent=250, hours=NEVER_QUIET) == 250


def test_sending_a_day_s_worth_takes_its_time() -> None:
    # given a hundred thousand people at three a second, which takes nine hours
    after = DAY + 8 * HOUR
    assert asked(expires_after=after, limit=100_000, recent=100_000, hours=NEVER_QUIET) == 0
    after = DAY + 11 * HOUR
    assert asked(expires_after=after, limit=100_000, recent=100_000, hours=NEVER_QUIET) == 100_000


def test_the_pace_holds_also_where_the_account_could_do_more() -> None:
    assert asked(limit=100_000) == 3 * 3600


@pytest.mark.parametrize(
    ("tier", "people"),
    [
        ("TIER_50", 50),
        ("TIER_250", 250),
        ("TIER_1K", 1_000),
        ("TIER_2K", 2_000),
        ("TIER_10K", 10_000),
        ("TIER_100K", 100_000),
        ("TIER_UNLIMITED", None),
        ("TIER_NOT_SET", None),
        ("TIER_K", None),
        ("2000", None),
        ("", None),
    ],
)
def test_meta_s_words_for_the_limit(tier: str, people: int | None) -> None:
    assert people_a_day(tier) == people


# a run that takes place by place


def test_places_are_taken_one_by_one() -> None:
    run = Room(
        at("2026-06-01 09:00"), per_second=PACE, waiting={}, hours=NIGHTS,
        account=Account(people_a_day=3, recent=1),
    )  # fmt: skip
    assert run.left(HOUR, 0) == 2
    assert [run.take(HOUR, 0) for _ in range(3)] == [True, True, False]


def test_what_has_more_time_takes_the_place_of_what_has_less() -> None:
    run = Room(
        at("2026-06-01 21:59"), per_second=1, waiting={}, hours=NIGHTS, account=Account()
    )  # fmt: skip
    short, long = timedelta(minutes=10), 3 * DAY
    assert run.left(short, 1) == 45
    assert all(run.take(long, 1) for _ in range(45))
    assert not run.take(short, 1)
    assert run.take(long, 1)


def test_what_is_less_urgent_is_not_in_the_way() -> None:
    run = Room(
        at("2026-06-01 09:00"), per_second=PACE, waiting={0: 1, 2: 4, 4: 100}, hours=NIGHTS,
        account=Account(people_a_day=10),
    )  # fmt: skip
    assert [run.left(HOUR, number) for number in range(6)] == [9, 9, 5, 5, 0, 0]
    # what is planned counts in the same manner
    assert [run.take(HOUR, 4), run.take(HOUR, 2), run.take(HOUR, 0)] == [False, True, True]
    assert [run.left(HOUR, number) for number in range(6)] == [8, 8, 3, 3, 0, 0]


# whatever is asked

moments = st.integers(0, 365 * 24 * 60).map(
    lambda minutes: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes, seconds=7)
)
times = st.times().map(lambda one: one.replace(second=0, microsecond=0, tzinfo=None))
zones = st.sampled_from(["Europe/Madrid", "America/Sao_Paulo", "Pacific/Auckland", "Asia/Kolkata"])
shop_hours = st.builds(
    lambda zone, one, other: Hours(zone=ZoneInfo(zone), quiet_from=one, quiet_until=other),
    zones, times, times,
)  # fmt: skip
spans = st.timedeltas(timedelta(minutes=10), timedelta(days=30))
limits = st.none() | st.integers(0, 5000)
counts = st.integers(0, 5000)


def of(
    now: datetime, after: timedelta, pace: int, waiting: int, hours: Hours,
    limit: int | None = None, recent: int = 0,
) -> int:  # fmt: skip
    account = Account(people_a_day=limit, recent=recent)
    return room(now, after, per_second=pace, waiting=waiting, hours=hours, account=account)


@settings(max_examples=60)
@given(moments, spans, st.integers(1, 1000), counts, shop_hours, limits, counts)
def test_room_is_never_less_than_none_nor_more_than_the_whole_time_allows(
    now: datetime, after: timedelta, pace: int, waiting: int, hours: Hours,
    limit: int | None, recent: int,
) -> None:  # fmt: skip
    found = of(now, after, pace, waiting, hours, limit, recent)
    assert 0 <= found <= max(after.total_seconds() * pace * SHARE - waiting, 0)
    if limit is not None:
        days = -(-after // DAY)  # a day's worth for each day that has begun
        assert found <= max(limit * days - waiting, 0)


@settings(max_examples=60)
@given(moments, spans, spans, st.integers(1, 1000), counts, shop_hours, limits, counts)
def test_more_time_is_never_less_room(
    now: datetime, after: timedelta, more: timedelta, pace: int, waiting: int, hours: Hours,
    limit: int | None, recent: int,
) -> None:  # fmt: skip
    args = pace, waiting, hours, limit, recent
    assert of(now, after, *args) <= of(now, after + more, *args)


@settings(max_examples=60)
@given(moments, spans, st.integers(1, 500), st.integers(0, 500), counts, shop_hours, limits, counts)
def test_a_faster_pace_is_never_less_room(
    now: datetime, after: timedelta, pace: int, faster: int, waiting: int, hours: Hours,
    limit: int | None, recent: int,
) -> None:  # fmt: skip
    args = waiting, hours, limit, recent
    assert of(now, after, pace, *args) <= of(now, after, pace + faster, *args)


@settings(max_examples=60)
@given(moments, spans, st.integers(1, 1000), counts, counts, shop_hours, limits, counts)
def test_a_longer_queue_is_never_more_room(
    now: datetime, after: timedelta, pace: int, waiting: int, more: int, hours: Hours,
    limit: int | None, recent: int,
) -> None:  # fmt: skip
    one = of(now, after, pace, waiting, hours, limit, recent)
    assert of(now, after, pace, waiting + more, hours, limit, recent) <= one
    assert of(now, after, pace, waiting, hours, limit, recent + more) <= one


@settings(max_examples=60)
@given(
    moments, spans, shop_hours, limits, counts,
    st.dictionaries(st.integers(0, 4), st.integers(0, 200)), st.lists(st.integers(0, 4), max_size=20),
)  # fmt: skip
def test_a_run_counts_what_goes_before_and_nothing_else(
    now: datetime, after: timedelta, hours: Hours, limit: int | None, recent: int,
    waiting: dict[int, int], planned: list[int],
) -> None:  # fmt: skip
    run = Room(
        now, per_second=1, waiting=waiting, hours=hours,
        account=Account(people_a_day=limit, recent=recent),
    )  # fmt: skip
    queued = [number for number, count in waiting.items() for _ in range(count)]
    for priority in planned:
        before = sum(number <= priority for number in queued)
        expected = of(now, after, 1, before, hours, limit, recent)
        assert run.left(after, priority) == expected
        assert run.take(after, priority) == (expected > 0)
        queued += [priority] * (expected > 0)


@settings(max_examples=40)
@given(st.dates(date(2026, 1, 1), date(2026, 12, 31)), zones, times, st.integers(60, 22 * 60))
def test_when_it_is_quiet_the_whole_time_there_is_no_room(
    day: date, zone: str, quiet_from: time, minutes: int
) -> None:
    # given quiet hours that go on for an hour longer, for the clocks may be changed in them
    until = datetime.combine(day, quiet_from, UTC) + timedelta(minutes=minutes) + HOUR
    hours = Hours(zone=ZoneInfo(zone), quiet_from=quiet_from, quiet_until=until.time())
    begins = instants(day, quiet_from, hours.zone)[-1]
    assert of(begins, timedelta(minutes=minutes), 1000, 0, hours) == 0


@settings(max_examples=40)
@given(moments, st.timedeltas(timedelta(minutes=10), timedelta(days=3)), shop_hours)
def test_the_open_spans_are_the_minutes_that_are_not_quiet(
    now: datetime, after: timedelta, hours: Hours
) -> None:
    now, after = (
        now.replace(second=0, microsecond=0),
        timedelta(minutes=after // timedelta(minutes=1)),
    )
    spans = list(hours.open(now, now + after))
    assert all(one < other for one, other in spans)
    assert all(one[1] <= other[0] for one, other in pairwise(spans))
    if hours.quiet_from == hours.quiet_until:
        assert spans == [(now, now + after)]
        return
    minutes = sum(
        not _is_quiet((now + timedelta(minutes=n)).astimezone(hours.zone).time(), hours)
        for n in range(after // timedelta(minutes=1))
    )
    assert sum((b - a for a, b in spans), timedelta()) == timedelta(minutes=minutes)
