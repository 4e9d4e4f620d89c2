"""The templates that come with winback: one for each campaign in English, Spanish and Portuguese.

They fit the default texts of the config, have numbered variables, and keep the rules that Meta's
page "Message templates" names: see tests/rules/test_shipped.py. Each can be refused by its reader in
two ways, by a button and by a reply; both say a word that is among the default stop words.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

MARKETING: Final = "MARKETING"

SHOP: Final = "{shop_url}"
"""Stands in an example for the address of the shop that submits it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShippedTemplate:
    """A template in one language. `examples` are one for each variable of the body, for the review."""

    name: str
    language: str
    category: str
    body: str
    examples: tuple[str, ...]
    footer: str
    stop: str  # the label of the button that opts out

    def request(self, shop_url: str) -> dict[str, Any]:
        """The body of POST /{WABA_ID}/message_templates."""
        examples = [shop_url if one == SHOP else one for one in self.examples]
        return {
            "name": self.name,
            "language": self.language,
            "category": self.category,
            "parameter_format": "POSITIONAL",
            "components": [
                {"type": "BODY", "text": self.body, "example": {"body_text": [examples]}},
                {"type": "FOOTER", "text": self.footer},
                {"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY", "text": self.stop}]},
            ],
        }


def _in(
    language: str, *, footer: str, stop: str, **bodies: tuple[str, tuple[str, ...]]
) -> list[ShippedTemplate]:
    """The templates of one language: name = (body, examples)."""
    return [
        ShippedTemplate(
            name=name,
            language=language,
            category=MARKETING,
            body=body,
            examples=examples,
            footer=footer,
            stop=stop,
        )
        for name, (body, examples) in bodies.items()
    ]


_ENGLISH: Final = _in(
    "en",
    footer="Reply STOP and we send no more offers",
    stop="Stop",
    back_in_stock=(
        "Hello {{1}}! Good news: {{2}} can be ordered again. There may not be many, so have a look "
        "while there are some:\n{{3}}\nWe are glad to tell you before it is gone.",
        ("Ana", "Blue linen shirt", SHOP),
    ),
    price_drop=(
        "Hello {{1}}! You had a look at {{2}} in our shop, and it costs less now than it did then. "
        "See it here:\n{{3}}\nThe price is right at this moment and may change again.",
        ("Ana", "Blue linen shirt", SHOP),
    ),
    loyalty_reward=(
        "Hello {{1}}! Thank you for being such a good customer. Here is a coupon that is for you "
        "alone: {{2}} off your next order with the code *{{3}}*, once and for a short time. You can "
        "use it at\n{{4}}\nand the discount is taken off at the checkout.",
        ("Ana", "15%", "WB7K2QX94MT", SHOP),
    ),
    new_arrivals=(
        "Hello {{1}}! Something new has come in, of the kind that you bought from us before: {{2}}. "
        "Have a look at it here:\n{{3}}\nWe hope that you like it.",
        ("Ana", "Blue linen shirt, Straw hat and Canvas bag", SHOP),
    ),
    we_miss_you=(
        "Hello {{1}}! It has been a while since your last order, and a good deal is new in our shop. "
        "Have a look:\n{{2}}\nIt would be lovely to see you again.",
        ("Ana", SHOP),
    ),
)

_SPANISH: Final = _in(
    "es",
    footer="Responde BAJA y no te enviaremos más ofertas",
    stop="Baja",
    back_in_stock=(
        "¡Hola, {{1}}! Buenas noticias: {{2}} se puede pedir otra vez. Puede que no haya muchas "
        "unidades, así que míralo mientras queden:\n{{3}}\nQueríamos avisarte antes de que se agote.",
        ("Ana", "Camisa azul de lino", SHOP),
    ),
    price_drop=(
        "¡Hola, {{1}}! Hace poco miraste {{2}} en nuestra tienda, y ahora cuesta menos que "
        "entonces. Míralo aquí:\n{{3}}\nEl precio es el de este momento y puede volver a cambiar.",
        ("Ana", "Camisa azul de lino", SHOP),
    ),
    loyalty_reward=(
        "¡Hola, {{1}}! Gracias por comprar tantas veces con nosotros. Este cupón es solo para ti: "
        "{{2}} de descuento en tu próximo pedido con el código *{{3}}*, una sola vez y por poco "
        "tiempo. Puedes usarlo en\n{{4}}\ny el descuento se aplica al finalizar la compra.",
        ("Ana", "15 %", "WB7K2QX94MT", SHOP),
    ),
    new_arrivals=(
        "¡Hola, {{1}}! Ha llegado algo nuevo, del tipo de lo que ya compraste en nuestra tienda: "
        "{{2}}. Míralo aquí:\n{{3}}\nEsperamos que te guste.",
        ("Ana", "Camisa azul de lino, Sombrero de paja y Bolso de lona", SHOP),
    ),
    we_miss_you=(
        "¡Hola, {{1}}! Ha pasado un tiempo desde tu último pedido, y hay muchas novedades en nuestra "
        "tienda. Échales un vistazo:\n{{2}}\nNos encantaría volver a verte.",
        ("Ana", SHOP),
    ),
)

_PORTUGUESE: Final = _in(
    "pt_BR",
    footer="Responda SAIR e não enviaremos mais ofertas",
    stop="Sair",
    back_in_stock=(
        "Olá, {{1}}! Boa notícia: {{2}} pode ser pedido de novo. Talvez não haja muitas unidades, "
        "então dê uma olhada enquanto ainda tem:\n{{3}}\nQueríamos avisar você antes que acabe.",
        ("Ana", "Camisa azul de linho", SHOP),
    ),
    price_drop=(
        "Olá, {{1}}! Há pouco tempo você viu {{2}} na nossa loja, e agora custa menos do que "
        "naquele dia. Veja aqui:\n{{3}}\nO preço é o deste momento e pode mudar de novo.",
        ("Ana", "Camisa azul de linho", SHOP),
    ),
    loyalty_reward=(
        "Olá, {{1}}! Obrigado por comprar tantas vezes com a gente. Este cupom é só seu: {{2}} de "
        "desconto no próximo pedido com o código *{{3}}*, uma única vez e por pouco tempo. Você pode "
        "usar em\n{{4}}\ne o desconto é aplicado ao finalizar a compra.",
        ("Ana", "15%", "WB7K2QX94MT", SHOP),
    ),
    new_arrivals=(
        "Olá, {{1}}! Chegou algo novo, do tipo do que você já comprou na nossa loja: {{2}}. Dê uma "
        "olhada aqui:\n{{3}}\nEsperamos que você goste.",
        ("Ana", "Camisa azul de linho, Chapéu de palha e Bolsa de lona", SHOP),
    ),
    we_miss_you=(
        "Olá, {{1}}! Faz um tempo desde o seu último pedido, e há muitas novidades na nossa loja. "
        "Dê uma olhada:\n{{2}}\nVai ser muito bom ter você de volta.",
        ("Ana", SHOP),
    ),
)

SHIPPED: Final[Mapping[tuple[str, str], ShippedTemplate]] = {
    (one.name, one.language): one for one in (*_ENGLISH, *_SPANISH, *_PORTUGUESE)
}
"""(name, language) -> template, in the order in which they are submitted."""


def approved(shop_url: str) -> dict[tuple[str, str], dict[str, Any]]:
    """(name, language) -> each as WhatsApp would describe it after its review."""
    return {key: one.request(shop_url) | {"status": "APPROVED"} for key, one in SHIPPED.items()}
