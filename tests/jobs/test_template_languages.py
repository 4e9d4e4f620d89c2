"""In which languages each campaign can be sent, and what is told of those in which it cannot."""

import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from jobs_stage import Counter

from agent.config import Settings
from agent.jobs.templates import judge_again, read_templates
from agent.rules.composing import Tongue, compose
from agent.rules.values import MessageFacts
from agent.templates import shop_language, usable_languages, usable_mappings
from models import CampaignStanding, ShopFact

TWO = "Hello {{1}}, see {{2}} for news."
CONFIG = "[campaigns.we_miss_you]\nenabled = true\n"
TRANSLATED = """
translations = {pt_BR = {body = ["{first_name|tudo bem}", "{shop_url}"]}, it = {template = "ci_manchi"}}
"""

pytestmark = pytest.mark.usefixtures("database")


class Account:
    """WhatsApp, as far as templates are concerned."""

    def __init__(self) -> None:
        self.found: dict[tuple[str, str], dict[str, Any]] = {}

    def add(self, language: str, name: str = "we_miss_you", **more: Any) -> None:
        self.found[name, language] = {
            "name": name,
            "language": language,
            "status": "APPROVED",
            "category": "MARKETING",
            "components": [{"type": "BODY", "text": more.pop("body", TWO)}],
        } | more

    def templates(self) -> list[dict[str, Any]]:
        return list(self.found.values())


@pytest.fixture
def account() -> Account:
    account = Account()
    for language in ("pt_BR", "es", "en"):
        account.add(language)
    return account


Read = Callable[[Settings], None]


@pytest.fixture
def read(account: Account, now: datetime, caplog: pytest.LogCaptureFixture) -> Read:
    """The templates are read, and `caplog` has what that told."""

    def reading(settings: Settings) -> None:
        caplog.clear()
        with caplog.at_level(logging.INFO):
            read_templates(account, settings, now=now)  # type: ignore[arg-type]

    return reading


def told(caplog: pytest.LogCaptureFixture) -> list[tuple[str, str, str]]:
    """(event, language, reason) of what was told of languages."""
    return [
        (one.message, one.fields["language"], one.fields.get("reason", ""))  # type: ignore[attr-defined]
        for one in caplog.records
        if "language" in one.message
    ]


@pytest.fixture
def only(write_settings: Callable[..., Settings]) -> Callable[..., Settings]:
    """Settings in which one campaign is on."""
    off = "[campaigns.loyalty_reward]\nenabled = false"
    return lambda more="": write_settings(f"{off}\n\n{CONFIG}{more}")


def test_every_approved_template_of_that_name_is_used_the_campaigns_own_first(
    account: Account, read: Read, only: Callable[..., Settings]
) -> None:
    """Fault 21."""
    account.add("fr", name="another")
    read(only())
    assert usable_languages(only())["we_miss_you"] == ("en", "es", "pt_BR")
    assert usable_languages(only('language = "es"\n'))["we_miss_you"] == ("es", "en", "pt_BR")
    assert usable_languages(only())["loyalty_reward"] == ()


def test_without_its_own_language_a_campaign_has_none(
    read: Read, only: Callable[..., Settings]
) -> None:
    settings = only('language = "fr"\n')
    read(settings)
    assert usable_languages(settings)["we_miss_you"] == ()
    assert (
        "no template 'we_miss_you' in the language 'fr'"
        in CampaignStanding.troubles()["we_miss_you"]
    )


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"status": "PAUSED"}, "the template is PAUSED"),
        ({"category": "UTILITY"}, "category UTILITY"),
        ({"body": "Oi {{1}}, tudo bem?"}, "body expects 1 value, the config gives 2"),
        ({"body": "Oi {{nome}}, veja {{loja}} hoje."}, "have names (nome, loja)"),
    ],
)
def test_a_language_that_does_not_fit_is_told_and_not_used(
    account: Account,
    read: Read,
    only: Callable[..., Settings],
    caplog: pytest.LogCaptureFixture,
    more: dict[str, Any],
    words: str,
) -> None:
    account.add("pt_BR", **more)
    read(only())
    [(event, language, reason)] = told(caplog)
    assert (event, language) == ("campaign.language_unusable", "pt_BR")
    assert words in reason
    # the campaign stands as its own language does
    assert CampaignStanding.troubles()["we_miss_you"] == ""
    assert usable_languages(only())["we_miss_you"] == ("en", "es")
    # it is told once, and when it is over
    read(only())
    assert told(caplog) == []
    account.add("pt_BR")
    read(only())
    assert told(caplog) == [("campaign.language_usable", "pt_BR", "")]


def test_a_language_whose_template_is_gone_is_told(
    account: Account, read: Read, only: Callable[..., Settings], caplog: pytest.LogCaptureFixture
) -> None:
    read(only())
    assert told(caplog) == []
    del account.found["we_miss_you", "es"]
    read(only())
    assert told(caplog) == [
        ("campaign.language_unusable", "es", "WhatsApp has its template no more")
    ]
    read(only())
    assert told(caplog) == []


def test_of_a_campaign_that_is_off_or_in_trouble_no_language_is_told(
    account: Account,
    read: Read,
    only: Callable[..., Settings],
    write_settings: Callable[..., Settings],
    caplog: pytest.LogCaptureFixture,
) -> None:
    account.add("pt_BR", status="PAUSED")
    read(write_settings("[campaigns.we_miss_you]\nenabled = false"))
    assert told(caplog) == []
    read(only('language = "fr"\n'))
    assert told(caplog) == []


def test_words_of_the_config_beside_its_placeholders_need_a_translation(
    read: Read, only: Callable[..., Settings], caplog: pytest.LogCaptureFixture
) -> None:
    settings = only('body = ["dear {first_name|friend}", "{shop_url}"]\n')
    read(settings)
    assert usable_languages(settings)["we_miss_you"] == ("en",)
    assert {(language, 'own words ("dear")' in reason) for _, language, reason in told(caplog)} == {
        ("es", True), ("pt_BR", True),
    }  # fmt: skip


def test_a_translation_may_have_words_and_a_template_of_its_own(
    account: Account, read: Read, only: Callable[..., Settings], caplog: pytest.LogCaptureFixture
) -> None:
    settings = only(TRANSLATED)
    read(settings)
    [(_, language, reason)] = told(caplog)
    assert (language, "no template 'ci_manchi' in the language 'it'" in reason) == ("it", True)
    account.add("it", name="ci_manchi")
    account.add("it")  # not this one
    read(settings)
    mappings = usable_mappings(settings)["we_miss_you"]
    assert [*mappings] == ["en", "it", "pt_BR", "es"]
    assert mappings["it"].template == "ci_manchi"
    assert mappings["pt_BR"].body == ("{first_name|tudo bem}", "{shop_url}")


def test_a_new_config_is_judged_by_the_templates_that_were_read(
    read: Read, only: Callable[..., Settings], now: datetime, caplog: pytest.LogCaptureFixture
) -> None:
    read(only())
    with caplog.at_level(logging.INFO):
        judge_again(only(TRANSLATED), now)
    assert [language for _, language, _ in told(caplog)] == ["it"]


def test_a_message_is_composed_of_what_can_be_sent(
    read: Read, only: Callable[..., Settings]
) -> None:
    """Fault 21: the whole way, from the templates to the words."""
    settings = only(TRANSLATED)
    read(settings)
    mappings = usable_mappings(settings)["we_miss_you"]
    somebody = MessageFacts(
        shop_name="Example Shop",
        shop_url="https://shop.example",
        currency="BRL",
        zone=ZoneInfo("America/Sao_Paulo"),
        region="BR",
    )
    tongue = Tongue(countries=settings.languages.countries)
    composed = compose(somebody, tongue, mappings)
    assert (composed.template, composed.language) == ("we_miss_you", "pt_BR")
    assert compose(somebody, Tongue(countries={"BR": "es"}), mappings).language == "en"


# the shop's own


def test_the_shop_tells_its_language(counter: Counter) -> None:
    assert ShopFact.all()["language"] == "en_US"
    assert shop_language(counter.settings, ShopFact.all()) == "en_US"


@pytest.mark.parametrize(
    ("config", "fact", "language"),
    [
        ('shop = "pt"', "de_DE_formal", "pt"),
        ('shop = ""', "de_DE_formal", "de_DE"),
        ('shop = ""', "", ""),
        ('shop = ""', None, ""),
    ],
)
def test_the_config_says_the_shops_language_before_wordpress(
    write_settings: Callable[..., Settings], config: str, fact: str | None, language: str
) -> None:
    facts = {} if fact is None else {"language": fact}
    assert shop_language(write_settings(f"[languages]\n{config}"), facts) == language
