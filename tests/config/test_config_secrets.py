"""Secrets: from the environment, a systemd credential, a file or the config itself."""

import re
from pathlib import Path

import pytest
from config_file import MINIMAL, ConfigFile, merge

from agent.config import load

WITHOUT_KEY = MINIMAL.replace('key = "ck_a1"\n', "")


def secret_file(folder: Path, text: str, mode: int = 0o600) -> Path:
    path = folder / "secret"
    path.write_text(text)
    path.chmod(mode)
    return path


def test_a_secret_comes_from_a_file_without_its_line_break(config: ConfigFile) -> None:
    path = secret_file(config.path.parent, "ck_from_file\r\n")
    for written in [path, "secret"]:  # absolute, and relative to the config
        settings = config.load(WITHOUT_KEY.replace("[shop]", f'[shop]\nkey_file = "{written}"'))
        assert settings.shop.key == "ck_from_file"


def test_a_secret_comes_from_the_environment(config: ConfigFile) -> None:
    environ = {"WINBACK_SHOP_KEY": "ck_env", "WINBACK_WHATSAPP_APP_SECRET": "open"}
    settings = config.load(WITHOUT_KEY, environ)
    assert (settings.shop.key, settings.whatsapp.app_secret) == ("ck_env", "open")


def test_a_secret_comes_from_a_systemd_credential(config: ConfigFile) -> None:
    (config.path.parent / "shop_key").write_text("ck_credential\n")
    settings = config.load(WITHOUT_KEY, {"CREDENTIALS_DIRECTORY": str(config.path.parent)})
    assert settings.shop.key == "ck_credential"


def test_the_environment_wins_over_the_credential_and_that_over_the_file(
    config: ConfigFile,
) -> None:
    (config.path.parent / "shop_key").write_text("ck_credential")
    environ = {"CREDENTIALS_DIRECTORY": str(config.path.parent)}
    assert config.minimal(environ=environ).shop.key == "ck_credential"
    assert config.minimal(environ={**environ, "WINBACK_SHOP_KEY": "ck_env"}).shop.key == "ck_env"


def test_a_credential_that_is_not_there_leaves_the_file(config: ConfigFile) -> None:
    settings = config.minimal(environ={"CREDENTIALS_DIRECTORY": str(config.path.parent)})
    assert settings.shop.key == "ck_a1"


def test_value_and_file_at_once_is_a_complaint(config: ConfigFile) -> None:
    secret_file(config.path.parent, "ck_x")
    said = config.complaints(MINIMAL.replace("[shop]", '[shop]\nkey_file = "secret"'))
    assert said == [
        "winback.toml:4: [shop] key: stands beside key_file: two sources of one secret; "
        "remove key or key_file"
    ]


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"\n", "is empty from"),
        (b"", "is empty from"),
        (b"\xff\xfe", "cannot be read from"),
        (b"ck_" + b"x" * 70_000, "too long"),
        (b"ck_a\nck_b\n", "is empty or has spaces, line breaks or accents from"),
        (b"cs_wrong", "does not begin with ck_ from"),
    ],
)
def test_a_file_without_a_secret_is_a_complaint(
    config: ConfigFile, content: bytes, what: str
) -> None:
    (config.path.parent / "secret").write_bytes(content)
    (said,) = config.complaints(WITHOUT_KEY.replace("[shop]", '[shop]\nkey_file = "secret"'))
    assert said.startswith("winback.toml:2: [shop] key_file: ")
    assert what in said
    assert "cs_wrong" not in said


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("nowhere", "No such file or directory"),
        (".", "Is a directory"),
        ("a\\u0000b", "not a text"),
    ],
)
def test_a_file_that_cannot_be_read_is_a_complaint(
    config: ConfigFile, name: str, reason: str
) -> None:
    (said,) = config.complaints(WITHOUT_KEY.replace("[shop]", f'[shop]\nkey_file = "{name}"'))
    assert "[shop] key_file: cannot be read from" in said
    assert reason in said


def test_a_file_name_that_is_no_text_is_a_complaint(config: ConfigFile) -> None:
    (said,) = config.complaints(WITHOUT_KEY.replace("[shop]", "[shop]\nkey_file = 5"))
    assert said.startswith(
        "winback.toml:2: [shop] key_file: is the whole number 5, not the path of a file"
    )


def test_an_empty_variable_is_a_complaint(config: ConfigFile) -> None:
    (said,) = config.complaints(MINIMAL, {"WINBACK_SHOP_KEY": ""})
    assert (
        "[shop] key: is empty in the environment variable WINBACK_SHOP_KEY; set it, or unset it"
        in said
    )


def test_a_wrong_secret_says_where_it_came_from_and_not_what_it_is(config: ConfigFile) -> None:
    (said,) = config.complaints(WITHOUT_KEY, {"WINBACK_SHOP_KEY": "hunter2"})
    assert "does not begin with ck_ from the environment variable WINBACK_SHOP_KEY" in said
    assert "hunter2" not in said


def test_an_empty_file_key_means_no_file(config: ConfigFile) -> None:
    assert config.minimal('[shop]\nkey_file = ""').shop.key == "ck_a1"


def test_a_file_that_others_can_read_is_a_warning(config: ConfigFile) -> None:
    path = secret_file(config.path.parent, "ck_x", mode=0o644)
    settings = config.load(WITHOUT_KEY.replace("[shop]", '[shop]\nkey_file = "secret"'))
    assert settings.warnings == (
        f"{path} holds a secret and every user of this machine can read it; chmod o-rwx {path}",
    )


def test_a_config_with_secrets_that_others_can_read_is_one_warning(config: ConfigFile) -> None:
    config.write(MINIMAL).chmod(0o644)
    (warning,) = load(config.path, environ={}).warnings
    assert warning.startswith(f"{config.path} holds a secret")


def test_a_config_without_secrets_may_be_read_by_others(config: ConfigFile) -> None:
    text = "\n".join(line for line in MINIMAL.splitlines() if "key" not in line)
    names = [
        "SHOP_KEY",
        "SHOP_SECRET",
        *(f"WHATSAPP_{n}" for n in ("TOKEN", "APP_SECRET", "VERIFY_TOKEN")),
    ]
    values = ["ck_1", "cs_1", "a", "b", "c"]
    lines = [line for line in text.splitlines() if not any(w in line for w in ("secret", "token"))]
    config.write("\n".join(lines)).chmod(0o644)
    environ = {f"WINBACK_{name}": value for name, value in zip(names, values, strict=True)}
    assert load(config.path, environ=environ).warnings == ()


def test_a_secret_never_reaches_a_log(config: ConfigFile) -> None:
    shown = repr(config.load(merge(MINIMAL, '[whatsapp]\ntoken = "hunter2"')))
    for secret in ["ck_a1", "cs_b2", "hunter2", "sesame", "parrot"]:
        assert secret not in shown


# a secret that may be left away

HOOK = "0123456789abcdef"


def test_an_optional_secret_may_be_left_away_or_empty(config: ConfigFile) -> None:
    assert config.minimal().web.shop_webhook_secret == ""
    assert config.minimal('[web]\nshop_webhook_secret = ""').web.shop_webhook_secret == ""


def test_an_optional_secret_comes_by_each_of_the_ways(config: ConfigFile) -> None:
    folder = config.path.parent
    (folder / "web_shop_webhook_secret").write_text(f"{HOOK}-credential\n")
    secret_file(folder, f"{HOOK}-file\n")
    environ = {"CREDENTIALS_DIRECTORY": str(folder)}
    variable = {"WINBACK_WEB_SHOP_WEBHOOK_SECRET": f"{HOOK}-environment"}
    by_file = '[web]\nshop_webhook_secret_file = "secret"'
    by_value = f'[web]\nshop_webhook_secret = "{HOOK}-value"'
    for more, around, expected in [
        (by_value, {}, "value"),
        (by_file, {}, "file"),
        (by_file, environ, "credential"),
        (by_file, environ | variable, "environment"),
    ]:
        web = config.minimal(more, environ=around).web
        assert web.shop_webhook_secret == f"{HOOK}-{expected}"
        assert HOOK not in repr(web)


def test_an_optional_secret_that_is_short_is_a_complaint_that_does_not_show_it(
    config: ConfigFile,
) -> None:
    (said,) = config.complaints_of('[web]\nshop_webhook_secret = "hunter2-hunter2"')
    assert said.startswith(
        "[web] shop_webhook_secret: has fewer than 16 characters; make a longer one"
    )
    assert "hunter2" not in said
    (said,) = config.complaints_of("", {"WINBACK_WEB_SHOP_WEBHOOK_SECRET": "hunter2"})
    assert "from the environment variable WINBACK_WEB_SHOP_WEBHOOK_SECRET" in said
    assert "hunter2" not in said


def test_an_optional_secret_in_a_file_that_others_can_read_is_a_warning(
    config: ConfigFile,
) -> None:
    environ = {
        "WINBACK_SHOP_KEY": "ck_1",
        "WINBACK_SHOP_SECRET": "cs_1",
        "WINBACK_WHATSAPP_TOKEN": "a",
        "WINBACK_WHATSAPP_APP_SECRET": "b",
        "WINBACK_WHATSAPP_VERIFY_TOKEN": "c",
    }
    bare = "\n".join(
        line
        for line in MINIMAL.splitlines()
        if not re.match(r"key|secret|token|.*_(secret|token)", line)
    )
    config.write(f'{bare}\n[web]\nshop_webhook_secret = "{HOOK}"\n').chmod(0o644)
    (warning,) = load(config.path, environ=environ).warnings
    assert warning.startswith(f"{config.path} holds a secret")


@pytest.mark.parametrize(
    ("section", "name"), [("whatsapp", "app_secret"), ("web", "shop_webhook_secret")]
)
def test_the_secret_of_before_is_another_one_and_as_long(
    config: ConfigFile, section: str, name: str
) -> None:
    now, before = "0123456789abcdef-now", "0123456789abcdef-old"
    ways = f'[{section}]\n{name} = "{now}"\n{name}_previous = '
    config.minimal(f'{ways}"{before}"')
    [same] = config.complaints_of(f'{ways}"{now}"')
    assert same.startswith(f"[{section}] {name}_previous: is the same as {name}")
    assert now not in same
    [short] = config.complaints_of(f'{ways}"hunter2"')
    assert short.startswith(f"[{section}] {name}_previous: has fewer than 16 characters")
    assert "hunter2" not in short
