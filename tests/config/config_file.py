"""A config file that is right, to be bent by the tests."""

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from agent.config import Settings, load
from agent.errors import ConfigError

MINIMAL = """\
[shop]
url = "https://shop.example"
key = "ck_a1"
secret = "cs_b2"

[whatsapp]
phone_number_id = "106540352242922"
business_account_id = "102290129340398"
token = "EAAtoken"
app_secret = "sesame"
verify_token = "parrot"
"""


class ConfigFile:
    """A file in a folder of its own, private to its owner."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "winback.toml"

    def write(self, text: str) -> Path:
        self.path.write_text(text, encoding="utf-8")
        self.path.chmod(0o600)
        return self.path

    def load(self, text: str, environ: Mapping[str, str] | None = None) -> Settings:
        return load(self.write(text), environ=environ or {})

    def minimal(self, more: str = "", environ: Mapping[str, str] | None = None) -> Settings:
        """The minimal file with `more`; a line for a key or a section that is there replaces it."""
        return self.load(merge(MINIMAL, more), environ)

    def complaints(self, text: str, environ: Mapping[str, str] | None = None) -> list[str]:
        """What is wrong with `text`, without the folder: `winback.toml:3: [shop] url: ...`."""
        with pytest.raises(ConfigError) as caught:
            self.load(text, environ)
        return caught.value.what.replace(f"{self.path.parent}/", "").splitlines()

    def complaints_of(self, more: str, environ: Mapping[str, str] | None = None) -> list[str]:
        """What is wrong with the minimal file with `more`, without file and line."""
        said = self.complaints(merge(MINIMAL, more), environ)
        return [re.sub(r"^winback.toml:\d+: ", "", line) for line in said]


def merge(text: str, more: str) -> str:
    """Puts each section of `more` into `text`: its keys take the place of the same keys."""
    for part in re.split(r"(?m)^(?=\[)", more.lstrip()):
        header, _, body = part.partition("\n")
        if header.startswith("[[") or f"{header}\n" not in text:
            text += f"\n{part}"
            continue
        here, there = text.split(f"{header}\n", 1)
        for line in body.splitlines():
            name = line.split(" =")[0]
            there = re.sub(rf"(?m)\A((?:(?!\[).*\n)*?){re.escape(name)} = .*\n", r"\1", there)
        text = f"{here}{header}\n{body.rstrip()}\n{there}"
    return text
