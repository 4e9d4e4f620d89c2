"""The threads that wait for answers."""

import threading
import time

from sending_world import wait_until

from agent.pool import Pool
from agent.service import Stopping


def test_work_comes_back_with_its_result() -> None:
    with Pool[int, int](2, lambda number: number * number) as pool:
        for number in (3, 4):
            pool.give(number)
        finished: list[tuple[int, int | BaseException]] = []
        wait_until(lambda: finished.extend(pool.collect(0.01)) or len(finished) == 2)
    assert sorted(finished) == [(3, 9), (4, 16)]
    assert (pool.busy, pool.free) == (0, 2)


def test_there_are_as_many_threads_as_are_needed_and_no_more() -> None:
    gate = threading.Event()
    at_work: set[threading.Thread] = set()

    def work(_: int) -> None:
        at_work.add(threading.current_thread())
        gate.wait(5)

    with Pool[int, None](3, work) as pool:
        pool.give(1)
        wait_until(lambda: len(at_work) == 1)
        assert (pool.busy, pool.free) == (1, 2)
        pool.give(2)
        pool.give(3)
        wait_until(lambda: len(at_work) == 3)
        assert pool.free == 0
        gate.set()
        wait_until(lambda: pool.collect(0.01) is not None and pool.busy == 0)


def test_an_idle_pool_has_nothing_to_tell_and_waits_no_longer_than_asked() -> None:
    with Pool[int, int](1, int) as pool:
        begun = time.monotonic()
        assert pool.collect() == []
        assert pool.collect(0.05) == []
        assert 0.05 <= time.monotonic() - begun < 2


def test_what_the_work_raises_is_handed_over_and_its_thread_goes_on() -> None:
    def work(number: int) -> int:
        if number == 1:
            raise Stopping
        return 1 // number

    with Pool[int, int](1, work) as pool:
        outcomes = []
        for number in (1, 0, 2):
            pool.give(number)
            outcomes += [outcome for _, outcome in pool.collect(5)]
    assert [type(one) for one in outcomes] == [Stopping, ZeroDivisionError, int]


def test_a_closed_pool_lets_its_threads_go() -> None:
    with Pool[int, int](2, int) as pool:
        pool.give(1)
        pool.give(2)
        threads = list(pool._threads)
    wait_until(lambda: not any(thread.is_alive() for thread in threads))
    assert len(threads) == 2
