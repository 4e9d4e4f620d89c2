"""The world of a story: a shop with its town, a WhatsApp with its crowd, and what they hear of the agent.

Everything that happens here is decided by the seed, and none of it by the agent's code.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from zoneinfo import ZoneInfo

import requests
from story_clock import StoryClock
from story_config import EVENTS_TOKEN, add_templates

from agent.sandbox.shop.shop import Shop
from agent.sandbox.shop.trouble import Busy, Fatal, Maintenance
from agent.sandbox.town.believable import furnish
from agent.sandbox.town.bustle import Bustle
from agent.sandbox.town.life import Life
from agent.sandbox.town.looks import Look
from agent.sandbox.whatsapp.messages import Accepted
from agent.sandbox.whatsapp.people import Reaction, TypicalPeople
from agent.sandbox.whatsapp.whatsapp import WhatsApp

STOPS = ("STOP", "Stop!", "parar", "SAIR", "não quero", "Unsubscribe", "stop stop", "BAJA 🙏")
CHATTER = ("I'll stop by on Friday", "Obrigada! ❤️", "Vou sair e passo na loja", "não pare")
OPT_OUT = "OPTOUT_MARKETING"


class StoryPeople(TypicalPeople):
    """Less patient than most, and a little harder to reach."""

    NOT_ON_WHATSAPP = 0.02
    HELD_BACK = 0.02
    STOPS = 0.06


@dataclass
class World:
    """Shop, town and WhatsApp. `told` counts what was said to the agent."""

    clock: StoryClock
    seed: int
    zone: ZoneInfo
    customers: int
    products: int
    troubled: bool  # whether answers get lost and webhooks come twice
    scale: float = 1.0  # how much happens that alerts are about
    told: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        start = self.clock.now()
        self.shop = Shop(self.clock, timezone=self.zone.key, seed=self.seed)
        self.town = furnish(
            self.shop, seed=self.seed, now=start, products=self.products, customers=self.customers
        )
        self.whatsapp = WhatsApp(self.clock, seed=self.seed, people=StoryPeople(self.seed))
        add_templates(self.whatsapp)
        self.life = Life(self.shop, self.whatsapp, self.town, seed=self.seed)
        self.bustle = Bustle(self.shop, self.town, seed=self.seed, scale=self.scale)
        self._untold = 0  # looks that the agent has not been told of
        self._cron_day = start.astimezone(self.zone).date()
        if self.troubled:
            self.whatsapp.duplicate_webhooks, self.whatsapp.reorder_webhooks = 0.1, True
        self.heal()

    def random(self, *what: object) -> Random:
        """Chance that depends on what it is for and when, and on nothing else."""
        return Random(":".join(map(str, (self.seed, *what, self.clock.now()))))

    @property
    def open(self) -> bool:
        return self.shop.trouble is None

    def advance(self) -> None:
        """People buy and look, and WhatsApp tells what became of messages. A shop that is down sells
        nothing; what its people wanted they do when it is back."""
        now = self.clock.now()
        if self.open:
            self.life.advance_to(now)
            self.bustle.advance_to(now)
            today = now.astimezone(self.zone).date()
            if today != self._cron_day:  # WordPress's own, at midnight
                self._cron_day = today
                self.shop.run_cron()

    def somebody_writes(self, chance: float) -> None:
        """Now and then somebody says STOP without being asked, or something harmless."""
        random = self.random("writes")
        if random.random() >= chance:
            return
        person = random.choice([one for one in self.town.people if one.reachable])
        phone = random.choice(person.lines).e164
        if not self.has_plain_id(phone) and all(one.to != phone for one in self.whatsapp.accepted):
            return  # nobody could know who that is
        if random.random() < 0.35:
            self.whatsapp.customer_says(phone, random.choice(CHATTER))
            return
        self.stop(phone, random)

    def somebody_hides(self, chance: float) -> None:
        """Now and then somebody takes a username: webhooks do not name their number any more."""
        random = self.random("hides")
        if self.whatsapp.accepted and random.random() < chance:
            self.whatsapp.customer_hides_phone(random.choice(self.whatsapp.accepted).to)
            self.told["usernames"] += 1

    def has_plain_id(self, phone: str) -> bool:
        """Whether WhatsApp's id of somebody tells their number, also to who never wrote to them.

        The sandbox gives half of Brazil an id without the ninth digit, also where the number that is
        left (it begins with a 0) could never have been one.
        """
        return self.whatsapp.person(phone).wa_id == phone[1:] or not phone.startswith("+55")

    def stop(self, phone: str, random: Random) -> None:
        """Somebody has had enough, and says so in one of the ways that there are."""
        way = random.random()
        if way < 0.7:
            self.whatsapp.customer_says(phone, random.choice(STOPS))
        elif way < 0.85:
            self.whatsapp.customer_taps(phone, OPT_OUT, "No more offers")
        else:
            self.whatsapp.customer_stops_marketing(phone)
        self.told["stops"] += 1

    def tell_looks(self, address: str) -> None:
        """What people looked at, as the shop's own tracking posts it to the agent."""
        fresh = self.bustle.looks[self._untold :]
        if not fresh:
            return
        answer = requests.post(
            f"{address}/events",
            json=[self._event(look) for look in fresh],
            headers={"Authorization": f"Bearer {EVENTS_TOKEN}"},
            timeout=30,
        )
        self.told[f"events {answer.status_code}"] += len(fresh)
        if answer.ok:
            self._untold += len(fresh)

    def _event(self, look: Look) -> dict[str, object]:
        """As plugins do it: each names person and product in its own way, and some leave things out."""
        random = Random(f"{self.seed}:{look.at}:{look.person.email}:{look.number}")
        person, row = look.person, self.shop.product(look.number)
        names: list[dict[str, object]] = [{"phone": person.lines[0].e164}, {"email": person.email}]
        if person.customer_id:
            names.append({"customer_id": person.customer_id})
        event: dict[str, object] = {
            "kind": "product_view" if look.kind == "view" else look.kind,
            "at": look.at.astimezone(self.zone).isoformat(),
            **random.choice(names),
        }
        if row.sku and random.random() < 0.2:
            event["sku"] = row.sku
        else:
            event["product_id"] = look.product_id
            if look.variation_id:
                event["variation_id"] = look.variation_id
        if not self.vague(look):
            event |= {"price": look.price, "stock_status": look.stock_status}
        return event

    def vague(self, look: Look) -> bool:
        """Whether the shop's tracking leaves out what the person saw, as simple plugins do."""
        return Random(f"{self.seed}:vague:{look.at}:{look.person.email}").random() < 0.1

    def reactions(self, message: Accepted) -> Sequence[Reaction]:
        """What this person does with it; the same each time that it is asked."""
        return self.whatsapp.people.react(message)

    def heal(self) -> None:
        """WhatsApp works again, as well as it does."""
        self.whatsapp.heal()
        if self.troubled:
            self.whatsapp.lose_responses = 0.02
            self.whatsapp.fail_rate(131016, 0.01)  # it is busy
            self.whatsapp.fail_rate(130429, 0.005)  # we are too fast
            self.whatsapp.fail_rate(0, 0.003, 502, html=True)  # nobody knows whether it was sent

    def close_shop(self, random: Random) -> None:
        """The whole shop is down: nobody buys either."""
        self.shop.trouble = random.choice((Maintenance(), Fatal(), Busy()))
        self.told["shop down"] += 1

    def open_shop(self) -> None:
        self.shop.trouble = None
