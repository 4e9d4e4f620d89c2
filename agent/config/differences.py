"""Which keys two configs differ in, by name: what they are set to may be a secret."""

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass


def differences(one: object, other: object) -> list[str]:
    """The keys as they are written in the file: `limits.per_7_days`, `campaigns.we_miss_you.enabled`.

    What stands for no key of the file is left out, such as the path of the file itself.
    """
    return sorted({_named(path) for path in _differ(one, other, ())})


Path = tuple[str, ...]
NO_KEYS = frozenset({"path", "warnings"})


def _differ(one: object, other: object, path: Path) -> Iterator[Path]:
    if one == other:
        return
    if is_dataclass(one) and type(one) is type(other):
        for name in (field.name for field in fields(one)):
            if path or name not in NO_KEYS:
                yield from _differ(getattr(one, name), getattr(other, name), (*path, name))
    elif path and isinstance(one, Mapping) and isinstance(other, Mapping):
        for name in (*one, *(name for name in other if name not in one)):
            yield from _differ(one.get(name), other.get(name), (*path, str(name)))
    else:
        yield path


def _named(path: Path) -> str:
    first, *rest = path
    return ".".join(["order_news" if first == "news" else first, *rest])
