"""WhatsApp -> facts: how many people our account may write to in a day."""

from agent.clients.whatsapp import WhatsApp
from agent.log import Log
from agent.room import LIMIT
from agent.rules.room import people_a_day
from models import ShopFact

log = Log(__name__)


def read_account(whatsapp: WhatsApp) -> dict[str, int]:
    """Ask anew: Meta raises the limit of those who write well, and lowers it without a word.

    A number that no longer tells has no limit that we know of.
    """
    told = str(whatsapp.phone_number().get("whatsapp_business_manager_messaging_limit") or "")
    before = ShopFact.all().get(LIMIT)
    if told != before:
        log.info("account.limit", now=told or "not told", was=before or "not known")
        ShopFact.put({LIMIT: told})
    limit = people_a_day(told)
    return {} if limit is None else {"people a day": limit}
