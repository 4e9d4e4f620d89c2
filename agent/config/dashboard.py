"""The section about the pages that show it all in a browser."""

from agent.config.kinds import Choice, Flag
from agent.config.schema import optional_secret, section, setting


@section
class Dashboard:
    """Pages in a browser, at /dashboard of the address in [web]. Without a password they are for this
    machine alone: open them through `ssh -L 8087:127.0.0.1:8087`."""

    enabled: bool = setting(Flag(), "Whether there are any.", default=True)
    password: str = optional_secret(
        "Whoever knows it sees everything from anywhere that your web server passes on to winback.",
        default="",
        hint="make one up (openssl rand -base64 18)",
        least=12,
    )
    language: str = setting(
        Choice(("", "en", "es", "pt")),
        'Language of the pages; "" for the shop\'s, or English where there is no translation.',
        default="",
    )
