"""What comes of messages: statuses, answers and refusals, put into the courier's queue in advance."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from agent.sandbox.whatsapp.payloads import (
    cart_update,
    enquiry_update,
    preference_update,
    status_update,
    tap_update,
    text_update,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from agent.sandbox.whatsapp.crowd import Crowd
    from agent.sandbox.whatsapp.messages import Accepted
    from agent.sandbox.whatsapp.payloads import CartItem
    from agent.sandbox.whatsapp.people import People
    from agent.sandbox.whatsapp.phones import Person
    from agent.sandbox.whatsapp.switches import Switches
    from agent.sandbox.whatsapp.webhooks import Courier


class Future:
    """Writes down what people do, for the crowd to remember and the courier to tell."""

    def __init__(
        self, crowd: Crowd, courier: Courier, switches: Switches, display_digits: str
    ) -> None:
        self._crowd, self._courier, self._switches = crowd, courier, switches
        self._display_digits = display_digits
        self.failed: set[str] = set()  # wamids, as soon as it is planned

    def plan(
        self, message: Accepted, people: People, start: datetime, *, doomed: int | None = None
    ) -> None:
        """Ask the people what will happen to a message that goes out at `start`.

        A failure comes first: with the code `doomed`, a planned one, or marketing to somebody who
        wants none of it (131050).
        """
        failure = (doomed, timedelta(0)) if doomed else None
        failure = failure or self._switches.planned_status_error(message.to)
        marketing = message.category == "marketing"
        if failure is None and marketing and not self._crowd.wants_marketing(message.person, start):
            failure = (131050, timedelta(0))
        if failure is not None:
            code, after = failure
            if after:
                self._tell(message, "sent", start, priced=True)
            self.fail(message, code, start + after)
            return
        arrived = False
        for reaction in people.react(message):
            at = start + reaction.after
            if reaction.kind == "says":
                self.says(message.person, reaction.text, at)
            elif reaction.kind == "taps":
                self.taps(message.person, (reaction.payload, reaction.text), at, message.id)
            elif reaction.kind == "stops_marketing":
                self.prefers(message.person, at, marketing=False)
            elif reaction.kind == "failed":
                self.fail(message, reaction.code, at)
            else:
                priced = reaction.kind == "sent" or not arrived
                arrived = arrived or reaction.kind != "sent"
                self._tell(message, reaction.kind, at, priced=priced)

    def judge(self, message: Accepted, people: People, start: datetime) -> bool:
        """What becomes of a message that is held from `start` on. False if nobody judges it."""
        fate = self._switches.fate_of_held(message.id)
        if fate is None:
            return False
        after, code = fate
        if code:
            self.fail(message, code, start + after)
        else:
            self.plan(message, people, start + after)
        return True

    def fail(self, message: Accepted, code: int, at: datetime) -> None:
        """Its last status: failed."""
        self.failed.add(message.id)
        self._tell(message, "failed", at, code=code)

    def says(self, person: Person, text: str, at: datetime) -> str:
        """They write; gives the wamid."""
        wamid = self._crowd.hear(person, at)
        self._courier.put(text_update(person, wamid, at, text), at)
        return wamid

    def asks_about(
        self, person: Person, text: str, at: datetime, catalogue: str, retailer_id: str
    ) -> str:
        """They write from the page of a product; gives the wamid."""
        wamid = self._crowd.hear(person, at)
        product = (self._display_digits, catalogue, retailer_id)
        self._courier.put(enquiry_update(person, wamid, at, text, product), at)
        return wamid

    def sends_cart(
        self, person: Person, at: datetime, catalogue: str, items: Sequence[CartItem]
    ) -> str:
        """They send what they chose in the catalogue; gives the wamid."""
        wamid = self._crowd.hear(person, at)
        self._courier.put(cart_update(person, wamid, at, catalogue, items), at)
        return wamid

    def taps(
        self, person: Person, button: tuple[str, str], at: datetime, message_id: str | None
    ) -> str:
        """They tap a quick reply (payload, label) of a message; gives the wamid of the tap."""
        wamid = self._crowd.hear(person, at)
        answers = None if message_id is None else (self._display_digits, message_id)
        self._courier.put(tap_update(person, wamid, at, button, answers), at)
        return wamid

    def prefers(self, person: Person, at: datetime, *, marketing: bool) -> None:
        """They use WhatsApp's own switch for marketing."""
        self._crowd.prefer(person, at, marketing=marketing)
        self._courier.put(preference_update(person, at, "resume" if marketing else "stop"), at)

    def _tell(
        self, message: Accepted, status: str, at: datetime, *, code: int = 0, priced: bool = False
    ) -> None:
        version = self._switches.webhook_version
        update = status_update(message, status, at, code=code, priced=priced, version=version)
        self._courier.put(update, at)
