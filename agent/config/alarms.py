"""The section about whom winback tells when somebody has to look after it."""

from datetime import timedelta

from agent.config.kinds import Choice, Duration, Items, Text, Whole
from agent.config.places import Address, Listen, PublicUrl
from agent.config.schema import optional_secret, section, setting

_ADDRESS = r"[^@\s<>,;:\"()\[\]\\]+@[^@\s<>,;:\"()\[\]\\]+"
_EMAIL = Text("an e-mail address", _ADDRESS, 'write it alone, such as "you@shop.example"')
_EMAIL_OR_NONE = Text(
    'an e-mail address, or ""',
    f"(?:{_ADDRESS})?",
    'write it alone, such as "winback@shop.example"',
)


@section
class Alarms:
    """What needs a person goes to the log and to `winback status`, and from there to you: once when it
    begins, and once when it is over."""

    email_to: tuple[str, ...] = setting(
        Items(_EMAIL), "Who is written to by e-mail; [] for nobody.", default=[]
    )
    email_from: str = setting(
        _EMAIL_OR_NONE,
        'Whom these e-mails come from; "" for the first of email_to.',
        default="",
    )
    smtp: Address = setting(
        Listen(), "The mail server that takes them, and its port.", default="127.0.0.1:25"
    )
    smtp_security: str = setting(
        Choice(("none", "starttls", "tls")),
        "How the way there is protected: starttls (port 587), tls (465), none for this machine's own.",
        default="none",
    )
    smtp_user: str = setting(
        Text(), 'The name to log in with; "" where the server asks for none.', default=""
    )
    smtp_password: str = optional_secret(
        "The password to it.", default="", hint="the mailbox's, or one made for programs", least=1
    )
    webhook_url: str = setting(
        PublicUrl(whole=True),
        'An address that gets each alarm by a POST of JSON, as the README shows; "" for none.',
        default="",
    )
    webhook_secret: str = optional_secret(
        'Signs what goes there: X-Winback-Signature is "sha256=" and the HMAC-SHA256 of the body in '
        "hexadecimal digits.",
        default="",
        hint="make one up (openssl rand -hex 24), and let the receiver check it",
        least=16,
    )
    stuck_after: timedelta = setting(
        Duration("10m", "1d"),
        "What should have happened for this long is an alarm: a message that is due and may leave, a "
        "webhook that waits, a shop that cannot be read.",
        default="1h",
    )
    free_mb: int = setting(
        Whole(50, 1_000_000),
        "Less space than this on the database's disk, in megabytes, is an alarm.",
        default=1_000,
    )
