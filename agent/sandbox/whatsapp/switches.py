"""Everything that can be made to go wrong with the sandbox WhatsApp, also while it runs."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from agent.sandbox.whatsapp.chance import chance
from agent.sandbox.whatsapp.errors import BadGateway, GraphError
from agent.sandbox.whatsapp.limits import Limits
from agent.sandbox.whatsapp.turns import TAKEN, Turn, Vanished

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
    after: timedelta = timedelta(0)

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
    garble_responses      the same, but a proxy answers: 502 and a page of HTML
    drop_requests         share of requests that never arrive: the connection closes without a byte,
                          and no message goes out
    hold_messages         True, or a share: template messages are answered
                          `held_for_quality_assessment`
    judge_held_after      what is held is released or dropped by itself so long after its
                          acceptance; None leaves it to `release_held` and `drop_held`
    drop_held_share       how much of it is dropped then, with `drop_held_code`: 132015 (template
                          pacing) or 135000 (portfolio pacing)
    duplicate_webhooks    share of updates that are delivered twice
    reorder_webhooks      True: what is due together arrives shuffled
    delay_webhooks        each update arrives later by a fixed chance between nothing and this
    lose_webhooks         share of updates that never come
    slow_webhooks         wall seconds that the second half of a POST's body is behind the first
    limits                what Meta's servers count; see `Limits`. Off at first
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
        self.lose_responses = self.garble_responses = self.drop_requests = 0.0
        self.hold_messages: bool | float = False
        self.judge_held_after: timedelta | None = None
        self.drop_held_share, self.drop_held_code = 0.0, 132015
        self.duplicate_webhooks = self.lose_webhooks = 0.0
        self.reorder_webhooks = False
        self.delay_webhooks = timedelta(0)
        self.slow_webhooks = 0.0
        self.limits = Limits()
        self.webhook_version = 26
        self.approve_templates_after: timedelta | None = timedelta(minutes=5)
        self.token_rights = {"whatsapp_business_messaging", "whatsapp_business_management"}
        self.token_expires_at: datetime | None = None
        self.app_subscribed = True
        self._errors: list[_Script] = []
        self._status_errors: list[_Script] = []
        self._scripts: list[tuple[str | None, deque[Turn]]] = []
        self._turn = threading.local()
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
        self,
        code: int,
        *,
        to: str | None = None,
        rate: float = 1.0,
        times: int | None = None,
        after: timedelta = timedelta(0),
    ) -> None:
        """Accept sends (all, a share, or those to one address), and let them fail by webhook.

        With an `after` a `sent` comes at once, and the failure then.
        """
        with self._switching:
            self._status_errors.append(_Script(code, rate, times, _bare(to), after=after))

    def play(self, *turns: Turn, to: str | None = None) -> None:
        """What becomes of the next sends one after the other, all of them or those to one address.

        A script goes before all other planned failures; several for the same sends follow each other.
        """
        with self._switching:
            self._scripts.append((_bare(to), deque(turns)))

    def lose_next_responses(self, times: int = 1) -> None:
        """As `lose_responses`, for the next `times` accepted messages."""
        with self._switching:
            self._responses_to_lose += times

    def drop_next_requests(self, times: int = 1) -> None:
        """Close the connection of the next `times` sends without a byte and *without* sending."""
        with self._switching:
            self._requests_to_drop += times

    def heal(self) -> None:
        """Forget all planned failures, drops and losses. Limits and webhooks stay as they are."""
        with self._switching:
            self._errors.clear()
            self._status_errors.clear()
            self._scripts.clear()
            self._responses_to_lose = self._requests_to_drop = 0
        self.lose_responses = self.garble_responses = self.drop_requests = 0.0

    # what the rest of the sandbox asks

    def wait_seconds(self) -> float:
        return self.latency() if callable(self.latency) else self.latency

    def raise_planned_error(self, address: str) -> None:
        """GraphError, BadGateway or Vanished if a send to `address` shall not be taken."""
        with self._switching:
            turn = self._turn.now = self._next_turn(address)
            script = self._hit(self._errors, address) if turn is None else None
        if turn is not None and turn.fate == "dropped":
            raise Vanished
        if turn is not None and turn.fate == "refused":
            raise GraphError(turn.code, "Planned by the sandbox")
        if script is not None and script.html:
            raise BadGateway(script.http_status or 502)
        if script is not None:
            raise GraphError(script.code, "Planned by the sandbox", http_status=script.http_status)

    def planned_status_error(self, address: str) -> tuple[int, timedelta] | None:
        """The code with which a message to `address` fails after its acceptance, and how long after."""
        if self._scripted:
            turn = self._played
            return (turn.code, timedelta(0)) if turn.fate == "failed" else None
        with self._switching:
            script = self._hit(self._status_errors, address)
        return None if script is None else (script.code, script.after)

    def holds_this_message(self) -> bool:
        """Whether a message that is taken waits until its template is judged."""
        if self._scripted:
            return self._played.fate == "held"
        with self._switching:
            return self._draw("held") < self.hold_messages

    def fate_of_held(self, name: str) -> tuple[timedelta, int] | None:
        """After how long a held message is judged, and the code if it is dropped (else 0).

        None: nobody judges it but the test.
        """
        if self.judge_held_after is None:
            return None
        dropped = chance(self.seed, "judged", name) < self.drop_held_share
        return self.judge_held_after, self.drop_held_code if dropped else 0

    def loses_this_response(self) -> bool:
        """The message was taken; shall its answer get lost?"""
        if self._scripted:
            return self._played.fate == "lost"
        with self._switching:
            if self._responses_to_lose:
                self._responses_to_lose -= 1
                return True
            return self._draw("lost response") < self.lose_responses

    def garbles_this_response(self) -> bool:
        """The same, for an answer that nobody understands."""
        if self._scripted:
            return self._played.fate == "garbled"
        with self._switching:
            return self._draw("garbled response") < self.garble_responses

    def drops_this_request(self) -> bool:
        with self._switching:
            if self._requests_to_drop > 0:
                self._requests_to_drop -= 1
                return True
            return self._draw("dropped request") < self.drop_requests

    @property
    def _scripted(self) -> bool:
        """Whether a script says what becomes of the send that this thread carries out."""
        return getattr(self._turn, "now", None) is not None

    @property
    def _played(self) -> Turn:
        turn: Turn = getattr(self._turn, "now", None) or TAKEN
        return turn

    def _next_turn(self, address: str) -> Turn | None:
        for digits, turns in self._scripts:
            if turns and (digits is None or digits == _bare(address)):
                return turns.popleft()
        return None

    def _draw(self, what: str) -> float:
        self._draws += 1
        return chance(self.seed, what, self._draws)

    def _hit(self, scripts: list[_Script], address: str) -> _Script | None:
        for script in scripts:
            if script.hits(address, self._draw("script")):
                if script.times is not None:
                    script.times -= 1
                return script
        return None


def _bare(address: str | None) -> str | None:
    """Numbers compare by their digits, user ids as they are."""
    if address is None or "." in address:
        return address
    return "".join(character for character in address if character.isdigit())
