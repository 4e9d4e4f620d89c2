"""Alarms, dashboard and retention: what the operator sets."""

from datetime import timedelta

import pytest
from config_file import ConfigFile

from agent.config import Address


def test_by_default_nobody_is_told_and_the_dashboard_is_for_this_machine(
    config: ConfigFile,
) -> None:
    settings = config.minimal()
    assert (settings.alarms.email_to, settings.alarms.webhook_url) == ((), "")
    assert (settings.dashboard.enabled, settings.dashboard.password) == (True, "")
    assert settings.retention.webhooks == timedelta(days=90)


def test_all_of_it_can_be_set(config: ConfigFile) -> None:
    settings = config.minimal("""
[alarms]
email_to = ["ana@shop.example"]
smtp = "mail.shop.example:587"
smtp_security = "starttls"
webhook_url = "https://desk.example/alarm"
[dashboard]
password = "a-made-up-password"
language = "pt"
[retention]
webhooks = "7d"
""")
    assert settings.alarms.smtp == Address("mail.shop.example", 587)
    assert settings.dashboard.language == "pt"
    assert settings.retention.webhooks == timedelta(days=7)


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ('[alarms]\nemail_to = ["Ana <ana@shop.example>"]', "email_to: entry 1"),
        ('[alarms]\nemail_from = "shop"', "email_from: is"),
        ('[dashboard]\npassword = "short"', "password"),
        ('[retention]\nwebhooks = "1d"', "webhooks: is"),
    ],
)
def test_a_mistake_is_named(config: ConfigFile, lines: str, said: str) -> None:
    assert said in "\n".join(config.complaints_of(lines))
