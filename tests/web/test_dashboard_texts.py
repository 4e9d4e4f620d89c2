"""Every text of the dashboard is in every catalogue, translated, and no catalogue has one that is gone."""

import re
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

import agent.web.dashboard
from agent.config.campaigns import PLANNED
from agent.rules.conditions import ASKED
from agent.rules.order_kinds import KINDS
from agent.rules.reasons import Why
from agent.rules.states import State
from agent.web.dashboard import names
from agent.web.dashboard.tongue import FOLDER, LANGUAGES

PAGES = Path(agent.web.dashboard.__file__).parent
TRANSLATED = [language for language in LANGUAGES if language != "en"]


def texts() -> Catalog:
    """All that the templates and the modules mark for translation."""
    found = Catalog()
    methods = [("**.html", "jinja2.ext:babel_extract"), ("**.py", "python")]
    keywords = {"_": None, "N_": None, "gettext": None, "ngettext": (1, 2)}
    for _, _, text, _, _ in extract_from_dir(PAGES, methods, keywords=keywords):
        found.add(text)
    return found


def catalogue(language: str) -> Catalog:
    with (FOLDER / language / "LC_MESSAGES" / "messages.po").open("rb") as file:
        return read_po(file, locale=language)


def variables(text: object) -> set[str]:
    forms = [text] if isinstance(text, str) else list(text)  # type: ignore[call-overload]
    return {name for form in forms for name in re.findall(r"%\((\w+)\)s|%%", form)}


@pytest.mark.parametrize("language", TRANSLATED)
def test_no_text_is_missing_and_none_is_stale(language: str) -> None:
    wanted = {one.id for one in texts() if one.id}
    known = catalogue(language)
    has = {one.id for one in known if one.id}
    assert wanted - has == set()
    assert has - wanted == set()
    assert not known.obsolete


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_text_is_translated_with_the_same_variables(language: str) -> None:
    for one in catalogue(language):
        if not one.id:
            continue
        forms = [one.string] if isinstance(one.string, str) else list(one.string)
        assert all(forms), one.id
        assert not one.fuzzy, one.id
        assert isinstance(one.id, str) == isinstance(one.string, str), one.id
        assert variables(one.string) == variables(one.id), one.id


def test_what_the_rules_may_say_has_a_name_that_is_translated() -> None:
    assert set(names.CAMPAIGNS) == {*PLANNED, *KINDS}
    assert set(names.STATES) == set(State)
    assert {name: str(why.value) for name, why in Why.__members__.items()} == dict(names.REASONS)
    assert dict(names.CONDITIONS) == ASKED
