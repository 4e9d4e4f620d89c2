"""winback message: looked at, called off, tried once more; and never twice to the same person."""

import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sending_world import FACTS, World, message, states
from typing_in import typed

from models import Contact, Coupon, JobRun, Message, ShopFact
from models.base import close_database, open_database

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


class Desk:
    """A world with a database that is there, and what somebody types."""

    def __init__(self, world: World, migrated: Path) -> None:
        self.world = world
        self.path = world.settings().database.path
        shutil.copy(migrated, self.path)
        open_database(self.path)
        ShopFact.put(FACTS)

    def queue(self, count: int = 1, **columns: Any) -> list[int]:
        uids = self.world.queue(count, **columns)
        return [message(uid).id for uid in uids]

    def type(self, *words: object) -> tuple[int, str]:
        result = typed("message", *map(str, words), "--config", str(self.world.config))
        open_database(self.path)
        told = result.output + (str(result.exception) if result.exception else "")
        return result.exit_code, " ".join(told.split())


@pytest.fixture
def desk(world: World, migrated: Path) -> Any:
    yield Desk(world, migrated)
    close_database()


def test_one_is_called_off_and_gives_its_place_back(desk: Desk) -> None:
    [number] = desk.queue()
    assert desk.type("cancel", number) == (0, "1 message called off")
    one = Message.get_by_id(number)
    assert (one.state, one.detail) == ("cancelled", "called off by the operator")
    today = desk.world.clock.now().date()
    assert Message.cap_days([one.contact_id], today - 30 * DAY) == {}
    assert JobRun.get().job == "by hand: message cancel"


def test_what_is_on_its_way_cannot_be_called_back(desk: Desk) -> None:
    numbers = desk.queue() + desk.queue(state="claimed") + desk.queue(state="read")
    code, told = desk.type("cancel", *numbers)
    assert code == 1
    assert "on its way already, and cannot be called back" in told
    assert "1 message called off, 2 not" in told
    assert states() == {"cancelled": 1, "claimed": 1, "read": 1}


def test_whose_answer_was_lost_once_is_not_cancelled_but_abandoned(desk: Desk) -> None:
    [number] = desk.queue(resent=True)
    desk.type("cancel", number)
    assert Message.get_by_id(number).state == "abandoned"


def test_a_whole_campaign_is_called_off_after_a_question(desk: Desk) -> None:
    desk.queue(3)
    assert desk.type("cancel", "--campaign", "we_miss_you")[0] == 1  # nobody answered
    assert states() == {"queued": 3}
    assert desk.type("cancel", "--campaign", "we_miss_you", "--yes") == (0, "3 messages called off")


def test_a_campaign_that_there_is_not_is_a_mistake_with_those_that_there_are(desk: Desk) -> None:
    """Fault: "0 messages called off", and exit code 0."""
    for command in ("cancel", "retry"):
        code, told = desk.type(command, "--campaign", "nope", "--yes")
        assert (code, "there is no campaign or order news 'nope'" in told) == (1, True), told
        assert "price_drop" in told
        assert "shipping_update" in told
    desk.queue(campaign="of_a_version_before")
    assert desk.type("cancel", "--campaign", "of_a_version_before", "--yes")[0] == 0
    assert desk.type("cancel", "--campaign", "price_drop", "--yes") == (0, "0 messages called off")


@pytest.mark.parametrize(
    ("columns", "why"),
    [
        ({"state": "queued"}, "queued already"),
        ({"state": "claimed"}, "on its way"),
        ({"state": "accepted"}, "has taken it"),
        ({"state": "held"}, "has taken it"),
        ({"state": "sent"}, "has taken it"),
        ({"state": "delivered"}, "has taken it"),
        ({"state": "read"}, "has taken it"),
        ({"state": "undelivered"}, "may have delivered it"),
        ({"state": "failed"}, "could not deliver"),
        ({"state": "unsure"}, "answer was lost"),
        ({"state": "abandoned"}, "answer was lost"),
        ({"state": "withheld"}, "hear nothing"),
        ({"state": "expired", "resent": True}, "answer was lost"),
        ({"state": "expired", "deferred_wamid": "wamid.x"}, "has taken it"),
        ({"state": "cancelled", "wamid": "wamid.y"}, "has taken it"),
        ({"state": "expired", "template": "another"}, "another template"),
        ({"state": "expired", "campaign": "price_drop"}, "switched off"),
        ({"state": "expired", "variables": {}}, "texts are gone"),
    ],
)
def test_what_may_have_been_sent_or_cannot_be_is_refused_with_the_reason(
    desk: Desk, columns: dict[str, Any], why: str
) -> None:
    [number] = desk.queue(**columns)
    code, told = desk.type("retry", number)
    assert (code, why in told) == (1, True), told
    assert Message.get_by_id(number).state == columns["state"]


@pytest.mark.parametrize("state", ["refused", "expired", "cancelled"])
def test_what_was_certainly_not_sent_is_queued_once_more(desk: Desk, state: str) -> None:
    [number] = desk.queue(state=state, attempts=6, code=131000, detail="no", expires_at=desk.world.clock.now() - DAY)  # fmt: skip
    assert desk.type("retry", number) == (0, "1 message queued once more")
    one, now = Message.get_by_id(number), desk.world.clock.now()
    assert (one.state, one.attempts, one.code, one.detail) == ("queued", 0, None, "")
    assert one.not_before <= now < one.expires_at


def test_what_was_decided_long_ago_is_not_tried_once_more(desk: Desk) -> None:
    now = desk.world.clock.now()
    young, old = (
        desk.queue(state="expired", created_at=now - days * DAY)[0] for days in (5, 90)
    )  # we_miss_you has three days to leave
    code, told = desk.type("retry", old)
    assert (code, "the next run writes a new one" in told) == (1, True), told
    assert "more than 6 days ago" in told
    code, told = desk.type("retry", "--campaign", "we_miss_you", "--yes")
    assert (code, "1 message queued once more" in told) == (0, True), told
    assert f"1 message decided before {now - 6 * DAY:%d %b %Y} stay as they are" in told
    assert [Message.get_by_id(one).state for one in (young, old)] == ["queued", "expired"]


def test_trying_once_more_makes_a_message_no_younger(desk: Desk) -> None:
    [number] = desk.queue(state="expired", created_at=desk.world.clock.now() - 5 * DAY)
    assert desk.type("retry", number)[0] == 0
    again = {"state": "expired", "created_at": desk.world.clock.now() - 7 * DAY}
    Message.update(again).where(Message.id == number).execute()
    assert desk.type("retry", number)[0] == 1


def test_an_order_that_did_something_long_ago_is_no_news(desk: Desk) -> None:
    """For a weekend it is, however short the news last."""
    desk.world.write_config(order_news__order_completed__enabled=True)
    now = desk.world.clock.now()
    numbers = [
        desk.queue(
            state="refused", created_at=now - age, campaign="order_completed", kind="utility",
            template="order_completed", order_id=number, subject=str(number),
        )[0]
        for number, age in enumerate((60 * HOUR, 80 * HOUR), start=1)
    ]  # fmt: skip
    Contact.update(order_news="yes").execute()
    code, told = desk.type("retry", *numbers)
    assert (code, "no news any more" in told, "1 message queued" in told) == (1, True, True), told


def test_the_caps_hold_in_the_transaction_that_queues(desk: Desk) -> None:
    first, second = desk.queue(state="expired") + desk.queue(state="expired")
    contact = Message.get_by_id(first).contact_id
    Message.update(contact_id=contact, subject="other").where(Message.id == second).execute()
    code, told = desk.type("retry", first, second)
    assert (code, "the caps allow no more" in told) == (1, True)
    assert states() == {"queued": 1, "expired": 1}


def test_who_took_consent_back_or_was_erased_is_not_written_to(desk: Desk) -> None:
    refused, erased = desk.queue(state="expired") + desk.queue(state="expired")
    Contact.update(marketing="no").where(
        Contact.id == Message.get_by_id(refused).contact_id
    ).execute()
    Contact.delete().where(Contact.id == Message.get_by_id(erased).contact_id).execute()
    code, told = desk.type("retry", refused, erased)
    assert code == 1
    assert "did not agree to marketing" in told
    assert "the person was erased" in told


def test_a_coupon_that_has_had_its_time_is_not_promised_again(desk: Desk) -> None:
    [number] = desk.queue(state="expired")
    uid, now = Message.get_by_id(number).uid, desk.world.clock.now()
    Coupon.put([{"code": "A", "message_uid": uid, "email": "a@example.com", "percent": 15, "expires_at": now - HOUR}])  # fmt: skip
    code, told = desk.type("retry", number)
    assert (code, "coupon has had its time" in told) == (1, True)


def test_the_months_budget_holds_too(desk: Desk) -> None:
    [number] = desk.queue(state="expired")
    desk.queue(state="read", claimed_at=desk.world.clock.now())
    desk.world.write_config(budget__messages_per_month=1)
    code, told = desk.type("retry", number)
    assert (code, "messages are spent" in told) == (1, True), told


def test_show_tells_all_of_one_by_each_of_its_names(desk: Desk) -> None:
    [number] = desk.queue(state="read", wamid="wamid.abc", reason="quiet for 70 days")
    uid = Message.get_by_id(number).uid
    told = {desk.type("show", name)[1] for name in (number, uid, "wamid.abc")}
    [only] = told
    for words in ("quiet for 70 days", "first_name Ana", "wamid.abc", "+447700900000", uid):
        assert words in only


def test_what_is_not_there_is_said(desk: Desk) -> None:
    code, told = desk.type("show", 4711)
    assert (code, "there is no message '4711'" in told) == (1, True)
    assert desk.type("cancel")[0] == 2
    assert desk.type("retry", 1, "--campaign", "we_miss_you")[0] == 2


@pytest.mark.parametrize("name", ["9" * 30, "0", "²", "", "wamid.%", "1; DROP TABLE message"])
def test_what_is_no_id_is_told_as_one(desk: Desk, name: str) -> None:
    for verb in ("show", "cancel", "retry"):
        code, told = desk.type(verb, name)
        assert (code, "there is no message" in told) == (1, True), told


def test_many_are_retried_with_one_look_at_the_budget(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It reads a month of messages: not in each transaction, while everybody waits to write."""
    import agent.jobs.outbox_by_hand as by_hand

    asked = []
    gather = by_hand.gather_budget

    def counted(*given: Any) -> Any:
        asked.append(given)
        return gather(*given)

    monkeypatch.setattr(by_hand, "gather_budget", counted)
    desk.world.write_config(budget__messages_per_month=3)
    desk.queue(5, state="expired")
    code, told = desk.type("retry", "--campaign", "we_miss_you", "--yes")
    assert (code, "3 messages queued once more, 2 not" in told) == (1, True), told
    assert len(asked) < 5
