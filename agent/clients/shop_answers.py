"""What was asked of the shop and what it answered, in the parts that a failure is judged by."""

import html
import json
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import requests


@dataclass(frozen=True, slots=True)
class Asked:
    """One request, as far as an error may tell of it: never its parameters, with OAuth they sign."""

    method: str
    path: str  # with the directory that the shop is in: /store/wp-json/wc/v3/orders
    shop: str  # the shop's address as configured: https://shop.example/store
    secrets: tuple[str, ...] = field(repr=False)  # struck out wherever the shop repeats them

    @property
    def changes(self) -> bool:
        """Whether the shop may be different afterwards, so that it is never repeated blindly."""
        return self.method != "GET"

    def quote(self, text: str, longest: int = 200) -> str:
        """Words of the shop in one line, without our secrets."""
        for secret in self.secrets:
            text = text.replace(secret, "***")
        text = " ".join(text.split())
        return text if len(text) <= longest else f"{text[:longest]}..."

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that will not do, in the parts that we judge it by."""

    asked: Asked
    response: requests.Response
    code: str  # WordPress's own error code; "" when the answer is no WordPress error
    words: str

    @classmethod
    def read(cls, asked: Asked, response: requests.Response) -> "Answer":
        body = parsed(response)
        if isinstance(body, dict) and isinstance(body.get("code"), str):
            words = [str(body.get("message", ""))]
            match body.get("data"):
                case {"params": {**complaints}}:  # 400 rest_invalid_param: what is wrong with each
                    words += map(str, complaints.values())
            plain = html.unescape(re.sub(r"<[^>]*>", " ", " ".join(words)))
            return cls(asked, response, code=asked.quote(body["code"]), words=asked.quote(plain))
        page = beginning(response)
        title = re.search(r"<title[^>]*>(.*?)</title>", page, re.DOTALL | re.IGNORECASE)
        text = html.unescape(title[1]) if title else page
        return cls(asked, response, code="", words=asked.quote(text, longest=80))

    @property
    def what(self) -> str:
        said = " ".join(filter(None, [self.code, self.words]))
        return (
            f"{self.asked}: {self.asked.shop} answered {self.response.status_code} {said}".strip()
        )

    @property
    def after(self) -> float | None:
        return told_to_wait(self.response)


def told_to_wait(response: requests.Response) -> float | None:
    """Retry-After in seconds. A date counts from the answer's own date: no clock of ours."""
    told = response.headers.get("Retry-After", "").strip()
    if told.isdecimal():
        return float(told)
    until, now = http_date(told), http_date(response.headers.get("Date", ""))
    return max(0.0, (until - now).total_seconds()) if until and now else None


def http_date(text: str) -> datetime | None:
    """The instant of an HTTP date header, aware UTC; None when it is missing or is none."""
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def parsed(response: requests.Response) -> Any:
    """The body as JSON, or None when it is none. A byte order mark before it is let pass."""
    try:
        return json.loads(response.content)
    except ValueError:
        return None


def cut_short(response: requests.Response) -> bool:
    """Whether this is the beginning of a JSON that was packed, and the rest is missing.

    Of a packed answer that broke off urllib3 gives what came, without a word, where the length that
    was announced is right. What a plugin writes is no such thing: its notice leaves the JSON whole.
    """
    if "Content-Encoding" not in response.headers:
        return False
    text = response.content.decode(errors="replace").lstrip()
    if text[:1] not in ("", "[", "{"):
        return False
    try:
        json.JSONDecoder().raw_decode(text)
    except ValueError:
        return True
    return False


def beginning(response: requests.Response) -> str:
    """The first 20 kB of a body that is not what it should be; a WordPress title lies within."""
    return response.content[:20_000].decode(errors="replace")
