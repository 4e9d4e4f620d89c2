"""Each command that changes something leaves a line for the daemon's log, and no name in it."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from log_read import PERSONAL
from sending_world import World
from typing_in import typed

from agent.by_hand import BY_HAND
from agent.database import owned, shared
from models import Contact, JobRun, Message, SetAside, ShopFact

PHONE, OTHER = "+12025550101", "+12025550102"


@pytest.fixture
def config(world: World) -> Path:
    with owned(world.folder / "winback.db"):
        now = datetime.now(UTC)
        ShopFact.put({"zone": "UTC", "currency": "EUR", "country": "US"})
        for number, phone in enumerate((PHONE, OTHER), start=1):
            Contact.insert(
                id=number, phone=phone, region="US", first_name="Ana", created_at=now
            ).execute()
        Message.put(
            [
                {
                    "uid": "u1", "contact_id": 1, "campaign": "we_miss_you", "period": "2026-03-02",
                    "template": "we_miss_you", "language": "en", "cap_day": "2026-03-02",
                    "created_at": now, "not_before": now, "expires_at": now,
                }
            ]
        )  # fmt: skip
        SetAside.put(1, [("0/0", f"no JSON of {PHONE}")], now)
    return world.write_config()


def test_all_that_was_done_stands_on_the_ledger(world: World, config: Path) -> None:
    database, copy = world.folder / "winback.db", world.folder / "copy.db"
    stops = world.folder / "stops.csv"
    stops.write_text(f"phone,says\n{OTHER},no\n", encoding="utf-8")
    done = []
    for line in (
        ("pause", "--reason", f"asked by {PHONE}"),
        ("pause",),  # again: nothing has happened
        ("resume",),
        ("campaign", "pause", "we_miss_you"),
        ("campaign", "resume", "we_miss_you"),
        ("message", "cancel", "1"),
        ("consent", "add", PHONE, "--purpose", "marketing", "--words", f"at the till, {PHONE}"),
        ("consent", "withdraw", PHONE),
        ("consent", "import", str(stops)),
        ("inbox", "drop", "1"),
        ("contact", "merge", PHONE, OTHER, "--yes"),
        ("contact", "split", PHONE, f"phone:{OTHER}", "--yes"),
        ("contact", "forget", OTHER, "--yes"),
        ("backup", str(copy)),
        ("restored", "--yes", "--force"),
    ):
        ended = typed(*line, "--config", str(config))
        assert ended.exit_code == 0, (line, ended.output, ended.exception)
    with shared(database):
        done = [(run.job, run.result) for run in JobRun.select().order_by(JobRun.id)]
    assert [job.removeprefix(BY_HAND) for job, _ in done] == [
        "pause", "resume", "campaign pause", "campaign resume", "message cancel", "consent add",
        "consent withdraw", "consent import", "inbox drop", "contact merge", "contact split",
        "contact forget", "backup", "restored --yes",
    ]  # fmt: skip
    assert not PERSONAL.search(str(done))
    assert dict(done)[f"{BY_HAND}campaign pause"] == {"we_miss_you": 1}
    assert typed("restore", str(copy), "--config", str(config)).exit_code == 0
    with shared(database):
        assert JobRun.select().order_by(JobRun.id.desc()).get().job == f"{BY_HAND}restore"


def test_a_copy_is_made_where_that_cannot_be_written_down(world: World, config: Path) -> None:
    database = world.folder / "winback.db"
    with owned(database):
        JobRun._meta.database.execute_sql("DROP TABLE job_run")  # type: ignore[attr-defined]
    copy = world.folder / "copy.db"
    ended = typed("backup", str(copy), "--config", str(config))
    assert ended.exit_code == 0
    assert "note: the log will not tell of it" in ended.output
    assert copy.exists()
