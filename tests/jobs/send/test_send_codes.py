"""Every error code of WhatsApp, once in the answer and once in a status, and all that becomes of it.

README.md has the same table; `PYTHONPATH=tests python tests/jobs/send/test_send_codes.py` prints it.
"""

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from send_stage import Office
from sending_world import message

from agent.clients.outcomes import ACTIONS
from agent.errors import Refused
from agent.rules.pace import Pace
from agent.sandbox.whatsapp.turns import Turn, failed, refused
from models import CampaignStanding, Contact, Message, Pause
from models.delivery import EVERYTHING, MARKETING

README = Path(__file__).parents[3] / "README.md"
HEADING = "### When WhatsApp says no"
UNKNOWN = (199999,)
MOST = 8  # tries after which we believe that it goes on until the message expires


@dataclass(frozen=True, slots=True)
class Row:
    """What a code leads to, in words."""

    codes: Sequence[int]
    about: str
    answer: str
    status: str

    def __str__(self) -> str:
        codes = re.sub(r"\b200\b.*\b299\b", "200 to 299", ", ".join(map(str, self.codes)))
        codes = "any other" if self.codes == UNKNOWN else codes
        return f"| {codes} | {self.about} | {self.answer} | {self.status} |"


TABLE = (
    Row(
        (2, 131016, 131057, 133004),
        "a passing trouble of WhatsApp's",
        "again after 30 s, 6 tries",
        "failed",
    ),
    Row((1,), "unknown error", "again after 30 s, 3 tries", "failed"),
    Row((131000,), "unknown error", "again after 30 s, 4 tries", "failed"),
    Row(
        (4, 80007, 130429, 132069),
        "too fast",
        "again after 1 min, 6 tries; half the pace for a minute",
        "failed",
    ),
    Row(
        (131056,),
        "too many to this person",
        "again after 16 s, until it expires; all else to this person waits too",
        "failed",
    ),
    Row(
        (131049,),
        "WhatsApp spares this person marketing",
        "again after 24 h, 2 tries",
        "again after 24 h, 2 tries",
    ),
    Row(
        (131050,),
        "wants no marketing of ours",
        "refused; no more marketing to this person",
        "failed; no more marketing to this person",
    ),
    Row(
        (130403, 130497),
        "may not be written to",
        "refused; nothing more to this person",
        "failed; nothing more to this person",
    ),
    Row(
        (131026,),
        "not on WhatsApp, perhaps",
        "refused; the second time, nothing more to this person",
        "failed; the second time, nothing more to this person",
    ),
    Row(
        (130472, 131021, 131052, 137000),
        "this message only",
        "refused",
        "failed",
    ),
    Row(
        (132000, 132001, 132007, 132012, 132015, 132016, 132018, 132068, 134101),
        "the template: paused, gone, or another one",
        "refused; its template stops",
        "failed; its template stops",
    ),
    Row(
        (
            *(0, 3, 10, 33, 104, 190, *range(200, 300), 368),
            *(131005, 131031, 131037, 131042, 131045, 131063, 131064),
            *(133000, 133005, 133006, 133008, 133009, 133010, 133015, 133016, 134011, 134102),
        ),
        "the account, its token or its number",
        "again after 1 h, until it expires; nothing leaves for 1 h",
        "failed; nothing leaves for 1 h",
    ),
    Row(
        (131048,),
        "people took it for spam",
        "again after 1 h, until it expires; no marketing leaves for 24 h",
        "failed; no marketing leaves for 24 h",
    ),
    Row(
        (
            *(100, 131008, 131009, 131030, 131047, 131051, 131053, 131062, 132005, 132008),
            *(134100, 139100, 139101, 139102, 139103),
            *(2388019, 2388024, 2388039, 2388040, 2388047, 2388072, 2388073, 2388293, 2388299),
        ),
        "a fault of the request",
        "refused; told as an error",
        "failed; told as an error",
    ),
    Row(
        (135000,),
        "a fault of the request; in a status, WhatsApp dropped the whole campaign",
        "refused; told as an error",
        "failed; nothing leaves for 1 h",
    ),
    Row(UNKNOWN, "who knows", "refused; told as an error", "failed; told as an error"),
)  # fmt: skip
# one class of its own, of which three are enough
PROVOKED = [(row, code) for row in TABLE for code in row.codes if not 201 < code < 299]


@pytest.mark.parametrize(("row", "code"), PROVOKED, ids=[str(code) for _, code in PROVOKED])
def test_what_a_code_in_the_answer_leads_to(
    office: Office, caplog: pytest.LogCaptureFixture, row: Row, code: int
) -> None:
    assert _seen(office, caplog, refused(code)) == row.answer


@pytest.mark.parametrize(("row", "code"), PROVOKED, ids=[str(code) for _, code in PROVOKED])
def test_what_a_code_in_a_status_leads_to(
    office: Office, caplog: pytest.LogCaptureFixture, row: Row, code: int
) -> None:
    assert _seen(office, caplog, failed(code)) == row.status


def test_every_code_that_we_know_is_in_the_table_once() -> None:
    told = [code for row in TABLE[:-1] for code in row.codes]
    assert sorted(told) == sorted(ACTIONS)
    assert not set(UNKNOWN) & set(ACTIONS)


def test_the_readme_has_this_table() -> None:
    section = README.read_text(encoding="utf-8").partition(f"{HEADING}\n")[2].partition("\n#")[0]
    rows = [line for line in section.splitlines() if re.match(r"\| (\d|any)", line)]
    assert rows == list(map(str, TABLE))


def _seen(office: Office, caplog: pytest.LogCaptureFixture, turn: Turn) -> str:
    """Provoke it, and say what has become of the message, its person, its campaign, and of all."""
    # given one message, and one to the same person that has time; the caps are not the matter here
    office.change(limits__per_7_days=7, limits__per_30_days=30)
    [uid] = office.world.queue()
    contact = message(uid).contact_id
    [other] = office.world.queue(contact_id=contact, subject="other", not_before=_soon(office))
    pace = Pace(1000.0)
    _provoke(office, turn, pace)
    one, now = message(uid), office.clock.now()
    told = [_fate(one, now)]
    if pace.share < 1:
        told.append("half the pace for a minute")
    if message(other).not_before > _soon(office):
        told.append("all else to this person waits too")
    told += _of_person(office, turn, contact)
    if CampaignStanding.troubles().get("we_miss_you"):
        told.append("its template stops")
    for pause in Pause.in_force(now):
        whom = {EVERYTHING: "nothing", MARKETING: "no marketing"}[pause.scope]
        told.append(f"{whom} leaves for {_words(pause.until - now)}")
    if any(record.getMessage() == "message.wrong" for record in caplog.records):
        told.append("told as an error")
    if one.state == "queued":
        told[0] += _tries(office, uid, turn, pace)
    return "; ".join(told)


def _soon(office: Office) -> datetime:
    return office.clock.now() + timedelta(seconds=10)


def _provoke(office: Office, turn: Turn, pace: Pace) -> None:
    office.whatsapp.play(turn)
    with suppress(Refused):
        office.sender(pace=pace).run(lambda: None)
    office.hear()


def _fate(one: Message, now: datetime) -> str:
    if one.state == "queued":
        return f"again after {_words(one.not_before - now)}"
    assert one.state in {"refused", "failed"}
    return str(one.state)


def _of_person(office: Office, turn: Turn, contact: int) -> list[str]:
    person = Contact.get_by_id(contact)
    if person.unreachable:
        return ["nothing more to this person"]
    if person.marketing != "yes":
        return ["no more marketing to this person"]
    if _is_over(contact) and _second_time(office, turn, contact):
        return ["the second time, nothing more to this person"]
    return []


def _is_over(contact: int) -> bool:
    """Whether the first message to them is over, so that another may follow."""
    first = Message.select().where(Message.contact_id == contact).order_by(Message.id).get()
    return first.state in {"refused", "failed"}


def _second_time(office: Office, turn: Turn, contact: int) -> bool:
    """Whether the same once more, to the same person, leads to more."""
    if Pause.in_force(office.clock.now()) or CampaignStanding.troubles().get("we_miss_you"):
        return False
    office.later(seconds=10)
    _provoke(office, turn, Pace(1000.0))
    return bool(Contact.get_by_id(contact).unreachable)


def _tries(office: Office, uid: str, turn: Turn, pace: Pace) -> str:
    """How often it is tried, each time as soon as it may."""
    tries = 1
    while message(uid).state == "queued" and tries < MOST:
        waits = Message.select().where(Message.uid != uid, Message.state == "queued")
        Message.update(state="cancelled").where(Message.id.in_(waits)).execute()
        held = [one.until for one in Pause.in_force(office.clock.now())]
        moment = max([message(uid).not_before, *held])
        Message.update(expires_at=moment + timedelta(days=1)).where(Message.uid == uid).execute()
        office.clock.set(moment)
        _provoke(office, turn, pace)
        tries += 1
    return ", until it expires" if tries == MOST else f", {tries} tries"


def _words(span: timedelta) -> str:
    seconds = round(span.total_seconds())
    for unit, size in (("h", 3600), ("min", 60)):
        if seconds >= size and seconds % size == 0:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


if __name__ == "__main__":
    print("| code | about | in the answer to a request | in a status |\n|---|---|---|---|")  # noqa: T201
    print("\n".join(map(str, TABLE)))  # noqa: T201
