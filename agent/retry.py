"""The one place that says how often we ask again, and how long we wait."""

from collections.abc import Callable

from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception,
    stop_after_attempt,
    stop_before_delay,
    wait_random_exponential,
)

from agent.errors import Retryable, ShopAway

LONGEST_WAIT = 60.0  # seconds; a server that wants longer ends the job, the timetable comes back
LAST_TRY = 300.0  # seconds after the first try; a job that hangs for a quarter of an hour is killed

_BACKOFF = wait_random_exponential(multiplier=1, max=30)


def _worth_waiting_for(error: BaseException) -> bool:
    if not isinstance(error, Retryable) or isinstance(error, ShopAway):
        return False  # a shop that is away is looked for by one request at a time, never repeated
    return error.after is None or error.after <= LONGEST_WAIT


def _wait_as_told(state: RetryCallState) -> float:
    """The server's Retry-After where it gave one, else a jittered backoff."""
    error = state.outcome.exception() if state.outcome else None
    told = error.after if isinstance(error, Retryable) else None
    return _BACKOFF(state) if told is None else told


def reads(sleep: Callable[[float], None]) -> Retrying:
    """Asking again is harmless: five tries, none of them begun after LAST_TRY. `sleep` is cut short
    when the service stops.
    """
    return Retrying(
        retry=retry_if_exception(_worth_waiting_for),
        wait=_wait_as_told,
        stop=stop_after_attempt(5) | stop_before_delay(LAST_TRY),
        sleep=sleep,
        reraise=True,
    )


def sends(sleep: Callable[[float], None]) -> Retrying:
    """Only what provably never left is tried again at once, and once; the queue does the rest."""
    return Retrying(
        retry=retry_if_exception(_worth_waiting_for),
        wait=wait_random_exponential(multiplier=0.5, max=3),
        stop=stop_after_attempt(2),
        sleep=sleep,
        reraise=True,
    )
