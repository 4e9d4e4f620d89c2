"""Who came before somebody for an article is read by an index."""

from typing import Any


def up(_: Any, db: Any) -> None:
    db.execute_sql(
        'CREATE INDEX "interest_waited" '
        'ON "interest" ("product_id", "variation_id", "first_at", "contact_id")'
    )
