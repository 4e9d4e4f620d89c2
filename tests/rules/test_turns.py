"""Whose turn is it? All come round in their time, however many there are."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from agent.rules.turns import pick_turns, slots

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
intervals = st.dictionaries(
    st.text("abcdefgh", min_size=1, max_size=3),
    st.integers(1, 2000).map(lambda minutes: timedelta(minutes=minutes)),
    min_size=1,
    max_size=12,
)


def test_what_was_never_asked_comes_first() -> None:
    every = {"trash": 5 * MINUTE, "counts": 15 * MINUTE}
    last = {"trash": NOON - 10 * MINUTE}
    assert pick_turns(every, last, now=NOON, cycle=MINUTE) == ["counts"]


def test_what_is_late_for_longest_comes_first() -> None:
    every = {"trash": 5 * MINUTE, "facts": 60 * MINUTE}
    last = {"trash": NOON - 20 * MINUTE, "facts": NOON - 90 * MINUTE}
    assert pick_turns(every, last, now=NOON, cycle=MINUTE) == ["facts"]


def test_nothing_is_asked_before_its_time() -> None:
    every = {"trash": 5 * MINUTE}
    assert pick_turns(every, {"trash": NOON - 4 * MINUTE}, now=NOON, cycle=MINUTE) == []


def test_a_time_that_lies_ahead_does_not_stop_a_turn_for_ever() -> None:
    every = {"trash": 5 * MINUTE}
    last = {"trash": NOON + timedelta(days=300)}
    assert pick_turns(every, last, now=NOON, cycle=MINUTE) == ["trash"]


def test_a_large_shop_gives_more_turns_a_cycle() -> None:
    """A sweep of 10,000 pages a day is seven a minute."""
    every = {"sweep orders": timedelta(days=1) / 10_000, "trash": 5 * MINUTE}
    assert slots(every, MINUTE) == 8
    assert slots({"trash": 5 * MINUTE}, MINUTE) == 1


@given(intervals)
def test_all_come_round_within_twice_their_interval(every: dict[str, timedelta]) -> None:
    """One more cycle for each of the others: that many may come first."""
    last: dict[str, datetime] = {}
    waited = dict.fromkeys(every, timedelta(0))
    now = NOON
    for _ in range(300):
        now += MINUTE
        for name in pick_turns(every, last, now=now, cycle=MINUTE):
            if name in last:
                waited[name] = max(waited[name], now - last[name])
            last[name] = now
    for name, longest in waited.items():
        assert longest <= 2 * every[name] + len(every) * MINUTE


@given(intervals, st.data())
def test_never_more_than_the_slots(every: dict[str, timedelta], data: st.DataObject) -> None:
    last = {
        name: NOON - timedelta(minutes=data.draw(st.integers(-100, 5000)))
        for name in every
        if data.draw(st.booleans())
    }
    chosen = pick_turns(every, last, now=NOON, cycle=MINUTE)
    assert len(chosen) == len(set(chosen)) <= slots(every, MINUTE)
