"""The drift meter: what it compares, what it repairs, and what it does not count."""

import logging
from datetime import timedelta

import pytest
from jobs_stage import DAY, Counter
from mirror_compare import differences

from agent.jobs.exactness import look_at_mirror
from models import ProductChange, Sample


@pytest.fixture
def full(counter: Counter) -> Counter:
    shop = counter.shop
    counter.page_size(100)
    counter.hat = shop.add_product(name="Hat", price="15", stock=9)  # type: ignore[attr-defined]
    dress = shop.add_product(name="Dress", price="", type="variable")
    counter.small = shop.add_variation(  # type: ignore[attr-defined]
        dress, attributes={"Size": "S"}, price="99", stock=3
    )
    for name in ("ana", "bea"):
        shop.add_customer(first_name=name, last_name="Example", email=f"{name}@example.com")
    for _ in range(6):
        counter.order("202-555-0101", created=counter.now - 2 * DAY)
    counter.later(hours=1)
    counter.pull_all()
    counter.later(days=1)
    return counter


def samples() -> dict[str, tuple[int, int]]:
    return {one.kind: (one.compared, one.differing) for one in Sample.select()}


def drifts(caplog: pytest.LogCaptureFixture) -> list[tuple[str, str]]:
    told = [one for one in caplog.records if one.message == "mirror.drift"]
    return [(one.fields["kind"], one.fields["fields"]) for one in told]  # type: ignore[attr-defined]


def test_a_mirror_without_drift_is_exact_in_every_kind(full: Counter) -> None:
    assert full.drift() == {"compared": 6 + 3 + 3 + 6 + 6 + 1, "differing": 0}
    assert samples() == {
        "orders": (6, 0), "products": (3, 0), "customers": (3, 0),
        "lines": (6, 0), "refunds": (6, 0), "variations": (1, 0),
    }  # fmt: skip


def test_each_kind_of_drift_is_told_with_its_field_counted_and_repaired(
    full: Counter, caplog: pytest.LogCaptureFixture
) -> None:
    shop = full.shop
    first, second, third = [one.id for one in shop.orders][:3]
    refund = shop.refund(third, "5")
    full.later(minutes=1)
    full.cycle()
    full.later(hours=1)
    shop.write_product_raw(full.hat, stock=4, name="Cap")
    shop.write_price_raw(full.small, "89")
    shop.write_customer_raw(2, phone="202-555-0102")
    shop.write_order_raw(first, status="failed")
    shop.save_line_alone(second, shop.order(second).lines[0].id, quantity=5)
    shop.delete_refund(refund)
    shop.delete_order([one.id for one in shop.orders][-1])
    with caplog.at_level(logging.WARNING):
        full.drift()

    assert sorted(drifts(caplog)) == [
        ("customers", "phone"), ("lines", "lines"), ("orders", "gone"), ("orders", "status"),
        ("products", "name,stock_quantity"), ("refunds", "gone"), ("variations", "price,regular_price"),
    ]  # fmt: skip
    assert samples()["orders"] == (6, 2)
    assert differences(shop) == []
    assert {one.means for one in ProductChange.select()} == {"drift"}


def test_no_value_of_a_person_is_in_the_log(
    full: Counter, caplog: pytest.LogCaptureFixture
) -> None:
    full.shop.write_customer_raw(2, phone="202-555-0199")
    with caplog.at_level(logging.DEBUG):
        full.drift()
    ours = [one for one in caplog.records if one.name.startswith("agent")]
    assert "mirror.drift" in [one.message for one in ours]
    assert "0199" not in "".join(str(vars(one)) for one in ours)


def test_what_the_shop_changed_just_now_is_no_drift(full: Counter) -> None:
    full.poll()
    full.shop.on_request = lambda one: (
        full.shop.set_stock(full.hat, 1) if "include" in one.params else None
    )
    assert full.drift()["differing"] == 0
    assert samples()["products"] == (3, 0)


def test_nothing_is_measured_before_everything_was_read(counter: Counter) -> None:
    counter.order()
    counter.poll()
    assert counter.drift() == {}
    assert samples() == {}


def test_the_look_at_the_mirror_tells_how_exact_it_is(full: Counter) -> None:
    full.shop.write_stock_raw(full.hat, 4)
    full.drift()
    look = look_at_mirror(full.now + timedelta(hours=1))
    assert (look.overall.compared, look.overall.differing) == (25, 1)
    assert look.found["products", "drift"] == 1
    assert look.held["lines"].oldest_read == timedelta(hours=1)
