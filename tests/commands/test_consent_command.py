"""winback consent import: what was taken, what was set aside, and what scripts hear of it."""

from pathlib import Path

import pytest
from daemon_process import DaemonProcess
from sending_world import World
from typing_in import typed

from agent.database import owned, shared
from agent.errors import BadInput, DatabaseTrouble
from models import Contact

ANA, BEN = "+15125550111", "+15125550112"


@pytest.fixture
def config(world: World) -> Path:
    with owned(world.folder / "winback.db"):
        pass
    return world.write_config()


def consented(config: Path) -> int:
    with shared(config.parent / "winback.db"):
        return Contact.agreed_count()


def test_a_good_file_ends_with_0_and_a_second_time_adds_nothing(
    config: Path, tmp_path: Path
) -> None:
    file = tmp_path / "list.csv"
    file.write_text(f"phone,says\n{ANA},yes\n{BEN},no\n")
    first = typed("consent", "import", str(file), "--config", str(config))
    assert (first.exit_code, first.stderr) == (0, "")
    assert first.stdout == "2 statements added, 0 known already, 0 lines set aside\n"
    assert consented(config) == 1
    again = typed("consent", "import", str(file), "--config", str(config))
    assert again.stdout == "0 statements added, 2 known already, 0 lines set aside\n"


def test_lines_that_are_set_aside_are_on_stderr_with_their_numbers(
    config: Path, tmp_path: Path
) -> None:
    file = tmp_path / "list.csv"
    file.write_text(f"phone,says\n{ANA},yes\nnonsense,yes\n{BEN},perhaps\n")
    ended = typed("consent", "import", str(file), "--config", str(config))
    assert ended.exit_code == 1
    assert ended.stdout == "1 statement added, 0 known already, 2 lines set aside\n"
    told = ended.stderr.splitlines()
    assert [line.split(": ")[0] for line in told] == [f"{file}:3", f"{file}:4"]
    assert all(line.endswith("set aside") for line in told)
    assert consented(config) == 1  # the good line was taken


def test_what_a_list_is_about_can_be_said(config: Path, tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_text(f"phone\n{ANA}\n")
    named = ("consent", "import", str(file), "--config", str(config), "--purpose")
    ended = typed(*named, "order_news")
    assert ended.stdout == "1 statement added, 0 known already, 0 lines set aside\n"
    with shared(config.parent / "winback.db"):
        assert (Contact.agreed_count("order_news"), Contact.agreed_count()) == (1, 0)
    assert typed(*named, "newsletter").exit_code == 2


def test_a_file_that_is_not_there_is_refused(config: Path, tmp_path: Path) -> None:
    ended = typed("consent", "import", str(tmp_path / "none.csv"), "--config", str(config))
    assert isinstance(ended.exception, BadInput)
    assert "none.csv" in str(ended.exception)


def test_a_folder_is_a_usage_error(config: Path, tmp_path: Path) -> None:
    ended = typed("consent", "import", str(tmp_path), "--config", str(config))
    assert ended.exit_code == 2


def test_before_the_first_start_it_says_what_to_do(world: World, tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_text(f"phone\n{ANA}\n")
    ended = typed("consent", "import", str(file), "--config", str(world.write_config()))
    assert isinstance(ended.exception, DatabaseTrouble)
    assert "there is no database" in str(ended.exception)


def test_it_works_beside_a_running_daemon(config: Path, tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_text(f"phone\n{ANA}\n")
    with DaemonProcess(config) as daemon:
        daemon.ready()
        ended = typed("consent", "import", str(file), "--config", str(config))
    assert ended.exit_code == 0
    assert consented(config) == 1
