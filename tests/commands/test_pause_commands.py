"""Somebody pauses, and lets go on; and sees what is paused."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import Result
from sending_world import World
from typing_in import typed

from agent.errors import BadInput, ConfigError
from agent.jobs.send import Sender
from models import Canary, Message, Pause
from models.base import close_database, migrate, open_database

SINCE = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@pytest.fixture
def config(world: World) -> Path:
    """A config, and a database that a daemon has made."""
    path = world.write_config(whatsapp__canary=[20, 200, 1000])
    open_database(world.folder / "winback.db")
    migrate()
    return path


def run(config: Path, *words: str) -> Result:
    """Type it in as somebody else than the daemon, whose connection is open again afterwards."""
    close_database()
    result = typed(*words, "--config", str(config))
    open_database(config.parent / "winback.db")
    return result


def told(config: Path, *words: str) -> str:
    result = run(config, *words)
    assert result.exit_code == (1 if words[0] == "status" else 0), result.output  # no daemon runs
    return result.output


def paused() -> set[tuple[str, str]]:
    return {(one.scope, one.source) for one in Pause.select()}


def test_everything_is_paused_and_goes_on(config: Path) -> None:
    assert told(config, "pause", "--reason", "stocktaking") == (
        "everything is paused; go on: winback resume\n"
    )
    assert paused() == {("*", "operator")}
    assert "was paused already" in told(config, "pause")
    assert Pause.get().reason == "stocktaking"  # who says it again takes nothing back
    assert told(config, "resume").startswith("lifted: everything (since ")
    assert paused() == set()
    assert told(config, "resume") == "nothing was paused that this command ends\n"


def test_one_campaign_is_paused_and_goes_on(config: Path) -> None:
    told(config, "campaign", "pause", "we_miss_you", "--reason", "a new text")
    assert paused() == {("we_miss_you", "operator")}
    assert "we_miss_you (since" in told(config, "campaign", "resume", "we_miss_you")
    assert paused() == set()


def test_a_campaign_that_is_off_anyway_is_told(config: Path) -> None:
    assert "it is off in the config" in told(config, "campaign", "pause", "price_drop")
    assert "it is off in the config" in told(config, "campaign", "resume", "price_drop")


@pytest.mark.parametrize("word", ["pause", "resume"])
def test_a_campaign_that_does_not_exist(config: Path, word: str) -> None:
    error = run(config, "campaign", word, "we_mis_you").exception
    assert isinstance(error, BadInput)
    assert "there is no campaign 'we_mis_you'" in error.what
    assert "we_miss_you" in error.fix


@pytest.mark.parametrize("word", ["pause", "resume"])
def test_order_news_are_no_campaign(config: Path, word: str) -> None:
    error = run(config, "campaign", word, "order_completed").exception
    assert isinstance(error, BadInput)
    assert "'order_completed' is no campaign but order news" in error.what
    assert "[order_news.order_completed]" in error.fix


def test_resume_ends_what_a_person_can_and_names_the_others(config: Path) -> None:
    Pause.put("*", "operator", "stocktaking", now=SINCE)
    Pause.put("*", "account", "the number is BANNED", now=SINCE)
    Pause.put("marketing", "restore", "put back", now=SINCE)
    Pause.put("marketing", "restriction", "a violation", now=SINCE)
    Pause.put("price_drop", "canary", "3 of 20 messages failed", now=SINCE)
    Pause.put("we_miss_you", "operator", "", now=SINCE)
    Canary.put("price_drop", "7 abc", batch=1, now=SINCE, passed=False)
    lines = told(config, "resume").splitlines()
    assert len([line for line in lines if line.startswith("lifted: ")]) == 3
    stays = "\n".join(line for line in lines if line.startswith("stays: "))
    assert "ends by itself when the account is well again" in stays
    assert "-> winback restored" in stays
    assert "-> winback campaign resume we_miss_you" in stays
    assert paused() == {
        ("*", "account"), ("marketing", "restore"), ("we_miss_you", "operator"),
    }  # fmt: skip
    assert Canary.get_by_id("price_drop").began_at > SINCE  # its batch is tried once more


def test_resuming_a_campaign_says_what_else_holds_it(config: Path) -> None:
    told(config, "pause")
    told(config, "campaign", "pause", "we_miss_you")
    lines = told(config, "campaign", "resume", "we_miss_you")
    assert "lifted: we_miss_you" in lines
    assert "stays: everything" in lines
    assert "-> winback resume" in lines


def test_paused_by_hand_is_in_force_at_once_though_the_campaign_is_on(
    config: Path, world: World
) -> None:
    settings = world.settings_as_written()
    world.learn_the_shop(settings)
    world.queue(3)
    told(config, "campaign", "pause", "we_miss_you")
    assert Message.due(world.clock.now(), 10) == []
    sender = Sender(
        world.client(settings), lambda: settings,
        now=world.clock.now, monotonic=lambda: 0.0, pause=lambda _: None,
    )  # fmt: skip
    assert sender.run(lambda: None) == {}
    assert not world.whatsapp.accepted
    told(config, "campaign", "resume", "we_miss_you")
    assert len(Message.due(world.clock.now(), 10)) == 3


def test_the_list_names_everything_that_holds_a_campaign(config: Path, world: World) -> None:
    world.learn_the_shop(world.settings_as_written())
    Pause.put("*", "operator", "stocktaking", now=SINCE)
    Canary.put("we_miss_you", "7 abc", batch=0, now=SINCE, passed=False)
    lines = told(config, "campaign", "list").splitlines()
    at = lines.index(
        "we_miss_you: on; its template is tried out: batch 1 of 3, 0 of 20 messages have left"
    )
    assert "PAUSED: everything" in lines[at + 1]
    assert "paused by you: stocktaking -> winback resume" in lines[at + 1]
    assert "price_drop: off" in lines


def test_status_and_check_show_it(config: Path) -> None:
    Pause.put("*", "operator", "stocktaking", now=SINCE)
    Pause.put("we_miss_you", "canary", "3 of 20 messages failed", now=SINCE)
    Canary.put("we_miss_you", "7 abc", batch=1, now=SINCE, passed=False)
    Canary.update(filled_at=SINCE).execute()
    status = " ".join(told(config, "status").split())
    assert "is paused by you: stocktaking -> winback resume" in status
    assert "3 of 20 messages failed -> winback campaign resume we_miss_you" in status
    assert "batch 2 of 3 has left, and is watched until 02 Mar 13:00" in status
    check = run(config, "check").output
    assert "note  database  everything (since 02 Mar 12:00) is paused by you: stocktaking" in check
    assert "-> winback campaign resume we_miss_you" in check


def test_a_mistake_in_the_config_is_no_reason_to_go_on_sending(config: Path) -> None:
    config.write_text(config.read_text() + "[lgo]\nlevel = 1\n[links]\ntrakc = 1\n")
    warning = "warning: the config has 2 mistakes; `winback check` names them\n"
    for words in (
        ["pause"], ["resume"], ["campaign", "pause", "we_miss_you"],
        ["campaign", "resume", "we_miss_you"],
    ):  # fmt: skip
        ended = run(config, *words)
        assert ended.exit_code == 0, ended.output
        assert ended.stderr == warning
        assert bool(paused()) == ("pause" in words)
    assert isinstance(run(config, "campaign", "list").exception, ConfigError)


def test_a_mistake_about_the_database_is_told_before_anything_is_done(config: Path) -> None:
    config.write_text(config.read_text().replace("[database]", "[databse]"))
    error = run(config, "pause").exception
    assert isinstance(error, ConfigError)
    assert "[databse]" in str(error)
    assert paused() == set()
