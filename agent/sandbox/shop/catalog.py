"""The shelf of the sandbox shop: categories, products, variations, stock and prices."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Literal

from agent.sandbox.shop.ground import Ground, NotFound, slug_of
from agent.sandbox.shop.prices import number_of, price_for
from agent.sandbox.shop.rows import Category, Product
from agent.sandbox.shop.table import Table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

Price = str | Decimal | int


class Catalog(Ground):
    """Every operation here moves `date_modified` of what it touches and, for a variation, of its
    parent, as saving a product in WooCommerce does. Writes that pass by it are in raw.py.
    """

    def _open_catalog(self) -> None:
        self.categories: Table[Category] = Table()
        self.products: Table[Product] = Table()
        self.variations: Table[Product] = Table()
        self._in_category: dict[int, list[int]] = {}
        self._slugs: set[str] = set()
        self._category_slugs: set[str] = set()

    def add_category(self, name: str, parent: int = 0) -> int:
        """A new category below `parent` (0: at the top). NotFound if there is no such parent."""
        with self.lock:
            if parent and self.categories.get(parent) is None:
                raise NotFound("category", parent)
            slug = slug_of(name, self._category_slugs)
            self._category_slugs.add(slug)
            row = Category(self.new_id(), name, slug, parent)
            self.categories.add(row)
            return row.id

    def add_product(
        self,
        *,
        name: str,
        price: Price,
        categories: Sequence[int] = (),
        sku: str = "",
        stock: int | None = None,
        sale_price: Price | None = None,
        status: str = "publish",
        created: datetime | None = None,
        type: Literal["simple", "variable"] = "simple",  # noqa: A002 - WooCommerce's own word
        catalog_visibility: str = "visible",
        meta: Mapping[str, object] | None = None,
    ) -> int:
        """A new product. A variable one takes price and stock from the variations added to it."""
        with self.lock:
            moment = self.moment(created)
            slug = slug_of(name, self._slugs)
            self._slugs.add(slug)
            variable = type == "variable"
            row = Product(
                id=self.new_id(),
                type=type,
                name=name,
                slug=slug,
                status=status,
                sku=sku,
                price=str(price),
                regular_price="" if variable else str(price),
                sale_price="" if variable or sale_price is None else str(sale_price),
                stock=None if variable else stock,
                stock_status="instock",
                catalog_visibility=catalog_visibility,
                categories=tuple(categories),
                meta=self.new_meta(meta or {}),
                created=moment,
                modified=moment,
                created_local=self.local(moment),
                modified_local=self.local(moment),
            )
            settle_price(row, moment)
            settle_stock(row)
            self.products.add(row)
            for category in row.categories:
                self._in_category.setdefault(category, []).append(row.id)
            self.tell("product", "created", row.id)
            return row.id

    def in_category(self, number: int) -> list[Product]:
        """The published products that name this category themselves."""
        found = (self.products[product] for product in self._in_category.get(number, ()))
        return [row for row in found if row.status == "publish"]

    def add_variation(
        self,
        parent_id: int,
        *,
        attributes: Mapping[str, str],
        price: Price,
        stock: int | None = None,
        sku: str = "",
        sale_price: Price | None = None,
        created: datetime | None = None,
    ) -> int:
        """A new variation of a variable product. NotFound or ValueError about the parent."""
        with self.lock:
            parent = self.products.get(parent_id)
            if parent is None:
                raise NotFound("product", parent_id)
            if parent.type != "variable":
                raise ValueError(f"product {parent_id} is {parent.type}, not variable")
            moment = parent.created if created is None else self.moment(created)
            name = " - ".join([parent.name, ", ".join(attributes.values())])
            row = Product(
                id=self.new_id(),
                type="variation",
                name=name,
                slug=slug_of(name),
                status="publish",
                sku=sku,
                price=str(price),
                regular_price=str(price),
                sale_price="" if sale_price is None else str(sale_price),
                stock=stock,
                stock_status="instock",
                parent_id=parent_id,
                attributes=dict(attributes),
                created=moment,
                modified=moment,
                created_local=self.local(moment),
                modified_local=self.local(moment),
            )
            settle_price(row, moment)
            settle_stock(row)
            parent.variations.append(row.id)
            self.variations.add(row)
            self._settle_parent(parent)
            self.tell("product", "created", row.id)
            return row.id

    def product(self, number: int) -> Product:
        """The product or variation with this id. NotFound if there is none."""
        row = self.products.get(number) or self.variations.get(number)
        if row is None:
            raise NotFound("product", number)
        return row

    def set_stock(self, number: int, stock: int | None) -> None:
        """Set what is left of a product or variation; None stops counting it."""
        with self.lock:
            row = self.product(number)
            row.stock = stock
            self.save_product(row)

    def set_price(self, number: int, price: Price, sale_price: Price | None = None) -> None:
        """Set the regular price and the sale price (None: not on sale)."""
        with self.lock:
            row = self.product(number)
            row.regular_price = str(price)
            row.sale_price = "" if sale_price is None else str(sale_price)
            row.sale_from = row.sale_to = None
            settle_price(row, self.now())
            self.save_product(row)

    def set_categories(self, row: Product, categories: Sequence[int]) -> None:
        """Put a product on other shelves; save it afterwards."""
        for category in row.categories:
            self._in_category[category].remove(row.id)
        row.categories = tuple(dict.fromkeys(categories))
        for category in row.categories:
            self._in_category.setdefault(category, []).append(row.id)

    def trash_product(self, number: int) -> None:
        """Into the trash, with its variations. Trashing what is there already changes nothing.

        Posts are moved, products are not saved: a variation's own date moves, its parent's stays.
        """
        with self.lock:
            for row in self._with_variations(number):
                if row.status != "trash":
                    row.status_before_trash, row.status = row.status, "trash"
                    self._stamp(row, self.now())
                    self.tell("product", "deleted", row.id)

    def restore_product(self, number: int) -> None:
        """Out of the trash, with its variations, as they were before."""
        with self.lock:
            for row in self._with_variations(number):
                if row.status == "trash":
                    row.status = row.status_before_trash
                    self._stamp(row, self.now())
                    self.tell("product", "restored", row.id)

    def delete_product(self, number: int) -> None:
        """For good, with its variations. Old orders keep their lines.

        TRAP: deleting a variation saves nothing else (`WC_Post_Data::delete_post` only drops caches):
        its parent names it no more, and the parent's date and stored price stay as they were.
        """
        with self.lock:
            for row in self._with_variations(number):
                (self.variations if row.parent_id else self.products).remove(row.id)
                for category in row.categories:
                    self._in_category[category].remove(row.id)
                if row.parent_id and (parent := self.products.get(row.parent_id)) is not None:
                    parent.variations.remove(row.id)
                    self.products.changed()

    def take_stock(self, row: Product, quantity: int, moment: datetime) -> int:
        """Take `quantity` (negative: put back) if stock is counted. Returns what was taken.

        It may go below zero, as it does for orders that the API or the admin makes.
        """
        if row.stock is None:
            return 0
        row.stock -= quantity
        self.save_product(row, moment)
        return quantity

    def save_product(self, row: Product, moment: datetime | None = None) -> None:
        """What `$product->save()` does at `moment` (default: now): stock status and dates.

        The stored price is not computed anew: WooCommerce does that only when regular price, sale
        price or its dates have been changed (see `settle_price`).
        """
        moment = moment or self.now()
        settle_stock(row)
        self._stamp(row, moment)
        self.tell("product", "updated", row.id)
        if row.parent_id and (parent := self.products.get(row.parent_id)) is not None:
            self._stamp(parent, moment)
            self._settle_parent(parent)
            self.tell("product", "updated", parent.id)

    def _with_variations(self, number: int) -> list[Product]:
        row = self.product(number)
        return [row, *(self.variations[variation] for variation in row.variations)]

    def _stamp(self, row: Product, moment: datetime) -> None:
        # a history that is written late, order by order, never makes a product look older
        if moment > row.modified:
            row.modified, row.modified_local = moment, self.local(moment)
        (self.variations if row.parent_id else self.products).changed()

    def _settle_parent(self, parent: Product) -> None:
        children = [self.variations[number] for number in parent.variations]
        # what is stored, so that a sale between its beginning and the cron does not show here
        prices = [child.price for child in children if child.price]
        parent.price = min(prices, key=number_of, default="")
        in_stock = not children or any(child.stock_status != "outofstock" for child in children)
        parent.stock_status = "instock" if in_stock else "outofstock"
        self.products.changed()


def settle_price(row: Product, now: datetime) -> None:
    """Store what a buyer pays, from what was typed. A variable product takes its variations'."""
    if row.type != "variable":
        row.price = price_for(row, now)


def settle_stock(row: Product) -> None:
    """Whether there is any, from what was counted."""
    if row.stock is None:
        return
    if row.stock > 0:
        row.stock_status = "instock"
    else:
        row.stock_status = "outofstock" if row.backorders == "no" else "onbackorder"
