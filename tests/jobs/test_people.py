"""From billing blocks to people: their phones, what belongs to them, and what they agreed to."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from jobs_stage import (
    DAY,
    Counter,
    contact_at,
    file_customers,
    file_orders,
    gmt,
    open_shop,
    order_json,
)

from agent.config import Settings
from agent.consent import IMPORT, Heard, record
from agent.jobs.pull.filing import Filing
from agent.jobs.pull.kinds import CUSTOMERS, ORDERS
from models import Contact, Customer, Identity, Order, PhoneReading, Statement

ANA, BRUNO = "+12025550101", "+12025550102"


@pytest.fixture(autouse=True)
def _opened(database: Path) -> None:
    open_shop(country="US", zone="America/New_York")


def customer_json(number: int, created: datetime, phone: str = "", **more: Any) -> dict[str, Any]:
    consent, news = more.pop("consent", None), more.pop("news", None)
    meta = {"winback_marketing": consent, "winback_order_news": news}
    return {
        "id": number,
        "email": f"customer{number}@example.com",
        "first_name": "Ana",
        "last_name": "Example",
        "role": "customer",
        "billing": {"phone": phone, "country": "US"},
        "meta_data": [{"key": key, "value": value} for key, value in meta.items() if value],
        "date_created_gmt": gmt(created),
        "date_modified_gmt": gmt(more.pop("modified", created)),
    } | more


def standing_of(phone: str) -> str:
    return contact_at(phone).marketing


def stop(phone: str, at: datetime) -> None:
    record([Heard(phone=phone, says="no", source="whatsapp", said_at=at, words="STOP")], now=at)


# phones


def test_one_number_typed_in_many_ways_is_one_contact(settings: Settings, now: datetime) -> None:
    typed = (
        "202-555-0101", "(202) 555 0101", "+1 202.555.0101", "001 202 555 0101", " 12025550101 ",
        "202 555 0101 ext. 7",
    )  # fmt: skip
    orders = [order_json(10 + n, now - DAY, phone) for n, phone in enumerate(typed)]
    file_orders(settings, now, *orders)

    assert [one.phone for one in Contact.select()] == [ANA]
    assert {one.contact_id for one in Order.select()} == {contact_at(ANA).id}


def test_the_country_of_the_bill_reads_a_national_number(settings: Settings, now: datetime) -> None:
    file_orders(
        settings, now,
        order_json(10, now, "(11) 95555-0101", country="BR"),
        order_json(11, now, "202-555-0101", country="US"),
    )  # fmt: skip
    assert {one.phone for one in Contact.select()} == {"+5511955550101", ANA}


def test_the_shops_country_reads_it_where_the_bill_names_none(
    settings: Settings, now: datetime
) -> None:
    file_orders(settings, now, order_json(10, now, "202-555-0101", country=""))
    assert [one.phone for one in Contact.select()] == [ANA]


@pytest.mark.parametrize(
    ("typed", "word"),
    [("call me", "letters"), ("555-0101", "area code"), ("800-555-0199", "toll"), ("", "empty")],
)
def test_a_number_that_cannot_be_used_is_kept_with_its_reason(
    settings: Settings, now: datetime, typed: str, word: str
) -> None:
    file_orders(settings, now, order_json(10, now, typed, consent="yes"))

    reading = PhoneReading.get()
    assert (reading.typed, reading.e164) == (typed, "")
    assert word in reading.reason
    assert Order.get_by_id(10).contact_id is None
    assert Contact.select().count() == 0
    assert Statement.select().count() == 0


def test_a_contact_knows_the_zones_of_its_number(settings: Settings, now: datetime) -> None:
    file_orders(settings, now, order_json(10, now, "202-555-0101"))
    assert (contact_at(ANA).region, contact_at(ANA).zones) == ("US", "America/New_York")


def test_the_newest_order_names_the_person_in_whatever_order_they_come(
    settings: Settings, now: datetime
) -> None:
    old = order_json(10, now - 9 * DAY, "202-555-0101", first_name="MARIA", email="old@example.com")
    new = order_json(11, now - DAY, "202-555-0101", first_name="mari", email="new@example.com")
    file_orders(settings, now, new)
    file_orders(settings, now, old)
    assert (contact_at(ANA).first_name, contact_at(ANA).email) == ("Mari", "new@example.com")


def test_the_newest_order_of_a_page_names_the_person_too(settings: Settings, now: datetime) -> None:
    def order(number: int, days_ago: int, name: str) -> dict[str, Any]:
        return order_json(number, now - days_ago * DAY, "202-555-0101", first_name=name)

    file_orders(settings, now, order(12, 1, "Mari"), order(10, 9, "Maria"), order(11, 5, "M"))
    assert contact_at(ANA).first_name == "Mari"


def test_an_order_whose_phone_was_corrected_moves_to_the_right_person(
    settings: Settings, now: datetime
) -> None:
    file_orders(settings, now, order_json(10, now - DAY, "202-555-0101"))
    file_orders(settings, now, order_json(10, now - DAY, "202-555-0102"))
    assert Order.get_by_id(10).contact_id == contact_at(BRUNO).id


# identities


def test_the_newest_holder_has_the_account_and_the_mailbox(
    settings: Settings, now: datetime
) -> None:
    def order(number: int, days_ago: int, phone: str) -> dict[str, Any]:
        return order_json(
            number, now - days_ago * DAY, phone, customer_id=5, email="ana@example.com"
        )

    newer, older = order(11, 1, "202-555-0102"), order(10, 9, "202-555-0101")
    for pages in ([newer, older],), ([newer], [older]), ([older], [newer]):
        Identity.delete().execute()
        for page in pages:
            file_orders(settings, now, *page)

        bruno = contact_at(BRUNO).id
        assert Identity.holders("customer", ["5"]) == {"5": bruno}
        assert Identity.holders("email", ["ana@example.com"]) == {"ana@example.com": bruno}


def test_a_guest_has_no_account(settings: Settings, now: datetime) -> None:
    file_orders(settings, now, order_json(10, now, "202-555-0101", customer_id=0, email=""))
    assert Identity.select().count() == 0


# consent


@pytest.mark.parametrize("value", ["yes", "1", "TRUE", " On ", True, 1])
def test_a_ticked_box_is_consent(settings: Settings, now: datetime, value: object) -> None:
    file_orders(settings, now, order_json(10, now - DAY, "202-555-0101", consent=value))

    assert standing_of(ANA) == "yes"
    statement = Statement.get()
    assert (statement.source, statement.said_at) == ("order 10", now - DAY)


@pytest.mark.parametrize("value", [None, "", "0", "no", False, "maybe", ["yes"], {"yes": 1}])
def test_an_unticked_or_strange_box_says_nothing(
    settings: Settings, now: datetime, value: object
) -> None:
    file_orders(settings, now, order_json(10, now - 2 * DAY, "202-555-0101", consent="yes"))
    file_orders(settings, now, order_json(11, now - DAY, "202-555-0101", consent=value))

    assert standing_of(ANA) == "yes"
    assert Statement.select().count() == 1


def test_a_refusal_in_any_field_beats_a_yes_in_another(settings: Settings, now: datetime) -> None:
    order = order_json(10, now, "202-555-0101", consent="yes")
    order["meta_data"].append({"key": "_wa_marketing_consent", "value": "withdrawn"})
    file_orders(settings, now, order)
    assert standing_of(ANA) == "no"


def test_other_meta_keys_are_not_consent(settings: Settings, now: datetime) -> None:
    order = order_json(10, now, "202-555-0101", meta_data=[{"key": "_gift", "value": "yes"}])
    file_orders(settings, now, order)
    assert standing_of(ANA) == ""


def test_consent_of_a_customer_counts_from_the_account(settings: Settings, now: datetime) -> None:
    file_customers(settings, now, customer_json(5, now - DAY, "202-555-0101", consent="yes"))
    assert standing_of(ANA) == "yes"
    assert Statement.get().source == "customer 5"


def test_reading_the_same_again_says_nothing_new(settings: Settings, now: datetime) -> None:
    order = order_json(10, now - DAY, "202-555-0101", consent="yes")
    file_orders(settings, now, order)
    file_orders(settings, now, order)
    file_orders(settings, now + DAY, order | {"date_modified_gmt": gmt(now + DAY)})
    assert Statement.select().count() == 1


def test_a_changed_value_was_said_when_the_order_was_changed(
    settings: Settings, now: datetime
) -> None:
    file_orders(settings, now, order_json(10, now - 9 * DAY, "202-555-0101", consent="yes"))
    changed = order_json(10, now - 9 * DAY, "202-555-0101", consent="refused", modified=now - DAY)
    file_orders(settings, now, changed)

    assert standing_of(ANA) == "no"
    assert contact_at(ANA).marketing_at == now - DAY


def test_a_box_ticked_by_a_known_customer_is_a_new_consent(
    settings: Settings, now: datetime
) -> None:
    file_customers(settings, now, customer_json(5, now - 90 * DAY, "202-555-0101"))
    stop(ANA, now - 9 * DAY)
    assert standing_of(ANA) == "no"

    ticked = customer_json(5, now - 90 * DAY, "202-555-0101", consent="yes", modified=now - DAY)
    file_customers(settings, now, ticked)
    assert standing_of(ANA) == "yes"


def test_an_old_yes_seen_for_the_first_time_never_outweighs_a_stop(
    settings: Settings, now: datetime
) -> None:
    # given somebody who said stop yesterday
    file_orders(settings, now, order_json(10, now - 9 * DAY, "202-555-0101"))
    stop(ANA, now - DAY)

    # when older orders and accounts come in, which were saved again today
    older = order_json(9, now - 30 * DAY, "202-555-0101", consent="yes", modified=now)
    file_orders(settings, now, older)
    account = customer_json(5, now - 30 * DAY, "202-555-0101", consent="yes", modified=now)
    file_customers(settings, now, account)

    # then it stays a no, and all three are on the ledger
    assert standing_of(ANA) == "no"
    assert Statement.select().count() == 3


def test_a_box_ticked_after_a_stop_is_a_new_consent(settings: Settings, now: datetime) -> None:
    file_orders(settings, now, order_json(10, now - 9 * DAY, "202-555-0101", consent="yes"))
    stop(ANA, now - DAY)
    file_orders(settings, now, order_json(11, now, "202-555-0101", consent="yes"))
    assert standing_of(ANA) == "yes"


def test_a_yes_and_a_no_of_one_instant_are_a_no(settings: Settings, now: datetime) -> None:
    stop(ANA, now - DAY)
    file_orders(settings, now, order_json(10, now - DAY, "202-555-0101", consent="yes"))
    assert standing_of(ANA) == "no"


def test_a_stop_that_was_on_the_ledger_before_the_person_was_known_counts(
    settings: Settings, now: datetime
) -> None:
    stop(ANA, now - DAY)
    file_orders(settings, now, order_json(10, now - 9 * DAY, "202-555-0101", consent="yes"))
    assert standing_of(ANA) == "no"


def test_an_import_never_overrides_a_stop_that_comes_late(
    settings: Settings, now: datetime
) -> None:
    file_orders(settings, now, order_json(10, now - 9 * DAY, "202-555-0101"))
    imported = Heard(phone=ANA, says="yes", source=f"{IMPORT} list.csv:2", said_at=now - DAY)
    record([imported], now=now)
    assert standing_of(ANA) == "yes"

    stop(ANA, now - 2 * DAY)  # was on its way for two days
    assert standing_of(ANA) == "no"


def test_consent_belongs_to_the_phone_that_gave_it(settings: Settings, now: datetime) -> None:
    ana = order_json(10, now - 9 * DAY, "202-555-0101", customer_id=5, consent="yes")
    file_orders(settings, now, ana)
    file_orders(settings, now, order_json(11, now - DAY, "202-555-0102", customer_id=5))

    assert standing_of(ANA) == "yes"
    assert standing_of(BRUNO) == ""


def test_many_people_of_one_page_keep_their_own_answers(settings: Settings, now: datetime) -> None:
    orders = [
        order_json(n, now - DAY, f"202-555-01{n:02}", consent=("yes", "refused", "")[n % 3])
        for n in range(10, 100)
    ]
    file_orders(settings, now, *orders)
    for n in range(10, 100):
        assert standing_of(f"+120255501{n:02}") == ("yes", "no", "")[n % 3]


def test_consent_comes_through_the_wire(counter: Counter) -> None:
    """Once the whole way, for orders and accounts, as WooCommerce stores the meta data."""
    counter.order("(11) 95555-0101", meta={"_winback_marketing": "yes"})
    ana = counter.shop.add_customer(
        first_name="Ana",
        last_name="Example",
        email="ana@example.com",
        phone="(11) 95555-0102",
        country="BR",
        meta={"winback_marketing": "1"},
    )
    counter.poll()
    counter.walk(CUSTOMERS)
    assert Contact.agreed_count() == 2

    counter.later(hours=25)
    counter.shop.update_customer(ana, meta={"winback_marketing": "withdrawn"})
    counter.sweep(CUSTOMERS)
    assert standing_of("+5511955550102") == "no"
    assert contact_at("+5511955550102").marketing_at == counter.now


# what was heard when


def other_fields(settings: Settings) -> Settings:
    """The config with a mistake in the names of the consent fields."""
    wrong = replace(settings.consent, order_meta=("_typo",), customer_meta=("_typo",))
    return replace(settings, consent=wrong)


def test_a_corrected_config_does_not_undo_a_stop(settings: Settings, now: datetime) -> None:
    # given a box that was ticked before a STOP, in a field that the config did not name
    ticked = {"phone": ANA, "consent": "yes"}
    file_orders(other_fields(settings), now, order_json(1, now - 10 * DAY, **ticked))
    stop(ANA, now - 5 * DAY)
    # when it names it, and the order moves on
    file_orders(settings, now, order_json(1, now - 10 * DAY, modified=now - DAY, **ticked))
    assert standing_of(ANA) == "no"


def test_nor_does_a_profile_that_is_saved_again(settings: Settings, now: datetime) -> None:
    ticked = {"phone": ANA, "consent": "yes"}
    file_customers(other_fields(settings), now, customer_json(5, now - 100 * DAY, **ticked))
    file_orders(settings, now, order_json(1, now - 50 * DAY, ANA))
    stop(ANA, now - 5 * DAY)
    file_customers(settings, now, customer_json(5, now - 100 * DAY, modified=now - DAY, **ticked))
    assert standing_of(ANA) == "no"


def test_a_yes_whose_date_is_ahead_does_not_outlast_a_stop(
    settings: Settings, now: datetime
) -> None:
    file_orders(settings, now, order_json(1, now + timedelta(hours=3), ANA, consent="yes"))
    stop(ANA, now + timedelta(hours=1))
    assert standing_of(ANA) == "no"


def test_a_refusal_under_a_number_that_is_corrected_later_is_heard(
    settings: Settings, now: datetime
) -> None:
    file_orders(settings, now, order_json(1, now - 90 * DAY, ANA, consent="yes"))
    refused = {"consent": "refused", "modified": now - 79 * DAY}
    file_orders(settings, now, order_json(2, now - 80 * DAY, "202-555", **refused))
    assert standing_of(ANA) == "yes"
    file_orders(settings, now, order_json(2, now - 80 * DAY, ANA, **refused))
    assert standing_of(ANA) == "no"


def test_a_yes_under_a_number_that_is_corrected_later_is_heard_as_well(
    settings: Settings, now: datetime
) -> None:
    file_orders(settings, now, order_json(2, now - 80 * DAY, "202-555", consent="yes"))
    file_orders(settings, now, order_json(2, now - 80 * DAY, ANA, consent="yes", modified=now))
    assert standing_of(ANA) == "yes"
    assert Statement.get().said_at == now - 80 * DAY


def test_a_consent_does_not_go_along_to_another_number_but_a_refusal_does(
    settings: Settings, now: datetime
) -> None:
    for says in ("yes", "refused"):
        for phone in (ANA, BRUNO):
            file_customers(settings, now, customer_json(5, now - 9 * DAY, phone, consent=says))
        assert standing_of(BRUNO) == {"yes": "", "refused": "no"}[says]


def test_a_stop_goes_along_when_the_number_in_the_account_is_changed(
    settings: Settings, now: datetime
) -> None:
    file_orders(settings, now, order_json(1, now - 90 * DAY, BRUNO, consent="yes"))
    file_customers(settings, now, customer_json(5, now - 90 * DAY, ANA))
    stop(ANA, now - 5 * DAY)
    assert standing_of(BRUNO) == "yes"
    changed = customer_json(5, now - 90 * DAY, BRUNO, modified=now)
    file_customers(settings, now, changed)
    assert (standing_of(BRUNO), standing_of(ANA)) == ("no", "no")
    file_orders(settings, now, order_json(2, now, BRUNO, consent="yes"))
    file_customers(settings, now, changed)
    assert standing_of(BRUNO) == "yes"  # a box that is ticked afterwards is a new consent


def test_an_order_of_the_account_to_somebody_elses_number_takes_no_stop_along(
    settings: Settings, now: datetime
) -> None:
    file_orders(settings, now, order_json(1, now - 90 * DAY, BRUNO, consent="yes"))
    file_customers(settings, now, customer_json(5, now - 90 * DAY, ANA))
    stop(ANA, now - 5 * DAY)
    file_orders(settings, now, order_json(2, now - DAY, BRUNO, customer_id=5))
    assert standing_of(BRUNO) == "yes"


def test_a_box_in_a_checkout_that_goes_on_says_nothing_yet(
    settings: Settings, now: datetime
) -> None:
    draft = order_json(1, now - DAY, ANA, consent="yes", status="checkout-draft")
    file_orders(settings, now, draft)
    assert standing_of(ANA) == ""
    # unticked before it is placed
    file_orders(settings, now, order_json(1, now - DAY, ANA, consent="", modified=now))
    assert standing_of(ANA) == ""


# order news: the same, and apart


NEWS = "_winback_order_news"


def with_news(
    number: int, created: datetime, says: str, phone: str = ANA, **more: Any
) -> dict[str, Any]:
    """An order whose box for order news says this."""
    order = order_json(number, created, phone, **more)
    return order | {"meta_data": [*order["meta_data"], {"key": NEWS, "value": says}]}


def both_of(phone: str) -> tuple[str, str]:
    """What stands of marketing and of order news."""
    return contact_at(phone).marketing, contact_at(phone).order_news


def test_the_box_for_order_news_is_consent_to_these_alone(
    settings: Settings, now: datetime
) -> None:
    file_orders(settings, now, with_news(10, now - DAY, "yes"))
    assert both_of(ANA) == ("", "yes")
    assert contact_at(ANA).order_news_at == now - DAY
    [said] = Statement.select()
    assert (said.purpose, said.source, said.said_at) == ("order_news", "order 10", now - DAY)


def test_the_box_for_marketing_is_none_to_order_news(settings: Settings, now: datetime) -> None:
    file_orders(settings, now, order_json(10, now - DAY, ANA, consent="yes"))
    assert both_of(ANA) == ("yes", "")


def test_placing_an_order_is_no_consent_to_anything(settings: Settings, now: datetime) -> None:
    file_orders(settings, now, order_json(10, now - DAY, ANA))
    assert both_of(ANA) == ("", "")


def test_an_account_says_both_for_itself(settings: Settings, now: datetime) -> None:
    made = now - 9 * DAY
    file_customers(settings, now, customer_json(5, made, ANA, consent="yes", news="withdrawn"))
    assert both_of(ANA) == ("yes", "no")
    assert {(one.purpose, one.says) for one in Statement.select()} == {
        ("marketing", "yes"), ("order_news", "no"),
    }  # fmt: skip
    later = customer_json(5, made, ANA, consent="yes", news="yes", modified=now - DAY)
    file_customers(settings, now, later)
    assert both_of(ANA) == ("yes", "yes")
    assert contact_at(ANA).order_news_at == now - DAY
    assert contact_at(ANA).marketing_at == made


def test_a_refusal_of_news_goes_along_to_another_number_and_a_yes_does_not(
    settings: Settings, now: datetime
) -> None:
    for phone in (ANA, BRUNO):
        account = customer_json(5, now - 9 * DAY, phone, consent="yes", news="withdrawn")
        file_customers(settings, now, account)
    assert (both_of(ANA), both_of(BRUNO)) == (("yes", "no"), ("", "no"))


def test_a_box_for_news_in_a_checkout_that_goes_on_says_nothing_yet(
    settings: Settings, now: datetime
) -> None:
    file_orders(settings, now, with_news(1, now - DAY, "yes", status="checkout-draft"))
    assert both_of(ANA) == ("", "")
    file_orders(settings, now, with_news(1, now - DAY, "yes", modified=now))
    assert both_of(ANA) == ("", "yes")


def test_other_keys_of_the_news_are_no_consent_to_them(settings: Settings, now: datetime) -> None:
    """A STOP stands between the tick and the config that names its field."""
    elsewhere = replace(
        settings, consent=replace(settings.consent, order_news_order_meta=("_typo",))
    )
    file_orders(elsewhere, now, with_news(1, now - 10 * DAY, "yes", consent="yes"))
    assert both_of(ANA) == ("yes", "")
    no = Heard(phone=ANA, purpose="order_news", says="no", source="whatsapp", said_at=now - 5 * DAY)
    record([no], now=now)
    file_orders(
        settings, now, with_news(1, now - 10 * DAY, "yes", consent="yes", modified=now - DAY)
    )
    assert both_of(ANA) == ("yes", "no")


def test_new_keys_for_news_make_nothing_of_marketing_unknown(
    settings: Settings, now: datetime
) -> None:
    """So it is also where the field was read before there were order news at all."""
    made, phone = now - 100 * DAY, "202-555-0101"
    file_customers(settings, now, customer_json(5, made, phone, consent="yes"))
    rule = Customer.get_by_id(5).consent_rule
    Customer.update(consent_rule=rule.split()[0]).execute()
    file_orders(settings, now, order_json(1, now - 9 * DAY, phone, consent="yes"))
    # when the account takes it back before it is read for the first time by the new version
    account = customer_json(5, made, phone, consent="withdrawn", news="yes", modified=now - DAY)
    file_customers(settings, now, account)
    # then that was said when it changed; and the box for news was ticked nobody knows when
    assert both_of(ANA) == ("no", "yes")
    assert (contact_at(ANA).marketing_at, contact_at(ANA).order_news_at) == (now - DAY, made)


def test_many_people_of_one_page_keep_their_own_answers_to_both(
    settings: Settings, now: datetime
) -> None:
    says = ("yes", "refused", "")
    orders = [
        with_news(n, now - DAY, says[n % 3], f"202-555-01{n:02}", consent=says[n // 3 % 3])
        for n in range(10, 100)
    ]
    file_orders(settings, now, *orders)
    stand = ("yes", "no", "")
    for n in range(10, 100):
        assert both_of(f"+120255501{n:02}") == (stand[n // 3 % 3], stand[n % 3])


def test_consent_to_news_comes_through_the_wire(counter: Counter) -> None:
    counter.order("(11) 95555-0101", meta={NEWS: "yes"})
    ana = counter.shop.add_customer(
        first_name="Ana",
        last_name="Example",
        email="ana@example.com",
        phone="(11) 95555-0102",
        country="BR",
        meta={"winback_order_news": "yes", "winback_marketing": "yes"},
    )
    counter.poll()
    counter.walk(CUSTOMERS)
    assert (Contact.agreed_count("order_news"), Contact.agreed_count()) == (2, 1)

    counter.later(hours=25)
    counter.shop.update_customer(ana, meta={"winback_order_news": "withdrawn"})
    counter.sweep(CUSTOMERS)
    assert both_of("+5511955550102") == ("yes", "no")
    assert contact_at("+5511955550102").order_news_at == counter.now


# the language


def spoken(number: int, made: datetime, language: str, **more: Any) -> dict[str, Any]:
    """An order of Ana in which WPML noted a language."""
    meta = [{"key": "wpml_language", "value": language}] if language else []
    return order_json(number, made, ANA, meta_data=meta, **more)


def test_the_newest_order_that_names_a_language_tells_the_persons(
    settings: Settings, now: datetime
) -> None:
    """Fault 21. The pages come in any order, and one from the till names none."""
    file_orders(settings, now, spoken(12, now - 2 * DAY, "pt-br"), spoken(13, now - DAY, ""))
    assert contact_at(ANA).language == "pt_BR"
    file_orders(settings, now, spoken(11, now - 3 * DAY, "es"), spoken(10, now - 9 * DAY, "fr"))
    assert contact_at(ANA).language == "pt_BR"
    assert {one.woo_id: one.language for one in Order.select()} == {
        10: "fr", 11: "es", 12: "pt_BR", 13: "",
    }  # fmt: skip
    file_orders(settings, now, spoken(14, now, "es", status="trash"))
    assert contact_at(ANA).language == "pt_BR"
    file_orders(settings, now, spoken(14, now, "es"))
    assert contact_at(ANA).language == "es"


def test_a_language_moves_nobody_else(settings: Settings, now: datetime) -> None:
    file_orders(settings, now, order_json(10, now, BRUNO), spoken(11, now, "es"))
    assert (contact_at(ANA).language, contact_at(BRUNO).language) == ("es", "")


def test_an_order_without_a_phone_has_a_language_all_the_same(
    settings: Settings, now: datetime
) -> None:
    meta = [{"key": "wpml_language", "value": "es"}]
    file_orders(settings, now, order_json(10, now, "", meta_data=meta))
    assert Order.get_by_id(10).language == "es"


def test_a_language_alone_is_no_change_of_an_order(settings: Settings, now: datetime) -> None:
    """It depends on our config, as the reading of consent does: a sweep would find every order."""
    file_orders(settings, now, spoken(10, now - DAY, ""))
    filing = Filing.from_settings(settings, now)
    filed = ORDERS.absorb([spoken(10, now - DAY, "es")], now, filing)
    assert filed.news == {}
    assert contact_at(ANA).language == "es"
