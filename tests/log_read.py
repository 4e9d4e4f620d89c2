"""A log that was written, held against the catalogue of events."""

import logging
import re
from collections.abc import Iterable, Iterator

from agent.log_events import catalogue, counts_of

PERSONAL = re.compile(r"\+[1-9]\d{7,14}|[\w.]+@[\w-]+\.\w+|wamid\.\w+")


def complaints(records: Iterable[logging.LogRecord]) -> list[str]:
    """What stands in it that the catalogue does not say, or that names somebody; [] if all is well."""
    return sorted({said for record in records for said in _complaints(record)})


def _complaints(record: logging.LogRecord) -> Iterator[str]:
    fields: dict[str, object] | None = getattr(record, "fields", None)
    if fields is None:
        if record.name.startswith("agent"):
            yield f"{record.name} tells no event: {record.getMessage()}"
        return
    name, level = record.getMessage(), record.levelname.lower()
    event = catalogue().get(name)
    if event is None:
        yield f"{name} is not documented"
        return
    if level not in event.levels:
        yield f"{name} is no {level}"
    known = {*event.fields, "fix"}
    if name == "job.done":
        known |= counts_of(str(fields["job"])).keys()
    for field in fields.keys() - known:
        yield f"{name} {fields.get('job', '')} has an undocumented {field}"
    if level in {"warning", "error"} and not fields.get("fix"):
        yield f"{name} says not what to do"
    if level == "info" and "fix" in fields:
        yield f"{name} says what to do, and is no warning"
    for field, value in fields.items():
        if found := PERSONAL.search(str(value)):
            yield f"{name} {field} names somebody: {found[0]}"
