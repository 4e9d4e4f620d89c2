"""What the tests of interest play with: people and products that are known, and events about them."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from jobs_stage import add_contact, nothing, open_shop

from agent.config import Settings
from agent.jobs.interest import gather_interest
from agent.rules.events import Frame, read_event, words
from models import Identity, Interest, Product, ProductChange, UnsettledEvent

ANA, BEN = "+12025550101", "+12025550102"
SHIRT, POSTER, BLUE, RED = 42, 50, 51, 52  # the poster comes in two colours
MINUTE = timedelta(minutes=1)


class Story:
    """A shop in BRL with a shirt and a poster, and Ana, who has an account and an e-mail."""

    def __init__(self, settings: Settings, now: datetime) -> None:
        self.settings, self.now = settings, now
        open_shop()
        self.ana = add_contact(ANA, now)
        for kind, value in (("customer", "17"), ("email", "ana@shop.example")):
            self.names(self.ana, kind, value)
        self.product(SHIRT, price=1990, sku="SHIRT")
        self.product(POSTER, price=1000, sku="POSTER")
        self.product(BLUE, parent=POSTER, price=1000, sku="POSTER")
        self.product(RED, parent=POSTER, price=1200, sku="POSTER-RED")

    def names(self, contact: int, kind: str, value: str) -> None:
        row = {"kind": kind, "value": value, "contact_id": contact, "seen_at": self.now}
        Identity.insert(row).execute()

    def product(self, number: int, *, parent: int = 0, **more: Any) -> None:
        row = {"woo_id": number, "parent_id": parent, "read_at": self.now, "status": "publish"}
        Product.insert(**{"stock_status": "instock"} | row | more).execute()

    def changed(self, product: int, field: str, was: str | None, at: datetime) -> None:
        """The mirror saw a change; the product's row already has what it became."""
        row = {"product_id": product, "field": field, "was": was, "became": "?", "means": "poll"}
        ProductChange.add([row | {"seen_at": at}])

    def tell(self, *told: Mapping[str, Any], source: str = "events") -> None:
        """Events arrive, as by a request: kept, and not yet looked at. Times in minutes from now."""
        frame = Frame(
            now=self.now, oldest=self.now - timedelta(days=90), undated=self.now, country="US"
        )
        for one in told:
            event = dict(one)
            if "at" in event:
                event["at"] = (self.now + event["at"] * MINUTE).isoformat()
            kept = [(words(each), each.at) for each in read_event(event, frame)]
            UnsettledEvent.put(kept, source)

    def gather(self) -> dict[str, int]:
        """One run of the job."""
        return gather_interest(self.settings, now=self.now, beat=nothing)

    def file(self, *told: Mapping[str, Any]) -> dict[str, int]:
        self.tell(*told)
        return self.gather()


def view(**more: Any) -> dict[str, Any]:
    """Ana looks at the shirt, unless `more` says otherwise; None takes a field away."""
    told = {"kind": "product_view", "customer_id": 17, "product_id": SHIRT} | more
    return {name: value for name, value in told.items() if value is not None}


def rows(*columns: str) -> list[tuple[Any, ...]]:
    """The interest that there is, in these columns."""
    names = columns or ("kind", "product_id", "variation_id", "price", "stock_status")
    order = (Interest.contact_id, Interest.product_id, Interest.variation_id, Interest.first_at)
    query = Interest.select().order_by(*order, Interest.source)
    return [tuple(getattr(one, name) for name in names) for one in query]


def waiting() -> list[str]:
    """Why each event waits that does."""
    return [one.reason for one in UnsettledEvent.select().order_by(UnsettledEvent.id)]
