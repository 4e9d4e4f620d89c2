"""News of an order: each value by itself, and every template that comes with winback, filled and read."""

import re
from dataclasses import replace
from itertools import product
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.config.order_news import NEWS, StatusUpdate
from agent.config.schema import keys_of
from agent.rules import order_kinds, order_words
from agent.rules.as_seen import as_seen
from agent.rules.composing import Tongue, compose
from agent.rules.order_kinds import KINDS, STATUS_UPDATE, kind_of
from agent.rules.order_values import LONGEST_INSTRUCTIONS
from agent.rules.placeholders import KNOWN, fillable, needs_fallback
from agent.rules.shipped import approved
from agent.rules.shop_texts import address, plain, reviews
from agent.rules.shown import MessageFacts, OrderShown, ProductShown, ShipmentShown
from agent.rules.templates import TemplateMapping, compile_template, complaints, components
from agent.rules.values import values
from agent.rules.wording import LONGEST_VALUE, fill

SHIRT = ProductShown(name="Blue linen shirt", url="https://shop.example/product/blue-shirt/")
HAT = ProductShown(name="Straw hat", url="https://shop.example/product/straw-hat/")
OWN = kind_of("ready-for-pickup")
PARCEL = ShipmentShown(number="JD014600003", carrier="DHL", url="https://track.example/JD014600003")
BANK = "Please transfer the total to GB00 EXAM 0000 0000 0000 00, with the order number."
ORDER = OrderShown(
    kind=order_kinds.COMPLETED,
    number="1001",
    status="completed",
    currency="EUR",
    total=123450,
    item_count=4,
    items=(SHIRT, HAT),
    status_name="Ready for pickup",
    delivery="2026-12-01",
    payment_title="Direct bank transfer",
)
STATUS = {
    order_kinds.PROCESSING: "processing",
    order_kinds.ON_HOLD: "on-hold",
    order_kinds.CANCELLED: "cancelled",
    order_kinds.REFUNDED: "refunded",
    order_kinds.DELIVERED: "delivered",
    OWN: "ready-for-pickup",
}


def shown(kind: str, **more: object) -> OrderShown:
    """An order that has come to what news of this kind tell."""
    order = replace(ORDER, kind=kind, status=STATUS.get(kind, "completed"))
    if kind == order_kinds.SHIPPING:
        order = replace(order, shipment=PARCEL)
    if kind == order_kinds.PARTLY_REFUNDED:
        order = replace(order, refunded=2000)
    return replace(order, **more)  # type: ignore[arg-type]  # of any kind


def facts(order: OrderShown, region: str = "", first_name: str = "Ana") -> MessageFacts:
    return MessageFacts(
        shop_name="Example Shop",
        shop_url="https://shop.example",
        currency=order.currency,
        zone=ZoneInfo("Europe/Madrid"),
        first_name=first_name,
        region=region,
        news=order,
    )


def said(
    order: OrderShown, language: str = "en", shop_language: str = "en", region: str = ""
) -> dict[str, str]:
    return values(facts(order, region), language, shop_language)


# each value


@pytest.mark.parametrize("kind", [*KINDS, OWN])
@pytest.mark.parametrize("language", ["en", "es", "pt_BR", "de", "xx"])
def test_what_news_always_fill_they_always_fill(kind: str, language: str) -> None:
    """Fault 19: with the least that is known of an order."""
    least = OrderShown(
        kind=kind, number="7", status="x", currency="EUR", total=0, item_count=0,
        shipment=ShipmentShown(number="J1") if kind == order_kinds.SHIPPING else None,
    )  # fmt: skip
    known = said(least, language)
    place = kind if kind in KINDS else STATUS_UPDATE
    names = [one for one in fillable(place) if one in KNOWN and not needs_fallback(place, one)]
    assert "order_total" in names
    assert {name: known.get(name, "") != "" for name in names} == dict.fromkeys(names, True)


@pytest.mark.parametrize("kind", [*KINDS, OWN])
@pytest.mark.parametrize("language", ["en", "es", "pt_BR", "de"])
def test_what_is_always_said_is_said_of_any_order(kind: str, language: str) -> None:
    least = OrderShown(kind=kind, number="7", status="x", currency="EUR", total=0, item_count=0)
    known = said(least, language, shop_language="fr")
    always = order_words.always_said(kind, language)
    assert {name for name in always if known[name]} == {*always}
    ours = {"action_needed"} if kind == OWN else {"action_needed", "status_text"}
    assert {*always} == (set() if language == "de" else ours)


@pytest.mark.parametrize(
    ("minor", "currency", "us", "german", "brazilian"),
    [
        (123450, "EUR", "€1,234.50", "1.234,50 €", "€ 1.234,50"),
        (123450, "USD", "$1,234.50", "1.234,50 $", "US$ 1.234,50"),
        (123450, "BRL", "R$1,234.50", "1.234,50 R$", "R$ 1.234,50"),
        (1234, "JPY", "¥1,234", "1.234 ¥", "JP¥ 1.234"),
        (1234567, "KWD", "KWD 1,234.567", "1.234,567 KWD", "KWD 1.234,567"),
    ],
)
def test_amounts_are_in_the_orders_currency_and_the_readers_format(
    minor: int, currency: str, us: str, german: str, brazilian: str
) -> None:
    """Fault 20."""
    order = shown(order_kinds.REFUNDED, total=minor, currency=currency)
    for language, region, written in (
        ("en_US", "US", us), ("de_DE", "DE", german), ("pt_BR", "BR", brazilian)
    ):  # fmt: skip
        known = said(order, language, region=region)
        assert (known["order_total"], known["refund_amount"]) == (written, written)


def test_the_shop_may_be_in_another_currency_than_the_order() -> None:
    other = replace(facts(replace(ORDER, currency="BRL")), currency="EUR")
    assert values(other, "en")["order_total"] == "R$1,234.50"


@pytest.mark.parametrize(
    ("names", "language", "listed"),
    [
        (["Hat"], "en", "Hat"),
        (["Hat", "Coat", "Bag"], "en_GB", "Hat, Coat and Bag"),
        (["Hat", "Coat", "Bag", "Sock"], "en_GB", "Hat, Coat and 2 more"),
        (["Hat", "Coat", "Bag", "Sock"], "es", "Hat, Coat y 2 más"),
        (["Hat", "Coat", "Bag", "Sock", "Tie"], "pt_BR", "Hat, Coat e mais 3"),
        (["Hat", "Coat", "Bag", "Sock", "Tie"], "de", "Hat, Coat und Bag (+2)"),
        (["Hat", "Hat", " ", "<b></b>", "Hat"], "en", "Hat"),  # sizes of one product
        (["Hat &amp; Coat", "<b>Bag</b>"], "en", "Hat & Coat and Bag"),
        ([], "en", None),
    ],
)
def test_what_is_in_the_order_is_named(names: list[str], language: str, listed: str | None) -> None:
    items = tuple(ProductShown(name=name) for name in names)
    assert said(replace(ORDER, items=items), language).get("item_list") == listed


def test_long_names_share_the_room_of_one_value() -> None:
    items = tuple(ProductShown(name=f"{letter * 20} " * 9) for letter in "wxyz")
    for language in ("en", "de"):
        listed = fill("{item_list|x}", said(replace(ORDER, items=items), language))
        assert listed.startswith("w")
        assert listed.endswith(("2 more", "(+1)"))
        assert len(listed) <= LONGEST_VALUE


@pytest.mark.parametrize(
    ("delivery", "written"),
    [
        ("2026-12-01", "1 de diciembre de 2026"),
        ("entre el martes y el jueves", "entre el martes y el jueves"),
        ("2026-02-31", "2026-02-31"),
        ("3-5 d&iacute;as<br>", "3-5 días"),
        ("", None),
    ],
)
def test_when_it_should_arrive(delivery: str, written: str | None) -> None:
    assert said(replace(ORDER, delivery=delivery), "es").get("estimated_delivery") == written


@pytest.mark.parametrize(
    ("refunded", "kind", "written"),
    [
        (2000, order_kinds.PARTLY_REFUNDED, "€20.00"),
        (123450, order_kinds.REFUNDED, "€1,234.50"),
        (0, order_kinds.REFUNDED, "€1,234.50"),  # whoever sets the status has given all back
        (0, order_kinds.PARTLY_REFUNDED, "€0.00"),
        (2000, order_kinds.COMPLETED, "€20.00"),
        (0, order_kinds.COMPLETED, None),
    ],
)
def test_what_was_given_back(refunded: int, kind: str, written: str | None) -> None:
    known = said(shown(kind, refunded=refunded))
    assert known.get("refund_amount") == written
    if kind != order_kinds.COMPLETED:
        assert str(written) in known["status_text"]


@pytest.mark.parametrize(
    ("url", "written"),
    [
        ("https://track.example/?n=1&amp;c=2", "https://track.example/?n=1&c=2"),
        ("https://track.example/?n=1&copy=2", "https://track.example/?n=1&copy=2"),
        ("HTTP://track.example", "HTTP://track.example"),
        ("javascript:alert(1)", None),
        ("track.example/1", None),
        ('https://track.example/"><b>', None),
        ("https://track.example/a b", None),
        (f"https://track.example/{'x' * LONGEST_VALUE}", None),
        ("", None),
    ],
)
def test_only_an_address_that_leads_somewhere_is_given(url: str, written: str | None) -> None:
    order = shown(order_kinds.SHIPPING, shipment=ShipmentShown(number="1", url=url))
    known = said(order)
    assert known.get("tracking_url") == written
    assert "carrier_name" not in known
    assert known["tracking_number"] == "1"


def test_reviews_are_of_the_first_article_that_has_a_page() -> None:
    gone = ProductShown(name="Gone")
    assert said(replace(ORDER, items=(gone, HAT, SHIRT)))["review_url"] == f"{HAT.url}#reviews"
    # and of nothing else that the person ever bought
    none = replace(facts(replace(ORDER, items=(gone,))), last_product=HAT)
    assert "review_url" not in values(none, "en")


# what is said of it


@pytest.mark.parametrize(
    ("kind", "status", "instructions", "language", "action"),
    [
        ("order_on_hold", "on-hold", BANK, "en", BANK),
        ("order_on_hold", "on-hold", BANK, "es", BANK),  # without it nothing is paid
        ("order_on_hold", "on-hold", BANK, "de", BANK),
        ("order_on_hold", "on-hold", "", "en", "please complete the payment if you have not done so yet"),
        ("order_on_hold", "on-hold", "", "pt_PT", "faça o pagamento, se ainda não o fez"),
        ("order_on_hold", "on-hold", "", "de", None),
        ("order_confirmation", "on-hold", BANK, "en", BANK),
        ("order_confirmation", "processing", BANK, "en", "nothing to do"),
        ("order_completed", "completed", BANK, "es_MX", "no tienes que hacer nada"),
        (OWN, "ready-for-pickup", BANK, "en", "just ask us if you have a question"),
        ("order_completed", "completed", "", "de", None),
    ],
)  # fmt: skip
def test_what_the_customer_has_to_do(
    kind: str, status: str, instructions: str, language: str, action: str | None
) -> None:
    known = said(
        replace(ORDER, kind=kind, status=status, payment_instructions=instructions), language
    )
    assert known.get("action_needed") == action


def test_how_to_pay_is_whole_or_not_said() -> None:
    fits = "1" * LONGEST_INSTRUCTIONS
    known = said(shown(order_kinds.ON_HOLD, payment_instructions=f"<p>{fits}</p>"))
    assert fill("Pay: {action_needed|x}", known) == f"Pay: {fits}"
    assert fill("{payment_instructions|x}", known) == fits
    longer = said(shown(order_kinds.ON_HOLD, payment_instructions=f"{fits}1"))
    assert "payment_instructions" not in longer
    assert longer["action_needed"].startswith("please complete the payment")


@pytest.mark.parametrize(
    ("language", "shop_language", "name", "text"),
    [
        ("en", "en_GB", "Ready for <i>pickup</i>", "Ready for pickup"),
        ("es", "en", "Ready for pickup", None),
        ("en", "", "Ready for pickup", None),
        ("de", "de_DE", "Abholbereit", "Abholbereit"),
        ("en", "en", "", "Ready for pickup"),  # of its slug
    ],
)
def test_a_status_of_the_shops_own_has_a_name_in_the_shops_language(
    language: str, shop_language: str, name: str, text: str | None
) -> None:
    known = said(shown(OWN, status_name=name), language, shop_language)
    assert known.get("status_text") == text
    assert known["status_emoji"] == "🔔"


def test_there_are_words_for_every_kind_in_each_language() -> None:
    for kind, language in product(KINDS, ("en", "es", "pt")):
        assert order_words.status_text(kind, language, refunded="1")
        assert order_words.action_needed(kind, "x", language)
    assert {*order_words.EMOJI} == {*KINDS, STATUS_UPDATE}
    assert order_words.emoji("statuses.packed") == order_words.EMOJI[STATUS_UPDATE]
    assert order_words.status_text(STATUS_UPDATE, "en", refunded="") == ""


@pytest.mark.parametrize("language", ["de", "fr", "zh_CN", "xx"])
def test_in_other_languages_the_config_speaks(language: str) -> None:
    for kind in KINDS:
        known = said(shown(kind), language, language)
        assert not {"status_text", "action_needed"} & {*known}
        assert known["status_emoji"]


# texts of shops and plugins, whatever they are


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a &amp;amp; b", "a & b"),
        ("a &lt;b&gt;x&lt;/b&gt;", "a x"),
        ("a <b <i>>b", "a b"),
        ('a <a href="https://shop', "a"),
        ("a <!-- b", "a"),
        ("<style>p {x: y}</style>a<script>alert(1)</script >b", "a b"),
        ("a<\u200bb>c", "a c"),
        ("Black&copy=2 & white", "Black&copy=2 & white"),
        ("5 < 6 &#62; 4", "5 < 6 > 4"),
        ("a\r\n\tb     c", "a b c"),
    ],
)
def test_what_is_for_browsers_is_not_for_people(text: str, said: str) -> None:
    assert plain(text) == said


PIECES = [*'<>/&;"b!-#ami lt', *("\n", "\t", "\u200b", "\u200d", "\u00e9", "\ud83d"), "<b>", "&lt;", "&amp;", "     "]  # fmt: skip
TEXTS = st.lists(st.sampled_from(PIECES), max_size=40).map("".join) | st.text(max_size=600)
SHIPMENTS = st.builds(ShipmentShown, number=TEXTS.filter(plain), carrier=TEXTS, url=TEXTS)
ORDERS = st.builds(
    OrderShown,
    kind=st.sampled_from([*KINDS, OWN]),
    number=TEXTS.filter(plain),
    status=TEXTS,
    currency=st.sampled_from(["EUR", "USD", "BRL", "JPY", "KWD", "XTS"]),
    total=st.integers(0, 10**12),
    item_count=st.integers(0, 999),
    items=st.lists(st.builds(ProductShown, name=TEXTS, url=TEXTS), max_size=5).map(tuple),
    status_name=TEXTS,
    refunded=st.integers(0, 10**12),
    shipment=st.none() | SHIPMENTS,
    delivery=TEXTS,
    payment_title=TEXTS,
    payment_instructions=TEXTS,
)


@given(
    order=ORDERS,
    typed=TEXTS,
    language=st.sampled_from(["en", "es", "pt_BR", "de", "ar"]),
    shop_language=st.sampled_from(["en", "de", ""]),
)
def test_no_value_is_empty_has_lines_or_markup(
    order: OrderShown, typed: str, language: str, shop_language: str
) -> None:
    """Faults 19 and 20, whatever the shop, its plugins and its customers wrote."""
    row: dict[str, object] = {"number": typed, "email": typed, "status": typed, "coupons": [typed]}
    everything = replace(facts(order), order=row, customer=row, first_name=typed)
    for name, value in values(everything, language, shop_language).items():
        assert value == " ".join(value.split()) != "", name
        assert not re.search(r"</?[a-z][^<>]*>|<!--.*?-->", value, re.IGNORECASE), name
        value.encode()
        assert fill(f"{{{name}}}", {name: value})


def test_an_address_of_reviews_that_becomes_too_long_is_none() -> None:
    page = f"https://shop.example/{'x' * (LONGEST_VALUE - 25)}"
    assert address(page) == page
    assert reviews(page) == ""


# every template, as people get it


def mapping(kind: str, language: str) -> TemplateMapping:
    """What the config says as it comes."""
    section = NEWS.get(kind, StatusUpdate)
    keys = keys_of(section)
    return TemplateMapping(
        template=str(keys["template"].default),
        language=language,
        body=tuple(keys["body"].default),
        category=section.category,
        borrowed=language != "en",
    )


def message(order: OrderShown, language: str, region: str, first_name: str = "Ana") -> list[str]:
    """The lines of the message, by way of all that a real one goes through."""
    mappings = {one: mapping(order.kind, one) for one in ("en", "es", "pt_BR")}
    tongue = Tongue(order_language=language, shop_language=language, countries={})
    composed = compose(facts(order, region, first_name), tongue, mappings)
    template = approved("https://shop.example")[composed.template, composed.language]
    contract = compile_template(template)
    assert complaints(contract, mappings[composed.language]) == []
    filled = components(contract, mappings[composed.language], composed.values)
    return as_seen(template, filled).lines[:-2]  # without the footer


GOLDEN = {
    order_kinds.CONFIRMATION: {
        "en": [
            "Hello Ana! Thank you for your order. We have received it under the number 1001.",
            "Total: $1,234.50",
            "Items: 4",
            "Estimated delivery: December 1, 2026",
            "Please keep the number for any questions about it.",
        ],
        "es": [
            "¡Hola, Ana! Gracias por tu pedido. Lo hemos recibido con el número 1001.",
            "Total: 1.234,50 €",
            "Artículos: 4",
            "Entrega estimada: 1 de diciembre de 2026",
            "Guarda el número por si tienes alguna pregunta.",
        ],
        "pt_BR": [
            "Olá, Ana! Obrigado pelo seu pedido. Ele foi recebido com o número 1001.",
            "Total: R$ 1.234,50",
            "Itens: 4",
            "Entrega prevista: 1 de dezembro de 2026",
            "Guarde o número caso tenha alguma dúvida.",
        ],
    },
    order_kinds.PROCESSING: {
        "en": [
            "Hello! There is news of your order 1001: it is now being prepared. We take care of the rest.",
            "📦 On your side: nothing to do",
            "Thank you for ordering from us.",
        ],
        "es": [
            "¡Hola! Hay novedades sobre tu pedido 1001: ahora está en preparación. Nosotros nos "
            "ocupamos del resto.",
            "📦 Por tu parte: no tienes que hacer nada",
            "Gracias por comprar en nuestra tienda.",
        ],
        "pt_BR": [
            "Olá! Há novidades sobre o seu pedido 1001: ele está agora em preparação. O resto é com a gente.",
            "📦 Da sua parte: não é preciso fazer nada",
            "Obrigado por comprar na nossa loja.",
        ],
    },
    order_kinds.ON_HOLD: {
        "en": [
            "Hello! There is news of your order 1001: it is on hold until the payment is confirmed. We go on "
            "with it right after that.",
            "⏳ On your side: please complete the payment if you have not done so yet",
            "If you have paid already, there is nothing else to do.",
        ],
        "es": [
            "¡Hola! Hay novedades sobre tu pedido 1001: está en espera hasta que se confirme el pago. Justo "
            "después seguimos con él.",
            "⏳ Por tu parte: completa el pago si aún no lo has hecho",
            "Si ya has pagado, no tienes que hacer nada más.",
        ],
        "pt_BR": [
            "Olá! Há novidades sobre o seu pedido 1001: ele está em espera até que o pagamento seja "
            "confirmado. Logo depois seguimos com ele.",
            "⏳ Da sua parte: faça o pagamento, se ainda não o fez",
            "Se você já pagou, não é preciso fazer mais nada.",
        ],
    },
    order_kinds.COMPLETED: {
        "en": [
            "Hello! Your order 1001 in our shop has been completed. Everything on our side is done.",
            "✅ On your side: nothing to do",
            "Thank you for ordering from us.",
        ],
        "es": [
            "¡Hola! Tu pedido 1001 en nuestra tienda ha sido completado. Por nuestra parte, todo está hecho.",
            "✅ Por tu parte: no tienes que hacer nada",
            "Gracias por comprar en nuestra tienda.",
        ],
        "pt_BR": [
            "Olá! O seu pedido 1001 na nossa loja foi concluído. Da nossa parte, está tudo feito.",
            "✅ Da sua parte: não é preciso fazer nada",
            "Obrigado por comprar na nossa loja.",
        ],
    },
    order_kinds.CANCELLED: {
        "en": [
            "Hello! Your order 1001 in our shop has been cancelled. We will not go on with it.",
            "❌ On your side: nothing to do",
            "If you did not expect this, please contact us.",
        ],
        "es": [
            "¡Hola! Tu pedido 1001 en nuestra tienda ha sido cancelado. Ya no seguiremos con él.",
            "❌ Por tu parte: no tienes que hacer nada",
            "Si no te lo esperabas, ponte en contacto con nosotros.",
        ],
        "pt_BR": [
            "Olá! O seu pedido 1001 na nossa loja foi cancelado. Não vamos seguir com ele.",
            "❌ Da sua parte: não é preciso fazer nada",
            "Se você não esperava por isso, fale com a gente.",
        ],
    },
    order_kinds.REFUNDED: {
        "en": [
            "Hello! Your order 1001 in our shop has been refunded ($1,234.50). It can take some days until "
            "the money reaches you.",
            "💳 On your side: nothing to do",
            "If the amount looks wrong, please contact us.",
        ],
        "es": [
            "¡Hola! Tu pedido 1001 en nuestra tienda ha sido reembolsado (1.234,50 €). El dinero puede "
            "tardar unos días en llegarte.",
            "💳 Por tu parte: no tienes que hacer nada",
            "Si el importe no es correcto, ponte en contacto con nosotros.",
        ],
        "pt_BR": [
            "Olá! O seu pedido 1001 na nossa loja foi reembolsado (R$ 1.234,50). O dinheiro pode levar "
            "alguns dias para chegar.",
            "💳 Da sua parte: não é preciso fazer nada",
            "Se o valor não estiver certo, fale com a gente.",
        ],
    },
    order_kinds.PARTLY_REFUNDED: {
        "en": [
            "Hello! There is news of the payment for your order 1001: it has been partly refunded ($20.00 "
            "so far). It can take some days until the money reaches you.",
            "💳 On your side: nothing to do",
            "If the amount looks wrong, please contact us.",
        ],
        "es": [
            "¡Hola! Hay novedades sobre el pago de tu pedido 1001: ha sido reembolsado en parte (20,00 € "
            "hasta ahora). El dinero puede tardar unos días en llegarte.",
            "💳 Por tu parte: no tienes que hacer nada",
            "Si el importe no es correcto, ponte en contacto con nosotros.",
        ],
        "pt_BR": [
            "Olá! Há novidades sobre o pagamento do seu pedido 1001: ele foi reembolsado em parte (R$ 20,00 "
            "até agora). O dinheiro pode levar alguns dias para chegar.",
            "💳 Da sua parte: não é preciso fazer nada",
            "Se o valor não estiver certo, fale com a gente.",
        ],
    },
    order_kinds.SHIPPING: {
        "en": [
            "Hello! Your order 1001 is on its way to you.",
            "Carrier: DHL",
            "Tracking number: JD014600003",
            "Tracking link: https://track.example/JD014600003",
            "It can take some hours until the carrier shows where it is.",
        ],
        "es": [
            "¡Hola! Tu pedido 1001 va en camino.",
            "Transportista: DHL",
            "Número de seguimiento: JD014600003",
            "Enlace de seguimiento: https://track.example/JD014600003",
            "El transportista puede tardar unas horas en mostrar dónde está.",
        ],
        "pt_BR": [
            "Olá! O seu pedido 1001 está a caminho.",
            "Transportadora: DHL",
            "Código de rastreio: JD014600003",
            "Link de rastreio: https://track.example/JD014600003",
            "A transportadora pode levar algumas horas para mostrar onde ele está.",
        ],
    },
    order_kinds.DELIVERED: {
        "en": [
            "Hello Ana! Your order 1001 has been delivered. This was in it: Blue linen shirt and Straw hat",
            "If anything is missing or damaged, please tell us. You can review the items here:",
            "https://shop.example/product/blue-shirt/#reviews",
            "Thank you for ordering from us.",
        ],
        "es": [
            "¡Hola, Ana! Tu pedido 1001 ha sido entregado. Esto es lo que llevaba: Blue linen shirt y Straw hat",
            "Si falta algo o ha llegado dañado, avísanos. Puedes valorar los artículos aquí:",
            "https://shop.example/product/blue-shirt/#reviews",
            "Gracias por comprar en nuestra tienda.",
        ],
        "pt_BR": [
            "Olá, Ana! O seu pedido 1001 foi entregue. Estes são os itens: Blue linen shirt e Straw hat",
            "Se faltar algo ou algo tiver chegado com defeito, avise a gente. Você pode avaliar os itens aqui:",
            "https://shop.example/product/blue-shirt/#reviews",
            "Obrigado por comprar na nossa loja.",
        ],
    },
    OWN: {
        "en": [
            "Hello! There is news of your order 1001 in our shop. Its status is now: Ready for pickup",
            "Thank you for ordering from us.",
            "🔔 Please note: just ask us if you have a question",
            "This message is about that order only.",
        ],
        "es": [
            "¡Hola! Hay novedades sobre tu pedido 1001 en nuestra tienda. Su estado es ahora: Ready for pickup",
            "Gracias por comprar con nosotros.",
            "🔔 Ten en cuenta: si tienes alguna duda, pregúntanos",
            "Este mensaje trata solo de ese pedido.",
        ],
        "pt_BR": [
            "Olá! Há novidades sobre o seu pedido 1001 na nossa loja. O status dele agora é: Ready for pickup",
            "Obrigado por comprar com a gente.",
            "🔔 Observação: se tiver alguma dúvida, é só perguntar",
            "Esta mensagem é só sobre esse pedido.",
        ],
    },
}  # fmt: skip
WHERE = {"en": ("US", "USD"), "es": ("ES", "EUR"), "pt_BR": ("BR", "BRL")}


@pytest.mark.parametrize("kind", [*KINDS, OWN])
@pytest.mark.parametrize("language", WHERE)
def test_every_template_reads_as_it_should(kind: str, language: str) -> None:
    region, currency = WHERE[language]
    assert message(shown(kind, currency=currency), language, region) == GOLDEN[kind][language]


@pytest.mark.parametrize("kind", [*KINDS, OWN])
@pytest.mark.parametrize("language", WHERE)
def test_what_a_shop_does_not_know_turns_no_message_into_english(kind: str, language: str) -> None:
    """Neither a date of delivery, nor a carrier, nor a link: most shops have none of them."""
    bare = shown(kind, delivery="", payment_title="")
    if kind == order_kinds.SHIPPING:
        bare = replace(bare, shipment=ShipmentShown(number="JD1"))
    hello = {"en": "Hello", "es": "¡Hola", "pt_BR": "Olá"}[language]
    assert message(bare, language, WHERE[language][0])[0].startswith(hello)


def test_who_has_no_name_is_greeted_in_one_language() -> None:
    for kind in (order_kinds.CONFIRMATION, order_kinds.DELIVERED):
        assert message(shown(kind), "es", "ES", first_name="")[0].startswith("Hello there!")
