"""Reading around a row that breaks the shop: one order that PHP dies of must not hide the others."""

from collections.abc import Callable, Sequence

from agent.clients.shop import Page
from agent.errors import Garbled, Retryable, WinbackError
from agent.log import Log

log = Log(__name__)

Ask = Callable[[Sequence[int]], Page]  # the rows of these ids, or at these positions
Witness = Callable[[], Page]  # asks for a row that is none of those


def read_around(
    ask: Ask,
    wanted: Sequence[int],
    *,
    kind: str,
    witnesses: Callable[[Sequence[int]], Sequence[Witness]],
    beat: Callable[[], None],
) -> Page:
    """Ask for the rows that are `wanted`; where that fails, for ever smaller parts of them.

    What fails alone too is left out, with a warning. Before, the shop has to give another row: each
    of `witnesses` is asked until one comes with any. A shop that gives none is down or broken as a
    whole, and then its failure is raised. A page of n rows takes at most 2n requests, and as many as
    there are witnesses, and one, more for each row that is left out.

    Raises what `ask` raises: Retryable and Garbled only when the shop gives no other row either, or
    when it said itself how long to wait.
    """
    beat()
    try:
        return ask(wanted)
    except (Retryable, Garbled) as failure:
        if _told_to_wait(failure) or not _gives_a_row(witnesses(wanted), beat):
            raise
        if len(wanted) == 1:
            return _once_more(ask, wanted, kind, witnesses, beat)
        log.info("mirror.halved", kind=kind, rows=len(wanted), reason=failure.what)
    half = len(wanted) // 2
    parts = [
        read_around(ask, part, kind=kind, witnesses=witnesses, beat=beat)
        for part in (wanted[:half], wanted[half:])
    ]
    return Page(
        rows=[row for part in parts for row in part.rows],
        total=max(part.total for part in parts),  # past the end it may be 0
        served_at=min(part.served_at for part in parts),
    )


def _once_more(
    ask: Ask,
    alone: Sequence[int],
    kind: str,
    witnesses: Callable[[Sequence[int]], Sequence[Witness]],
    beat: Callable[[], None],
) -> Page:
    """The shop may have come back only just before its witness: what fails now, fails by itself."""
    beat()
    try:
        return ask(alone)
    except (Retryable, Garbled) as failure:
        if _told_to_wait(failure):
            raise
        answer = _first_answer(witnesses(alone), beat)
        if answer is None:
            raise
        log.warning("mirror.set_aside", kind=kind, id=alone[0], reason=failure.what)
        return Page(rows=[], total=0, served_at=answer.served_at)


def _told_to_wait(failure: WinbackError) -> bool:
    """Maintenance, or too many requests: no row is to blame, and to ask for more makes it worse."""
    return isinstance(failure, Retryable) and failure.after is not None


def _gives_a_row(witnesses: Sequence[Witness], beat: Callable[[], None]) -> bool:
    return _first_answer(witnesses, beat) is not None


def _first_answer(witnesses: Sequence[Witness], beat: Callable[[], None]) -> Page | None:
    for witness in witnesses:
        beat()
        try:
            page = witness()
        except (Retryable, Garbled):
            continue
        if page.rows:
            return page
    return None
