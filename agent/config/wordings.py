"""The texts of a campaign or of order news: what they may say with {placeholders}."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from agent.config.complaints import Unfit, Wrong, each, found, nearest
from agent.config.kinds import Items, Kind, Text
from agent.config.schema import stranger
from agent.rules.placeholders import (
    CAMPAIGNS,
    CUSTOMER_FIELDS,
    KNOWN,
    ORDER_FIELDS,
    PATHS,
    can_fill,
    fillable,
    is_known,
    needs_fallback,
)
from agent.rules.wording import placeholders

LANGUAGE: Final = Text(
    "a language code of WhatsApp",
    r"[a-z]{2,3}(_[A-Z]{2,3})?",
    'write "en", "es" or "pt_BR": the country in capitals, after a _',
)
TEMPLATE: Final = Text(
    "the name of a template",
    r"[a-z0-9_]{1,512}",
    "write small letters, digits and _, as in WhatsApp Manager",
)


def describe_placeholders(campaign: str) -> str:
    """What the texts of a campaign or of order news may have, for the example."""
    names = (
        f"{{{name}|...}}" if needs_fallback(campaign, name) else f"{{{name}}}"
        for name in fillable(campaign)
        if name in KNOWN
    )
    which = "the newest" if campaign in CAMPAIGNS else "that"
    return (
        f"The texts may have {', '.join(names)}; {{order.FIELD|...}} of {which} order with "
        f"{', '.join(ORDER_FIELDS)}; {{customer.FIELD|...}} of the account with "
        f"{', '.join(CUSTOMER_FIELDS)}. What stands after a | is written when there is no such value."
    )


@dataclass(frozen=True)
class Wording(Kind[str]):
    """A text with those {placeholders} that the campaign can fill."""

    campaign: str
    suffix: bool = False  # of a URL: "" stands for none, and the paths are allowed

    @property
    def expected(self) -> str:
        return "a text with {placeholders}" + (', or ""' if self.suffix else "")

    def read(self, raw: object) -> str:
        if not isinstance(raw, str):
            raise self.refuse(raw, 'put it in double quotes: "..."')
        if not raw.strip():
            if self.suffix and not raw:
                return raw
            raise Unfit(Wrong("is an empty text", "write something: WhatsApp takes no empty value"))
        try:
            used = placeholders(raw)
        except ValueError as error:
            raise Unfit(Wrong(str(error), "write {name} or {name|fallback}")) from None
        wrongs = [
            wrong
            for placeholder in used
            if (wrong := self._judge(placeholder.name, placeholder.fallback))
        ]
        if wrongs:
            raise Unfit(*wrongs)
        return raw

    def _judge(self, name: str, fallback: str | None) -> Wrong | None:
        if not is_known(name):
            usable = fillable(self.campaign)
            near = nearest(name, usable)
            remedy = f"did you mean {{{near}}}?" if near else f"known are {', '.join(usable)}"
            return Wrong(f"{{{name}}} is not known", remedy)
        if not can_fill(self.campaign, name):
            others = " or ".join(sorted(KNOWN[name].by))
            return Wrong(f"{{{name}}} is nothing that {self.campaign} knows", f"use it in {others}")
        if name in PATHS and not self.suffix:
            return Wrong(f"{{{name}}} is the end of an address", "write {product_url} in a text")
        if fallback is None and needs_fallback(self.campaign, name):
            return Wrong(
                f"{{{name}}} can be empty, and WhatsApp takes no empty value",
                f"say what to write instead: {{{name}|...}}",
            )
        return None


@dataclass(frozen=True)
class Body(Kind["tuple[str, ...] | Mapping[str, str]"]):
    """The variables of a template: a list for {{1}}, {{2}}; a table for {{name}}."""

    campaign: str

    @property
    def expected(self) -> str:
        return "a list of texts, or a table of variable = text"

    def read(self, raw: object) -> tuple[str, ...] | Mapping[str, str]:
        wording = Wording(self.campaign)
        if isinstance(raw, list):
            return tuple(each(enumerate(raw), wording.read))
        if isinstance(raw, dict):
            strange = [
                Wrong(
                    "is no name of a template variable",
                    "use small letters, digits and _, as the template does",
                    (name,),
                )
                for name in raw
                if not re.fullmatch(r"[a-z0-9_]+", name)
            ]
            if strange:
                raise Unfit(*strange)
            texts = each(raw.items(), wording.read)
            return MappingProxyType(dict(zip(raw, texts, strict=True)))
        raise self.refuse(
            raw, 'write ["{shop_url}"] for {{1}}, or {shop = "{shop_url}"} for {{shop}}'
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Translation:
    """What is said differently in one language; None: as the campaign says it."""

    template: str | None = None
    header: tuple[str, ...] | None = None
    body: tuple[str, ...] | Mapping[str, str] | None = None
    url_suffix: str | None = None


@dataclass(frozen=True)
class Translations(Kind[Mapping[str, Translation]]):
    """Language -> what is said differently in it."""

    campaign: str
    section: str

    expected = 'a table such as {pt_BR = {body = ["..."]}}'

    def read(self, raw: object) -> Mapping[str, Translation]:
        if not isinstance(raw, dict):
            raise self.refuse(raw, f"write [{self.section}.translations.pt_BR]")
        strange = [wrong for name in raw if (wrong := self._judge(name))]
        try:
            read = each(raw.items(), self._read_one)
        except Unfit as unfit:
            raise Unfit(*strange, *unfit.wrongs) from None
        if strange:
            raise Unfit(*strange)
        return MappingProxyType(dict(zip(raw, read, strict=True)))

    def _judge(self, name: str) -> Wrong | None:
        try:
            LANGUAGE.read(name)
        except Unfit:
            return Wrong("is no language code of WhatsApp", LANGUAGE.remedy, (name,))
        return None

    def _read_one(self, raw: object) -> Translation:
        if not isinstance(raw, dict):
            raise Unfit(Wrong(f"is {found(raw)}, not a table", 'write {body = ["..."]}'))
        kinds: dict[str, Kind[object]] = {
            "template": TEMPLATE,
            "header": Items(Wording(self.campaign), most=1),
            "body": Body(self.campaign),
            "url_suffix": Wording(self.campaign, suffix=True),
        }
        strange = [stranger(name, [*kinds])._replace(inside=(name,)) for name in raw.keys() - kinds]
        given = [name for name in kinds if name in raw]
        try:
            values = each(
                ((name, name) for name in given), lambda name: kinds[name].read(raw[name])
            )
        except Unfit as unfit:
            raise Unfit(*strange, *unfit.wrongs) from None
        if strange:
            raise Unfit(*strange)
        return Translation(**dict(zip(given, values, strict=True)))  # type: ignore[arg-type]
