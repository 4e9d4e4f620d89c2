"""What the shop says of itself."""

from collections.abc import Mapping
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from peewee import AutoField, CharField, TextField

from models.base import Table, transaction, tuples
from models.interest import Interest
from models.outbox import Message


class ShopFact(Table):
    """What the shop says of itself: time zone, currency, name, version."""

    id = AutoField()
    name = CharField(unique=True)
    value = TextField()

    @classmethod
    def put(cls, facts: Mapping[str, str]) -> None:
        """With another currency, no price that somebody saw or is to be told says anything any more."""
        rows = [{"name": name, "value": value} for name, value in facts.items()]
        with transaction():
            if "currency" in facts:
                known = cls.get_or_none(cls.name == "currency")
                if known is not None and known.value != facts["currency"]:
                    Interest.forget_prices()
                    Message.call_off_prices("the shop has another currency")
            cls.insert_many(rows).on_conflict(
                conflict_target=[cls.name], preserve=[cls.value]
            ).execute()

    @classmethod
    def complete(cls) -> bool:
        """Do we know all that the jobs cannot do without?"""
        return {"zone", "currency", "country", "order_statuses", "name", "url"} <= cls.all().keys()

    @classmethod
    def all(cls) -> dict[str, str]:
        """A time zone that this machine does not know (any more) is as if the shop had not told it: it is
        asked anew, and nothing that needs its day or its hour runs until then."""
        facts = dict(tuples(cls.select(cls.name, cls.value)))
        if "zone" in facts and not _is_zone(facts["zone"]):
            del facts["zone"]
        return facts


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # not even a name, or a folder's
        return False
    return True
