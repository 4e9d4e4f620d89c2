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
from agent.rules.order_kinds import OF_STATUS, STATUSES
from agent.rules.order_news import GONE

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
    for status in _at(tree, ("order_news", STATUSES)):
        if wrong := _told_otherwise(status):
            yield ("order_news", STATUSES, status), wrong
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
    if name == "enabled" and section in _SUBSECTIONS:
        first = _SUBSECTIONS[section][0]
        return Wrong("is not known", f"each has its own switch, such as in [{section}.{first}]")
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


def _told_otherwise(status: str) -> Wrong | None:
    """A status for which a section would never be asked."""
    if kind := OF_STATUS.get(status):
        return Wrong("has a kind of its own", f"write [order_news.{kind}]")
    return Wrong("is told to nobody", "remove the section") if status in GONE else None


def _subsection(name: str, section: str) -> Wrong:
    known = _SUBSECTIONS[section]
    if section == "campaigns":
        what = "is no campaign"
        if name in NEWS:
            return Wrong(what, f"write [order_news.{name}]")
        near = nearest(name, known)
        return Wrong(what, f"did you mean [{section}.{near}]?" if near else _there_are(known))
    what = "is no kind of order news"
    near = nearest(name, known)
    remedy = f"did you mean [{section}.{near}]?" if near else f"{_there_are(known)};"
    if near != STATUSES:  # order_shipped is near order_delivered, and may be meant for a status
        own = f"[{section}.{STATUSES}.{name.removeprefix('order_')}]"
        remedy += f" a status of the shop's own stands in {own}"
    return Wrong(what, remedy)


def _there_are(known: Iterable[str]) -> str:
    return f"there are {', '.join(known)}"
