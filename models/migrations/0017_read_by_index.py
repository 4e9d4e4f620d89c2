"""Who was tried is read person by person, never campaign by campaign; and what is new, newest first."""

from typing import Any


def up(_: Any, db: Any) -> None:
    db.execute_sql('DROP INDEX "message_tried"')
    db.execute_sql(
        'CREATE INDEX "message_tried" ON "message" ("contact_id", "created_at") '
        "WHERE (((\"campaign\" || '') IN ('loyalty_reward', 'new_arrivals', 'we_miss_you')) "
        "AND (\"state\" NOT IN ('cancelled', 'expired')))"
    )
    db.execute_sql('CREATE INDEX "product_created_at" ON "product" ("created_at")')
