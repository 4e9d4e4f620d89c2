"""When one request failed, when the shop is away, and how often it is looked for."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.clients.absence import FIRST_PROBE, LONGEST_PROBE, NOTHING_ELSE, Absence, Sign


def failing(absence, what, at, *, sign=Sign.BROKEN, took=3.0):
    """A request that gave up at `at`."""
    return absence.failed(what, sign, began=at - took, now=at)


def test_one_request_that_the_shop_breaks_on_tells_nothing_of_the_shop():
    absence = Absence()
    for at in range(0, 1000, 10):  # it is asked for again and again, and others in between
        assert not failing(absence, "page 7", at)
        absence.heard(at + 5)
    assert not absence.away


def test_two_requests_one_after_the_other_without_an_answer_are_the_shop():
    absence = Absence()
    assert not failing(absence, "page 7", 10.0)
    assert failing(absence, "page 8", 20.0)
    assert absence.since == 7.0  # when the first of them began
    assert absence.next_probe == 20.0 + FIRST_PROBE


def test_an_answer_in_between_ends_the_doubt():
    absence = Absence()
    failing(absence, "page 7", 10.0)
    assert absence.heard(12.0) is None
    assert not failing(absence, "page 8", 20.0)


def test_two_threads_that_break_the_shop_with_the_same_row_at_once_do_not_make_it_away():
    # given two requests at the same time, so that none of them is the witness of the other
    absence = Absence()
    failing(absence, "orders", 10.0, took=5.0)
    assert not failing(absence, "lines", 11.0, took=5.0)
    # then a third one that begins after them decides
    assert failing(absence, "witness", 13.0, took=1.0)


def test_the_same_request_alone_is_believed_after_a_minute_without_any_answer():
    absence = Absence()
    assert not failing(absence, "settings", 10.0)
    assert not failing(absence, "settings", 30.0)
    assert failing(absence, "settings", 10.0 + NOTHING_ELSE)


def test_no_connection_needs_no_second_opinion():
    absence = Absence()
    assert failing(absence, "orders", 10.0, sign=Sign.SHUT, took=8.0)
    assert absence.since == 2.0
    assert not failing(absence, "products", 11.0, sign=Sign.SHUT)  # known already: told once


def test_any_answer_ends_the_absence_and_tells_how_long_it_was():
    absence = Absence()
    failing(absence, "orders", 10.0, sign=Sign.SHUT, took=8.0)
    assert absence.heard(7202.0) == 7200.0
    assert not absence.away
    assert absence.heard(7203.0) is None


def test_probes_come_at_growing_distances_up_to_the_longest():
    absence = Absence()
    failing(absence, "orders", 0.0, sign=Sign.SHUT, took=0.0)
    probes = [absence.next_probe]
    for _ in range(6):
        absence.missed(absence.next_probe)
        probes.append(absence.next_probe)
    distances = [later - earlier for earlier, later in pairwise([0.0, *probes])]
    assert distances == [FIRST_PROBE, 10, 20, 40, LONGEST_PROBE, LONGEST_PROBE, LONGEST_PROBE]
    assert LONGEST_PROBE < 60
    # and the next absence begins with the shortest again
    absence.heard(500.0)
    failing(absence, "orders", 600.0, sign=Sign.SHUT)
    assert absence.next_probe == 600.0 + FIRST_PROBE


EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["heard", "failed"]),
        st.sampled_from("abc"),
        st.sampled_from([Sign.BROKEN, Sign.SHUT]),
        st.floats(0, 30),  # seconds since the event before
        st.floats(0, 30),  # how long it had been asked for
    ),
    max_size=40,
)


@given(EVENTS)
def test_it_is_away_only_after_failures_without_an_answer_and_told_once(events):
    absence, now = Absence(), 0.0
    since_heard = []
    for event, what, sign, passed, took in events:
        now += passed
        was = absence.away
        if event == "heard":
            assert (absence.heard(now) is not None) == was
            since_heard = []
            assert not absence.away
            continue
        told = absence.failed(what, sign, began=now - took, now=now)
        since_heard.append((what, sign, now))
        assert told == (absence.away and not was)
        if told:
            kinds = {one for one, _, _ in since_heard}
            lasting = now - since_heard[0][2] >= NOTHING_ELSE
            assert sign is Sign.SHUT or len(kinds) > 1 or lasting
            assert absence.next_probe == pytest.approx(now + FIRST_PROBE)
