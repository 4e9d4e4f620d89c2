"""Rows by id, and answers to questions that were asked a moment ago."""

from __future__ import annotations

from bisect import bisect_left, insort
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Hashable, Iterator

KEPT = 16  # selections remembered; a client that walks pages asks for the same one again and again


class HasId(Protocol):
    id: int


R = TypeVar("R", bound=HasId)


class Table(Generic[R]):
    """Rows by id, ascending. Call `changed()` after writing to a row: selections are remembered."""

    def __init__(self) -> None:
        self._rows: dict[int, R] = {}
        self._ids: list[int] = []
        self._kept: dict[Hashable, list[R]] = {}

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[R]:
        return (self._rows[number] for number in self._ids)

    def __getitem__(self, number: int) -> R:
        return self._rows[number]

    def get(self, number: int) -> R | None:
        return self._rows.get(number)

    def add(self, row: R) -> None:
        self._rows[row.id] = row
        if self._ids and row.id < self._ids[-1]:
            insort(self._ids, row.id)
        else:
            self._ids.append(row.id)
        self.changed()

    def remove(self, number: int) -> None:
        del self._rows[number]
        del self._ids[bisect_left(self._ids, number)]
        self.changed()

    def changed(self) -> None:
        """Forget what was selected: a row is different now."""
        if self._kept:
            self._kept.clear()

    def select(
        self,
        question: Hashable,
        keep: Callable[[R], bool],
        *,
        among: Collection[int] = (),
        key: Callable[[R], Any] | None = None,  # whatever can be compared
        reverse: bool = False,
    ) -> list[R]:
        """The rows to `keep` (of those `among`, if given), sorted by `key` (None: by id).

        `question` names all the rest, for the answer is remembered. Do not change the list.
        """
        if question not in self._kept:
            rows = (self._rows[one] for one in sorted(set(among)) if one in self._rows)
            found = [row for row in (rows if among else self) if keep(row)]
            if key is not None:
                found.sort(key=key, reverse=reverse)
            elif reverse:
                found.reverse()
            while len(self._kept) >= KEPT:
                del self._kept[next(iter(self._kept))]
            self._kept[question] = found
        return self._kept[question]
