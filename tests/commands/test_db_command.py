"""winback db: what is wrong with a database is found, and said with what to do; and it gets smaller."""

import shutil
import sqlite3
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from sending_world import FACTS, World
from typing_in import typed

from agent.consent import Heard, record
from agent.database import held, owned
from agent.epoch import Life
from agent.jobs.insight import keep_current
from models import Contact, Cursor, History, Message, Order, OrderLine, Product, ShopFact, Webhook

DAY = timedelta(days=1)
ANA = "+447700900777"


@pytest.fixture
def path(world: World, migrated: Path) -> Path:
    """A database with some of everything, and no daemon."""
    settings = world.settings()
    now = world.clock.now()
    shutil.copy(migrated, settings.database.path)
    with owned(settings.database.path):
        Life(settings.database.path).begin(now)
        ShopFact.put(FACTS)
        Cursor.insert(name="orders", since=now, polled_at=now).execute()
        keep_current(settings, beat=lambda: None)
        ana = world.contact(ANA)
        record([Heard(phone=ANA, says="yes", source="order 1", said_at=now)], now=now)
        Product.absorb([{"woo_id": 7, "name": "Shirt", "categories": [3], "read_at": now}])
        Order.absorb(
            [
                {
                    "woo_id": 1, "status": "completed", "currency": "GBP", "total": 1000,
                    "contact_id": ana, "customer_id": 0, "email": "", "created_at": now - DAY,
                    "paid_at": now - DAY, "read_at": now,
                }
            ]
        )  # fmt: skip
        OrderLine.replace_for(
            [1], [{"woo_id": 1, "order_id": 1, "product_id": 7, "quantity": 2, "total": 1000}]
        )
        keep_current(settings, beat=lambda: None)
        world.queue(1, contact_id=ana)
        Contact.delete().where(Contact.id != ana).execute()
        assert History.get_by_id(ana).bought == 1
    return settings.database.path


def run(world: World, *words: str) -> tuple[int, str]:
    result = typed("db", *words, "--config", str(world.config))
    told = result.output + (str(result.exception) if result.exception else "")
    return result.exit_code, " ".join(told.split())


def spoil(path: Path, *statements: str) -> None:
    with sqlite3.connect(path) as raw:
        for one in statements:
            raw.execute(one)
    raw.close()


def test_a_sound_one_is_sound(world: World, path: Path) -> None:
    code, told = run(world, "check")
    assert (code, "WRONG" in told) == (0, False), told
    assert "histories and tastes are what they would be anew" in told
    assert run(world, "check", "--quick")[0] == 0


UNGUARD = "DROP TRIGGER consent_statement_no_update"


@pytest.mark.parametrize(
    ("statements", "words"),
    [
        (["INSERT INTO order_line (woo_id, order_id, product_id, variation_id, name, quantity, total) VALUES (9, 99, 7, 0, '', 1, 1)"], "1 order lines lead to rows"),
        (["UPDATE shop_order SET contact_id = 99, holder_id = 99"], "orders lead to rows"),
        (["UPDATE message SET contact_id = 99"], "winback message cancel"),
        ([UNGUARD], "these guards are gone: consent_statement_no_update"),
        ([UNGUARD, "UPDATE consent_statement SET phone = '+447700900778'"], "1 statements were changed"),
        (["UPDATE contact SET marketing = ''"], "--mend"),
        (["UPDATE message SET state = 'lost'"], "known states only: not so for 1, such as 1"),
        (["UPDATE message SET state = 'accepted'"], "what WhatsApp took has the moment: not so"),
        (["UPDATE message SET state = 'delivered', accepted_at = created_at"], "what is over has its end: not so"),
        (["UPDATE message SET state = 'claimed'"], "of a daemon that ended"),
        (["UPDATE history SET bought = 5"], "of 1 contacts they are not"),
        (["DELETE FROM taste"], "of 1 contacts they are not"),
        (["UPDATE shop_order SET holder_id = NULL"], "1 do not, such as 1"),
        (["UPDATE epoch SET mark = 'another'"], "it was put back"),
        (["DELETE FROM schema_migration WHERE name LIKE '0015%'"], "not migrated yet: 0015_erasures"),
    ],
)  # fmt: skip
def test_each_mistake_is_found_and_said_with_what_to_do(
    world: World, path: Path, statements: list[str], words: str
) -> None:
    spoil(path, *statements)
    code, told = run(world, "check")
    assert code == 1, told
    assert words in told
    assert "->" in told


def test_a_damaged_file_is_told(world: World, path: Path) -> None:
    with sqlite3.connect(path) as raw:
        raw.execute("PRAGMA journal_mode = delete")
        [page] = raw.execute(
            "SELECT rootpage FROM sqlite_master WHERE name = 'message_uid'"
        ).fetchone()
    raw.close()
    content = bytearray(path.read_bytes())
    content[(page - 1) * 4096 + 8 : page * 4096] = b"\x00" * (4096 - 8)
    path.write_bytes(content)
    code, told = run(world, "check")
    assert code == 1
    assert "WRONG" in told or "malformed" in told


def test_what_the_ledger_comes_to_is_written_anew(world: World, path: Path) -> None:
    spoil(path, "UPDATE contact SET marketing = 'no'")
    assert run(world, "check")[0] == 1
    code, told = run(world, "check", "--mend")
    assert (code, "written anew for 1 contacts" in told) == (0, True), told


def fill(path: Path) -> None:
    with owned(path):
        for _ in range(50):
            Webhook.insert(
                source="whatsapp", received_at=Message.get().created_at, body=b"secret" * 4000
            ).execute()
        Webhook.delete().execute()


def test_vacuum_gives_the_room_back_and_leaves_no_byte(world: World, path: Path) -> None:
    fill(path)
    before = path.stat().st_size
    code, told = run(world, "vacuum")
    assert (code, "before" in told) == (0, True), told
    assert path.stat().st_size < before / 2
    assert b"secret" not in path.read_bytes()
    assert run(world, "check")[0] == 0


def test_vacuum_does_nothing_beside_a_daemon(world: World, path: Path) -> None:
    before = path.read_bytes()
    with held(path):
        code, told = run(world, "vacuum")
    assert (code, "another winback" in told) == (1, True), told
    assert path.read_bytes() == before


def test_vacuum_does_nothing_without_room(
    world: World, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = SimpleNamespace(free=1)
    monkeypatch.setattr("agent.commands.db.shutil.disk_usage", lambda _: full)
    code, told = run(world, "vacuum")
    assert (code, "nothing was changed" in told) == (1, True), told


def test_it_works_beside_a_daemon(world: World, path: Path) -> None:
    with held(path):
        assert run(world, "check")[0] == 0
