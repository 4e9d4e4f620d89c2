"""What becomes of one send, and what an error code of WhatsApp asks of us."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType


class Action(Enum):
    """What to do about an error code."""

    RETRY = "retry"  # a passing trouble of Meta's: later, with growing pauses
    SLOW = "slow"  # too many requests: fewer of them, then again
    PAIR = "pair"  # too many to this person: only this person waits
    DEFER = "defer"  # not to this person for 24 hours at the least; one later try
    SUPPRESS_MARKETING = "suppress marketing"  # this person wants no marketing
    SUPPRESS_ALL = "suppress all"  # nothing can or may be sent to this person
    DROP = "drop"  # this message is over; the person and the campaign are not
    TEMPLATE = "template"  # stop this template until its list is read again
    ACCOUNT = "account"  # stop everything and tell the shop owner
    BUG = "bug"  # the request is wrong: never again unchanged


_CODES: Mapping[Action, tuple[int, ...]] = {
    # 1 and 131000 mean "unknown error". In an answer to our request they are received errors, so
    # nothing was sent and asking again is safe; see _BY_STATUS for the other case.
    Action.RETRY: (1, 2, 131000, 131016, 131057, 133004),
    Action.SLOW: (4, 80007, 130429, 132069),
    Action.PAIR: (131056,),
    Action.DEFER: (131049,),
    Action.SUPPRESS_MARKETING: (131050,),
    # We have blocked them; our business may not message their country; not on WhatsApp.
    Action.SUPPRESS_ALL: (130403, 130497, 131026),
    # In an experiment of Meta's; our own number; inbound media; another person has the number now.
    Action.DROP: (130472, 131021, 131052, 137000),
    # 132000 and 132012 are parameters that do not fit: the template has changed under us, or the
    # config is wrong. Every further message of it would fail alike. 134101: it is being synced.
    Action.TEMPLATE: (
        *(132000, 132001, 132007, 132012, 132015, 132016, 132018, 132068),
        134101,
    ),
    # 133xxx: the sender's number is not, or no longer, registered.
    Action.ACCOUNT: (
        *(0, 3, 10, 33, 104, 190, *range(200, 300), 368),
        *(131005, 131031, 131037, 131042, 131045, 131048, 131063, 131064),
        *(133000, 133005, 133006, 133008, 133009, 133010, 133015, 133016, 134011, 134102),
    ),
    Action.BUG: (
        *(100, 131008, 131009, 131030, 131047, 131051, 131053, 131062, 132005, 132008),
        *(134100, 135000, 139100, 139101, 139102, 139103),
        *(2388019, 2388024, 2388039, 2388040, 2388047, 2388072, 2388073, 2388293, 2388299),
    ),
}

ACTIONS: Mapping[int, Action] = MappingProxyType(
    {code: action for action, codes in _CODES.items() for code in codes}
)
"""Every code that Meta documents for messages and templates, as the answer to a request.

Source: Meta, "Error codes" of the WhatsApp Business Platform, as of September 2026, with the codes
that only pywa 4.4.0 knows (130403, 132008, 137000). 200 to 299 are one class there: API permission.
"""

_BY_STATUS: Mapping[int, Action] = MappingProxyType(
    {
        1: Action.DROP,
        131000: Action.DROP,
        135000: Action.ACCOUNT,  # the campaign was dropped by pacing, and the account is reviewed
    }
)
"""Codes that mean something else when a `failed` status brings them: after the message was accepted
an unknown error says nothing about whether a part of it arrived, so it is not sent again."""


def action_of(code: int | str, *, by_status: bool = False) -> Action:
    """The action for a code; relays write it as text. An unknown code is never tried again.

    `by_status`: a webhook brought the code, so the message had been accepted before.
    """
    try:
        number = int(code)
    except ValueError:
        return Action.BUG
    action = ACTIONS.get(number, Action.BUG)
    return _BY_STATUS.get(number, action) if by_status else action


@dataclass(frozen=True, slots=True)
class Accepted:
    """WhatsApp took the message; whether it arrives, statuses tell.

    `held`: taken, but kept back until Meta has judged the template. `wa_id`: the recipient's id
    there, "" for a person who is known by a user name only.
    """

    wamid: str
    held: bool
    wa_id: str


@dataclass(frozen=True, slots=True)
class Declined:
    """WhatsApp answered with an error: the message was not sent."""

    code: int
    action: Action
    detail: str
    fbtrace_id: str  # what Meta's support asks for


@dataclass(frozen=True, slots=True)
class NotSent:
    """No connection came about: the message provably never left. Not before `after` seconds."""

    reason: str
    after: float | None = None


@dataclass(frozen=True, slots=True)
class Lost:
    """The request left and no answer that we understand came: it may have been sent."""

    reason: str


Outcome = Accepted | Declined | NotSent | Lost
