"""Of each article that somebody looked at, the little that tells whether it is worth a closer look."""

from collections.abc import Iterable, Mapping
from typing import Any

from peewee import EXCLUDED, BigIntegerField, Case, CompositeKey

from models.base import Table, UtcField

SOLD_OUT = "outofstock"


class LookedAt(Table):
    """Of each article that somebody looked at, what may make it worth a message: kept beside the
    interest, because to find it there would read all of it.

    Never too little: what is removed or changed stays in here until the next night.
    """

    product_id = BigIntegerField()
    variation_id = BigIntegerField()
    dearest = BigIntegerField(null=True)  # the highest price that somebody saw
    sold_out_at = UtcField(null=True)  # when somebody last saw it sold out

    class Meta:
        table_name = "looked_at"
        primary_key = CompositeKey("product_id", "variation_id")

    @classmethod
    def note(cls, rows: Iterable[Mapping[str, Any]]) -> None:
        """Rows of interest that were written."""
        seen: dict[tuple[int, int], tuple[Any, Any]] = {}
        for row in rows:
            article = row["product_id"], row.get("variation_id", 0)
            met_sold_out = row.get("stock_status") == SOLD_OUT
            prices, moments = zip(
                (row.get("price"), row["seen_at"] if met_sold_out else None),
                seen.get(article, (None, None)),
                strict=True,
            )
            seen[article] = _greatest(prices), _greatest(moments)
        columns = (cls.dearest, cls.sold_out_at)
        cls.write_each(
            [
                {
                    "product_id": product,
                    "variation_id": variation,
                    "dearest": price,
                    "sold_out_at": at,
                }
                for (product, variation), (price, at) in seen.items()
            ],
            lambda insert: insert.on_conflict(
                conflict_target=[cls.product_id, cls.variation_id],
                update={
                    column: Case(
                        None,
                        [
                            (getattr(EXCLUDED, column.name).is_null(), column),
                            (
                                column.is_null() | (column < getattr(EXCLUDED, column.name)),
                                getattr(EXCLUDED, column.name),
                            ),
                        ],
                        column,
                    )
                    for column in columns
                },
            ),
        )


def _greatest(values: Iterable[Any]) -> Any:
    return max((value for value in values if value is not None), default=None)
