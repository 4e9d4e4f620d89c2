"""The texts of a campaign: what they may say with {placeholders}."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from agent.config.complaints import Unfit, Wrong, each, nearest
from agent.config.kinds import Kind
from agent.rules.wording import COUPON_ONLY, KNOWN, placeholders


@dataclass(frozen=True)
class Wording(Kind[str]):
    """A text with {placeholders}; those about a coupon only where `coupons` are made."""

    coupons: bool
    blank: bool = False  # whether "" may stand for none

    @property
    def expected(self) -> str:
        return "a text with {placeholders}" + (', or ""' if self.blank else "")

    def read(self, raw: object) -> str:
        if not isinstance(raw, str):
            raise self.refuse(raw, 'put it in double quotes: "..."')
        if not raw.strip():
            if self.blank and not raw:
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
        usable = [known for known in KNOWN if self.coupons or known not in COUPON_ONLY]
        if name not in KNOWN:
            near = nearest(name, usable)
            remedy = f"did you mean {{{near}}}?" if near else f"known are {', '.join(usable)}"
            return Wrong(f"{{{name}}} is not known", remedy)
        if name not in usable:
            return Wrong(
                f"{{{name}}} is only for campaigns that make coupons", "use it in loyalty_reward"
            )
        if KNOWN[name] and fallback is None:
            return Wrong(
                f"{{{name}}} can be empty, and WhatsApp takes no empty value",
                f"say what to write instead: {{{name}|...}}",
            )
        return None


@dataclass(frozen=True)
class Body(Kind["tuple[str, ...] | Mapping[str, str]"]):
    """The variables of a template: a list for {{1}}, {{2}}; a table for {{name}}."""

    coupons: bool

    @property
    def expected(self) -> str:
        return "a list of texts, or a table of variable = text"

    def read(self, raw: object) -> tuple[str, ...] | Mapping[str, str]:
        wording = Wording(self.coupons)
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
