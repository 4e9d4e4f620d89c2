"""What each key is, for people: as a list, and as the whole of config.example.toml."""

import inspect
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass

from agent.config.schema import Key, keys_of, toml
from agent.config.secrets import FILE_SUFFIX
from agent.config.settings import OWN_STATUS, SECTIONS

_WIDTH = 98  # of a comment, after "# "

_HEADER = """\
The settings of winback.

Eight values are enough to begin: those below without a # before them, each <like this>. All
others are shown with their default; remove the # before one to change it.

`winback check --config FILE` says what is wrong in here, then asks the shop and WhatsApp.

Durations are texts: "90s", "15m", "1h", "7d". Times of day are "09:00".

A secret need not stand in here. For `key` of [shop], winback takes the first of
  1. the environment variable WINBACK_SHOP_KEY
  2. the systemd credential shop_key (LoadCredential=shop_key:/etc/winback/shop_key in the unit)
  3. this file: key = "...", or key_file = "/etc/winback/shop_key"
and the same for the others (WINBACK_WHATSAPP_APP_SECRET, whatsapp_app_secret, app_secret_file).
If this file holds secrets, let nobody else read it: chmod 640, its group the user of winback.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyDoc:
    """What a person may know of one key."""

    section: str  # dotted: "campaigns.we_miss_you"
    key: str
    doc: str  # what it is, with unit and bounds
    hint: str  # where a person finds the value, or ""
    default: str | None  # as in the file; None: must be given
    example: str  # the line of the example, without the # that makes it a comment


def describe() -> list[KeyDoc]:
    """Every key of every section, in the order of the file."""
    return [
        doc
        for section, cls in SECTIONS.items()
        for name, key in keys_of(cls).items()
        for doc in _describe(section, name, key)
    ]


def _describe(section: str, name: str, key: Key[object]) -> Iterator[KeyDoc]:
    default = None if key.required else toml(key.default)
    value = toml(f"<{key.example}>") if default is None else default
    doc = " ".join(filter(None, (key.doc, key.kind.limits)))
    yield KeyDoc(
        section=section,
        key=name,
        doc=doc,
        hint=key.hint,
        default=default,
        example=f"{name} = {value}",
    )
    if key.secret:
        name += FILE_SUFFIX
        yield KeyDoc(
            section=section,
            key=name,
            doc="The same from a file that holds nothing else.",
            hint="",
            default='""',
            example=f'{name} = ""',
        )


def render() -> str:
    """The whole of config.example.toml."""
    lines = [*_comment(_HEADER)]
    docs = describe()
    for section, cls in SECTIONS.items():
        header = f"# [{section}]" if section == OWN_STATUS else f"[{section}]"
        lines += ["", "", header, *_comment(inspect.cleandoc(cls.__doc__ or ""))]
        for doc in docs:
            if doc.section == section:
                mark = "" if doc.default is None else "# "
                lines += ["", *_comment(textwrap.fill(doc.doc, _WIDTH))]
                if doc.hint:
                    lines += _comment(textwrap.fill(f"-> {doc.hint}", _WIDTH))
                lines.append(mark + doc.example)
    return "\n".join(lines) + "\n"


def _comment(text: str) -> list[str]:
    return [f"# {line}".rstrip() for line in text.rstrip().splitlines()]
