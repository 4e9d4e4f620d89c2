"""How a new template is tried out: in growing batches, each of which is watched before the next leaves.

A share of a few messages says little, so nothing is stopped for fewer than FEWEST of a kind: of a first
batch of 20, three that failed are 15 %, where one would be 5 %. From there on only the shares count.
A batch that is not full yet goes on where it is, the next day too.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Final

FEWEST: Final = 3  # messages that failed, people who said no, messages that are held


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The settings: how large the batches are, how long each is watched, and percentages of it."""

    batches: Sequence[int]
    wait: timedelta
    failures: int
    opt_outs: int
    held: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a trial is. `filled_at`: all of this batch has left."""

    batch: int
    filled_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Tally:
    """What became of the messages that left: how many, and how many of them went badly."""

    left: int = 0
    failed: int = 0
    opt_outs: int = 0
    held: int = 0


class Step(Enum):
    """What follows from a look at a trial."""

    WAIT = "wait"
    FILLED = "filled"
    NEXT = "next"
    PASSED = "passed"
    STOP = "stop"


@dataclass(frozen=True, slots=True)
class Judgement:
    """What to do now; of a stop also why, in words."""

    step: Step
    reason: str = ""


def first_batch(batches: Sequence[int], accepted: int) -> int:
    """With which batch a template begins of which so many messages were sent before anybody tried it out.

    Each batch that is no larger than that is behind it; len(batches) where all of them are.
    """
    return sum(1 for size in batches if size <= accepted)


def allowance(batches: Sequence[int], progress: Progress, left: int) -> int:
    """How many more messages may leave now, when `left` of this batch have."""
    if progress.filled_at is not None:
        return 0
    return max(batches[progress.batch] - left, 0)


def judge(
    limits: Limits, progress: Progress, *, batch: Tally, whole: Tally, now: datetime
) -> Judgement:
    """Look at a trial that is under way.

    `batch` is what left in this batch, `whole` what left since the trial began: what is told of an earlier
    batch after its time counts as well.
    """
    for what in (batch, whole):
        if reason := _bad(limits, what):
            return Judgement(Step.STOP, reason)
    if progress.filled_at is None:
        full = batch.left >= limits.batches[progress.batch]
        return Judgement(Step.FILLED if full else Step.WAIT)
    if now < progress.filled_at + limits.wait:
        return Judgement(Step.WAIT)
    # Meta holds many of a new template for a while: only what it still holds by now is a sign
    if _over(batch.held, batch.left, limits.held):
        held = f"{batch.held} of {batch.left} are still held by Meta until it has judged them"
        return Judgement(Step.STOP, f"{held} (more than {limits.held} %)")
    last = progress.batch + 1 >= len(limits.batches)
    return Judgement(Step.PASSED if last else Step.NEXT)


def _bad(limits: Limits, tally: Tally) -> str:
    if _over(tally.failed, tally.left, limits.failures):
        return f"{tally.failed} of {tally.left} messages failed (more than {limits.failures} %)"
    if _over(tally.opt_outs, tally.left, limits.opt_outs):
        people = f"{tally.opt_outs} of {tally.left} people said STOP"
        return f"{people} (more than {limits.opt_outs} %)"
    return ""


def _over(bad: int, left: int, percent: int) -> bool:
    return bad >= FEWEST and bad * 100 > left * percent
