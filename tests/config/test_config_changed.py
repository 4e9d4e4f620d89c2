"""Keys that are given another value only to try it out."""

from datetime import timedelta

import pytest
from config_file import MINIMAL, ConfigFile

from agent.config import Settings, load_changed
from agent.config.changed import changes_from
from agent.errors import BadInput, ConfigError


def tried(config: ConfigFile, *texts: str, text: str = MINIMAL) -> Settings:
    return load_changed(config.write(text), changes_from(texts), environ={})


def test_values_are_written_as_in_the_config_or_without_their_quotes(config: ConfigFile) -> None:
    settings = tried(
        config,
        "limits.per_30_days=2",
        "audience.inactive_after=120d",
        'limits.quiet_from = "21:00"',
        "campaigns.we_miss_you.enabled=true",
        'audience.exclude_countries=["BR"]',
        "whatsapp.canary=[]",
    )
    assert settings.limits.per_30_days == 2
    assert settings.audience.inactive_after == timedelta(days=120)
    assert settings.limits.quiet_from.hour == 21
    assert settings.campaigns["we_miss_you"].enabled
    assert settings.audience.exclude_countries == ("BR",)
    assert settings.whatsapp.canary == ()


def test_the_rest_is_as_the_file_has_it(config: ConfigFile) -> None:
    text = f"{MINIMAL}\n[limits]\nper_7_days = 2\nper_30_days = 9\n"
    limits = tried(config, "limits.per_30_days=3", text=text).limits
    assert (limits.per_7_days, limits.per_30_days) == (2, 3)


def test_it_is_checked_like_the_config_and_stands_on_no_line(config: ConfigFile) -> None:
    text = f"{MINIMAL}\n[limits]\nper_7_days = -1\n"
    with pytest.raises(ConfigError) as caught:
        tried(config, "limits.per_30_days=many", "limits.nonsense=1", text=text)
    lines = caught.value.what.splitlines()
    assert [line for line in lines if line.startswith("[limits] per_30_days: ")]
    assert [line for line in lines if line.startswith("[limits]") and "nonsense" in line]
    assert [line for line in lines if ":14: [limits] per_7_days: " in line], lines


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("limits.per_30_days", "is no key with a value"),
        ("per_30_days=2", "is no key with a value"),
        ("limits..per=2", "is no key with a value"),
        ("shop.secret=cs_other", "shop.secret cannot be tried out"),
        ("database.path=/tmp/other.db", "database.path cannot be tried out"),
        ("whatsapp.token=EAAother", "whatsapp.token cannot be tried out"),
    ],
)
def test_what_cannot_be_tried(config: ConfigFile, text: str, said: str) -> None:
    with pytest.raises(BadInput, match=said) as caught:
        tried(config, text)
    assert "other" not in str(caught.value)  # it may be a secret


def test_a_key_is_no_section(config: ConfigFile) -> None:
    with pytest.raises(BadInput, match="per_7_days is a key, not a section"):
        tried(config, "limits.per_7_days.a=1", text=f"{MINIMAL}\n[limits]\nper_7_days = 1\n")
