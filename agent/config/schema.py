"""How a section is declared: a frozen dataclass whose fields carry all that there is to say.

    @section
    class Web:
        "What winback listens on."

        threads: int = setting(Whole(1, 64), "How many requests are answered at once.", default=8)

`default` is written as in the file ("60s", not a timedelta) and read by the same kind; without
one the key must be given. So a section can also be made in code: `Web()`, `Web(threads=2)`.
"""

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar, cast, dataclass_transform

from agent.config.complaints import Unfit, Wrong, each, found, nearest
from agent.config.kinds import Kind

T = TypeVar("T")
S = TypeVar("S")

_METADATA = "winback"

_SECRET_REMEDY = "copy it whole, without spaces"  # noqa: S105 - a sentence about a secret


@dataclass(frozen=True, kw_only=True)
class Key(Generic[T]):
    """What is known of one key: all that parsing, complaints and documentation need."""

    kind: Kind[T]
    doc: str  # one or two sentences, with the unit
    default: object = None  # as in the file; None: must be given (TOML has no null)
    example: str = ""  # what to write between < and > in config.example.toml
    hint: str = ""  # where a person finds the right value; every required key has one
    secret: bool = False

    @property
    def required(self) -> bool:
        return self.default is None

    def of_default(self) -> T:
        return self.kind.read(self.default)

    def stand_in(self) -> object:
        """For a key that is wrong, so that the others can still be checked against each other."""
        return "" if self.required else self.of_default()

    def read(self, raw: object) -> T:
        """The typed value of what the file has, None for nothing. Raises Unfit."""
        if raw is None:
            if self.required:
                raise Unfit(Wrong("is missing", self.hint))
            return self.of_default()
        if self.required and isinstance(raw, str) and _is_placeholder(raw):
            raise Unfit(Wrong("is still the placeholder of the example", self.hint))
        try:
            return self.kind.read(raw)
        except Unfit as unfit:
            if not self.hint:
                raise
            wrongs = [w._replace(remedy=f"{w.remedy} ({self.hint})") for w in unfit.wrongs]
            raise Unfit(*wrongs) from None


def _is_placeholder(raw: str) -> bool:
    return raw.startswith("<") and raw.endswith(">")


def setting(kind: Kind[T], doc: str, *, default: object) -> T:
    """A key that may be left away."""
    key = Key(kind=kind, doc=doc, default=default)
    return field(default_factory=key.of_default, metadata={_METADATA: key})


def required(kind: Kind[T], doc: str, *, example: str, hint: str) -> T:
    """A key that must be given."""
    key = Key(kind=kind, doc=doc, example=example, hint=hint)
    return cast("T", field(metadata={_METADATA: key}))


def secret(doc: str, *, example: str, hint: str, prefix: str = "") -> str:
    """A key that must be given, by any of the ways in agent/config/secrets.py, and is never shown."""
    key = Key(kind=Secret(prefix), doc=doc, example=example, hint=hint, secret=True)
    # no repr: a secret never reaches a log through it
    return cast("str", field(repr=False, metadata={_METADATA: key}))


def optional_secret(doc: str, *, default: str, hint: str, least: int) -> str:
    """A secret that may be left away, of at least `least` characters; `default` is always ""."""
    kind = Secret(least=least, optional=True)
    key = Key(kind=kind, doc=doc, default=default, hint=hint, secret=True)
    return field(default=default, repr=False, metadata={_METADATA: key})


@dataclass_transform(
    frozen_default=True,
    kw_only_default=True,
    field_specifiers=(setting, required, secret, optional_secret),
)
def section(cls: type[S]) -> type[S]:
    """Makes a frozen dataclass of keys; its docstring heads the section in the example."""
    return dataclass(frozen=True, slots=True, kw_only=True)(cls)


def keys_of(cls: type) -> Mapping[str, Key[Any]]:
    """Name -> key, in the order of the file."""
    return {item.name: item.metadata[_METADATA] for item in dataclasses.fields(cls)}


def stranger(name: str, known: list[str]) -> Wrong:
    """The complaint about a key that does not exist here."""
    near = nearest(name, known)
    if near:
        return Wrong("is not known", f"did you mean {near}?")
    return Wrong("is not known", f"remove it; known are {', '.join(known)}")


@dataclass(frozen=True)
class Secret(Kind[str]):
    """A key or token of at least `least` characters. No complaint ever shows it."""

    prefix: str = ""
    least: int = 1
    optional: bool = False  # "" stands for none

    expected = "a secret text"

    @property
    def limits(self) -> str:
        return f"At least {self.least} characters." if self.least > 1 else ""

    def read(self, raw: object) -> str:
        if not isinstance(raw, str):
            raise Unfit(Wrong("is not a text", 'put it in double quotes: "..."'))
        if raw == "" and self.optional:
            return raw
        if not raw.startswith(self.prefix):
            raise Unfit(Wrong(f"does not begin with {self.prefix}", _SECRET_REMEDY))
        if raw == self.prefix or not raw.isascii() or not raw.isprintable() or " " in raw:
            raise Unfit(Wrong("is empty or has spaces, line breaks or accents", _SECRET_REMEDY))
        if len(raw) < self.least:
            raise Unfit(Wrong(f"has fewer than {self.least} characters", "make a longer one"))
        return raw


@dataclass(frozen=True)
class Tables(Kind[tuple[T, ...]]):
    """A list of tables, at least `least` of them, each a `section` of its own."""

    entry: type[T]
    least: int = 1

    @property
    def expected(self) -> str:
        return (
            "a list of tables such as {"
            + ", ".join(f"{n} = ..." for n in keys_of(self.entry))
            + "}"
        )

    def read(self, raw: object) -> tuple[T, ...]:
        if not isinstance(raw, list):
            raise self.refuse(raw, "write [{...}, {...}]")
        if len(raw) < self.least:
            raise Unfit(
                Wrong(
                    "is an empty list", "write at least one, or leave the line away for the default"
                )
            )
        return tuple(each(enumerate(raw), self._read_entry))

    def _read_entry(self, raw: object) -> T:
        if not isinstance(raw, dict):
            raise Unfit(Wrong(f"is {found(raw)}, not a table", "write {...}"))
        keys = keys_of(self.entry)
        strange = [stranger(name, [*keys])._replace(inside=(name,)) for name in raw.keys() - keys]
        try:
            values = each(
                ((name, name) for name in keys), lambda name: keys[name].read(raw.get(name))
            )
        except Unfit as unfit:
            raise Unfit(*strange, *unfit.wrongs) from None
        if strange:
            raise Unfit(*strange)
        return self.entry(**dict(zip(keys, values, strict=True)))


def toml(raw: object) -> str:
    """A default as it stands in a TOML file."""
    if isinstance(raw, dict):
        return "{" + ", ".join(f"{name} = {toml(value)}" for name, value in raw.items()) + "}"
    if isinstance(raw, list):
        return "[" + ", ".join(map(toml, raw)) + "]"
    return json.dumps(raw, ensure_ascii=False)  # TOML writes texts, numbers and switches alike
