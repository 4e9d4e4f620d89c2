"""What a campaign and a kind of order news have in common: a switch, and what fills which template."""

from collections.abc import Mapping
from typing import ClassVar

from agent.config.kinds import Flag, Items
from agent.config.schema import section, setting
from agent.config.wordings import (
    LANGUAGE,
    TEMPLATE,
    Body,
    Translation,
    Translations,
    Wording,
    describe_placeholders,
)
from agent.rules.languages import speaks
from agent.rules.templates import TemplateMapping

EXPIRES_DOC = "A message that has waited this long to be sent is dropped: its moment has passed."

_HEADER_DOC = "What fills the variable in the template's header, if it has one: a list of one text."
_URL_DOC = (
    'What fills the variable at the end of the URL button, if the template has one; "" for none.'
)


def template_key(default: str) -> str:
    return setting(TEMPLATE, "Name of the approved WhatsApp template.", default=default)


def header_key(occasion: str) -> tuple[str, ...]:
    return setting(Items(Wording(occasion), most=1), _HEADER_DOC, default=[])


def body_key(occasion: str, default: list[str]) -> tuple[str, ...] | Mapping[str, str]:
    doc = (
        "What fills the variables in the template's body: a list of texts for {{1}}, {{2}}; a table "
        'for named ones, such as {name = "{first_name|there}"}. '
        f"{describe_placeholders(occasion)}"
    )
    return setting(Body(occasion), doc, default=default)


def url_suffix_key(occasion: str) -> str:
    return setting(Wording(occasion, suffix=True), _URL_DOC, default="")


def translations_key(occasion: str, section_name: str = "") -> Mapping[str, Translation]:
    """`section_name`: that of its section, where it is not one of the campaigns."""
    place = section_name or f"campaigns.{occasion}"
    doc = (
        "What is said differently in other languages in which the template is approved: "
        f"[{place}.translations.pt_BR] with body, header, url_suffix or template. A "
        "language that is not here is used with the texts above, if they say nothing in words but "
        "what stands after a |; whoever would read such a word is written to in `language` instead."
    )
    return setting(Translations(occasion, place), doc, default={})


@section
class Occasion:
    """What everything that is written has."""

    category: ClassVar[str] = "MARKETING"  # of the template, as WhatsApp calls it

    enabled: bool = setting(Flag(), "Whether this campaign writes to people.", default=False)
    template: str
    language: str = setting(
        LANGUAGE,
        "Language of the template, spelled as it was approved; people for whom there is none in "
        "theirs are written to in this one.",
        default="en",
    )
    header: tuple[str, ...]
    body: tuple[str, ...] | Mapping[str, str]
    url_suffix: str
    translations: Mapping[str, Translation]

    @property
    def opt_out_button(self) -> str:
        """Payload of the button that opts out; "" if there is none."""
        return ""

    @property
    def placeholders(self) -> frozenset[str]:
        """The names of all that has to be known to fill its templates, in every language."""
        mappings = map(self.mapping_in, (self.language, *self.translations))
        return frozenset(name for mapping in mappings for name in mapping.placeholders)

    @property
    def mapping(self) -> TemplateMapping:
        """What fills the template in the occasion's own language, as the rules take it."""
        return self.mapping_in(self.language)

    def mapping_in(self, language: str) -> TemplateMapping:
        """What fills the template in a language, be it translated or not."""
        said = self.translations.get(language)
        translated = said is not None and (said.header, said.body) != (None, None)
        said = said or Translation()
        return TemplateMapping(
            template=said.template or self.template,
            language=language,
            header=self.header if said.header is None else said.header,
            body=self.body if said.body is None else said.body,
            url_suffix=self.url_suffix if said.url_suffix is None else said.url_suffix,
            opt_out_payload=self.opt_out_button,
            borrowed=not translated and speaks(language) != speaks(self.language),
            category=self.category,
        )
