"""winback send-test: one real message to oneself, that is no message of the outbox."""

from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sending_world import FACTS, World, message
from typing_in import typed

from agent.cli import winback
from agent.consent import Heard, record
from agent.database import owned
from agent.errors import BadInput, Refused, Unsure
from agent.jobs.track.statuses import file_statuses
from agent.rules.inbound import StatusUpdate
from agent.rules.shipped import SHIPPED
from agent.sandbox.whatsapp.messages import outgoing_id
from agent.sandbox.whatsapp.turns import LOST, TAKEN, refused
from models import Contact, Link, Message, Order, Product, ShopFact, Status
from models.base import database

ANA, SELF = "+12025550101", "+12025550142"


@pytest.fixture
def config(world: World) -> Path:
    """Ana bought, and all templates that come with winback are approved."""
    config = world.write_config(
        links__count=True,
        web__public_url="https://shop.example",
        order_news__shipping_update__enabled=True,
    )
    world.whatsapp.approve_templates_after = timedelta(0)
    done = typed(
        "templates", "push", "--language", "en", "order_news", *_names(), "--config", str(config)
    )
    assert done.exit_code == 0, done.output
    now = world.clock.now()
    with owned(world.folder / "winback.db"):
        ShopFact.put(FACTS | {"url": world.shop_url})
        ana = world.contact(ANA, first_name="Ana", last_name="Example", region="US")
        Order.insert(
            woo_id=17, number="A-17", status="completed", currency="GBP", total=5000, contact_id=ana,
            created_at=now - timedelta(days=200), read_at=now, lines_at=now,
        ).execute()  # fmt: skip
        Product.insert(
            woo_id=42, name="Linen Shirt", status="publish", stock_status="instock", price=1990, categories=[7],
            permalink="https://shop.example/shirt", created_at=now - timedelta(days=3), read_at=now,
        ).execute()  # fmt: skip
    return config


def _names() -> list[str]:
    return sorted({name for (name, _), one in SHIPPED.items() if one.stop})


def send(config: Path, phone: str, name: str, *more: str) -> Result:
    arguments = ("send-test", phone, name, "--wait", "0", "--yes", *more, "--config", str(config))
    done = typed(*arguments)
    assert "EAAexample" not in done.output
    return done


def test_it_is_shown_and_arrives_and_leaves_no_trace_in_the_outbox(
    config: Path, world: World
) -> None:
    done = send(config, ANA, "we_miss_you")
    assert done.exit_code == 0, done.output
    [sent] = world.whatsapp.accepted
    assert (sent.to, sent.template, sent.language) == (ANA, "we_miss_you", "en")
    assert "Ana" in sent.text
    assert f"WhatsApp took it: {sent.id}" in done.output
    assert done.output.index("to +12025550101 Ana Example") < done.output.index("WhatsApp took it")
    with owned(config.parent / "winback.db"):
        assert not Message.select().exists()
        # its statuses belong to no message, and move none
        other = message(world.queue(state="accepted", wamid="wamid.other")[0])
        told = StatusUpdate(
            wamid=sent.id, status="delivered", uid=sent.callback_data or "", at=world.clock.now(),
            code=None, detail="", category="", pricing="",
        )  # fmt: skip
        with database.atomic():
            file_statuses([told], world.settings_as_written(), now=world.clock.now())
        assert message(other.uid).state == "accepted"
        assert Status.get(Status.wamid == sent.id).message_id is None


def test_every_campaign_and_order_news_can_be_tried_also_while_they_are_off(
    config: Path, world: World
) -> None:
    names = [*_names(), "shipping_update", "order_news.order_completed"]
    for name in names:
        done = send(config, ANA, name)
        assert done.exit_code == 0, done.output
        if name == "loyalty_reward":
            assert "made up for this look: the coupon" in done.output
    sent = [one.template for one in world.whatsapp.accepted]
    assert sent == [name.removeprefix("order_news.") for name in names]


def test_its_links_lead_to_the_shop_and_count_for_nobody(config: Path, world: World) -> None:
    assert send(config, ANA, "we_miss_you").exit_code == 0
    [sent] = world.whatsapp.accepted
    with owned(config.parent / "winback.db"):
        [link] = Link.select()
        assert link.message_uid == sent.callback_data
        assert link.token in sent.text
        assert Link.follow(link.token, world.clock.now())


def test_to_a_number_that_the_shop_does_not_know(config: Path, world: World) -> None:
    done = send(config, SELF, "we_miss_you")
    assert done.exit_code == 0, done.output
    assert [one.to for one in world.whatsapp.accepted] == [SELF]
    assert f"to {SELF}" in done.output
    with owned(config.parent / "winback.db"):
        assert not Contact.select().where(Contact.phone == SELF).exists()


def said_no(config: Path, world: World, purpose: str) -> None:
    now = world.clock.now()
    with owned(config.parent / "winback.db"), database.atomic():
        heard = Heard(phone=ANA, purpose=purpose, says="no", source="whatsapp", said_at=now)
        record([heard], now=now)


def test_who_said_no_gets_not_even_a_test(config: Path, world: World) -> None:
    said_no(config, world, "marketing")
    error = send(config, ANA, "we_miss_you").exception
    assert isinstance(error, Refused)
    assert "said no to marketing" in error.what
    assert send(config, ANA, "shipping_update").exit_code == 0  # that is another purpose
    assert len(world.whatsapp.accepted) == 1


def test_order_news_that_count_as_marketing_need_no_refusal_of_either(
    config: Path, world: World
) -> None:
    said_no(config, world, "marketing")
    world.whatsapp.templates.change("shipping_update", category="MARKETING")
    error = send(config, ANA, "shipping_update").exception
    assert isinstance(error, Refused)
    assert "said no to marketing" in error.what


def test_who_said_no_to_order_news_gets_none(config: Path, world: World) -> None:
    said_no(config, world, "order_news")
    assert isinstance(send(config, ANA, "shipping_update").exception, Refused)


def test_to_whom_whatsapp_brings_nothing(config: Path, world: World) -> None:
    with owned(config.parent / "winback.db"):
        Contact.update(unreachable="not on WhatsApp").execute()
    assert isinstance(send(config, ANA, "we_miss_you").exception, Refused)


def test_a_template_that_is_not_approved_is_not_tried(config: Path, world: World) -> None:
    world.whatsapp.set_template_status("we_miss_you", "PAUSED")
    done = send(config, ANA, "we_miss_you")
    assert isinstance(done.exception, Refused)
    assert "PAUSED" in done.exception.what
    assert not world.whatsapp.accepted


def test_a_number_that_cannot_be_read_is_a_mistake(config: Path) -> None:
    for phone in ("", "Ana", "+1202", "+44 20 7946 0000"):
        assert isinstance(send(config, phone, "we_miss_you").exception, BadInput)


def test_a_name_that_is_none_is_a_mistake_that_names_all(config: Path) -> None:
    error = send(config, ANA, "spring_sale").exception
    assert isinstance(error, BadInput)
    assert "we_miss_you" in error.fix


def test_it_asks_first(config: Path, world: World) -> None:
    arguments = ["send-test", ANA, "we_miss_you", "--wait", "0", "--config", str(config)]
    done = CliRunner().invoke(winback, arguments, input="n\n")
    assert done.exit_code == 1
    assert "Only to yourself" in done.output
    assert not world.whatsapp.accepted
    with owned(config.parent / "winback.db"):
        assert not Link.select().exists()


def test_a_refusal_is_told_with_its_code_and_what_to_do(config: Path, world: World) -> None:
    told = {131026: "another one", 132015: "templates list", 190: "token", 131049: "tomorrow"}
    for code, fix in told.items():
        world.whatsapp.play(refused(code))
        error = send(config, ANA, "we_miss_you").exception
        assert isinstance(error, Refused)
        assert f"error {code}" in error.what
        assert fix in error.fix
        assert error.code == str(code)


def test_a_lost_answer_is_unsure(config: Path, world: World) -> None:
    world.whatsapp.play(LOST, TAKEN)
    error = send(config, ANA, "we_miss_you").exception
    assert isinstance(error, Unsure)
    assert len(world.whatsapp.accepted) == 1


def heard_ahead(world: World, nth: int, *statuses: str) -> None:
    """WhatsApp's statuses of the message that will be the `nth` to Ana, as the daemon files them."""
    wamid = outgoing_id(ANA.removeprefix("+"), nth, world.whatsapp.seed)
    with owned(world.folder / "winback.db"):
        for status in statuses:
            Status.insert(
                wamid=wamid, status=status, at=world.clock.now(), code=131026, detail="not there"
            ).execute()


@pytest.mark.long
def test_what_becomes_of_it_is_told_as_it_is_heard(config: Path, world: World) -> None:
    heard_ahead(world, 1, "sent", "delivered")
    done = typed("send-test", ANA, "we_miss_you", "--wait", "5", "--yes", "--config", str(config))
    assert done.exit_code == 0, done.output
    assert done.output.splitlines()[-2:] == ["sent", "delivered"]
    # one that fails after it was taken
    heard_ahead(world, 2, "failed")
    arguments = ("send-test", ANA, "we_miss_you", "--wait", "5", "--yes", "--config", str(config))
    error = typed(*arguments).exception
    assert isinstance(error, Refused)
    assert "131026" in error.what
    # and one of which nothing is heard
    done = typed("send-test", ANA, "we_miss_you", "--wait", "1", "--yes", "--config", str(config))
    assert done.exit_code == 0
    assert "No status came in 1 s" in done.output
