"""winback templates: what the account has, what a person would see, and what is submitted."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import responses
from click.testing import Result
from sending_world import FACTS, World
from typing_in import typed

from agent.database import owned
from agent.errors import BadInput, DatabaseTrouble, Unauthorized
from agent.rules.order_kinds import KINDS, STATUS_UPDATE
from agent.rules.shipped import SHIPPED
from models import Contact, Interest, Order, OrderLine, Product, Refund, ShopFact

ANA = "+12025550101"
BRUNO = "+12025550102"
OFFERS = [
    name for (name, language), one in SHIPPED.items() if (language, one.stop) == ("en", "Stop")
]
NEWS = (*KINDS, STATUS_UPDATE)
OWN = "order_news__statuses__ready-for-pickup__enabled"
ALL_NEWS: dict[str, object] = {f"order_news__{kind}__enabled": True for kind in KINDS} | {OWN: True}


def templates(world: World, *arguments: str, **changes: object) -> Result:
    """The command; whatever it says, no secret is in it."""
    config = world.write_config(**changes)
    done = typed("templates", *arguments, "--config", str(config))
    assert "EAAexample" not in done.output
    assert "Traceback" not in done.output
    return done


def line(done: Result, *words: str) -> str:
    """The one line that has all of these words."""
    [found] = [one for one in done.output.splitlines() if all(word in one for word in words)]
    return found


def shown(done: Result) -> list[str]:
    """The message, without its margin."""
    return [one.strip() for one in done.output.splitlines() if one.startswith("    ")]


# list


def test_the_accounts_templates_stand_beside_their_campaigns(world: World) -> None:
    world.whatsapp.add_template("sale_of_may", "es", body="Hola {{1}}, hay ofertas.")
    done = templates(world, "list")
    assert done.exit_code == 0
    assert line(done, "we_miss_you", "en ").split()[2:] == [
        "APPROVED", "MARKETING", "UNKNOWN", "we_miss_you", "(on)",
    ]  # fmt: skip
    assert line(done, "sale_of_may").split()[-1] == "-"
    assert line(done, "price_drop", "missing").split()[-2:] == ["price_drop", "(off)"]
    assert "cannot be sent" not in done.output  # one that is off needs no template


@pytest.mark.parametrize(
    ("status", "says"), [("PAUSED", "the template is PAUSED"), ("REJECTED", "is REJECTED")]
)
def test_a_campaign_that_is_on_and_cannot_be_sent_is_told(
    world: World, status: str, says: str
) -> None:
    world.whatsapp.set_template_status("we_miss_you", status)
    done = templates(world, "list")
    assert done.exit_code == 1
    assert says in line(done, "we_miss_you (on) in en cannot be sent")
    assert templates(world, "list", campaigns__we_miss_you__enabled=False).exit_code == 0


def test_a_campaign_without_its_template_is_told(world: World) -> None:
    done = templates(world, "list", campaigns__price_drop__enabled=True)
    assert done.exit_code == 1
    assert "winback templates push" in line(done, "price_drop (on) in en cannot be sent")


def test_a_translation_that_does_not_fit_is_told_and_stops_nothing(world: World) -> None:
    world.whatsapp.add_template("we_miss_you", "es", body="Hola {{1}}, te esperamos.")
    done = templates(world, "list")
    assert done.exit_code == 0
    assert "body expects 1 value" in line(done, "we_miss_you (on) in es is not used")


def test_an_account_that_cannot_be_asked_is_an_error(world: World) -> None:
    done = templates(world, "list", whatsapp__token="EAAother")
    assert isinstance(done.exception, Unauthorized)


# push


def test_all_are_submitted_once_and_fit_the_config_when_they_are_approved(world: World) -> None:
    world.whatsapp.approve_templates_after = timedelta(0)
    # given one of them on the account already
    done = templates(world, "push", "campaigns", "order_news", **ALL_NEWS)
    assert done.exit_code == 0, done.output
    assert "there already (APPROVED), left alone" in line(done, "we_miss_you in en:")
    assert done.output.count("submitted, PENDING") == len(SHIPPED) - 1
    assert "does not fit" not in done.output
    # when they are submitted once more, all are there
    again = templates(world, "push", "campaigns", "order_news", **ALL_NEWS)
    assert again.exit_code == 0
    assert again.output.count("left alone") == len(SHIPPED)
    # then every campaign and all order news can be sent in all three languages
    on = {f"campaigns__{name}__enabled": True for name in OFFERS} | ALL_NEWS
    listed = templates(world, "list", **on)
    assert listed.exit_code == 0, listed.output
    assert "not used" not in listed.output
    assert listed.output.count("APPROVED") == len(SHIPPED)


def test_only_what_was_asked_for_is_submitted(world: World) -> None:
    done = templates(world, "push", "price_drop", "loyalty_reward", "--language", "es")
    assert done.exit_code == 0
    made = {(one.name, one.language) for one in world.whatsapp.templates.all()}
    assert made == {("we_miss_you", "en"), ("price_drop", "es"), ("loyalty_reward", "es")}


def submitted(world: World) -> set[tuple[str, str]]:
    """What is on the account beside the one that was there: (name, language)."""
    made = {(one.name, one.language) for one in world.whatsapp.templates.all()}
    return made - {("we_miss_you", "en")}


def test_what_is_off_is_not_submitted_unless_it_is_named(world: World) -> None:
    on = {"campaigns__price_drop__enabled": True}
    done = templates(world, "push", "--language", "en", **on)
    assert done.exit_code == 0
    assert submitted(world) == {("price_drop", "en")}
    assert "order_" not in templates(world, "list").output
    # campaigns are all of them, on or off
    assert templates(world, "push", "campaigns", "--language", "en").exit_code == 0
    assert submitted(world) == {(name, "en") for name in OFFERS if name != "we_miss_you"}


def test_while_nothing_is_on_it_asks_for_names(world: World) -> None:
    off = {"campaigns__we_miss_you__enabled": False}
    for more in ((), ("--dry-run",)):
        done = templates(world, "push", *more, **off)
        assert isinstance(done.exception, BadInput)
        assert "no campaign and no order news are on" in done.exception.what
        assert "winback templates push we_miss_you" in done.exception.fix
    assert not submitted(world)
    named = templates(world, "push", "loyalty_reward", "--language", "es", **off)
    assert named.exit_code == 0, named.output
    assert submitted(world) == {("loyalty_reward", "es")}


def test_order_news_that_are_on_are_submitted_with_their_category(world: World) -> None:
    on = {"order_news__order_completed__enabled": True, OWN: True}
    done = templates(world, "push", "--language", "es", **on)
    assert done.exit_code == 0, done.output
    assert submitted(world) == {
        (name, "es") for name in ("we_miss_you", "order_completed", STATUS_UPDATE)
    }
    listed = templates(world, "list", **on)
    assert listed.exit_code == 1
    assert "PENDING" in line(listed, "order_completed", " es ", "UTILITY")
    assert "winback templates push" in line(listed, "order_completed (on) in en cannot be sent")
    assert "statuses.ready-for-pickup (on) in en cannot" in listed.output.replace("\n", " ")


def test_order_news_can_be_submitted_before_they_are_on(world: World) -> None:
    assert templates(world, "push", "order_news", "--language", "pt_BR").exit_code == 0
    assert submitted(world) == {(name, "pt_BR") for name in NEWS}
    # what the account has is listed, also for what is off
    assert "order_completed (off)" in templates(world, "list").output


def test_a_status_of_the_shops_own_is_submitted_by_its_name(world: World) -> None:
    own = "statuses.ready-for-pickup"
    assert templates(world, "push", own, "--language", "es", **{OWN: True}).exit_code == 0
    assert submitted(world) == {(STATUS_UPDATE, "es")}


def test_a_text_of_order_news_that_does_not_fit_is_told(world: World) -> None:
    other = {"order_news__order_completed__body": ["{order_number}"], OWN: True}
    own = "order_news__statuses__ready-for-pickup__body"
    done = templates(
        world, "push", "order_completed", STATUS_UPDATE, "--language", "en", **other, **{own: ["a"]}
    )
    assert "expects 4 values" in line(done, "[order_news.order_completed] does not fit")
    assert "expects 4 values" in line(done, "[order_news.statuses.ready-for-pickup] does not fit")
    assert "stop nothing" not in done.output


@pytest.mark.parametrize("wanted", [("spring_sale",), ("price_drop", "--language", "de")])
def test_what_winback_does_not_have_is_named(world: World, wanted: tuple[str, ...]) -> None:
    done = templates(world, "push", *wanted)
    assert isinstance(done.exception, BadInput)
    assert wanted[-1] in str(done.exception)
    assert len(world.whatsapp.templates.all()) == 1


def test_a_dry_run_prints_them_and_submits_nothing(world: World) -> None:
    done = templates(world, "push", "we_miss_you", "price_drop", "--language", "en", "--dry-run")
    assert done.exit_code == 0
    assert "would be submitted" in line(done, "price_drop in en")
    assert "left alone" in line(done, "we_miss_you in en")
    assert "[ Stop ]" in shown(done)
    assert world.shop_url in shown(done)  # as an example, the reviewer gets the shop's address
    assert not [one for one in shown(done) if "{{" in one]
    assert len(world.whatsapp.templates.all()) == 1


def test_one_that_fails_does_not_keep_the_others_from_it(world: World) -> None:
    # given an account with room for one more
    shelf = world.whatsapp.templates
    shelf.LIMIT = len(shelf.all()) + 1  # type: ignore[misc]
    done = templates(world, "push", "price_drop")
    assert done.exit_code == 1
    assert "submitted, PENDING" in line(done, "price_drop in en")
    for language in ("es", "pt_BR"):
        assert "already has" in line(done, f"price_drop in {language}: not submitted")
    assert "delete some in WhatsApp Manager" in done.output
    assert "2 of 3 could not be submitted" in done.output


GRAPH = "https://graph.example"
PRICE_DROP = {"name": "price_drop", "language": "en", "status": "PENDING", "category": "MARKETING"}
PUSH = ("push", "price_drop", "--language", "en")


def account(world: World, *lists: list[dict[str, Any]], answer: dict[str, Any]) -> Result:
    """The command at an account that shows these lists one after the other, and answers a POST so."""
    path = f"{GRAPH}/v26.0/{world.whatsapp.business_account_id}/message_templates"
    with responses.RequestsMock() as wire:
        for one in lists:
            wire.get(path, json={"data": one})
        wire.post(path, **answer)
        return templates(world, *PUSH, whatsapp__base_url=GRAPH)


def test_one_whose_answer_was_lost_is_looked_for(world: World) -> None:
    lost = {"status": 502, "body": "<html>Bad Gateway</html>"}
    other = PRICE_DROP | {"language": "es"}
    found = account(world, [], [other, PRICE_DROP], answer=lost)
    assert found.exit_code == 0
    assert "submitted, PENDING" in line(found, "price_drop in en")
    missing = account(world, [], [], answer=lost)
    assert missing.exit_code == 1
    assert "it is not there now" in line(missing, "price_drop in en: not submitted")


def test_where_nobody_answers_any_more_the_silence_is_told(world: World) -> None:
    path = f"{GRAPH}/v26.0/{world.whatsapp.business_account_id}/message_templates"
    with responses.RequestsMock() as wire:
        wire.get(path, json={"data": []})
        wire.post(path, status=502, body="<html>")
        wire.get(path, status=200, body="<html>")
        done = templates(world, *PUSH, whatsapp__base_url=GRAPH)
    assert done.exit_code == 1
    assert "WhatsApp answered 502" in line(done, "price_drop in en: not submitted")


def test_one_that_somebody_made_meanwhile_is_left_alone(world: World) -> None:
    taken = {"error": {"code": 100, "error_subcode": 2388024, "message": "Invalid parameter"}}
    done = account(world, [], answer={"status": 400, "json": taken})
    assert done.exit_code == 0
    assert "there already, left alone" in line(done, "price_drop in en")


def test_a_category_that_meta_changes_is_told(world: World) -> None:
    answer = {"id": "1", "status": "PENDING", "category": "UTILITY"}
    done = account(world, [], answer={"json": answer})
    assert "WhatsApp made it UTILITY, not MARKETING" in line(done, "price_drop in en")


def test_what_was_there_already_is_not_judged_by_what_ours_says(world: World) -> None:
    """It may be the shop's own, and fit. Nothing was submitted, so nothing is reviewed either."""
    done = templates(
        world, "push", "we_miss_you", "--language", "en", campaigns__we_miss_you__body=["a"]
    )
    assert (done.exit_code, done.output.splitlines()) == (
        0,
        [
            "we_miss_you in en: there already (APPROVED), left alone",
            "All are there already. Whether they fit the config: winback templates list",
        ],
    )


def test_a_config_that_would_not_use_them_is_told(world: World) -> None:
    other = {"campaigns__price_drop__body": ["{first_name|there}"]}
    done = templates(world, *PUSH, **other, consent__stop_words=["Halt"])
    assert done.exit_code == 0
    assert "expects 3 values" in line(done, "[campaigns.price_drop] does not fit price_drop in en")
    assert "stop_words" in line(done, 'its button "Stop" would stop nothing')
    used = {"campaigns__price_drop__opt_out_payload": "OPTOUT_MARKETING"}
    assert (
        "stop nothing" not in templates(world, *PUSH, **used, consent__stop_words=["Halt"]).output
    )


# show


@pytest.fixture
def town(world: World) -> World:
    """Two people, the one who agreed with an order and a look at a product."""
    settings = world.settings()
    now = datetime.now(UTC)
    with owned(settings.database.path):
        ShopFact.put(FACTS)
        Product.insert(
            woo_id=7, name="Blue shirt", status="publish", price=1900, stock_status="instock",
            permalink="https://shop.example/product/blue-shirt/", visibility="visible", categories=[3],
            created_at=now - timedelta(days=9), read_at=now,
        ).execute()  # fmt: skip
        world.contact(
            ANA, first_name="ana", last_name="Example", region="US", zones="America/New_York"
        )
        world.contact(BRUNO, first_name="", marketing="unknown", language="es", region="US")
    return world


def test_a_message_is_shown_as_it_would_be_sent(town: World) -> None:
    done = templates(town, "show", "we_miss_you")
    assert done.exit_code == 0, done.output
    assert f"to {ANA}" in done.output
    assert shown(done) == [
        "Hello Ana! It has been a while. What is new waits at https://shop.example for you."
    ]


def test_one_that_is_not_on_the_account_yet_can_be_seen(town: World) -> None:
    done = templates(town, "show", "price_drop", "--language", "pt_BR")
    assert done.exit_code == 1
    assert shown(done)[0].startswith("Olá, Ana! Há pouco tempo você viu Blue shirt na nossa loja")
    assert "[ Sair ]" in shown(done)
    assert "winback templates push" in line(done, "could not be sent: it is not on the account")
    assert "Blue shirt" in line(done, "note: made up for this look")


@pytest.mark.parametrize("campaign", OFFERS)
def test_every_campaign_can_be_seen(town: World, campaign: str) -> None:
    done = templates(town, "show", campaign)
    assert shown(done), done.output
    assert not [one for one in shown(done) if "{" in one]


def test_a_person_is_written_to_in_their_language(town: World) -> None:
    town.whatsapp.add_template("we_miss_you", "es", body="Hola {{1}}, mira {{2}} hoy.")
    spanish = {"languages__shop": "es", "campaigns__we_miss_you__enabled": True}
    # given somebody without a name, to whom nothing Spanish can be said
    done = templates(town, "show", "we_miss_you", "--to", "+1 (202) 555-0102", **spanish)
    assert shown(done)[0].startswith("Hello there!")
    assert "has not agreed" in line(done, "note:")
    # when they are asked for in Spanish all the same, the mixture is told
    done = templates(town, "show", "we_miss_you", "--to", BRUNO, "--language", "es")
    assert shown(done) == ["Hola there, mira https://shop.example hoy."]
    assert "would be written to in en" in line(done, '"there"')


def test_a_mapping_that_does_not_fit_is_shown_with_its_variables(town: World) -> None:
    body = {"campaigns__we_miss_you__body": ["{first_name|there}"]}
    done = templates(town, "show", "we_miss_you", **body)
    assert done.exit_code == 1
    assert "{{2}}" in shown(done)[0]
    assert "expects 2 values" in line(done, "could not be sent")


def test_one_that_no_campaign_uses_is_shown_as_it_is(town: World) -> None:
    town.whatsapp.add_template("sale_of_may", "es", body="Hola {{1}}, hay ofertas.")
    done = templates(town, "show", "sale_of_may")
    assert done.exit_code == 0
    assert shown(done) == ["Hola {{1}}, hay ofertas."]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("show", "nothing"), "no template, campaign or order news 'nothing'"),
        (("show", "we_miss_you", "--language", "de"), "in the language 'de'"),
        (("show", "we_miss_you", "--to", "12"), "cannot be written to"),
        (("show", "we_miss_you", "--to", "+12025550199"), "knows nobody"),
    ],
)
def test_what_cannot_be_shown_says_why(town: World, arguments: tuple[str, ...], says: str) -> None:
    done = templates(town, *arguments)
    assert isinstance(done.exception, BadInput)
    assert says in str(done.exception)


def test_without_anybody_or_anything_it_says_what_to_do(world: World) -> None:
    with owned(world.settings().database.path):
        pass
    done = templates(world, "show", "we_miss_you")
    assert isinstance(done.exception, BadInput)
    assert "winback sync" in str(done.exception)


def test_beside_a_daemon_it_looks_at_what_there_is(town: World) -> None:
    with owned(town.settings().database.path):
        done = templates(town, "show", "we_miss_you")
    assert shown(done)[0].startswith("Hello Ana!")


def test_without_a_database_none_is_made(world: World) -> None:
    done = templates(world, "show", "we_miss_you")
    assert isinstance(done.exception, DatabaseTrouble)
    assert not world.settings().database.path.exists()


@pytest.mark.parametrize("campaign", ["price_drop", "new_arrivals"])
def test_without_products_there_is_nothing_to_show(town: World, campaign: str) -> None:
    with owned(town.settings().database.path):
        Product.delete().execute()
    done = templates(town, "show", campaign)
    assert isinstance(done.exception, BadInput)
    assert "no product" in str(done.exception)


def test_before_the_shop_was_read_it_says_what_to_do(town: World) -> None:
    with owned(town.settings().database.path):
        ShopFact.delete().execute()
    done = templates(town, "show", "we_miss_you")
    assert isinstance(done.exception, BadInput)
    assert "winback sync" in str(done.exception)


def test_what_they_bought_and_looked_at_is_theirs(town: World) -> None:
    now = datetime.now(UTC)
    settings = town.settings()
    with owned(settings.database.path):
        ana = Contact.get(Contact.phone == ANA)
        Interest.insert(
            contact_id=ana.id, product_id=7, variation_id=0, kind="view", price=2900,
            stock_status="instock", first_at=now, seen_at=now, source="test",
        ).execute()  # fmt: skip
    body = {"campaigns__price_drop__body": ["{product_name|it}", "{old_price}", "{price}"]}
    done = templates(town, "show", "price_drop", **body)
    assert "Blue shirt in our shop" not in done.output
    assert [one for one in shown(done) if "Blue shirt" in one and "£29.00" in one], done.output
    assert "£19.00" in shown(done)
    assert "made up" not in done.output


# show, of order news


def an_order(number: int, **columns: Any) -> None:
    """An order of Ana's with three shirts."""
    now = datetime.now(UTC)
    row = {
        "woo_id": number, "number": f"A-{number}", "status": "processing", "currency": "GBP",
        "total": 5700, "contact_id": Contact.get(Contact.phone == ANA).id, "first_name": "ana",
        "created_at": now - timedelta(days=1), "lines_at": now, "read_at": now,
    }  # fmt: skip
    Order.insert(row | columns).execute()
    OrderLine.insert(
        woo_id=number, order_id=number, product_id=7, name="Blue shirt", quantity=3
    ).execute()


@pytest.fixture
def ordered(town: World) -> World:
    """Ana has bought shirts, and WhatsApp has the templates."""
    with owned(town.settings().database.path):
        an_order(31)
    town.whatsapp.approve_templates_after = timedelta(0)
    assert templates(town, "push", "order_news", "--language", "en").exit_code == 0
    return town


@pytest.mark.parametrize("kind", [*KINDS, "statuses.ready-for-pickup"])
def test_news_of_every_kind_can_be_seen(ordered: World, kind: str) -> None:
    done = templates(ordered, "show", kind, **ALL_NEWS)
    assert done.exit_code == 0, done.output
    template = kind if kind in KINDS else STATUS_UPDATE
    assert f"order news {kind}, template {template} in en (APPROVED, UTILITY)" in done.output
    assert [one for one in shown(done) if "A-31" in one], done.output
    assert not [one for one in shown(done) if "{" in one]
    assert "has not agreed to order news" in line(done, "note: this person")
    made_up = "made up for this look" in done.output
    assert made_up == (kind not in ("order_confirmation", "order_processing"))
    # nothing of it was written
    with owned(ordered.settings().database.path):
        assert (Order.get_by_id(31).status, Order.get_by_id(31).details) == ("processing", {})


def test_news_are_shown_with_the_newest_order_that_fits(ordered: World) -> None:
    now = datetime.now(UTC)
    parcel = {"carrier": "DHL", "number": "JD1", "url": "https://track.example/JD1"}
    with owned(ordered.settings().database.path):
        Contact.update(order_news="yes").execute()
        an_order(32, created_at=now - timedelta(days=9), details={"shipments": [parcel]})
        an_order(33, created_at=now - timedelta(days=8))
        Refund.insert(woo_id=1, order_id=33, amount=1900, read_at=now).execute()
    shipped = templates(ordered, "show", "shipping_update", "--to", ANA, **ALL_NEWS)
    assert shown(shipped)[:4] == [
        "Hello! Your order A-32 is on its way to you.",
        "Carrier: DHL",
        "Tracking number: JD1",
        "Tracking link: https://track.example/JD1",
    ]
    assert "note" not in shipped.output
    refunded = templates(ordered, "show", "order_partly_refunded", **ALL_NEWS)
    assert "A-33: it has been partly refunded (£19.00 so far)" in refunded.output
    # when WhatsApp counts the template as marketing, it takes that consent as well
    ordered.whatsapp.templates = type(ordered.whatsapp.templates)()
    body = SHIPPED["order_completed", "en"].body
    ordered.whatsapp.add_template("order_completed", "en", "MARKETING", body=body)
    with owned(ordered.settings().database.path):
        Contact.update(marketing="no").execute()
    moved = templates(ordered, "show", "order_completed", **ALL_NEWS)
    assert "has not agreed to marketing" in line(moved, "note: this person")


def test_news_that_are_off_say_so(ordered: World) -> None:
    assert "note: they are off" in templates(ordered, "show", "order_processing").output


def test_without_an_order_there_are_no_news_to_show(town: World) -> None:
    done = templates(town, "show", "order_completed")
    assert isinstance(done.exception, BadInput)
    assert "no order of anybody" in str(done.exception)
    # who is named, and has none, gets an example
    assert (
        "made up for this look: order 1001"
        in templates(town, "show", "order_completed", "--to", BRUNO).output
    )
    with owned(town.settings().database.path):
        ShopFact.delete().execute()
    done = templates(town, "show", "order_completed")
    assert isinstance(done.exception, BadInput)
    assert "knows nothing of the shop" in str(done.exception)


def test_an_order_of_unknown_content_says_so(ordered: World) -> None:
    with owned(ordered.settings().database.path):
        Order.update(lines_at=None).execute()
    done = templates(ordered, "show", "order_confirmation", **ALL_NEWS)
    assert isinstance(done.exception, BadInput)
    assert "order A-31" in str(done.exception)
