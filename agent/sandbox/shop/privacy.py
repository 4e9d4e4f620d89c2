"""The privacy tool of WordPress, as WooCommerce fills it: WC_Privacy_Erasers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from agent.sandbox.shop.edits import Edits

if TYPE_CHECKING:
    from agent.sandbox.shop.rows import Order

EMPTIED = ("state", "country")


class Privacy(Edits):
    def erase_person(self, email: str, *, orders: bool = True) -> None:
        """Tools -> Erase Personal Data, confirmed: the account's addresses are emptied (it stays, with its
        own name and e-mail), and every order of the account or e-mail is anonymised.

        `orders`: the setting "Remove personal data from orders on request", which is off in a new shop.
        """
        with self.lock:
            account = self.customer_by_email(email)
            if account is not None:
                for address in (account.billing, account.shipping):
                    address.update(dict.fromkeys(address, ""))
                self.save_customer(account)
            number = account.id if account is not None else None
            for order in list(self.orders):
                theirs = order.billing.get("email", "").casefold() == email.casefold()
                if orders and (theirs or (number is not None and order.customer_id == number)):
                    self.anonymize_order(order)

    def anonymize_order(self, order: Order) -> None:
        """`remove_order_personal_data`; also what the shop's own retention of old orders does."""
        for address in (order.billing, order.shipping):
            for name, value in address.items():
                address[name] = _anonymized(name, value)
        order.customer_id = 0
        order.notes.clear()
        self.write_meta(order.meta, "_anonymized", "yes")
        self.save_order(order)
        self.add_note(order.id, "Personal data removed.")


def _anonymized(name: str, value: str) -> str:
    """What is empty stays so."""
    if not value or name in EMPTIED:
        return ""
    if name == "email":
        return "deleted@site.invalid"
    return re.sub(r"\d", "0", value) if name == "phone" else "[deleted]"
