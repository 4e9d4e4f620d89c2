"""How people take a message: when it reaches them, whether they read it, what they answer."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from math import log
from random import Random
from typing import TYPE_CHECKING, Literal, Protocol

from agent.sandbox.whatsapp.chance import chance

if TYPE_CHECKING:
    from collections.abc import Sequence

    from agent.sandbox.whatsapp.messages import Accepted

Kind = Literal["sent", "delivered", "read", "failed", "says", "taps", "stops_marketing"]


@dataclass(frozen=True, slots=True)
class Reaction:
    """Something that happens `after` the acceptance (or the release of a held message).

    `code` is why it failed, `text` what was written or the label of the tapped button.
    """

    after: timedelta
    kind: Kind
    code: int = 0
    text: str = ""
    payload: str = ""


class People(Protocol):
    """Decides what comes of each accepted message; the same message must give the same answer."""

    def react(self, message: Accepted) -> Sequence[Reaction]:
        """All that will happen, in the order of time."""
        ...


class QuietPeople:
    """Everything arrives at once and nobody ever reads or answers: for tests of the sending."""

    def react(self, message: Accepted) -> Sequence[Reaction]:  # noqa: ARG002 - the protocol's
        return (Reaction(timedelta(0), "sent"), Reaction(timedelta(0), "delivered"))


class TypicalPeople:
    """A believable crowd, fixed by its seed: the future of a message follows from its wamid.

    About 95 in 100 messages are delivered, most within seconds and some after hours; two thirds of
    those are read. The others stay at `sent`, or fail because the number is not on WhatsApp (which
    is then so for every message to it) or because Meta holds marketing back.
    """

    NOT_ON_WHATSAPP = 0.01  # of the people: 131026
    HELD_BACK = 0.006  # of the marketing: 131049
    UNREACHED = 0.033  # phone off for longer than anybody waits
    READ = 0.66  # of the delivered
    READ_AT_ONCE = 0.03  # of the read: no `delivered` comes, only `read`
    STOPS = 0.024  # of the read marketing
    PREFERS_THE_MENU = 0.2  # of those who stop: by WhatsApp's own "stop offers", not by a word
    ANSWERS = 0.03  # of the read: something harmless

    def __init__(self, seed: int = 0) -> None:
        self.seed = seed

    def react(self, message: Accepted) -> Sequence[Reaction]:
        draw = Random(f"{self.seed}:{message.id}")
        soon = timedelta(seconds=draw.uniform(0.4, 2.5))
        if chance(self.seed, "not on WhatsApp", message.person.key) < self.NOT_ON_WHATSAPP:
            return (Reaction(soon, "failed", code=131026),)
        if message.category == "marketing" and draw.random() < self.HELD_BACK:
            return (Reaction(soon, "failed", code=131049),)
        events = [Reaction(soon, "sent")]
        if draw.random() < self.UNREACHED:
            return events
        delivered = soon + self._until_delivered(draw)
        if draw.random() >= self.READ:
            return [*events, Reaction(delivered, "delivered")]
        if draw.random() < self.READ_AT_ONCE:
            read = delivered
        else:
            events.append(Reaction(delivered, "delivered"))
            # half read within 25 minutes, one in a hundred after most of a day
            minutes = min(draw.lognormvariate(log(25), 1.6), 48 * 60)
            read = delivered + timedelta(seconds=2, minutes=minutes)
        events.append(Reaction(read, "read"))
        answer = self._answer(message, draw, read + timedelta(seconds=draw.uniform(4, 240)))
        return [*events, answer] if answer else events

    def _until_delivered(self, draw: Random) -> timedelta:
        if draw.random() < 0.85:
            return timedelta(seconds=draw.uniform(0.3, 8))
        return timedelta(seconds=min(draw.lognormvariate(log(1800), 1.5), 20 * 3600))

    def _answer(self, message: Accepted, draw: Random, at: timedelta) -> Reaction | None:
        mood = draw.random()
        words = _WORDS.get((message.language or "")[:2], _WORDS["en"])
        if message.category == "marketing" and mood < self.STOPS:
            if draw.random() < self.PREFERS_THE_MENU:
                return Reaction(at, "stops_marketing")
            for payload, label in message.quick_replies:
                if _OPT_OUT.search(f"{payload} {label}"):
                    return Reaction(at, "taps", text=label, payload=payload)
            return Reaction(at, "says", text=draw.choice(words.stop))
        if mood > 1 - self.ANSWERS:
            return Reaction(at, "says", text=draw.choice(words.harmless))
        return None


@dataclass(frozen=True, slots=True)
class _Words:
    stop: tuple[str, ...]
    harmless: tuple[str, ...]  # also sentences that contain a stop word and mean something else


_WORDS = {
    "en": _Words(("STOP", "Stop", "stop."), ("Thanks! 👍", "Do you ship abroad?", "I'll stop by on Friday")),
    "es": _Words(("BAJA", "Baja", "STOP"), ("¡Gracias! 😊", "¿Abrís el sábado?", "Cuando baje el precio, compro")),
    "pt": _Words(("SAIR", "Sair", "PARAR"), ("Obrigada! ❤️", "Vocês entregam amanhã?", "Vou sair e passo na loja")),
}  # fmt: skip

_OPT_OUT = re.compile(
    r"opt.?out|stop|unsubscribe|\bbaja\b|no m[aá]s|\bsalir\b|\bsair\b|\bparar\b|n[aã]o quero", re.IGNORECASE
)  # fmt: skip
