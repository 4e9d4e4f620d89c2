"""The codes that the decision writes down: nobody guesses another's from their own."""

import re
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from jobs_stage import approve_templates, file_orders, nothing, open_shop, order_json

from agent.config import Settings
from agent.jobs.decide import decide
from models import Coupon, Message

PEOPLE = 150
CODE = re.compile(r"WB([A-HJ-NP-Z2-9]{9})")  # without I, O, 0 and 1


@pytest.fixture
def codes(database: Path, settings: Settings, now: datetime) -> list[str]:
    """Of people who spent much, and have just become quiet."""
    open_shop()
    quiet = now - timedelta(days=60, hours=1)
    orders = [
        order_json(
            number, quiet, f"+1202555{number:04}", total="600.00",
            email=f"customer{number}@example.com", consent="yes",
        )
        for number in range(1, PEOPLE + 1)
    ]  # fmt: skip
    file_orders(settings, now, *orders)
    approve_templates(settings, now)
    decide(settings, now=now, beat=nothing)
    return [one.code for one in Coupon.select()]


def test_codes_cannot_be_guessed(codes: list[str]) -> None:
    """Fault 27: codes were made of the customer's number and the date."""
    assert len(set(codes)) == len(codes) == PEOPLE
    letters = [match[1] for code in codes if (match := CODE.fullmatch(code))]
    assert len(letters) == PEOPLE
    for place in zip(*letters, strict=True):
        found = Counter(place)
        assert len(found) >= 24  # of 31, in every place
        assert max(found.values()) <= PEOPLE // 6
    assert len({one[:4] for one in letters}) >= PEOPLE - 3  # nor does the beginning tell the rest


def test_each_code_is_for_the_e_mail_of_its_own_person(codes: list[str]) -> None:
    """... and is known to nobody but them and the shop."""
    emails = {one.message_uid: one.email for one in Coupon.select()}
    assert len(set(emails.values())) == PEOPLE
    for message in Message.select():
        said = str(message.variables)
        theirs = Coupon.get(Coupon.message_uid == message.uid)
        assert theirs.code in said
        assert not [code for code in codes if code != theirs.code and code in said]
