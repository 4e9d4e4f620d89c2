"""An element of a webhook, found by its place and alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.rules.inbound import Unknown, read_webhook
from agent.rules.webhook_places import alone, at_place

METADATA = {"phone_number_id": "106540352242922"}
SENT = {"id": "wamid.1", "status": "sent", "timestamp": "1795300000"}
READ = SENT | {"status": "read"}
PAYLOAD = {
    "object": "whatsapp_business_account",
    "entry": [
        {
            "id": "1",
            "changes": [
                {
                    "field": "messages",
                    "value": {"metadata": METADATA, "statuses": [SENT, READ], "contacts": [{}]},
                },
                {"field": "security", "value": {"event": "PIN_CHANGED"}},
            ],
        },
        {"id": "1", "time": 5, "changes": [{"field": "user_preferences", "value": {}}, "odd"]},
    ],
}


def test_each_element_stands_alone_with_what_is_around_it() -> None:
    places = dict(alone(PAYLOAD))
    assert list(places) == ["0/0/statuses/0", "0/0/statuses/1", "0/1", "1/0", "1/1"]
    value = {"metadata": METADATA, "statuses": [READ]}
    change = {"field": "messages", "value": value}
    assert places["0/0/statuses/1"] == {"entry": [{"id": "1", "changes": [change]}]}
    assert places["1/1"] == {"entry": [{"id": "1", "time": 5, "changes": ["odd"]}]}


def test_what_stands_in_the_place_of_a_list_stands_alone_too() -> None:
    value = {"metadata": METADATA, "statuses": {"0": SENT}, "messages": [{"id": "a"}]}
    payload = {"entry": [{"changes": [{"field": "messages", "value": value}]}]}
    places = dict(alone(payload))
    assert list(places) == ["0/0/statuses", "0/0/messages/0"]
    for place, part in places.items():
        assert at_place(payload, place) == part
        [event] = read_webhook(part)
        assert isinstance(event, Unknown)


def test_a_place_leads_to_what_stands_there() -> None:
    for place, part in alone(PAYLOAD):
        assert at_place(PAYLOAD, place) == part
    assert at_place(PAYLOAD, "") is PAYLOAD


@pytest.mark.parametrize(
    "place", ["0/0/statuses/2", "0/0/messages/0", "0/2", "7/0", "1/1/errors/0"]
)
def test_a_place_that_is_not_there(place: str) -> None:
    with pytest.raises(LookupError):
        at_place(PAYLOAD, place)


@pytest.mark.parametrize("payload", [None, [], {"entry": [7]}, {"entry": [{"changes": {}}]}])
def test_where_there_is_no_change_there_is_no_place(payload: object) -> None:
    assert list(alone(payload)) == []


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=8,
)
lists = st.dictionaries(
    st.sampled_from(["statuses", "messages", "errors", "user_preferences", "calls"]),
    json_values | st.lists(st.just(SENT), max_size=2),
)


@given(
    st.lists(st.tuples(st.sampled_from(["messages", "user_preferences", "x"]), lists), max_size=3)
)
def test_the_parts_say_together_what_the_whole_says(told: list[tuple[str, object]]) -> None:
    changes = [{"field": field, "value": value} for field, value in told]
    payload = {"entry": [{"changes": changes}]}
    parts = [event for _, part in alone(payload) for event in read_webhook(part)]
    whole = list(read_webhook(payload))
    clear = [event for event in parts if not isinstance(event, Unknown) or event.broken]
    assert clear == [event for event in whole if not isinstance(event, Unknown) or event.broken]
