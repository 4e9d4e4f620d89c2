"""The templates that come with winback -> WhatsApp: submitted for review, each once."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from agent.clients.whatsapp import WhatsApp
from agent.errors import Refused, Unsure, WinbackError
from agent.rules.shipped import ShippedTemplate

THERE_ALREADY = "2388024"  # Meta's subcode for a name that is taken in that language


@dataclass(frozen=True, slots=True)
class Submitted:
    """What became of one. `status` and `category` are Meta's words; `error` is why it is not there."""

    template: ShippedTemplate
    new: bool = False
    status: str = ""
    category: str = ""
    error: WinbackError | None = None


def submit(
    whatsapp: WhatsApp,
    templates: Iterable[ShippedTemplate],
    *,
    known: Mapping[tuple[str, str], Mapping[str, Any]],
    shop_url: str,
) -> Iterator[Submitted]:
    """Submit those that are not among `known`. One that fails does not keep the others from it."""
    for template in templates:
        there = known.get((template.name, template.language))
        if there is not None:
            yield _found(template, there)
            continue
        try:
            answer = whatsapp.create_template(template.request(shop_url))
        except Unsure as error:
            yield _after_silence(whatsapp, template, error)
        except WinbackError as error:
            if isinstance(error, Refused) and error.code == THERE_ALREADY:
                yield _found(template, {})
            else:
                yield Submitted(template, error=error)
        else:
            yield Submitted(
                template,
                new=True,
                status=str(answer.get("status") or ""),
                category=str(answer.get("category") or ""),
            )


def _found(template: ShippedTemplate, there: Mapping[str, Any]) -> Submitted:
    return Submitted(
        template,
        status=str(there.get("status") or ""),
        category=str(there.get("category") or ""),
    )


def _after_silence(whatsapp: WhatsApp, template: ShippedTemplate, error: Unsure) -> Submitted:
    """Nobody told whether it was made: look."""
    try:
        found = whatsapp.templates()
    except WinbackError:  # the silence says more of what is wrong
        return Submitted(template, error=error)
    for one in found:
        if (one.get("name"), one.get("language")) == (template.name, template.language):
            return Submitted(
                template,
                new=True,
                status=str(one.get("status") or ""),
                category=str(one.get("category") or ""),
            )
    return Submitted(
        template,
        error=Unsure(
            f"{error.what}; it is not there now",
            fix="push once more in a few minutes: what is there by then is left alone",
        ),
    )
