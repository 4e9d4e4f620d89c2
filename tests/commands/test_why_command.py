"""winback why: what the rules look at of a person, on the terminal and for a program."""

import json
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sending_world import FACTS, World
from typing_in import typed

from agent.consent import Heard, record
from agent.database import owned
from agent.errors import BadInput
from agent.rules.holdout import lot
from models import Contact, Cursor, Identity, Interest, Message, Order, Product, ShopFact
from models.base import database

ANA, BEN = "+447700900101", "+447700900102"


@pytest.fixture
def config(world: World, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Ana, quiet for 200 days, with an account, and Ben, with whom she shares an e-mail."""
    config = world.write_config(holdout__everything=0, holdout__share=0)
    monkeypatch.setenv("COLUMNS", "200")  # so that no sentence is folded
    now = world.clock.now()
    with owned(world.folder / "winback.db"):
        ShopFact.put(FACTS)
        Cursor.insert(name="orders", since=now, polled_at=now).execute()
        ana = world.contact(
            ANA, first_name="Ana\x1b[31m", email="ana@shop.example", region="GB", marketing=""
        )
        ben = world.contact(BEN, first_name="Ben", email="ana@shop.example", region="GB")
        with database.atomic():
            heard = Heard(
                phone=ANA, says="yes", source="order 17", said_at=now - timedelta(days=200),
                words="Offers on WhatsApp [yes]",
            )  # fmt: skip
            record([heard], now=now)
        for kind, value, contact in (
            ("customer", "17", ana),
            ("email", "ana@shop.example", ana),
            ("customer", "18", ben),
        ):
            row = {"kind": kind, "value": value, "contact_id": contact, "seen_at": now}
            Identity.insert(row).execute()
        Order.insert(
            woo_id=17, number="A-17", status="completed", currency="GBP", total=5000, customer_id=17,
            contact_id=ana, created_at=now - timedelta(days=200), read_at=now, lines_at=now,
        ).execute()  # fmt: skip
        Product.insert(
            woo_id=42, name="Linen Shirt", status="publish", stock_status="instock", price=1990,
            stock_quantity=3, read_at=now,
        ).execute()  # fmt: skip
        saw = {
            "contact_id": ana, "product_id": 42, "kind": "view", "price": 1990, "source": "events",
            "stock_status": "outofstock", "first_at": now - timedelta(days=3),
            "seen_at": now - timedelta(days=3),
        }  # fmt: skip
        Interest.write_each([saw], lambda insert: insert)
        world.learn_the_shop(world.settings_as_written())
        world.queue(contact_id=ana, state="read", cap_day=(now - timedelta(days=20)).date().isoformat(),
                    created_at=now - timedelta(days=20), reason="quiet for 180 days", period="2026-01-01")  # fmt: skip
    return config


def said(config: Path, *arguments: str) -> str:
    done = typed("why", *arguments, "--config", str(config))
    assert done.exit_code == 0, done.output
    return " ".join(done.output.split())


@pytest.mark.parametrize("who", [ANA, "+44 7700 900101", "17", ANA.removeprefix("+")])
def test_all_that_the_rules_look_at_is_told(config: Path, who: str) -> None:
    told = said(config, who)
    for part in (
        ANA,
        "Joined by customer: 17",
        "Joined by e-mail: ana@shop.example",
        "Consent to marketing: yes since",
        "order 17: Offers on WhatsApp [yes] (it counts)",
        "Consent to order news: never said",
        "Orders: 1 that count, £50.00 spent",
        "A-17",
        "Linen Shirt",
        "outofstock -> instock (3)",
        "quiet for 180 days",
        "Caps: 0 of 1 in 7 days, 1 of 4 in 30 days",
        "back_in_stock: not: is switched off",
        "we_miss_you: CHOSEN",
        "quiet for 200 days",
        "Waits for Linen Shirt: 0 have waited longer, 15 more may be told now",
        "Decision: we_miss_you, ",  # in the run of tomorrow, if it is evening now
        "would leave at once: quiet for 200 days",
        "Held: the daemon does not run",
    ):
        assert part in told
    assert "\x1b" not in told


@pytest.mark.parametrize("held_out", [False, True])
def test_whom_the_caps_hold_is_told_from_which_day_on(
    config: Path, world: World, held_out: bool
) -> None:
    heard = (world.clock.now() - timedelta(days=2)).date()
    with owned(world.folder / "winback.db"):
        ana = Contact.get(Contact.phone == ANA).id
        world.queue(contact_id=ana, state="read", cap_day=heard.isoformat(), period=heard.isoformat(),
                    created_at=world.clock.now() - timedelta(days=2))  # fmt: skip
        keys = (f"{number:064x}" for number in range(10_000))
        drawn = next(key for key in keys if (lot(bytes.fromhex(key), ANA) < 10) is held_out)
        ShopFact.put({"person_key": drawn})
    world.write_config(holdout__everything=10, holdout__share=0)
    told = said(config, ANA)
    since = f"from {heard + timedelta(days=7):%d %b %Y} on, if nothing else happens"
    assert f"we_miss_you: not: heard from you recently; {since}" in told
    assert f"Decision: nothing now: heard from you recently; we_miss_you {since}" in told
    assert ("and hears nothing then either" in told) is held_out


def test_a_program_reads_the_same(config: Path) -> None:
    found = json.loads(typed("why", ANA, "--json", "--config", str(config)).output)
    assert found["person"]["phone"] == ANA
    assert found["decision"]["campaign"] == "we_miss_you"
    assert found["decision"]["why"] == "chosen"
    [chosen] = [one for one in found["campaigns"] if one["chosen"]]
    assert all(one["met"] for one in chosen["conditions"])
    assert {one["name"] for one in chosen["conditions"]} <= found["asked"].keys()
    assert datetime.fromisoformat(found["at"])


def test_several_people_are_listed(config: Path) -> None:
    done = typed("why", "ANA@shop.example", "--config", str(config))
    assert isinstance(done.exception, BadInput)
    assert ANA in done.output
    assert BEN in done.output


@pytest.mark.parametrize("who", ["+447700900199", "4711", "nobody@shop.example", "Ana", ""])
def test_nobody_is_a_mistake_with_a_remedy(config: Path, who: str) -> None:
    error = typed("why", "--config", str(config), "--", who).exception
    assert isinstance(error, BadInput)
    assert error.fix


def test_a_number_that_cannot_be_written_to_says_so(config: Path) -> None:
    error = typed("why", "+44 20 7946 0000", "--config", str(config)).exception
    assert isinstance(error, BadInput)
    assert "a landline" in error.what


def test_nothing_is_changed(config: Path) -> None:
    with owned(config.parent / "winback.db"):
        before = [Message.select().count(), Contact.select().count()]
    said(config, ANA)
    with owned(config.parent / "winback.db"):
        assert [Message.select().count(), Contact.select().count()] == before


def test_as_it_was_before_they_were_quiet(config: Path, world: World) -> None:
    then = world.clock.now() - timedelta(days=150)
    told = said(config, ANA, "--at", then.date().isoformat())
    assert f"As of {then:%d %b %Y} 09:00" in told
    assert "Not known of that time:" in told


def test_what_is_to_come_is_not_explained(config: Path, world: World) -> None:
    tomorrow = (world.clock.now() + timedelta(days=2)).date().isoformat()
    error = typed("why", ANA, "--at", tomorrow, "--config", str(config)).exception
    assert isinstance(error, BadInput)
    assert "winback preview" in error.fix


@pytest.mark.parametrize(
    "moment",
    ["0001-01-01", "0001-01-01T00:00+1400", "1999-12-31", "2200-01-01", "9999-12-31T23:59-1200"],
)
def test_a_year_in_which_nothing_can_have_happened_is_a_mistake(config: Path, moment: str) -> None:
    done = typed("why", ANA, "--at", moment, "--config", str(config))
    assert done.exit_code == 2
    assert "is not between 2000 and 2199" in done.output


def test_what_a_terminal_sends_that_is_no_text_is_nobody(config: Path) -> None:
    error = typed("why", "--config", str(config), "--", "an\udcffa@shop.example").exception
    assert isinstance(error, BadInput)
    assert "nobody is known" in error.what
