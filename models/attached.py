"""Tables of a second database that is attached to the one that is open: the same columns, another schema."""

from datetime import datetime
from typing import Any

from models.base import Table, tuples


def attached(table: type[Table], schema: str) -> Any:
    """`table` as it stands in the attached database `schema`. To be read only."""
    named = {"schema": schema, "table_name": table._meta.table_name}  # noqa: SLF001 - peewee has no other name for it
    make: Any = type(table)
    return make(f"Attached{table.__name__}", (table,), {"Meta": type("Meta", (), named)})


def copy_seen(table: Any, source: Any, of: str, after: datetime, until: datetime) -> list[Any]:
    """Copy the rows of `source`, an attached `table`, that were seen after `after`, and not after `until`.

    Returns what they have in the column `of`, each once.
    """
    between = (source.seen_at > after) & (source.seen_at <= until)
    columns = table._meta.sorted_fields  # noqa: SLF001 - peewee has no other name for it
    rows = source.select(*(getattr(source, column.name) for column in columns)).where(between)
    table.insert_from(rows, columns).on_conflict_ignore().execute()
    query = source.select(getattr(source, of)).distinct().where(between)
    return [value for (value,) in tuples(query)]
