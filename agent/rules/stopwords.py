"""Did the person say stop? The whole message has to say so, not a part of it."""

import re
import unicodedata
from collections.abc import Iterable

# Marks that people leave out when they type: accents, Hebrew points, Arabic vowels and the stroke
# that stretches a word, and what turns a character into an emoji. Vowel signs of Hindi or Thai are
# marks too, but a word without them is another word, so those stay.
_OPTIONAL_MARKS = re.compile(
    "[\u0300-\u036f\u0591-\u05c7\u0640\u064b-\u065f\u1ab0-\u1aff\u1dc0-\u1dff"
    "\u20d0-\u20ff\ufe00-\ufe0f\ufe20-\ufe2f]"
)


def is_stop(text: str, words: Iterable[str]) -> bool:
    """Whether `text` as a whole is one of `words`, perhaps several times: "Stop! STOP!!".

    Case, accents, punctuation, emoji and white space do not count on either side, so the word
    "no más" covers "NO MAS." A sentence with the word in it ("don't stop sending") is no stop.
    """
    said = _folded(text)
    return any(
        said == word * (len(said) // len(word)) for word in map(_folded, words) if word and said
    )


def _folded(text: str) -> str:
    # compatibility forms first, so that full-width and mathematical letters are letters
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    plain = _OPTIONAL_MARKS.sub("", plain).replace(
        "\u0131", "i"
    )  # İPTAL is also typed without dots
    return "".join(
        character
        for character in plain
        if character.isalnum() or unicodedata.category(character) in {"Mn", "Mc"}
    )
