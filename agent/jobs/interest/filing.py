"""Events -> rows of interest, a batch at a time, in a handful of statements."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime

from agent.config import Settings
from agent.jobs.interest.followers import find_followers
from agent.jobs.interest.people import find_people
from agent.jobs.interest.products import Past, find_articles
from agent.rules.articles import Article
from agent.rules.events import CART, UNWISH, VIEW, WISH, Event
from agent.rules.money import minor_units
from agent.rules.sightings import UNWISHED_FOR, Sighting, put_together
from models import Interest
from models.base import among

KINDS = {VIEW: "view", WISH: "wishlist", CART: "cart"}  # of an event -> of its row
REMOVAL = "removal"  # why a removal is kept although all is known

Key = tuple[int, int, int, str]
"""Contact, product, variation, kind: what was seen of these is put together."""


@dataclass(frozen=True, slots=True)
class Told:
    """An event, and where it came from; `number` of the row in which it waited, or 0."""

    event: Event
    source: str
    number: int = 0


@dataclass(slots=True)
class Filed:
    """What came of a batch: rows written or removed, events that wait, with the reason, and how many were
    dropped for which."""

    rows: int = 0
    waiting: list[tuple[Told, str]] = field(default_factory=list)
    dropped: Counter[str] = field(default_factory=Counter)


def file_events(told: Sequence[Told], settings: Settings, *, currency: str, now: datetime) -> Filed:
    """Put these events together with the interest that is known, in the caller's transaction.

    Whatever is told twice, late, or in another order comes to the same rows. A removal is applied and
    still waits for a day: what it removes may be told after it. What somebody did who followed a link is
    theirs only if their consent stands now.
    """
    links = {one.event.who.link for one in told} - {""}
    followers = find_followers(links, now - settings.links.kept)
    people = find_people({one.event.who for one in told})
    articles = find_articles({one.event.what for one in told}, settings.interest.retailer_id)
    filed, known = Filed(), list[tuple[Told, int, Article]]()
    for one in told:
        who = one.event.who
        if who.link in followers.refused:
            filed.dropped[followers.refused[who.link]] += 1
            continue
        contact = followers.contacts.get(who.link, people.get(who))
        article = articles.get(one.event.what)
        if contact is not None and article is not None:
            known.append((one, contact, article))
            continue
        unknown = {"person": contact, "product": article}
        reason = " and ".join(name for name, found in unknown.items() if found is None)
        filed.waiting.append((one, reason))
    seen = [one for one in known if one[0].event.kind != UNWISH]
    removals = [one for one in known if one[0].event.kind == UNWISH]
    filed.rows = _write(_sightings(seen, currency)) + Interest.unwish(
        (contact, *article, one.event.at) for one, contact, article in removals
    )
    filed.waiting += [(one, REMOVAL) for one, _, _ in removals if one.event.at > now - UNWISHED_FOR]
    return filed


def _sightings(
    seen: Sequence[tuple[Told, int, Article]], currency: str
) -> dict[Key, list[Sighting]]:
    """What was seen, by what it belongs to; what was not told is as the mirror had it then."""
    silent = [
        (one.event.at, article) for one, _, article in seen if not _complete(one.event, currency)
    ]
    past = Past({article for _, article in silent}, min(silent)[0]) if silent else None
    found = defaultdict[Key, list[Sighting]](list)
    for one, contact, article in seen:
        event, price = one.event, _price(one.event, currency)
        stock = event.stock_status
        if past is not None:
            price = past.price(article, event.at) if price is None else price
            stock = stock or past.stock_status(article, event.at)
        found[contact, *article, KINDS[event.kind]].append(
            Sighting(event.at, event.at, price, stock, one.source)
        )
    return found


def _complete(event: Event, currency: str) -> bool:
    return _price(event, currency) is not None and event.stock_status != ""


def _price(event: Event, currency: str) -> int | None:
    """In minor units; a price in another currency cannot be compared with the shop's."""
    if not event.price or event.currency not in {"", currency}:
        return None
    return minor_units(event.price, currency)


def _write(told: Mapping[Key, Sequence[Sighting]]) -> int:
    kept = defaultdict[Key, dict[int, Sighting]](dict)
    for row in Interest.of({(contact, product) for contact, product, _, _ in told}):
        key = row.contact_id, row.product_id, row.variation_id, row.kind
        kept[key][row.id] = Sighting(
            row.first_at, row.seen_at, row.price, row.stock_status, row.source
        )
    changes = {
        key: put_together(kept[key], sightings, lasting=key[3] != "view")
        for key, sightings in told.items()
    }
    removed = [number for one in changes.values() for number in one.removed]
    if removed:
        Interest.delete().where(among(Interest.id, removed)).execute()
    changed = {
        number: asdict(one) for all_ in changes.values() for number, one in all_.changed.items()
    }
    added = [
        dict(zip(("contact_id", "product_id", "variation_id", "kind"), key, strict=True))
        | asdict(one)
        for key, all_ in changes.items()
        for one in all_.added
    ]
    Interest.change(changed)
    Interest.write_each(added, lambda insert: insert)
    return len(removed) + len(changed) + len(added)
