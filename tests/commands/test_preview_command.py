"""winback preview: what the next run would do, told before it does it, beside whoever works."""

import json
import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from sending_world import FACTS, World
from typing_in import typed

from agent.database import owned
from agent.errors import BadInput, DatabaseTrouble
from models import Contact, Cursor, Message, Order, Pause, ShopFact

ANA, BEN = "+12025550101", "+12025550102"


@pytest.fixture
def config(world: World, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Ana and Ben are quiet; Ben said nothing. A message costs 0.025 where Ana lives."""
    monkeypatch.setenv("COLUMNS", "200")  # so that no sentence is folded
    config = world.write_config(holdout__everything=0, holdout__share=0)
    with config.open("a", encoding="utf-8") as file:
        file.write(
            '[budget]\ncurrency = "USD"\n'
            'prices = [{since = "2026-01-01", country = "US", category = "marketing", price = "0.025"}]\n'
        )
    now = world.clock.now()
    with owned(world.folder / "winback.db"):
        ShopFact.put(FACTS)
        Cursor.insert(name="orders", since=now, polled_at=now).execute()
        for number, phone, said in ((17, ANA, "yes"), (18, BEN, "")):
            contact = world.contact(
                phone,
                first_name="Ana\x1b[31m",
                email="ana@shop.example",
                region="US",
                marketing=said,
            )
            Order.insert(
                woo_id=number, number=f"A-{number}", status="completed", currency="GBP", total=60_000,
                contact_id=contact, created_at=now - timedelta(days=200), read_at=now, lines_at=now,
            ).execute()  # fmt: skip
        world.learn_the_shop(world.settings_as_written())
    return config


def test_the_plan_is_told_and_nothing_changed(config: Path) -> None:
    done = typed("preview", "--config", str(config))
    assert done.exit_code == 0, done.output
    told = " ".join(done.output.split())
    for part in (
        "The plan of ",
        "we_miss_you on 1 0 0.025 USD",
        f"we_miss_you to {ANA}",
        "because: quiet for 2",  # 200 or 201 days, by the hour
        "It has been a while.",
        "1 never agreed to marketing on WhatsApp",
        "Held: the daemon does not run",
    ):
        assert part in told
    assert "\x1b" not in done.output
    with owned(config.parent / "winback.db"):
        assert not Message.select().exists()
        assert Contact.select().count() == 2


def test_beside_a_daemon_and_for_a_program(config: Path) -> None:
    with owned(config.parent / "winback.db"):  # as the daemon has it
        done = typed("preview", "--json", "--samples", "0", "--config", str(config))
        assert not Message.select().exists()  # of the real database, which is open again
    assert done.exit_code == 0, done.output
    found = json.loads(done.output)
    told = {one["name"]: (one["told"], one["samples"]) for one in found["campaigns"]}
    assert told["we_miss_you"] == (1, [])
    assert found["left_alone"] == [["no_consent", 1]]


def test_a_campaign_that_is_off_is_rehearsed(config: Path) -> None:
    with owned(config.parent / "winback.db"):
        Pause.put("*", "operator", "stocktaking", now=Cursor.get().polled_at)
    done = typed("preview", "--campaign", "loyalty_reward", "--config", str(config))
    assert done.exit_code == 0, done.output
    told = " ".join(done.output.split())
    assert "with loyalty_reward as if it were on and nothing held it" in told
    assert "loyalty_reward off 1 0 0.025 USD" in told
    assert "EXAMPLE23" in told
    assert "paused by you: stocktaking" in told
    assert "we_miss_you on" not in told


def test_while_no_campaign_is_on_it_says_so_and_how_to_see_one(config: Path) -> None:
    config.write_text(config.read_text().replace("enabled = true", "enabled = false"))
    told = " ".join(typed("preview", "--config", str(config)).output.split())
    assert "No campaign is on, so nobody would be written to. --campaign NAME shows" in told
    assert "back_in_stock" in told
    assert "would cost" not in told
    assert "fits no campaign" not in told
    assert "1 never agreed to marketing" in told


def test_at_a_moment(config: Path, world: World) -> None:
    later = (world.clock.now() + timedelta(days=3)).strftime("%Y-%m-%dT09:00")
    found = json.loads(typed("preview", "--json", "--at", later, "--config", str(config)).output)
    assert found["at"].startswith(later[:11])


def test_without_a_database_or_a_shop_it_says_what_to_do(world: World) -> None:
    config = world.write_config()
    assert isinstance(typed("preview", "--config", str(config)).exception, DatabaseTrouble)
    with owned(world.folder / "winback.db"):
        pass
    assert isinstance(typed("preview", "--config", str(config)).exception, BadInput)


@pytest.mark.parametrize(
    "moment", ["0001-01-01T00:00", "9999-12-31T23:59", "9999-12-31T23:59-1200"]
)
def test_a_year_for_which_nothing_can_be_planned_is_a_mistake(config: Path, moment: str) -> None:
    done = typed("preview", "--at", moment, "--config", str(config))
    assert done.exit_code == 2
    assert "is not between 2000 and 2199" in done.output


def test_without_room_for_the_copy_it_says_where_to_make_some(
    config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = tmp_path / "closed"  # and is not there
    monkeypatch.setattr("tempfile.tempdir", str(closed))
    error = typed("preview", "--config", str(config)).exception
    assert isinstance(error, DatabaseTrouble)
    assert "TMPDIR" in error.fix


def test_a_disk_that_is_too_small_for_the_copy_names_the_way_to_another(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = shutil.disk_usage("/")._replace(free=0)
    monkeypatch.setattr("shutil.disk_usage", lambda _: full)
    error = typed("preview", "--config", str(config)).exception
    assert isinstance(error, DatabaseTrouble)
    assert "TMPDIR" in error.fix
