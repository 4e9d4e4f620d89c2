"""The section about how long what is kept; see agent/jobs/housekeeping."""

from datetime import timedelta

from agent.config.kinds import Duration
from agent.config.schema import section, setting


@section
class Retention:
    """How long what is kept; what is older goes every night. Consent and what WhatsApp was asked to send
    stay: they are the proof, and the caps stand on them."""

    webhooks: timedelta = setting(
        Duration("7d", "400d"),
        "Webhooks as they came, after they were worked off, what WhatsApp told of single messages, and the "
        "confirmations of STOPs.",
        default="90d",
    )
    set_aside: timedelta = setting(
        Duration("30d", "1000d"), "What of them could not be worked off.", default="400d"
    )
    changes: timedelta = setting(
        Duration("90d", "1000d"),
        "What changed in stock, prices and orders; `winback simulate` looks back no further.",
        default="400d",
    )
    replies: timedelta = setting(
        Duration("7d", "1000d"),
        "What people wrote. Their consent stays, and so does a STOP.",
        default="400d",
    )
    texts: timedelta = setting(
        Duration("30d", "3650d"),
        "What the placeholders of messages stood for: names, products, amounts. That a message was sent, "
        "to whom, and what became of it stays: the caps and the report stand on it.",
        default="400d",
    )
    runs: timedelta = setting(
        Duration("7d", "400d"),
        "What the jobs did, and the daily samples of the mirror.",
        default="90d",
    )
