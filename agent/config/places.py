"""Kinds of values that say where: countries, time zones, web addresses, sockets, files."""

import re
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from agent.config.complaints import Unfit, Wrong, nearest
from agent.config.countries import COUNTRIES
from agent.config.kinds import Kind


@dataclass(frozen=True)
class Country(Kind[str]):
    """An ISO 3166-1 country of two letters, in upper case; "" where `optional`."""

    optional: bool = False

    @property
    def expected(self) -> str:
        return "a country of two letters (ISO 3166-1)" + (', or ""' if self.optional else "")

    def read(self, raw: object) -> str:
        code = raw.upper() if isinstance(raw, str) else ""
        if code in COUNTRIES or (raw == "" and self.optional):
            return code
        raise self.refuse(raw, 'write "GB"' if code == "UK" else 'write for example "BR" or "ES"')


@dataclass(frozen=True)
class Zone(Kind[str]):
    """A time zone by its IANA name, or ""."""

    expected = 'a time zone such as "America/Sao_Paulo", or ""'

    def read(self, raw: object) -> str:
        if not isinstance(raw, str):
            raise self.refuse(raw, 'put it in double quotes: "Europe/Madrid"')
        if raw and raw not in (known := available_timezones()):
            near = nearest(raw, known)
            raise self.refuse(raw, f'did you mean "{near}"?' if near else 'write "Europe/Madrid"')
        return raw


@dataclass(frozen=True)
class Url(Kind[str]):
    """A web address without query and final slash. It may have a path: the shop in a folder.

    `whole`: it is asked for as it stands, so it may have a query, a slash at its end and any path.
    """

    whole: bool = False

    expected = "a web address"

    def read(self, raw: object) -> str:
        if not isinstance(raw, str):
            raise self.refuse(raw, 'put it in double quotes: "https://..."')
        try:
            parts = urlsplit(raw)
            _ = parts.port  # raises when it is no number
        except ValueError:
            raise self.refuse(raw, 'write it as in the browser: "https://shop.example"') from None
        if parts.username is not None or parts.password is not None:
            # not shown: the complaint goes to the log
            raise Unfit(
                Wrong("has a name or password in it", "leave away what stands before the @")
            )
        if parts.scheme not in {"http", "https"} or not parts.hostname or re.search(r"\s", raw):
            raise self.refuse(raw, 'begin with https:// and the host: "https://shop.example"')
        if end := re.search(r"#" if self.whole else r"[?#]", raw):
            # not shown: what follows is at times a token
            from_where = "#" if self.whole else "? or #"
            what = (
                "a query: what follows the ?" if end[0] == "?" else "a fragment: what follows the #"
            )
            raise Unfit(Wrong(f"has {what}", f"leave away everything from {from_where} on"))
        if self.whole:
            return raw
        if "/wp-json" in parts.path or "/wp-admin" in parts.path:
            raise self.refuse(
                raw, "end before /wp-json or /wp-admin: the address of the front page"
            )
        return raw.rstrip("/")


@dataclass(frozen=True)
class PublicUrl(Url):
    """A web address that others reach us under, or "". Plain http is for this machine alone (tests):
    what comes that way holds people's names, numbers and addresses.
    """

    expected = 'an https address, or ""'

    def read(self, raw: object) -> str:
        if raw == "":
            return ""
        url = super().read(raw)
        parts = urlsplit(url)
        if parts.scheme != "https" and not is_loopback(parts.hostname or ""):
            raise self.refuse(raw, "begin with https://: what goes there names people")
        return url


def is_loopback(host: str) -> bool:
    """Is it this machine itself?"""
    with suppress(ValueError):  # a name, not a number
        return ip_address(host).is_loopback
    return host == "localhost"


class Address(NamedTuple):
    """Where to listen. Port 0 takes a free one."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True)
class Listen(Kind[Address]):
    """Host and port, an IPv6 host in brackets."""

    expected = "an address and a port"

    def read(self, raw: object) -> Address:
        pattern = r"(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9.-]+)):([0-9]{1,5})"
        match = re.fullmatch(pattern, raw) if isinstance(raw, str) else None
        if not match or int(match[3]) > 65535:
            raise self.refuse(raw, 'write "127.0.0.1:8087" or "[::1]:8087"; the port is 0 to 65535')
        return Address(match[1] or match[2], int(match[3]))


@dataclass(frozen=True)
class File(Kind[Path]):
    """A path. One that is relative starts at the folder of the config file: the reader joins it."""

    expected = "the path of a file"

    def read(self, raw: object) -> Path:
        if not isinstance(raw, str) or not raw.strip() or "\0" in raw:
            raise self.refuse(raw, 'write a path in double quotes: "/var/lib/winback/winback.db"')
        return Path(raw)
