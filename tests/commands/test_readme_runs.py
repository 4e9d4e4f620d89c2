"""Every command line of the README runs as it is written there, with a value for each of its words in capitals."""

import json
from pathlib import Path

import pytest
from sending_world import World
from test_docs import named
from typing_in import typed

from agent.database import owned
from agent.errors import WinbackError
from models import Message, SetAside, Webhook

ANA = "+12025550101"
OF_THEIR_OWN = {"run", "demo"}  # no end, and a minute: each has tests that run it as a process
VALUES = {
    "PHONE": ANA, "WHO": ANA, "NAME": "we_miss_you", "CAMPAIGN": "we_miss_you", "NUMBER": "17", "ID": "1",
    "ID...": "1", "JOB": "settle", "DATE": "2026-03-02", "N": "1",
}  # fmt: skip
CSV = f"phone,says\n{ANA},no\n"
EVENT = {"kind": "product_view", "phone": ANA, "product_id": 1}
ANSWERS = {
    0,
    1,
    65,
    77,
    78,
}  # among them "there is no such thing here", and "no terminal to ask at"


def lines() -> list[str]:
    """Each once, without what follows a `>`."""
    found = {" ".join(words).partition(" >")[0] for words in named()}
    return sorted(line for line in found if line.split()[0] not in OF_THEIR_OWN)


@pytest.fixture
def installed(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """A config, a shop that was read, somebody with a message, something set aside, and the files."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WINBACK_CONFIG", str(world.write_config()))
    (tmp_path / "stops.csv").write_text(CSV)
    (tmp_path / "FILE.csv").write_text(CSV)
    assert typed("sync").exit_code == 0
    with owned(tmp_path / "winback.db"):
        contact = world.contact(ANA)
        (uid,) = world.queue(contact_id=contact)
        assert Message.get(Message.uid == uid).id == 1
        came = Webhook.create(source="whatsapp", received_at=world.clock.now(), body=b"{}")
        SetAside.put(came.id, [("", "made up")], world.clock.now())
    return world


def test_every_command_line_of_the_readme_runs(installed: World) -> None:
    wrong = {line: said for line in lines() if (said := complaint(line, installed.folder))}
    assert not wrong, "\n".join(f"winback {line}: {said}" for line, said in wrong.items())


def complaint(line: str, folder: Path) -> str:
    """What is wrong with it; "" where nothing is."""
    words = [VALUES.get(word, word) for word in line.split()]
    words = [str(folder / Path(word).name) if word.startswith("/") else word for word in words]
    (folder / "FILE").write_text(json.dumps(EVENT) if words[0] == "events" else "no database")
    if words[0] == "backup":
        (folder / "FILE").unlink()
    ended = typed(*words)
    if not isinstance(ended.exception, WinbackError | SystemExit | None):
        return repr(ended.exception)
    code = getattr(ended.exception, "exit_code", ended.exit_code)
    return "" if code in ANSWERS else f"exit code {code}: {ended.output} {ended.exception}"
