"""What a person's statements come to: no yes, no message."""

from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.rules.consent import (
    COLUMNS,
    COUNTS,
    MARKETING,
    NO,
    NO_CONSENT,
    NOT_OVER_A_NO,
    ORDER_NEWS,
    OUTWEIGHED,
    PURPOSES,
    RESUMED,
    SWITCHED_ON,
    UNSAID,
    YES,
    ConsentFields,
    Said,
    Standing,
    meta_says,
    rules_of,
    standing,
    weighed,
)

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
LATER = NOON + SECOND
WORDS = ("yes", "1", "true", "on")
REFUSALS = ("refused", "withdrawn", "stop")

moments = st.integers(0, 5).map(lambda seconds: NOON + timedelta(seconds=seconds))
statements = st.builds(
    Said, says=st.sampled_from([YES, NO]), said_at=moments, imported=st.booleans()
)


def test_who_said_nothing_did_not_agree() -> None:
    assert standing([]) == Standing(UNSAID, None)


@pytest.mark.parametrize("imported", [False, True])
def test_a_yes_counts_wherever_it_comes_from(imported: bool) -> None:
    assert standing([Said(YES, NOON, imported)]) == Standing(YES, NOON)


def test_the_newest_statement_wins() -> None:
    assert standing([Said(YES, NOON), Said(NO, LATER)]) == Standing(NO, LATER)
    assert standing([Said(NO, NOON), Said(YES, LATER)]) == Standing(YES, LATER)


@pytest.mark.parametrize("imported", [False, True])
def test_a_no_wins_over_a_yes_of_the_same_instant(imported: bool) -> None:
    assert standing([Said(NO, NOON, imported), Said(YES, NOON, imported)]) == Standing(NO, NOON)
    assert standing([Said(YES, NOON, imported), Said(NO, NOON, imported)]) == Standing(NO, NOON)


def test_an_imported_yes_never_beats_the_persons_no() -> None:
    said = [Said(NO, NOON), Said(YES, LATER, imported=True)]
    assert standing(said) == Standing(NO, NOON)


def test_an_imported_yes_adds_nothing_once_the_person_said_no_and_then_yes() -> None:
    # given a person who came back after a no
    said = [Said(NO, NOON), Said(YES, LATER)]
    # when a list says yes still later, the standing rests on the person's own word
    later_still = LATER + timedelta(days=1)
    assert standing([*said, Said(YES, later_still, imported=True)]) == Standing(YES, LATER)


def test_an_imported_yes_that_was_there_before_the_no_does_not_count_either() -> None:
    said = [Said(YES, NOON, imported=True), Said(NO, LATER)]
    assert standing(said) == Standing(NO, LATER)


def test_an_imported_no_is_a_no() -> None:
    said = [Said(YES, NOON), Said(NO, LATER, imported=True)]
    assert standing(said) == Standing(NO, LATER)


def test_an_imported_no_counts_also_for_somebody_who_came_back() -> None:
    said = [Said(NO, NOON), Said(YES, LATER)]
    later_still = LATER + timedelta(days=1)
    assert standing([*said, Said(NO, later_still, imported=True)]) == Standing(NO, later_still)


def test_of_two_imported_lists_the_newer_wins() -> None:
    said = [Said(NO, NOON, imported=True), Said(YES, LATER, imported=True)]
    assert standing(said) == Standing(YES, LATER)


@given(st.lists(statements), st.randoms())
def test_neither_order_nor_repetition_makes_a_difference(said: list[Said], random: Random) -> None:
    mixed = said + random.sample(said, len(said) // 2)
    random.shuffle(mixed)
    assert standing(mixed) == standing(said)


@given(st.lists(statements))
def test_without_a_yes_there_is_no_yes(said: list[Said]) -> None:
    without = [one for one in said if one.says == NO]
    assert standing(without).answer != YES


@given(st.lists(statements, min_size=1))
def test_the_newest_explicit_statement_of_the_person_wins(said: list[Said]) -> None:
    own = [Said(one.says, one.said_at) for one in said]
    newest = max(one.said_at for one in own)
    last_words = {one.says for one in own if one.said_at == newest}
    assert standing(own) == Standing(NO if NO in last_words else YES, newest)


@given(st.lists(statements), st.lists(moments))
def test_an_import_never_overrides_a_refusal(said: list[Said], dates: list[datetime]) -> None:
    own = [one for one in said if not one.imported]
    imported = [Said(YES, moment, imported=True) for moment in dates]
    before = standing(own)
    if any(one.says == NO for one in own):
        assert standing([*own, *imported]) == before


@pytest.mark.parametrize(
    ("value", "meaning"),
    [
        ("yes", YES),
        (" YES ", YES),
        ("\uff59\uff45\uff53", YES),  # full-width letters
        ("1", YES),
        (1, YES),
        (True, YES),
        ("refused", NO),
        ("Withdrawn", NO),
        ("", UNSAID),
        ("  ", UNSAID),
        ("0", UNSAID),
        (0, UNSAID),
        (False, UNSAID),
        ("no", UNSAID),
        ("yes, but", UNSAID),
        (None, UNSAID),
        (1.0, UNSAID),
        (["yes"], UNSAID),
        ({"value": "yes"}, UNSAID),
    ],
)
def test_what_a_consent_field_means(value: object, meaning: str) -> None:
    assert meta_says(value, WORDS, REFUSALS) == meaning


def test_an_empty_word_in_the_settings_means_nothing() -> None:
    assert meta_says("", ["", "yes"], [""]) == UNSAID


def test_the_words_of_the_settings_are_folded_as_well() -> None:
    assert meta_says("sí", ["SÍ "], []) == YES


def test_a_word_on_both_lists_is_a_yes() -> None:
    # the order of the questions, so that nobody changes it without noticing
    assert meta_says("on", ["on"], ["on"]) == YES


@given(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(), st.lists(st.text()), st.floats())
)
def test_a_value_that_is_on_no_list_says_nothing(value: object) -> None:
    assert meta_says(value, [], []) == UNSAID


# the fields of an order or account

FIELDS = ConsentFields(
    keys={
        MARKETING: frozenset({"whatsapp_consent", "newsletter"}),
        ORDER_NEWS: frozenset({"order_updates", "sms"}),
    },
    yes=("yes", "1"),
    refusals=("refused",),
)
metas = st.lists(
    st.fixed_dictionaries(
        {
            "key": st.sampled_from(["whatsapp_consent", "newsletter", "order_updates", "other"]),
            "value": st.sampled_from(["yes", "refused", "", "maybe"]),
        }
    ),
    max_size=6,
)


def read(*meta: tuple[str, object]) -> tuple[str, str]:
    """What these fields say of marketing and of order news."""
    row = FIELDS.columns([{"key": key, "value": value} for key, value in meta])
    return row["consent"], row["news_consent"]


@pytest.mark.parametrize(
    ("marketing", "order_news"), [("newsletter", "sms"), ("whatsapp_consent", "order_updates")]
)
@pytest.mark.parametrize(("value", "says"), [("yes", YES), ("refused", NO), ("0", UNSAID)])
def test_each_field_is_about_its_own_purpose(
    marketing: str, order_news: str, value: str, says: str
) -> None:
    assert read((marketing, value)) == (says, UNSAID)
    assert read((order_news, value)) == (UNSAID, says)
    assert read(("other", value)) == (UNSAID, UNSAID)


@pytest.mark.parametrize(
    ("one", "other"), [("newsletter", "whatsapp_consent"), ("sms", "order_updates")]
)
def test_a_refusal_in_any_field_of_a_purpose_beats_a_yes_in_another(one: str, other: str) -> None:
    for meta in ([(one, "refused"), (other, 1)], [(other, 1), (one, "refused")]):
        assert NO in read(*meta)
    assert YES in read((one, ""), (other, True))


def test_an_entry_that_is_no_whole_one_says_nothing() -> None:
    row = FIELDS.columns([{"key": "newsletter"}, {"value": "yes"}, {}])
    assert (row["consent"], row["news_consent"]) == (UNSAID, UNSAID)


def test_one_field_may_be_about_both() -> None:
    both = ConsentFields({purpose: frozenset({"whatsapp"}) for purpose in PURPOSES}, ("yes",), ())
    row = both.columns([{"key": "whatsapp", "value": "yes"}])
    assert (row["consent"], row["news_consent"]) == (YES, YES)


@given(metas)
def test_what_is_said_of_one_purpose_never_shows_in_the_other(meta: list[dict[str, str]]) -> None:
    for purpose, column in COLUMNS.items():
        alone = [one for one in meta if one["key"] in FIELDS.keys[purpose]]
        others = [one for one in meta if one["key"] not in FIELDS.keys[purpose]]
        assert FIELDS.columns(meta)[column] == FIELDS.columns(alone)[column]
        assert FIELDS.columns(others)[column] == UNSAID


def fields(*, marketing: str = "a", order_news: str = "b", yes: str = "yes") -> ConsentFields:
    keys = {MARKETING: frozenset({marketing}), ORDER_NEWS: frozenset({order_news})}
    return ConsentFields(keys, (yes,), ("stop",))


def test_a_reading_tells_for_each_purpose_which_config_it_followed() -> None:
    ours = rules_of(fields().columns([])["consent_rule"])
    assert ours == rules_of(fields().fingerprint)
    assert ours.keys() == set(PURPOSES)

    other = rules_of(fields(order_news="c").fingerprint)
    assert (other[MARKETING] == ours[MARKETING], other[ORDER_NEWS] == ours[ORDER_NEWS]) == (
        True, False,
    )  # fmt: skip
    other = rules_of(fields(marketing="c").fingerprint)
    assert (other[MARKETING] == ours[MARKETING], other[ORDER_NEWS] == ours[ORDER_NEWS]) == (
        False, True,
    )  # fmt: skip
    other = rules_of(fields(yes="1").fingerprint)
    assert not set(other.values()) & set(ours.values())


def test_what_was_read_before_there_were_order_news_is_known_still() -> None:
    """The fingerprint of 0.1.0 for this config, as it stands in databases."""
    keys = {
        MARKETING: frozenset({"_winback_marketing", "_wa_marketing_consent"}),
        ORDER_NEWS: frozenset({"_winback_order_news"}),
    }
    now = ConsentFields(keys, WORDS, REFUSALS).fingerprint
    assert rules_of("4961bc2e94f61e2a") == {MARKETING: "4961bc2e94f61e2a"}
    assert rules_of(now)[MARKETING] == "4961bc2e94f61e2a"
    assert rules_of("") == {}


# WhatsApp's own switch


def switched(says: str, at: datetime) -> Said:
    return Said(says, at, switch=True)


def test_who_switches_marketing_on_again_takes_back_what_the_switch_said() -> None:
    said = [Said(YES, NOON), switched(NO, LATER), switched(RESUMED, LATER + SECOND)]
    assert standing(said[:2]).answer == NO
    assert standing(said) == Standing(YES, NOON)
    assert weighed(said) == [COUNTS, SWITCHED_ON, NO_CONSENT]


def test_and_nothing_else() -> None:
    said = [Said(NO, NOON), switched(NO, LATER), switched(RESUMED, LATER + SECOND)]
    assert standing(said) == Standing(NO, NOON)


def test_switching_on_is_no_consent() -> None:
    assert standing([switched(RESUMED, NOON)]) == Standing()
    assert standing([switched(NO, NOON), switched(RESUMED, LATER)]) == Standing()


def test_of_the_same_instant_the_no_stands() -> None:
    assert standing([switched(RESUMED, NOON), switched(NO, NOON)]).answer == NO


def test_a_list_counts_again_when_no_refusal_is_left() -> None:
    listed = Said(YES, NOON, imported=True)
    assert standing([listed, switched(NO, LATER)]).answer == NO
    assert standing([listed, switched(NO, LATER), switched(RESUMED, LATER + SECOND)]).answer == YES


# why


def test_each_statement_counts_or_says_why_not() -> None:
    said = [Said(NO, NOON), Said(YES, LATER, imported=True), Said(YES, NOON - SECOND)]
    assert weighed(said) == [COUNTS, NOT_OVER_A_NO, OUTWEIGHED]
    assert weighed([]) == []


@given(st.lists(statements | st.builds(switched, st.sampled_from([NO, RESUMED]), moments)))
def test_one_statement_at_most_counts_and_it_is_what_holds(said: list[Said]) -> None:
    weights = weighed(said)
    counting = [one for one, weight in zip(said, weights, strict=True) if weight == COUNTS]
    assert all(weights)
    if counting:
        [one] = counting
        assert standing(said) == Standing(one.says, one.said_at)
    else:
        assert standing(said) == Standing()
