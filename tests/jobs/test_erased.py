"""Somebody is erased from the ledger: nothing of them is left, and their refusal still holds."""

import sqlite3
from datetime import datetime, timedelta
from pathlib import Path

import peewee
import pytest
from jobs_stage import (
    DAY,
    add_contact,
    add_message,
    file_orders,
    nothing,
    open_shop,
    order_json,
)
from test_track import keep, status

from agent.config import Settings
from agent.consent import Heard, forget_words, record, stands
from agent.jobs.consent_import import import_consent
from agent.jobs.track import track
from agent.person_key import hashed, person_key
from models import Contact, Erased, Identity, Statement

ANA, BRUNO = "+12025550101", "+12025550102"
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def _ana(database: Path, now: datetime) -> None:
    open_shop(country="US", zone="America/New_York")
    for phone in (ANA, BRUNO):
        add_contact(phone, now - 10 * DAY)
        say(phone, "yes", now - 10 * DAY, "order 1", "send me offers")
    say(ANA, "no", now - 5 * DAY, "whatsapp", "STOP, I moved to Elm Street")


def say(phone: str, says: str, at: datetime, source: str, words: str = "") -> None:
    record([Heard(phone=phone, says=says, source=source, said_at=at, words=words)], now=at)


def test_nothing_of_the_person_is_left_on_the_ledger(database: Path, now: datetime) -> None:
    assert forget_words(ANA, now=now) == 2
    assert Statement.of([ANA], "marketing") == []
    everything = "\n".join(sqlite3.connect(database).iterdump())
    ledger = [line for line in everything.splitlines() if "consent_" in line]
    assert not any(ANA in line or "Elm" in line for line in ledger)
    assert any(hashed(person_key(), ANA) in line for line in ledger)
    assert len(Statement.of([BRUNO], "marketing")) == 1


def test_the_refusal_holds_for_both_purposes_and_says_so_at_once(now: datetime) -> None:
    forget_words(ANA, now=now)
    ana = Contact.get(Contact.phone == ANA)
    assert (ana.marketing, ana.order_news, ana.marketing_at) == ("no", "no", now)
    assert {one.answer for one in stands(ANA).values()} == {"no"}


def test_it_holds_for_an_order_without_a_ticked_box_and_for_an_old_one_that_is_read_again(
    now: datetime, settings: Settings
) -> None:
    forget_words(ANA, now=now - DAY)
    Contact.delete().where(Contact.phone == ANA).execute()  # as an erasure of everything does
    file_orders(settings, now, order_json(2, now - HOUR, ANA))
    assert Contact.get(Contact.phone == ANA).marketing != "yes"
    file_orders(settings, now, order_json(1, now - 10 * DAY, ANA, consent="yes"))
    assert Contact.get(Contact.phone == ANA).marketing == "no"
    assert Statement.of([ANA], "marketing") == []  # and nothing of before comes back


def test_a_list_with_a_yes_does_not_override_it(now: datetime, tmp_path: Path) -> None:
    forget_words(ANA, now=now - DAY)
    Contact.delete().where(Contact.phone == ANA).execute()
    old, new = tmp_path / "old.csv", tmp_path / "new.csv"
    old.write_text(f"phone,date\n{ANA},2026-01-01\n")
    new.write_text(f"phone,date\n{ANA},{(now - HOUR).isoformat()}\n")
    import_consent(old, country="", now=now)
    done = import_consent(new, country="", now=now + 999 * DAY)
    assert (done.added, done.outweighed) == (0, 1)
    assert Contact.get(Contact.phone == ANA).marketing == "no"


def test_a_box_that_is_ticked_afterwards_is_a_new_consent(
    now: datetime, settings: Settings
) -> None:
    forget_words(ANA, now=now - DAY)
    file_orders(settings, now, order_json(2, now - HOUR, ANA, consent="yes"))
    assert Contact.get(Contact.phone == ANA).marketing == "yes"
    assert forget_words(ANA, now=now) == 1  # and they can be erased again
    assert Contact.get(Contact.phone == ANA).marketing == "no"


def test_what_they_said_under_an_id_goes_too_and_holds(now: datetime) -> None:
    ana = Contact.get(Contact.phone == ANA).id
    say("US.1", "no", now - DAY, "whatsapp")
    Identity.put([{"kind": "user_id", "value": "US.1", "contact_id": ana, "seen_at": now}])
    assert forget_words(ANA, now=now) == 3
    assert stands("US.1")["marketing"].answer == "no"


def test_who_was_erased_and_has_another_number_stays_refused_under_it(
    now: datetime, settings: Settings
) -> None:
    forget_words(ANA, now=now - DAY)
    new = "+12025550177"
    told = {"type": "user_changed_number", "wa_id": new[1:]}
    change = {
        "id": "wamid.m",
        "type": "system",
        "from": ANA[1:],
        "timestamp": str(int(now.timestamp())),
    }
    keep(now, messages=[change | {"system": told}])
    track(settings, now=now, beat=nothing)
    assert stands(new)["marketing"].answer == "no"
    assert Statement.of([new], "marketing") == []  # and nothing is written of them anew


def test_who_was_erased_under_an_id_stays_refused_when_a_status_tells_whose_it_is(
    now: datetime, settings: Settings
) -> None:
    """They were erased as somebody else: under the id alone, of which nobody knew the number."""
    say("US.1", "no", now - DAY, "whatsapp")
    forget_words("US.1", now=now - HOUR)
    bruno = Contact.get(Contact.phone == BRUNO).id
    message = add_message(bruno, now, state="accepted", accepted_at=now)
    keep(now, statuses=[status("sent", now, uid=message.uid, recipient_user_id="US.1")])
    track(settings, now=now, beat=nothing)
    assert Contact.get_by_id(bruno).marketing == "no"


def test_a_clock_that_was_set_back_keeps_nothing(now: datetime) -> None:
    assert forget_words(ANA, now=now - 30 * DAY) == 2
    assert stands(ANA)["marketing"].answer == "no"


def test_somebody_of_whom_nothing_was_ever_heard_can_be_erased(now: datetime) -> None:
    assert forget_words("+12025550109", now=now) == 0
    assert stands("+12025550109")["order_news"].answer == "no"


def test_the_database_lets_go_of_nothing_else(database: Path, now: datetime) -> None:
    forget_words(ANA, now=now)
    for refused in (
        Statement.delete(),
        Erased.delete(),
        Erased.update(phone_hash="another"),
        Erased.update(said_at=now - DAY),
    ):
        with pytest.raises(peewee.IntegrityError, match="append-only"):
            refused.execute()
    later = now + HOUR
    say(ANA, "yes", later, "order 7")
    with pytest.raises(peewee.IntegrityError, match="append-only"):
        Statement.delete().where(Statement.phone == ANA).execute()  # said since they were erased
    assert stands(ANA)["marketing"].answer == "yes"
