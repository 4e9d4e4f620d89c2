"""winback init: an evening with the questions, right and wrong, and the file that comes of it."""

import os
import pty
import signal
import stat
import sys
import time
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result
from daemon_process import ROOT
from sending_world import World
from typing_in import typed

from agent.cli import winback
from agent.commands.init import file as init_file
from agent.commands.init.file import write_config
from agent.commands.init.questions import ALL, SHOP
from agent.config import Settings, load
from agent.errors import BadInput, ConfigError, WinbackError

SECRETS = {
    "WINBACK_SHOP_KEY": "ck_sandbox",
    "WINBACK_SHOP_SECRET": "cs_sandbox",
    "WINBACK_WHATSAPP_TOKEN": "EAAexample",
    "WINBACK_WHATSAPP_APP_SECRET": "example-app-secret",
}


def init(world: World, *options: str, answers: tuple[str, ...] = (), **environ: str) -> Result:
    """Typed with these answers on stdin; whatever comes of it, no secret is told."""
    done = CliRunner().invoke(
        winback,
        [
            "init", "--config", str(world.config), *options,
            "--set", f"whatsapp.base_url={world.whatsapp_url}", "--set", "web.listen=127.0.0.1:0",
        ],
        input="".join(f"{answer}\n" for answer in answers),
        env={question.variable: None for question in ALL} | environ,
    )  # fmt: skip
    said = f"{done.output}{done.stderr}{done.exception}"
    for secret in (*SECRETS.values(), "ck_wrong"):
        assert secret not in said
    assert done.exception is None or isinstance(done.exception, WinbackError | SystemExit)
    return done


def flags(world: World) -> tuple[str, ...]:
    return (
        "--non-interactive", "--shop-url", world.shop_url,
        "--phone-number-id", world.whatsapp.phone_number_id,
        "--business-account-id", world.whatsapp.business_account_id,
    )  # fmt: skip


def written(world: World) -> Settings:
    return load(world.config, environ={})


def test_questions_answered_right(world: World) -> None:
    done = init(
        world,
        answers=(
            world.shop_url, "ck_sandbox", "cs_sandbox",
            world.whatsapp.phone_number_id, world.whatsapp.business_account_id,
            "EAAexample", "example-app-secret",
            "br", "_my_box", "we_miss_you", "owner@shop.example, admin@shop.example",
        ),
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    settings = written(world)
    assert settings.warnings == ()
    assert settings.shop.default_country == "BR"
    assert settings.consent.order_meta == ("_my_box", "_winback_marketing", "_wa_marketing_consent")
    assert [name for name, one in settings.campaigns.items() if one.enabled] == ["we_miss_you"]
    assert settings.alarms.email_to == ("owner@shop.example", "admin@shop.example")
    assert len(settings.whatsapp.verify_token) == 32
    assert settings.whatsapp.verify_token not in done.output
    assert stat.S_IMODE(world.config.stat().st_mode) == 0o600
    assert "the key can read" in done.output
    assert "its quality is GREEN" in done.output
    assert "campaign we_miss_you (on): its template fits" in done.output
    for command in (
        "templates push",
        "sync",
        "once templates",
        "preview",
        "send-test PHONE we_miss_you",
        "run",
    ):
        assert f"{command} --config {world.config}" in done.output
    assert typed("check", "--config", str(world.config)).exit_code == 0


def test_what_is_wrong_is_told_as_check_does_and_asked_again(world: World) -> None:
    done = init(
        world,
        answers=(
            "ftp://", world.shop_url, "wrong", "ck_wrong", "cs_sandbox",
            "", "", "ck_sandbox", "",  # t is the default; then Enter keeps what was right
            "+12025550123", world.whatsapp.phone_number_id, "555", "EAAexample", "example-app-secret",
            "t", "", world.whatsapp.business_account_id, "", "",
            "", "", "we_mis_you", "", "",
        ),
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    assert "This does not begin with ck_; copy it whole" in done.output
    assert "FAIL  shop" in done.output
    assert "copy [shop] key and secret again" in done.output
    assert "FAIL  whatsapp" in done.output
    assert "did you mean we_miss_you?" in done.output
    assert written(world).whatsapp.business_account_id == world.whatsapp.business_account_id
    assert not any(one.enabled for one in written(world).campaigns.values())


@pytest.mark.long
@pytest.mark.parametrize(("choice", "code"), [("s", 1), ("g", 0)])
def test_one_may_stop_or_go_on(world: World, choice: str, code: int) -> None:
    done = init(
        world,
        "--campaigns", "none", "--country", "", "--consent-key", "", "--alarms-to", "",
        answers=(
            "127.0.0.1:9", "ck_sandbox", "cs_sandbox", "x", choice,
            world.whatsapp.phone_number_id, world.whatsapp.business_account_id,
        ),
        **{name: SECRETS[name] for name in SECRETS if "WHATSAPP" in name},
    )  # fmt: skip
    assert done.exit_code == code, done.output
    assert world.config.exists() == (code == 0)
    if code == 0:  # without a scheme it is https
        assert written(world).shop.url == "https://127.0.0.1:9"


def test_an_input_that_ends_too_early_writes_nothing(world: World) -> None:
    done = init(world, answers=(world.shop_url,))
    assert isinstance(done.exception, BadInput)
    assert "Consumer key" in done.exception.what
    assert not world.config.exists()


def test_without_questions_everything_comes_by_flags_and_environment(world: World) -> None:
    more = ("--campaigns", "we_miss_you,price_drop", "--alarms-to", "owner@shop.example")
    done = init(world, *flags(world), *more, WINBACK_WHATSAPP_VERIFY_TOKEN="my-own-word", **SECRETS)
    assert done.exit_code == 0, done.output
    settings = written(world)
    assert settings.campaigns["price_drop"].enabled
    assert settings.whatsapp.verify_token == "my-own-word"
    assert settings.database.path.is_absolute()
    assert "note  whatsapp  campaign price_drop (on): WhatsApp has no template" in done.output
    assert "templates push --config" in done.output


def test_all_that_is_missing_or_wrong_is_told_at_once(world: World) -> None:
    done = init(
        world, "--non-interactive", "--country", "XX", "--campaigns", "x", WINBACK_SHOP_KEY="a"
    )
    assert done.exit_code == 2
    for words in (
        "--shop-url or WINBACK_SHOP_URL",
        "WINBACK_SHOP_KEY: does not begin with ck_",
        "missing, WINBACK_SHOP_SECRET",
        "missing, WINBACK_WHATSAPP_TOKEN",
        "missing, WINBACK_WHATSAPP_APP_SECRET",
        "--phone-number-id or",
        "--business-account-id or",
        "a country of two letters",
        "--campaigns or WINBACK_CAMPAIGNS: names no campaign: x",
    ):
        assert words in done.stderr
    assert not world.config.exists()


def test_a_no_of_the_shop_writes_nothing_unless_told_to(world: World) -> None:
    wrong = SECRETS | {"WINBACK_SHOP_KEY": "ck_wrong"}
    done = init(world, *flags(world), **wrong)
    assert done.exit_code == 1
    assert "--anyway" in str(done.exception)
    assert not world.config.exists()
    assert init(world, *flags(world), "--anyway", **wrong).exit_code == 0
    assert written(world).shop.key == "ck_wrong"


def test_a_config_that_is_there_is_only_replaced_by_force_and_kept(world: World) -> None:
    world.config.write_text("mine")
    done = init(world, *flags(world), **SECRETS)
    assert done.exit_code == 1
    assert "--force" in str(done.exception)
    assert world.config.read_text() == "mine"
    for number in (1, 2):
        done = init(world, *flags(world), "--force", **SECRETS)
        assert done.exit_code == 0
        assert f"kept as {world.config}.{number}" in done.output
    assert Path(f"{world.config}.1").read_text() == "mine"
    assert stat.S_IMODE(Path(f"{world.config}.1").stat().st_mode) == 0o600
    assert Path(f"{world.config}.2").read_text() != "mine"
    assert not [one for one in world.folder.iterdir() if one.name.startswith(".")]


def test_secrets_in_files_leave_none_in_the_config(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = world.folder / "credentials"
    more = ("--secrets-dir", str(folder), "--set", "web.events_token=0123456789abcdef")
    done = init(world, *flags(world), *more, **SECRETS)
    assert done.exit_code == 0, done.output
    names = {one.name for one in folder.iterdir()}
    assert names == {
        "shop_key", "shop_secret", "whatsapp_token", "whatsapp_app_secret", "whatsapp_verify_token",
        "web_events_token",
    }  # fmt: skip
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    for one in folder.iterdir():
        assert stat.S_IMODE(one.stat().st_mode) == 0o600
        assert one.read_text().strip() not in world.config.read_text()
    with pytest.raises(ConfigError):
        written(world)
    settings = load(world.config, environ={"CREDENTIALS_DIRECTORY": str(folder)})
    assert (settings.shop.key, settings.web.events_token) == ("ck_sandbox", "0123456789abcdef")

    world.config.unlink()
    again = init(world, *flags(world), "--secrets-dir", str(folder), **SECRETS)
    assert "has secrets already: shop_key" in str(again.exception)


@pytest.mark.parametrize(
    ("setting", "says"),
    [
        ("web.listn=1", "web.listn is no key of the config"),
        ("nothing", "is no key of the config"),
        ("limits.per_7_days=9", "limits.per_7_days is"),
        ("log.level=[", "log.level is"),
        ("links.count=true", "public_url"),
        ("order_news.statuses.ready-for-pickup.enabled=true", "is no key"),
    ],
)
def test_a_key_that_cannot_be_set_so_is_told_before_the_first_question(
    world: World, setting: str, says: str
) -> None:
    done = init(world, "--set", setting)
    assert done.exit_code == 2
    assert says in done.stderr
    assert "== The shop ==" not in done.output


def test_a_secret_may_come_from_a_file_of_its_own(world: World) -> None:
    (world.folder / "key").write_text("ck_sandbox\n")
    (world.folder / "key").chmod(0o600)
    without = {name: value for name, value in SECRETS.items() if name != "WINBACK_SHOP_KEY"}
    done = init(world, *flags(world), "--set", "shop.key_file=key", **without)
    assert done.exit_code == 0, done.output
    assert written(world).shop.key == "ck_sandbox"
    assert "ck_sandbox" not in world.config.read_text()


def test_a_folder_that_is_not_there_is_named(world: World) -> None:
    done = typed("init", "--config", str(world.folder / "none" / "config.toml"))
    assert "no such folder" in str(done.exception)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files to a group")
def test_the_daemons_group_reads_what_root_writes_into_its_folder(tmp_path: Path) -> None:
    os.chown(tmp_path, 0, 4242)
    write_config(tmp_path / "config.toml", "x", force=False)
    found = (tmp_path / "config.toml").stat()
    assert (found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode)) == (0, 4242, 0o640)
    assert "group" in init_file.rights_of(tmp_path / "config.toml")


def test_a_config_that_came_to_be_there_meanwhile_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("mine")
    with pytest.raises(BadInput):
        write_config(tmp_path / "config.toml", "x", force=False)
    assert (tmp_path / "config.toml").read_text() == "mine"
    assert len([*tmp_path.iterdir()]) == 1


def test_every_question_says_where_the_value_is_and_no_secret_has_a_flag() -> None:
    command = winback.get_command(click.Context(winback), "init")  # type: ignore[attr-defined]
    known = {name for one in command.params for name in one.opts}
    for question in ALL:
        assert question.hint
        assert bool(question.option) != question.secret
        assert not question.option or question.option in known


@pytest.mark.long
def test_at_a_terminal_no_secret_shows(world: World) -> None:
    pid, terminal = pty.fork()
    if pid == 0:  # pragma: no cover - another process
        os.chdir(ROOT)
        os.execv(
            sys.executable,
            [sys.executable, "-m", "agent.cli", "init", "--config", str(world.config)],
        )
    told = ""
    try:
        answers = iter((world.shop_url, "ck_sandbox", "cs_sandbox"))
        until = time.monotonic() + 20
        while "the key can write" not in told and time.monotonic() < until:
            told += os.read(terminal, 4096).decode()
            if told.endswith("> ") and (answer := next(answers, None)) is not None:
                time.sleep(0.05)  # as getpass throws away what was typed before it asks
                os.write(terminal, f"{answer}\n".encode())
                told += "\n"
    finally:
        os.kill(pid, signal.SIGTERM)
        os.waitpid(pid, 0)
        os.close(terminal)
    assert "the key can write" in told
    assert told.count("(not shown)") == len([one for one in SHOP if one.secret])
    assert world.shop_url in told
    assert "sandbox" not in told
