"""How much a shop has to bear from us: at once, while it is in trouble, and while it is down."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from shop_talk import KEY, SECRET, target_of
from wire import answering, read_request, reply, reset

from agent.clients.shop import Shop
from agent.errors import Retryable, ShopAway, Unsure
from agent.service import Service, Stopping, WallClock

CRITICAL = reply(b"<html><title>WordPress Error</title>", status="500 Internal Server Error")


class Counting:
    """Answers everything, and counts how many requests are under way."""

    def __init__(self, answer=None, seconds=0.01):
        self.answer, self.seconds = answer or reply(b"[]"), seconds
        self.targets = []
        self.now = self.most = 0
        self._lock = threading.Lock()

    def __call__(self, connection):
        while request := read_request(connection):
            with self._lock:
                self.targets.append(target_of(request).partition("&oauth")[0])
                self.now += 1
                self.most = max(self.most, self.now)
            time.sleep(self.seconds)
            answer = self.answer(self.targets[-1]) if callable(self.answer) else self.answer
            with self._lock:
                self.now -= 1
            connection.sendall(answer)


def ask_from_threads(shop, requests=24, threads=8):
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(lambda number: shop.page("orders", page=number), range(requests)))


@pytest.mark.long
@pytest.mark.parametrize("parallel", [1, 2, 8])
def test_no_more_requests_are_under_way_than_the_owner_allows(open_shop, serve, parallel):
    counting = Counting(seconds=0.03)
    shop = open_shop(f"http://{serve(counting).host}", parallel=parallel, sleep=time.sleep)
    ask_from_threads(shop)
    assert (counting.most, len(counting.targets)) == (parallel, 24)


@pytest.mark.long
def test_a_shop_that_got_slow_is_asked_one_by_one(open_shop, serve):
    counting = Counting()
    shop = open_shop(f"http://{serve(counting).host}", parallel=4, sleep=time.sleep)
    ask_from_threads(shop)
    counting.seconds, counting.most = 0.3, 0
    shop.page("orders")
    ask_from_threads(shop, requests=4)
    assert counting.most == 1


@pytest.mark.long
def test_a_retry_after_holds_back_every_thread(open_shop, serve):
    left = [reply(b"{}", status="429 Too Many Requests", more="Retry-After: 1\r\n")]
    times = []

    def answer(_):
        times.append(time.monotonic())
        return left.pop() if left else reply(b"[]")

    shop = open_shop(f"http://{serve(Counting(answer)).host}", sleep=time.sleep)
    shop.page("orders")
    assert times[1] - times[0] >= 1
    # and from the other threads, when one of them has met it
    left.append(reply(b"{}", status="429 Too Many Requests", more="Retry-After: 1\r\n"))
    times.clear()
    with ThreadPoolExecutor(4) as pool:
        first = pool.submit(shop.page, "orders")
        while not times:
            time.sleep(0.01)
        time.sleep(0.1)
        others = [pool.submit(shop.page, "products") for _ in range(3)]
        assert [one.result(10).rows for one in (first, *others)] == [[]] * 4
    assert times[1] - times[0] >= 1


@pytest.mark.long
def test_a_thread_in_the_queue_leaves_when_the_service_stops(serve):
    service = Service(WallClock())
    wire = serve()  # answers nothing
    shop = Shop(
        f"http://{wire.host}", KEY, SECRET,
        parallel=1, timeout=1.5, sleep=service.sleep, user_agent="winback/0",
    )  # fmt: skip
    with ThreadPoolExecutor(3) as pool:
        asking = [pool.submit(shop.page, "orders", page=number) for number in range(3)]
        time.sleep(0.2)
        begun = time.monotonic()
        service.stop()
        stopped = [one.exception(5) for one in asking]
    assert all(isinstance(one, Stopping) for one in stopped)
    assert time.monotonic() - begun < 3  # as long as the one that is under way takes to time out
    assert wire.connections == 1
    shop.close()


# A shop that is down


def events(caplog):
    names = ("shop.away", "shop.back")
    return [record.message for record in caplog.records if record.message in names]


def test_a_shop_that_nobody_can_connect_to_is_away_after_one_request(
    open_shop, nobody, waits, caplog
):
    caplog.set_level("INFO")
    shop = open_shop(f"http://{nobody}")
    with pytest.raises(ShopAway, match="connection refused") as gone:
        shop.page("orders")
    assert "curl -I" in gone.value.fix
    assert (len(waits), events(caplog)) == (4, ["shop.away"])
    with pytest.raises(ShopAway):
        shop.create("coupons", {})
    assert len(waits) == 5  # one probe, and no second try
    [told] = [record.fields for record in caplog.records if record.message == "shop.away"]
    assert told == {"what": gone.value.what, "fix": gone.value.fix}


def test_a_shop_that_is_down_for_hours_costs_two_lines_and_a_probe_now_and_then(
    open_shop, serve, caplog
):
    """Eight threads ask as often as they can, for two hours of a clock that only sleeping moves."""
    caplog.set_level("INFO")
    wire = serve(Counting(CRITICAL, seconds=0))
    counting = wire.talk
    lock, now = threading.Lock(), [0.0]

    def sleep(seconds):
        with lock:
            now[0] += seconds
        time.sleep(0.0005)

    shop = open_shop(f"http://{wire.host}", sleep=sleep, monotonic=lambda: now[0])

    def insist(number):
        refused = 0
        while now[0] < 7200:
            try:
                shop.page("orders", page=number)
            except Retryable:
                refused += 1
                time.sleep(0.001)
        return refused

    with ThreadPoolExecutor(8) as pool:
        refusals = sum(pool.map(insist, range(8)))
    assert events(caplog) == ["shop.away"]
    assert refusals > 100
    # 5 tries of all who were there when it began, 5 more at most of each until one of them shows that
    # it is the shop, then one in 45 seconds
    assert len(counting.targets) <= 8 * (5 + 5) + 7200 / 45 + 10
    counting.answer, counting.seconds, counting.most = reply(b"[]"), 0.01, 0
    shop.page("orders")
    assert events(caplog) == ["shop.away", "shop.back"]
    ask_from_threads(shop, requests=4)
    assert counting.most == 1  # no burst


def test_one_page_that_the_shop_breaks_on_hides_no_other(open_shop, serve, caplog):
    caplog.set_level("INFO")
    wire = serve(Counting(lambda target: CRITICAL if "=7" in target else reply(b"[]"), seconds=0))
    shop = open_shop(f"http://{wire.host}")
    for _ in range(3):
        with pytest.raises(Retryable) as broken:
            shop.page("orders", include=7)
        assert not isinstance(broken.value, ShopAway)
        assert shop.page("orders", include=8).rows == []  # a witness
    assert events(caplog) == []


def test_too_many_requests_are_not_an_absence(open_shop, serve, caplog):
    caplog.set_level("INFO")
    busy = reply(b"{}", status="429 Too Many Requests")
    shop = open_shop(f"http://{serve(Counting(busy, seconds=0)).host}")
    for page in range(3):
        with pytest.raises(Retryable, match="429"):
            shop.page("orders", page=page)
    assert events(caplog) == []


def test_maintenance_is_an_absence_at_once(open_shop, serve, waits, caplog):
    caplog.set_level("INFO")
    closed = reply(b"<html>", status="503 Service Unavailable", more="Retry-After: 600\r\n")
    wire = serve(answering(closed, reply(b"[]")))
    shop = open_shop(f"http://{wire.host}")
    with pytest.raises(ShopAway) as gone:
        shop.page("orders")
    assert gone.value.after == 600
    assert waits == []
    shop.page("products")
    assert waits == [pytest.approx(60, abs=1)]
    assert events(caplog) == ["shop.away", "shop.back"]


def test_writes_that_the_shop_breaks_on_are_unsure_and_say_nothing_of_the_shop(
    open_shop, serve, caplog
):
    """A plugin may die of every coupon; nothing else has to wait for that."""
    caplog.set_level("INFO")

    def talk(connection):
        read_request(connection)
        reset(connection)

    shop = open_shop(f"http://{serve(talk).host}")
    with pytest.raises(Retryable):
        shop.page("orders")
    for number in range(3):
        with pytest.raises(Unsure):
            shop.create("coupons", {"code": f"WB{number}"})
    assert events(caplog) == []
    with pytest.raises(ShopAway):
        shop.page("products")
    with pytest.raises(Unsure):
        shop.create("coupons", {})
    assert events(caplog) == ["shop.away"]


def test_after_a_reload_it_is_still_known_that_the_shop_is_away(open_shop, nobody, waits, caplog):
    caplog.set_level("INFO")
    before, after = open_shop(f"http://{nobody}"), open_shop(f"http://{nobody}", parallel=5)
    with pytest.raises(ShopAway):
        before.page("orders")
    after.succeed(before)
    with pytest.raises(ShopAway):
        after.page("orders")
    assert (len(waits), events(caplog), after.gate.parallel) == (5, ["shop.away"], 5)


def test_no_secret_is_told_of_a_shop_that_is_away(open_shop, nobody, caplog):
    caplog.set_level("DEBUG")
    shop = open_shop(f"http://{nobody}")
    for _ in range(2):
        with pytest.raises(ShopAway) as gone:
            shop.page("orders", search="private")
        everything = caplog.text + repr([vars(one) for one in caplog.records]) + str(gone.value)
        for hidden in (KEY, SECRET, "oauth_", "private"):
            assert hidden not in everything
