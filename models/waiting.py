"""Who may wait for something that is back, or have seen something that is cheaper: found in sets.

Temporary tables of one run, as in planning.py. Nobody is missing who would be told; the rules look at
each of them again.
"""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Any

from peewee import (
    JOIN,
    AutoField,
    BigIntegerField,
    BooleanField,
    Case,
    CompositeKey,
    IntegerField,
    fn,
)

from models.base import Table, UtcField, among, tuples
from models.census import Marked
from models.contacts import Contact
from models.interest import Interest, ProductChange
from models.looked_at import SOLD_OUT, LookedAt
from models.mirror import Product
from models.planning import (
    Bounds,
    Lately,
    LeftOut,
    NewestArrival,
    Seen,
    Temporary,
    Tried,
    must_rest,
)

IN_STOCK = "instock"


class Stir(Temporary):
    """An article about which somebody may have to be told: it is back, or cheaper than it was seen."""

    product_id = BigIntegerField()
    variation_id = BigIntegerField()
    price = BigIntegerField(null=True)
    sold_out_at = UtcField(null=True)

    class Meta:
        primary_key = CompositeKey("product_id", "variation_id")

    @classmethod
    def work_out(
        cls, since: datetime, more_than_percent: int, products: Collection[int] | None = None
    ) -> None:
        """Of what people saw since `since`; of these products alone, where they are named."""
        cls.begin()
        number = Case(
            None, [(LookedAt.variation_id > 0, LookedAt.variation_id)], LookedAt.product_id
        )
        parent = Case(None, [(LookedAt.variation_id > 0, LookedAt.product_id)], 0)
        wanted = [] if products is None else [among(LookedAt.product_id, products)]
        went = (
            ProductChange.select(
                ProductChange.product_id, fn.MAX(ProductChange.seen_at).alias("at")
            )
            .where(
                ProductChange.field == "stock_status",
                ProductChange.became == SOLD_OUT,
                ProductChange.seen_at > since,
            )
            .group_by(ProductChange.product_id)
        )
        cheaper = LookedAt.dearest * (100 - more_than_percent) > Product.price * 100
        cls.insert_from(
            LookedAt.select(LookedAt.product_id, LookedAt.variation_id, Product.price, went.c.at)
            .join(Product, JOIN.CROSS)  # in this order: products are found by their number
            .join(went, JOIN.LEFT_OUTER, on=(went.c.product_id == Product.woo_id))
            .where(
                Product.woo_id == number,
                Product.parent_id == parent,
                Product.stock_status == IN_STOCK,
                Product.status == "publish",
                went.c.at.is_null(False) | (LookedAt.sold_out_at > since) | cheaper,
                *wanted,
            ),
            (cls.product_id, cls.variation_id, cls.price, cls.sold_out_at),
        ).execute()


def _back(interest: Any) -> Any:
    """Is an article of Stir back for whom this interest is?"""
    went_from_the_list = (interest.kind != "view") & (interest.seen_at <= Stir.sold_out_at)
    return (interest.stock_status == SOLD_OUT) | went_from_the_list


def _stands_for(article: tuple[int, int], since: datetime, bounds: Bounds) -> Any:
    """The condition that a contact of Contact would stand in the line for this article of Stir."""
    product, variation = article
    wish = Interest.alias()
    wishes = (
        Stir.select(Stir.product_id)
        .join(wish, JOIN.CROSS)
        .where(
            Stir.product_id == product,
            Stir.variation_id == variation,
            wish.contact_id == Contact.id,
            wish.product_id + 0 == product,  # by the contact, not by the article
            wish.variation_id == variation,
            wish.seen_at > since,
            _back(wish),
        )
    )
    return (Contact.marketing == "yes") & fn.EXISTS(wishes) & ~must_rest(bounds)


class Waiting(Temporary):
    """One person and one article that may be worth a message to them; oldest interest first."""

    position = AutoField()
    contact_id = IntegerField(index=True)
    product_id = BigIntegerField()
    variation_id = BigIntegerField()
    back = BooleanField()  # it may be back for them
    cheaper = BooleanField()  # it may be cheaper than they saw it

    @classmethod
    def line_up(cls, since: datetime, more_than_percent: int) -> int:
        """Those who can be written to now. Returns how many pairs there are."""
        cls.begin()
        back = _back(Interest)
        cheaper = Interest.price * (100 - more_than_percent) > Stir.price * 100
        older = Interest.alias()  # a place in the queue is kept also when what gave it is long ago
        first = older.select(fn.MIN(older.first_at)).where(
            older.contact_id == Interest.contact_id,
            older.product_id == Interest.product_id,
            older.variation_id + 0 == Interest.variation_id,  # not the column: by the contact
        )
        cls.insert_from(
            Stir.select(
                Interest.contact_id,
                Interest.product_id,
                Interest.variation_id,
                fn.MAX(Case(None, [(back, 1)], 0)),
                fn.MAX(Case(None, [(cheaper, 1)], 0)),
            )
            # CROSS: in this order. SQLite would begin with all contacts.
            .join(Interest, JOIN.CROSS)
            .switch(Stir)
            .join(Contact, JOIN.CROSS)
            .switch(Stir)
            .join(Lately, JOIN.LEFT_OUTER, on=(Lately.contact_id == Interest.contact_id))
            .where(
                Interest.product_id == Stir.product_id,
                Interest.variation_id == Stir.variation_id,
                Interest.seen_at > since,
                back | cheaper,
                Contact.id == Interest.contact_id,
                Contact.marketing == "yes",
                Lately.contact_id.is_null(),
            )
            .group_by(Interest.contact_id, Interest.product_id, Interest.variation_id)
            .order_by(first, Interest.contact_id, Interest.product_id, Interest.variation_id),
            (cls.contact_id, cls.product_id, cls.variation_id, cls.back, cls.cheaper),
        ).execute()
        return int(cls.select().count())

    @classmethod
    def ahead(
        cls, contact: int, article: tuple[int, int], since: datetime, bounds: Bounds, most: int
    ) -> int:
        """How many stand before this contact in the line for something that is back, `most` at most, where
        no line is made; all that stand there, where this contact does not. The article is one of Stir."""
        stands = _stands_for(article, since, bounds)
        product, variation = article
        of_article = (Interest.product_id == product, Interest.variation_id == variation)
        before: Any = True
        if Contact.select().where(Contact.id == contact, stands).exists():
            mine = Interest.select(fn.MIN(Interest.first_at)).where(
                Interest.contact_id == contact, *of_article
            )
            first = mine.scalar()
            before = (Interest.first_at < first) | (
                (Interest.first_at == first) & (Interest.contact_id < contact)
            )
        query = (
            Interest.select(Interest.contact_id)
            .join(Contact, JOIN.CROSS)  # in this order, and no further than is asked for
            .where(*of_article, before, Contact.id == Interest.contact_id, stands)
            .distinct()
        )
        return int(query.limit(most).count())

    @property
    def article(self) -> tuple[int, int]:
        """(product, variation or 0)"""
        return self.product_id, self.variation_id

    @classmethod
    def page(cls, after: int, limit: int) -> list["Waiting"]:
        """The next for whom something may be back."""
        query = cls.select().where(cls.position > after, cls.back).order_by(cls.position)
        return list(query.limit(limit))

    @classmethod
    def of_cheaper(cls) -> Iterator[int]:
        """Contacts to whom something may be cheaper, oldest interest first."""
        query = (
            cls.select(cls.contact_id)
            .where(cls.cheaper)
            .group_by(cls.contact_id)
            .order_by(fn.MIN(cls.position))
        )
        return (contact for (contact,) in tuples(query))


def forget() -> None:
    """Give the memory back."""
    for table in TEMPORARY:
        table.drop_table(safe=True)


TEMPORARY: Sequence[type[Table]] = (
    Lately,
    Tried,
    LeftOut,
    Seen,
    Marked,
    NewestArrival,
    Stir,
    Waiting,
)
