"""People, what belongs to them, and how their phones were read."""

from datetime import timedelta
from typing import Any

import pytest
from table_rows import NOON, PHONE, SECOND, a_contact, a_statement

from models import Contact, Identity, PhoneReading, Statement
from models.contacts import ROWS_A_STATEMENT, set_standing

OTHER_PHONE = "+447700900456"
MANY = ROWS_A_STATEMENT + 1  # more than one statement takes


def phone(number: int) -> str:
    return f"+4477009{number:05d}"


def identity(value: str, contact_id: int, **columns: object) -> dict[str, object]:
    row = {"kind": "email", "value": value, "contact_id": contact_id, "seen_at": NOON}
    return row | columns


def test_putting_contacts_gives_their_ids_new_and_old() -> None:
    first = a_contact()
    rows = [{"phone": one, "created_at": NOON} for one in (OTHER_PHONE, PHONE)]
    ids = Contact.put(rows)
    assert ids[PHONE] == first
    assert ids[OTHER_PHONE] != first
    assert Contact.select().count() == 2


def test_putting_nobody_gives_nobody() -> None:
    assert Contact.put([]) == {}


def test_more_contacts_than_fit_a_statement_are_all_written() -> None:
    ids = Contact.put({"phone": phone(n), "created_at": NOON} for n in range(MANY))
    assert len(set(ids.values())) == MANY
    assert set(ids) == {phone(n) for n in range(MANY)}


@pytest.mark.parametrize(
    ("later", "name"),
    [(timedelta(0), "Bea"), (SECOND, "Bea"), (-SECOND, "Ana")],
)
def test_the_newest_order_names_the_person(later: timedelta, name: str) -> None:
    a_contact(first_name="Ana", email="ana@example.com", named_at=NOON)
    a_contact(first_name="Bea", email="bea@example.com", named_at=NOON + later)
    contact = Contact.get()
    assert contact.first_name == name
    assert contact.email == f"{name.lower()}@example.com"


def test_somebody_without_a_name_takes_the_first_that_comes() -> None:
    # given a person who came with a list of consents, without an order
    a_contact()
    a_contact(first_name="Ana", named_at=NOON)
    assert Contact.get().first_name == "Ana"


def test_a_list_without_names_does_not_take_a_name_away() -> None:
    a_contact(first_name="Ana", named_at=NOON)
    a_contact()
    assert Contact.get().first_name == "Ana"


def test_putting_a_contact_again_keeps_consent_and_the_day_it_was_made() -> None:
    a_contact()
    set_standing("marketing", {PHONE: ("yes", NOON)})
    a_contact(created_at=NOON + SECOND, named_at=NOON)
    contact = Contact.get()
    assert (contact.marketing, contact.marketing_at) == ("yes", NOON)
    assert contact.created_at == NOON


def test_a_new_contact_has_agreed_to_nothing() -> None:
    number = a_contact()
    assert Contact.get().marketing == ""
    assert Contact.agreed([number]) == set()


def test_only_a_yes_is_an_agreement() -> None:
    yes, no, unsaid = a_contact(phone(1)), a_contact(phone(2)), a_contact(phone(3))
    elsewhere = a_contact(phone(4))
    set_standing(
        "marketing",
        {
            phone(1): ("yes", NOON),
            phone(2): ("no", NOON),
            phone(3): ("", None),
            phone(4): ("yes", NOON),
        },
    )
    assert Contact.agreed([yes, no, unsaid]) == {yes}
    assert Contact.agreed([]) == set()
    assert Contact.agreed_count() == 2
    assert Contact.agreed([yes, no, unsaid, elsewhere]) == {yes, elsewhere}


def test_a_standing_can_be_taken_back() -> None:
    number = a_contact()
    set_standing("marketing", {PHONE: ("yes", NOON)})
    set_standing("marketing", {PHONE: ("no", NOON + SECOND)})
    assert Contact.agreed([number]) == set()
    assert Contact.get().marketing_at == NOON + SECOND
    set_standing("marketing", {PHONE: ("", None)})
    assert Contact.get().marketing_at is None


def test_what_stands_of_one_purpose_leaves_the_other_alone() -> None:
    number = a_contact()
    set_standing("marketing", {PHONE: ("no", NOON)})
    set_standing("order_news", {PHONE: ("yes", NOON + SECOND)})
    contact = Contact.get()
    assert (contact.marketing, contact.marketing_at) == ("no", NOON)
    assert (contact.order_news, contact.order_news_at) == ("yes", NOON + SECOND)
    assert (Contact.agreed([number]), Contact.agreed([number], "order_news")) == (set(), {number})
    assert (Contact.agreed_count(), Contact.agreed_count("order_news")) == (0, 1)


def test_standings_are_set_for_more_people_than_fit_a_statement() -> None:
    Contact.put({"phone": phone(n), "created_at": NOON} for n in range(MANY))
    set_standing("marketing", {phone(n): ("yes", NOON) for n in range(MANY)})
    assert Contact.agreed_count() == MANY


def test_a_standing_of_somebody_we_do_not_know_changes_nothing() -> None:
    a_contact()
    set_standing("marketing", {OTHER_PHONE: ("yes", NOON)})
    assert Contact.agreed_count() == 0
    assert Contact.select().count() == 1


def test_a_statement_is_written_once() -> None:
    assert Statement.add([a_statement(), a_statement()]) == 1
    assert Statement.add([a_statement(words="again", recorded_at=NOON + SECOND)]) == 0
    assert Statement.select().count() == 1


@pytest.mark.parametrize(
    "difference",
    [
        {"phone": OTHER_PHONE},
        {"purpose": "order_news"},
        {"says": "no"},
        {"source": "order 18"},
        {"said_at": NOON + SECOND},
    ],
)
def test_whatever_differs_is_another_statement(difference: dict[str, Any]) -> None:
    Statement.add([a_statement()])
    assert Statement.add([a_statement(**difference)]) == 1


def test_adding_counts_what_is_new_over_several_statements() -> None:
    rows = [a_statement(source=f"import list.csv:{n}") for n in range(MANY)]
    assert Statement.add(rows[:5]) == 5
    assert Statement.add(rows) == MANY - 5


def test_what_people_said_comes_oldest_first() -> None:
    Statement.add([
        a_statement("no", said_at=NOON + SECOND),
        a_statement("yes", said_at=NOON),
        a_statement("no", said_at=NOON, source="whatsapp"),
        a_statement("yes", said_at=NOON - SECOND, phone=OTHER_PHONE),
        a_statement("yes", purpose="order_news"),
        a_statement("yes", phone=phone(1)),
    ])  # fmt: skip
    said = Statement.of([PHONE, OTHER_PHONE], "marketing")
    assert [(one.phone, one.says, one.source) for one in said] == [
        (OTHER_PHONE, "yes", "order 17"),
        (PHONE, "yes", "order 17"),
        (PHONE, "no", "whatsapp"),
        (PHONE, "no", "order 17"),
    ]
    assert Statement.of([], "marketing") == []


def test_the_newest_holder_has_an_identity() -> None:
    Identity.put([identity("ana@example.com", 1)])
    Identity.put([identity("ana@example.com", 2, seen_at=NOON + SECOND)])
    assert Identity.holders("email", ["ana@example.com"]) == {"ana@example.com": 2}
    # when an older order of the first holder is read again
    Identity.put([identity("ana@example.com", 1)])
    assert Identity.holders("email", ["ana@example.com"]) == {"ana@example.com": 2}


def test_of_two_holders_of_the_same_instant_the_last_one_read_has_it() -> None:
    Identity.put([identity("ana@example.com", 1)])
    Identity.put([identity("ana@example.com", 2)])
    assert Identity.holders("email", ["ana@example.com"]) == {"ana@example.com": 2}


def test_an_identity_is_its_kind_and_its_value() -> None:
    Identity.put([identity("17", 1, kind="customer"), identity("17", 2, kind="wa_id")])
    assert Identity.holders("customer", ["17", "18"]) == {"17": 1}
    assert Identity.holders("wa_id", ["17"]) == {"17": 2}
    assert Identity.holders("email", ["17"]) == {}
    assert Identity.holders("customer", []) == {}


def test_identities_come_in_any_number() -> None:
    Identity.put([])
    Identity.put(identity(f"{n}@example.com", n) for n in range(MANY))
    assert Identity.select().count() == MANY


def test_a_phone_is_read_once_for_each_country() -> None:
    row = {"typed": "07700 900123", "country": "GB", "e164": PHONE, "reason": ""}
    PhoneReading.keep([row, row | {"country": "ES", "e164": "", "reason": "too long"}])
    # when it is read again, the first reading stands
    PhoneReading.keep([row | {"e164": OTHER_PHONE}])
    readings = {one.country: (one.e164, one.reason) for one in PhoneReading.select()}
    assert readings == {"GB": (PHONE, ""), "ES": ("", "too long")}
    PhoneReading.keep([])
