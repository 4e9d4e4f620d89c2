"""What the shop says of itself: zone, currency, country, name, language, version, order statuses, how
people pay."""

import json
from collections.abc import Callable, Mapping
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from agent.clients.shop import Shop
from agent.config import Settings
from agent.errors import ConfigError, Refused
from agent.jobs.pull.kinds import ORDERS
from agent.jobs.pull.sweep import swept
from agent.jobs.pull.variations import probe_variations
from agent.log import Log
from agent.rules.shop_texts import plain
from models import Cursor, ShopFact

log = Log(__name__)

Facts = dict[str, str]

READ, REFUSED = "read", "refused"  # what came of asking for the gateways


def read_shop_facts(shop: Shop, settings: Settings) -> Facts:
    """Ask for all of them, keep and return them.

    Raises ConfigError where the shop's time zone cannot be told and the config does not say it.
    """
    for fact in FACTS:
        read_fact(shop, settings, fact)
    return ShopFact.all()


def read_fact(shop: Shop, settings: Settings, fact: str) -> None:
    """Ask for one of FACTS or NEWS_FACTS. Raises ConfigError as `read_shop_facts` does."""
    before = ShopFact.all()
    now = {**FACTS, **NEWS_FACTS}[fact](shop, settings)
    if "zone" in now and before.get("zone", now["zone"]) != now["zone"]:
        log.info("shop.zone_changed", was=before["zone"], now=now["zone"])
    if "version" in now and (before.get("version") != now["version"] or "variations" not in before):
        probe_variations(shop)
    known = set(before.get("order_statuses", now.get("order_statuses", "")).split())
    added = set(now.get("order_statuses", "").split()) - known
    if added:
        # orders may have had it for long: a plugin that is switched on again moves no dates
        log.info("shop.new_status", statuses=",".join(sorted(added)))
        Cursor.hasten(swept(ORDERS))
    ShopFact.put(now)  # last: what follows from it has been done


def _site(shop: Shop, settings: Settings) -> Facts:
    site = shop.site()
    facts = {"zone": settings.shop.timezone or _zone(site)}
    if site.get("name"):
        facts["name"] = str(site["name"])
    return facts


def _system(shop: Shop, _: Settings) -> Facts:
    status = shop.one("system_status", _fields="environment,settings")
    environment = status["environment"]
    home = str(environment["home_url"])
    return {
        "url": home,
        "name": ShopFact.all().get("name") or home,
        "version": str(environment["version"]),
        "currency": str(status["settings"]["currency"]),
        "language": str(environment.get("language") or ""),
    }


def _country(shop: Shop, _: Settings) -> Facts:
    general = {one["id"]: one["value"] for one in shop.page("settings/general").rows}
    country = str(general.get("woocommerce_default_country") or "").split(":")[0]
    return {"country": country}


def _statuses(shop: Shop, _: Settings) -> Facts:
    statuses = shop.page("reports/orders/totals").rows
    names = {str(one["slug"]): plain(str(one.get("name") or "")) for one in statuses}
    return {
        "order_statuses": " ".join(names),
        "status_names": _as_json(names),
    }


def _payments(shop: Shop, _: Settings) -> Facts:
    """What the shop's own e-mails say of how to pay, by gateway. A key may be kept from reading it: the
    news of orders that wait for money then do without."""
    try:
        gateways = shop.page("payment_gateways", _fields="id,settings").rows
    except Refused as no:
        ShopFact.delete().where(ShopFact.name == "payment_instructions").execute()
        if ShopFact.all().get("payment_gateways") != REFUSED:
            log.warning("shop.no_payment_instructions", what=no.what, fix=no.fix)
        return {"payment_gateways": REFUSED}
    told = {str(one["id"]): plain(_instructions(one.get("settings"))) for one in gateways}
    return {"payment_gateways": READ, "payment_instructions": _as_json(told)}


def _instructions(settings: object) -> str:
    """Of a gateway; "" where it has none. PHP writes a table with nothing in it as a list."""
    told = settings.get("instructions") if isinstance(settings, Mapping) else None
    value = told.get("value") if isinstance(told, Mapping) else None
    return value if isinstance(value, str) else ""


def _as_json(texts: Mapping[str, str]) -> str:
    """As the jobs read them, without those that say nothing."""
    return json.dumps({name: text for name, text in texts.items() if text}, ensure_ascii=False)


FACTS: Mapping[str, Callable[[Shop, Settings], Facts]] = {
    "site": _site,
    "system": _system,
    "country": _country,
    "statuses": _statuses,
}
"""By the request that tells them: one request each. Without these nothing works."""

NEWS_FACTS: Mapping[str, Callable[[Shop, Settings], Facts]] = {"payments": _payments}
"""What is asked only for the sake of order news, and never in the way of anything."""


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
