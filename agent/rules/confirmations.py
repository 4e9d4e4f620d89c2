"""What somebody who said STOP is answered, once: in their language, and no more than what is true."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from agent.rules.languages import choose_language, speaks

_OFFERS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "en": "You are unsubscribed: {shop} will send you no more offers here.",
        "es": "Baja confirmada: {shop} no te enviará más ofertas por aquí.",
        "pt_BR": "Cancelamento confirmado: {shop} não enviará mais ofertas por aqui.",
        "de": "Sie sind abgemeldet: {shop} schickt Ihnen hier keine Angebote mehr.",
        "fr": "Désinscription confirmée : {shop} ne vous enverra plus d'offres ici.",
        "it": "Iscrizione annullata: {shop} non ti invierà più offerte qui.",
        "nl": "U bent afgemeld: {shop} stuurt u hier geen aanbiedingen meer.",
    }
)
_EVERYTHING: Final[Mapping[str, str]] = MappingProxyType(
    {
        "en": "You are unsubscribed: {shop} will send you no more messages here.",
        "es": "Baja confirmada: {shop} no te enviará más mensajes por aquí.",
        "pt_BR": "Cancelamento confirmado: {shop} não enviará mais mensagens por aqui.",
        "de": "Sie sind abgemeldet: {shop} schickt Ihnen hier keine Nachrichten mehr.",
        "fr": "Désinscription confirmée : {shop} ne vous enverra plus de messages ici.",
        "it": "Iscrizione annullata: {shop} non ti invierà più messaggi qui.",
        "nl": "U bent afgemeld: {shop} stuurt u hier geen berichten meer.",
    }
)


def compose_confirmation(
    own: Mapping[str, str],
    *,
    everything: bool,
    shop_name: str,
    order_language: str,
    country: str,
    shop_language: str,
    countries: Mapping[str, str],
) -> tuple[str, str]:
    """The language and the text; in English where we speak none of theirs.

    `everything`: the STOP ended order news too. `own` are the shop's texts by language: one of these is
    taken as it is, and before ours, also in another country's form of the language.
    """

    def suited(available: tuple[str, ...]) -> str:
        return choose_language(order_language, country, shop_language, countries, available)

    language = suited((*_OFFERS, *own))
    same = tuple(one for one in own if speaks(one) == speaks(language))
    if same:
        language = suited(same)
        return language, own[language]
    text = (_EVERYTHING if everything else _OFFERS)[language]
    return language, text.format(shop=shop_name)
