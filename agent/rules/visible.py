"""Text as one visible line, and how a line that is too long is cut."""

import re
import unicodedata

# Letters that draw nothing; people use them to have "no name".
_BLANKS = re.compile("[\u115f\u1160\u2800\u3164\uffa0]")
# The two joiners shape letters in Persian and the scripts of India, and glue emoji. Between two
# visible characters beyond ASCII they are spelling; anywhere else they are zero-width noise.
_STRAY_JOINER = re.compile(
    r"(?<![^\x00-\x7f\s\u200c\u200d])[\u200c\u200d]|[\u200c\u200d](?![^\x00-\x7f\s\u200c\u200d])"
)


def visible(value: str) -> str:
    """One line without anything that cannot be seen; may be empty.

    White space collapses to single spaces; control characters, zero-width and bidi marks go.
    """
    line = " ".join(_BLANKS.sub(" ", value).split())
    if line.isascii() and line.isprintable():
        return line  # as most are
    line = "".join(
        character
        for character in line
        # Cc control, Cf format (bidi, zero-width), Cs half a surrogate pair, which is not UTF-8
        if character in "\u200c\u200d" or unicodedata.category(character) not in {"Cc", "Cf", "Cs"}
    )
    # again, because "a<mark> <mark>b" only now shows its two spaces
    return " ".join(_STRAY_JOINER.sub("", line).split())


def cut(line: str, limit: int) -> str:
    """`line` in at most `limit` characters; what is too long ends at a word, with an ellipsis."""
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
