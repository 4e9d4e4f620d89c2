"""Coupons after their time: what nobody used goes, what was used stays, whatever happens on the way."""

import json
import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from jobs_stage import (
    DAY,
    Counter,
    Killed,
    Misprint,
    add_contact,
    add_message,
    dying_after,
    nothing,
)

from agent.errors import Refused, Retryable, Unauthorized, Unsure
from agent.jobs.coupons import make_coupons, remove, remove_coupons
from agent.jobs.pull.filing import Filing
from agent.jobs.pull.turns import _look_at_coupons
from agent.rules.states import State
from agent.sandbox.shop.shop import Asked
from agent.sandbox.shop.trouble import LostAnswer, Maintenance, Next, Page, PlainPermalinks, Trouble
from models import Coupon, Hint, Message, ShopCoupon

LIVES = timedelta(days=7)
SECOND = timedelta(seconds=1)
COUPONS = "wc/v3/coupons"

Remove = Callable[..., dict[str, int]]


@pytest.fixture
def removed(counter: Counter) -> Remove:
    """Runs the job."""
    return lambda beat=nothing: remove_coupons(counter.client, now=counter.now, beat=beat)


def give(counter: Counter, code: str = "WBA2B3C4D5E", **message: Any) -> Coupon:
    """Somebody gets a coupon, in a message that was read unless `message` says otherwise."""
    number = Message.select().count()
    row = add_message(add_contact(f"+1202555{number:04}", counter.now), counter.now)
    columns = {"email": "ana@example.com", "percent": 15, "expires_at": counter.now + LIVES}
    Coupon.put([{"code": code, "message_uid": row.uid} | columns])
    make_coupons(counter.client, now=counter.now, beat=nothing)
    Message.update(**({"state": "read", "ended_at": counter.now} | message)).where(
        Message.id == row.id
    ).execute()
    counter.forget_requests()
    return coupon(code)


def coupon(code: str) -> Coupon:
    found: Coupon = Coupon.get_by_id(code)
    return found


def codes(counter: Counter) -> list[str]:
    """Those in the shop, whatever their status."""
    return [one.code for one in counter.shop.coupons]


def writes(counter: Counter) -> list[tuple[str, str]]:
    return [(one.method, one.path) for one in counter.shop.asked if one.method != "GET"]


# when


@pytest.mark.parametrize(
    ("after", "goes"), [(LIVES, False), (LIVES + DAY, False), (LIVES + DAY + SECOND, True)]
)
def test_an_unused_coupon_is_removed_a_day_after_its_end(
    counter: Counter, removed: Remove, after: timedelta, goes: bool
) -> None:
    give(counter)
    counter.clock.advance(after)
    assert removed() == ({"removed": 1} if goes else {})
    assert codes(counter) == ([] if goes else ["WBA2B3C4D5E"])
    assert coupon("WBA2B3C4D5E").removed_at == (counter.now if goes else None)


def test_it_is_removed_for_good_and_its_code_is_free(counter: Counter, removed: Remove) -> None:
    made = give(counter)
    counter.later(days=9)
    removed()
    assert writes(counter) == [("DELETE", f"wc/v3/coupons/{made.woo_id}")]
    assert counter.client.create("coupons", {"code": made.code, "amount": "5"})["id"]


def test_nothing_is_removed_twice(counter: Counter, removed: Remove) -> None:
    give(counter)
    counter.later(days=9)
    removed()
    counter.forget_requests()
    assert removed() == {}
    assert not counter.shop.asked


@pytest.mark.parametrize("state", sorted(State))
def test_a_coupon_whose_message_never_left_does_not_wait_for_its_end(
    counter: Counter, removed: Remove, state: str
) -> None:
    give(counter, state=state)
    counter.clock.advance(DAY)
    assert removed() == {}
    counter.clock.advance(SECOND)
    assert removed() == ({"removed": 1} if state in {"cancelled", "expired", "refused"} else {})


def test_without_a_moment_of_its_end_a_message_may_still_be_under_way(
    counter: Counter, removed: Remove
) -> None:
    give(counter, state="refused", ended_at=None)
    counter.later(days=2)
    assert removed() == {}
    counter.later(days=7)
    assert removed() == {"removed": 1}


# what stays


def test_a_used_coupon_is_never_touched(counter: Counter, removed: Remove) -> None:
    """It is part of an order's history."""
    give(counter)
    counter.order(billing={"email": "ana@example.com"}, coupon_codes=["WBA2B3C4D5E"])
    counter.later(days=9)
    assert removed() == {"kept": 1}
    assert codes(counter) == ["WBA2B3C4D5E"]
    assert ShopCoupon.get().usage_count == 1
    counter.forget_requests()
    assert removed() == {}  # the mirror knows now, and the shop is not asked every night
    assert not counter.shop.asked


def test_what_the_mirror_has_not_seen_yet_is_asked_of_the_shop(
    counter: Counter, removed: Remove
) -> None:
    made = give(counter)
    ShopCoupon.absorb([{"woo_id": made.woo_id, "usage_count": 0, "read_at": counter.now,
                        "expires_at": made.expires_at}])  # fmt: skip
    counter.later(days=6)
    counter.order(billing={"email": "ana@example.com"}, coupon_codes=["WBA2B3C4D5E"])
    counter.later(days=3)
    assert removed() == {"kept": 1}
    assert codes(counter) == ["WBA2B3C4D5E"]


@pytest.mark.parametrize("longer", [timedelta(days=30), None])
def test_a_coupon_that_was_given_more_time_is_the_shop_s(
    counter: Counter, removed: Remove, longer: timedelta | None
) -> None:
    made = give(counter)
    row = counter.shop.coupon(made.woo_id or 0)
    row.expires = None if longer is None else counter.now + longer
    counter.shop.save_coupon(row)
    counter.later(days=9)
    assert removed() == {"kept": 1}
    assert codes(counter) == ["WBA2B3C4D5E"]
    counter.forget_requests()
    assert removed() == {}
    assert not counter.shop.asked


def test_when_its_longer_time_is_over_it_goes(counter: Counter, removed: Remove) -> None:
    made = give(counter)
    row = counter.shop.coupon(made.woo_id or 0)
    row.expires = counter.now + timedelta(days=30)
    counter.shop.save_coupon(row)
    counter.later(days=9)
    removed()
    counter.later(days=23)
    assert removed() == {"removed": 1}


def test_another_s_coupon_under_the_same_id_is_left_to_them(
    counter: Counter, removed: Remove
) -> None:
    """A shop that was restored gives its numbers again."""
    made = give(counter)
    row = counter.shop.coupon(made.woo_id or 0)
    row.code = "SUMMER"
    counter.shop.save_coupon(row)
    counter.later(days=9)
    assert removed() == {"not ours": 1}
    assert codes(counter) == ["SUMMER"]
    assert removed() == {}


# what the shop does


def test_what_is_gone_already_is_fine(counter: Counter, removed: Remove) -> None:
    made = give(counter)
    counter.shop.delete_coupon(made.woo_id or 0)
    counter.later(days=9)
    assert removed() == {"gone already": 1}
    assert removed() == {}


def test_what_lies_in_the_trash_goes_too(counter: Counter, removed: Remove) -> None:
    made = give(counter)
    counter.shop.trash_coupon(made.woo_id or 0)
    counter.later(days=9)
    assert removed() == {"removed": 1}
    assert codes(counter) == []


class Forgets(Trouble):
    """Every list comes empty."""

    def spoil(self, body: str) -> str:
        return "[]" if body.startswith("[") else body


def test_a_list_that_is_empty_by_mistake_is_not_believed(counter: Counter, removed: Remove) -> None:
    give(counter)
    counter.order(billing={"email": "ana@example.com"}, coupon_codes=["WBA2B3C4D5E"])
    counter.later(days=9)

    counter.shop.trouble = Forgets()
    assert removed() == {"kept": 1}
    assert codes(counter) == ["WBA2B3C4D5E"]


class Forbidden(Trouble):
    """A plugin that lets nobody remove anything: WooCommerce says so with a 500."""

    def instead(self, home: str, address: str) -> Page:
        said = {"code": "woocommerce_rest_cannot_delete", "message": "No.", "data": {"status": 500}}
        return Page(500, json.dumps(said), type="application/json", from_rest=True)


def _removes(asked: Asked) -> bool:
    return asked.method == "DELETE"


def _asks_for_one(asked: Asked) -> bool:
    return asked.method == "GET" and asked.path != COUPONS


class WrongKey(Trouble):
    """A security plugin lets nobody in."""

    def instead(self, home: str, address: str) -> Page:
        said = {"code": "rest_forbidden", "message": "No.", "data": {"status": 401}}
        return Page(401, json.dumps(said), type="application/json", from_rest=True)


class Only(Trouble):
    """Trouble for some requests, and another or none for the rest."""

    def __init__(
        self,
        counter: Counter,
        which: Callable[[Asked], bool],
        then: Trouble,
        otherwise: Trouble | None = None,
    ) -> None:
        self._which, self._then, self._otherwise = which, then, otherwise or Trouble()
        self._meant = False
        counter.shop.on_request = self._look

    def _look(self, asked: Asked) -> None:
        self._meant = self._which(asked)

    def strike(self) -> Trouble:
        return (self._then if self._meant else self._otherwise).strike()


def test_a_removal_whose_answer_was_lost_is_seen_the_next_night(
    counter: Counter, removed: Remove
) -> None:
    give(counter)
    counter.later(days=9)
    counter.shop.trouble = Only(counter, _removes, LostAnswer())
    with pytest.raises(Unsure):
        removed()
    assert coupon("WBA2B3C4D5E").removed_at is None
    counter.shop.trouble = None
    assert removed() == {"gone already": 1}


def test_what_vanishes_between_the_look_and_the_removal_is_fine(
    counter: Counter, removed: Remove
) -> None:
    made = give(counter)
    counter.later(days=9)

    def beat() -> None:
        if any(one.path == COUPONS for one in counter.shop.asked):
            counter.shop.coupons.remove(made.woo_id or 0)

    assert removed(beat) == {"removed": 1}


@pytest.mark.parametrize("which", [_removes, _asks_for_one])
@pytest.mark.parametrize("trouble", [PlainPermalinks(), WrongKey()])
def test_trouble_in_the_middle_loses_nothing(
    counter: Counter, removed: Remove, which: Callable[[Asked], bool], trouble: Trouble
) -> None:
    give(counter)
    counter.later(days=9)
    otherwise = Forgets() if which is _asks_for_one else None
    counter.shop.trouble = Only(counter, which, trouble, otherwise)
    with pytest.raises(Refused):
        removed()
    assert coupon("WBA2B3C4D5E").removed_at is None
    assert codes(counter) == ["WBA2B3C4D5E"]
    counter.shop.trouble = None
    assert removed() == {"removed": 1}


@pytest.mark.parametrize(
    ("trouble", "failure"), [(Maintenance(), Retryable), (PlainPermalinks(), Refused)]
)
def test_a_shop_that_cannot_answer_loses_nothing(
    counter: Counter, removed: Remove, trouble: Trouble, failure: type[Exception]
) -> None:
    give(counter)
    counter.later(days=9)
    counter.shop.trouble = trouble
    with pytest.raises(failure):
        removed()
    assert coupon("WBA2B3C4D5E").removed_at is None
    counter.shop.trouble = None
    counter.later(hours=1)
    assert removed() == {"removed": 1}


def test_a_key_without_the_right_to_write_removes_nothing(
    counter: Counter, removed: Remove
) -> None:
    give(counter)
    counter.later(days=9)
    counter.shop.permissions = "read"
    with pytest.raises(Unauthorized):
        removed()
    assert coupon("WBA2B3C4D5E").removed_at is None


def test_a_shop_that_keeps_its_coupons_is_told_of_once_a_night(
    counter: Counter, removed: Remove, caplog: pytest.LogCaptureFixture
) -> None:
    for number in range(3):
        give(counter, f"WB{number}")
    counter.later(days=9)
    counter.shop.trouble = Only(counter, _removes, Forbidden())
    caplog.set_level(logging.WARNING)
    assert removed() == {"not removed": 3}
    assert len(writes(counter)) == 3
    assert len(caplog.records) == 1
    assert coupon("WB0").removed_at is None


# what was asked for, and never answered


def lose(counter: Counter, code: str) -> Message:
    """A coupon whose making nobody saw the end of; its message is cancelled meanwhile."""
    row = add_message(add_contact("+12025550199", counter.now), counter.now)
    columns = {"email": "ana@example.com", "percent": 15, "expires_at": counter.now + LIVES}
    Coupon.put([{"code": code, "message_uid": row.uid} | columns])
    counter.shop.trouble = Next(1, LostAnswer())
    with pytest.raises(Unsure):
        make_coupons(counter.client, now=counter.now, beat=nothing)
    counter.shop.trouble = None
    Message.update(state="cancelled", ended_at=counter.now).execute()
    return row


def test_a_coupon_that_nobody_saw_made_is_found_and_removed(
    counter: Counter, removed: Remove
) -> None:
    lose(counter, "WBLOST")
    assert codes(counter) == ["WBLOST"]
    assert coupon("WBLOST").woo_id is None
    counter.later(days=1, seconds=1)
    assert removed() == {"removed": 1}
    assert codes(counter) == []
    assert removed() == {}


def test_a_coupon_that_was_never_made_is_forgotten(counter: Counter, removed: Remove) -> None:
    lose(counter, "WBLOST")
    for one in list(counter.shop.coupons):
        counter.shop.delete_coupon(one.id)
    theirs = counter.shop.new_coupon("wblost")
    counter.shop.add_coupon(theirs)
    counter.later(days=2)
    assert removed() == {"gone already": 1}
    assert codes(counter) == ["wblost"]  # without our mark it is somebody else's
    assert removed() == {}


def test_one_that_nobody_saw_made_and_somebody_used_is_kept(
    counter: Counter, removed: Remove
) -> None:
    lose(counter, "WBLOST")
    counter.order(billing={"email": "ana@example.com"}, coupon_codes=["WBLOST"])
    counter.later(days=2)
    assert removed() == {"kept": 1}
    assert coupon("WBLOST").woo_id == ShopCoupon.get().woo_id
    assert removed() == {}


def test_what_was_never_asked_for_costs_the_shop_nothing(counter: Counter, removed: Remove) -> None:
    row = add_message(1, counter.now, state="cancelled", ended_at=counter.now)
    columns = {"email": "ana@example.com", "percent": 15, "expires_at": counter.now + LIVES}
    Coupon.put([{"code": "WBNEVER", "message_uid": row.uid} | columns])
    counter.later(days=30)
    assert removed() == {}
    assert not counter.shop.asked


def test_a_wrong_coupon_that_could_not_be_taken_back_is_removed_in_the_night(
    counter: Counter, removed: Remove
) -> None:
    row = add_message(add_contact("+12025550199", counter.now), counter.now)
    columns = {"email": "ana@example.com", "percent": 15, "expires_at": counter.now + LIVES}
    Coupon.put([{"code": "WBWRONG", "message_uid": row.uid} | columns])

    wrong = Misprint('"usage_limit":1', '"usage_limit":null')
    counter.shop.trouble = Only(counter, _removes, Forbidden(), otherwise=wrong)
    assert make_coupons(counter.client, now=counter.now, beat=nothing) == {"failed": 1}
    assert codes(counter) == ["WBWRONG"]
    assert Message.get().state == "cancelled"

    counter.shop.trouble = None
    counter.later(days=2)
    assert removed() == {"removed": 1}
    assert codes(counter) == []


# how much at once


def test_many_are_looked_at_with_few_requests(
    counter: Counter, removed: Remove, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remove, "ROWS_A_REQUEST", 4)
    for number in range(10):
        give(counter, f"WB{number}")
    counter.later(days=9)
    assert removed() == {"removed": 10}
    assert len(counter.asked(COUPONS)) == 3
    assert len(writes(counter)) == 10


def test_a_night_has_a_limit_and_the_next_goes_on_with_the_oldest(
    counter: Counter, removed: Remove, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remove, "MOST_A_NIGHT", 2)
    for number in range(5):
        give(counter, f"WB{number}")
        counter.later(hours=1)
    counter.later(days=9)
    assert removed() == {"removed": 2}
    assert codes(counter) == ["WB2", "WB3", "WB4"]
    assert [removed(), removed(), removed()] == [{"removed": 2}, {"removed": 1}, {}]


def test_a_night_cut_short_goes_on_with_the_rest(counter: Counter, removed: Remove) -> None:
    for number in range(3):
        give(counter, f"WB{number}")
    counter.later(days=9)
    with pytest.raises(Killed):
        removed(dying_after(3))
    assert len(codes(counter)) == 1
    assert removed() == {"removed": 1}


def test_the_mirror_forgets_what_was_removed(counter: Counter, removed: Remove) -> None:
    made = give(counter)
    ShopCoupon.absorb([{"woo_id": made.woo_id, "usage_count": 0, "read_at": counter.now,
                        "expires_at": made.expires_at}])  # fmt: skip
    counter.later(days=9)
    removed()
    assert not ShopCoupon.select().exists()


def test_the_mirror_asks_no_more_for_what_was_removed(counter: Counter, removed: Remove) -> None:
    give(counter, "WBGOES", state="cancelled")
    stays = give(counter, "WBSTAYS")
    counter.later(days=2)
    assert removed() == {"removed": 1}
    _look_at_coupons(Filing.from_settings(counter.settings, counter.now))
    assert [hint.woo_id for hint in Hint.select().where(Hint.kind == "coupons")] == [stays.woo_id]


def test_coupons_do_not_pile_up(counter: Counter, removed: Remove) -> None:
    """Fault 27: codes that nobody used stayed for ever."""
    most = 0
    for day in range(30):
        give(counter, f"WB{day:02}")
        if day % 10 == 0:  # somebody uses theirs
            counter.order(billing={"email": "ana@example.com"}, coupon_codes=[f"WB{day:02}"])
        removed()
        most = max(most, len(codes(counter)))
        counter.later(days=1)
    used = 3
    assert most <= LIVES.days + 2 + used
    counter.later(days=9)
    removed()
    assert codes(counter) == [f"WB{day:02}" for day in range(0, 30, 10)]
