"""What the shop says of itself: its time zone, currency, country, name, version, order statuses."""

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from agent.clients.shop import Shop
from agent.config import Settings
from agent.errors import ConfigError
from models import ShopFact


def read_shop_facts(shop: Shop, settings: Settings) -> dict[str, str]:
    """Ask, keep and return them.

    Raises ConfigError where the shop's time zone cannot be told and the config does not say it.
    """
    site = shop.site()
    status = shop.one("system_status", _fields="environment,settings")
    general = {one["id"]: one["value"] for one in shop.page("settings/general").rows}
    statuses = shop.page("reports/orders/totals").rows
    facts = {
        "name": str(site.get("name") or status["environment"]["home_url"]),
        "url": str(status["environment"]["home_url"]),
        "version": str(status["environment"]["version"]),
        "zone": settings.shop.timezone or _zone(site),
        "currency": str(status["settings"]["currency"]),
        "country": str(general.get("woocommerce_default_country") or "").split(":")[0],
        "order_statuses": " ".join(one["slug"] for one in statuses),
    }
    ShopFact.put(facts)
    return facts


def _zone(site: dict[str, object]) -> str:
    """The IANA name from WordPress's own settings; a whole-hour offset has one as well."""
    named = str(site.get("timezone_string") or "")
    if not named:
        offset = float(str(site.get("gmt_offset") or 0))
        named = f"Etc/GMT{-int(offset):+d}" if offset == int(offset) else f"UTC{offset:+}"
    try:
        ZoneInfo(named)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ConfigError(
            f"the shop's time zone is {named!r}, which names no place",
            fix='set [shop] timezone to a name such as "America/Sao_Paulo", or choose a city in '
            "WordPress under Settings -> General -> Timezone",
        ) from error
    return named
