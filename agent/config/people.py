"""The sections about people: who agreed, how much they bear, whom we seek."""

from collections.abc import Mapping
from datetime import time, timedelta

from agent.config.kinds import Duration, Flag, Items, Text, TimeOfDay, Whole
from agent.config.languages import Texts
from agent.config.places import Country
from agent.config.schema import section, setting

_LINE = Text("a text on one line", r"\S.*", "write something, without white space before it")
META_KEY = Text("a meta key", r"\S+", "write it without spaces, as the shop stores it")
_SLUG = Text("a name of small letters", r"[a-z0-9_-]+", "use small letters, digits, - and _")
STATUS = Text(
    "an order status", r"(?!wc-)[a-z0-9_-]+", 'write it as the REST API does, without "wc-"'
)
_EMAIL = Text("an e-mail address", r"[^@\s]+@[^@\s]+", 'write it whole: "someone@shop.example"')


@section
class Consent:
    """Who may be written to, and what takes that back. Without consent nobody is written to."""

    order_meta: tuple[str, ...] = setting(
        Items(META_KEY),
        "Meta keys of orders in which a checkout box stores the consent to marketing.",
        default=["_winback_marketing", "_wa_marketing_consent"],
    )
    customer_meta: tuple[str, ...] = setting(
        Items(META_KEY),
        "The same for customers.",
        default=["winback_marketing", "wa_marketing_consent"],
    )
    order_news_order_meta: tuple[str, ...] = setting(
        Items(META_KEY),
        "Meta keys of orders in which a checkout box stores the consent to order news. It is another "
        "one than that to marketing, and placing an order is none.",
        default=["_winback_order_news"],
    )
    order_news_customer_meta: tuple[str, ...] = setting(
        Items(META_KEY), "The same for customers.", default=["winback_order_news"]
    )
    yes: tuple[str, ...] = setting(
        Items(_LINE, least=1), "Values there that mean consent.", default=["yes", "1", "true", "on"]
    )
    refusals: tuple[str, ...] = setting(
        Items(_LINE),
        "Values there that take a consent back. All others, and none, say nothing.",
        default=["refused", "withdrawn", "stop"],
    )
    stop_words: tuple[str, ...] = setting(
        Items(_LINE, least=1),
        "A reply that is one of these, and nothing else, takes the consent to marketing back, and that "
        "to order news too where it answers such news. Case, accents and punctuation do not matter.",
        default=[
            *("STOP", "STOP ALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "OPT OUT"),
            *(
                "BAJA",
                "SALIR",
                "PARAR",
                "CANCELAR",
                "NO MAS",
                "NO MÁS",
                "SAIR",
                "NÃO QUERO",
                "STOPP",
            ),
            *("ABMELDEN", "ARRET", "ARRÊT", "DESABONNER", "BASTA", "CANCELLA", "AFMELDEN"),
        ],
    )
    stop_payloads: tuple[str, ...] = setting(
        Items(_LINE),
        "Payloads of buttons that take the consent to marketing back, and no other.",
        default=["OPTOUT_MARKETING"],
    )
    confirm_stop: bool = setting(
        Flag(),
        "Answer a STOP once, in its language, so that the person knows that it was heard. Since October "
        "2026 Meta charges for it what a utility message costs.",
        default=True,
    )
    confirmations: Mapping[str, str] = setting(
        Texts(),
        "What that answer says by language, where it is not what winback says: "
        '{en = "Done: no more offers."}.',
        default={},
    )


@section
class Limits:
    """How much marketing a person bears, and when."""

    per_7_days: int = setting(
        Whole(0, 7), "Most messages to a person in 7 consecutive days.", default=1
    )
    per_30_days: int = setting(
        Whole(0, 30), "Most messages to a person in 30 consecutive days.", default=4
    )
    quiet_from: time = setting(
        TimeOfDay(),
        "From this time on nothing is sent, in the recipient's time zone ...",
        default="22:00",
    )
    quiet_until: time = setting(
        TimeOfDay(), "... until this time. Two equal times mean no quiet hours.", default="08:00"
    )


@section
class Audience:
    """Whom the campaigns are for."""

    inactive_after: timedelta = setting(
        Duration("1d", "1825d"), "Who has not ordered for this long is quiet.", default="60d"
    )
    paid_statuses: tuple[str, ...] = setting(
        Items(STATUS, least=1),
        "Order statuses that mean paid; the shop's own ones can be added.",
        default=["processing", "completed"],
    )
    exclude_countries: tuple[str, ...] = setting(
        Items(Country()), 'Countries that are left alone, such as "DE".', default=[]
    )
    exclude_emails: tuple[str, ...] = setting(
        Items(_EMAIL), "E-mail addresses that are left alone.", default=[]
    )
    exclude_roles: tuple[str, ...] = setting(
        Items(_SLUG),
        'WordPress roles that are left alone, such as "wholesale_customer".',
        default=[],
    )
    backlog_per_day: int = setting(
        Whole(0, 100_000),
        "Most people a day who were quiet already before yesterday. At the start that is everybody.",
        default=200,
    )
    attempts_per_spell: int = setting(
        Whole(1, 20), "Most messages to a person until the next order.", default=3
    )
