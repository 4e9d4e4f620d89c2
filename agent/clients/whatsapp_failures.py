"""What goes wrong when we ask Meta about our account: each with what happened and what to do."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from agent.clients.outcomes import Action, action_of
from agent.errors import Refused, Retryable, Unauthorized, WinbackError

MANAGEMENT_PAUSE = 15 * 60.0  # seconds; the limits on management calls count by the hour

_GRANT = (
    "Meta Business settings -> Users -> System users: give the system user the WhatsApp account "
    "with full control, generate a token that never expires with whatsapp_business_messaging and "
    "whatsapp_business_management, and put it into [whatsapp] token"
)
_WRONG_ID = (
    "compare [whatsapp] phone_number_id and business_account_id with WhatsApp Manager -> API set-up "
    "(they are ids, not phone numbers), see that the token's user may use that account, and that "
    "[whatsapp] api_version knows every field that the message names"
)
_REMEDIES: Mapping[int, str] = {
    0: _GRANT,
    3: _GRANT,
    10: _GRANT,
    33: _WRONG_ID,
    100: _WRONG_ID,
    104: _GRANT,
    190: f"the token has expired or was withdrawn. {_GRANT}",
    368: "Meta has restricted the account: see Business Support Home for the reason and the appeal",
    2500: "see that [whatsapp] base_url and api_version are right",
    131031: "Meta has locked the account: see Business Support Home for the reason and the appeal",
    131042: "see that the account has a way to pay: WhatsApp Manager -> Overview -> Billing",
    131048: "people blocked or reported what we sent: send less, and to those who want it",
    133010: "register the number for the Cloud API: WhatsApp Manager -> Phone numbers",
    # of templates
    2388019: "the account has as many templates as it may: delete some in WhatsApp Manager",
    2388024: "a template of this name is there already in this language: see `winback templates list`",
    2388039: "the template cannot be changed now: it is in review, or was changed too often of late",
    2388040: "a part of the template is too long: see its text in `winback templates push --dry-run`",
    2388047: "the template's header is not as WhatsApp wants it",
    2388072: "the template's body is not as WhatsApp wants it",
    2388073: "the template's footer is not as WhatsApp wants it",
    2388293: "the template has too many variables for so short a text",
    2388299: "the template's text begins or ends with a variable",
}
_OF_TEMPLATES = range(2388000, 2389000)
_LONGEST_CODE = 12  # digits; Meta's have seven


def remedy(code: int) -> str:
    """What the owner can do about a code that stops all sending."""
    if 200 <= code < 300:
        return _GRANT
    return _REMEDIES.get(code, "see the account in WhatsApp Manager; `winback check` tells more")


@dataclass(frozen=True, slots=True)
class GraphError:
    """Meta's error object. Its code decides; HTTP statuses are no longer documented."""

    code: int
    detail: str
    fbtrace_id: str
    subcode: int = 0

    @classmethod
    def found_in(cls, answer: object, token: str) -> Self | None:
        """The error in an answer, or None. `error_data` may be an object, a text or missing.

        What Meta says to a person (`error_user_title`, `error_user_msg`: about templates) is a part
        of `detail`. Meta quotes a malformed token in full, so `token` is struck out of its words.
        """
        match answer:
            case {"error": {"code": int() | str() as code} as error} if (
                number := _number(code)
            ) is not None:
                said = [
                    error.get("message"),
                    _details(error.get("error_data")),
                    error.get("error_user_title"),
                    error.get("error_user_msg"),
                ]
                detail = ": ".join(str(part) for part in said if part)
                trace, subcode = error.get("fbtrace_id"), error.get("error_subcode", 0)
                return cls(
                    number,
                    _whole(detail.replace(token, "***")),
                    _whole(trace) if isinstance(trace, str) else "",
                    _number(subcode) or 0,
                )
        return None

    def failure(self, asked: str) -> WinbackError:
        """What a management call that was answered so raises."""
        what = (
            f"{asked}: WhatsApp answered {self.code} {self.detail} (fbtrace_id {self.fbtrace_id})"
        )
        if self.subcode in _OF_TEMPLATES:  # the code is 100 then, whatever was wrong
            return Refused(
                what,
                fix=_REMEDIES.get(self.subcode, "correct what Meta names, and submit it again"),
                code=str(self.subcode),
            )
        code = str(self.code)
        match action_of(self.code):
            case Action.RETRY:
                return Retryable(what, fix="winback asks again by itself: see metastatus.com")
            case Action.SLOW:
                fix = "Meta's limit on calls is reached; winback comes back by itself"
                return Retryable(what, fix=fix, after=MANAGEMENT_PAUSE)
        if self.code in (0, 3, 10, 104, 190) or 200 <= self.code < 300:
            return Unauthorized(what, fix=_REMEDIES.get(self.code, _GRANT), code=code)
        fix = _REMEDIES.get(self.code, "look the code up in Meta's list of WhatsApp error codes")
        return Refused(what, fix=fix, code=code)


def _number(said: object) -> int | None:
    """An error code, which relays write as text; None for what cannot be one, or fits no table."""
    written = str(said)
    if isinstance(said, bool) or not written.removeprefix("-").isdecimal():
        return None
    return int(written) if len(written) <= _LONGEST_CODE else None


def _whole(said: str) -> str:
    """Half an emoji, left where a text was cut off, becomes a question mark: no table holds it."""
    return said.encode(errors="replace").decode()


def _details(data: Any) -> object:
    return data.get("details") if isinstance(data, dict) else data
