"""How many of those who were not looked at one by one met which reason, counted in sets."""

from collections import Counter
from functools import reduce
from operator import or_
from typing import Any

from peewee import JOIN, SQL, Case, IntegerField, fn

from models.base import raw
from models.contacts import Contact
from models.insight import History
from models.planning import Bounds, Lately, LeftOut, Seen, Temporary, Tried

SEEN = "seen"  # looked at one by one: told of elsewhere


class Marked(Temporary):
    """Whoever stands in one of the other tables."""

    contact_id = IntegerField(primary_key=True)


def census(bounds: Bounds, suits: Any) -> dict[str, int]:
    """How many of those who were not looked at one by one met which reason, in the order of the rules;
    `candidate`: could have been chosen.

    First everybody as if nobody had been written to or was left out, which takes no look at the
    temporary tables; then the few who stand in one of these are moved to the reason that they have.
    """
    counts = Counter(_by_themselves(bounds, suits))
    marked: list[Any] = [Lately, Tried, Seen, LeftOut]
    of_marked = reduce(or_, (table.select(table.contact_id) for table in marked))
    Marked.begin()
    Marked.insert_from(of_marked, (Marked.contact_id,)).execute()
    for by_itself, reason, count in _of_marked(bounds, suits):
        counts[by_itself] -= count
        counts[reason] += count
    Marked.drop_table()
    del counts[SEEN]
    return {reason: count for reason, count in counts.items() if count}


def _by_themselves(bounds: Bounds, suits: Any) -> dict[str, int]:
    """All contacts, by what they said and what they ordered."""
    answers = dict(
        raw(Contact.select(Contact.marketing, fn.COUNT(Contact.id)).group_by(Contact.marketing))
    )
    agreed, refused = answers.pop("yes", 0), answers.pop("no", 0)
    of_these = Contact.marketing == "yes"
    left_out = 0
    if bounds.excluded_regions:
        elsewhere = Contact.region.in_(list(bounds.excluded_regions))
        left_out = Contact.select().where(of_these, elsewhere).count()
        of_these &= ~elsewhere
    is_quiet = History.last_order_at <= bounds.quiet_before
    bought = fn.COALESCE(History.bought, 0) > 0
    [(customers, quiet, fit)] = raw(
        Contact.select(
            fn.COUNT(Contact.id),
            fn.SUM(Case(None, [(is_quiet, 1)], 0)),
            fn.SUM(Case(None, [(is_quiet & suits, 1)], 0)),
        )
        .join(History, on=(History.contact_id == Contact.id))
        .where(of_these, bought, History.last_order_at.is_null(False))
    )
    quiet, fit = quiet or 0, fit or 0
    return {
        "said_no": refused,
        "no_consent": sum(answers.values()),
        "excluded": left_out,
        "never_bought": agreed - left_out - customers,
        "not_quiet": customers - quiet,
        "candidate": fit,
        "nothing_fits": quiet - fit,
    }


def _of_marked(bounds: Bounds, suits: Any) -> list[tuple[str, str, int]]:
    """Of those who stand in one of the tables: reason by themselves, reason that they have, how many."""
    elsewhere = Contact.region.in_(list(bounds.excluded_regions))
    unreachable = [
        (Contact.marketing == "no", "said_no"),
        (Contact.marketing != "yes", "no_consent"),
    ]
    not_quiet = [
        (History.bought.is_null() | (History.bought == 0), "never_bought"),
        (History.last_order_at.is_null(), "never_bought"),
        (History.last_order_at > bounds.quiet_before, "not_quiet"),
    ]
    resting = [
        (Tried.contact_id.is_null(False), "attempts"),
        (Lately.capped == True, "capped"),  # noqa: E712 - SQL
        (Lately.contact_id.is_null(False), "failed"),
    ]
    fits = [(suits, "candidate")]
    by_itself = Case(
        None, [*unreachable, (elsewhere, "excluded"), *not_quiet, *fits], "nothing_fits"
    )
    left_out = [(elsewhere | LeftOut.contact_id.is_null(False), "excluded")]
    seen = [(Seen.contact_id.is_null(False), SEEN)]
    reason = Case(
        None, [*seen, *unreachable, *left_out, *not_quiet, *resting, *fits], "nothing_fits"
    )
    # CROSS: in this order, from the few
    query = Marked.select(by_itself, reason, fn.COUNT(Contact.id)).join(Contact, JOIN.CROSS)
    for table in (History, Lately, Tried, LeftOut, Seen):
        query = query.switch(Marked).join(
            table, JOIN.LEFT_OUTER, on=(table.contact_id == Marked.contact_id)
        )
    first_two_columns = SQL("1"), SQL("2")
    return raw(query.where(Contact.id == Marked.contact_id).group_by(*first_two_columns))
