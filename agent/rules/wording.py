"""Texts of the config with {placeholders} -> values that WhatsApp accepts.

    Hello {first_name|dear customer}      a value, with what stands in when it is empty
    Use {coupon_code} until Friday        a value that is never empty needs no fallback
    {{ and }}                             literal braces

WhatsApp refuses a parameter that is empty, has a line break or a tab, or more than four spaces in
a row. So everything that goes into one passes through `clean`.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final
from urllib.parse import quote

KNOWN: Final[Mapping[str, bool]] = MappingProxyType(
    {
        "first_name": True,
        "last_name": True,
        "full_name": True,
        "last_product": True,
        "product_list": True,
        "country": True,
        "shop_name": False,
        "shop_url": False,
        "orders_count": False,
        "coupon_code": False,
        "discount_percent": False,
        "coupon_expires": False,
    }
)
"""Every placeholder -> may its value be empty? One that may be needs a fallback."""

COUPON_ONLY: Final = frozenset({"coupon_code", "discount_percent", "coupon_expires"})
"""Placeholders that only a campaign with a coupon can fill."""

LONGEST_VALUE: Final = 250  # characters; the whole body has 1024, and others want room too
LONGEST_SUFFIX: Final = 2000  # characters; WhatsApp's limit for the URL of a button

_TOKEN = re.compile(r"\{\{|\}\}|\{[^{}]*\}|[{}]")
_NAME = re.compile(r"[a-z][a-z0-9_]*")

# Letters that draw nothing; people use them to have "no name".
_BLANKS = re.compile("[\u115f\u1160\u2800\u3164\uffa0]")
# The two joiners shape letters in Persian and the scripts of India, and glue emoji. Between two
# visible characters beyond ASCII they are spelling; anywhere else they are zero-width noise.
_STRAY_JOINER = re.compile(
    r"(?<![^\x00-\x7f\s\u200c\u200d])[\u200c\u200d]|[\u200c\u200d](?![^\x00-\x7f\s\u200c\u200d])"
)
_URL_TEXT_SAFE = "/?#@!$&'()*+,;=-._~%"  # not ":" and "|": WhatsApp wants these encoded

# E-mails, links (WhatsApp would make "casino.com" tappable in our message), phone numbers, markup.
_NOT_IN_NAMES = re.compile(
    r"[@/\\<>{}=#:_]|www\.|\w\.(?:biz|club|co|com|info|io|ly|me|net|online|org|ru|shop|site|top|xyz)\b"
    r"|\d(?:\D?\d){3}",
    re.IGNORECASE,
)
_NOT_NAMES = frozenset({"null", "undefined", "none"})  # what faulty forms send
_PARTICLE = re.compile(r"da|das|de|del|della|den|der|di|do|dos|du|e|van|von|y", re.IGNORECASE)
_INITIALS = re.compile(r"[B-DF-HJ-NP-TV-XZ]{2,3}|(?:[A-Z]\.){2,}")
_LONGEST_NAME = 60  # characters; beyond that somebody wrote a sentence


class EmptyValue(ValueError):
    """A text came out empty, or a placeholder has neither a value nor a fallback."""


@dataclass(frozen=True, slots=True)
class Placeholder:
    """`{name}` or `{name|fallback}`; the fallback is never blank."""

    name: str
    fallback: str | None


def placeholders(text: str) -> list[Placeholder]:
    """The placeholders of `text`, in order, repeated ones too. Whether they are KNOWN is not asked.

    Raises ValueError, with the position and what is wrong, when `text` is malformed.
    """
    return [piece for piece in _pieces(text) if isinstance(piece, Placeholder)]


def fill(text: str, values: Mapping[str, str], *, limit: int = LONGEST_VALUE) -> str:
    """`text` with its placeholders replaced, ready to be a parameter; see `clean`.

    A value that is missing or blank gives way to its fallback. A value is never read for
    placeholders itself: a person may call herself {coupon_code}.

    Raises EmptyValue if there is no fallback either, or nothing is left at all.
    Raises ValueError if `text` is malformed.
    """
    return clean(_render(text, values, literal=str, value=str), limit=limit)


def fill_url(text: str, values: Mapping[str, str]) -> str:
    """The end of a button's URL: values percent-encoded whole, the text around them as a URL.

    `shop?c={coupon_code}` keeps its `?` and `=`; an `&` in a value cannot start a new parameter.

    Raises EmptyValue and ValueError like `fill`; ValueError too beyond LONGEST_SUFFIX characters,
    since a URL that is cut leads nowhere.
    """
    suffix = _render(
        text,
        values,
        literal=lambda piece: quote(_visible(piece), safe=_URL_TEXT_SAFE),
        value=lambda piece: percent_encode(_visible(piece)),
    )
    if not suffix:
        raise EmptyValue(f"nothing is left of the URL ending {text!r}")
    if len(suffix) > LONGEST_SUFFIX:
        raise ValueError(f"the URL ending has {len(suffix)} characters, {LONGEST_SUFFIX} at most")
    return suffix


def clean(value: str, *, limit: int = LONGEST_VALUE) -> str:
    """`value` as one line of visible text, of at most `limit` characters.

    White space collapses to single spaces; control characters, zero-width and bidi marks go. What
    is too long ends at a word, with an ellipsis.

    Raises EmptyValue if nothing visible is left.
    """
    visible = _visible(value)
    if not visible:
        raise EmptyValue(f"nothing visible in {value!r}")
    return _cut(visible, limit)


def first_name(billing_first_name: str) -> str:
    """The name as the person typed it, without the shouting: "MARIA JOSÉ" -> "Maria José".

    Only words all in capitals or all in small letters change, so "McDonald" stays. Two or three
    capitals without a vowel are initials ("JP") and stay too. "" for what is no name: nothing but
    digits and punctuation, an e-mail, a link, a phone number.
    """
    typed = _visible(unicodedata.normalize("NFC", billing_first_name))
    if (
        not any(character.isalpha() for character in typed)
        or len(typed) > _LONGEST_NAME
        or typed.lower() in _NOT_NAMES
        or _NOT_IN_NAMES.search(typed)
    ):
        return ""
    first, *others = typed.split(" ")
    return " ".join(
        [
            _unshouted(first),
            *(word.lower() if _PARTICLE.fullmatch(word) else _unshouted(word) for word in others),
        ]
    )


def percent_encode(value: str) -> str:
    """`value` as part of a URL: everything but ASCII letters, digits and `-._~` encoded as UTF-8."""
    return quote(value, safe="")


def _pieces(text: str) -> Iterator[str | Placeholder]:
    """Literal stretches and placeholders, in order. Raises ValueError when malformed."""
    end = 0
    for token in _TOKEN.finditer(text):
        if token.start() > end:
            yield text[end : token.start()]
        end = token.end()
        yield token[0][0] if token[0] in {"{{", "}}"} else _placeholder(token)
    if end < len(text):
        yield text[end:]


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
    if bar and not _visible(fallback):
        raise ValueError(
            f"{here}: the fallback of {{{name}}} is empty; WhatsApp takes no empty value"
        )
    return Placeholder(name, fallback if bar else None)


def _render(
    text: str,
    values: Mapping[str, str],
    *,
    literal: Callable[[str], str],
    value: Callable[[str], str],
) -> str:
    out = []
    for piece in _pieces(text):
        if isinstance(piece, str):
            out.append(literal(piece))
            continue
        given: str | None = values.get(piece.name, "")
        if not _visible(given or ""):
            given = piece.fallback
        if given is None:
            raise EmptyValue(f"{{{piece.name}}} has no value and no fallback")
        out.append(value(given))
    return "".join(out)


def _visible(value: str) -> str:
    """One line without anything that cannot be seen; may be empty."""
    line = " ".join(_BLANKS.sub(" ", value).split())
    line = "".join(
        character
        for character in line
        # Cc control, Cf format (bidi, zero-width), Cs half a surrogate pair, which is not UTF-8
        if character in "\u200c\u200d" or unicodedata.category(character) not in {"Cc", "Cf", "Cs"}
    )
    # again, because "a<mark> <mark>b" only now shows its two spaces
    return " ".join(_STRAY_JOINER.sub("", line).split())


def _cut(line: str, limit: int) -> str:
    if limit < 1:
        raise ValueError(f"no room for a value: {limit} characters")
    if len(line) <= limit:
        return line
    end = limit - 1  # the ellipsis takes one
    word_end = line.rfind(" ", 0, limit)
    if word_end > limit // 2:
        end = word_end
    else:  # one long word, or a script without spaces: only do not tear a character from its marks
        while end and _belongs_to_the_one_before(line[end], line[end - 1]):
            end -= 1
    return line[:end].rstrip(" ,;:.-") + "…"


def _belongs_to_the_one_before(character: str, before: str) -> bool:
    return (
        unicodedata.category(character) in {"Mn", "Mc", "Me", "Sk"}
        or character == "\u200d"
        or before == "\u200d"
    )


def _unshouted(word: str) -> str:
    if not (word.isupper() or word.islower()) or _INITIALS.fullmatch(word):
        return word
    return "-".join(_capitalized(part) for part in word.split("-"))


def _capitalized(part: str) -> str:
    if part[1:2] in {"'", "\u2019"}:  # O'Neil, D'Angelo
        return part[:2].upper() + _capitalized(part[2:])
    # Python lowers the Turkish "İ" to an "i" with a second dot above it
    return part.capitalize().replace("i\u0307", "i")
