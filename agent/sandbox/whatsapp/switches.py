"""Everything that can be made to go wrong with the sandbox WhatsApp, also while it runs."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from agent.sandbox.whatsapp.chance import chance
from agent.sandbox.whatsapp.errors import BadGateway, GraphError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime


@dataclass(slots=True)
class _Script:
    """One planned failure. `times` None means until `heal()`; `digits` None means everybody."""

    code: int
    rate: float
    times: int | None
    digits: str | None
    http_status: int | None = None
    html: bool = False

    def hits(self, address: str, draw: float) -> bool:
        return (
            self.times != 0
            and (self.digits is None or self.digits == _bare(address))
            and draw < self.rate
        )


class Switches:
    """Attributes may be set at any time; they hold for the requests and webhooks that follow.

    latency               wall seconds before each answer, or a callable that gives them. The
                          request is carried out first, so webhooks may come before the answer
    lose_responses        share (0 to 1) of accepted messages whose answer is lost: the message
                          goes out, its webhooks come, the connection closes without a byte
    hold_messages         True: template messages are answered `held_for_quality_assessment`
    duplicate_webhooks    share of updates that are delivered twice
    reorder_webhooks      True: what is due together arrives shuffled
    delay_webhooks        each update arrives later by a fixed chance between nothing and this
    webhook_version       24 and above leave out `conversation` of a sent status
    approve_templates_after  how long a created template stays PENDING; None for ever
    token_rights          the scopes of the token; without one, code 10 (messages) or 200 (rest)
    token_expires_at      from then on the token gives 190
    app_secret, verify_token  sign webhooks and open the handshake; change one, and the
                          subscriber's is out of date
    app_subscribed        whether `subscribed_apps` lists our app. Only what is said there:
                          webhooks go out all the same
    """

    def __init__(self, seed: int, *, app_secret: str, verify_token: str) -> None:
        self.seed = seed
        self.app_secret, self.verify_token = app_secret, verify_token
        self.latency: float | Callable[[], float] = 0.0
        self.lose_responses = 0.0
        self.hold_messages = False
        self.duplicate_webhooks = 0.0
        self.reorder_webhooks = False
        self.delay_webhooks = timedelta(0)
        self.webhook_version = 26
        self.approve_templates_after: timedelta | None = timedelta(minutes=5)
        self.token_rights = {"whatsapp_business_messaging", "whatsapp_business_management"}
        self.token_expires_at: datetime | None = None
        self.app_subscribed = True
        self._errors: list[_Script] = []
        self._status_errors: list[_Script] = []
        self._responses_to_lose = self._requests_to_drop = self._draws = 0
        self._switching = threading.Lock()

    def fail_next(
        self,
        code: int,
        http_status: int | None = None,
        times: int | None = 1,
        to: str | None = None,
        *,
        html: bool = False,
    ) -> None:
        """Refuse the next `times` sends (None: all), to the phone or user id `to` or to anybody.

        `html` answers with a proxy's page of `http_status` (502 if not said) in place of JSON.
        """
        self.fail_rate(code, 1.0, http_status, times=times, to=to, html=html)

    def fail_rate(
        self,
        code: int,
        rate: float,
        http_status: int | None = None,
        *,
        times: int | None = None,
        to: str | None = None,
        html: bool = False,
    ) -> None:
        """Refuse the share `rate` of the sends, by a fixed chance, `times` times at most."""
        with self._switching:
            self._errors.append(_Script(code, rate, times, _bare(to), http_status, html))

    def fail_status(
        self, code: int, *, to: str | None = None, rate: float = 1.0, times: int | None = None
    ) -> None:
        """Accept sends (all, a share, or those to one address), and let them fail by webhook."""
        with self._switching:
            self._status_errors.append(_Script(code, rate, times, _bare(to)))

    def lose_next_responses(self, times: int = 1) -> None:
        """As `lose_responses`, for the next `times` accepted messages."""
        with self._switching:
            self._responses_to_lose += times

    def drop_next_requests(self, times: int = 1) -> None:
        """Close the connection of the next `times` sends without a byte and *without* sending."""
        with self._switching:
            self._requests_to_drop += times

    def heal(self) -> None:
        """Forget all planned failures, drops and losses."""
        with self._switching:
            self._errors.clear()
            self._status_errors.clear()
            self._responses_to_lose = self._requests_to_drop = 0
        self.lose_responses = 0.0

    # what the rest of the sandbox asks

    def wait_seconds(self) -> float:
        return self.latency() if callable(self.latency) else self.latency

    def raise_planned_error(self, address: str) -> None:
        """GraphError or BadGateway if a send to `address` shall be refused."""
        with self._switching:
            script = self._hit(self._errors, address)
        if script is not None and script.html:
            raise BadGateway(script.http_status or 502)
        if script is not None:
            raise GraphError(script.code, "Planned by the sandbox", http_status=script.http_status)

    def planned_status_error(self, address: str) -> int | None:
        """The code with which a message to `address` shall fail after its acceptance."""
        with self._switching:
            script = self._hit(self._status_errors, address)
        return None if script is None else script.code

    def loses_this_response(self) -> bool:
        with self._switching:
            if self._responses_to_lose:
                self._responses_to_lose -= 1
                return True
            self._draws += 1
            return chance(self.seed, "lost response", self._draws) < self.lose_responses

    def drops_this_request(self) -> bool:
        with self._switching:
            dropped = self._requests_to_drop > 0
            self._requests_to_drop -= dropped
            return dropped

    def _hit(self, scripts: list[_Script], address: str) -> _Script | None:
        for script in scripts:
            self._draws += 1
            if script.hits(address, chance(self.seed, "script", self._draws)):
                if script.times is not None:
                    script.times -= 1
                return script
        return None


def _bare(address: str | None) -> str | None:
    """Numbers compare by their digits, user ids as they are."""
    if address is None or "." in address:
        return address
    return "".join(character for character in address if character.isdigit())
