"""Links that are counted: which of a message are, what stands in their place, and where they lead to.

A link is kept as a path of the shop, never with a host: whatever stands in the table, it leads to the
shop and nowhere else.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from string import ascii_letters, digits
from typing import Final
from urllib.parse import SplitResult, quote, urlsplit

from agent.rules.placeholders import BUTTON_LINK
from agent.rules.templates import TemplateMapping
from agent.rules.wording import fill_url, placeholders

PATH: Final = "/r/"
"""What comes before the token, below the public address."""

PARAMETER: Final = "wb"
"""By which the shop's plugin knows the token, on the page that a link led to."""

LETTERS: Final = ascii_letters + digits
LENGTH: Final = 10  # 62^10: with a million links alive, a million million guesses find about one
TOKEN: Final = re.compile(rf"[A-Za-z0-9]{{{LENGTH}}}")

_IN_TEXTS: Final = ("shop_url", "product_url", "review_url")
_LONGEST: Final = 2000  # characters of a path; WhatsApp's limit for an address
_SAFE: Final = "/%:@!$&'()*+,;=~-._?"  # what stays as it is in a path and its query
# no host can begin in it: browsers take "\" for "/", and what begins with two of them names a host
_PATH_OF_THE_SHOP: Final = re.compile(r"/(?!/)[!-\[\]-~]*")

# Programs that fetch what a link leads to, so that WhatsApp and others can show a preview of it; and
# those that look for viruses. "Cubot" makes phones.
_NO_PERSON: Final = re.compile(
    r"^whatsapp/|facebookexternalhit|facebookcatalog|meta-external|(?<!cu)bot|crawl|spider"
    r"|slurp|preview|headless|lighthouse|pingdom|monitor|curl|wget|python|go-http|okhttp|java/"
    r"|libwww|httpclient|axios|node-fetch|scanner|safebrowsing",
    re.IGNORECASE,
)
_AHEAD_OF_USE: Final = ("Sec-Purpose", "Purpose", "X-Purpose", "X-Moz")


@dataclass(frozen=True, slots=True, kw_only=True)
class Roads:
    """Where links are counted, where they lead to, and what makes their tokens."""

    public_url: str  # without a slash at its end
    shop_url: str
    new_token: Callable[[], str]

    def to(self, token: str) -> str:
        """The address that stands in a message."""
        return f"{self.public_url}{PATH}{token}"


@dataclass(frozen=True, slots=True)
class Linked:
    """What the placeholders of one message stand for, and its links: token -> path of the shop."""

    values: dict[str, str]
    links: dict[str, str]


def linked(
    values: Mapping[str, str], mapping: TemplateMapping, button: str, roads: Roads
) -> Linked:
    """The values of a message with counted links in the place of the shop's addresses.

    `button` is what the address of the template's button begins with, "" if it has none. One that
    begins with the public address is counted too; any other is Meta's, and stays. The same page of
    the shop is one link.
    """
    tokens: dict[str, str] = {}
    counted = dict(values)
    asked = {one.name for text in mapping.shown for one in placeholders(text)}
    for name in _IN_TEXTS:
        if name in asked and (path := shop_path(values.get(name, ""), roads.shop_url)):
            counted[name] = roads.to(_token_of(path, tokens, roads))
    if button == f"{roads.public_url}/" and (
        path := _behind_button(mapping, values, button, roads)
    ):
        counted[BUTTON_LINK] = roads.to(_token_of(path, tokens, roads))
    return Linked(counted, {token: path for path, token in tokens.items()})


def shop_path(address: str, shop_url: str) -> str:
    """Path, query and fragment of an address of the shop, in ASCII; "" for every other address."""
    if re.search(r"[\s\\\x00-\x1f\x7f]", address):
        return ""
    try:
        parts, home = urlsplit(address), urlsplit(shop_url)
        if parts.scheme not in {"http", "https"} or _place(parts) != _place(home):
            return ""
    except ValueError:  # half an IPv6 address, a port that is no number
        return ""
    path = quote(parts.path or "/", safe=_SAFE)
    path += f"?{quote(parts.query, safe=_SAFE)}" if parts.query else ""
    path += f"#{quote(parts.fragment, safe=_SAFE)}" if parts.fragment else ""
    return path if len(path) <= _LONGEST and _PATH_OF_THE_SHOP.fullmatch(path) else ""


def landing(path: str, shop_url: str, token: str) -> str:
    """The address behind a link, with its token as a parameter. It is the shop's, whatever `path` is."""
    if not _PATH_OF_THE_SHOP.fullmatch(path):
        return front_page(shop_url)
    page, mark, fragment = path.partition("#")
    page, _, query = page.partition("?")
    said = [one for one in query.split("&") if one and one.partition("=")[0] != PARAMETER]
    home = urlsplit(shop_url)
    query = "&".join((*said, f"{PARAMETER}={token}"))
    return f"{home.scheme}://{home.netloc}{page}?{query}{mark}{fragment}"


def front_page(shop_url: str) -> str:
    """Where a link leads that leads nowhere else."""
    return f"{shop_url}/"


def read_token(written: str) -> str:
    """The token in what follows PATH; "" if there is none.

    Messengers take a full stop or a bracket behind an address for a part of it.
    """
    found = TOKEN.match(written)
    if found is None or written[found.end() : found.end() + 1].isalnum():
        return ""
    return found[0]


def is_a_person(method: str, headers: Mapping[str, str]) -> bool:
    """Does somebody follow the link, and no program that shows a preview, or looks for viruses?"""
    agent = headers.get("User-Agent", "")
    if method != "GET" or not agent or _NO_PERSON.search(agent):
        return False
    ahead = (headers.get(name, "") for name in _AHEAD_OF_USE)
    return not any(re.search(r"prefetch|prerender|preview", one, re.IGNORECASE) for one in ahead)


def _token_of(path: str, tokens: dict[str, str], roads: Roads) -> str:
    if path not in tokens:
        tokens[path] = roads.new_token()
    return tokens[path]


def _behind_button(
    mapping: TemplateMapping, values: Mapping[str, str], button: str, roads: Roads
) -> str:
    """The page that the button opens where nobody counts; below the shop's address where the public
    one is another, be it a folder of the shop's host."""
    try:
        end = fill_url(mapping.url_suffix, values)
    except ValueError:  # then the message cannot be sent either, and says so there
        return ""
    shop = roads.shop_url
    home = button if f"{shop}/".startswith(button) else f"{shop}/"
    return shop_path(home + end, shop)


def _place(parts: SplitResult) -> tuple[str, int | None]:
    """Host and port. Raises ValueError for what no browser should be sent to."""
    if parts.username is not None or parts.password is not None or not parts.hostname:
        raise ValueError("a name before the host, or no host")
    usual = {"http": 80, "https": 443}[parts.scheme]
    return parts.hostname, None if parts.port == usual else parts.port
