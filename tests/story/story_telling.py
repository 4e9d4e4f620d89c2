"""A story: some days or months of a shop, an agent that works in it, and a check of every promise.

The agent is the real one (`agent.daemon`), over real HTTP, driven by its own timetable; only its clock
is moved. Each moment: the world goes on, WhatsApp's webhooks arrive, the shop tells what people look
at, the agent does all that is due, and what it sent is checked before anything else happens.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from story_agent import Agent
from story_alerts import Alerts
from story_clock import StoryClock
from story_config import Terms, write_config
from story_death import Death
from story_fairness import Fairness
from story_figures import Figures
from story_gifts import Gifts
from story_interest import Interest
from story_known import is_known
from story_outbox import Books
from story_promises import ALERTS, Broken, Promises
from story_truth import Truth
from story_world import World

from agent.sandbox.server import Server
from agent.sandbox.shop.api import shop_app
from agent.sandbox.whatsapp.api import whatsapp_app
from models import Contact, Message

DAY = timedelta(days=1)
# When something happens in the shop's day: by day each hour, and in the night where it is day for
# people elsewhere, and when the agent tidies up.
NIGHT = ((2, 31), (5, 0))
OF_DAY = (*NIGHT, *((hour, 0) for hour in range(8, 23)))
OF_QUICK_DAY = (*NIGHT, *((hour, 0) for hour in (8, 9, 11, 13, 15, 17, 19, 22)))
KILLS = 0.006  # of the moments
RESTARTS = 0.004
OUTAGES = 0.01
STOPS_MEANWHILE = 0.03  # between the decision and the send
WRITES = 0.05
HIDES = 0.02
LAST_MINUTE = 0.1
LAST_HOUR = 22  # then the books are checked, and no poll comes in between
SECOND_LOOKS = 5
NINE = (9, 0)


class Story:
    """One run. Its fate is fixed by the seed, unless the jobs run `together`."""

    late = timedelta(minutes=3)  # after the decision what an alert is about sells out, now and then

    def __init__(
        self, world: World, agent: Agent, terms: Terms, *, together: bool, troubled: bool
    ) -> None:
        self.world, self.agent, self.terms = world, agent, terms
        self.together, self.troubled = together, troubled
        self.truth = Truth(world)
        self.interest = Interest(self.truth)
        self.promises = Promises(world, self.truth, terms)
        self.alerts = Alerts(world, self.truth, self.interest, terms)
        self.gifts = Gifts(world, self.truth, self.interest, terms)
        self.fairness = Fairness(world, self.truth, self.interest, terms)
        self.figures = Figures(world, self.truth, agent.settings)
        self.books = Books(world, self.truth, terms)
        self.sent: Counter[str] = Counter()  # by campaign
        self.happened: Counter[str] = Counter()
        self._checked = 0
        self._shop_opens: datetime | None = None
        self._death = Death(world, agent)
        self._now = world.clock.now

    def live(self, days: int, *, hourly_every: int = 1) -> None:
        """Tell on, for so many days; of each `hourly_every` only one hour by hour."""
        first = self._now().astimezone(self.world.zone).date()
        for day in range(days):
            self.live_day(first + day * DAY, quick=day % hourly_every > 0)

    def end(self) -> None:
        """A last quiet morning, on which the orders are attributed; then the report is read."""
        self.troubled = False
        self._shop_opens = None
        self.world.open_shop()
        self.move_to(self._now() + timedelta(hours=13))
        for _ in range(SECOND_LOOKS):  # what was sent just now is told of, and tried again
            self.world.clock.advance(timedelta(seconds=30))
            self._listen()
            self.agent.work({}, together=self.together)
            self.check()
        self.require(self.figures.complaints())
        self.happened["budget spent"] = self.fairness.spent

    def live_day(self, day: date, *, quick: bool = False) -> None:
        for at in OF_QUICK_DAY if quick else OF_DAY:
            moment = datetime.combine(day, time(*at), self.world.zone).astimezone(UTC)
            if moment > self._now():
                self.move_to(moment)
        self.require((*self.books.complaints(), *self.gifts.left_over()))

    def move_to(self, moment: datetime) -> None:
        """Time passes up to `moment`; all that is due happens."""
        self.world.clock.set(moment)
        random = self.world.random("moment")
        self._weather()
        self.world.advance()
        self.world.somebody_writes(WRITES)
        self.world.somebody_hides(HIDES)
        self.truth.look()
        self.interest.look()
        self._listen()
        self.world.tell_looks(self.agent.webhooks)
        if self.troubled and random.random() < KILLS:
            self._death.comes_after(random.randint(1, 12))
        self._work()
        if self.troubled and random.random() < RESTARTS:
            self.happened["restarts"] += 1
            self.agent.stop()
            self._begin()

    def _work(self) -> None:
        if self.together:  # of what the shop knows by now, the agent shall know all
            self.agent.work_alone("poll")
        self.agent.work({"send": self._meanwhile}, together=self.together)
        self._death.comes_after(0)
        if self.agent.dying:
            self.happened["kills"] += 1
            self._death.is_over()
            if self._shop_opens is None:
                self.world.open_shop()
            self._begin()
            self.check()
            self.world.clock.advance(timedelta(minutes=1))
            self._listen()
            self.agent.work({}, together=self.together)
        self.check()
        self.require((*self.alerts.waves(), *self.fairness.passed_over()))
        local = self._now().astimezone(self.world.zone)
        if (local.hour, local.minute) == NINE:
            self.require(self.fairness.forgotten())
        self._wind_alerts_up()
        self.settle_down()

    def settle_down(self) -> None:
        """What had to ask the shop first leaves some seconds later."""
        for _ in range(SECOND_LOOKS):
            if not self._due():
                return
            self.world.clock.advance(timedelta(seconds=5))
            self._listen()
            self.agent.work({}, together=self.together)
            self.check()

    def _due(self) -> bool:
        now = self._now()
        due = (Message.state == "queued") & (Message.not_before <= now) & (Message.expires_at > now)
        return bool(Message.select().where(due).exists())

    def check(self) -> None:
        """Hold what was sent in this moment against the promises."""
        for message in self.world.whatsapp.accepted[self._checked :]:
            self._checked += 1
            if message.kind != "template":
                self.promises.check_confirmation(message)
                continue
            home, row = self.promises.check(message)
            more: Iterable[str] = ()
            if row.campaign in ALERTS:
                more = self.alerts.complaints(home, message, row)
            elif row.campaign == "loyalty_reward":
                more = self.gifts.loyalty(home, message, row)
            elif row.campaign == "new_arrivals":
                more = self.gifts.arrivals(home, message, row)
            for complaint in more:
                broken = self.promises.broken(complaint, message, row)
                if not is_known(f"{row.campaign}: {complaint}"):
                    raise broken
                self.promises.known.append(str(broken))
            self.promises.remember(home, message)
            self.sent[row.campaign] += 1

    def skip_to_the_end(self) -> None:
        """Let what was sent up to now be as it is."""
        self._checked = len(self.world.whatsapp.accepted)

    def require(self, complaints: Iterable[str]) -> None:
        """Raises Broken if there are any that are not known."""
        told = [one for one in complaints if not is_known(one)]
        if told:
            local = self._now().astimezone(self.world.zone)
            lines = "\n  ".join(told[:8])
            raise Broken(f"seed {self.world.seed}, {local:%A %Y-%m-%d %H:%M}:\n  {lines}")

    def begin(self) -> None:
        self.truth.look()
        self._begin()

    def _begin(self) -> None:
        self.agent.start()
        self.world.whatsapp.subscribe(f"{self.agent.webhooks}/webhooks/whatsapp")

    def _listen(self) -> None:
        self.truth.hear(self.truth.wire.deliver(self._now()))

    def _weather(self) -> None:
        """The shop's server is down now and then, for hours."""
        random = self.world.random("weather")
        if self._shop_opens is not None and self._now() >= self._shop_opens:
            self.world.open_shop()
            self._shop_opens = None
        elif self._shop_opens is None and self.troubled and random.random() < OUTAGES:
            self.world.close_shop(random)
            self.happened["outages"] += 1
            self._shop_opens = self._now() + timedelta(hours=random.uniform(1, 9))

    def _meanwhile(self) -> None:
        """Between the decision and the send somebody who was chosen says STOP."""
        random = self.world.random("meanwhile")
        if random.random() >= STOPS_MEANWHILE:
            return
        query = Contact.select(Contact.phone).join(Message, on=(Message.contact_id == Contact.id))
        queued = sorted(one.phone for one in query.where(Message.state == "queued"))
        phones = [phone for phone in queued if self.world.has_plain_id(phone)]
        if phones:
            self.happened["stops of people who were chosen"] += 1
            self.world.stop(random.choice(phones), random)
            self._listen()

    def _wind_alerts_up(self) -> None:
        """What somebody is about to be told of sells out, or costs more again, before it is sent."""
        random = self.world.random("wind up")
        queued = list(
            Message.select()
            .where(Message.state == "queued", Message.campaign << sorted(ALERTS))
            .order_by(Message.id)
        )
        late = self._now().astimezone(self.world.zone).hour >= LAST_HOUR
        if not queued or late or random.random() >= LAST_MINUTE:
            return
        row = random.choice(queued)
        self.happened["alerts that came too late"] += 1
        self.world.clock.advance(self.late)
        number = int(row.variation_id or row.product_id or 0)
        if row.campaign == "back_in_stock":
            self.world.bustle.sell_out(random, number)
        else:
            self.world.bustle.raise_price(number)


@contextmanager
def told(
    folder: Path,
    *,
    seed: int,
    first_day: date,
    zone: str,
    customers: int,
    products: int,
    terms: Terms,
    bustle: float = 1.0,
    together: bool = False,
    troubled: bool = True,
    kind: type[Story] = Story,
) -> Iterator[Story]:
    """A story that begins at five in the morning of `first_day`, with two years behind it."""
    start = datetime.combine(first_day, time(5), ZoneInfo(zone)).astimezone(UTC)
    clock = StoryClock(start)
    world = World(clock, seed, ZoneInfo(zone), customers, products, troubled, bustle)
    with ExitStack() as stack:
        stack.callback(world.whatsapp.close)
        shop = stack.enter_context(Server(shop_app(world.shop)))
        whatsapp = stack.enter_context(Server(whatsapp_app(world.whatsapp)))
        config = folder / "winback.toml"
        write_config(config, world.whatsapp, terms, shop=shop, whatsapp=whatsapp)
        agent = Agent(config, clock)
        story = kind(world, agent, terms, together=together, troubled=troubled)
        story.begin()
        stack.callback(agent.stop)
        yield story
