"""Which product is meant, by whatever names it is called."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.rules.articles import Article, Copy, find, retailer_ids, spelt_out
from agent.rules.events import What

SHIRT = Copy(42)
POSTER, BLUE, RED = Copy(50), Copy(51, parent_id=50), Copy(52, parent_id=50)
BY_ID = {one.product_id: one for one in (SHIRT, POSTER, BLUE, RED)}


@pytest.mark.parametrize(
    ("pattern", "written", "what"),
    [
        ("{id}", "42", What(product_id=42)),
        ("{id}", "SHIRT", What()),
        ("{id}", "42x", What()),
        ("{id}", "٤٢", What()),  # digits, but not the shop's
        ("{id}", "9" * 19, What()),  # more than a column holds
        ("{sku}", "SHIRT-1", What(sku="SHIRT-1")),
        ("{sku}", "42", What(sku="42")),
        ("{sku}_{id}", "SHIRT_1_42", What(product_id=42, sku="SHIRT_1")),
        ("{sku}_{id}", "SHIRT", What()),
        ("wc_post_id_{id}", "wc_post_id_42", What(product_id=42)),
        ("shop-{id}.v2", "shop-42.v2", What(product_id=42)),
        ("shop-{id}.v2", "shop-42-v2", What()),  # a point is a point
        ("gla_{id}", "gla_42", What(product_id=42)),
        ("{id}", "", What()),
    ],
)
def test_how_catalogues_write_ids(pattern: str, written: str, what: What) -> None:
    assert retailer_ids(pattern)(written) == what


@pytest.mark.parametrize("pattern", ["{id}", "{sku}", "{sku}_{id}", "shop-{id}"])
def test_metas_own_plugin_writes_its_own_where_a_product_has_no_sku(pattern: str) -> None:
    assert retailer_ids(pattern)("wc_post_id_42") == What(product_id=42)


literals = st.text(st.characters(exclude_characters="{}", exclude_categories=("Cs",)), max_size=5)


@given(before=literals, after=literals, number=st.integers(1, 10**18 - 1))
def test_what_the_pattern_wrote_is_read_again(before: str, after: str, number: int) -> None:
    read = retailer_ids(f"{before}{{id}}{after}")
    written = f"{before}{number}{after}"
    if not (before[-1:].isdigit() or after[:1].isdigit()):
        assert read(written) == What(product_id=number)


def test_better_names_than_the_catalogues_stay() -> None:
    read = retailer_ids("{sku}_{id}")
    told = What(product_id=7, retailer_id="SHIRT_42")
    assert spelt_out(told, read) == What(product_id=7, sku="SHIRT", retailer_id="SHIRT_42")
    assert spelt_out(What(sku="S"), read) == What(sku="S")


@pytest.mark.parametrize(
    ("what", "article"),
    [
        (What(product_id=42), (42, 0)),
        (What(product_id=50), (50, 0)),  # no certain variation
        (What(product_id=51), (50, 51)),  # a variation's id in the place of a product's
        (What(product_id=50, variation_id=52), (50, 52)),
        (What(variation_id=52), (50, 52)),
        (What(product_id=42, variation_id=52), (50, 52)),  # it knows its product better
        (What(product_id=42, variation_id=42), (42, 0)),  # a simple product, named twice
        (What(variation_id=42), (42, 0)),
        (What(product_id=42, variation_id=50), (42, 0)),  # what it calls a variation is none
        (What(product_id=99), None),
        (What(product_id=50, variation_id=99), None),  # not read yet
        (What(product_id=99, sku="SHIRT"), (42, 0)),  # an id of before the shop moved
        (What(product_id=50, sku="SHIRT"), (50, 0)),
        (What(retailer_id="what the pattern does not fit"), None),
        (What(sku="none"), None),
    ],
)
def test_ids_say_more_than_skus(what: What, article: Article | None) -> None:
    assert find(what, BY_ID, {"SHIRT": [SHIRT]}) == article


@pytest.mark.parametrize(
    ("copies", "article"),
    [
        ([SHIRT], (42, 0)),
        ([BLUE], (50, 51)),
        ([POSTER, BLUE, RED], (50, 0)),  # variations without a SKU of their own
        ([BLUE, RED], (50, 0)),
        ([BLUE, Copy(61, parent_id=60)], None),
        ([SHIRT, POSTER], None),
        ([SHIRT, BLUE], (42, 0)),
        ([SHIRT, Copy(43, trashed=True)], (42, 0)),
        ([Copy(43, trashed=True)], (43, 0)),
        ([Copy(43, trashed=True), Copy(44, trashed=True)], None),
    ],
)
def test_a_sku_names_a_product_only_where_it_is_certain(
    copies: list[Copy], article: Article | None
) -> None:
    assert find(What(sku="S"), {}, {"S": copies}) == article
