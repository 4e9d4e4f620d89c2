"""Who is not written to, so that it can be told what would have happened anyway: chance decides, once.

By a keyed hash of the person and the campaign, so that it is the same in every run, known before anybody
looks whether they fit, and not to be guessed or chosen. The groups of two campaigns have nothing to do
with each other, nor with the group that hears no marketing at all.
"""

import hmac
from hashlib import sha256
from typing import Final

OF_CAMPAIGN: Final = "of this campaign"
OF_EVERYTHING: Final = "of all marketing"
"""The detail of a message that was withheld: out of what its person is held."""
OF_NEITHER: Final = "of this campaign, and is one person with somebody who is written to"
"""The same after a merge of two whom chance had put into different groups: they are compared with nobody."""

_EVERYTHING: Final = "*"  # no campaign has this name
_WHOLE: Final = 2**64


def held_out_of_everything(key: bytes, phone: str, percent: int) -> bool:
    """Does this person hear no marketing at all? `percent` of all people do not."""
    return lot(key, phone) < percent


def lot(key: bytes, phone: str) -> int:
    """0 to 99: whose lot is below the percentage is held out of everything. Kept beside the person, so
    that both groups can be counted without drawing again."""
    return _drawn(key, _EVERYTHING, phone) * 100 // _WHOLE


def held_out(key: bytes, phone: str, campaign: str, percent: int) -> bool:
    """Does this person hear nothing from this campaign? `percent` of all people do not.

    Who is held out at one share is held out at every larger one.
    """
    return _drawn(key, campaign, phone) * 100 < percent * _WHOLE


def _drawn(key: bytes, what: str, phone: str) -> int:
    """A number below 2**64, evenly spread over people."""
    digest = hmac.new(key, f"{what} {phone}".encode(), sha256).digest()
    return int.from_bytes(digest[:8], "big")
