"""Everybody who changes a shop: customers, shopkeepers, plugins, importers; each at random."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from random import Random

from agent.sandbox.shop.ground import NotFound
from agent.sandbox.shop.orders import RefundRefused
from agent.sandbox.shop.rows import Order, Product
from agent.sandbox.shop.shop import Shop

Deed = Callable[[], object]
ZONES = ("America/Sao_Paulo", "Asia/Kolkata", "Pacific/Auckland", "UTC")
STATUSES = ("pending", "processing", "on-hold", "completed", "cancelled", "failed")


class Vandal:
    """Plays changes into `shop`. `dated` ones move a date that a poll of orders and products sees;
    `hidden` ones need another means.
    """

    def __init__(self, shop: Shop, seed: int) -> None:
        self.shop, self.random = shop, Random(seed)
        self.did: list[str] = []
        self.dated: tuple[Deed, ...] = (
            self.order, self.order, self.order, self.order_of_an_account, self.draft,
            self.set_status, self.set_status, self.edit, self.refund, self.meta,
            self.trash_order, self.restore_order, self.save_nothing,
            self.stock, self.price, self.schedule_sale, self.new_product, self.new_variation,
            self.variation_price,
        )  # fmt: skip
        self.hidden: tuple[Deed, ...] = (
            self.stock_raw, self.price_raw, self.name_raw, self.order_raw, self.phone_raw,
            self.line_alone, self.delete_refund, self.delete_order, self.trash_product,
            self.restore_product, self.delete_product, self.delete_variation, self.cron,
            self.new_account, self.change_account, self.delete_account, self.move_zone,
            self.same_second,
        )  # fmt: skip

    def furnish(self) -> None:
        shop = self.shop
        self.category = shop.add_category("Clothes")
        for number in range(12):
            shop.add_product(
                name=f"Thing {number}", price="10.50", stock=20, categories=[self.category]
            )
        for number in range(3):
            dress = shop.add_product(name=f"Dress {number}", price="", type="variable")
            for size in "SML":
                shop.add_variation(dress, attributes={"Size": size}, price="99", stock=9)
        for _ in range(8):
            self.new_account()
        for _ in range(25):
            self.order()

    def act(self, deeds: tuple[Deed, ...], times: int) -> None:
        for _ in range(times):
            deed = self.random.choice(deeds)
            try:
                deed()
            except (NotFound, RefundRefused, IndexError):
                continue  # there was nothing to do it to
            self.did.append(deed.__name__)  # type: ignore[attr-defined]  # a method

    @contextmanager
    def between_requests(self, deeds: tuple[Deed, ...], chance: float) -> Iterator[None]:
        """Changes also happen while somebody walks through the shop's pages."""

        def meddle(_: object) -> None:
            if self.random.random() < chance:
                self.act(deeds, 1)

        self.shop.on_request = meddle
        try:
            yield
        finally:
            self.shop.on_request = None

    # whom and what

    def an_order(self) -> Order:
        return self.random.choice(list(self.shop.orders))

    def goods(self) -> Product:
        return self.random.choice([row for row in self.shop.products if row.type == "simple"])

    def variation(self) -> Product:
        return self.random.choice(list(self.shop.variations))

    def anything(self) -> Product:
        return self.random.choice([self.goods(), self.variation()])

    def basket(self) -> list[tuple[int, int, int]]:
        rows = [self.anything() for _ in range(self.random.randint(1, 3))]
        return [
            (row.parent_id or row.id, row.id if row.parent_id else 0, self.random.randint(1, 3))
            for row in rows
        ]

    def phone(self) -> str:
        return f"202-555-01{self.random.randint(0, 99):02}"

    # what a poll of orders and products sees

    def order(self, customer: int = 0, status: str = "processing") -> int:
        email = f"guest{self.random.randint(0, 9)}@example.com"
        billing = {"phone": self.phone(), "country": "US", "first_name": "Ana", "email": email}
        return self.shop.place_order(
            self.basket(), customer_id=customer, billing=billing, status=status
        )

    def order_of_an_account(self) -> None:
        self.order(self.random.choice(list(self.shop.customers)).id)

    def draft(self) -> None:
        self.order(status="checkout-draft")

    def set_status(self) -> None:
        order = self.an_order()
        if order.status != "trash":
            self.shop.set_status(order.id, self.random.choice(STATUSES))

    def edit(self) -> None:
        order = self.an_order()
        line = self.random.choice(order.lines)
        self.shop.edit_order(order.id, {line.id: self.random.randint(0, 4)}, add=self.basket()[:1])

    def refund(self) -> None:
        order = self.an_order()
        self.shop.refund(order.id, self.shop.money(self.random.randint(1, 12)))

    def meta(self) -> None:
        self.shop.set_order_meta(self.an_order().id, "_note", self.random.random())

    def trash_order(self) -> None:
        self.shop.trash_order(self.an_order().id)

    def restore_order(self) -> None:
        self.shop.restore_order(
            self.random.choice([o for o in self.shop.orders if o.status == "trash"]).id
        )

    def save_nothing(self) -> None:
        self.shop.save_product(self.anything())

    def stock(self) -> None:
        self.shop.set_stock(self.anything().id, self.random.randint(0, 30))

    def price(self) -> None:
        self.shop.set_price(self.goods().id, self.random.choice(["9", "10.00", "10", "12.5"]))

    def variation_price(self) -> None:
        self.shop.set_price(self.variation().id, self.random.choice(["89", "88.00", "99"]))

    def schedule_sale(self) -> None:
        now = self.shop.now()
        starts = now + timedelta(minutes=self.random.randint(-5, 30))
        ends = starts + timedelta(minutes=self.random.randint(1, 60))
        self.shop.schedule_sale(self.anything().id, "7", starts, ends)

    def new_product(self) -> None:
        self.shop.add_product(name="New", price="20", stock=5)

    def new_variation(self) -> None:
        parent = self.random.choice([row for row in self.shop.products if row.type == "variable"])
        number = self.shop.add_variation(parent.id, attributes={"Size": "XL"}, price="99", stock=5)
        self.shop.save_product(self.shop.product(number))

    # what it does not see

    def stock_raw(self) -> None:
        self.shop.write_stock_raw(self.anything().id, self.random.randint(0, 30))

    def price_raw(self) -> None:
        self.shop.write_price_raw(self.anything().id, self.random.choice(["5", "6.50"]))

    def name_raw(self) -> None:
        self.shop.write_product_raw(
            self.goods().id, status=self.random.choice(["publish", "draft"])
        )

    def order_raw(self) -> None:
        self.shop.write_order_raw(self.an_order().id, billing={"phone": self.phone()})

    def phone_raw(self) -> None:
        account = self.random.choice(list(self.shop.customers))
        self.shop.write_customer_raw(account.id, phone=self.phone())

    def line_alone(self) -> None:
        order = self.an_order()
        line = self.random.choice(order.lines)
        self.shop.save_line_alone(order.id, line.id, quantity=self.random.randint(1, 9))

    def delete_refund(self) -> None:
        self.shop.delete_refund(self.random.choice(list(self.shop.refunds)).id)

    def delete_order(self) -> None:
        self.shop.delete_order(self.an_order().id)

    def trash_product(self) -> None:
        self.shop.trash_product(self.random.choice(list(self.shop.products)).id)

    def restore_product(self) -> None:
        trashed = [row for row in self.shop.products if row.status == "trash"]
        self.shop.restore_product(self.random.choice(trashed).id)

    def delete_product(self) -> None:
        if self.random.random() < 0.3:
            self.shop.delete_product(self.goods().id)

    def delete_variation(self) -> None:
        if self.random.random() < 0.3:
            self.shop.delete_product(self.variation().id)

    def cron(self) -> None:
        self.shop.run_cron()

    def new_account(self) -> None:
        name = f"a{self.random.randint(0, 10**6)}"
        self.shop.add_customer(
            first_name=name, last_name="Example", email=f"{name}@example.com", phone=self.phone()
        )

    def change_account(self) -> None:
        account = self.random.choice(list(self.shop.customers))
        self.shop.update_customer(account.id, phone=self.phone())

    def delete_account(self) -> None:
        account = self.random.choice([row for row in self.shop.customers if row.role == "customer"])
        self.shop.delete_customer(account.id)

    def move_zone(self) -> None:
        self.shop.timezone = self.random.choice(ZONES)

    def same_second(self) -> None:
        """An import: many rows with one date, all at once."""
        for row in list(self.shop.products)[:9]:
            self.shop.save_product(row)
