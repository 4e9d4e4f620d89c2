"""The account's limit: no more people in any 24 hours than WhatsApp lets it write to."""

from itertools import count

import pytest
from send_stage import Office
from sending_world import states

from agent.room import LIMIT, Places
from models import Message, ShopFact


@pytest.fixture(autouse=True)
def _without_a_reserve(office: Office) -> None:
    office.change(whatsapp__news_reserve=0)


def test_marketing_leaves_the_reserve_to_order_news(office: Office) -> None:
    office.change(whatsapp__news_reserve=30)
    ShopFact.put({LIMIT: "TIER_10"})
    office.world.queue(20)
    assert office.send() == {"accepted": 7}
    office.world.queue(5, kind="news", priority=-1)
    assert office.send() == {"accepted": 3}
    assert states() == {"accepted": 10, "queued": 15}
    # what news has taken, of its own, does not count for marketing
    office.later(hours=25)
    office.world.queue(2, kind="news", priority=-1)
    assert office.send() == {"accepted": 10}


def test_what_is_beyond_the_limit_waits_for_its_turn(office: Office) -> None:
    ShopFact.put({LIMIT: "TIER_50"})
    office.world.queue(70)
    assert office.send() == {"accepted": 50}
    assert states() == {"accepted": 50, "queued": 20}
    assert office.send() == {}  # also in the next run, and that one asks WhatsApp nothing
    assert len(office.whatsapp.accepted) == 50

    office.later(hours=23, minutes=59)
    assert office.send() == {}
    office.later(minutes=2)
    assert office.send() == {"accepted": 20}
    assert set(office.taken.values()) == {1}


def test_a_limit_of_our_own_holds_too(office: Office) -> None:
    office.change(whatsapp__news_reserve=0, whatsapp__messages_per_day=3)
    office.world.queue(5)
    assert office.send() == {"accepted": 3}


def test_without_a_limit_all_of_it_leaves(office: Office) -> None:
    ShopFact.put({LIMIT: "TIER_UNLIMITED"})
    office.world.queue(5)
    assert office.send() == {"accepted": 5}


def test_what_was_refused_has_taken_no_place(office: Office) -> None:
    office.change(whatsapp__news_reserve=0, whatsapp__messages_per_day=3)
    office.whatsapp.fail_next(131009, times=2)
    office.world.queue(5)
    assert office.send() == {"accepted": 1, "refused": 2}
    assert office.send() == {"accepted": 2}


def test_an_orphan_is_told_also_when_there_is_no_place(office: Office) -> None:
    office.change(whatsapp__news_reserve=0, whatsapp__messages_per_day=1)
    now = office.clock.now()
    office.world.queue(1, state="claimed", claimed_at=now)
    office.world.queue(1)
    assert office.send() == {"unsure": 1}
    assert states() == {"unsure": 1, "queued": 1}


def test_whose_day_is_over_is_looked_for_again_after_a_while(office: Office) -> None:
    office.change(whatsapp__news_reserve=0, whatsapp__messages_per_day=2)
    seconds = count(0, 10)
    places = Places(office.clock.now, lambda: float(next(seconds)))
    zone = office.clock.now().tzinfo

    def within(wanted: int) -> int:
        return places.within(wanted, office.settings, zone)  # type: ignore[arg-type]

    assert within(5) == 2
    places.spend(2)
    assert [within(1), within(1)] == [0, 0]
    assert within(5) == 2  # 30 seconds later: what was spent never left
    assert not Message.select().exists()
