"""A copy is put back over a database that had begun anew: its hashes were made with another key."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sending_world import World
from typing_in import typed

from agent.consent import Heard, record, stands
from agent.database import owned
from agent.forgetting import forget
from agent.jobs.departed import forget_departed
from agent.person import person_of
from agent.person_key import name_hashes, person_key
from models import Contact, Forgotten, ShopFact
from models.erasures import PHONE as A_PHONE
from models.insight import EMAIL

ANA, BEN, CARA = "+447700900101", "+447700900102", "+447700900103"
BRUNA = "+5511900000104"


@pytest.fixture
def config(world: World) -> Path:
    return world.write_config()


def meet(world: World, *phones: str) -> None:
    ShopFact.put({"zone": "Europe/London"})
    now = datetime.now(UTC) - timedelta(days=2)
    for phone in phones:
        world.contact(phone, email=f"{phone[-3:]}@shop.example", created_at=now)
        yes = Heard(phone=phone, says="yes", source="order 1", said_at=now)
        record([yes], now=now)
    person_key()


def erase(*phones: str) -> None:
    for phone in phones:
        done = forget(person_of(Contact.get(Contact.phone == phone)), now=datetime.now(UTC))
        assert not done.busy


@pytest.fixture
def copy(world: World, config: Path, tmp_path: Path) -> Path:
    """Of a database with Ana, Ben and Bruna, which is lost then; in the new one all four are met, and only
    Ben is not erased."""
    path = world.folder / "winback.db"
    with owned(path):
        meet(world, ANA, BEN, BRUNA)
        first = person_key()
    copy = tmp_path / "copy.db"
    assert typed("backup", str(copy), "--config", str(config)).exit_code == 0
    for lost in world.folder.glob("winback.db*"):
        lost.unlink()
    with owned(path):
        meet(world, ANA, BEN, CARA, BRUNA)
        assert person_key() != first
        erase(ANA, CARA, BRUNA)
    return copy


def test_whom_the_copy_knows_stays_erased_and_the_others_are_told_of(
    world: World, config: Path, copy: Path
) -> None:
    done = typed("restore", str(copy), "--config", str(config))
    assert done.exit_code == 0, done.output
    assert "1 person was erased" in done.output  # Cara, whom the copy never met
    assert "winback contact forget PHONE" in done.output
    with owned(world.folder / "winback.db"):
        for phone, answer in ((ANA, "no"), (BEN, "yes"), (BRUNA, "no"), (CARA, "")):
            assert stands(phone)["marketing"].answer == answer
        now = datetime.now(UTC)
        assert forget_departed(now=now, beat=lambda: None) == {"people forgotten": 2}
        assert [one.phone for one in Contact.select()] == [BEN]
        hashes = name_hashes(phones=[ANA, CARA], emails=["101@shop.example"])
        since = Forgotten.since(hashes.values())
        assert {name for name, one in hashes.items() if one in since} == {
            (A_PHONE, ANA), (EMAIL, "101@shop.example"),
        }  # fmt: skip


def test_with_the_same_key_nobody_is_told_of(world: World, config: Path, tmp_path: Path) -> None:
    with owned(world.folder / "winback.db"):
        meet(world, ANA, BEN)
    copy = tmp_path / "copy.db"
    assert typed("backup", str(copy), "--config", str(config)).exit_code == 0
    with owned(world.folder / "winback.db"):
        meet(world, CARA)
        erase(ANA, CARA)
    done = typed("restore", str(copy), "--config", str(config))
    assert "another key" not in done.output
    with owned(world.folder / "winback.db"):
        assert {one.answer for one in stands(CARA).values()} == {"no"}
        assert {one.answer for one in stands(ANA).values()} == {"no"}
