"""Threads at the gate: how many get through, who is turned away, and that everybody can leave."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from agent.clients.absence import FIRST_PROBE, Sign
from agent.clients.gate import Ending, Gate
from agent.errors import Refused, Retryable, ShopAway, Unsure
from agent.service import Service, Stopping, WallClock

GOOD = Ending(Sign.HERE, good=True, kind="orders", seconds=0.01)
BUSY = Ending(Sign.HERE, good=False)
BROKEN = Ending(Sign.BROKEN, good=False)
SHUT = Ending(Sign.SHUT, good=False)
DOWN = "no answer from https://shop.example"


class Hand:
    """A clock that only moves when somebody sleeps, or the test says so."""

    def __init__(self):
        self.seconds = 1000.0
        self.slept = []

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.seconds += seconds

    def __call__(self):
        return self.seconds


@pytest.fixture
def hand():
    return Hand()


@pytest.fixture
def gate(hand):
    return Gate(2, sleep=hand.sleep, monotonic=hand)


def go(gate, what="orders", ending=GOOD, failure=None):
    """One request of one try; raises what the shop's client would raise."""
    errand = gate.begin(what)
    with gate.turn(errand):
        gate.ended(errand, ending)
    if failure is not None:
        raise gate.failure_of_errand(errand, gate.failure_of_try(errand, failure))
    return errand


def down():
    return Retryable(DOWN, fix="see that the shop is up")


def make_away(gate):
    with pytest.raises(ShopAway):
        go(gate, ending=SHUT, failure=down())


class Crowd:
    """Counts who is between the gate and the end of their turn."""

    def __init__(self):
        self.inside = self.most = self.visits = 0
        self._lock = threading.Lock()

    @contextmanager
    def counted(self):
        with self._lock:
            self.inside += 1
            self.visits += 1
            self.most = max(self.most, self.inside)
        yield
        with self._lock:
            self.inside -= 1


def crowd_of(gate, threads=8, requests=40, ending=GOOD):
    crowd = Crowd()

    def visit(number):
        errand = gate.begin(f"orders {number}")
        with gate.turn(errand), crowd.counted():
            time.sleep(0.002)
            gate.ended(errand, ending)

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(visit, range(requests)))
    return crowd


@pytest.mark.parametrize("parallel", [1, 2, 5])
def test_never_more_at_once_than_allowed_and_everybody_gets_through(parallel):
    crowd = crowd_of(Gate(parallel, sleep=time.sleep))
    assert (crowd.most, crowd.visits) == (parallel, 40)


def test_one_at_a_time_while_the_shop_is_in_trouble():
    gate = Gate(4, sleep=time.sleep)
    go(gate, ending=BUSY)
    assert crowd_of(gate, ending=BUSY).most == 1


def test_all_again_after_a_run_of_good_answers():
    gate = Gate(4, sleep=time.sleep)
    go(gate, ending=BUSY)
    for _ in range(10):
        go(gate)
    assert crowd_of(gate).most == 4


def test_who_came_first_goes_first_however_fast_the_others_come_back():
    gate, order = Gate(1, sleep=time.sleep), []

    def walk(name, requests):
        for _ in range(requests):
            errand = gate.begin(name)
            with gate.turn(errand):
                order.append(name)
                time.sleep(0.005)
                gate.ended(errand, GOOD)

    with ThreadPoolExecutor(2) as pool:
        long = pool.submit(walk, "pages", 50)
        while len(order) < 5:
            time.sleep(0.001)
        pool.submit(walk, "coupon", 1).result(5)
        place = order.index("coupon")
        long.result(5)
    assert 5 <= place <= 8


def test_a_reload_that_allows_more_is_felt_by_those_who_wait():
    gate = Gate(1, sleep=time.sleep)
    gate.parallel = 3
    assert crowd_of(gate).most == 3


def test_a_turn_is_given_back_whatever_happens_in_it(gate):
    for _ in range(5):
        with pytest.raises(KeyError), gate.turn(gate.begin("orders")):
            raise KeyError
    assert crowd_of(gate).visits == 40


def test_a_time_that_the_shop_named_holds_back_everybody_once(gate, hand):
    go(gate, ending=Ending(Sign.HERE, good=False, after=7.0))
    go(gate, "products")
    go(gate, "customers")
    assert hand.slept == [7.0]


def test_a_wait_that_the_asker_slept_already_is_not_slept_twice(gate, hand):
    go(gate, ending=Ending(Sign.HERE, good=False, after=7.0))
    gate.sleep(7.0)
    go(gate)
    assert hand.slept == [7.0]


def test_a_sleep_that_is_cut_short_on_purpose_counts_as_slept():
    slept = []
    gate = Gate(2, sleep=slept.append)  # as `winback check`, whose sleep is impatient
    go(gate, ending=Ending(Sign.HERE, good=False, after=30.0))
    go(gate)
    assert slept == [pytest.approx(30.0, abs=0.5)]


@pytest.mark.parametrize("why", ["queue", "hold", "probe"])
def test_who_waits_leaves_when_the_service_stops(why):
    service = Service(WallClock())
    gate = Gate(1, sleep=service.sleep)
    left = threading.Event()
    if why == "hold":
        go(gate, ending=Ending(Sign.HERE, good=False, after=50.0))
    elif why == "probe":
        make_away(gate)

    def wait():
        try:
            go(gate)
        except Stopping:
            left.set()

    inside = gate.turn(gate.begin("slow"))
    if why == "queue":
        inside.__enter__()
    thread = threading.Thread(target=wait)
    thread.start()
    time.sleep(0.05)
    assert thread.is_alive()
    service.stop()
    thread.join(2)
    assert left.is_set()


# away


def test_it_is_told_once_that_the_shop_went_and_once_that_it_came_back(gate, hand, caplog):
    caplog.set_level("INFO")
    make_away(gate)
    for _ in range(20):
        with pytest.raises(ShopAway):
            go(gate, ending=SHUT, failure=down())
    go(gate)
    go(gate)
    told = [(one.levelname, one.message, one.fields) for one in caplog.records]
    assert [(level, event) for level, event, _ in told] == [
        ("WARNING", "shop.away"),
        ("INFO", "shop.back"),
    ]
    assert told[0][2] == {"what": DOWN, "fix": "see that the shop is up"}
    seconds = 5 + 10 + 20 + 40 + 17 * 45
    assert told[1][2] == {"away": "14m", "seconds": seconds}
    assert sum(hand.slept) == seconds


def test_while_it_is_away_one_looks_for_it_and_the_others_are_turned_away_at_once(hand):
    released, waiting = threading.Event(), threading.Event()

    def sleep(seconds):
        waiting.set()
        assert released.wait(5)
        hand.sleep(seconds)

    gate = Gate(4, sleep=sleep, monotonic=hand)
    make_away(gate)
    with ThreadPoolExecutor(1) as pool:
        probe = pool.submit(go, gate)
        assert waiting.wait(5)
        for _ in range(10):
            with pytest.raises(ShopAway, match="not asked, because the shop is away") as refused:
                go(gate)
            assert DOWN in refused.value.what
            assert refused.value.after == FIRST_PROBE
        released.set()
        assert probe.result(5).probe
    assert hand.slept == [FIRST_PROBE]
    assert not go(gate).probe


def test_those_who_queue_when_it_goes_away_do_not_ask_it_one_after_the_other(hand):
    gate = Gate(1, sleep=hand.sleep, monotonic=hand)
    asked, refused = [], []
    inside = gate.begin("first")
    turn = gate.turn(inside)
    turn.__enter__()

    def queue(number):
        errand = gate.begin(f"page {number}")
        try:
            with gate.turn(errand):
                asked.append(number)
                gate.ended(errand, SHUT)
        except ShopAway:
            refused.append(number)
        else:
            gate.failure_of_try(errand, down())

    with ThreadPoolExecutor(6) as pool:
        everybody = [pool.submit(queue, number) for number in range(6)]
        time.sleep(0.05)
        gate.ended(inside, SHUT)
        gate.failure_of_errand(inside, down())
        time.sleep(0.05)
        turn.__exit__(None, None, None)
    assert all(one.done() for one in everybody)
    assert len(asked) + len(refused) == 6
    assert len(hand.slept) - hand.slept.count(0.0) == len(asked)  # each after a wait of its own


def test_after_its_return_there_is_no_burst(gate):
    make_away(gate)
    go(gate)
    assert crowd_of(gate, requests=8, ending=BUSY).most == 1


def test_a_request_that_the_shop_breaks_on_leaves_the_way_free_for_the_others(gate, hand):
    for _ in range(5):
        with pytest.raises(Retryable) as failed:
            go(gate, "page 7", BROKEN, down())
        assert not isinstance(failed.value, ShopAway)
        go(gate, "a witness")
    assert hand.slept == []


def test_the_failures_that_led_to_it_are_told_with_it(gate):
    first, second = down(), down()
    with pytest.raises(Retryable):
        go(gate, "page 7", BROKEN, first)
    assert not first.told
    with pytest.raises(ShopAway):
        go(gate, "a witness", BROKEN, second)
    assert first.told


def test_failures_that_an_answer_parts_are_not_told_with_it(gate):
    first = down()
    with pytest.raises(Retryable):
        go(gate, "page 7", BROKEN, first)
    go(gate, "a witness")
    make_away(gate)
    assert not first.told


def test_a_write_that_may_have_been_done_stays_unsure_also_as_a_probe(gate, hand):
    make_away(gate)
    unsure = Unsure("POST coupons: no answer", fix="look in the shop")
    with pytest.raises(Unsure) as raised:
        go(gate, "POST coupons", BROKEN, unsure)
    assert not raised.value.told
    make_away(gate)
    assert hand.slept == [5.0, 10.0]


def test_a_refusal_is_an_answer(gate, caplog):
    caplog.set_level("INFO")
    make_away(gate)
    with pytest.raises(Refused):
        go(gate, ending=GOOD, failure=Refused("no", fix="look", code="404"))
    assert [one.message for one in caplog.records] == ["shop.away", "shop.back"]


def test_the_wait_that_maintenance_named_comes_before_the_first_probe(gate, hand):
    failure = Retryable("503 Maintenance", fix="wait", after=600.0)
    with pytest.raises(ShopAway) as gone:
        go(gate, ending=Ending(Sign.SHUT, good=False, after=600.0), failure=failure)
    assert gone.value.after == 600.0
    go(gate)
    assert hand.slept == [60.0]
