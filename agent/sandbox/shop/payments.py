"""How people pay in the sandbox shop: its gateways, and which of them an order takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from agent.sandbox.shop.view import Fields, JsonObject, View

if TYPE_CHECKING:
    from collections.abc import Mapping

GATEWAY_METHODS = ("GET", "POST", "PUT", "PATCH")
CARDS_OF_THREE = 2  # so many of three orders are paid by card, the third on delivery


@dataclass(slots=True, kw_only=True)
class Gateway:
    """One way to pay. `instructions` are what the shop's own e-mails say of it; None: it has none,
    as those of most plugins.
    """

    id: str
    title: str
    description: str
    method_title: str
    instructions: str | None
    enabled: bool = True


def usual_gateways() -> dict[str, Gateway]:
    """Those of a new WooCommerce, and a plugin's for cards."""
    transfer = "Please transfer the total and name the number of your order."
    cash = "Pay with cash upon delivery."
    return {
        one.id: one
        for one in (
            Gateway(
                id="bacs",
                title="Direct bank transfer",
                description="Make your payment directly into our bank account.",
                method_title="Direct bank transfer",
                instructions=transfer,
            ),
            Gateway(
                id="cheque",
                title="Check payments",
                description="Please send a check to Store Name.",
                method_title="Check payments",
                instructions="",
                enabled=False,
            ),
            Gateway(
                id="cod",
                title="COD",
                description=cash,
                method_title="Cash on delivery",
                instructions=cash,
            ),
            Gateway(
                id="stripe",
                title="Credit / debit card",
                description="Pay with your card.",
                method_title="Card",
                instructions=None,
            ),
        )
    }


def usual_payment(number: int, status: str) -> str:
    """What an order is paid with where nobody says it: one that waits for money, by bank transfer."""
    if status == "on-hold":
        return "bacs"
    return "stripe" if number % 3 < CARDS_OF_THREE else "cod"


def title_of(gateways: Mapping[str, Gateway], method: str) -> str:
    """The title that an order keeps of its gateway; one that the shop does not know has its id."""
    return gateways[method].title if method in gateways else method.upper()


def _setting(name: str, label: str, kind: str, value: str) -> JsonObject:
    return {
        "id": name,
        "label": label,
        "description": label,
        "type": kind,
        "value": value,
        "default": "",
        "tip": label,
        "placeholder": "",
    }


def _settings(gateway: Gateway) -> JsonObject:
    settings: JsonObject = {"title": _setting("title", "Title", "safe_text", gateway.title)}
    if gateway.instructions is not None:
        settings["instructions"] = _setting(
            "instructions", "Instructions", "textarea", gateway.instructions
        )
    if gateway.id == "cod":
        by_courier: JsonObject = {"Flat rate": {"flat_rate": "Any &quot;Flat rate&quot; method"}}
        settings["enable_for_methods"] = _setting(
            "enable_for_methods", "Enable for shipping methods", "multiselect", ""
        ) | {"options": by_courier}
        settings["enable_for_virtual"] = _setting(
            "enable_for_virtual", "Accept COD if the order is virtual", "checkbox", "yes"
        )
    return settings


def _settings_url(view: View, gateway: Gateway) -> str:
    return f"{view.home}/wp-admin/admin.php?page=wc-settings&tab=checkout&section={gateway.id}"


GATEWAY = Fields[Gateway](
    {
        "id": lambda _, gateway: gateway.id,
        "title": lambda _, gateway: gateway.title,
        "description": lambda _, gateway: gateway.description,
        "order": lambda *_: "",
        "enabled": lambda _, gateway: gateway.enabled,
        "method_title": lambda _, gateway: gateway.method_title,
        "method_description": lambda _, gateway: gateway.description,
        "method_supports": lambda *_: ["products"],
        "settings": lambda _, gateway: _settings(gateway),
        "needs_setup": lambda *_: False,
        "post_install_scripts": lambda *_: [],
        "settings_url": _settings_url,
        "connection_url": lambda *_: None,
        "setup_help_text": lambda *_: None,
        "required_settings_keys": lambda *_: [],
        "_links": lambda view, gateway: view.links(
            "payment_gateways", gateway.id, methods=GATEWAY_METHODS
        ),
    }
)
