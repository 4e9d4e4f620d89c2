"""The refusals of the sandbox shop's API, worded as WordPress and WooCommerce word them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class WooError(Exception):
    """An answer `{"code", "message", "data": {"status": ...}}`."""

    def __init__(self, code: str, message: str, status: int, data: object = None) -> None:
        """`data` takes the place of `{"status": status}`."""
        super().__init__(message)
        self.code, self.message, self.status = code, message, status
        self.data = {"status": status} if data is None else data

    def body(self) -> dict[str, object]:
        return {"code": self.code, "message": self.message, "data": self.data}


class AuthError(WooError):
    """A key that is wrong, or lacks a right."""

    def __init__(self, message: str, code: str = "woocommerce_rest_authentication_error") -> None:
        super().__init__(code, message, 401)


@dataclass(frozen=True, slots=True)
class Complaint:
    """What is wrong with one parameter."""

    code: str
    message: str
    data: object = None


class BadValue(ValueError):
    """A parameter's value does not fit."""

    def __init__(self, complaint: Complaint) -> None:
        super().__init__(complaint.message)
        self.complaint = complaint


def not_of_type(name: str, kind: str) -> BadValue:
    message = f"{name} is not of type {kind}."
    return BadValue(Complaint("rest_invalid_type", message, {"param": name}))


def not_one_of(name: str, allowed: Sequence[str]) -> BadValue:
    listed = ", ".join(allowed[:-1]) + f", and {allowed[-1]}" if len(allowed) > 2 else ""
    listed = listed or " and ".join(allowed)
    return BadValue(Complaint("rest_not_in_enum", f"{name} is not one of {listed}."))


def invalid_params(complaints: Mapping[str, Complaint]) -> WooError:
    return WooError(
        "rest_invalid_param",
        f"Invalid parameter(s): {', '.join(complaints)}",
        400,
        {
            "status": 400,
            "params": {name: one.message for name, one in complaints.items()},
            "details": {
                name: {"code": one.code, "message": one.message, "data": one.data}
                for name, one in complaints.items()
            },
        },
    )


def missing_params(*names: str) -> WooError:
    return WooError(
        "rest_missing_callback_param",
        f"Missing parameter(s): {', '.join(names)}",
        400,
        {"status": 400, "params": list(names)},
    )


def no_route() -> WooError:
    message = "No route was found matching the URL and request method."
    return WooError("rest_no_route", message, 404)


# what WooCommerce calls the absence of each kind of row
_ABSENT = {
    "order": ("woocommerce_rest_shop_order_invalid_id", "Invalid ID."),
    "product": ("woocommerce_rest_product_invalid_id", "Invalid ID."),
    "variation": ("woocommerce_rest_product_variation_invalid_id", "Invalid ID."),
    "coupon": ("woocommerce_rest_shop_coupon_invalid_id", "Invalid ID."),
    "customer": ("woocommerce_rest_invalid_id", "Invalid resource ID."),
    "category": ("woocommerce_rest_term_invalid", "Resource does not exist."),
    "webhook": ("woocommerce_rest_shop_webhook_invalid_id", "Invalid ID."),
    "refund": ("woocommerce_rest_shop_order_refund_invalid_id", "Invalid ID."),
}


def absent(what: str, status: int = 404) -> WooError:
    """No such row. A change of what does not exist is a 400 to WooCommerce, not a 404."""
    code, message = _ABSENT[what]
    return WooError(code, message, status)
