"""The customers of the sandbox shop: people with an account. Guests exist only in their orders."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

from agent.sandbox.shop.ground import Ground, NotFound
from agent.sandbox.shop.rows import CUSTOMER_ADDRESS, Customer
from agent.sandbox.shop.table import Table

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

ROLES = (
    "administrator",
    "editor",
    "author",
    "contributor",
    "subscriber",
    "customer",
    "shop_manager",
)
OWN_FIELDS = ("first_name", "last_name", "email", "role", "username")


class People(Ground):
    def _open_people(self) -> None:
        self.customers: Table[Customer] = Table()
        self._customer_ids = count(1)
        # every WordPress has the one who installed it; `role=all` shows that person too
        admin = self.add_customer(
            first_name="", last_name="", email="admin@shop.example", role="administrator"
        )
        self.customers[admin].username = "admin"
        self.customers[admin].modified = None

    def add_customer(
        self,
        *,
        first_name: str,
        last_name: str,
        email: str,
        phone: str = "",
        country: str = "",
        city: str = "",
        created: datetime | None = None,
        meta: Mapping[str, object] | None = None,
        role: str = "customer",
    ) -> int:
        """A new account. Phone, country and city go to its billing address. ValueError: bad role."""
        if role not in ROLES:
            raise ValueError(f"{role!r} is no role; there are {', '.join(ROLES)}")
        with self.lock:
            moment = self.moment(created)
            number = next(self._customer_ids)
            billing = dict.fromkeys((*CUSTOMER_ADDRESS, "email", "phone"), "")
            billing |= {"first_name": first_name, "last_name": last_name, "email": email}
            billing |= {"phone": phone, "country": country, "city": city}
            self.customers.add(
                Customer(
                    id=number,
                    role=role,
                    email=email,
                    first_name=first_name,
                    last_name=last_name,
                    username=f"{email.partition('@')[0]}{number}",
                    billing=billing,
                    shipping=dict.fromkeys((*CUSTOMER_ADDRESS, "phone"), ""),
                    meta=self.new_meta(meta or {}),
                    created=moment,
                    modified=moment,
                )
            )
            self.tell("customer", "created", number)
            return number

    def customer(self, number: int) -> Customer:
        """The account with this id. NotFound if there is none."""
        row = self.customers.get(number)
        if row is None:
            raise NotFound("customer", number)
        return row

    def customer_by_email(self, email: str) -> Customer | None:
        """The account with this address, upper and lower case alike; None if there is none."""
        wanted = email.casefold()
        return next((row for row in self.customers if row.email.casefold() == wanted), None)

    def update_customer(self, number: int, **fields: object) -> None:
        """Change an account: its own fields, `meta` (a mapping to merge), or fields of its billing
        address (phone, country, city, ...). `first_name`, `last_name` and `email` change both.
        ValueError for a field that does not exist.
        """
        with self.lock:
            row = self.customer(number)
            for name, value in fields.items():
                if name == "meta" and isinstance(value, dict):
                    for key, entry in value.items():
                        self.write_meta(row.meta, key, entry)
                elif name in OWN_FIELDS or name in row.billing:
                    if name in OWN_FIELDS:
                        setattr(row, name, str(value))
                    if name in row.billing:
                        row.billing[name] = str(value)
                else:
                    raise ValueError(f"a customer has no field {name!r}")
            self.save_customer(row)

    def save_customer(self, row: Customer) -> None:
        """What `$customer->save()` does: `date_modified` moves."""
        row.modified = self.now()
        self.customers.changed()
        self.tell("customer", "updated", row.id)

    def delete_customer(self, number: int) -> None:
        """For good; there is no trash for accounts. Their orders stay."""
        with self.lock:
            row = self.customer(number)
            self.customers.remove(number)
            if row.role == "customer":  # other accounts are nobody's customers
                self.tell("customer", "deleted", number)
