"""Quiet hours, by the zones a number may be in."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.rules.hours import known_zone, next_allowed

MADRID = ZoneInfo("Europe/Madrid")
EVENING, MORNING = time(22), time(8)


def at(text: str, zone: str = "Europe/Madrid", fold: int = 0) -> datetime:
    """A local time as a UTC instant."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC)


def asked(
    now: datetime,
    *zones: str,
    shop_zone: ZoneInfo = MADRID,
    quiet_from: time = EVENING,
    quiet_until: time = MORNING,
) -> datetime:
    return next_allowed(
        now, zones=zones, shop_zone=shop_zone, quiet_from=quiet_from, quiet_until=quiet_until
    )


def test_by_day_it_is_allowed_now() -> None:
    now = at("2026-06-01 12:00")
    assert asked(now, "Europe/Madrid") is now


@pytest.mark.parametrize(
    "late", ["2026-06-01 22:00", "2026-06-01 23:59:59", "2026-06-02 00:00", "2026-06-02 07:59:59"]
)
def test_by_night_it_waits_for_the_morning(late: str) -> None:
    assert asked(at(late), "Europe/Madrid") == at("2026-06-02 08:00")


def test_the_last_moment_of_the_evening_and_the_first_of_the_morning_are_allowed() -> None:
    for moment in ("2026-06-01 21:59:59.999999", "2026-06-02 08:00"):
        assert asked(at(moment)) == at(moment)


def test_quiet_hours_may_lie_within_a_day() -> None:
    siesta = {"quiet_from": time(14), "quiet_until": time(17)}
    assert asked(at("2026-06-01 14:00"), **siesta) == at("2026-06-01 17:00")
    assert asked(at("2026-06-01 17:00"), **siesta) == at("2026-06-01 17:00")
    assert asked(at("2026-06-01 03:00"), **siesta) == at("2026-06-01 03:00")


def test_equal_times_mean_no_quiet_hours() -> None:
    now = at("2026-06-01 03:00")
    assert asked(now, "Asia/Tokyo", quiet_from=time(8), quiet_until=time(8)) is now


def test_the_recipients_zone_counts_not_the_shops() -> None:
    # given noon in Madrid, which is 19:00 in Tokyo and 06:00 in New York
    noon = at("2026-06-01 12:00")
    assert asked(noon, "Asia/Tokyo") == noon
    assert asked(noon, "America/New_York") == at("2026-06-01 08:00", "America/New_York")


def test_the_shops_zone_decides_if_the_number_may_be_in_it() -> None:
    # 22:30 in Madrid is 21:30 on the Canaries, and 08:30 there is 07:30 here
    assert asked(at("2026-06-01 22:30"), "Atlantic/Canary", "Europe/Madrid") == at(
        "2026-06-02 08:00"
    )
    assert asked(at("2026-06-02 08:30"), "Atlantic/Canary", "Europe/Madrid") == at(
        "2026-06-02 08:30"
    )


def test_several_zones_are_all_respected() -> None:
    zones = ("America/New_York", "America/Los_Angeles")
    # 08:00 in New York is 05:00 in Los Angeles; 20:00 there is 23:00 in New York
    assert asked(at("2026-06-01 08:00", zones[0]), *zones) == at("2026-06-01 08:00", zones[1])
    assert asked(at("2026-06-01 20:00", zones[1]), *zones) == at("2026-06-02 08:00", zones[1])


def test_hours_in_common_may_come_in_two_pieces() -> None:
    # Tokyo's 08:00 to 22:00 is 23:00 to 13:00 UTC, New York's 12:00 to 02:00: one hour, then three
    zones = ("Asia/Tokyo", "America/New_York")
    assert asked(datetime(2026, 6, 1, 11, tzinfo=UTC), *zones) == datetime(
        2026, 6, 1, 12, tzinfo=UTC
    )
    assert asked(datetime(2026, 6, 1, 13, tzinfo=UTC), *zones) == datetime(
        2026, 6, 1, 23, tzinfo=UTC
    )


def test_zones_with_under_four_hours_in_common_leave_it_to_the_shop() -> None:
    zones = ("Asia/Tokyo", "America/New_York", "Europe/London")
    assert asked(at("2026-06-01 09:00"), *zones) == at("2026-06-01 09:00")
    assert asked(at("2026-06-01 23:00"), *zones) == at("2026-06-02 08:00")


def test_exactly_four_hours_in_common_are_enough() -> None:
    # given twelve quiet hours: eight zones apart leave 08:00 to 12:00 UTC, nine leave three hours
    now = datetime(2026, 6, 1, 12, tzinfo=UTC)
    assert asked(now, "Etc/GMT", "Etc/GMT-8", quiet_from=time(20)) == now + timedelta(hours=20)
    assert asked(now, "Etc/GMT", "Etc/GMT-9", quiet_from=time(20)) == now


@pytest.mark.parametrize("zones", [(), ("Mars/Olympus",), ("",), ("../etc/passwd",), ("America",)])
def test_without_a_known_zone_the_shops_decides(zones: tuple[str, ...]) -> None:
    assert asked(at("2026-06-01 23:00"), *zones) == at("2026-06-02 08:00")


def test_an_unknown_zone_beside_a_known_one_does_not_count() -> None:
    now = at("2026-06-01 12:00")
    assert asked(now, "Mars/Olympus", "America/New_York") == at(
        "2026-06-01 08:00", "America/New_York"
    )


@pytest.mark.parametrize(
    ("zones", "reads"),
    [
        ((), "Europe/Madrid"),
        (("America/New_York", "Europe/Madrid"), "Europe/Madrid"),  # perhaps the shop's: the shop's
        (("Mars/Olympus",), "Europe/Madrid"),
        (("Mars/Olympus", "America/New_York", "America/Chicago"), "America/New_York"),
    ],
)
def test_a_date_is_read_where_the_number_is_from(zones: tuple[str, ...], reads: str) -> None:
    assert known_zone(zones, MADRID).key == reads


def test_the_night_in_spring_is_an_hour_shorter() -> None:
    assert asked(at("2026-03-28 22:00")) - at("2026-03-28 22:00") == timedelta(hours=9)
    assert asked(at("2026-10-24 22:00")) - at("2026-10-24 22:00") == timedelta(hours=11)


def test_quiet_hours_that_end_in_the_gap_end_with_the_gap() -> None:
    assert asked(at("2026-03-29 01:00"), quiet_until=time(2, 30)) == at("2026-03-29 03:00")


def test_quiet_hours_that_a_gap_swallows_do_not_happen() -> None:
    moment = at("2026-03-29 01:59:59")
    assert asked(moment, quiet_from=time(2, 10), quiet_until=time(2, 50)) == moment


def test_quiet_hours_that_end_and_begin_in_one_gap_go_on() -> None:
    window = {"quiet_from": time(2, 50), "quiet_until": time(2, 10)}
    assert asked(at("2026-03-29 01:00"), **window) == at("2026-03-30 02:10")


def test_the_hour_that_autumn_repeats_is_quiet_twice() -> None:
    # quiet until 02:30, which comes twice: 02:30 to 03:00, then it is 02:00 again
    window = {"quiet_until": time(2, 30)}
    assert asked(at("2026-10-25 02:10"), **window) == at("2026-10-25 02:30")
    assert asked(at("2026-10-25 02:10", fold=1), **window) == at("2026-10-25 02:30", fold=1)


def test_clocks_that_go_back_before_the_quiet_hours_end_them() -> None:
    # quiet from 02:30; at 03:00 it is 02:00 again, and allowed until 02:30 comes a second time
    window = {"quiet_from": time(2, 30), "quiet_until": time(8)}
    assert asked(at("2026-10-25 02:45"), **window) == at("2026-10-25 02:00", fold=1)


ZONES = [
    "Europe/Madrid",
    "America/Havana",
    "Australia/Lord_Howe",
    "Asia/Beirut",
    "America/Nuuk",
    "Asia/Kolkata",
]
CHANGES = [  # around them things may go wrong
    datetime(2026, 3, 29, tzinfo=UTC), datetime(2026, 10, 25, tzinfo=UTC),  # Europe, Beirut, Nuuk
    datetime(2026, 3, 8, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC),  # Havana
    datetime(2026, 10, 3, 12, tzinfo=UTC), datetime(2026, 4, 4, 12, tzinfo=UTC),  # Lord Howe
]  # fmt: skip
QUARTERS = st.builds(time, st.integers(0, 23), st.sampled_from([0, 15, 30, 45]))


@settings(max_examples=60)
@given(
    change=st.sampled_from(CHANGES),
    quarters=st.integers(-48, 48),
    zone=st.sampled_from(ZONES),
    quiet_from=QUARTERS,
    quiet_until=QUARTERS,
)
def test_it_is_the_first_quarter_that_the_clocks_allow(
    change: datetime, quarters: int, zone: str, quiet_from: time, quiet_until: time
) -> None:
    # given an oracle that looks at the clock each quarter of an hour; all changes fall on one
    def is_quiet(instant: datetime) -> bool:
        local = instant.astimezone(ZoneInfo(zone)).time()
        if quiet_from <= quiet_until:
            return quiet_from <= local < quiet_until
        return not quiet_until <= local < quiet_from

    now = first = change + timedelta(minutes=15 * quarters)
    while is_quiet(first):
        first += timedelta(minutes=15)
    # then the rule says the same
    window = {"quiet_from": quiet_from, "quiet_until": quiet_until}
    assert asked(now, zone, shop_zone=ZoneInfo(zone), **window) == first


@settings(max_examples=30)
@given(
    now=st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - bounds
    zones=st.lists(
        st.sampled_from([*ZONES, "Asia/Tokyo", "America/New_York"]), min_size=1, max_size=3
    ),
)
def test_the_answer_is_allowed_in_every_zone_or_in_the_shops(
    now: datetime, zones: list[str]
) -> None:
    then = asked(now, *zones)

    def allowed(zone: ZoneInfo) -> bool:
        return MORNING <= then.astimezone(zone).time() < EVENING

    assert allowed(MADRID) or all(allowed(ZoneInfo(zone)) for zone in zones)
    assert now <= then <= now + timedelta(hours=24 - 4 + 2)  # the clocks of two zones may change
    assert then.utcoffset() == timedelta(0)
