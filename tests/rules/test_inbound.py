"""What a WhatsApp webhook says, element by element, whatever else is in it."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from agent.rules.inbound import (
    Event,
    Inbound,
    InCart,
    NumberChanged,
    Preference,
    StatusUpdate,
    Unknown,
    read_webhook,
)
from agent.rules.meta_news import AccountError

AT = datetime(2026, 11, 21, 22, 26, 40, tzinfo=UTC)
SECONDS = int(AT.timestamp())
EMOJI_CUT_IN_HALF = "\ud83d"
SENT = {"id": "wamid.sent", "status": "sent", "timestamp": str(SECONDS)}
STOP = {
    "id": "wamid.stop",
    "from": "447700900123",
    "timestamp": str(SECONDS),
    "type": "text",
    "text": {"body": "STOP"},
}

# JSON as Python reads it: half surrogates, NaN and numbers without bounds come through json.loads.
texts = st.text(st.characters(exclude_categories=()), max_size=8)
leaves = st.one_of(
    st.none(), st.booleans(), st.integers(), st.integers(10**18, 10**30), st.floats(), texts
)
json_values = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)


def webhook(field: object = "messages", **value: object) -> dict[str, Any]:
    return {"entry": [{"id": "1", "changes": [{"field": field, "value": value}]}]}


def read(payload: object) -> list[Event]:
    return list(read_webhook(payload))


def read_status(**fields: object) -> Event:
    return read(webhook(statuses=[SENT | fields]))[0]


def read_message(kind: str, **fields: object) -> Event:
    return read(webhook(messages=[STOP | {"type": kind} | fields]))[0]


def read_preference(**fields: object) -> Event:
    one = {"value": "stop", "timestamp": SECONDS, "wa_id": "447700900123"}
    return read(webhook("user_preferences", user_preferences=[one | fields]))[0]


def test_a_status_carries_our_own_id_and_what_it_was_charged_as() -> None:
    event = read_status(
        biz_opaque_callback_data="our-uid",
        recipient_id="447700900123",
        pricing={"billable": True, "category": "marketing"},
    )
    assert event == StatusUpdate("wamid.sent", "sent", AT, uid="our-uid", category="marketing")


def test_a_status_may_carry_next_to_nothing() -> None:
    assert read_status(pricing=None) == StatusUpdate("wamid.sent", "sent", AT)


def test_a_failed_status_has_the_code_and_its_details() -> None:
    event = read_status(
        status="failed",
        errors=[
            {"code": 131049, "title": "Not delivered", "error_data": {"details": "ecosystem"}},
            {"code": 1, "title": "another"},
        ],
    )
    assert event == StatusUpdate("wamid.sent", "failed", AT, code=131049, detail="ecosystem")


@pytest.mark.parametrize(
    ("error", "code", "detail"),
    [
        ({"code": "131026", "title": "Undeliverable"}, 131026, "Undeliverable"),
        ({"code": 1, "title": "T", "error_data": {}}, 1, "T"),
        ({"code": 1, "title": "T", "error_data": {"details": ""}}, 1, "T"),
        ({"code": 1, "title": "T", "error_data": "as a text"}, 1, "as a text"),
        ({"title": "T"}, None, "T"),
        ({}, None, ""),
        ("no object at all", None, ""),
    ],
)
def test_the_shapes_that_an_error_comes_in(error: object, code: int | None, detail: str) -> None:
    event = read_status(status="failed", errors=[error])
    assert event == StatusUpdate("wamid.sent", "failed", AT, code=code, detail=detail)


@pytest.mark.parametrize("timestamp", [SECONDS, str(SECONDS)])
def test_a_time_may_be_a_number_or_a_text(timestamp: object) -> None:
    assert read_status(timestamp=timestamp) == StatusUpdate("wamid.sent", "sent", AT)


@pytest.mark.parametrize(
    "broken",
    [
        {"id": None},
        {"id": ""},
        {"id": 17},
        {"status": None},
        {"timestamp": None},
        {"timestamp": "yesterday"},
        {"timestamp": 1e300},
        {"timestamp": 10**18},
        {"timestamp": True},
        {"errors": [{"code": None}]},
        {"errors": [{"code": "NaN"}]},
        {"errors": [{"code": float("inf")}]},
        {"errors": [{"code": 10**30}]},
    ],
)
def test_a_status_that_makes_no_sense_is_kept_as_unknown(broken: dict[str, object]) -> None:
    event = read_status(**broken)
    assert isinstance(event, Unknown)
    assert event.what.startswith("status: ")


def test_a_text_from_somebody_with_a_phone() -> None:
    assert read(webhook(messages=[STOP])) == [
        Inbound("wamid.stop", AT, "text", sender="447700900123", text="STOP")
    ]


def test_a_text_from_somebody_who_hides_the_phone() -> None:
    hidden = {key: value for key, value in STOP.items() if key != "from"}
    event = read(webhook(messages=[hidden | {"from_user_id": "GB.17"}]))[0]
    assert event == Inbound("wamid.stop", AT, "text", user_id="GB.17", text="STOP")


def test_a_tapped_button_has_its_payload_and_the_message_it_hangs_on() -> None:
    event = read_message(
        "button",
        button={"payload": "OPTOUT_MARKETING", "text": "No more offers"},
        context={"from": "15550100", "id": "wamid.ours"},
    )
    assert event == Inbound(
        "wamid.stop",
        AT,
        "button",
        sender="447700900123",
        text="No more offers",
        payload="OPTOUT_MARKETING",
        in_reply_to="wamid.ours",
    )


@pytest.mark.parametrize(
    ("interactive", "text", "payload"),
    [
        ({"button_reply": {"id": "opt_yes", "title": "Yes"}}, "Yes", "opt_yes"),
        ({"list_reply": {"id": "row_1", "title": "Status"}}, "Status", "row_1"),
        ({"type": "nfm_reply"}, "", ""),
    ],
)
def test_interactive_replies(interactive: object, text: str, payload: str) -> None:
    event = read_message("interactive", interactive=interactive)
    assert isinstance(event, Inbound)
    assert (event.text, event.payload) == (text, payload)


@pytest.mark.parametrize("kind", ["image", "order", "unsupported", "something new"])
def test_a_kind_that_we_cannot_read_still_counts_as_a_message(kind: str) -> None:
    event = read_message(kind, context=None)
    assert event == Inbound("wamid.stop", AT, kind, sender="447700900123")


def about(product: object, **context: object) -> dict[str, object]:
    return {"from": "15550100", "id": "wamid.ours", "referred_product": product} | context


def test_a_question_from_the_page_of_a_product_names_it() -> None:
    context = about({"catalog_id": "194836987003835", "product_retailer_id": "di9ozbzfi4"})
    assert read_message("text", context=context) == Inbound(
        "wamid.stop",
        AT,
        "text",
        sender="447700900123",
        text="STOP",
        in_reply_to="wamid.ours",
        asked_about="di9ozbzfi4",
    )


@pytest.mark.parametrize(
    "product",
    [None, "di9ozbzfi4", [], {}, {"product_retailer_id": None}, {"product_retailer_id": 42},
     {"product_retailer_id": " "}, {"product_retailer_id": "9" * 201}],
)  # fmt: skip
def test_whatever_they_ask_about_a_stop_is_heard(product: object) -> None:
    event = read_message("text", context=about(product))
    assert isinstance(event, Inbound)
    assert (event.text, event.asked_about) == ("STOP", "")


def test_half_an_emoji_in_a_products_id_is_no_half_any_more() -> None:
    event = read_message("text", context=about({"product_retailer_id": "42\ud83d"}))
    assert isinstance(event, Inbound)
    assert event.asked_about == "42?"


def test_a_cart_has_its_products_and_their_prices() -> None:
    order = {
        "catalog_id": "194836987003835",
        "text": "Love these!",
        "product_items": [
            {"product_retailer_id": "a", "quantity": 2, "item_price": 30, "currency": "USD"},
            {"product_retailer_id": "b", "quantity": 1, "item_price": 25.5, "currency": "usd"},
            {"product_retailer_id": "c", "item_price": "free", "currency": "dollars"},
            {"product_retailer_id": "d", "item_price": 10**40, "currency": 840},
            {"quantity": 1},
            "e",
        ],
    }
    assert read_message("order", order=order, text=None) == Inbound(
        "wamid.stop",
        AT,
        "order",
        sender="447700900123",
        cart=(InCart("a", "30", "USD"), InCart("b", "25.5", "USD"), InCart("c"), InCart("d")),
    )


@pytest.mark.parametrize("order", [None, "cart", [], {}, {"product_items": {}}])
def test_a_cart_that_cannot_be_read_is_an_empty_one(order: object) -> None:
    event = read_message("order", order=order)
    assert event == Inbound("wamid.stop", AT, "order", sender="447700900123")


@pytest.mark.parametrize(
    "broken",
    [
        {"id": None},
        {"timestamp": ""},
        {"text": None},
        {"text": {"body": 5}},
        {"text": {}},
        {"type": None},
        {"context": "wamid.ours"},
    ],
)
def test_a_message_that_makes_no_sense_is_kept_as_unknown(broken: dict[str, object]) -> None:
    event = read(webhook(messages=[STOP | broken]))[0]
    assert isinstance(event, Unknown)
    assert event.what.startswith("inbound: ")


def test_a_person_who_switches_marketing_off_in_whatsapp() -> None:
    assert read_preference(user_id="GB.17") == Preference("stop", AT, "447700900123", "GB.17")
    assert read_preference(wa_id=None) == Preference("stop", AT)
    assert read_preference(value="resume") == Preference("resume", AT, "447700900123")


def test_a_preference_without_a_value_is_kept_as_unknown() -> None:
    assert isinstance(read_preference(value=None), Unknown)


def moved(system: object, **more: object) -> Event:
    [event] = read(webhook(messages=[{**STOP, "type": "system", "system": system, **more}]))
    return event


def changed(**told: str) -> NumberChanged:
    return NumberChanged("wamid.stop", AT, **told)


def test_another_number_says_which_it_was() -> None:
    event = moved(
        {
            "type": "user_changed_number",
            "wa_id": "12025550102",
            "body": "User Sheena Nelson changed from 12025550101 to 12025550102",
        },
        **{"from": "12025550101"},
    )
    assert event == changed(old="12025550101", new="12025550102")


def test_another_user_id_says_in_its_words_which_it_was() -> None:
    system = {
        "type": "user_changed_user_id",
        "user_id": "US.222",
        "body": "User Sheena Nelson changed from US.111 to US.222",
    }
    assert moved(system, **{"from": None}) == changed(old_user_id="US.111", new_user_id="US.222")


@pytest.mark.parametrize(
    ("body", "old"),
    [
        ("User Ana changed from 12025550101 to 12025550102", "12025550101"),
        ("User Ana changed from 1 to 2 changed from 12025550101 to 12025550102.", "12025550101"),
        ("User Ana changed from 12025550101 to 12025550199", ""),  # of another number
        ("User Ana changed from 12025550101 to 12025550102 changed", ""),
        ("Ana tiene otro número", ""),
        (None, ""),
    ],
)
def test_words_count_only_where_they_agree_with_the_new_number(body: object, old: str) -> None:
    system = {"type": "customer_changed_number", "new_wa_id": "12025550102", "body": body}
    assert moved(system, **{"from": ""}) == changed(old=old, new="12025550102")


def test_what_is_told_twice_of_old_and_new_is_no_change_of_it() -> None:
    same = {"type": "user_changed_number", "wa_id": "447700900123", "user_id": "GB.2"}
    event = moved(same, from_user_id="GB.2")
    assert event == changed(new="447700900123", new_user_id="GB.2")


@pytest.mark.parametrize(
    "system",
    [
        {"type": "customer_identity_changed", "identity": {"hash": "a"}},
        {"type": "user_changed_number", "body": "User Ana changed from 1 to 2"},
        "changed",
        None,
    ],
)
def test_another_message_of_the_system_is_kept_as_a_message(system: object) -> None:
    event = moved(system)
    assert isinstance(event, Inbound)
    assert event.kind == "system"


@pytest.mark.parametrize(
    ("pricing", "kind", "category"),
    [
        ({"type": "free_entry_point", "category": "marketing"}, "free_entry_point", "marketing"),
        ({"category": "utility"}, "", "utility"),
        (None, "", ""),
        ("free", "", ""),
        ([1], "", ""),
    ],
)
def test_what_a_status_says_of_its_price(pricing: object, kind: str, category: str) -> None:
    event = read_status(pricing=pricing)
    assert isinstance(event, StatusUpdate)
    assert (event.status, event.pricing, event.category) == ("sent", kind, category)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        ({"code": 130429, "title": "Rate limit hit"}, "Rate limit hit"),
        ({"code": "130429", "title": "x", "error_data": {"details": "too many"}}, "too many"),
        ({"code": 130429, "message": "Rate limit", "error_data": "too many"}, "too many"),
        ({"code": 130429}, ""),
    ],
)
def test_an_error_of_the_account_has_its_code_and_its_words(error: object, said: str) -> None:
    assert read(webhook(errors=[error])) == [AccountError(code=130429, said=said)]


@pytest.mark.parametrize("error", ["no object", None, {}, {"code": "many"}, {"code": 10**30}])
def test_an_error_of_the_account_that_makes_no_sense_is_broken(error: object) -> None:
    [event] = read(webhook(errors=[error]))
    assert isinstance(event, Unknown)
    assert event.broken


def test_a_field_that_we_do_not_read_is_kept_as_unknown() -> None:
    assert read(webhook("flows", event="X")) == [Unknown("field flows")]


@pytest.mark.parametrize(
    ("value", "what"),
    [
        ({"metadata": {}, "contacts": [], "groups": [1], "calls": []}, "messages calls groups"),
        ({"metadata": {}, "statuses": None}, "messages statuses"),
        ({}, "messages without anything"),
    ],
)
def test_a_value_without_the_lists_that_we_read_is_kept_as_unknown(
    value: object, what: str
) -> None:
    assert read({"entry": [{"changes": [{"field": "messages", "value": value}]}]}) == [
        Unknown(what)
    ]


def test_a_list_without_elements_says_nothing() -> None:
    assert read(webhook(statuses=[], messages=None)) == []


@pytest.mark.parametrize("found", [{}, "x", 1, {"0": SENT}])
def test_a_list_that_is_none_is_broken_and_the_others_count(found: object) -> None:
    first, second = read(webhook(statuses=found, messages=[STOP]))
    assert first == Unknown("statuses: no list", broken=True)
    assert isinstance(second, Inbound)


@pytest.mark.parametrize("change", [{"field": "messages"}, {"field": "messages", "value": []}])
def test_a_change_without_a_value_is_broken(change: object) -> None:
    assert read({"entry": [{"changes": [change]}]}) == [Unknown("messages: no value", broken=True)]


def test_a_change_that_is_no_object_is_broken() -> None:
    assert read({"entry": [{"changes": ["x"]}]}) == [Unknown("None: no value", broken=True)]


@pytest.mark.parametrize(
    "payload",
    [
        None,
        [],
        "text",
        17,
        {},
        {"entry": None},
        {"entry": {}},
        {"entry": [None]},
        {"entry": [{"changes": None}]},
    ],
)
def test_a_body_without_elements_says_nothing(payload: object) -> None:
    assert read(payload) == []


def test_elements_come_in_their_order_through_all_entries_and_changes() -> None:
    one, two, three = (SENT | {"id": f"wamid.{number}"} for number in (1, 2, 3))
    payload = {
        "entry": [
            {
                "changes": [
                    {"field": "messages", "value": {"statuses": [one, two]}},
                    {"field": "nonsense", "value": {}},
                ]
            },
            {"changes": [{"field": "messages", "value": {"statuses": [three]}}]},
        ]
    }
    seen = [event.wamid if isinstance(event, StatusUpdate) else "?" for event in read(payload)]
    assert seen == ["wamid.1", "wamid.2", "?", "wamid.3"]


def test_half_an_emoji_does_not_stand_in_the_way_of_a_stop() -> None:
    # given a text that was cut off between the two halves of an emoji: no table takes the half
    body = json.loads(json.dumps(webhook(messages=[STOP | {"text": {"body": "STOP \ud83d"}}])))
    assert read(body) == [Inbound("wamid.stop", AT, "text", sender="447700900123", text="STOP ?")]


@given(json_values)
@example(webhook("messages", statuses=[EMOJI_CUT_IN_HALF]))
def test_reading_never_raises(payload: object) -> None:
    assert_storable(read(payload))


@given(
    field=st.sampled_from(["messages", "user_preferences"]) | json_values,
    value=st.dictionaries(
        st.sampled_from(["statuses", "messages", "errors", "user_preferences"]),
        st.lists(
            json_values
            | st.dictionaries(
                st.sampled_from([
                    "id", "status", "timestamp", "errors", "type", "text", "button", "interactive",
                    "from", "from_user_id", "context", "value", "wa_id", "pricing", "code", "order",
                ]),
                json_values
                | st.sampled_from(["text", "button", "interactive", "order", "1795300000"]),
            ),
            max_size=4,
        )
        | json_values,
    ),
)  # fmt: skip
def test_reading_never_raises_on_bodies_that_look_right(
    field: object, value: Mapping[str, object]
) -> None:
    payload = {"entry": [{"changes": [{"field": field, "value": value}]}]}
    events = read(payload)
    assert_storable(events)
    if field == "messages":  # nothing is dropped without a word
        lists = [value.get(key) for key in ("statuses", "messages", "errors")]
        told = [len(one) if isinstance(one, list) else 1 for one in lists if one is not None]
        assert len(events) == (sum(told) if told else 1)


@given(st.lists(json_values, max_size=4), st.lists(json_values, max_size=4), st.data())
def test_no_element_is_lost_because_of_another(
    statuses: list[Any], messages: list[Any], data: st.DataObject
) -> None:
    # given two good elements somewhere among strange ones
    statuses.insert(data.draw(st.integers(0, len(statuses))), SENT)
    messages.insert(data.draw(st.integers(0, len(messages))), STOP)
    events = read(webhook(statuses=statuses, messages=messages))
    assert StatusUpdate("wamid.sent", "sent", AT) in events
    assert Inbound("wamid.stop", AT, "text", sender="447700900123", text="STOP") in events
    assert len(events) == len(statuses) + len(messages)


def assert_storable(events: list[Event]) -> None:
    """Every text can be written as UTF-8, and every number fits an integer column."""
    for event in events:
        for name in event.__slots__:
            found = getattr(event, name)
            if isinstance(found, str):
                found.encode()
            if isinstance(found, tuple):
                assert all(one.retailer_id.encode() for one in found)
            if isinstance(found, int):
                assert abs(found) < 2**63
