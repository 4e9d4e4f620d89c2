"""The shop's own plugin, as seen from outside: it tells whoever listens what people look at."""

from __future__ import annotations

from typing import TYPE_CHECKING

import requests

if TYPE_CHECKING:
    from collections.abc import Sequence

    from agent.sandbox.town.looks import Look

MOST_AT_ONCE = 1_000
PATIENCE = 10.0  # seconds
KINDS = {"view": "product_view"}  # the others are called alike


class Plugin:
    """Posts looks, those of people who have an account and agreed. What was not taken waits."""

    def __init__(self, address: str, token: str) -> None:
        """`address` of the listener, with its path."""
        self.address, self.told = address, 0
        self._token = token
        self._seen = 0  # of the looks

    def tell(self, looks: Sequence[Look]) -> None:
        """Tell what came since the last call. `looks` only ever grows."""
        while self._seen < len(looks):
            batch = looks[self._seen : self._seen + MOST_AT_ONCE]
            events = [
                _event(look) for look in batch if look.person.customer_id and look.person.said
            ]
            if events and not self._post(events):
                return
            self._seen += len(batch)
            self.told += len(events)

    def _post(self, events: Sequence[dict[str, object]]) -> bool:
        try:
            answer = requests.post(
                self.address,
                json={"source": "bridge", "events": events},
                headers={"Authorization": f"Bearer {self._token}"},
                timeout=PATIENCE,
            )
        except requests.RequestException:
            return False  # as a shop's page does: it goes on without
        return answer.status_code == 202


def _event(look: Look) -> dict[str, object]:
    return {
        "kind": KINDS.get(look.kind, look.kind),
        "customer_id": look.person.customer_id,
        "product_id": look.product_id,
        "variation_id": look.variation_id,
        "price": look.price,
        "stock_status": look.stock_status,
        "at": look.at.isoformat(),
    }
