"""Those who were written to beside those who were held out: what the messages brought, and how sure that is.

People are compared as chance assigned them, whether or not their messages arrived.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from agent.rules.experiment import (
    SUSPICIOUS,
    WORTH_KNOWING,
    chance_of,
    people_needed,
    smallest_effect,
)
from agent.rules.intervals import Difference, Sums, newcombe, welch


@dataclass(frozen=True, slots=True)
class Arm:
    """One of the two groups: its people, those of them who bought, and what each of them paid (minor
    units of the shop's currency; those who bought nothing count with 0)."""

    people: int
    buyers: int
    revenue: Sums

    @property
    def rate(self) -> float:
        """The share of them who bought; 0 of nobody."""
        return self.buyers / self.people if self.people else 0.0


class Verdict(StrEnum):
    """What can be said of a comparison."""

    NOT_COMPARABLE = "not comparable"  # the groups are not of the sizes that chance would give
    NOBODY = "nobody to compare"  # a group is empty
    MORE = "more"
    FEWER = "fewer"
    CANNOT_TELL = "cannot tell yet"
    NO_DIFFERENCE = "no difference worth knowing"


@dataclass(frozen=True, slots=True)
class Comparison:
    """`treated` were written to, or meant to be; `control` were held out.

    `share` is the part that the settings hold out, 0 to 1; None where nothing is to be held out any
    more, so that the sizes say nothing. `complete`: people whose time to buy is over. `since`:
    from when on they were drawn like this, where that is later than what was asked for.
    """

    treated: Arm
    control: Arm
    share: float | None
    complete: int
    since: date | None = None

    @property
    def people(self) -> int:
        return self.treated.people + self.control.people

    @property
    def chance(self) -> float | None:
        """How likely groups of these sizes are (the sample ratio check); None where that says nothing."""
        if self.share is None or not self.people:
            return None
        return chance_of(self.control.people, self.people, self.share)

    @property
    def difference(self) -> Difference:
        """Of the shares who bought."""
        treated, control = self.treated, self.control
        return newcombe((treated.buyers, treated.people), (control.buyers, control.people))

    @property
    def extra_buyers(self) -> Difference:
        """People among the treated who would not have bought."""
        return _times(self.treated.people, self.difference)

    @property
    def extra_revenue(self) -> Difference | None:
        """What the treated paid more, all together, in minor units; None with fewer than two people in
        a group."""
        a_person = welch(self.treated.revenue, self.control.revenue)
        return None if a_person is None else _times(self.treated.people, a_person)

    @property
    def base(self) -> float:
        """The share that buys without a message; of both groups, while nobody held out has bought."""
        if self.control.buyers or not self.people:
            return self.control.rate
        return self.treated.buyers / self.people

    @property
    def visible(self) -> float | None:
        """The smallest difference of shares that so many people can show; None while nobody bought."""
        return smallest_effect(self.treated.people, self.control.people, self.base)

    @property
    def verdict(self) -> Verdict:
        if not min(self.treated.people, self.control.people):
            return Verdict.NOBODY
        chance = self.chance
        if chance is not None and chance < SUSPICIOUS:
            return Verdict.NOT_COMPARABLE
        if self.difference.is_certain:
            return Verdict.MORE if self.difference.value > 0 else Verdict.FEWER
        return Verdict.NO_DIFFERENCE if self.more_needed == 0 else Verdict.CANNOT_TELL

    @property
    def more_needed(self) -> int | None:
        """How many more people, in both groups together, would show the difference that was seen, or a
        tenth of the base rate if that is larger: less is not worth knowing. 0 where they are enough;
        None while nothing is known of how many buy.
        """
        if not min(self.treated.people, self.control.people) or not 0 < self.base < 1:
            return None
        effect = max(abs(self.difference.value), self.base * WORTH_KNOWING)
        needed = people_needed(effect, self.base, self.control.people / self.people)
        return max(needed - self.people, 0)


def visible_beforehand(one: Comparison, share: float) -> float | None:
    """The smallest difference of shares that a campaign could show which chose all these people once, and
    held out a `share` of them (0 to 1). None while nobody bought, or where nobody would be held out."""
    control = round(one.people * share)
    buyers = one.treated.buyers + one.control.buyers
    return smallest_effect(one.people - control, control, buyers / one.people) if control else None


def _times(people: int, one: Difference) -> Difference:
    return Difference(one.value * people, one.low * people, one.high * people)
