"""The texts of the templates for the order news: of the category utility, and as plain as they can be.

Meta moves a template to marketing when there is anything in it that promotes something, or when it does
not say which order it is about ("Template categorization"); a question how one liked what one bought is
utility as long as it offers nothing. None has a button: a STOP is an answer.
"""

from typing import Final

from agent.rules.shipped_template import SHOP, ShippedTemplate, in_language
from agent.rules.templates import UTILITY

_NUMBER: Final = "1001"
_TRACKING: Final = "JD014600003"
_LINK: Final = f"{SHOP}/tracking/{_TRACKING}"

_ENGLISH: Final = in_language(
    "en",
    UTILITY,
    footer="Reply STOP for no more order messages",
    order_confirmation=(
        "Hello {{1}}! Thank you for your order. We have received it under the number {{2}}.\n"
        "Total: {{3}}\nItems: {{4}}\nEstimated delivery: {{5}}\n"
        "Please keep the number for any questions about it.",
        ("Ana", _NUMBER, "$89.00", "3", "December 1, 2026"),
    ),
    order_processing=(
        "Hello! There is news of your order {{1}}: it is now {{2}}. We take care of the rest.\n"
        "{{3}} On your side: {{4}}\nThank you for ordering from us.",
        (_NUMBER, "being prepared", "📦", "nothing to do"),
    ),
    order_on_hold=(
        "Hello! There is news of your order {{1}}: it is {{2}}. We go on with it right after that.\n"
        "{{3}} On your side: {{4}}\nIf you have paid already, there is nothing else to do.",
        (
            _NUMBER,
            "on hold until the payment is confirmed",
            "⏳",
            "please complete the payment if you have not done so yet",
        ),
    ),
    order_completed=(
        "Hello! Your order {{1}} in our shop has been {{2}}. Everything on our side is done.\n"
        "{{3}} On your side: {{4}}\nThank you for ordering from us.",
        (_NUMBER, "completed", "✅", "nothing to do"),
    ),
    order_cancelled=(
        "Hello! Your order {{1}} in our shop has been {{2}}. We will not go on with it.\n"
        "{{3}} On your side: {{4}}\nIf you did not expect this, please contact us.",
        (_NUMBER, "cancelled", "❌", "nothing to do"),
    ),
    order_refunded=(
        "Hello! Your order {{1}} in our shop has been {{2}}. It can take some days until the money "
        "reaches you.\n{{3}} On your side: {{4}}\nIf the amount looks wrong, please contact us.",
        (_NUMBER, "refunded ($89.00)", "💳", "nothing to do"),
    ),
    order_partly_refunded=(
        "Hello! There is news of the payment for your order {{1}}: it has been {{2}}. It can take "
        "some days until the money reaches you.\n{{3}} On your side: {{4}}\nIf the amount looks "
        "wrong, please contact us.",
        (_NUMBER, "partly refunded ($20.00 so far)", "💳", "nothing to do"),
    ),
    shipping_update=(
        "Hello! Your order {{1}} is on its way to you.\nCarrier: {{2}}\nTracking number: {{3}}\n"
        "Tracking link: {{4}}\nIt can take some hours until the carrier shows where it is.",
        (_NUMBER, "DHL", _TRACKING, _LINK),
    ),
    order_delivered=(
        "Hello {{1}}! Your order {{2}} has been delivered. This was in it: {{3}}\nIf anything is "
        "missing or damaged, please tell us. You can review the items here:\n{{4}}\nThank you for "
        "ordering from us.",
        ("Ana", _NUMBER, "Blue linen shirt and Straw hat", SHOP),
    ),
    order_status_update=(
        "Hello! There is news of your order {{1}} in our shop. Its status is now: {{2}}\nThank you "
        "for ordering from us.\n{{3}} Please note: {{4}}\nThis message is about that order only.",
        (_NUMBER, "Ready for pickup", "🔔", "just ask us if you have a question"),
    ),
)

_SPANISH: Final = in_language(
    "es",
    UTILITY,
    footer="Responde BAJA y no recibirás más mensajes de pedidos",
    order_confirmation=(
        "¡Hola, {{1}}! Gracias por tu pedido. Lo hemos recibido con el número {{2}}.\n"
        "Total: {{3}}\nArtículos: {{4}}\nEntrega estimada: {{5}}\n"
        "Guarda el número por si tienes alguna pregunta.",
        ("Ana", _NUMBER, "89,00 €", "3", "1 de diciembre de 2026"),
    ),
    order_processing=(
        "¡Hola! Hay novedades sobre tu pedido {{1}}: ahora está {{2}}. Nosotros nos ocupamos del "
        "resto.\n{{3}} Por tu parte: {{4}}\nGracias por comprar en nuestra tienda.",
        (_NUMBER, "en preparación", "📦", "no tienes que hacer nada"),
    ),
    order_on_hold=(
        "¡Hola! Hay novedades sobre tu pedido {{1}}: está {{2}}. Justo después seguimos con él.\n"
        "{{3}} Por tu parte: {{4}}\nSi ya has pagado, no tienes que hacer nada más.",
        (
            _NUMBER,
            "en espera hasta que se confirme el pago",
            "⏳",
            "completa el pago si aún no lo has hecho",
        ),
    ),
    order_completed=(
        "¡Hola! Tu pedido {{1}} en nuestra tienda ha sido {{2}}. Por nuestra parte, todo está hecho.\n"
        "{{3}} Por tu parte: {{4}}\nGracias por comprar en nuestra tienda.",
        (_NUMBER, "completado", "✅", "no tienes que hacer nada"),
    ),
    order_cancelled=(
        "¡Hola! Tu pedido {{1}} en nuestra tienda ha sido {{2}}. Ya no seguiremos con él.\n"
        "{{3}} Por tu parte: {{4}}\nSi no te lo esperabas, ponte en contacto con nosotros.",
        (_NUMBER, "cancelado", "❌", "no tienes que hacer nada"),
    ),
    order_refunded=(
        "¡Hola! Tu pedido {{1}} en nuestra tienda ha sido {{2}}. El dinero puede tardar unos días en "
        "llegarte.\n{{3}} Por tu parte: {{4}}\nSi el importe no es correcto, ponte en contacto con "
        "nosotros.",
        (_NUMBER, "reembolsado (89,00 €)", "💳", "no tienes que hacer nada"),
    ),
    order_partly_refunded=(
        "¡Hola! Hay novedades sobre el pago de tu pedido {{1}}: ha sido {{2}}. El dinero puede tardar "
        "unos días en llegarte.\n{{3}} Por tu parte: {{4}}\nSi el importe no es correcto, ponte en "
        "contacto con nosotros.",
        (_NUMBER, "reembolsado en parte (20,00 € hasta ahora)", "💳", "no tienes que hacer nada"),
    ),
    shipping_update=(
        "¡Hola! Tu pedido {{1}} va en camino.\nTransportista: {{2}}\nNúmero de seguimiento: {{3}}\n"
        "Enlace de seguimiento: {{4}}\nEl transportista puede tardar unas horas en mostrar dónde está.",
        (_NUMBER, "DHL", _TRACKING, _LINK),
    ),
    order_delivered=(
        "¡Hola, {{1}}! Tu pedido {{2}} ha sido entregado. Esto es lo que llevaba: {{3}}\nSi falta "
        "algo o ha llegado dañado, avísanos. Puedes valorar los artículos aquí:\n{{4}}\nGracias por "
        "comprar en nuestra tienda.",
        ("Ana", _NUMBER, "Camisa azul de lino y Sombrero de paja", SHOP),
    ),
    order_status_update=(
        "¡Hola! Hay novedades sobre tu pedido {{1}} en nuestra tienda. Su estado es ahora: {{2}}\n"
        "Gracias por comprar con nosotros.\n{{3}} Ten en cuenta: {{4}}\nEste mensaje trata solo de "
        "ese pedido.",
        (_NUMBER, "Listo para recoger", "🔔", "si tienes alguna duda, pregúntanos"),
    ),
)

_PORTUGUESE: Final = in_language(
    "pt_BR",
    UTILITY,
    footer="Responda SAIR e não receberá mais mensagens de pedidos",
    order_confirmation=(
        "Olá, {{1}}! Obrigado pelo seu pedido. Ele foi recebido com o número {{2}}.\n"
        "Total: {{3}}\nItens: {{4}}\nEntrega prevista: {{5}}\n"
        "Guarde o número caso tenha alguma dúvida.",
        ("Ana", _NUMBER, "R$ 89,00", "3", "1 de dezembro de 2026"),
    ),
    order_processing=(
        "Olá! Há novidades sobre o seu pedido {{1}}: ele está agora {{2}}. O resto é com a gente.\n"
        "{{3}} Da sua parte: {{4}}\nObrigado por comprar na nossa loja.",
        (_NUMBER, "em preparação", "📦", "não é preciso fazer nada"),
    ),
    order_on_hold=(
        "Olá! Há novidades sobre o seu pedido {{1}}: ele está {{2}}. Logo depois seguimos com ele.\n"
        "{{3}} Da sua parte: {{4}}\nSe você já pagou, não é preciso fazer mais nada.",
        (
            _NUMBER,
            "em espera até que o pagamento seja confirmado",
            "⏳",
            "faça o pagamento, se ainda não o fez",
        ),
    ),
    order_completed=(
        "Olá! O seu pedido {{1}} na nossa loja foi {{2}}. Da nossa parte, está tudo feito.\n"
        "{{3}} Da sua parte: {{4}}\nObrigado por comprar na nossa loja.",
        (_NUMBER, "concluído", "✅", "não é preciso fazer nada"),
    ),
    order_cancelled=(
        "Olá! O seu pedido {{1}} na nossa loja foi {{2}}. Não vamos seguir com ele.\n"
        "{{3}} Da sua parte: {{4}}\nSe você não esperava por isso, fale com a gente.",
        (_NUMBER, "cancelado", "❌", "não é preciso fazer nada"),
    ),
    order_refunded=(
        "Olá! O seu pedido {{1}} na nossa loja foi {{2}}. O dinheiro pode levar alguns dias para "
        "chegar.\n{{3}} Da sua parte: {{4}}\nSe o valor não estiver certo, fale com a gente.",
        (_NUMBER, "reembolsado (R$ 89,00)", "💳", "não é preciso fazer nada"),
    ),
    order_partly_refunded=(
        "Olá! Há novidades sobre o pagamento do seu pedido {{1}}: ele foi {{2}}. O dinheiro pode "
        "levar alguns dias para chegar.\n{{3}} Da sua parte: {{4}}\nSe o valor não estiver certo, "
        "fale com a gente.",
        (_NUMBER, "reembolsado em parte (R$ 20,00 até agora)", "💳", "não é preciso fazer nada"),
    ),
    shipping_update=(
        "Olá! O seu pedido {{1}} está a caminho.\nTransportadora: {{2}}\nCódigo de rastreio: {{3}}\n"
        "Link de rastreio: {{4}}\nA transportadora pode levar algumas horas para mostrar onde ele "
        "está.",
        (_NUMBER, "Correios", _TRACKING, _LINK),
    ),
    order_delivered=(
        "Olá, {{1}}! O seu pedido {{2}} foi entregue. Estes são os itens: {{3}}\nSe faltar algo ou "
        "algo tiver chegado com defeito, avise a gente. Você pode avaliar os itens aqui:\n{{4}}\n"
        "Obrigado por comprar na nossa loja.",
        ("Ana", _NUMBER, "Camisa azul de linho e Chapéu de palha", SHOP),
    ),
    order_status_update=(
        "Olá! Há novidades sobre o seu pedido {{1}} na nossa loja. O status dele agora é: {{2}}\n"
        "Obrigado por comprar com a gente.\n{{3}} Observação: {{4}}\nEsta mensagem é só sobre esse "
        "pedido.",
        (_NUMBER, "Pronto para retirada", "🔔", "se tiver alguma dúvida, é só perguntar"),
    ),
)

NEWS: Final[tuple[ShippedTemplate, ...]] = (*_ENGLISH, *_SPANISH, *_PORTUGUESE)
"""By language."""
