"""Which product is meant: by ids, by SKUs, and by the ids that a WhatsApp catalogue writes.

An article is (product id, variation id); the latter is 0 for a product that has no variations, or of
which no certain one is meant.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache

from agent.rules.events import What

Article = tuple[int, int]

# What Meta's own plugin for WooCommerce writes where a product has no SKU, whatever it writes else.
_BY_PLUGIN = re.compile(r"wc_post_id_([0-9]{1,18})")


@dataclass(frozen=True, slots=True)
class Copy:
    """A product or variation of the mirror, as far as it names itself."""

    product_id: int
    parent_id: int = 0  # of a variation
    trashed: bool = False

    @property
    def article(self) -> Article:
        return (self.parent_id, self.product_id) if self.parent_id else (self.product_id, 0)


@cache
def retailer_ids(pattern: str) -> Callable[[str], What]:
    """A reader of the catalogue's ids, from a pattern such as "{sku}_{id}".

    What does not look like the pattern names nothing.
    """
    parts = re.split(r"(\{id\}|\{sku\})", pattern)
    named = {"{id}": "(?P<id>[0-9]{1,18})", "{sku}": "(?P<sku>.+)"}
    form = re.compile("".join(named.get(part) or re.escape(part) for part in parts))

    def read(retailer_id: str) -> What:
        if found := _BY_PLUGIN.fullmatch(retailer_id):
            return What(product_id=int(found[1]))
        if found := form.fullmatch(retailer_id):
            names = found.groupdict()
            return What(product_id=int(names.get("id") or 0), sku=names.get("sku") or "")
        return What()

    return read


def spelt_out(what: What, read: Callable[[str], What]) -> What:
    """With the names that its catalogue id stands for, where it has no better ones."""
    found = read(what.retailer_id)
    return replace(what, product_id=what.product_id or found.product_id, sku=what.sku or found.sku)


def find(
    what: What, by_id: Mapping[int, Copy], by_sku: Mapping[str, Sequence[Copy]]
) -> Article | None:
    """The article that is meant; None where the mirror does not know it, or not for certain.

    An id says more than a SKU, and a variation knows its product better than whoever names both.
    """
    if what.variation_id:
        variation = by_id.get(what.variation_id)
        if variation is None:
            return None
        if variation.parent_id or not what.product_id:
            return variation.article
        # no variation at all: some name a simple product twice
    if (product := by_id.get(what.product_id)) is not None:
        return product.article
    return _by_sku(by_sku.get(what.sku, ())) if what.sku else None


def _by_sku(copies: Sequence[Copy]) -> Article | None:
    """A variation without a SKU of its own is given its product's by the shop."""
    kept = [one for one in copies if not one.trashed] or copies
    products = [one for one in kept if not one.parent_id]
    if len(products) == 1:
        return products[0].article
    if products or not kept:
        return None
    if len(kept) == 1:
        return kept[0].article
    parents = {one.parent_id for one in kept}
    return (parents.pop(), 0) if len(parents) == 1 else None
