"""What winback says of an order in its own words, in English, Spanish and Portuguese.

A status is a word or two that can follow "your order is" and "Status:" alike, as a shop's own name of a
status can: "being prepared", "Ready for pickup". What is to be done continues a sentence as well. In
another language neither is known, and the config's own words stand in.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from agent.rules import order_kinds as kinds
from agent.rules.languages import speaks

_UNPAID: Final = frozenset({"on-hold", "pending"})

EMOJI: Final[Mapping[str, str]] = MappingProxyType(
    {
        kinds.CONFIRMATION: "🧾",
        kinds.PROCESSING: "📦",
        kinds.ON_HOLD: "⏳",
        kinds.COMPLETED: "✅",
        kinds.CANCELLED: "❌",
        kinds.REFUNDED: "💳",
        kinds.PARTLY_REFUNDED: "💳",
        kinds.SHIPPING: "🚚",
        kinds.DELIVERED: "📬",
        kinds.STATUS_UPDATE: "🔔",
    }
)
"""kind -> what stands for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Language:
    statuses: Mapping[str, str]  # by kind; {amount} is what was given back by now
    nothing: str  # to do
    pay: str
    ask: str  # where only the shop knows what its status means
    more: str  # {count} articles that are not named


_LANGUAGES: Final[Mapping[str, _Language]] = MappingProxyType(
    {
        "en": _Language(
            statuses={
                kinds.CONFIRMATION: "received",
                kinds.PROCESSING: "being prepared",
                kinds.ON_HOLD: "on hold until the payment is confirmed",
                kinds.COMPLETED: "completed",
                kinds.CANCELLED: "cancelled",
                kinds.REFUNDED: "refunded ({amount})",
                kinds.PARTLY_REFUNDED: "partly refunded ({amount} so far)",
                kinds.SHIPPING: "on its way",
                kinds.DELIVERED: "delivered",
            },
            nothing="nothing to do",
            pay="please complete the payment if you have not done so yet",
            ask="just ask us if you have a question",
            more="{count} more",
        ),
        "es": _Language(
            statuses={
                kinds.CONFIRMATION: "recibido",
                kinds.PROCESSING: "en preparación",
                kinds.ON_HOLD: "en espera hasta que se confirme el pago",
                kinds.COMPLETED: "completado",
                kinds.CANCELLED: "cancelado",
                kinds.REFUNDED: "reembolsado ({amount})",
                kinds.PARTLY_REFUNDED: "reembolsado en parte ({amount} hasta ahora)",
                kinds.SHIPPING: "en camino",
                kinds.DELIVERED: "entregado",
            },
            nothing="no tienes que hacer nada",
            pay="completa el pago si aún no lo has hecho",
            ask="si tienes alguna duda, pregúntanos",
            more="{count} más",
        ),
        "pt": _Language(
            statuses={
                kinds.CONFIRMATION: "recebido",
                kinds.PROCESSING: "em preparação",
                kinds.ON_HOLD: "em espera até que o pagamento seja confirmado",
                kinds.COMPLETED: "concluído",
                kinds.CANCELLED: "cancelado",
                kinds.REFUNDED: "reembolsado ({amount})",
                kinds.PARTLY_REFUNDED: "reembolsado em parte ({amount} até agora)",
                kinds.SHIPPING: "a caminho",
                kinds.DELIVERED: "entregue",
            },
            nothing="não é preciso fazer nada",
            pay="faça o pagamento, se ainda não o fez",
            ask="se tiver alguma dúvida, é só perguntar",
            more="mais {count}",
        ),
    }
)
"""By language, in whatever country: the words are chosen to be right in all of them."""


def emoji(kind: str) -> str:
    """What stands for this kind of news; statuses of the shop's own share one."""
    return EMOJI.get(kind, EMOJI[kinds.STATUS_UPDATE])


def status_text(kind: str, language: str, *, refunded: str) -> str:
    """What the order has come to; "" where we have no word for it. `refunded` is an amount as written."""
    words = _LANGUAGES.get(speaks(language))
    return words.statuses.get(kind, "").format(amount=refunded) if words else ""


def action_needed(kind: str, status: str, language: str) -> str:
    """What the customer has to do; "" in a language that we do not speak."""
    words = _LANGUAGES.get(speaks(language))
    if words is None:
        return ""
    if awaits_payment(kind, status):
        return words.pay
    return words.nothing if kind in kinds.KINDS else words.ask


def always_said(kind: str, language: str) -> dict[str, str]:
    """Placeholder -> what it says, for those that winback fills for every order in this language.

    How a status of the shop's own is called only the shop knows.
    """
    said = {
        "status_text": status_text(kind, language, refunded="0"),
        "action_needed": action_needed(kind, "", language),
    }
    return {name: text for name, text in said.items() if text}


def awaits_payment(kind: str, status: str) -> bool:
    """Is it on the customer to pay? One that was placed without a payment may be told as placed."""
    return kind == kinds.ON_HOLD or (kind == kinds.CONFIRMATION and status in _UNPAID)


def more(count: int, language: str) -> str:
    """So many more articles than those that are named; "" in a language that we do not speak."""
    words = _LANGUAGES.get(speaks(language))
    return words.more.format(count=count) if words else ""
