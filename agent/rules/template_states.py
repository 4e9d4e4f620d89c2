"""What Meta's states of a template mean for a shop: why it cannot be sent, and what there is to do.

Source: Meta's pages "Template management", "Template pausing" and the webhook "message template status
update", Graph versions 25 and 26.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

APPROVED: Final = "APPROVED"
MANAGER: Final = "WhatsApp Manager > Message templates"
_ANOTHER: Final = "make another one there, and name it as `template` in the config"


@dataclass(frozen=True, slots=True)
class TemplateTrouble:
    """Why a template cannot be sent now. `passes`: it does so by itself, and there is nothing to correct."""

    what: str
    fix: str
    passes: bool = False


_KNOWN: Final[Mapping[str, TemplateTrouble]] = {
    "PENDING": TemplateTrouble(
        "it waits for Meta's review, which takes up to a day",
        "nothing to do: winback looks every hour, and sends when it is approved",
        passes=True,
    ),
    "IN_APPEAL": TemplateTrouble(
        "Meta looks at it once more, because somebody appealed against its refusal",
        "nothing to do but wait: winback looks every hour, and sends when it is approved",
        passes=True,
    ),
    "PAUSED": TemplateTrouble(
        "Meta paused it because people did not like its messages: for 3 hours the first time, for 6 the second, "
        "and the third time it is disabled",
        "it goes on by itself, or in WhatsApp Manager where it does not; write to fewer people with it, or say "
        "something else",
        passes=True,
    ),
    "REJECTED": TemplateTrouble(
        "Meta refused it",
        f"{MANAGER} says why: edit it, which submits it once more, or appeal",
    ),
    "DISABLED": TemplateTrouble(
        "Meta disabled it for good, because people did not like its messages",
        f"{MANAGER}: {_ANOTHER}",
    ),
    "PENDING_DELETION": TemplateTrouble(
        "somebody is deleting it; its name cannot be taken again for 30 days",
        f"{MANAGER}: {_ANOTHER}",
    ),
    "DELETED": TemplateTrouble(
        "it was deleted; its name cannot be taken again for 30 days",
        f"{MANAGER}: {_ANOTHER}",
    ),
    "LIMIT_EXCEEDED": TemplateTrouble(
        "the account has as many templates as it may have",
        f"{MANAGER}: delete some that nothing uses, and submit it again",
    ),
    "ARCHIVED": TemplateTrouble(
        "it was put away because nothing was sent with it, and is deleted 28 days after that",
        f"{MANAGER}: take it out of the archive",
    ),
}  # fmt: skip


def trouble_of(status: str) -> TemplateTrouble | None:
    """What a status means, "" for one that WhatsApp did not tell; None where the template can be sent."""
    if status == APPROVED:
        return None
    known = _KNOWN.get(status) or TemplateTrouble(
        "only an APPROVED one can be sent", f"{MANAGER} says what it is about"
    )
    told = f"the template is {status or 'without a status'}: {known.what}"
    return TemplateTrouble(told, known.fix, known.passes)


def remedy(reason: str, otherwise: str) -> str:
    """What to do where `reason` is all that is wrong with a template: `otherwise`, if it is none of its state."""
    troubles = filter(None, map(trouble_of, _KNOWN))
    return next((one.fix for one in troubles if one.what == reason), otherwise)
