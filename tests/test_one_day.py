"""One day of a shop, and what follows from it: the whole agent between two sandboxes.

Monday 2 March 2026 in São Paulo. Who hears from the shop, and who does not, was worked out by hand.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from log_read import complaints

from agent.config import Settings, load
from agent.daemon import Daemon
from agent.database import owned
from agent.jobs.report import report
from agent.rules.reasons import Why
from agent.sandbox.clock import MovedClock
from agent.sandbox.server import Server
from agent.sandbox.shop.api import shop_app
from agent.sandbox.shop.shop import Shop
from agent.sandbox.whatsapp.api import whatsapp_app
from agent.sandbox.whatsapp.messages import Accepted
from agent.sandbox.whatsapp.people import Reaction
from agent.sandbox.whatsapp.whatsapp import WhatsApp
from agent.service import Service
from models import (
    Confirmation,
    Contact,
    Conversion,
    JobRun,
    Message,
    Order,
    PhoneReading,
    Statement,
)
from models.outbox import UNCOUNTED

ZONE = ZoneInfo("America/Sao_Paulo")
DAY = timedelta(days=1)
CONFIG = """\
[shop]
url = "{shop}"
key = "ck_sandbox"
secret = "cs_sandbox"
page_size = 5

[whatsapp]
phone_number_id = "106540352242922"
business_account_id = "102290129340398"
token = "EAAexample"
app_secret = "example-app-secret"
verify_token = "example-verify-token"
base_url = "{whatsapp}"

[web]
listen = "127.0.0.1:0"

[database]
path = "winback.db"

[holdout]
everything = 0
share = 0

[campaigns.we_miss_you]
enabled = true
opt_out_payload = "OPTOUT_MARKETING"

[campaigns.loyalty_reward]
enabled = true
body = ["{{first_name|there}}", "{{discount_percent}}", "{{coupon_code}}", "{{coupon_expires}}"]
"""

ANA = "+5511955550101"  # quiet for 90 days
BRUNO = "+5511955550102"  # quiet for 61 days, and spent 900
CARLA = "+5511955550103"  # quiet, and never agreed
DIEGO = "+5511955550104"  # agreed, and ordered ten days ago
ELENA = "+5511955550105"  # agreed, and took it back at a later order
GLORIA = "+5511955550106"  # quiet for 200 days
JOAO = "+5511955550107"  # agreed, and cancelled all that he ever ordered
OLD_MARIANA = "+5511955550108"  # her number until she
MARIANA = "+5511955550109"  # changed it
NINA = "+5511955550110"  # quiet from tomorrow at eight
OTAVIO = "+5511955550111"  # quiet for 80 days; his last order is on hold
INES = "+12135550112"  # in Los Angeles, where it is four in the morning
HUGO = "+12135550113"  # there too


def at(hour: int, minute: int = 0, *, day: int = 2) -> datetime:
    """A time of day in the shop, in March 2026."""
    return datetime(2026, 3, day, hour, minute, tzinfo=ZONE).astimezone(UTC)


class StoryClock(MovedClock):
    """Moved by hand; waits still take their real time."""

    def monotonic(self) -> float:
        return time.monotonic()


class Crowd:
    """Everything arrives at once, and only Ana reads."""

    def react(self, message: Accepted) -> Sequence[Reaction]:
        arrived = [Reaction(timedelta(0), "sent"), Reaction(timedelta(seconds=2), "delivered")]
        reads = [Reaction(timedelta(minutes=30), "read")] if message.to == ANA else []
        return [*arrived, *reads]


@dataclass
class Story:
    """The two sandboxes, the agent between them, and what was really ordered."""

    clock: StoryClock
    shop: Shop
    whatsapp: WhatsApp
    daemon: Daemon
    shirt: int
    settings: Settings
    ordered: dict[str, list[datetime]] = field(default_factory=dict)

    def buy(self, phone: str, typed: str, days_ago: float, **more: object) -> int:
        """An order of shirts, with the phone as it was typed; returns its number."""
        moment = self.clock.now() - timedelta(days=days_ago)
        country = "US" if phone.startswith("+1") else "BR"
        billing = {"phone": typed, "country": country, "first_name": "PERSON", "email": ""}
        agreed = more.pop("agreed", "yes")
        meta = {"_winback_marketing": agreed} if agreed else {}
        amount = more.pop("amount", 1)
        email = more.pop("email", "")
        number = self.shop.place_order(
            [(self.shirt, 0, int(str(amount)))],
            billing=billing | {"email": str(email)},
            created=moment,
            meta=meta,
            **more,  # type: ignore[arg-type]  # what is left is place_order's own
        )
        if self.shop.order(number).status not in {"cancelled", "failed"}:
            self.ordered.setdefault(phone, []).append(moment)
        return number

    def move_to(self, moment: datetime) -> None:
        """Time passes; the agent does all that is due then."""
        self.clock.set(moment)
        self.whatsapp.deliver_due()
        self.daemon.timetable.knock()
        assert self.daemon.guard.wait_until_resting(30), self.daemon.guard.running()
        self.daemon.look_after()

    def through(self, *moments: datetime) -> None:
        for moment in moments:
            self.move_to(moment)

    def written_to(self, since: datetime | None = None) -> dict[str, str]:
        """phone -> template of what WhatsApp took, since a moment."""
        return {
            one.to: str(one.template)
            for one in self.whatsapp.accepted
            if one.kind == "template"
            if since is None or one.at >= since
        }


@contextmanager
def told(folder: Path) -> Iterator[Story]:
    clock = StoryClock(at(8, 50))
    shop = Shop(clock, timezone=ZONE.key)
    whatsapp = WhatsApp(clock, people=Crowd())
    whatsapp.add_template(
        "we_miss_you",
        "en",
        body="Hello {{1}}! It has been a while. See what is new at {{2}} when you like.",
        buttons=[{"type": "QUICK_REPLY", "text": "No more offers"}],
    )
    whatsapp.add_template(
        "loyalty_reward",
        "en",
        body="Hello {{1}}! For you: {{2}} off with the code {{3}}, until {{4}}. See you soon.",
    )
    with ExitStack() as stack:
        stack.callback(whatsapp.close)
        path = folder / "winback.toml"
        path.write_text(
            CONFIG.format(
                shop=stack.enter_context(Server(shop_app(shop))),
                whatsapp=stack.enter_context(Server(whatsapp_app(whatsapp))),
            ),
            encoding="utf-8",
        )
        path.chmod(0o600)
        settings = load(path, environ={})
        stack.enter_context(owned(settings.database.path))
        daemon = Daemon(settings, Service(clock), environ={})
        stack.callback(daemon.stop, patience=5)
        whatsapp.subscribe(f"http://127.0.0.1:{daemon.listener.port}/webhooks/whatsapp")
        assert whatsapp.verify_callback()
        shirt = shop.add_product(name="Shirt", price="100")
        yield Story(clock, shop, whatsapp, daemon, shirt, settings)


@pytest.fixture
def story(tmp_path: Path) -> Iterator[Story]:
    with told(tmp_path) as begun:
        people(begun)
        begun.daemon.start()
        yield begun


def people(story: Story) -> None:
    """The past of everybody, with their phones as they typed them."""
    account = story.shop.add_customer(first_name="Mariana", last_name="E", email="m@example.com")
    buy = story.buy
    buy(ANA, "(11) 95555-0101", 300, agreed="")
    buy(ANA, "11955550101", 90)
    buy(BRUNO, "+55 11 95555 0102", 61, amount=9, email="bruno@example.com")
    buy(CARLA, "0 11 95555-0103", 100, agreed="")
    buy(DIEGO, "11 95555 0104", 200)
    buy(DIEGO, "11 95555 0104", 10)
    buy(ELENA, "(11)955550105", 200)
    buy(ELENA, "(11)955550105", 100, agreed="refused")
    buy(GLORIA, "5511955550106", 200)
    buy(JOAO, "11 95555 0107", 150, status="cancelled")
    buy(OLD_MARIANA, "11 95555 0108", 300, customer_id=account)
    buy(MARIANA, "11 95555 0109", 120, customer_id=account)
    buy(NINA, "11 95555 0110", 59 + 50 / 60 / 24)
    buy(OTAVIO, "11 95555 0111", 80)
    buy(OTAVIO, "11 95555 0111", 5, status="on-hold")
    buy(INES, "(213) 555-0112", 75)
    buy(HUGO, "213.555.0113", 75)
    buy("nobody", "ask my wife", 100)


def test_one_day(story: Story, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG", logger="agent")

    # ---- the morning: the mirror fills, nobody is written to before nine
    story.whatsapp.duplicate_webhooks, story.whatsapp.reorder_webhooks = 0.5, True
    story.move_to(at(8, 55))
    assert {one.woo_id for one in Order.select()} == {one.id for one in story.shop.orders}
    assert Contact.select().count() == 13
    unusable = PhoneReading.select().where(PhoneReading.reason != "")
    assert {one.typed for one in unusable} == {"ask my wife", ""}  # the admin's account has none
    story.move_to(at(8, 59))
    assert story.whatsapp.accepted == []

    # ---- nine: the campaigns; one answer of WhatsApp gets lost
    story.whatsapp.lose_next_responses()
    story.through(*(at(9, minute) for minute in range(6)))
    assert story.written_to() == {
        ANA: "we_miss_you",
        BRUNO: "loyalty_reward",
        GLORIA: "we_miss_you",
        MARIANA: "we_miss_you",
    }
    waiting = Message.select().where(Message.state == "queued")
    phones = {one.id: one.phone for one in Contact.select()}
    assert {phones[one.contact_id] for one in waiting} == {INES, HUGO}
    left_alone = JobRun.newest("campaigns")
    assert left_alone is not None
    assert left_alone.result == {
        "chosen": 6,
        "no_consent": 1,  # Carla
        "said_no": 1,  # Elena
        "never_bought": 2,  # João, and Mariana's old number
        "not_quiet": 3,  # Diego, Nina, Otávio
    }

    # the lost one was settled by its status, without being sent again
    assert [one.message for one in caplog.records].count("send.unsure") == 1
    story.through(at(9, 10), at(9, 20))
    states = {phones[one.contact_id]: one.state for one in Message.select()}
    assert states == {
        ANA: "delivered",
        BRUNO: "delivered",
        GLORIA: "delivered",
        MARIANA: "delivered",
        INES: "queued",
        HUGO: "queued",
    }

    # ---- ten: two people have had enough, one of them before his message left
    story.through(at(9, 45), at(10))
    story.whatsapp.customer_taps(GLORIA, "OPTOUT_MARKETING", "No more offers")
    story.whatsapp.customer_says(HUGO, "Stop!")
    story.through(at(10, 1), at(10, 15))
    assert Contact.get(Contact.phone == GLORIA).marketing == "no"
    assert Contact.get(Contact.phone == HUGO).marketing == "no"
    assert Message.get(Message.contact_id == Contact.get(Contact.phone == ANA).id).state == "read"

    # ---- eleven: Ana orders, and Bruno uses his coupon
    anas = story.buy(ANA, "11 95555-0101", 0, agreed="", amount=2)
    [code] = [one.parameters["body"][2] for one in story.whatsapp.accepted if one.to == BRUNO]
    brunos = story.buy(
        BRUNO, "another phone", 0, agreed="", email="Bruno@example.com", coupon_codes=[code]
    )
    story.through(at(11), at(11, 1), at(11, 20), at(11, 40))
    earned = {one.order_id: (one.campaign, one.revenue) for one in Conversion.select()}
    assert earned == {anas: ("we_miss_you", 20000), brunos: ("loyalty_reward", 8500)}

    # ---- one in the afternoon, eight in Los Angeles
    story.through(at(12, 30), at(12, 59))
    assert INES not in story.written_to()
    story.through(at(13), at(13, 1), at(13, 2))
    assert story.written_to()[INES] == "we_miss_you"
    hugos = Message.get(Message.contact_id == Contact.get(Contact.phone == HUGO).id)
    assert (hugos.state, hugos.detail) == ("cancelled", "consent was withdrawn")

    # ---- the next morning: Ana gave one shirt back, Nina has become quiet
    story.shop.refund(anas, "100.00", "too small")
    story.through(at(8, 50, day=3), at(8, 59, day=3))
    story.through(*(at(9, minute, day=3) for minute in range(4)))
    assert story.written_to(since=at(0, day=3)) == {NINA: "we_miss_you"}
    story.through(at(9, 20, day=3), at(9, 40, day=3))
    told = report(story.settings, now=at(9, 40, day=3), days=4)
    figures = {line.campaign: line.figures for line in told.lines}
    missed, loyal = figures["we_miss_you"], figures["loyalty_reward"]
    assert (missed.chosen, missed.sent, missed.delivered, missed.opened) == (6, 5, 5, 1)
    assert (missed.dropped, missed.replied, missed.waiting, missed.unknown) == (1, 1, 0, 0)
    assert (missed.orders.total(), missed.revenue["BRL"]) == (1, 10000)
    assert (loyal.chosen, loyal.delivered) == (1, 1)
    assert (loyal.orders.total(), loyal.revenue["BRL"]) == (1, 8500)
    assert told.reasons[Why.SAID_NO] == 3  # Elena, Gloria, Hugo

    # ---- a week after the first one: who is still quiet hears again, nobody else
    story.through(at(8, 50, day=9), at(8, 59, day=9))
    story.through(*(at(9, minute, day=9) for minute in range(4)))
    assert story.written_to(since=at(0, day=9)) == {MARIANA: "we_miss_you"}

    # ---- the log has told of all of it in words that are documented, and has named nobody
    assert complaints(caplog.records) == []
    days = [one.fields for one in caplog.records if one.message == "day.done"]  # type: ignore[attr-defined]
    assert [(day["day"], day["marketing"], day["refusals"]) for day in days] == [
        ("2026-03-01", 0, 0), ("2026-03-02", 5, 2), ("2026-03-08", 0, 0),
    ]  # fmt: skip
    assert (days[1]["credited_orders"], days[1]["replies"]) == (2, 2)
    planned = [one.fields for one in caplog.records if one.message == "campaign.planned"]  # type: ignore[attr-defined]
    assert planned[:2] == [
        {"campaign": "loyalty_reward", "messages": 1, "held_out": 0},
        {"campaign": "we_miss_you", "messages": 5, "held_out": 0},
    ]

    nobody_was_wronged(story)


def nobody_was_wronged(story: Story) -> None:
    """Against what really happened in the sandboxes: consent, quiet, and each message once."""
    accepted = [one for one in story.whatsapp.accepted if one.kind == "template"]
    confirmed = [one for one in story.whatsapp.accepted if one.kind == "text"]
    assert set(story.whatsapp.accepted_by_intent.values()) == {1}
    assert len(story.whatsapp.accepted_by_intent) == len(story.whatsapp.accepted) == 9
    assert (len(accepted), len(confirmed)) == (7, 2)
    assert {one.uid for one in Confirmation.select()} == {one.callback_data for one in confirmed}
    for one in accepted:
        said = Statement.of([one.to], "marketing")
        assert [statement.says for statement in said if statement.said_at <= one.at][-1] == "yes"
        before = [moment for moment in story.ordered[one.to] if moment <= one.at]
        assert one.at - max(before) >= timedelta(days=60)
        assert not any("{" in value or not value for value in one.parameters["body"])
    ours = Message.select().where(Message.state.not_in(UNCOUNTED))
    arrived = {one.uid for one in ours if one.state in {"delivered", "read"}}
    assert arrived == {one.callback_data for one in accepted}
