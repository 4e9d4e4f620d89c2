"""What each key is, for people: as a list, and as the whole of config.example.toml."""

import inspect
import textwrap
from collections.abc import Iterator, Mapping
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

_HEADER_OF_A_CONFIG = """\
The settings of winback, as `winback init` wrote them.

What was answered there stands without a # before it. All other keys are shown with their default;
remove the # before one to change it. Then `winback check`, and `systemctl reload winback`.

Durations are texts: "90s", "15m", "1h", "7d". Times of day are "09:00".
"""
_SECRETS_INSIDE = """\
This file holds secrets: nobody else should be able to read it.
"""
_SECRETS_OUTSIDE = """\
The secrets stand in files of their own: the unit hands them over (LoadCredential=), and a command
finds them where CREDENTIALS_DIRECTORY says.
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
    secret: bool = False


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
        secret=key.secret,
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


def render(
    given: Mapping[tuple[str, str], object] | None = None, *, secrets_inside: bool = True
) -> str:
    """The whole of config.example.toml; or a config of its form, with the values that are `given` by
    section and key, as they stand in TOML. Unless `secrets_inside`, no secret has to be given.
    """
    given = given or {}
    lines = [*_comment(_header(secrets_inside) if given else _HEADER)]
    docs = describe()
    for section, cls in SECTIONS.items():
        header = f"# [{section}]" if section == OWN_STATUS else f"[{section}]"
        lines += ["", "", header, *_comment(inspect.cleandoc(cls.__doc__ or ""))]
        for doc in docs:
            if doc.section == section:
                lines += ["", *_comment(textwrap.fill(doc.doc, _WIDTH))]
                if doc.hint:
                    lines += _comment(textwrap.fill(f"-> {doc.hint}", _WIDTH))
                lines.append(_line(doc, given, secrets_inside=secrets_inside))
    return "\n".join(lines) + "\n"


def _header(secrets_inside: bool) -> str:
    return f"{_HEADER_OF_A_CONFIG}\n{_SECRETS_INSIDE if secrets_inside else _SECRETS_OUTSIDE}"


def _line(doc: KeyDoc, given: Mapping[tuple[str, str], object], *, secrets_inside: bool) -> str:
    """The key with its value; behind a # where the value is the default, or stands elsewhere."""
    if (doc.section, doc.key) in given:
        return f"{doc.key} = {toml(given[doc.section, doc.key])}"
    in_a_file = (doc.section, doc.key + FILE_SUFFIX) in given
    elsewhere = doc.secret and (in_a_file or not secrets_inside)
    return f"# {doc.example}" if doc.default is not None or elsewhere else doc.example


def _comment(text: str) -> list[str]:
    return [f"# {line}".rstrip() for line in text.rstrip().splitlines()]
