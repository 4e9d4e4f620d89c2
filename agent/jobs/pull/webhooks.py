"""Are the shop's webhooks still on? The shop switches one off at the seventh failure in a row, and
tells nobody.
"""

from collections.abc import Mapping

from agent.clients.shop import Shop
from agent.config import Settings
from agent.log import Log
from agent.rules.shop_webhooks import FIELDS, address, finding, ours, steps
from models import ShopFact

log = Log(__name__)

FACT = "webhooks"  # name of the ShopFact that holds the finding
WELL = "ok"
ABSENT = "not installed"
MOST = 100  # webhooks that one answer holds
FIX = (
    "see that the web server passes /webhooks/shop on (a browser is told 405 there), then "
    "`winback shop-webhooks install`; until then the polls find the changes, only later"
)


def look_at_webhooks(shop: Shop, settings: Settings) -> Mapping[str, str]:
    """Ask once, keep what was found as the ShopFact "webhooks", and tell it when it is news.

    The fact is "ok", "not installed", or a sentence that names the topics in trouble. Without
    [web] public_url and shop_webhook_secret nothing is asked. Returns {}: no facts for others.
    Raises what Shop.page raises.
    """
    before = ShopFact.all().get(FACT, ABSENT)
    found, topics = _look(shop, settings)
    if found == before:
        return {}
    ShopFact.put({FACT: found})
    if topics:
        log.warning("shop.webhook_disabled", topics=",".join(topics), what=found, fix=FIX)
    else:
        log.info("shop.webhooks", found=found)
    return {}


def _look(shop: Shop, settings: Settings) -> tuple[str, list[str]]:
    """The finding, and the topics that are in trouble."""
    web = settings.web
    if not web.public_url or not web.shop_webhook_secret:
        return ABSENT, []
    url = address(web.public_url)
    page = shop.page("webhooks", per_page=MOST, orderby="id", order="asc", _fields=FIELDS)
    if not ours(page.rows, url):
        return ABSENT, []
    found = steps(page.rows, url)
    if page.total > len(page.rows):  # what is not on this page may be on the next
        found = [step for step in found if step.action != "create"]
    said = finding(found)
    if not said:
        return WELL, []
    return said, [step.topic for step in found if step.action not in {"keep", "remove"}]
