"""Texts of the config with {placeholders} -> values that WhatsApp accepts.

    Hello {first_name|dear customer}      a value, with what stands in when it is empty
    Use {coupon_code} until Friday        a value that is never empty needs no fallback
    Your order {order.number|of late}     a field of the newest order
    {{ and }}                             literal braces

WhatsApp refuses a parameter that is empty, has a line break or a tab, or more than four spaces in
a row. So everything that goes into one passes through `clean`.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final
from urllib.parse import quote

from agent.rules.placeholders import NEVER_CUT, PATHS
from agent.rules.visible import cut, visible

LONGEST_VALUE: Final = 250  # characters; the whole body has 1024, and others want room too
LONGEST_SUFFIX: Final = 2000  # characters; WhatsApp's limit for the URL of a button

_TOKEN = re.compile(r"\{\{|\}\}|\{[^{}]*\}|[{}]")
_NAME = re.compile(r"[a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)?")
_URL_TEXT_SAFE = "/?#@!$&'()*+,;=-._~%"  # not ":" and "|": WhatsApp wants these encoded


class EmptyValue(ValueError):
    """A text came out empty, or a placeholder has neither a value nor a fallback."""


@dataclass(frozen=True, slots=True)
class Placeholder:
    """`{name}` or `{name|fallback}`; the fallback is never blank."""

    name: str
    fallback: str | None


def placeholders(text: str) -> list[Placeholder]:
    """The placeholders of `text`, in order, repeated ones too. Whether they are known is not asked.

    Raises ValueError, with the position and what is wrong, when `text` is malformed.
    """
    return [piece for piece in _pieces(text) if isinstance(piece, Placeholder)]


def own_words(text: str) -> list[str]:
    """What `text` says in a language of its own, outside of its placeholders: "Hello ", not "!"."""
    return [piece for piece in _pieces(text) if isinstance(piece, str) and _has_letters(piece)]


def fallback_words(text: str, values: Mapping[str, str] | None = None) -> list[str]:
    """The fallbacks of `text` that are words; with `values`, only those that would be written."""
    return [
        piece.fallback
        for piece in placeholders(text)
        if piece.fallback is not None
        and _has_letters(piece.fallback)
        and (values is None or not visible(values.get(piece.name, "")))
    ]


def fill(text: str, values: Mapping[str, str], *, limit: int = LONGEST_VALUE) -> str:
    """`text` with its placeholders replaced, ready to be a parameter; see `clean`.

    A value that is missing or blank gives way to its fallback. A value is never read for
    placeholders itself: a person may call herself {coupon_code}.

    An address is never cut, nor is what one has to pay by, and neither counts for `limit`: the values
    beside it are cut instead.

    Raises EmptyValue if there is no fallback either, or nothing is left at all.
    Raises ValueError if `text` is malformed, or leaves no room for a value beside what is never cut.
    """
    given: dict[bool, list[int]] = {True: [], False: []}  # is it never cut -> lengths

    def whole(name: str, value: str) -> str:
        given[name in NEVER_CUT].append(len(visible(value)))
        return value

    line = visible(_render(text, values, literal=str, value=whole))
    if not line:
        raise EmptyValue(f"nothing is left of {text!r}")
    excess = len(line) - sum(given[True]) - limit
    if excess <= 0:
        return line
    if not given[True]:
        return cut(line, limit)
    others = given[False]
    share = (sum(others) - excess) // len(others) if others else 0
    if share < 1:
        raise ValueError(f"{text!r} leaves no room beside what is never cut")

    def shorter(name: str, value: str) -> str:
        return value if name in NEVER_CUT else cut(visible(value), share)

    return visible(_render(text, values, literal=str, value=shorter))


def length_uncut(text: str, values: Mapping[str, str]) -> int:
    """How many characters of the filled `text` cannot be cut."""
    return sum(
        len(visible(values.get(piece.name, "")) or visible(piece.fallback or ""))
        for piece in placeholders(text)
        if piece.name in NEVER_CUT
    )


def fill_url(text: str, values: Mapping[str, str]) -> str:
    """The end of a button's URL: values percent-encoded whole, the text around them as a URL.

    `shop?c={coupon_code}` keeps its `?` and `=`; an `&` in a value cannot start a new parameter.
    The path of a product is a part of a URL already.

    Raises EmptyValue and ValueError like `fill`; ValueError too beyond LONGEST_SUFFIX characters,
    since a URL that is cut leads nowhere.
    """

    def as_url(piece: str) -> str:
        return quote(visible(piece), safe=_URL_TEXT_SAFE)

    suffix = _render(
        text,
        values,
        literal=as_url,
        value=lambda name, value: (
            as_url(value) if name in PATHS else percent_encode(visible(value))
        ),
    )
    if not suffix:
        raise EmptyValue(f"nothing is left of the URL ending {text!r}")
    if len(suffix) > LONGEST_SUFFIX:
        raise ValueError(f"the URL ending has {len(suffix)} characters, {LONGEST_SUFFIX} at most")
    return suffix


def clean(value: str, *, limit: int = LONGEST_VALUE) -> str:
    """`value` as one line of visible text, of at most `limit` characters.

    Raises EmptyValue if nothing visible is left.
    """
    line = visible(value)
    if not line:
        raise EmptyValue(f"nothing visible in {value!r}")
    return cut(line, limit)


def percent_encode(value: str) -> str:
    """`value` as part of a URL: everything but ASCII letters, digits and `-._~` encoded as UTF-8."""
    return quote(value, safe="")


@lru_cache(maxsize=256)  # a few texts of the config, filled for thousands of people
def _pieces(text: str) -> tuple[str | Placeholder, ...]:
    """Literal stretches and placeholders, in order. Raises ValueError when malformed."""
    pieces: list[str | Placeholder] = []
    end = 0
    for token in _TOKEN.finditer(text):
        if token.start() > end:
            pieces.append(text[end : token.start()])
        end = token.end()
        pieces.append(token[0][0] if token[0] in {"{{", "}}"} else _placeholder(token))
    if end < len(text):
        pieces.append(text[end:])
    return tuple(pieces)


def _placeholder(token: re.Match[str]) -> Placeholder:
    here = f"at character {token.start() + 1}"
    if token[0] == "{":
        raise ValueError(f"{here}: '{{' is never closed; a literal brace is written '{{{{'")
    if token[0] == "}":
        raise ValueError(f"{here}: '}}' without a '{{'; a literal brace is written '}}}}'")
    name, bar, fallback = token[0][1:-1].partition("|")
    if not _NAME.fullmatch(name):
        raise ValueError(
            f"{here}: {token[0]!r} is not a placeholder; write {{name}} or {{name|fallback}}, "
            "the name in small letters, digits and '_', without spaces"
        )
    if bar and not visible(fallback):
        raise ValueError(
            f"{here}: the fallback of {{{name}}} is empty; WhatsApp takes no empty value"
        )
    return Placeholder(name, fallback if bar else None)


def _render(
    text: str,
    values: Mapping[str, str],
    *,
    literal: Callable[[str], str],
    value: Callable[[str, str], str],
) -> str:
    out = []
    for piece in _pieces(text):
        if isinstance(piece, str):
            out.append(literal(piece))
            continue
        given: str | None = values.get(piece.name, "")
        if not visible(given or ""):
            given = piece.fallback
        if given is None:
            raise EmptyValue(f"{{{piece.name}}} has no value and no fallback")
        out.append(value(piece.name, given))
    return "".join(out)


def _has_letters(text: str) -> bool:
    return any(map(str.isalpha, text))
