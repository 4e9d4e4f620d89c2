"""Rows of the shop as we keep them: keyed by its ids, written and forgotten in batches."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from peewee import EXCLUDED

from models.base import Table, among, transaction
from models.insight import Stale
from models.marking import Changes, changes, known


class Copy(Table):
    """A table keyed by the shop's own id, written in batches.

    What is worked out from its rows is marked as stale in the transaction that changes them.
    """

    KEPT: ClassVar[frozenset[str]] = frozenset()  # columns that an absorbed row does not overwrite
    STANDS_ON: ClassVar[tuple[str, ...]] = ()  # columns on which what is worked out stands

    @classmethod
    def absorb(cls, rows: Iterable[Mapping[str, Any]]) -> int:
        """Insert or overwrite by the shop's id; returns how many rows were written."""
        rows = list(rows)
        with transaction():
            if cls.STANDS_ON and Stale.kept():
                cls.mark(changes(cls, cls.STANDS_ON, rows))
            return cls._write(rows)

    @classmethod
    def forget(cls, ids: Sequence[int]) -> int:
        """These are no more, with all that hangs on them; returns how many there were."""
        columns: Any = cls
        with transaction():
            if cls.STANDS_ON and Stale.kept():
                kept = (*cls.STANDS_ON, *cls.KEPT)
                cls.mark([(row, None) for row in known(cls, kept, ids)])
            return int(cls.delete().where(among(columns.woo_id, ids)).execute())

    @classmethod
    def mark(cls, of: Changes) -> None:
        """Mark what stands on these rows."""

    @classmethod
    def _write(cls, rows: Sequence[Mapping[str, Any]]) -> int:
        key: Any = cls._meta.primary_key
        read_at: Any = cls._meta.fields["read_at"]
        copied = [
            cls._meta.fields[name]
            for name in (rows[0] if rows else ())
            if name != key.name and name not in cls.KEPT
        ]
        return cls.write_each(
            rows,
            lambda insert: insert.on_conflict(
                conflict_target=[key], preserve=copied, where=EXCLUDED.read_at >= read_at
            ),
        )
