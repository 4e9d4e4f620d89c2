"""The section about whom winback tells of alarms."""

import pytest
from config_file import ConfigFile


def test_who_is_told_and_how(config: ConfigFile) -> None:
    settings = config.minimal("""
[alarms]
email_to = ["you@shop.example", "admin@shop.example"]
smtp = "smtp.shop.example:587"
smtp_security = "starttls"
smtp_user = "winback@shop.example"
smtp_password = "example-of-a-password"
webhook_url = "https://desk.example/alarms"
""")
    alarms = settings.alarms
    assert alarms.email_to == ("you@shop.example", "admin@shop.example")
    assert (alarms.smtp.host, alarms.smtp.port) == ("smtp.shop.example", 587)
    assert "example-of-a-password" not in repr(settings)


def test_a_mail_server_of_this_machine_needs_no_protection(config: ConfigFile) -> None:
    settings = config.minimal("""
[alarms]
smtp_user = "winback"
smtp_password = "example-of-a-password"
""")
    assert settings.alarms.smtp_security == "none"


@pytest.mark.parametrize(
    ("more", "complaint"),
    [
        ('email_to = ["You <you@shop.example>"]', 'write it alone, such as "you@shop.example"'),
        ('smtp_security = "ssl"', "starttls"),
        ('smtp = "mail.example:587"\nsmtp_user = "a"\nsmtp_password = "b"', "smtp_security: is none, so that anybody"),
        ('smtp_user = "a"', "smtp_user: is set without smtp_password"),
        ('smtp_password = "a"', "smtp_password: is set without smtp_user"),
        ('webhook_url = "http://desk.example"', "begin with https://"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_its_remedy(config: ConfigFile, more: str, complaint: str) -> None:
    (said,) = config.complaints_of(f"[alarms]\n{more}")
    assert said.startswith("[alarms] ")
    assert complaint in said
