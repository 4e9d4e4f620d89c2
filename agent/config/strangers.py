"""Names in a config file that winback does not know: a typo must not become a default."""

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Final

from agent.config.campaigns import PLANNED
from agent.config.complaints import Steps, Wrong, nearest
from agent.config.order_news import NEWS
from agent.config.schema import keys_of, stranger
from agent.config.secrets import FILE_SUFFIX
from agent.config.settings import CAMPAIGNS, OWN_STATUS, SECTIONS
from agent.rules.order_kinds import STATUSES

_SUBSECTIONS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {"campaigns": tuple(CAMPAIGNS), "order_news": (*NEWS, STATUSES)}
)
"""Sections that have others below them, and their names."""


def known_keys(section: str) -> list[str]:
    """What may stand in `section`, with the `_file` form of its secrets."""
    names: list[str] = []
    for name, key in keys_of(SECTIONS[section]).items():
        names += [name, name + FILE_SUFFIX] if key.secret else [name]
    return names


def strangers(tree: Mapping[str, object]) -> Iterator[tuple[Steps, Wrong]]:
    """Every unknown section and key, as the section it stands in and the complaint."""
    for name, value in tree.items():
        if name not in SECTIONS or "." in name:  # ["campaigns.we_miss_you"] is another thing
            yield (((name,), _section(name)) if isinstance(value, dict) else ((), _loose(name)))
    for steps, section in _sections(tree):
        below = _SUBSECTIONS.get(section, ())
        for name, value in _at(tree, steps).items():
            if name in below or (below and isinstance(value, dict)):
                if name not in below:
                    yield (*steps, name), _subsection(name, section)
            elif name not in known_keys(section):
                yield steps, _key(name, section)._replace(inside=(name,))


def _sections(tree: Mapping[str, object]) -> Iterator[tuple[tuple[str, ...], str]]:
    """Where each section of the file stands, and which of SECTIONS it is."""
    for section in SECTIONS:
        if section != OWN_STATUS:
            yield tuple(section.split(".")), section
    for status, table in _at(tree, ("order_news", STATUSES)).items():
        if isinstance(table, dict):
            yield ("order_news", STATUSES, status), OWN_STATUS


def _at(tree: Mapping[str, object], steps: Iterable[str]) -> Mapping[str, object]:
    """The table that stands there; an empty one if there is none."""
    table: object = tree
    for step in steps:
        table = table.get(step) if isinstance(table, dict) else None
    return table if isinstance(table, dict) else {}


def _key(name: str, section: str) -> Wrong:
    known = known_keys(section)
    # keys that several sections have (timeout) are no sign of having strayed
    homes = [other for other in SECTIONS if name in known_keys(other)]
    if len(homes) == 1 and not nearest(name, known):
        return Wrong("does not belong here", f"move it to [{homes[0]}]")
    return stranger(name, known)


def _loose(name: str) -> Wrong:
    homes = [f"[{section}]" for section in SECTIONS if name in known_keys(section)]
    where = " or ".join(homes) or "its section, such as [shop]"
    return Wrong("stands outside of every section", f"move it below {where}", (name,))


def _section(name: str) -> Wrong:
    if name in PLANNED:
        return Wrong("is no section", f"write [campaigns.{name}]")
    if name in NEWS:
        return Wrong("is no section", f"write [order_news.{name}]")
    near = nearest(name, SECTIONS)
    known = ", ".join(f"[{section}]" for section in SECTIONS)
    return Wrong("is no section", f"did you mean [{near}]?" if near else f"there are {known}")


def _subsection(name: str, section: str) -> Wrong:
    known = _SUBSECTIONS[section]
    what = "is no campaign" if section == "campaigns" else "is no kind of order news"
    if near := nearest(name, known):
        return Wrong(what, f"did you mean [{section}.{near}]?")
    remedy = f"there are {', '.join(known)}"
    if section == "order_news":
        remedy += f"; a status of the shop's own stands in [order_news.{STATUSES}.{name}]"
    return Wrong(what, remedy)
