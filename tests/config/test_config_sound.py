"""load_what_is_sound: a mistake elsewhere is no reason to refuse, one about the database is."""

from pathlib import Path

import pytest
from config_file import MINIMAL, ConfigFile, merge

from agent.config import load, load_what_is_sound
from agent.errors import ConfigError

DEFAULT = Path("/var/lib/winback/winback.db")
NAMED = '\n[database]\npath = "own.db"\n'


def test_a_file_without_a_mistake_is_as_ever(config: ConfigFile) -> None:
    path = config.write(MINIMAL)
    assert load_what_is_sound(path, environ={}) == (load(path, environ={}), 0)


@pytest.mark.parametrize(
    ("more", "mistakes"),
    [
        ("[log]\nlevle = 1", 1),
        ('[log]\nlevel = "loud"\n[web]\nlisten = 7', 2),
        ('[shop]\nkey = ""', 1),
        ("[campaigns.we_mis_you]\nenabled = true", 1),
    ],
)
def test_mistakes_elsewhere_are_counted(config: ConfigFile, more: str, mistakes: int) -> None:
    text = merge(MINIMAL, more)
    settings, count = load_what_is_sound(config.write(text), environ={})
    assert (settings.database.path, count) == (DEFAULT, mistakes)
    settings, count = load_what_is_sound(config.write(text + NAMED), environ={})
    assert (settings.database.path, count) == (config.path.parent / "own.db", mistakes)


@pytest.mark.parametrize(
    "more",
    [
        "[database]\npath = 3",
        '[database]\npath = "own.db"\npaht = "other.db"',
        '[databse]\npath = "own.db"',
        '[log]\npath = "own.db"',
    ],
)
def test_where_it_may_mean_another_database_every_complaint_is_told(
    config: ConfigFile, more: str
) -> None:
    path = config.write(merge(MINIMAL, more + "\n[web]\nlisten = 7"))
    with pytest.raises(ConfigError) as caught:
        load_what_is_sound(path, environ={})
    assert caught.value.what.count("\n") == 1
    assert "[web] listen" in caught.value.what


@pytest.mark.parametrize("text", ['path = "own.db"\n' + MINIMAL, "database = 3\n" + MINIMAL])
def test_neither_is_a_key_above_all_sections_sure(config: ConfigFile, text: str) -> None:
    with pytest.raises(ConfigError):
        load_what_is_sound(config.write(text), environ={})


def test_a_section_that_nobody_knows_is_no_matter_where_the_path_is_written(
    config: ConfigFile,
) -> None:
    text = merge(MINIMAL, "[lgo]\nlevel = 1") + NAMED
    settings, count = load_what_is_sound(config.write(text), environ={})
    assert (settings.database.path.name, count) == ("own.db", 1)


def test_what_is_no_toml_is_refused(config: ConfigFile) -> None:
    with pytest.raises(ConfigError):
        load_what_is_sound(config.write("[log\n"), environ={})
