"""winback inbox: what could not be worked off is seen, worked off later, or dropped."""

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sending_world import FACTS, World
from typing_in import typed

from agent.database import owned
from agent.errors import BadInput
from agent.jobs.track import track
from models import Contact, Message, Received, Reply, SetAside, ShopFact, Webhook
from models.base import database as handle

NOON = datetime.fromisoformat("2026-11-20T12:00:00+00:00")
SENT = {"id": "wamid.1", "status": "sent", "timestamp": "1795300000"}
STOP = {
    "id": "wamid.in",
    "from": "12025550101",
    "timestamp": "1795300000",
    "type": "text",
    "text": {"body": "STOP"},
}


@pytest.fixture
def config(world: World) -> Path:
    config = world.write_config()
    with owned(world.folder / "winback.db"):
        ShopFact.put(FACTS)
    return config


def arrive(config: Path, world: World, *bodies: bytes) -> None:
    """Webhooks come, and the daemon looks at them."""
    with owned(config.parent / "winback.db"):
        for body in bodies:
            Webhook.insert(source="whatsapp", received_at=NOON, body=body).execute()
        track(world.settings(), now=NOON, beat=lambda: None)


def webhook(**lists: list[Any]) -> bytes:
    change = {"field": "messages", "value": {"messaging_product": "whatsapp", **lists}}
    return json.dumps({"entry": [{"id": "1", "changes": [change]}]}).encode()


def said(config: Path, *words: str) -> str:
    done = typed("inbox", *words, "--config", str(config))
    assert done.exit_code == 0, done.output
    return " ".join(done.output.split())


def test_before_anything_came_nothing_is_set_aside(config: Path) -> None:
    assert said(config) == "nothing came from WhatsApp in 7 days nothing is set aside"


def test_what_was_set_aside_is_listed_and_shown_alone(config: Path, world: World) -> None:
    arrive(config, world, webhook(statuses=[SENT, {"id": "wamid.2"}, SENT]), b"<html>\x1b[2J")
    listed = said(config)
    assert "0/0/statuses/1 status: KeyError 'status'" in listed
    assert "all of it not JSON" in listed
    shown = said(config, "show", "1")
    assert "Webhook 1, 0/0/statuses/1; came 20 Nov 2026 12:00:00 Tried once" in shown
    assert '"statuses": [ { "id": "wamid.2" } ]' in shown
    assert "wamid.1" not in shown
    assert r"<html>\x1b[2J" in said(config, "show", "2")


def test_what_came_is_counted_by_its_kind(config: Path, world: World) -> None:
    today = datetime.now(NOON.tzinfo).date()
    with owned(config.parent / "winback.db"):
        Received.add({"status read": 1200, "message text": 1}, today)
        Received.add({"message text": 2}, today - timedelta(days=7))
        Received.add({"message text": 2}, today - timedelta(days=8))
    assert said(config).startswith(
        "came from WhatsApp in 7 days: 1,200 status read, 3 message text"
    )


def test_after_a_mending_a_retry_works_it_off_and_twice_changes_nothing(
    config: Path, world: World
) -> None:
    # given a table that refuses every reply, as a fault of ours might
    path = config.parent / "winback.db"
    with owned(path):
        Contact.insert(phone="+12025550101", created_at=NOON).execute()
        handle.execute_sql(
            "CREATE TRIGGER refused BEFORE INSERT ON reply BEGIN SELECT RAISE(ABORT, 'refused'); END"
        )
    arrive(config, world, webhook(messages=[STOP, STOP | {"id": "wamid.2"}], statuses=[SENT]))
    assert "0 worked off, 2 still set aside" in said(config, "retry", "--all")
    assert "Tried 2 times" in said(config, "show", "1")
    # when it is mended
    with owned(path):
        handle.execute_sql("DROP TRIGGER refused")
    assert "1 worked off, 0 still set aside" in said(config, "retry", "2")
    assert "1 worked off, 0 still set aside" in said(config, "retry", "--all")
    # then what it says counts, and nothing is left
    with owned(path):
        assert Contact.get().marketing == "no"
        assert {reply.wamid for reply in Reply.select()} == {"wamid.in", "wamid.2"}
        assert not SetAside.select().exists()


def test_a_whole_webhook_that_was_set_aside_leaves_only_what_fails_again(
    config: Path, world: World
) -> None:
    """As after the migration from a version that set whole webhooks aside."""
    path = config.parent / "winback.db"
    with owned(path):
        body = webhook(statuses=[SENT, {"id": "wamid.2"}])
        Webhook.insert(source="whatsapp", received_at=NOON, body=body, done_at=NOON).execute()
        SetAside.put(1, [("", "status: KeyError 'status'")], NOON)
    assert "0 worked off, 1 still set aside" in said(config, "retry", "--all")
    with owned(path):
        assert [row.place for row in SetAside.select()] == ["0/0/statuses/1"]


def test_what_is_dropped_is_gone_and_its_webhook_stays(config: Path, world: World) -> None:
    arrive(config, world, b"no", b"no either")
    assert said(config, "drop", "1") == "1 dropped"
    assert said(config, "drop", "--all") == "1 dropped"
    with owned(config.parent / "winback.db"):
        assert not SetAside.select().exists()
        assert Webhook.select().count() == 2
        assert not Message.select().exists()


@pytest.mark.parametrize("verb", ["retry", "drop"])
def test_some_are_named_or_all_are(config: Path, verb: str) -> None:
    for words in ((verb,), (verb, "1", "--all")):
        done = typed("inbox", *words, "--config", str(config))
        assert done.exit_code == 2
        assert "name some by their ids, or say --all" in done.output


@pytest.mark.parametrize("verb", ["show", "retry", "drop"])
def test_an_id_that_is_not_there_is_told(config: Path, verb: str) -> None:
    done = typed("inbox", verb, "7", "--config", str(config))
    assert isinstance(done.exception, BadInput)
    assert "7" in done.exception.what


def test_an_element_that_is_not_in_its_webhook_any_more_is_told(config: Path, world: World) -> None:
    with owned(config.parent / "winback.db"):
        Webhook.insert(source="whatsapp", received_at=NOON, body=b"{}", done_at=NOON).execute()
        SetAside.put(1, [("0/0/statuses/5", "odd")], NOON)
        SetAside.put(2, [("", "odd")], NOON)  # its webhook was deleted by hand
    assert "0 worked off, 2 still set aside" in said(config, "retry", "--all")
    assert "the webhook has no such element" in said(config, "show", "1")
    shown = said(config, "show", "2")
    assert "came long ago" in shown
    assert "its webhook is not there any more" in shown
