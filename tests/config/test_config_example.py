"""config.example.toml: every key, its true default, and nothing that has drifted."""

import dataclasses
import re
import runpy
from pathlib import Path

import pytest
from config_file import MINIMAL, ConfigFile

from agent.config import describe
from agent.config.order_news import StatusUpdate
from agent.config.schema import keys_of
from agent.config.secrets import FILE_SUFFIX
from agent.config.settings import SECTIONS

EXAMPLE = Path(__file__).parents[2] / "config.example.toml"

FILLED = {
    "url": "https://shop.example",
    "key": "ck_a1",
    "secret": "cs_b2",
    "phone_number_id": "106540352242922",
    "business_account_id": "102290129340398",
    "token": "EAAtoken",
    "app_secret": "sesame",
    "verify_token": "parrot",
}


def filled() -> str:
    """The example with its placeholders filled in."""
    return re.sub(
        r'(?m)^([a-z_]+) = "<.*>"$',
        lambda match: f'{match[1]} = "{FILLED[match[1]]}"',
        EXAMPLE.read_text(encoding="utf-8"),
    )


def test_the_example_is_what_the_schema_says(capsys: pytest.CaptureFixture[str]) -> None:
    runpy.run_module("agent.config", run_name="__main__")
    assert EXAMPLE.read_text(encoding="utf-8") == capsys.readouterr().out, (
        "run: python -m agent.config > config.example.toml"
    )


def test_the_example_complains_of_its_placeholders_and_nothing_else(config: ConfigFile) -> None:
    said = config.complaints(EXAMPLE.read_text(encoding="utf-8"))
    assert len(said) == len(FILLED) == 8
    for line, key in zip(said, FILLED, strict=True):
        assert f"] {key}: is still the placeholder of the example; " in line


def test_the_example_loads_once_it_is_filled_in(config: ConfigFile) -> None:
    assert config.load(filled()) == config.load(MINIMAL)


def test_the_defaults_that_the_example_shows_are_the_true_ones(config: ConfigFile) -> None:
    # given the example with the # removed from every key
    text, count = re.subn(r"(?m)^# (?=[a-z0-9_]+ = )", "", filled())
    text, headers = re.subn(r"(?m)^# (?=\[.*\]$)", "", text)
    # then nothing changes, but that a status of the shop's own has a section
    assert count == sum(doc.default is not None for doc in describe())
    assert headers == 1
    found, least = config.load(text), config.load(MINIMAL)
    assert found.news == {**least.news, "statuses.ready-for-pickup": StatusUpdate()}
    assert dataclasses.replace(found, news=least.news) == least


def test_every_key_is_documented_in_its_section() -> None:
    parts = re.split(r"(?m)^(?:# )?\[([a-z_.-]+)\]$", EXAMPLE.read_text(encoding="utf-8"))
    sections = dict(zip(parts[1::2], parts[2::2], strict=True))
    assert [*sections] == [*SECTIONS]
    for name, cls in SECTIONS.items():
        keys = re.findall(r"(?m)^(?:# )?([a-z0-9_]+) = ", sections[name])
        expected = [
            written
            for key, about in keys_of(cls).items()
            for written in ([key, key + FILE_SUFFIX] if about.secret else [key])
        ]
        assert keys == expected


def test_every_key_says_what_it_is_in_a_sentence() -> None:
    for doc in describe():
        assert doc.doc.endswith((".", "...")), doc
        assert doc.doc[0].isupper() or doc.doc.startswith("..."), doc
        assert doc.default is not None or doc.hint, doc


def test_every_kind_says_what_it_expects() -> None:
    for cls in SECTIONS.values():
        for name, key in keys_of(cls).items():
            assert re.match(r"[a-z0-9]", key.kind.expected), name


def test_the_description_tells_defaults_and_bounds() -> None:
    docs = {(doc.section, doc.key): doc for doc in describe()}
    poll = docs["timetable", "poll"]
    assert (poll.default, poll.example) == ('"1m"', 'poll = "1m"')
    assert "From 1s to 1h." in poll.doc
    assert docs["shop", "url"].default is None
    assert docs["shop", "key_file"].default == '""'
    assert docs["campaigns.loyalty_reward", "tiers"].default == "[{spent = 500, percent = 15}]"


def test_defaults_in_code_are_those_of_the_example() -> None:
    for name, cls in SECTIONS.items():
        if name in {"shop", "whatsapp"}:
            continue
        made = cls()
        for field in dataclasses.fields(cls):
            assert getattr(made, field.name) == keys_of(cls)[field.name].of_default()
