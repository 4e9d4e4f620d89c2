"""How many requests may be under way, whatever the shop does."""

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from agent.clients.pace import FIRST_ANSWERS, GOOD_RUN, Pace
from agent.retry import LONGEST_WAIT


def settled(parallel=4, seconds=1.0):
    """A pace that knows how long answers take."""
    pace = Pace(parallel)
    for _ in range(FIRST_ANSWERS):
        pace.answered("orders", seconds)
    return pace


def test_as_many_as_are_allowed_and_no_more():
    pace = Pace(3)
    assert [pace.may_begin(0.0, under_way) for under_way in range(5)] == [True] * 3 + [False] * 2


def test_one_at_a_time_from_trouble_until_ten_good_answers_in_a_row():
    pace = Pace(3)
    pace.trouble()
    for _ in range(GOOD_RUN - 1):
        pace.answered("orders", 0.1)
        assert pace.at_once == 1
    pace.trouble()  # then they begin anew
    for _ in range(GOOD_RUN):
        assert pace.at_once == 1
        pace.answered("orders", 0.1)
    assert pace.at_once == 3


def test_an_answer_that_takes_more_than_twice_as_long_as_its_kind_is_trouble():
    pace = settled(seconds=1.0)
    pace.answered("orders", 1.9)
    assert pace.at_once == 4
    pace.answered("orders", 2.5)
    assert pace.at_once == 1


def test_kinds_are_not_measured_by_each_other():
    pace = settled(seconds=0.05)
    for _ in range(FIRST_ANSWERS):
        pace.answered("orders with lines", 2.0)
    assert pace.at_once == 4


def test_a_few_milliseconds_more_are_no_trouble():
    pace = settled(seconds=0.01)
    pace.answered("orders", 0.09)
    assert pace.at_once == 4


def test_one_answer_that_hung_does_not_hide_the_next_slow_one():
    pace = settled(seconds=1.0)
    pace.answered("orders", 60.0)
    for _ in range(GOOD_RUN):
        pace.answered("orders", 1.0)
    assert pace.at_once == 4
    pace.answered("orders", 2.5)
    assert pace.at_once == 1


@given(st.floats(1.0, 5.0), st.floats(2.0, 20.0))
def test_a_shop_that_stays_slower_is_at_last_what_is_normal(before, times):
    pace = settled(seconds=before)
    for _ in range(200):
        pace.answered("orders", before * times)
    assert pace.at_once == 4


def test_a_time_that_the_shop_named_is_kept_up_to_the_longest_wait():
    pace = Pace(2)
    pace.hold(100.0, 7.0)
    pace.hold(100.0, 3.0)  # a shorter one takes nothing back
    assert not pace.may_begin(106.9, 0)
    assert pace.may_begin(107.0, 0)
    pace.hold(200.0, 3600.0)
    assert not pace.may_begin(200.0 + LONGEST_WAIT - 0.1, 0)
    assert pace.may_begin(200.0 + LONGEST_WAIT, 0)


class Traffic(RuleBasedStateMachine):
    """Requests that begin and end in any order, as good or bad as it comes."""

    def __init__(self):
        super().__init__()
        self.parallel = 3
        self.pace = Pace(self.parallel)
        self.now = 0.0
        self.under_way = 0
        self.good_in_a_row = GOOD_RUN  # since the last trouble
        self.quiet_until = 0.0

    @rule(parallel=st.integers(1, 8))
    def reload(self, parallel):
        self.parallel = self.pace.parallel = parallel

    @rule(seconds=st.floats(0, 100))
    def pass_time(self, seconds):
        self.now += seconds

    @rule()
    def begin(self):
        if self.pace.may_begin(self.now, self.under_way):
            assert self.now >= self.quiet_until
            assert self.under_way < (self.parallel if self.good_in_a_row >= GOOD_RUN else 1)
            self.under_way += 1
        elif self.now >= self.quiet_until:  # and nobody is kept waiting for nothing
            assert self.under_way >= (self.parallel if self.good_in_a_row >= GOOD_RUN else 1)

    @precondition(lambda self: self.under_way)
    @rule()
    def end_well(self):
        self.under_way -= 1
        self.good_in_a_row += 1
        self.pace.answered("orders", 0.5)

    @precondition(lambda self: self.under_way)
    @rule(told=st.none() | st.floats(0, 200))
    def end_badly(self, told):
        self.under_way -= 1
        self.good_in_a_row = 0
        self.pace.trouble()
        if told is not None:
            self.pace.hold(self.now, told)
            self.quiet_until = max(self.quiet_until, self.now + min(told, LONGEST_WAIT))

    @invariant()
    def the_shop_is_asked_again_some_time(self):
        assert self.pace.may_begin(self.now + LONGEST_WAIT, 0)


TestTraffic = Traffic.TestCase
