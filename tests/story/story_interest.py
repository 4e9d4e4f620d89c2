"""What people looked at and wished for, and what they saw there: from the shop's side."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from story_truth import Household, Truth

if TYPE_CHECKING:
    from agent.sandbox.town.looks import Look

LOOK_BACK = timedelta(days=30)
UNPAID = {"checkout-draft", "pending", "failed"}  # orders that are carts
Article = tuple[int, int]  # product, variation or 0


@dataclass(frozen=True, slots=True)
class Sight:
    """One look at an article. `vague`: the agent was not told what the person saw."""

    at: datetime
    kind: str
    price: Decimal | None
    stock_status: str
    vague: bool = False

    def __repr__(self) -> str:
        unknown = ", not told what" if self.vague else ""
        return f"{self.kind} {self.at:%m-%d %H:%M} at {self.price}, {self.stock_status}{unknown}"

    @property
    def lasts(self) -> bool:
        """A wish and a cart stay on their list."""
        return self.kind in {"wishlist_add", "cart"}


class Interest:
    """Who looked at what, by article and number; kept current by `look`."""

    def __init__(self, truth: Truth) -> None:
        self._truth, self._world = truth, truth.world
        self._looks: dict[Article, dict[str, list[Look]]] = defaultdict(lambda: defaultdict(list))
        self._read = 0

    def look(self) -> None:
        for one in self._world.bustle.looks[self._read :]:
            self._read += 1
            for line in one.person.lines:
                self._looks[one.product_id, one.variation_id][line.e164].append(one)

    def phones(self, article: Article) -> list[str]:
        """Everybody who ever looked at it."""
        return list(self._looks[article])

    def sights(
        self,
        home: Household,
        article: Article,
        asked_at: datetime | None = None,
        look_back: timedelta = LOOK_BACK,
    ) -> list[Sight]:
        """What they saw of it in the 30 days before `asked_at` (now), oldest first; what was taken off
        a list is gone."""
        asked = asked_at or self._world.clock.now()
        seen = [*self._told(home, article), *self._carts(home, article)]
        return sorted((one for one in seen if one.at >= asked - look_back), key=lambda one: one.at)

    def _told(self, home: Household, article: Article) -> Iterator[Sight]:
        looks = self._looks[article].get(home.phone, [])
        removed = {one.person.email: one.at for one in looks if one.kind == "wishlist_remove"}
        for one in looks:
            gone = removed.get(one.person.email)
            if one.kind == "wishlist_remove":
                continue
            if one.kind == "wishlist_add" and gone is not None and one.at <= gone:
                continue
            price = Decimal(one.price) if one.price else None
            yield Sight(one.at, one.kind, price, one.stock_status, self._world.vague(one))

    def _carts(self, home: Household, article: Article) -> Iterator[Sight]:
        for order in self._truth.orders(home):
            if order.status not in UNPAID:
                continue
            for line in order.lines:
                if (line.product_id, line.variation_id) == article:
                    price = line.subtotal / line.quantity
                    yield Sight(order.created, "cart", price, "", vague=True)
