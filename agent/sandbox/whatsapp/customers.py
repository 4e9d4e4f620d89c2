"""What the people whom the account reaches do of their own accord."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import threading

    from agent.sandbox.clock import Clock
    from agent.sandbox.whatsapp.crowd import Crowd
    from agent.sandbox.whatsapp.future import Future
    from agent.sandbox.whatsapp.messages import Accepted
    from agent.sandbox.whatsapp.payloads import CartItem
    from agent.sandbox.whatsapp.phones import Person


class Customers:
    """A part of the account: everybody who has WhatsApp, by phone."""

    accepted: list[Accepted]
    catalog_id: str
    clock: Clock
    _crowd: Crowd
    _future: Future
    _lock: threading.Lock

    def customer_says(self, phone: str, text: str) -> str:
        """Somebody writes to us now. Returns the wamid; the webhook goes out with the next ones."""
        return self._future.says(self.person(phone), text, self.clock.now())

    def customer_taps(self, phone: str, payload: str, label: str) -> str:
        """Somebody taps a quick reply of the latest message that we sent them, if there is one."""
        person = self.person(phone)
        with self._lock:
            latest = (sent.id for sent in reversed(self.accepted) if sent.person.key == person.key)
            answered = next(latest, None)
        return self._future.taps(person, (payload, label), self.clock.now(), answered)

    def customer_asks_about(
        self, phone: str, retailer_id: str, text: str = "Is this still available?"
    ) -> str:
        """Somebody writes to us from the page of a product in our catalogue. Returns the wamid."""
        return self._future.asks_about(
            self.person(phone), text, self.clock.now(), self.catalog_id, retailer_id
        )

    def customer_sends_cart(self, phone: str, *items: CartItem) -> str:
        """Somebody sends what they chose in our catalogue. Returns the wamid."""
        return self._future.sends_cart(self.person(phone), self.clock.now(), self.catalog_id, items)

    def customer_stops_marketing(self, phone: str) -> None:
        """Somebody uses WhatsApp's own "stop offers": later marketing fails with 131050."""
        self._future.prefers(self.person(phone), self.clock.now(), marketing=False)

    def customer_resumes_marketing(self, phone: str) -> None:
        """...and changes their mind."""
        self._future.prefers(self.person(phone), self.clock.now(), marketing=True)

    def customer_hides_phone(self, phone: str) -> None:
        """Somebody takes a username: from now on webhooks name them by user id only."""
        self._crowd.hide(self.person(phone))

    def person(self, phone: str) -> Person:
        """Who answers at `phone`: their WhatsApp id, user id and name."""
        return self._crowd.at_phone(phone)
