"""What a reload changed, by the names of the keys."""

from dataclasses import replace
from pathlib import Path

import pytest
from config_file import ConfigFile

from agent.config.differences import differences

CAMPAIGN = "[campaigns.we_miss_you]\n"


@pytest.mark.parametrize(
    ("before", "after", "changed"),
    [
        ("", "", []),
        ("", "[limits]\nper_7_days = 2\nper_30_days = 6\n", ["limits.per_30_days", "limits.per_7_days"]),
        ("", f"{CAMPAIGN}enabled = true\n", ["campaigns.we_miss_you.enabled"]),
        ("", "[order_news.order_completed]\nenabled = true\n", ["order_news.order_completed.enabled"]),
        ("", f'{CAMPAIGN}[campaigns.we_miss_you.translations.es]\nbody = ["qué tal", "aquí"]\n', ["campaigns.we_miss_you.translations.es"]),
        ("[alarms]\nwebhook_secret = \"a-secret-of-enough-letters\"\n", "[alarms]\nwebhook_secret = \"another-of-enough-letters\"\n", ["alarms.webhook_secret"]),
        ("[audience]\nexclude_roles = [\"a\"]\n", "[audience]\nexclude_roles = [\"a\", \"b\"]\n", ["audience.exclude_roles"]),
    ],
)  # fmt: skip
def test_keys_are_named_and_not_what_they_say(
    config: ConfigFile, before: str, after: str, changed: list[str]
) -> None:
    assert differences(config.minimal(before), config.minimal(after)) == changed


def test_the_path_of_the_file_is_no_key(config: ConfigFile) -> None:
    one = config.minimal()
    assert differences(one, replace(one, path=Path("/elsewhere"))) == []


def test_a_kind_of_news_that_is_new_is_named(config: ConfigFile) -> None:
    text = "[order_news.statuses.packed]\nenabled = true\n"
    [named] = differences(config.minimal(), config.minimal(text))
    assert named.startswith("order_news.")
