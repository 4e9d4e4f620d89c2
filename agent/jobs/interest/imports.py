"""A file of events -> interest: CSV, or a JSON object on each line; read as a stream, however large."""

import csv
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from agent.config import Settings
from agent.errors import BadInput
from agent.jobs.interest.filing import Told, file_events
from agent.rules.events import FIELDS, Event, Frame, NotAnEvent, parse, read_event, words
from models import ShopFact, UnsettledEvent
from models.base import transaction

SOURCE = "import"
EVENTS_A_BATCH = 1_000
LONGEST_LINE = 1_000_000  # bytes; what is longer is no event

Line = tuple[int, object]
"""The number of a line, and what it says, or NotAnEvent."""


@dataclass(slots=True)
class Imported:
    """What came of a file."""

    events: int = 0
    rows: int = 0  # of interest that were written
    waiting: int = 0  # events whose person or product is not known yet
    set_aside: int = 0  # lines
    dropped: Counter[str] = field(default_factory=Counter)  # events of links, by why


def import_events(
    path: Path,
    settings: Settings,
    *,
    now: datetime,
    tell: Callable[[int, str], None],
    beat: Callable[[int], None],
) -> Imported:
    """File every line that can be taken; `tell` hears of the others, by number and reason.

    Importing a file again changes nothing: a line without a time was seen when the file was last
    written. `beat` hears how many bytes are behind us. Raises BadInput when the file cannot be read
    at all.
    """
    read = {".csv": _csv, ".jsonl": _json_lines, ".ndjson": _json_lines}.get(path.suffix.lower())
    if read is None:
        raise BadInput(
            f"{path}: its name tells not what it is",
            fix="name it .csv, or .jsonl with one JSON object on each line",
        )
    done, batch = Imported(), list[Event]()
    facts = ShopFact.all()
    try:
        with path.open("rb") as file:
            written = datetime.fromtimestamp(path.stat().st_mtime, UTC)
            frame = Frame(
                now=now,
                oldest=now - settings.interest.kept,
                undated=min(written, now),
                country=settings.shop.default_country or facts.get("country", ""),
            )
            for number, said in read(path, file):
                try:
                    batch += _events(said, frame)
                except NotAnEvent as error:
                    done.set_aside += 1
                    tell(number, str(error))
                if len(batch) >= EVENTS_A_BATCH:
                    _file(batch, settings, facts.get("currency", ""), now, done)
                    batch = []
                    beat(file.tell())
            _file(batch, settings, facts.get("currency", ""), now, done)
            beat(file.tell())
    except OSError as error:
        raise BadInput(f"{path}: {error.strerror}", fix="name a file that can be read") from error
    return done


def _events(said: object, frame: Frame) -> tuple[Event, ...]:
    if isinstance(said, NotAnEvent):
        raise said
    return read_event(said, frame)


def _file(
    batch: list[Event], settings: Settings, currency: str, now: datetime, done: Imported
) -> None:
    """All of it in one transaction. Before the shop has said its currency, the daemon does the rest."""
    told, dropped = [Told(event, SOURCE) for event in batch], Counter[str]()
    with transaction():
        if currency:
            filed = file_events(told, settings, currency=currency, now=now)
            done.rows += filed.rows
            waiting, dropped = filed.waiting, filed.dropped
        else:
            waiting = [(one, "") for one in told]
        for reason in sorted({reason for _, reason in waiting}):
            said = [one.event for one, why in waiting if why == reason]
            UnsettledEvent.put([(words(one), one.at) for one in said], SOURCE, reason)
    done.events += len(told) - dropped.total()
    done.dropped += dropped
    done.waiting += len(waiting)


def _json_lines(_: Path, file: BinaryIO) -> Iterator[Line]:
    for number, line in enumerate(_lines(file), 1):
        if line.strip():
            yield number, _json(line)


def _json(line: bytes) -> object:
    if len(line) >= LONGEST_LINE:
        return NotAnEvent("too long for an event")
    try:
        return parse(line)
    except NotAnEvent as error:
        return error


def _csv(path: Path, file: BinaryIO) -> Iterator[Line]:
    lines = (line.decode(errors="surrogateescape") for line in _lines(file))
    first = next(lines, "")
    mark = ";" if first.count(";") > first.count(",") else ","
    names = [name.strip().strip('"').lower() for name in first.split(mark)]
    strange = [name for name in names if name not in FIELDS]
    if "kind" not in names or strange or len(set(names)) < len(names):
        shown = ascii(", ".join(names))[1:-1][:200]
        raise BadInput(
            f"{path}:1: the columns are {shown or 'missing'}",
            fix=f"name them in the first line: kind, and any of {', '.join(FIELDS[1:])}",
        )
    reader = csv.reader(lines, delimiter=mark)
    while True:
        number = reader.line_num + 2
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:  # a quote that never ends, most of the time
            yield number, NotAnEvent(f"not CSV: {error}")
            continue
        if cells:
            yield number, _row(names, cells)


def _row(names: list[str], cells: list[str]) -> object:
    if len(cells) > len(names):
        return NotAnEvent(f"{len(cells)} cells, but {len(names)} columns")
    if any("\udc80" <= character <= "\udcff" for cell in cells for character in cell):
        return NotAnEvent("not UTF-8")
    return dict(zip(names, cells, strict=False))


def _lines(file: BinaryIO) -> Iterator[bytes]:
    """Line by line, the first without its byte order mark; of one that is far too long, its begin."""
    line = file.readline(LONGEST_LINE).removeprefix(b"\xef\xbb\xbf")
    while line:
        yield line
        while not line.endswith(b"\n") and len(line) >= LONGEST_LINE - 3:
            line = file.readline(LONGEST_LINE)
        line = file.readline(LONGEST_LINE)
