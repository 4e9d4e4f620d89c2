"""One number, written in several ways: who was erased under one of them is refused under each."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from jobs_stage import DAY, contact_at, file_orders, nothing, open_shop, order_json

from agent.config import Settings
from agent.consent import Heard, record, stands
from agent.forgetting import forget
from agent.jobs.insight import keep_current
from agent.person import person_of
from models import Contact, Cursor, Order

BRAZIL = ("+5511961234567", "+551161234567", "(11) 6123-4567", "11 96123-4567", "55 11 6123 4567")
MEXICO = (
    "+525512345678",
    "+5215512345678",
    "55 1234 5678",
    "044 55 1234 5678",
    "+52 1 55 1234 5678",
)
# without its 9 an Argentine number is read as a landline: to that nobody is written
ARGENTINA = ("+5491123456789", "011 15-2345-6789", "+54 9 11 2345-6789", "54 9 11 2345 6789")
WAYS = [
    (country, known, comes_as)
    for country, ways in (("BR", BRAZIL), ("MX", MEXICO), ("AR", ARGENTINA))
    for known in ways[:2]
    for comes_as in ways
]


@pytest.fixture(autouse=True)
def _opened(database: Path, settings: Settings, now: datetime) -> None:
    open_shop(country="BR", zone="America/Sao_Paulo")
    Cursor.insert(name="orders", since=now, polled_at=now).execute()
    keep_current(settings, beat=nothing)


def order(number: int, created: datetime, phone: str, country: str, **more: Any) -> dict[str, Any]:
    made = order_json(number, created, phone, consent="yes", modified=created + DAY, **more)
    made["billing"]["country"] = country
    return made


@pytest.mark.parametrize(("country", "known", "comes_as"), WAYS)
def test_an_old_order_brings_nobody_back_and_the_refusal_holds_for_a_new_one(
    settings: Settings, now: datetime, country: str, known: str, comes_as: str
) -> None:
    file_orders(settings, now - 9 * DAY, order(1, now - 90 * DAY, known, country))
    [contact] = Contact.select()
    assert contact.marketing == "yes"
    assert not forget(person_of(contact), now=now - 5 * DAY).busy
    # an order of before that was never read comes with the number in another way
    file_orders(settings, now - 4 * DAY, order(2, now - 80 * DAY, comes_as, country))
    assert Contact.select().count() == 0
    assert Order.get_by_id(2).phone == ""
    # one of afterwards is theirs, and its contact refuses what was agreed to before
    later = order(3, now - 2 * DAY, comes_as, country)
    for one in later["meta_data"]:
        one["value"] = ""
    file_orders(settings, now - DAY, later)
    for back in Contact.select():
        assert back.marketing == "no", back.phone
        assert stands(back.phone)["order_news"].answer == "no"
    # until they agree anew
    phones = [one.phone for one in Contact.select()]
    for phone in phones:
        record([Heard(phone=phone, says="yes", source="order 4", said_at=now)], now=now)
        assert contact_at(phone).marketing == "yes"


@pytest.mark.parametrize(("country", "known", "comes_as"), WAYS[::5])
def test_whatsapps_id_of_before_finds_the_refusal(
    settings: Settings, now: datetime, country: str, known: str, comes_as: str
) -> None:
    file_orders(settings, now - 9 * DAY, order(1, now - 90 * DAY, known, country))
    [contact] = Contact.select()
    ways = person_of(contact).ways  # as WhatsApp may write it, with or without the digit
    assert not forget(person_of(contact), now=now - timedelta(hours=1)).busy
    assert {stands(f"+{way}")["marketing"].answer for way in ways} == {"no"}
    assert len(ways) == 2
