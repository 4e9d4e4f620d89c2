"""What the demo's shop says: its templates at WhatsApp in three languages, and what fills them."""

from collections.abc import Iterator
from types import MappingProxyType
from typing import Final

from agent.sandbox.whatsapp.whatsapp import WhatsApp

OWN: Final = "pt_BR"
LANGUAGES = {"pt_BR": "Portuguese", "es": "Spanish", "en": "English"}
OPT_OUT = {
    "pt_BR": "Não quero ofertas",
    "es": "No más ofertas",
    "en": "No more offers",
}
FOOTERS = {
    "pt_BR": "Responda PARAR para não receber mais ofertas",
    "es": "Responde BAJA para no recibir más ofertas",
    "en": "Reply STOP to get no more offers",
}

# What is written where a value is not known.
OTHERWISE = {
    "first_name": {"pt_BR": "tudo bem", "es": "qué tal", "en": "there"},
    "product_list": {"pt_BR": "algo para você", "es": "algo para ti", "en": "something for you"},
    "last_product": {"pt_BR": "sua última compra", "es": "tu última compra", "en": "your last order"},
    "price": {"pt_BR": "o mesmo preço", "es": "el mismo precio", "en": "the same price"},
}  # fmt: skip

# campaign -> what fills {{1}}, {{2}}, ...
FILLINGS = {
    "back_in_stock": ("first_name", "product_list", "price", "shop_url"),
    "price_drop": ("first_name", "product_list", "old_price", "price", "shop_url"),
    "loyalty_reward": ("first_name", "discount_percent", "coupon_code", "coupon_expires"),
    "new_arrivals": ("first_name", "product_list", "shop_url"),
    "we_miss_you": ("first_name", "last_product", "shop_url"),
}

# Here a message leaves some minutes after it is decided, and the next look is after an hour.
MORE = {"back_in_stock": ('wave_after = "45m"',)}

TEMPLATES = MappingProxyType(
    {
        "back_in_stock": {
            "pt_BR": "Olá {{1}}! Voltou: {{2}}, por {{3}}. Veja em {{4}} antes que acabe de novo.",
            "es": "¡Hola {{1}}! Ha vuelto: {{2}}, por {{3}}. Lo tienes en {{4}} hasta que se agote.",
            "en": "Hello {{1}}! It is back: {{2}}, for {{3}}. Find it at {{4}} while it is there.",
        },
        "price_drop": {
            "pt_BR": "Olá {{1}}! Baixou de preço: {{2}}, de {{3}} por {{4}}. Veja em {{5}} hoje.",
            "es": "¡Hola {{1}}! Ha bajado de precio: {{2}}, antes {{3}}, ahora {{4}}. Está en {{5}} hoy.",
            "en": "Hello {{1}}! It costs less now: {{2}}, was {{3}}, is {{4}}. Find it at {{5}} today.",
        },
        "loyalty_reward": {
            "pt_BR": "Olá {{1}}! Para você, que é de casa: {{2}} de desconto com o código {{3}}, até "
            "{{4}}. Esperamos a sua visita.",
            "es": "¡Hola {{1}}! Para ti, que eres de la casa: {{2}} de descuento con el código {{3}}, "
            "hasta el {{4}}. Te esperamos.",
            "en": "Hello {{1}}! For you, who know us well: {{2}} off with the code {{3}}, until {{4}}. "
            "We look forward to your visit.",
        },
        "new_arrivals": {
            "pt_BR": "Olá {{1}}! Chegou para você: {{2}}. Veja em {{3}} quando quiser.",
            "es": "¡Hola {{1}}! Ha llegado para ti: {{2}}. Pásate por {{3}} cuando quieras.",
            "en": "Hello {{1}}! New for you: {{2}}. Have a look at {{3}} when you like.",
        },
        "we_miss_you": {
            "pt_BR": "Olá {{1}}! Faz tempo que você levou {{2}}. Venha ver as novidades em {{3}} "
            "quando quiser.",
            "es": "¡Hola {{1}}! Hace tiempo que te llevaste {{2}}. Mira las novedades en {{3}} cuando "
            "quieras.",
            "en": "Hello {{1}}! It is a while since you chose {{2}}. See what is new at {{3}} when you "
            "like.",
        },
    }
)

# Who waited for something, or has a discount of their own, buys more often than others who read.
TEMPTING = MappingProxyType({"back_in_stock": 0.25, "price_drop": 0.2, "loyalty_reward": 0.3})


def put_up_templates(whatsapp: WhatsApp) -> None:
    """All of them, approved."""
    for campaign, languages in TEMPLATES.items():
        for language, body in languages.items():
            button = {"type": "QUICK_REPLY", "text": OPT_OUT[language]}
            whatsapp.add_template(
                campaign, language, body=body, footer=FOOTERS[language], buttons=[button]
            )


def campaigns_config() -> str:
    """The sections of the config about campaigns and languages."""
    return "\n".join(_lines())


def _lines() -> Iterator[str]:
    # what people speak there is none of the three: English is nearer than Portuguese
    yield from ("[languages]", 'countries = {DE = "en"}', "")
    for campaign, languages in TEMPLATES.items():
        yield f"[campaigns.{campaign}]"
        yield "enabled = true"
        yield f'language = "{OWN}"'
        yield f"body = {_body(campaign, OWN)}"
        yield 'opt_out_payload = "OPTOUT_MARKETING"'
        yield from MORE.get(campaign, ())
        yield ""
        for language in languages:
            if language != OWN:
                yield f"[campaigns.{campaign}.translations.{language}]"
                yield f"body = {_body(campaign, language)}"
                yield ""


def _body(campaign: str, language: str) -> str:
    said = []
    for name in FILLINGS[campaign]:
        otherwise = OTHERWISE.get(name, {}).get(language)
        # a price that dropped is known
        needed = otherwise and not (name == "price" and campaign == "price_drop")
        said.append(f'"{{{name}|{otherwise}}}"' if needed else f'"{{{name}}}"')
    return f"[{', '.join(said)}]"
