"""The file itself: missing, unreadable, not UTF-8, not TOML."""

from pathlib import Path

import pytest
from config_file import MINIMAL, ConfigFile

from agent.config import load
from agent.errors import ConfigError


def complaint(path: Path) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        load(path, environ={})
    return caught.value


def test_a_file_that_is_not_there_says_where_the_example_is(tmp_path: Path) -> None:
    error = complaint(tmp_path / "winback.toml")
    assert error.what.endswith("winback.toml: there is no such file")
    assert "config.example.toml" in error.fix


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    assert complaint(tmp_path).what.endswith(": is a folder, not a file")


def test_a_path_that_cannot_be_opened_says_why(tmp_path: Path) -> None:
    # given a path that leads through a file (root may read everything, so rights would not do)
    (tmp_path / "file").write_text("")
    assert complaint(tmp_path / "file" / "x.toml").what.endswith(
        ": cannot be read: Not a directory"
    )


def test_a_file_in_another_encoding_is_named_with_the_line(config: ConfigFile) -> None:
    config.path.write_bytes("# one\n# España\n".encode("latin-1"))
    error = complaint(config.path)
    assert error.what == f"{config.path}:2: is not UTF-8 (byte 0xf1); save the file as UTF-8"


def test_the_mark_of_windows_editors_does_no_harm(config: ConfigFile) -> None:
    config.path.write_bytes(b"\xef\xbb\xbf" + MINIMAL.replace("\n", "\r\n").encode())
    assert load(config.path, environ={}).shop.key == "ck_a1"


@pytest.mark.parametrize(
    ("text", "line", "remedy"),
    [
        ("[shop]\nurl = https://shop.example", 2, "texts go in double quotes"),
        ("[shop]\nurl = 'a'\nurl = 'b'", 3, "twice"),
        ("[shop]\n[web]\n[shop]", 3, "twice: put their keys together"),
        ("[shop]\nurl 'a'", 2, 'write key = "value"'),
        ("[shop]\nkey = 'a' secret = 'b'", 2, "one key a line"),
        ('[shop]\nurl = "a\n', 2, "close the text"),
        ('[shop]\nca_file = "C:\\windows"', 2, "single quotes"),
        ("[shop\nurl = 'a'", 1, "close the section's name with ]"),
        ("[campaigns]\npriority = ['a'\n\n", 4, "close the list with ]"),
        ("a = '''x\n\n", 3, "close the text with the quotes that it was opened with"),
        ("a = {b = 1, b = 2}", 1, "this key stands there twice"),
        ("a = 2026-02-30", 1, "that exist"),
        ('a = "\\uZZZZ"', 1, "four digits"),
        ("= 3", 1, "as in the example"),
    ],
)
def test_bad_toml_is_one_complaint_with_line_and_remedy(
    config: ConfigFile, text: str, line: int, remedy: str
) -> None:
    (said,) = config.complaints(text)
    assert said.startswith(f"winback.toml:{line}: is not TOML")
    assert remedy in said


def test_bad_toml_does_not_show_the_line_which_may_hold_a_secret(config: ConfigFile) -> None:
    assert "hunter2" not in config.complaints("[whatsapp]\ntoken = hunter2")[0]


def test_nesting_without_end_is_refused(config: ConfigFile) -> None:
    (said,) = config.complaints("a = " + "[" * 5000)
    assert "nested too deep" in said or "is not TOML" in said


def test_a_number_without_end_is_refused(config: ConfigFile) -> None:
    (said,) = config.complaints("a = " + "9" * 5000)
    assert "is not TOML" in said
