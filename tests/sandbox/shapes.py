"""What JSON looks like when its values do not matter: field names, and kinds of values."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Shape:
    kinds: set[str] = field(default_factory=set)
    always: set[str] | None = None  # the names that every object here has
    fields: dict[str, Shape] = field(default_factory=dict)
    items: Shape | None = None

    def add(self, value: object) -> Shape:
        self.kinds.add(_kind(value))
        if isinstance(value, dict):
            self.always = set(value) if self.always is None else self.always & set(value)
            for name, inner in value.items():
                self.fields.setdefault(name, Shape()).add(inner)
        elif isinstance(value, list):
            for inner in value:
                self.items = (self.items or Shape()).add(inner)
        return self


def _kind(value: object) -> str:
    kinds = {bool: "flag", int: "number", float: "number", str: "text", type(None): "null"}
    return kinds.get(type(value)) or type(value).__name__


def differences(ours: Shape, theirs: Shape, path: str, maps: tuple[str, ...]) -> list[str]:
    """How `ours` differs. Below the paths in `maps`, and in `_links`, names are data, not fields.

    What the other side never shows filled (null, an empty list) can not be compared.
    """
    found = []
    known = theirs.kinds - {"null"}
    if known and (strange := ours.kinds - known - {"null"}):
        found.append(f"{path} is {sorted(strange)}, not {sorted(known)}")
    if ours.items is not None and theirs.items is not None:
        found += differences(ours.items, theirs.items, f"{path}[]", maps)
    if ours.always is None or theirs.always is None or path.endswith(maps):
        return found
    if missing := theirs.always - set(ours.fields):
        found.append(f"{path} lacks {sorted(missing)}")
    if extra := set(ours.fields) - set(theirs.fields):
        found.append(f"{path} has {sorted(extra)} of its own")
    for name in set(ours.fields) & set(theirs.fields):
        found += differences(ours.fields[name], theirs.fields[name], f"{path}.{name}", maps)
    return found
