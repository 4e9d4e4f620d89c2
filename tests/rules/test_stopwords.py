"""A message that says stop, and messages that only mention it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.rules.stopwords import is_stop

WORDS = ("STOP", "BAJA", "no más", "Iptal", "هیچ", "หยุด", "CANCELAR", "!!")


@pytest.mark.parametrize(
    "text",
    [
        "STOP",
        "stop",
        " Stop.\n",
        "«¡STOP!» 🛑️",
        "s t o p",
        "Stop! STOP!!",
        "\uff33\uff34\uff2f\uff30",
        "\U0001d412\U0001d413\U0001d40e\U0001d40f",
        "S\u200bTOP",
        "baja 🙏🏽",
        "NO MAS",
        "No  más...",
        "no ma\u0301s",
        "İPTAL",
        "\u0131ptal",
        "هِیچ",
        "หยุด",
    ],
)
def test_the_word_alone_is_a_stop_however_it_is_typed(text: str) -> None:
    assert is_stop(text, WORDS)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "🛑",
        "!!",
        "don't stop sending",
        "Stop by tomorrow?",
        "nonstop",
        "stopp",
        "la semana pasada di de baja mi tarjeta",
        "หยด",  # a drop: without its vowel sign the Thai word for stop is another word
    ],
)
def test_a_message_that_only_contains_the_word_is_no_stop(text: str) -> None:
    assert not is_stop(text, WORDS)


def test_without_words_nothing_is_a_stop() -> None:
    assert not is_stop("STOP", [])
    assert not is_stop("STOP", [""])


NOISE = st.text(alphabet=" \n\t.,!?¡¿\"'-_*~🛑🙏\u200b\u200e\ufe0f", max_size=6)


@given(before=NOISE, after=NOISE, word=st.sampled_from(["stop", "BAJA", "no mas", "Cancelar"]))
def test_noise_around_the_word_changes_nothing(before: str, after: str, word: str) -> None:
    assert is_stop(before + word + after, WORDS)


@given(before=st.from_regex(r"[a-z]{1,12}", fullmatch=True), text=st.text(max_size=20))
def test_a_word_before_it_makes_it_a_sentence(before: str, text: str) -> None:
    assert not is_stop(f"{before} {text} baja x", ["baja"])
