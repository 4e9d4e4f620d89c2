"""Links: a token is one message's, and clicks that come together are one."""

from datetime import datetime, timedelta

import peewee
import pytest

from models import Link, Message
from models.links import COUNTED_EVERY

TOKEN = "AbCdEfGhI1"


@pytest.fixture(autouse=True)
def _link(now: datetime) -> None:
    Link.put([{"token": TOKEN, "message_uid": "a", "target": "/", "created_at": now}])


def clicks() -> tuple[int, datetime | None, datetime | None]:
    found = Link.get_by_id(TOKEN)
    return found.clicks, found.first_at, found.last_at


def test_of_two_clicks_at_once_one_counts(now: datetime) -> None:
    """Both saw a link that nobody had followed yet."""
    assert Link.follow(TOKEN, now)
    assert not Link.follow(TOKEN, now + timedelta(seconds=1))
    assert clicks() == (1, now, now)
    assert Link.follow(TOKEN, now + COUNTED_EVERY)
    assert clicks() == (2, now, now + COUNTED_EVERY)


def test_a_link_that_is_gone_counts_nothing(now: datetime) -> None:
    assert not Link.follow("AbCdEfGhI2", now)


def test_a_token_is_never_given_twice(now: datetime) -> None:
    again = {"token": TOKEN, "message_uid": "b", "target": "/b", "created_at": now}
    with pytest.raises(peewee.IntegrityError):
        Link.put([again])
    assert Link.get_by_id(TOKEN).message_uid == "a"


def test_one_page_is_one_link_of_a_message(now: datetime) -> None:
    again = {"token": "AbCdEfGhI2", "message_uid": "a", "target": "/", "created_at": now}
    with pytest.raises(peewee.IntegrityError):
        Link.put([again])
    Link.put([again | {"target": "/b"}, again | {"token": "AbCdEfGhI3", "message_uid": "b"}])


def test_the_owner_of_a_link_is_who_was_written_to(now: datetime) -> None:
    Message.insert(
        uid="a", contact_id=7, campaign="we_miss_you", period="2026-03-02", cap_day="2026-03-02",
        template="we_miss_you", language="en", created_at=now, not_before=now, expires_at=now,
    ).execute()  # fmt: skip
    Link.put([{"token": "AbCdEfGhI2", "message_uid": "b", "target": "/", "created_at": now}])
    assert Link.owners({TOKEN, "AbCdEfGhI2", "AbCdEfGhI3"}) == {TOKEN: (7, now)}


def test_old_links_go_a_part_at_a_time(now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("models.links.ROWS_A_DELETE", 3)
    made = now - timedelta(days=1)
    Link.put(
        [
            {"token": f"AbCdEfGh{number}", "message_uid": "b", "target": f"/{number}", "created_at": made}
            for number in range(10, 17)
        ]
    )  # fmt: skip
    assert Link.forget_before(now) == 7
    assert [one.token for one in Link.select()] == [TOKEN]
