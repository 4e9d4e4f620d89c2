"""Names in a config file that winback does not know: a typo must not become a default."""

from collections.abc import Iterator, Mapping

from agent.config.campaigns import PLANNED
from agent.config.complaints import Steps, Wrong, nearest
from agent.config.schema import keys_of, stranger
from agent.config.secrets import FILE_SUFFIX
from agent.config.settings import CAMPAIGNS, SECTIONS


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
    for section in SECTIONS:
        steps = tuple(section.split("."))
        table: object = tree
        for step in steps:
            table = table.get(step) if isinstance(table, dict) else None
        for name, value in table.items() if isinstance(table, dict) else ():
            if section == "campaigns" and (name in CAMPAIGNS or isinstance(value, dict)):
                if name not in CAMPAIGNS:
                    yield (*steps, name), _campaign(name)
            elif name not in known_keys(section):
                yield steps, _key(name, section)._replace(inside=(name,))


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
    near = nearest(name, SECTIONS)
    known = ", ".join(f"[{section}]" for section in SECTIONS)
    return Wrong("is no section", f"did you mean [{near}]?" if near else f"there are {known}")


def _campaign(name: str) -> Wrong:
    built = ", ".join(CAMPAIGNS)
    near = nearest(name, CAMPAIGNS)
    return Wrong(
        "is no campaign", f"did you mean [campaigns.{near}]?" if near else f"there are {built}"
    )
