"""Templates -> pages, in the language of the shop."""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from flask import Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from agent.rules.phones import masked
from agent.web.dashboard import charts, names

if TYPE_CHECKING:
    from agent.web.dashboard.tongue import Tongue

FOLDER: Final = Path(__file__).parent / "templates"
HEADERS: Final[Mapping[str, str]] = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self' data:; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Robots-Tag": "noindex, nofollow",
    "Cache-Control": "no-store",
}


def page(template: str, say: "Tongue", status: int = 200, **facts: Any) -> Response:
    """`facts` are what the template shows; everything in them is escaped."""
    text = environment(say.language).get_template(template).render(say=say, **facts)
    return Response(text, status, mimetype="text/html")


@lru_cache(maxsize=4)
def environment(language: str) -> Environment:
    """The templates with the texts of one language. A name that a template does not know is an error."""
    from agent.web.dashboard.tongue import catalogue

    made = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
        auto_reload=False,
    )
    made.install_gettext_translations(catalogue(language), newstyle=True)  # type: ignore[attr-defined]  # the extension's
    made.globals.update(names=names, charts=charts, masked=masked)
    return made
