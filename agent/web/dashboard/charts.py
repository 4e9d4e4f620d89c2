"""Charts as SVG, with their numbers told in words for whoever does not see them.

No text stands in the picture itself: it is as wide as the page, and a text would be stretched with it.
"""

from collections.abc import Sequence
from itertools import count

from markupsafe import Markup

WIDE, HIGH, GAP = 10, 100, 1.5  # units of a bar and its place
_numbers = count(1)


def bars(values: Sequence[tuple[str, int]], title: str, told: str, tone: str) -> Markup:
    """A bar for each (what it is of, how much). `tone` is the class that colours them."""
    most = max((value for _, value in values), default=0) or 1
    shapes = Markup("").join(
        Markup('<g><title>{}: {}</title><rect x="{}" y="{}" width="{}" height="{}" rx="1"/></g>').format(
            label, value, place * WIDE + GAP / 2, HIGH - _height(value, most), WIDE - GAP,
            _height(value, most),
        )
        for place, (label, value) in enumerate(values)
    )  # fmt: skip
    lines = Markup("").join(
        Markup('<line x1="0" x2="{}" y1="{}" y2="{}"/>').format(len(values) * WIDE, y, y)
        for y in (0, HIGH / 2, HIGH)
    )
    number = next(_numbers)
    return Markup(
        '<svg class="bars {tone}" viewBox="0 0 {width} {height}" preserveAspectRatio="none" role="img" '
        'aria-labelledby="t{number} d{number}"><title id="t{number}">{title}</title>'
        '<desc id="d{number}">{told}</desc><g class="grid">{lines}</g>{shapes}</svg>'
    ).format(
        tone=tone, width=max(len(values), 1) * WIDE, height=HIGH, number=number, title=title, told=told,
        lines=lines, shapes=shapes,
    )  # fmt: skip


def share_bar(share: float, told: str) -> Markup:
    """One bar whose length is a share, 0 to 1, of the place that it has."""
    return Markup(
        '<svg class="share" role="img" aria-label="{told}"><title>{told}</title>'
        '<rect class="rail" width="100%" height="100%" rx="3"/>'
        '<rect width="{width:.1f}%" height="100%" rx="3"/></svg>'
    ).format(told=told, width=max(0.0, min(share, 1.0)) * 100)


def _height(value: int, most: int) -> float:
    """Something that is not nothing can be seen."""
    return round(max(value * HIGH / most, 1.5 if value else 0), 2)
