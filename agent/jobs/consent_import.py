"""A CSV file -> the consent ledger."""

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from agent.consent import IMPORT, Heard, meet, record
from agent.errors import BadInput
from agent.rules.consent import MARKETING, NO, PURPOSES, YES
from agent.rules.phones import Phone, read_phone
from models import Contact, ShopFact, Statement
from models.base import among, transaction, tuples

COLUMNS = ("phone", "says", "date", "country", "wording", "purpose")
LINES_A_BATCH = 1000
SAYS = {"yes": YES, "y": YES, "true": YES, "1": YES} | {
    "no": NO, "n": NO, "false": NO, "0": NO, "stop": NO,
}  # fmt: skip
ABOUT = {purpose: (purpose,) for purpose in PURPOSES} | {"both": PURPOSES}
"""What a line may name as its purpose -> the purposes that it is a statement about."""


@dataclass(slots=True)
class Imported:
    """What came of a file, in statements; `set_aside` has line numbers and reasons.

    `outweighed`: they are on the ledger now, and change nothing: a refusal stands that no list overrides,
    or that is newer.
    """

    added: int = 0
    known: int = 0
    outweighed: int = 0
    set_aside: list[tuple[int, str]] = field(default_factory=list)


def import_consent(
    path: Path, *, country: str, now: datetime, purpose: str = MARKETING
) -> Imported:
    """Put every usable line on the ledger; the others are set aside with their reason.

    `purpose` (a key of ABOUT) is what the lines are about in a file that has no such column. Importing
    a file again changes nothing. Raises BadInput when the file cannot be read at all.
    """
    done = Imported()
    home = country or ShopFact.all().get("country", "")
    written = _written(path, now)
    batch: list[tuple[Heard, Phone]] = []
    for line, row in _rows(path):
        try:
            batch.extend(
                _heard({"purpose": purpose, **row}, f"{IMPORT} {path.name}:{line}", home, written)
            )
        except ValueError as error:
            done.set_aside.append((line, str(error)))
        if len(batch) >= LINES_A_BATCH:
            _write(batch, done, now)
            batch = []
    _write(batch, done, now)
    return done


def _rows(path: Path) -> Iterator[tuple[int, Mapping[str, str]]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            sample = file.readline()
            file.seek(0)
            reader = csv.DictReader(
                file, delimiter=";" if sample.count(";") > sample.count(",") else ","
            )
            names = [name.strip().lower() for name in reader.fieldnames or ()]
            reader.fieldnames = names
            strange = [name for name in names if name not in COLUMNS]
            if "phone" not in names or strange:
                raise BadInput(
                    f"{path}:1: the columns are {', '.join(names) or 'missing'}",
                    fix=f"name them in the first line: phone, and any of {', '.join(COLUMNS[1:])}",
                )
            for row in reader:
                yield (
                    reader.line_num,
                    {k: (v or "").strip() for k, v in row.items() if k in COLUMNS},
                )
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise BadInput(f"{path}: {error}", fix="give a CSV file in UTF-8") from error


def _heard(
    row: Mapping[str, str], source: str, home: str, written: datetime
) -> list[tuple[Heard, Phone]]:
    """What a line says, a statement for each purpose. Raises ValueError where it makes no sense."""
    phone = read_phone(row["phone"], row.get("country") or home)
    if not phone.e164:
        raise ValueError(f"phone {row['phone']!r}: {phone.reason}")
    said = row.get(
        "says", "yes"
    ).lower()  # a cell that is left blank says nothing, and is set aside
    if said not in SAYS:
        raise ValueError(f"says {said!r}: write yes or no")
    about = row["purpose"].lower()  # a blank cell is set aside: nobody named it
    if about not in ABOUT:
        raise ValueError(f"purpose {about!r}: write {', '.join(ABOUT)}")
    said_at = _date(row.get("date", ""), written)
    return [
        (
            Heard(
                phone=phone.e164,
                purpose=purpose,
                says=SAYS[said],
                source=source,
                said_at=said_at,
                words=row.get("wording", ""),
            ),
            phone,
        )
        for purpose in ABOUT[about]
    ]


def _written(path: Path, now: datetime) -> datetime:
    """When the file was last written, so that importing it again says nothing new."""
    try:
        return min(datetime.fromtimestamp(path.stat().st_mtime, UTC), now)
    except OSError as error:
        raise BadInput(
            f"{path}: {error.strerror}", fix="name a CSV file that can be read"
        ) from error


def _date(text: str, written: datetime) -> datetime:
    """When it was said; a line without a date was said when the file was written, at the latest."""
    if not text:
        return written
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(
            f"date {text!r}: write it as 2026-03-01 or 2026-03-01T09:30+01:00"
        ) from None
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
    if moment > written:
        raise ValueError(f"date {text!r} is later than the file itself")
    return moment


def _write(batch: list[tuple[Heard, Phone]], done: Imported, now: datetime) -> None:
    """One transaction: the people, so that a consent is not lost on somebody who never ordered."""
    heard = [one for one, _ in batch]
    with transaction():
        meet(
            {
                "phone": phone.e164,
                "region": phone.region,
                "zones": " ".join(phone.zones),
                "created_at": now,
            }
            for phone in {one.e164: one for _, one in batch}.values()
        )
        before = _on_the_ledger(heard)
        added = record(heard, now=now)
        new = _on_the_ledger(heard) - before
        outweighed = _outweighed({(phone, about) for phone, about, says, *_ in new if says == YES})
    without_effect = sum(
        says == YES and (phone, about) in outweighed for phone, about, says, *_ in new
    )
    done.added += added - without_effect
    done.outweighed += without_effect
    done.known += len(batch) - added


def _on_the_ledger(heard: Sequence[Heard]) -> set[tuple[str, str, str, str, datetime]]:
    """What is there of these people: phone, purpose, answer, source, date."""
    columns = (
        Statement.phone, Statement.purpose, Statement.says, Statement.source, Statement.said_at,
    )  # fmt: skip
    phones = {one.phone for one in heard}
    return {*tuples(Statement.select(*columns).where(among(Statement.phone, phones)))}


def _outweighed(agreed: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """Those of these people and purposes that stand at a no all the same."""
    query = Contact.select(Contact.phone, Contact.marketing, Contact.order_news).where(
        among(Contact.phone, {phone for phone, _ in agreed})
    )
    refused = {
        (phone, purpose)
        for phone, *answers in tuples(query)
        for purpose, answer in zip(PURPOSES, answers, strict=True)
        if answer == NO
    }
    return agreed & refused
