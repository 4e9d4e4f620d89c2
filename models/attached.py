"""Tables of a second database that is attached to the one that is open: the same columns, another schema."""

from datetime import datetime
from typing import Any

from peewee import CompositeKey, Model

from models.base import Table, database


def attached(table: type[Table], schema: str) -> Any:
    """`table` as it stands in the attached database `schema`, to be read only. It has the same columns and
    is no Table: nobody creates it, and what the models do when they write is not done."""
    of = table._meta  # noqa: SLF001 - peewee has no other name for it
    said = {
        "database": database,
        "schema": schema,
        "table_name": of.table_name,
        "legacy_table_names": False,
    }
    if isinstance(of.primary_key, CompositeKey):
        said["primary_key"] = CompositeKey(*of.primary_key.field_names)
    columns = {field.name: field.clone() for field in of.sorted_fields}
    make: Any = type(Model)
    name = f"Attached{table.__name__}"
    return make(name, (Model,), {**columns, "Meta": type("Meta", (), said)})


def copy_seen(table: Any, source: Any, after: datetime, until: datetime) -> None:
    """Copy the rows of `source`, an attached `table`, that were seen after `after`, and not after `until`."""
    columns = table._meta.sorted_fields  # noqa: SLF001 - peewee has no other name for it
    rows = source.select(*(getattr(source, column.name) for column in columns))
    rows = rows.where(source.seen_at > after, source.seen_at <= until)
    table.insert_from(rows, columns).on_conflict_ignore().execute()
