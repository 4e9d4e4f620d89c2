"""What the shop calls things, and their addresses -> what a message can carry."""

import re
from functools import lru_cache
from html import unescape
from typing import Final
from urllib.parse import urlsplit, urlunsplit

from agent.rules.visible import visible
from agent.rules.wording import LONGEST_VALUE

_LONGEST_TEXT: Final = 5000  # characters of a text with its markup; a message has 1024

# What browsers take for a tag, also one that was cut off, and what stands in one that is not for people;
# "5 < 6" is none.
_MARKUP = re.compile(
    r"<(script|style)\b[^<>]*>.*?</\1\s*>|</?[a-z][^<>]*(?:>|$)|<!--.*?(?:-->|$)",
    re.IGNORECASE | re.DOTALL,
)
# Only whole ones: in "?a=1&copy=2" there is none.
_ENTITY = re.compile(r"&(?:#\d{1,7}|#x[0-9a-f]{1,6}|[a-z][a-z0-9]{1,31});", re.IGNORECASE)
_ADDRESS = re.compile(r"https?://[^\s<>\"\\]+", re.IGNORECASE)


@lru_cache(maxsize=4096)
def plain(text: str) -> str:
    """One line of what a person should read of `text`: without the markup that WordPress lets stand.

    Entities are read twice, because some plugins store what was escaped for a page already.
    """
    line = visible(_unescaped(_unescaped(text[:_LONGEST_TEXT])))
    # what is left around a tag may be another: "<b <i>>"
    while (stripped := _MARKUP.sub(" ", line)) != line:
        line = visible(stripped)
    return line


def address(url: str) -> str:
    """An address of the web that can be sent whole; "" for one that cannot."""
    written = visible(url.replace("&amp;", "&"))
    return written if len(written) <= LONGEST_VALUE and _ADDRESS.fullmatch(written) else ""


def reviews(url: str) -> str:
    """Where a product's page has its reviews; "" if it has no page."""
    page = address(url).partition("#")[0]
    return address(f"{page}#reviews") if page else ""  # WooCommerce's anchor


@lru_cache(maxsize=4096)
def path(url: str, shop_url: str) -> str:
    """What follows the shop's own address in that of a product: product/blue-shirt/."""
    try:
        parts, home = urlsplit(visible(url)), urlsplit(shop_url).path.rstrip("/")
    except ValueError:  # half an IPv6 address
        return ""
    end = parts.path
    if end.startswith(f"{home}/"):
        end = end[len(home) :]
    return urlunsplit(("", "", end.lstrip("/"), parts.query, ""))


def _unescaped(text: str) -> str:
    return _ENTITY.sub(lambda entity: unescape(entity[0]), text)
