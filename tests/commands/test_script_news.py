"""The order news of the demo's shop: every kind fits its template in all three languages, and mixes none."""

from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sending_world import World

from agent.commands.demo.script import LANGUAGES
from agent.commands.demo.script_news import news_config, put_up_news_templates
from agent.config import load
from agent.rules.order_kinds import DELIVERED, KINDS
from agent.rules.shown import MessageFacts, OrderShown, ShipmentShown
from agent.rules.templates import compile_template, components, mixes_languages
from agent.rules.values import values
from agent.templates import judge


@pytest.mark.parametrize("kind", KINDS)
def test_the_demos_news_fit_in_every_language(world: World, kind: str) -> None:
    put_up_news_templates(world.whatsapp)
    templates: dict[tuple[str, str], Any] = {
        (one.name, one.language): one.listed() for one in world.whatsapp.templates.all()
    }
    path = world.write_config()
    path.write_text(f"{path.read_text('utf-8')}\n{news_config()}", encoding="utf-8")
    news = load(path, environ={}).news[kind]
    assert news.enabled
    judged = judge(news, templates)
    assert judged == {language: [] for language in LANGUAGES}
    # given an order of which next to nothing is known
    order = OrderShown(
        kind=kind, number="7", status="x", currency="BRL", total=100, item_count=1, refunded=50,
        shipment=ShipmentShown(number="J1"),
    )  # fmt: skip
    facts = MessageFacts(
        shop_name="Example", shop_url="https://shop.example", currency="BRL", zone=ZoneInfo("UTC")
    )
    for language in LANGUAGES:
        known = values(replace(facts, news=order), language, "pt_BR")
        mapping = news.mapping_in(language)
        assert not mixes_languages(mapping, known)
        [body] = components(compile_template(templates[kind, language]), mapping, known)
        texts = [one["text"] for one in body["parameters"]]
        assert all(texts)
        if language != "en":
            assert not {"there", "our shop", "what you ordered", "updated", "nothing to do"} & {
                *texts
            }
        if kind == DELIVERED:
            assert texts[-1] in {"nossa loja", "nuestra tienda", "our shop"}
