"""What the sandbox shop tells about itself: settings, currency, system status, the API's index."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import NAMESPACE_URL, uuid5

from agent.sandbox.shop.currencies import (
    CURRENCIES,
    currency_entities,
    currency_name,
    currency_symbol,
)

if TYPE_CHECKING:
    from agent.sandbox.shop.shop import Shop
    from agent.sandbox.shop.view import JsonObject, View

SETTING_METHODS = ("GET", "POST", "PUT", "PATCH")
TABLES = {
    "woocommerce": ("woocommerce_sessions", "woocommerce_api_keys", "woocommerce_order_items"),
    "other": ("options", "posts", "postmeta", "users", "wc_orders", "wc_orders_meta"),
}


def _offered(code: str) -> dict[str, str]:
    known = dict.fromkeys([*CURRENCIES, code])
    return {one: f"{currency_name(one)} ({currency_symbol(one)}) — {one}" for one in known}


def general_settings(view: View) -> list[JsonObject]:
    """`settings/general`: what stands there in a new shop, and what this one has."""
    shop = view.shop
    countries = {shop.country: shop.country}
    locations = {"all": "All countries", "all_except": "All but", "specific": "Specific"}
    shipping = {"": "Where the shop sells"} | locations | {"disabled": "Nowhere"}
    guesses = {"": "None", "base": "Shop address", "geolocation": "Guess", "geolocation_ajax": "+"}
    places = {"left": "Left", "right": "Right", "left_space": "Left + ", "right_space": "Right + "}
    rows: list[tuple[str, str, str, str, object, dict[str, str] | None]] = [
        # id, label, type, default, value, options
        ("store_address", "Address line 1", "text", "", "Rua A 1", None),
        ("store_address_2", "Address line 2", "text", "", "", None),
        ("store_city", "City", "text", "", "", None),
        ("default_country", "Country / State", "select", "US:CA", shop.country, countries),
        ("store_postcode", "Postcode / ZIP", "text", "", "", None),
        ("allowed_countries", "Selling location(s)", "select", "all", "all", locations),
        ("all_except_countries", "Sell to all but", "multiselect", "", "", countries),
        ("specific_allowed_countries", "Sell to", "multiselect", "", "", countries),
        ("ship_to_countries", "Shipping location(s)", "select", "", "", shipping),
        ("specific_ship_to_countries", "Ship to", "multiselect", "", "", countries),
        ("default_customer_address", "Customer location", "select", "base", "base", guesses),
        ("calc_taxes", "Enable taxes", "checkbox", "no", "no", None),
        ("enable_coupons", "Enable coupons", "checkbox", "yes", "yes", None),
        ("calc_discounts_sequentially", "", "checkbox", "no", "no", None),
        ("currency", "Currency", "select", "USD", shop.currency, _offered(shop.currency)),
        ("currency_pos", "Currency position", "select", "left", "left_space", places),
        ("price_thousand_sep", "Thousand separator", "text", ",", ".", None),
        ("price_decimal_sep", "Decimal separator", "text", ".", ",", None),
        ("price_num_decimals", "Number of decimals", "number", "2", str(shop.decimals), None),
    ]
    settings = []
    for name, label, kind, default, value, options in rows:
        setting: JsonObject = {
            "id": f"woocommerce_{name}",
            "label": label,
            "description": label,
            "type": kind,
            "default": default,
        }
        if kind != "multiselect":
            setting["tip"] = label
        setting["value"] = value
        if options is not None:
            setting["options"] = options
        setting["_links"] = view.links(
            "settings/general", f"woocommerce_{name}", methods=SETTING_METHODS
        )
        settings.append(setting)
    return settings


def current_currency(view: View) -> JsonObject:
    code = view.shop.currency
    return {
        "code": code,
        "name": currency_name(code),
        "symbol": currency_entities(code),
        "_links": view.links("data/currencies", code, methods=("GET",)),
    }


def order_totals(shop: Shop) -> list[JsonObject]:
    """How many orders have each status; also those that plugins brought."""
    counts = dict.fromkeys(shop.statuses, 0)
    for order in shop.orders:
        if order.status in counts:
            counts[order.status] += 1
    return [
        {"slug": slug, "name": shop.statuses[slug], "total": total}
        for slug, total in counts.items()
    ]


def api_index(view: View) -> JsonObject:
    """/wp-json/: public, and the one place that names the shop's time zone."""
    shop = view.shop
    offset = shop.now().astimezone(shop.zone).utcoffset()
    hours = offset.total_seconds() / 3600 if offset else 0.0
    return {
        "name": shop.name,
        "description": "",
        "url": view.home,
        "home": view.home,
        "gmt_offset": int(hours) if hours.is_integer() else hours,
        "timezone_string": shop.timezone,
        "page_for_posts": 0,
        "page_on_front": 0,
        "show_on_front": "posts",
        "namespaces": [
            *("oembed/1.0", "wc/v1", "wc/v2", "wc/v3"),
            *(("wc-analytics",) if shop.analytics else ()),
            "wp/v2",
        ],
        "authentication": [],
        "routes": {},
        "site_logo": 0,
        "site_icon": 0,
        "site_icon_url": "",
        "_links": {"help": [{"href": "https://developer.wordpress.org/rest-api/"}]},
    }


def system_status(view: View) -> JsonObject:
    shop = view.shop
    return {
        "environment": _environment(view),
        "database": {
            "wc_database_version": shop.version,
            "database_prefix": "wp_",
            "maxmind_geoip_database": "",
            "database_tables": {
                owner: {
                    f"wp_{name}": {"data": "0.02", "index": "0.02", "engine": "InnoDB"}
                    for name in names
                }
                for owner, names in TABLES.items()
            },
            "database_size": {"data": 101.53, "index": 106.07},
        },
        "active_plugins": [
            {
                "plugin": "woocommerce/woocommerce.php",
                "name": "WooCommerce",
                "version": shop.version,
                "version_latest": shop.version,
                "url": "https://woocommerce.com/",
                "author_name": "Automattic",
                "author_url": "https://woocommerce.com",
                "network_activated": False,
            }
        ],
        "inactive_plugins": [],
        "dropins_mu_plugins": {"dropins": [], "mu_plugins": []},
        "theme": {
            "name": "Twenty Twenty-Five",
            "version": "1.0",
            "version_latest": 0,
            "author_url": "https://wordpress.org",
            "is_child_theme": False,
            "is_block_theme": True,
            "has_woocommerce_support": False,
            "has_woocommerce_file": False,
            "has_outdated_templates": False,
            "overrides": [],
            "parent_name": "",
            "parent_version": "",
            "parent_version_latest": "",
            "parent_author_url": "",
        },
        "settings": _settings(shop),
        "security": {"secure_connection": view.home.startswith("https:"), "hide_errors": True},
        "pages": [_page("Shop base", "5"), _page("Cart", "6"), _page("Checkout", "7")],
        "post_type_counts": [
            {"type": "product", "count": str(len(shop.products))},
            {"type": "product_variation", "count": str(len(shop.variations))},
            {"type": "shop_coupon", "count": str(len(shop.coupons))},
            {"type": "shop_order_placehold", "count": str(len(shop.orders) + len(shop.refunds))},
        ],
        "logging": {
            "logging_enabled": True,
            "default_handler": "Automattic\\WooCommerce\\Internal\\Admin\\Logging\\LogHandlerFileV2",
            "retention_period_days": 30,
            "level_threshold": "",
            "log_directory_size": "0 B",
        },
    }


def _environment(view: View) -> JsonObject:
    return {
        "home_url": view.home,
        "site_url": view.home,
        "store_id": str(uuid5(NAMESPACE_URL, view.shop.name)),
        "version": view.shop.version,
        "log_directory": "/var/www/shop/wp-content/uploads/wc-logs/",
        "log_directory_writable": True,
        "wp_version": "6.9",
        "wp_multisite": False,
        "wp_memory_limit": 268435456,
        "wp_debug_mode": False,
        "wp_cron": True,
        "language": "en_US",
        "external_object_cache": None,
        "server_info": "nginx/1.22.1",
        "server_architecture": "Linux x86_64",
        "php_version": "8.2.36",
        "php_post_max_size": 8388608,
        "php_max_execution_time": 60,
        "php_max_input_vars": 1000,
        "curl_version": "7.88.1, OpenSSL/3.0.22",
        "suhosin_installed": False,
        "max_upload_size": 2097152,
        "mysql_version": "10.11.19",
        "mysql_version_string": "10.11.19-MariaDB",
        "default_timezone": "UTC",  # PHP's, always; not the shop's
        "fsockopen_or_curl_enabled": True,
        "soapclient_enabled": False,
        "domdocument_enabled": True,
        "gzip_enabled": True,
        "mbstring_enabled": True,
        "remote_post_successful": False,
        "remote_post_response": "",
        "remote_get_successful": False,
        "remote_get_response": "",
    }


def _settings(shop: Shop) -> JsonObject:
    kinds = ("external", "grouped", "simple", "variable")
    terms = ("exclude-from-catalog", "exclude-from-search", "featured", "outofstock")
    stars = tuple(f"rated-{count}" for count in range(1, 6))
    return {
        "api_enabled": False,
        "force_ssl": False,
        "currency": shop.currency,
        "currency_symbol": currency_entities(shop.currency),
        "currency_position": "left_space",
        "thousand_separator": ".",
        "decimal_separator": ",",
        "number_of_decimals": shop.decimals,
        "geolocation_enabled": False,
        "taxonomies": {kind: kind for kind in kinds},
        "product_visibility_terms": {term: term for term in (*terms, *stars)},
        "woocommerce_com_connected": "no",
        "enforce_approved_download_dirs": True,
        "order_datastore": (
            "Automattic\\WooCommerce\\Internal\\DataStores\\Orders\\OrdersTableDataStore"
        ),
        "HPOS_enabled": True,
        "HPOS_sync_enabled": False,
        "enabled_features": [
            *(("analytics",) if shop.analytics else ()),
            *("order_attribution", "custom_order_tables"),
        ],
    }


def _page(name: str, number: str) -> JsonObject:
    return {
        "page_name": name,
        "page_id": number,
        "page_set": True,
        "page_exists": True,
        "page_visible": True,
        "shortcode": "",
        "block": "",
        "shortcode_required": False,
        "shortcode_present": False,
        "block_present": False,
        "block_required": False,
    }
