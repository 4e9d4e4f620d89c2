"""The shop's own address that is told of replies: one signed POST at a time."""

import hmac
from dataclasses import dataclass
from hashlib import sha256
from types import TracebackType
from typing import Final, Self

import requests
from urllib3.exceptions import HTTPError

from agent.clients.session import open_session, trouble

TIMEOUT: Final = (5.0, 10.0)  # seconds to connect, and of silence
LONGEST: Final = 15.0  # seconds until it must have answered
SIGNATURE: Final = "X-Winback-Signature"
GONE: Final = 410


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a POST. `status` is 0 where no answer came; `reason` says what was wrong, or ""."""

    status: int
    reason: str = ""

    @property
    def taken(self) -> bool:
        return 200 <= self.status < 300

    @property
    def gone(self) -> bool:
        """It wants to hear no more of this one, and asking again is of no use."""
        return self.status == GONE

    @property
    def of_all(self) -> bool:
        """The receiver is in trouble, and would take no other either."""
        return self.status == 0 or self.status == 429 or self.status >= 500


class Receiver:
    """`secret` signs what goes there; "" signs nothing. Redirects are not followed.

    `longest` is how many seconds it may take to answer: winback must be able to stop meanwhile.
    """

    def __init__(self, url: str, secret: str, *, longest: float = LONGEST) -> None:
        self._url, self._secret = url, secret
        self._session = open_session(
            pool=1, headers={"User-Agent": "winback"}, answer_within=longest
        )

    def tell(self, body: str) -> Answer:
        """POST this JSON. Never raises for what the receiver or the network do."""
        raw = body.encode(errors="replace")  # half an emoji is no UTF-8
        headers = {"Content-Type": "application/json"}
        if self._secret:
            signed = hmac.new(self._secret.encode(), raw, sha256).hexdigest()
            headers[SIGNATURE] = f"sha256={signed}"
        try:
            # `stream`: what it answers is nothing to us, however long it is
            with self._session.post(
                self._url, data=raw, headers=headers, timeout=TIMEOUT, allow_redirects=False,
                stream=True,
            ) as response:  # fmt: skip
                status = response.status_code
        except (requests.RequestException, HTTPError) as error:
            return Answer(0, trouble(error).reason)
        return Answer(status, "" if 200 <= status < 300 else f"it answered {status}")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._session.close()
