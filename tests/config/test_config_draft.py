"""A config in the making: written from what was given, and read before it lies anywhere."""

import tomllib
from pathlib import Path

import pytest

from agent.config import describe, load, load_draft, render
from agent.errors import ConfigError

PATH = Path("/etc/winback/config.toml")
NEEDED: dict[tuple[str, str], object] = {
    ("shop", "url"): "https://shop.example",
    ("shop", "key"): "ck_1",
    ("shop", "secret"): "cs_1",
    ("whatsapp", "phone_number_id"): "1",
    ("whatsapp", "business_account_id"): "2",
    ("whatsapp", "token"): "EAA1",
    ("whatsapp", "app_secret"): "a",
    ("whatsapp", "verify_token"): "v",
}
SECRETS = {(doc.section, doc.key) for doc in describe() if doc.secret}


def test_what_is_given_is_set_and_everything_else_stays_a_comment() -> None:
    given = NEEDED | {
        ("campaigns.price_drop", "enabled"): True,
        ("alarms", "email_to"): ["owner@shop.example"],
    }
    text = render(given)
    tree = tomllib.loads(text)
    assert tree.pop("campaigns")["price_drop"] == {"enabled": True}
    assert tree["alarms"] == {"email_to": ["owner@shop.example"]}
    assert tree["shop"] == {"url": "https://shop.example", "key": "ck_1", "secret": "cs_1"}
    for doc in describe():  # nothing of the example is missing
        assert f"{doc.key} = " in text
    assert "holds secrets" in text
    settings, complaints = load_draft(text, PATH, environ={})
    assert (settings.campaigns["price_drop"].enabled, complaints) == (True, ())


def test_secrets_that_stand_elsewhere_leave_a_comment(tmp_path: Path) -> None:
    given = {place: value for place, value in NEEDED.items() if place not in SECRETS}
    text = render(given, secrets_inside=False)
    assert '# key = "<ck_...>"' in text
    assert "holds secrets" not in text
    for (section, key), value in NEEDED.items():
        if (section, key) in SECRETS:
            (tmp_path / f"{section}_{key}").write_text(str(value))
    settings, complaints = load_draft(text, PATH, environ={"CREDENTIALS_DIRECTORY": f"{tmp_path}"})
    assert (settings.shop.key, complaints) == ("ck_1", ())


def test_a_secret_by_its_file_stands_there_alone(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("ck_2\n")
    given = {place: value for place, value in NEEDED.items() if place != ("shop", "key")}
    config = tmp_path / "config.toml"
    config.write_text(render(given | {("shop", "key_file"): "key"}))
    config.chmod(0o600)
    assert load(config, environ={}).shop.key == "ck_2"


def test_a_draft_tells_what_is_missing_and_reads_the_rest() -> None:
    given = {("shop", "url"): "https://shop.example", ("limits", "per_7_days"): 9}
    settings, complaints = load_draft(render(given), PATH, environ={})
    assert settings.shop.url == "https://shop.example"
    assert settings.limits.per_7_days == 1
    assert [told for told in complaints if "[limits] per_7_days" in told]
    assert [told for told in complaints if "[shop] key: is still the placeholder" in told]
    with pytest.raises(ConfigError):
        load_draft("url = ", PATH, environ={})
