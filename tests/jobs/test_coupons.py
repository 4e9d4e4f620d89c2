"""outbox -> shop: each coupon is made once and as it was asked for, or its message is cancelled."""

import json
import re
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
import responses
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

from agent.clients.shop import Shop
from agent.errors import Refused, Retryable, Unauthorized, Unsure
from agent.jobs.coupons import make_coupons
from agent.jobs.coupons.echo import deviations
from agent.sandbox.shop.trouble import LostAnswer, Maintenance, Next, PlainPermalinks
from models import CampaignStanding, Coupon, Message
from models.outbox import UNCOUNTED

CODE = "WBA2B3C4D5E"
EXPIRES = timedelta(days=10)


@pytest.fixture
def made(counter: Counter) -> Any:
    """Runs the job."""
    return lambda beat=nothing: make_coupons(counter.client, now=counter.now, beat=beat)


def want(counter: Counter, code: str = CODE, **more: Any) -> Message:
    """A message that waits for its coupon."""
    coupon = {name: more.pop(name) for name in ("percent", "email") if name in more}
    message = add_message(
        add_contact(f"+120255501{len(code):02}", counter.now), counter.now, **more
    )
    Coupon.put(
        [
            {
                "code": code,
                "message_uid": message.uid,
                "email": "ana@example.com",
                "percent": 15,
                "expires_at": counter.now + EXPIRES,
            }
            | coupon
        ]
    )
    return message


def again(message: Message) -> Message:
    found: Message = Message.get_by_id(message.id)
    return found


def test_the_coupon_is_for_one_person_once_and_ends(counter: Counter, made: Any) -> None:
    message = want(counter)
    assert Message.due(counter.now, 10) == []
    assert made() == {"made": 1}

    coupon = counter.shop.coupon_by_code(CODE)
    assert coupon is not None
    assert (coupon.discount_type, coupon.amount) == ("percent", 15)
    assert (coupon.usage_limit, coupon.individual_use) == (1, True)
    assert coupon.email_restrictions == ["ana@example.com"]
    assert coupon.expires == counter.now + EXPIRES
    assert Coupon.get().woo_id == coupon.id
    assert [one.id for one in Message.due(counter.now, 10)] == [message.id]


@pytest.mark.parametrize("timezone", ["America/Sao_Paulo", "Asia/Kolkata", "Pacific/Auckland"])
def test_it_ends_at_its_instant_in_every_zone(open_counter: Any, timezone: str) -> None:
    counter = open_counter(timezone=timezone)
    want(counter)
    make_coupons(counter.client, now=counter.now, beat=nothing)
    assert counter.shop.coupon_by_code(CODE).expires == counter.now + EXPIRES


def test_nothing_is_done_twice(counter: Counter, made: Any) -> None:
    want(counter)
    made()
    assert made() == {}
    assert len(counter.shop.coupons) == 1


# what the shop makes of it


@pytest.mark.parametrize(
    ("right", "wrong", "named"),
    [
        (f'"code":"{CODE}"', '"code":"other"', "code"),
        ('"amount":"15.00"', '"amount":"1.50"', "amount"),
        ('"amount":"15.00"', '"amount":"much"', "amount"),
        ('"amount":"15.00"', '"amount":null', "amount"),
        ('"discount_type":"percent"', '"discount_type":"fixed_cart"', "kind"),
        ('"date_expires_gmt":"2026', '"date_expires_gmt":"2027', "expiry"),
        ('"date_expires_gmt":', '"date_expires_gmt":null,"_":', "expiry"),
        ('["ana@example.com"]', "[]", "e-mail"),
        ('["ana@example.com"]', '["ana@example.com","*"]', "e-mail"),
        ('"usage_limit":1', '"usage_limit":null', "usage limit"),
        # what a plugin may put on every coupon
        ('"status":"publish"', '"status":"pending"', "status"),
        ('"individual_use":true', '"individual_use":false', "single use"),
        ('"free_shipping":false', '"free_shipping":true', "free shipping"),
        ('"exclude_sale_items":false', '"exclude_sale_items":true', "not for sale items"),
        ('"minimum_amount":"0.00"', '"minimum_amount":"50.00"', "least amount"),
        ('"maximum_amount":"0.00"', '"maximum_amount":"50.00"', "most amount"),
        ('"limit_usage_to_x_items":null', '"limit_usage_to_x_items":1', "limit of items"),
        ('"product_ids":[]', '"product_ids":[7]', "products"),
        ('"excluded_product_ids":[]', '"excluded_product_ids":[7]', "products left out"),
        ('"product_categories":[]', '"product_categories":[7]', "categories"),
        ('"excluded_product_categories":[]', '"excluded_product_categories":[7]', "categories l"),
    ],
)
def test_a_coupon_other_than_asked_for_is_removed_and_its_message_cancelled(
    counter: Counter, made: Any, right: str, wrong: str, named: str
) -> None:
    message = want(counter)
    counter.shop.trouble = Misprint(right, wrong)
    assert made() == {"failed": 1}

    assert again(message).state == "cancelled"
    assert f"another coupon than asked for: {named}" in again(message).detail
    assert len(counter.shop.coupons) == 0
    assert made() == {}


@pytest.mark.parametrize(
    ("usual", "here"),
    [
        ('"minimum_amount":"0.00"', '"minimum_amount":"0"'),  # a currency without decimals
        ('"minimum_amount":"0.00"', '"minimum_amount":""'),
        ('"amount":"15.00"', '"amount":"15"'),
        ('"amount":"15.00"', '"amount":"15.000"'),  # one with three
        ('"usage_limit_per_user":null', '"usage_limit_per_user":1'),  # it can be used once anyway
        ('"limit_usage_to_x_items":null', '"limit_usage_to_x_items":0'),
        ('"product_ids":[],', ""),  # what an older version does not have
    ],
)
def test_the_same_coupon_may_be_written_in_other_ways(
    counter: Counter, made: Any, usual: str, here: str
) -> None:
    want(counter)
    counter.shop.trouble = Misprint(usual, here)
    assert made() == {"made": 1}


def test_an_address_with_capitals_is_the_same_address(counter: Counter, made: Any) -> None:
    """WooCommerce writes it in small letters."""
    want(counter, email="Ana@Example.com")
    assert made() == {"made": 1}
    number = counter.order(billing={"email": "ANA@example.com"}, coupon_codes=[CODE])
    assert counter.shop.order(number).total == 34


def test_an_address_that_stands_for_others_gets_no_coupon(counter: Counter, made: Any) -> None:
    """WooCommerce takes an order from *@example.com, and such a restriction for any address there."""
    message = want(counter, email="*@example.com")
    assert made() == {"failed": 1}
    assert again(message).detail == "no coupon: its e-mail would let others use it"
    assert len(counter.shop.asked) == 0


RECORDED = {  # recording -> what we would have asked for, if we had made that coupon
    "create": {"code": "LAB-ABC10", "percent": 10, "email": "Ana@Example.com"},
    "email_invalid": {"email": "not-an-email"},
    "exp_gmt_field": {},
    "exp_invalid": {},
    "percent_150": {"percent": 150},
    "usage_limit_0": {},
    "amount_3dp": {},
    "special_chars": {"code": "çafé & x"},
}


@pytest.mark.parametrize("name", sorted(RECORDED))
def test_what_a_real_shop_made_of_a_wrong_value_is_noticed(now: datetime, name: str) -> None:
    """Recorded from WooCommerce 9.9.5: each is a 201, and none is the coupon that was asked for."""
    path = Path(__file__).parents[1] / f"recordings/q09_coupon_{name}.json"
    echo = json.loads(path.read_text(encoding="utf-8"))["body"]
    asked = {"code": echo["code"], "percent": 5, "email": "ana@example.com"} | RECORDED[name]
    coupon = Coupon(message_uid="uid-1", expires_at=datetime(2026, 12, 31, 3, tzinfo=UTC), **asked)
    wrong = {one.partition(" ")[0] for one in deviations(coupon, echo)}
    if name == "create":
        assert wrong == set()
    else:
        assert wrong & {"amount", "expiry", "e-mail", "usage"}


@pytest.mark.parametrize(
    ("asked", "named"),
    [
        ({"percent": 150}, "amount '0.00'"),  # WooCommerce makes 0 of it
        ({"email": "ana(at)example"}, "e-mail []"),  # ... and a coupon for everybody
    ],
)
def test_what_the_shop_drops_without_a_word_is_noticed(
    counter: Counter, made: Any, asked: dict[str, Any], named: str
) -> None:
    message = want(counter, **asked)
    made()
    assert again(message).state == "cancelled"
    assert len(counter.shop.coupons) == 0


def test_a_message_without_its_coupon_counts_for_no_cap(counter: Counter, made: Any) -> None:
    message = want(counter, percent=150)
    made()
    assert again(message).state in UNCOUNTED
    assert Message.cap_days([message.contact_id], counter.now.date() - DAY) == {}
    assert again(message).ended_at == counter.now


def test_a_refusal_of_the_shop_cancels_one_message_and_no_other(
    counter: Counter, made: Any
) -> None:
    refused = want(counter, percent=-5)
    fine = want(counter, CODE + "X")
    assert made() == {"made": 1, "failed": 1}
    assert again(refused).state == "cancelled"
    assert again(fine).state == "queued"


def test_a_code_that_somebody_else_has_is_left_to_them(counter: Counter, made: Any) -> None:
    message = want(counter)
    theirs = counter.shop.new_coupon(CODE.lower())
    counter.shop.add_coupon(theirs)
    assert made() == {"failed": 1}

    assert "its code is taken" in again(message).detail
    assert [one.id for one in counter.shop.coupons] == [theirs.id]


def test_ours_is_found_also_where_the_shop_lists_others_beside_it(
    counter: Counter, made: Any
) -> None:
    """A search plugin may answer `code=` with everything that is alike."""
    want(counter)
    counter.shop.trouble = Next(1, LostAnswer())
    with pytest.raises(Unsure):
        made()
    theirs = {"id": 1, "code": "OTHER", "meta_data": []}
    counter.shop.trouble = Misprint('[{"id":', f'[{json.dumps(theirs)},{{"id":')
    assert made() == {"made": 1}


# answers that never come


def test_a_lost_answer_is_found_again_by_its_code(counter: Counter, made: Any) -> None:
    """Fault 25: a retry after a lost answer made a second coupon."""
    message = want(counter)
    counter.shop.trouble = Next(1, LostAnswer())
    with pytest.raises(Unsure):
        made()
    assert again(message).state == "queued"
    assert Coupon.get().woo_id is None

    counter.shop.trouble = None
    assert made() == {"made": 1}
    assert [one.id for one in counter.shop.coupons] == [Coupon.get().woo_id]


def test_what_is_found_again_is_looked_at_as_well(counter: Counter, made: Any) -> None:
    message = want(counter)
    counter.shop.trouble = Next(1, LostAnswer())
    with pytest.raises(Unsure):
        made()
    counter.shop.trouble = None
    found = counter.shop.coupon_by_code(CODE)
    assert found is not None
    found.usage_limit = None  # somebody has edited it meanwhile
    counter.shop.save_coupon(found)

    made()
    assert again(message).state == "cancelled"
    assert len(counter.shop.coupons) == 0


def test_a_lost_answer_to_the_removal_does_not_leave_a_wrong_coupon(
    counter: Counter, made: Any
) -> None:
    class LosesRemovals(Misprint):
        """The coupon is made wrong, and the second request's answer is lost."""

        def strike(self) -> Any:
            return Next(1, LostAnswer()).strike() if len(counter.shop.coupons) else self

    wrong = ('"usage_limit":1', '"usage_limit":null')
    message = want(counter)
    counter.shop.trouble = LosesRemovals(*wrong)
    with pytest.raises(Unsure):
        made()
    assert again(message).state == "queued"

    counter.shop.trouble = Misprint(*wrong)
    made()
    assert again(message).state == "cancelled"
    assert len(counter.shop.coupons) == 0


def test_a_coupon_that_was_removed_meanwhile_does_not_end_the_job(
    counter: Counter, made: Any
) -> None:
    """The shop's own clean-up may be faster than we are."""

    class RemovedAtOnce(Misprint):
        def spoil(self, body: str) -> str:
            for one in list(counter.shop.coupons):
                counter.shop.delete_coupon(one.id)
            return super().spoil(body)

    message = want(counter)
    counter.shop.trouble = RemovedAtOnce('"usage_limit":1', '"usage_limit":null')
    assert made() == {"failed": 1}
    assert again(message).state == "cancelled"


def test_a_key_without_the_right_to_write_cancels_nothing(counter: Counter, made: Any) -> None:
    message = want(counter)
    counter.shop.permissions = "read"
    with pytest.raises(Unauthorized):
        made()
    assert again(message).state == "queued"


def test_maintenance_cancels_nothing(counter: Counter, made: Any) -> None:
    message = want(counter)
    counter.shop.trouble = Maintenance()
    with pytest.raises(Retryable):
        made()
    assert again(message).state == "queued"


def test_a_redirect_to_another_page_cancels_nothing(counter: Counter, made: Any) -> None:
    message = want(counter)
    counter.shop.trouble = PlainPermalinks()
    with pytest.raises(Refused, match="redirects"):
        made()
    assert again(message).state == "queued"
    counter.shop.trouble = None
    assert made() == {"made": 1}


def test_an_expired_certificate_of_the_shop_cancels_nothing(
    database: Path, counter: Counter
) -> None:
    message = want(counter)
    expired = ssl.SSLCertVerificationError(1, "certificate verify failed")
    expired.verify_message = "certificate has expired"
    shop = Shop("https://shop.example", "ck_x", "cs_x", sleep=lambda _: None, user_agent="test")
    with responses.RequestsMock() as wire:
        wire.post(re.compile(".*"), body=requests.exceptions.SSLError(expired))
        with pytest.raises(Refused, match="certificate has expired"):
            make_coupons(shop, now=counter.now, beat=nothing)
    assert again(message).state == "queued"


def test_a_wrong_coupon_that_cannot_be_removed_now_is_removed_later(
    counter: Counter, made: Any
) -> None:
    class RedirectsRemovals(Misprint):
        """The coupon is made wrong, and the shop then redirects."""

        def strike(self) -> Any:
            return PlainPermalinks() if len(counter.shop.coupons) else self

    wrong = ('"usage_limit":1', '"usage_limit":null')
    message = want(counter)
    counter.shop.trouble = RedirectsRemovals(*wrong)
    with pytest.raises(Refused):
        made()
    assert again(message).state == "queued"
    counter.shop.trouble = Misprint(*wrong)
    assert made() == {"failed": 1}
    assert len(counter.shop.coupons) == 0


def test_a_run_cut_short_goes_on_with_the_rest(counter: Counter, made: Any) -> None:
    want(counter)
    want(counter, CODE + "X")
    with pytest.raises(Killed):
        made(dying_after(1))
    assert made() == {"made": 1}
    assert len(counter.shop.coupons) == 2


# which ones


def test_only_messages_that_may_go_out_now_get_one(counter: Counter, made: Any) -> None:
    now: datetime = counter.now
    want(counter, CODE + "1", state="cancelled")
    want(counter, CODE + "22", not_before=now + timedelta(hours=1))
    want(counter, CODE + "333", expires_at=now)
    CampaignStanding.put("loyalty_reward", "the template is PAUSED", now)
    want(counter, CODE + "4444", campaign="loyalty_reward")
    assert made() == {}
    assert len(counter.shop.asked) == 0


def test_the_most_urgent_is_made_first(counter: Counter, made: Any) -> None:
    want(counter, CODE, priority=2)
    want(counter, CODE + "X", priority=0)
    with pytest.raises(Killed):
        made(dying_after(1))
    assert [one.code for one in counter.shop.coupons] == [CODE + "X"]


def test_a_coupon_works_at_the_checkout_of_its_person_only(counter: Counter, made: Any) -> None:
    """The whole point, once, with the sandbox's own checkout."""
    want(counter)
    made()
    with pytest.raises(ValueError, match="valid email"):
        counter.order(billing={"email": "bruno@example.com"}, coupon_codes=[CODE])
    number = counter.order(billing={"email": "ana@example.com"}, coupon_codes=[CODE.lower()])
    assert counter.shop.order(number).total == 34
    with pytest.raises(ValueError, match="Usage limit"):
        counter.order(billing={"email": "ana@example.com"}, coupon_codes=[CODE])


def test_the_database_is_where_the_code_lives_first(database: Path, counter: Counter) -> None:
    want(counter)
    assert [one.code for one in Message.coupons_wanted(counter.now, 10)] == [CODE]
    assert len(counter.shop.coupons) == 0
