"""The life of an order in the sandbox shop: status, notes, refunds, trash."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent.sandbox.shop.catalog import Catalog
from agent.sandbox.shop.coupons import Coupons
from agent.sandbox.shop.ground import NotFound
from agent.sandbox.shop.payments import usual_gateways
from agent.sandbox.shop.people import People
from agent.sandbox.shop.rows import ZERO, Note, Order, OrderLine, Refund
from agent.sandbox.shop.table import Table

if TYPE_CHECKING:
    from datetime import datetime
    from decimal import Decimal


STATUSES = {
    "pending": "Pending payment",
    "processing": "Processing",
    "on-hold": "On hold",
    "completed": "Completed",
    "cancelled": "Cancelled",
    "refunded": "Refunded",
    "failed": "Failed",
    "checkout-draft": "Draft",
}
HIDDEN_STATUSES = ("trash", "auto-draft")  # not in `any`
PAID_STATUSES = ("processing", "completed")
STOCK_STATUSES = (
    "processing",
    "completed",
    "on-hold",
)  # reaching one takes the goods off the shelf
FREEING_STATUSES = ("cancelled", "pending")  # reaching one puts them back


class RefundRefused(ValueError):
    """The amount is not above zero, or more than what is left of the order."""


class Orders(Catalog, People, Coupons):
    """`date_modified` moves where section 4 of the measurements says so: every save, refund made,
    trash and restore; not for a note, and not when a refund is deleted.
    """

    def _open_orders(self) -> None:
        self.orders: Table[Order] = Table()
        self.refunds: Table[Refund] = Table()
        self.statuses = dict(STATUSES)
        self.gateways = usual_gateways()

    def add_order_status(self, slug: str, name: str) -> None:
        """A status that a plugin brings, as "shipped"."""
        with self.lock:
            self.statuses[slug] = name
            self.orders.changed()

    def remove_order_status(self, slug: str) -> None:
        """The plugin is gone, and its status with it. KeyError if there is none.

        TRAP: its orders are still there when asked by id, under the old name, but in no list any
        more: `any` means the statuses that are known, and to ask for this one is a 400
        (`OrdersTableQuery::sanitize_status`, recording q04_unknown_status).
        """
        with self.lock:
            del self.statuses[slug]
            self.orders.changed()

    def order(self, number: int) -> Order:
        """The order with this id, also a trashed one. NotFound if there is none."""
        row = self.orders.get(number)
        if row is None:
            raise NotFound("order", number)
        return row

    def line_of(self, order: Order, number: int) -> OrderLine:
        """The line of an order with this id. NotFound if it has none."""
        found = next((line for line in order.lines if line.id == number), None)
        if found is None:
            raise NotFound("order line", number)
        return found

    def save_order(self, order: Order) -> None:
        """What `$order->save()` does: `date_modified` moves, whether anything changed or not."""
        order.modified = self.now()
        self.orders.changed()
        self.tell("order", "updated", order.id)

    def set_status(self, number: int, status: str) -> None:
        """Move an order to `status`, with what follows: dates, stock, coupon uses, full refund."""
        with self.lock:
            self.check_status(status)
            order = self.order(number)
            order.status = status
            self.save_order(order)
            self.follow_status(order, order.modified)
            if status == "refunded" and (left := self.refundable(order)):
                self.refund(number, left, "Order fully refunded.")

    def set_order_meta(self, number: int, key: str, value: object) -> None:
        with self.lock:
            order = self.order(number)
            self.write_meta(order.meta, key, value)
            self.save_order(order)

    def add_note(self, number: int, text: str, *, for_customer: bool = False) -> int:
        """Write a note on an order; this does not move its `date_modified`."""
        with self.lock:
            note = Note(
                id=self.new_note_id(), text=text, for_customer=for_customer, created=self.now()
            )
            self.order(number).notes.append(note)
            return note.id

    def refundable(self, order: Order) -> Decimal:
        """What has not been given back yet."""
        return order.total - sum((self.refunds[number].amount for number in order.refunds), ZERO)

    def refund(
        self,
        number: int,
        amount: Decimal | str | int,
        reason: str = "",
        created: datetime | None = None,
    ) -> int:
        """Give back `amount` of an order; the last of it makes the order "refunded".

        The order's total stays as it is. RefundRefused, NotFound.
        """
        with self.lock:
            order, moment, sum_back = self.order(number), self.moment(created), self.money(amount)
            if sum_back <= 0 or sum_back > self.refundable(order):
                raise RefundRefused("Invalid refund amount.")
            row = Refund(
                id=self.new_id(),
                order_id=number,
                amount=sum_back,
                reason=reason,
                created=moment,
                modified=moment,
            )
            self.refunds.add(row)
            order.refunds.append(row.id)
            if not self.refundable(order):
                order.status = "refunded"
            order.modified = max(order.modified, moment)
            self.orders.changed()
            self.tell("order", "updated", number)
            return row.id

    def delete_refund(self, number: int) -> None:
        """For good. The order's `date_modified` does not move: a cursor never sees this."""
        with self.lock:
            row = self.refunds.get(number)
            if row is None:
                raise NotFound("refund", number)
            self.refunds.remove(number)
            self.order(row.order_id).refunds.remove(number)
            self.orders.changed()

    def trash_order(self, number: int) -> None:
        """Into the trash. Trashing what is there already changes nothing."""
        with self.lock:
            order = self.order(number)
            if order.status != "trash":
                order.status_before_trash, order.status = order.status, "trash"
                order.modified = self.now()
                self.orders.changed()
                self.tell("order", "deleted", number)

    def restore_order(self, number: int) -> None:
        """Out of the trash, with the status it had."""
        with self.lock:
            order = self.order(number)
            if order.status == "trash":
                order.status = order.status_before_trash
                self.save_order(order)
                self.tell("order", "restored", number)

    def delete_order(self, number: int, force: bool = True) -> None:
        """For good, with its refunds and without a trace; or only into the trash."""
        with self.lock:
            if not force:
                self.trash_order(number)
                return
            for refund in list(self.order(number).refunds):
                self.refunds.remove(refund)
            self.orders.remove(number)

    def check_status(self, status: str) -> None:
        """ValueError if there is no such status."""
        if status not in self.statuses and status != "auto-draft":
            raise ValueError(f"{status!r} is no order status; there are {', '.join(self.statuses)}")

    def emails_of(self, order: Order) -> list[str]:
        """The addresses by which coupons know the buyer: of the order, and of the account."""
        account = self.customers.get(order.customer_id)
        return [order.billing["email"], account.email if account else ""]

    def follow_status(self, order: Order, moment: datetime) -> None:
        """What comes with the status that the order has now: dates, stock, coupon uses."""
        status = order.status
        if status in PAID_STATUSES and order.paid is None:
            order.paid = moment
            account = self.customers.get(order.customer_id)
            if account is not None and not account.is_paying:
                account.is_paying = True  # user meta: the account's date_modified stays
                self.customers.changed()
        if status == "completed" and order.completed is None:
            order.completed = moment
        if status in STOCK_STATUSES:
            self._move_stock(order, moment, take=True)
        elif status in FREEING_STATUSES:
            self._move_stock(order, moment, take=False)
        # an order counts as a use of its coupons unless it was cancelled
        self._count_coupons(order, used=status not in {"cancelled", "failed", "checkout-draft"})

    def _move_stock(self, order: Order, moment: datetime, *, take: bool) -> None:
        for line in order.lines:
            if take == bool(line.reduced):
                continue
            number = line.variation_id or line.product_id
            row = self.variations.get(number) or self.products.get(number)
            if row is None:
                continue  # bought once, deleted since
            taken = self.take_stock(row, line.quantity if take else -line.reduced, moment)
            line.reduced = max(taken, 0)
            line.reduced_meta = line.reduced_meta or (self.new_meta_id() if taken else 0)
            product = self.products.get(line.product_id)
            if take and product is not None:
                product.total_sales += line.quantity

    def _count_coupons(self, order: Order, *, used: bool) -> None:
        if used == order.coupons_counted or not order.coupon_lines:
            return
        person = next((email for email in self.emails_of(order) if email), "").lower()
        for line in order.coupon_lines:
            coupon = self.coupons.get(line.coupon_id)
            if coupon is not None and used:
                coupon.used_by.append(person)
            elif coupon is not None and person in coupon.used_by:
                coupon.used_by.remove(person)
        order.coupons_counted = used
        self.coupons.changed()
