"""What people typed into the name fields -> what a message may call them."""

import re
import unicodedata
from typing import Final

from agent.rules.visible import visible

# E-mails, links (WhatsApp would make "casino.com" tappable in our message), phone numbers, markup.
_NOT_IN_NAMES = re.compile(
    r"[@/\\<>{}=#:_]|www\.|\w\.(?:biz|club|co|com|info|io|ly|me|net|online|org|ru|shop|site|top|xyz)\b"
    r"|\d(?:\D?\d){3}",
    re.IGNORECASE,
)
_NOT_NAMES = frozenset({"null", "undefined", "none"})  # what faulty forms send
_PARTICLE = re.compile(
    r"da|das|de|del|della|den|der|di|do|dos|du|e|la|las|los|van|von|y", re.IGNORECASE
)
_INITIALS = re.compile(r"[B-DF-HJ-NP-TV-XZ]{2,3}|(?:[A-Z]\.){2,}")
_LONGEST_NAME: Final = 60  # characters; beyond that somebody wrote a sentence


def first_name(typed: str) -> str:
    """The name as the person typed it, without the shouting: "MARIA JOSÉ" -> "Maria José".

    Only words all in capitals or all in small letters change, so "McDonald" stays. Two or three
    capitals without a vowel are initials ("JP") and stay too. "" for what is no name: nothing but
    digits and punctuation, an e-mail, a link, a phone number.
    """
    first, *others = _words(typed) or [""]
    return " ".join([_unshouted(first), *map(_inside, others)])


def last_name(typed: str) -> str:
    """The same for a family name, which may begin small: "DE LA CRUZ" -> "de la Cruz"."""
    words = _words(typed)
    return " ".join(map(_inside, words)) if len(words) > 1 else first_name(typed)


def _words(typed: str) -> list[str]:
    """The words of a name; none for what is no name."""
    name = visible(unicodedata.normalize("NFC", typed))
    if (
        not any(character.isalpha() for character in name)
        or len(name) > _LONGEST_NAME
        or name.lower() in _NOT_NAMES
        or _NOT_IN_NAMES.search(name)
    ):
        return []
    return name.split(" ")


def _inside(word: str) -> str:
    return word.lower() if _PARTICLE.fullmatch(word) else _unshouted(word)


def _unshouted(word: str) -> str:
    if not (word.isupper() or word.islower()) or _INITIALS.fullmatch(word):
        return word
    return "-".join(_capitalized(part) for part in word.split("-"))


def _capitalized(part: str) -> str:
    if part[1:2] in {"'", "\u2019"}:  # O'Neil, D'Angelo
        return part[:2].upper() + _capitalized(part[2:])
    # Python lowers the Turkish "İ" to an "i" with a second dot above it
    return part.capitalize().replace("i\u0307", "i")
