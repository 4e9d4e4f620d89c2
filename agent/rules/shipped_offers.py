"""The texts of the templates for the campaigns. Each has a button that says stop."""

from typing import Final

from agent.rules.shipped_template import SHOP, ShippedTemplate, in_language
from agent.rules.templates import MARKETING

_ENGLISH: Final = in_language(
    "en",
    MARKETING,
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

_SPANISH: Final = in_language(
    "es",
    MARKETING,
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

_PORTUGUESE: Final = in_language(
    "pt_BR",
    MARKETING,
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

OFFERS: Final[tuple[ShippedTemplate, ...]] = (*_ENGLISH, *_SPANISH, *_PORTUGUESE)
"""By language."""
