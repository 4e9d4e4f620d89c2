"""Pages of the shop into the tables: what is new or differs, and what is no more."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from agent.config import Settings
from agent.jobs.pull.changes import new_refunds, order_changes
from agent.log import Log
from agent.rules import copies
from agent.rules.consent import MARKETING, ORDER_NEWS, ConsentFields
from agent.rules.copies import Json, Row
from agent.rules.order_details import DetailFields
from models import (
    Cursor,
    Found,
    Hint,
    Order,
    OrderChange,
    Product,
    ProductChange,
    ProductWas,
    Refund,
    ShopFact,
)
from models.base import among, tuples
from models.interest import OBSERVED
from models.mirror import Copy
from models.past import KEPT

log = Log(__name__)

EVERY_ROLE = "all"
LEFT_OUT = "it is left out until it can be read: see it in the shop, and save it there once more"

# What a row says beside what the shop said: it may differ although the shop's row does not.
DERIVED = frozenset(
    {
        "contact_id", "consent_rule", "news_consent", "language", "details", "details_rule", "read_at",
    }
)  # fmt: skip

News = Mapping[int, tuple[str, ...]]
"""id -> the columns that differ from what the mirror had; none of them for a row that is new."""

GONE = ("gone",)

LATE = "late_seconds"  # name of the fact: how much later than dated a change was found
LATEST = timedelta(hours=1)  # what is found later than that was not late but imported
UNDATED = ("count", "sweep", "webhook", "drift")  # means that ask for no dates

# The default list leaves out trash, so a trashed order would look unchanged for ever. What else the
# shop has (drafts of its checkout, statuses of plugins) it says itself; one that it does not have
# would make it refuse the whole request.
ORDER_STATUSES = (
    "pending", "processing", "on-hold", "completed", "cancelled", "refunded", "failed", "trash",
)  # fmt: skip


def order_statuses(facts: Mapping[str, str]) -> tuple[str, ...]:
    """All that an order of this shop may have, trash too."""
    return tuple(dict.fromkeys((*facts["order_statuses"].split(), *ORDER_STATUSES)))


@dataclass(frozen=True, slots=True)
class Filing:
    """What filing a page needs to know beside its rows."""

    now: datetime
    page_size: int
    parallel: int
    overlap: timedelta
    currency: str
    country: str
    statuses: tuple[str, ...]
    roles: frozenset[str]
    variations: str  # endpoint that lists all of them; "" where only each product has its own
    order_consent: ConsentFields
    customer_consent: ConsentFields
    language_meta: tuple[str, ...]
    details: DetailFields
    means: str = "poll"  # how the rows were found
    first: bool = False  # the kind is filled for the first time: nothing is a change yet

    @classmethod
    def from_settings(cls, settings: Settings, now: datetime) -> "Filing":
        facts = ShopFact.all()
        says = settings.consent

        def fields(marketing: Iterable[str], order_news: Iterable[str]) -> ConsentFields:
            keys = {MARKETING: frozenset(marketing), ORDER_NEWS: frozenset(order_news)}
            return ConsentFields(keys, tuple(says.yes), tuple(says.refusals))

        return cls(
            now=now,
            page_size=settings.shop.page_size,
            parallel=settings.shop.parallel,
            overlap=max(settings.shop.overlap, timedelta(seconds=int(facts.get(LATE, 0)))),
            currency=facts["currency"],
            country=settings.shop.default_country or facts["country"],
            statuses=order_statuses(facts),
            roles=frozenset(settings.mirror.customer_roles),
            variations=facts.get("variations", ""),
            order_consent=fields(says.order_meta, says.order_news_order_meta),
            customer_consent=fields(says.customer_meta, says.order_news_customer_meta),
            language_meta=settings.languages.order_meta,
            details=DetailFields(
                settings.order_news.shipment_meta, settings.order_news.delivery_meta
            ),
        )

    @property
    def every_role(self) -> bool:
        return EVERY_ROLE in self.roles


@dataclass(frozen=True, slots=True)
class Filed:
    """What became of a page: its rows as they are in the mirror now, and what is news in them."""

    rows: Sequence[Row] = ()
    news: News = field(default_factory=dict)


def file_rows(
    table: type[Copy], name: str, rows: Sequence[Row], read_at: datetime, filing: Filing
) -> Filed:
    """Write copied rows, with the history of stock and prices, and what orders did. Runs in the
    caller's transaction."""
    if filing.first:
        table.absorb(rows)
        return Filed(rows, {row["woo_id"]: () for row in rows})
    before = _before(table, rows)
    news = {row["woo_id"]: fields for row in rows if (fields := _differs(row, before)) is not None}
    if table is Product:
        ProductChange.add(_changes(rows, before, news, filing.means))
        ProductWas.add(_past(rows, before, news))
    if table is Order:
        OrderChange.add(order_changes(rows, before, filing.now))
    if table is Refund:
        OrderChange.add(new_refunds(rows, before, filing.now))
    table.absorb(rows)
    tell(name, news, read_at, filing)
    _learn_lateness(name, [row for row in rows if row["woo_id"] in news], before, filing)
    return Filed(rows, news)


def copied(what: str, rows: Iterable[Json], copy: Callable[[Json], Row]) -> list[Row]:
    """The rows as columns of the mirror; what makes no sense is set aside with its reason."""
    fit, set_aside = copies.each(rows, copy)
    for number, reason in set_aside:
        log.warning("mirror.set_aside", kind=what, id=number, reason=reason, fix=LEFT_OUT)
    return fit


def forget(table: type[Copy], name: str, ids: Sequence[int], filing: Filing) -> None:
    """These are no more in the shop, with all that hangs on them."""
    if not ids:
        return
    if table is Order:
        Hint.delete().where(Hint.kind == "lines", Hint.woo_id.in_(ids)).execute()
    if table is Product:
        ProductWas.keep(ids, filing.now)
    gone = table.forget(ids)
    Found.add(name, filing.means, gone, filing.now.date())
    if gone:
        log.info("mirror.gone", kind=name, rows=gone, means=filing.means)


def tell(name: str, news: News, read_at: datetime, filing: Filing) -> None:
    """Count what was found, and say what no poll would have found."""
    Found.add(name, filing.means, len(news), read_at.date())
    if news and filing.means != "poll":
        fields = Counter(one for fields in news.values() for one in fields or ("new",))
        told = " ".join(f"{one}:{count}" for one, count in fields.most_common(6))
        log.info("mirror.found", kind=name, rows=len(news), means=filing.means, fields=told)


def _learn_lateness(name: str, news: Sequence[Row], before: "Before", filing: Filing) -> None:
    """A dated change that the polls should have brought came by other means: they look back too little.

    So it is where the Date of the shop's answers is not PHP's (a proxy sets its own), and where an
    order is committed long after it was dated.
    """
    if filing.means not in UNDATED:
        return
    cursor = Cursor.get_or_none(Cursor.name == name, Cursor.since.is_null(False))
    if cursor is None:
        return
    for row in news:
        known, date = before.get(row["woo_id"]), row.get("modified_at")
        if date is None or (known is not None and known["modified_at"] == date):
            continue
        late = cursor.since - date
        if filing.overlap < late <= LATEST:
            ShopFact.put({LATE: str(int(late.total_seconds()) + 1)})
            log.info(
                "shop.dates_late", kind=name, id=row["woo_id"], seconds=int(late.total_seconds())
            )
            return


Before = dict[int, dict[str, Any]]


def _before(table: type[Copy], rows: Sequence[Row]) -> Before:
    """The rows as the mirror has them."""
    if not rows:
        return {}
    names = list(rows[0])
    columns: Any = table
    query = table.select(*(getattr(columns, name) for name in names)).where(
        among(columns.woo_id, [row["woo_id"] for row in rows])
    )
    return {
        one["woo_id"]: one for one in (dict(zip(names, row, strict=True)) for row in tuples(query))
    }


def _differs(row: Row, before: Before) -> tuple[str, ...] | None:
    """The columns in which `row` is news; () for a new row, None for one that is none."""
    known = before.get(row["woo_id"])
    if known is None:
        return ()
    if known["read_at"] > row["read_at"]:
        return None  # an answer that set out earlier
    changed = tuple(
        name for name, value in row.items() if name not in DERIVED and known[name] != value
    )
    return changed or None


def _changes(
    rows: Sequence[Row], before: Before, news: News, means: str
) -> list[dict[str, object]]:
    changes = []
    for row in rows:
        number = row["woo_id"]
        for name in set(OBSERVED).intersection(news.get(number, ())):
            was, became = before[number][name], row[name]
            changes.append(
                {
                    "product_id": number,
                    "field": name,
                    "was": None if was is None else str(was),
                    "became": None if became is None else str(became),
                    "seen_at": row["read_at"],
                    "means": means,
                }
            )
    return changes


def _past(rows: Sequence[Row], before: Before, news: News) -> list[dict[str, object]]:
    """What else of products was otherwise until now."""
    return [
        {"product_id": row["woo_id"], "field": name, "was": was, "until": row["read_at"]}
        for row in rows
        for name in set(KEPT).intersection(news.get(row["woo_id"], ()))
        if (was := before[row["woo_id"]][name]) != row[name]
    ]
