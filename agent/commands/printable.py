"""What others wrote, shown so that it does nothing to a terminal."""

_JOINERS = "\u200c\u200d"
"""They join and part letters and emoji, as Persian, Hindi and families need it, and move nothing."""


def printable(text: str) -> str:
    """`text` on one line: control characters, and what turns the direction of writing or is not seen,
    as escapes: \\x1b, \\n, \\u202e."""
    return "".join(one if _is_harmless(one) else _escaped(one) for one in text)


def printable_lines(text: str) -> str:
    """The same, where a line may end."""
    return "\n".join(map(printable, text.splitlines()))


def _is_harmless(one: str) -> bool:
    return one.isprintable() or one in _JOINERS


def _escaped(one: str) -> str:
    return one.encode("unicode_escape").decode("ascii")
