"""winback contact: who is who, what is known of somebody, and nothing of them any more."""

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typing_in import typed

from agent.config import Settings, load
from agent.consent import Heard, record, stands
from agent.jobs.database_check import check_database
from agent.jobs.export import DESCRIBED
from agent.jobs.insight import keep_current
from agent.jobs.pull.filing import Filing
from agent.jobs.pull.kinds import CUSTOMERS, ORDERS
from agent.service import WallClock
from models import (
    Contact,
    Cursor,
    Customer,
    History,
    Identity,
    Interest,
    JobRun,
    Message,
    Order,
    Reply,
    Ruling,
    ShopFact,
    Statement,
)
from models.base import open_database

ANA, BEA = "+12025550101", "+12025550102"
DAY = timedelta(days=1)
CONFIG = """\
[shop]
url = "https://shop.example"
key = "ck_example"
secret = "cs_example"

[whatsapp]
phone_number_id = "106540352242922"
business_account_id = "102290129340398"
token = "EAAexample"
app_secret = "example-app-secret"
verify_token = "example-verify-token"

[database]
path = "winback.db"
"""
FACTS = {
    "name": "Example Shop", "url": "https://shop.example", "version": "9.9.5", "currency": "USD",
    "zone": "America/New_York", "country": "US",
    "order_statuses": "pending processing on-hold completed cancelled refunded failed",
}  # fmt: skip


def order_json(number: int, created: datetime, phone: str, **more: Any) -> dict[str, Any]:
    """A paid order as the shop's API gives it."""
    billing = {"phone": phone, "email": more.pop("email", ""), "country": "US"}
    billing |= {"first_name": more.pop("first_name", "Ana"), "last_name": "Example"}
    consent = more.pop("consent", None)
    meta = [{"key": "_winback_marketing", "value": consent}] if consent else []
    return {
        "id": number, "status": "completed", "currency": "USD", "total": "100.00", "customer_id": 0,
        "billing": billing, "meta_data": meta, "date_created_gmt": gmt(created),
        "date_modified_gmt": gmt(more.pop("modified", created)), "date_paid_gmt": gmt(created),
    } | more  # fmt: skip


def gmt(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S}"


def contact_at(phone: str) -> Contact:
    found: Contact = Contact.get(Contact.phone == phone)
    return found


def add_message(contact: int, now: datetime, **more: Any) -> None:
    day = now.date().isoformat()
    row = {
        "uid": "uid", "contact_id": contact, "campaign": "we_miss_you", "period": day, "cap_day": day,
        "template": "we_miss_you", "language": "en", "created_at": now, "not_before": now,
        "expires_at": now + 3 * DAY,
    }  # fmt: skip
    Message.insert(row | more).execute()


class Desk:
    """Ana and Bea, who may be one person, and what somebody types about them."""

    def __init__(self, path: Path, settings: Settings) -> None:
        self.path, self.settings = path, settings
        self.now = WallClock().now()

    def orders(self, *orders: dict[str, Any]) -> None:
        self.now = WallClock().now()
        ORDERS.absorb(list(orders), self.now, Filing.from_settings(self.settings, self.now))
        keep_current(self.settings, beat=lambda: None)

    def type(self, *words: object) -> tuple[int, str]:
        arguments = (*map(str, words), "--config", str(self.settings.path))
        result = typed("contact", *arguments)
        open_database(self.path)
        told = result.output + (str(result.exception) if result.exception else "")
        return result.exit_code, " ".join(told.split())

    def said(self, phone: str, says: str, at: datetime) -> None:
        record([Heard(phone=phone, says=says, source="command", said_at=at)], now=self.now)


@pytest.fixture
def desk(database: Path, tmp_path: Path) -> Desk:
    path = tmp_path / "winback.toml"
    path.write_text(CONFIG, encoding="utf-8")
    path.chmod(0o600)
    settings = load(path, environ={})
    assert settings.database.path == database
    desk = Desk(database, settings)
    ShopFact.put(FACTS)
    Cursor.insert(name="orders", since=desk.now, polled_at=desk.now).execute()
    desk.orders(
        order_json(1, desk.now - 90 * DAY, ANA, email="ana@example.com", customer_id=5),
        order_json(2, desk.now - 30 * DAY, BEA, email="bea@example.com", first_name="Bea"),
    )
    return desk


def test_two_contacts_become_one_with_all_that_they_have(desk: Desk) -> None:
    ana, bea = contact_at(ANA), contact_at(BEA)
    for contact, uid in ((ana, "a"), (bea, "b")):  # both today: the key would stand in the way
        add_message(contact.id, desk.now, uid=uid, state="sent")
    add_message(bea.id, desk.now, uid="waits", campaign="new_arrivals")
    Interest.insert(contact_id=bea.id, product_id=7, kind="view", first_at=desk.now, seen_at=desk.now, source="events").execute()  # fmt: skip
    Reply.insert(wamid="wamid.r", contact_id=bea.id, sender=BEA[1:], at=desk.now).execute()
    assert desk.type("merge", ANA, BEA, "--yes")[0] == 0
    assert [one.phone for one in Contact.select()] == [ANA]
    assert {one.contact_id for one in Message.select()} == {ana.id}
    assert {one.state for one in Message.select()} == {"sent", "cancelled"}
    assert len(Message.cap_days([ana.id], (desk.now - 9 * DAY).date())[ana.id]) == 2
    assert {one.holder_id for one in Order.select()} == {ana.id}
    assert (History.get_by_id(ana.id).bought, History.select().count()) == (2, 1)
    assert [one.contact_id for one in Interest.select()] == [ana.id]
    assert Reply.get().contact_id == ana.id
    assert JobRun.get().job == "by hand: contact merge"


def test_merged_they_stay_whatever_the_shop_says(desk: Desk) -> None:
    desk.type("merge", ANA, BEA, "--yes")
    desk.orders(
        order_json(2, desk.now - 30 * DAY, BEA, email="bea@example.com", modified=desk.now),
        order_json(3, desk.now - DAY, BEA, email="bea@example.com", first_name="Bea"),
    )
    assert [one.phone for one in Contact.select()] == [ANA]
    assert History.get_by_id(contact_at(ANA).id).bought == 3


@pytest.mark.parametrize(
    ("ana", "bea", "comes_to"),
    [
        (("yes", 5), ("no", 3), "no"),
        (("yes", 3), ("no", 5), "yes"),  # the newest word: a yes after the no
        (("no", 3), ("yes", 5), "no"),  # who agreed for the other number agreed to that
        (("no", 5), ("yes", 3), "no"),
    ],
)
def test_a_refusal_goes_over_and_a_consent_does_not(
    desk: Desk, ana: tuple[str, int], bea: tuple[str, int], comes_to: str
) -> None:
    for phone, (says, days) in ((ANA, ana), (BEA, bea)):
        desk.said(phone, says, desk.now - days * DAY)
    desk.type("merge", ANA, BEA, "--yes")
    assert contact_at(ANA).marketing == comes_to


def test_a_stop_from_the_other_number_holds_after_the_merge_and_its_box_does_not(
    desk: Desk,
) -> None:
    desk.type("merge", ANA, BEA, "--yes")
    desk.orders(order_json(4, desk.now - DAY, BEA, consent="yes"))
    assert contact_at(ANA).marketing == ""
    desk.said(ANA, "yes", desk.now - DAY)
    desk.said(BEA, "no", desk.now)
    assert contact_at(ANA).marketing == "no"


def test_a_dry_run_shows_and_changes_nothing(desk: Desk) -> None:
    code, told = desk.type("merge", ANA, BEA, "--dry-run")
    assert code == 0
    assert "orders: 1" in told
    assert "nothing was changed" in told
    assert (Contact.select().count(), Ruling.select().count(), JobRun.select().count()) == (2, 0, 0)


def test_nothing_is_merged_while_a_message_is_on_its_way(desk: Desk) -> None:
    add_message(contact_at(BEA).id, desk.now, state="claimed")
    code, told = desk.type("merge", ANA, BEA, "--yes")
    assert (code, "on its way" in told) == (1, True)
    assert desk.type("merge", ANA, ANA, "--yes")[0] == 1


def test_a_merge_can_be_undone(desk: Desk) -> None:
    desk.type("merge", ANA, BEA, "--yes")
    assert desk.type("split", ANA, f"phone:{BEA}", "--yes")[0] == 0
    assert Order.get_by_id(2).holder_id == contact_at(BEA).id
    assert Order.get_by_id(1).holder_id == contact_at(ANA).id
    desk.orders(order_json(2, desk.now - 30 * DAY, BEA, email="bea@example.com", modified=desk.now))
    assert contact_at(BEA).email == "bea@example.com"


@pytest.mark.parametrize("to", [None, BEA])
def test_a_name_is_taken_off_and_stays_off_when_the_shop_is_read_again(
    desk: Desk, to: str | None
) -> None:
    words = ("--to", to) if to else ()
    for name in ("email:ana@example.com", "customer:5"):
        assert desk.type("split", ANA, name, *words, "--yes")[0] == 0
    again = order_json(1, desk.now - 90 * DAY, ANA, email="ana@example.com", customer_id=5, modified=desk.now)  # fmt: skip
    desk.orders(again)
    expected = {"customer": contact_at(to).id, "email": contact_at(to).id} if to else {}
    query = Identity.select().where(Identity.value.in_(("5", "ana@example.com")))
    assert {one.kind: one.contact_id for one in query} == expected
    assert contact_at(ANA).email == ""


def test_what_is_not_theirs_cannot_be_taken_off(desk: Desk) -> None:
    assert "does not have" in desk.type("split", ANA, "email:bea@example.com", "--yes")[1]
    assert "was not merged" in desk.type("split", ANA, f"phone:{BEA}", "--yes")[1]
    assert desk.type("split", ANA, "shoe:42", "--yes")[0] == 2


def test_forget_says_what_there_is_and_what_is_left_to_do(desk: Desk) -> None:
    code, told = desk.type("forget", "ana@example.com", "--dry-run")
    assert (code, "1 orders" in told, "nothing was changed" in told) == (0, True, True)
    assert contact_at(ANA).first_name == "Ana"
    code, told = desk.type("forget", ANA, "--yes")
    assert code == 0
    assert "Erase Personal Data" in told
    assert "copies of before" in told
    assert Contact.get_or_none(Contact.phone == ANA) is None
    assert {one.answer for one in stands(ANA).values()} == {"no"}
    code, told = desk.type("forget", ANA, "--yes")
    assert (code, "nobody is known" in told) == (1, True)


def test_an_account_that_was_emptied_is_known_as_nobody(desk: Desk) -> None:
    row = {"woo_id": 18, "email": "cleo@example.com", "first_name": "Cleo", "read_at": desk.now}
    Customer.insert(row).execute()
    assert desk.type("forget", 18, "--yes")[0] == 0
    assert Customer.get_by_id(18).email == ""
    code, told = desk.type("forget", 18, "--yes")
    assert (code, "nobody is known" in told) == (1, True)


def test_a_number_that_is_only_on_the_ledger_can_be_erased(desk: Desk) -> None:
    other = "+12025550177"
    desk.said(other, "yes", desk.now)
    assert desk.type("forget", other, "--yes")[0] == 0
    assert Statement.select().where(Statement.phone == other).count() == 0


def test_without_an_answer_nobody_is_erased(desk: Desk) -> None:
    assert desk.type("forget", ANA)[0] == 1
    assert contact_at(ANA).first_name == "Ana"


def test_export_has_every_section_and_nobody_elses_rows(desk: Desk) -> None:
    add_message(contact_at(ANA).id, desk.now, variables={"first_name": "Ana"})
    desk.said(ANA, "yes", desk.now)
    result = typed("contact", "export", ANA, "--config", str(desk.settings.path))
    open_database(desk.path)
    found = json.loads(result.stdout)
    assert set(found) == {"about", *DESCRIBED}
    assert [one["phone"] for one in found["contact"]] == [ANA]
    assert [one["woo_id"] for one in found["orders"]] == [1]
    assert found["messages"][0]["variables"] == {"first_name": "Ana"}
    assert found["statements"][0]["says"] == "yes"
    assert BEA not in result.stdout
    assert "bea@example.com" not in result.stdout


def test_an_undone_merge_leaves_each_as_they_were(desk: Desk) -> None:
    """With what they said, their accounts, and nothing that db check finds."""
    account = {
        "id": 9, "email": "bea@example.com", "first_name": "Bea", "last_name": "", "role": "customer",
        "billing": {"phone": BEA, "country": "US"}, "meta_data": [],
        "date_created_gmt": gmt(desk.now - 40 * DAY), "date_modified_gmt": gmt(desk.now - 40 * DAY),
    }  # fmt: skip
    CUSTOMERS.absorb([account], desk.now, Filing.from_settings(desk.settings, desk.now))
    desk.said(BEA, "yes", desk.now - DAY)
    assert desk.type("merge", ANA, BEA, "--yes")[0] == 0
    assert desk.type("split", ANA, f"phone:{BEA}", "--yes")[0] == 0
    bea = contact_at(BEA)
    assert bea.marketing == "yes"
    assert Customer.get_by_id(9).contact_id == bea.id
    assert Identity.holders("customer", ["9"]) == {"9": bea.id}
    assert Identity.holders("email", ["bea@example.com"]) == {"bea@example.com": bea.id}
    assert Identity.holders("email", ["ana@example.com"]) == {"ana@example.com": contact_at(ANA).id}
    found = check_database(desk.path, quick=False, now=desk.now, beat=lambda: None)
    assert [one.wrong for one in found if one.wrong and "free" not in one.what] == []


def test_merges_in_a_circle_come_to_an_end(desk: Desk) -> None:
    assert desk.type("merge", ANA, BEA, "--yes")[0] == 0
    assert desk.type("merge", BEA, ANA, "--yes")[0] == 1
    assert desk.type("split", ANA, f"phone:{BEA}", "--yes")[0] == 0
    assert desk.type("merge", BEA, ANA, "--yes")[0] == 0
    assert [one.phone for one in Contact.select()] == [BEA]
    assert Ruling.phones([ANA, BEA]) == {ANA: contact_at(BEA).id}


@pytest.mark.parametrize("who", ["9" * 30, "+" + "9" * 40, "²", "%", "@"])
def test_nonsense_is_nobody(desk: Desk, who: str) -> None:
    for verb in ("export", "forget"):
        code, told = desk.type(verb, who)
        assert (code, "Overflow" in told) == (1, False), told
