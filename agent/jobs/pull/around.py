"""Reading around a row that breaks the shop: one order that PHP dies of must not hide the others."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from agent.clients.shop import Page, Shop
from agent.errors import Garbled, Retryable
from agent.jobs.pull.filing import LEFT_OUT, Filing
from agent.jobs.pull.kinds import Kind
from agent.log import Log

Bounds = Mapping[str, str | int]

log = Log(__name__)


@dataclass(frozen=True, slots=True)
class Around:
    """A list of the shop that can be read in parts, down to single rows.

    `ask` gets the rows that are named by ids or by positions in the list; `named` says by which, for
    the log. `witnesses` are requests for rows of the same kind, if possible other ones than it is
    given: what tells a row that breaks the shop from a shop that is down.
    """

    kind: str
    named: str
    ask: Callable[[Sequence[int]], Page]
    witnesses: Callable[[Sequence[int]], Iterable[Callable[[], Page]]]
    beat: Callable[[], None]

    def read(self, wanted: Sequence[int]) -> Page:
        """All of `wanted` in one request; where that fails, in halves, and halves of those.

        A row that fails alone, and once more, is left out with a warning, if the shop gives another
        row before and after. The answer is then a short page. Each part that fails costs the requests
        for its witnesses too, so one such row among n costs about 4 log2(n) requests.

        Raises the shop's Retryable or Garbled if it gives no other row either, or if it said itself
        how long to wait.
        """
        try:
            return self._ask(wanted)
        except (Retryable, Garbled) as failure:
            if self._blames_the_shop(wanted, failure):
                raise
        if len(wanted) == 1:
            return self._once_more(wanted)
        half = len(wanted) // 2
        first, second = self.read(wanted[:half]), self.read(wanted[half:])
        return Page(
            rows=first.rows + second.rows,
            total=max(first.total, second.total),  # past the end it is 0
            served_at=min(first.served_at, second.served_at),
        )

    def _once_more(self, alone: Sequence[int]) -> Page:
        """The shop may have come back just between the row and its witness."""
        try:
            return self._ask(alone)
        except (Retryable, Garbled) as failure:
            other = self._other_row(alone)
            if other is None or _told_to_wait(failure):
                raise
            fields = {"kind": self.kind, self.named: alone[0], "reason": failure.what}
            log.warning("mirror.set_aside", **fields, fix=LEFT_OUT)
            return Page(rows=[], total=other.total, served_at=other.served_at)

    def _blames_the_shop(self, wanted: Sequence[int], failure: Retryable | Garbled) -> bool:
        return _told_to_wait(failure) or self._other_row(wanted) is None

    def _other_row(self, wanted: Sequence[int]) -> Page | None:
        """The first answer with a row in it; None from a shop that is down, or broken as a whole."""
        for witness in self.witnesses(wanted):
            self.beat()
            try:
                page = witness()
            except (Retryable, Garbled):
                continue
            if page.rows:
                return page
        return None

    def _ask(self, part: Sequence[int]) -> Page:
        self.beat()
        return self.ask(part)


def by_places(
    shop: Shop, kind: Kind, filing: Filing, beat: Callable[[], None], bounds: Bounds
) -> Around:
    """Rows by their positions in the list of `kind`, narrowed down by `bounds`."""
    return Around(
        kind.name,
        "place",
        lambda places: places_of(shop, kind, filing, bounds, places),
        partial(_ends_of_the_list, shop, kind, filing, kind.fields),
        beat,
    )


def places_of(
    shop: Shop, kind: Kind, filing: Filing, bounds: Bounds, places: Sequence[int]
) -> Page:
    """The same, in one request."""
    return shop.page(
        kind.endpoint(filing),
        **kind.params(filing), **bounds,
        _fields=kind.fields, orderby="id", order="asc", per_page=len(places), offset=places[0],
    )  # fmt: skip


def by_ids(
    shop: Shop, kind: Kind, filing: Filing, beat: Callable[[], None], fields: str = ""
) -> Around:
    """Rows by their ids; those of `fields`, or all that are mirrored."""
    fields = fields or kind.fields
    return Around(
        kind.name,
        "id",
        lambda ids: ids_of(shop, kind, filing, fields, ids),
        partial(_ends_of_the_list, shop, kind, filing, fields),
        beat,
    )


def ids_of(shop: Shop, kind: Kind, filing: Filing, fields: str, ids: Sequence[int]) -> Page:
    """The same, in one request. Without `per_page` only ten would come, however many are asked for."""
    return shop.page(
        kind.endpoint(filing),
        **kind.params(filing),
        include=",".join(map(str, ids)),
        _fields=fields, orderby="id", order="asc", per_page=len(ids),
    )  # fmt: skip


def _ends_of_the_list(
    shop: Shop, kind: Kind, filing: Filing, fields: str, _: Sequence[int]
) -> Iterator[Callable[[], Page]]:
    """The shop's oldest row and its newest: a poll may have no row but the one that breaks."""
    for order in ("asc", "desc"):
        yield partial(
            shop.page, kind.endpoint(filing), **kind.params(filing),
            _fields=fields, orderby="id", order=order, per_page=1,
        )  # fmt: skip


def _told_to_wait(failure: Retryable | Garbled) -> bool:
    """Maintenance, or too many requests: no row is to blame, and asking on would make it worse."""
    return isinstance(failure, Retryable) and failure.after is not None
