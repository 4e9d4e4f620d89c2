"""What the demo's shop tells of orders: the templates that come with winback, and its own words around them."""

from collections.abc import Iterator
from typing import Final

from agent.commands.demo.script import LANGUAGES, OTHERWISE, OWN
from agent.config.order_news import NEWS, News
from agent.config.schema import keys_of
from agent.rules.shipped import SHIPPED
from agent.rules.templates import UTILITY
from agent.rules.wording import placeholders
from agent.sandbox.whatsapp.whatsapp import WhatsApp

# What is written where a value is not known; the rest has a dash, or words of winback's in all three.
_OTHERWISE: Final = OTHERWISE | {
    "item_list": {"pt_BR": "o que você pediu", "es": "lo que pediste", "en": "what you ordered"},
    "review_url": {"pt_BR": "nossa loja", "es": "nuestra tienda", "en": "our shop"},
}


def put_up_news_templates(whatsapp: WhatsApp) -> None:
    """Those of all order news, approved."""
    for one in SHIPPED.values():
        if one.category == UTILITY:
            whatsapp.add_template(
                one.name, one.language, one.category, body=one.body, footer=one.footer
            )


def news_config() -> str:
    """The sections of the config about order news, all of them on."""
    return "\n".join(_lines())


def _lines() -> Iterator[str]:
    for kind, section in NEWS.items():
        yield from (f"[order_news.{kind}]", "enabled = true", f'language = "{OWN}"')
        body = _default_body(section)
        if any(_name_in(text) in _OTHERWISE for text in body):
            yield f"body = {_said(body, OWN)}"
            for language in LANGUAGES:
                if language != OWN:
                    yield from ("", f"[order_news.{kind}.translations.{language}]")
                    yield f"body = {_said(body, language)}"
        yield ""


def _default_body(section: type[News]) -> tuple[str, ...]:
    body = keys_of(section)["body"].default
    assert isinstance(body, list)  # noqa: S101 - the templates that come with winback have numbers
    return tuple(body)


def _said(body: tuple[str, ...], language: str) -> str:
    """The default texts with what this shop says in the place of their English."""
    texts = []
    for text in body:
        name = _name_in(text)
        words = _OTHERWISE.get(name, {}).get(language)
        texts.append(f'"{{{name}|{words}}}"' if words else f'"{text}"')
    return f"[{', '.join(texts)}]"


def _name_in(text: str) -> str:
    [placeholder] = placeholders(text)
    return placeholder.name
