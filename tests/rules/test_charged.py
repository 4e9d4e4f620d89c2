"""What a message was charged as does not depend on which of its statuses came first."""

from itertools import permutations

import pytest

from agent.rules.charged import FREE, charged_as, dearer


@pytest.mark.parametrize(
    ("pricing", "category", "charged"),
    [
        ("regular", "marketing", "marketing"),
        ("free_customer_service", "utility", FREE),
        ("free_entry_point", "marketing", FREE),
        ("", "service", "service"),
        ("something new", "marketing_lite", "marketing_lite"),
        ("regular", "", ""),
        ("", "", ""),
    ],
)
def test_what_a_status_says(pricing: str, category: str, charged: str) -> None:
    assert charged_as(pricing, category) == charged


@pytest.mark.parametrize(
    ("told", "counts"),
    [
        (["", "marketing", ""], "marketing"),
        (["", FREE, ""], FREE),
        ([FREE, "marketing", FREE], "marketing"),
        (["marketing", "marketing_lite", ""], "marketing_lite"),
        ([FREE, "authentication", ""], "authentication"),
        (["", "", ""], ""),
    ],
)
def test_the_order_makes_no_difference(told: list[str], counts: str) -> None:
    for first, second, third in permutations(told):
        assert dearer(dearer(first, second), third) == counts
