"""An agent that breaks each promise once: a row in the outbox, and a message that WhatsApp really takes."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from secrets import token_hex
from typing import Any

from story_telling import Story
from story_truth import Household

from agent.sandbox.town.looks import Look
from agent.sandbox.whatsapp.messages import Accepted
from models import Contact, Message, Order

DAY = timedelta(days=1)


def someone(
    story: Story, *, agreed: bool = True, quiet: bool = True, written: bool = False
) -> Household:
    """Somebody in the shop's own zone about whom all of this is so."""
    for home in story.truth.homes.values():
        is_quiet = 61 < story.truth.quiet_for(home).days < 9999
        fits = (home.agreed, is_quiet, bool(home.got)) == (agreed, quiet, written)
        known = Contact.get_or_none(Contact.phone == home.phone)
        buys = bool(story.truth.bought(home)) or not quiet
        if fits and known and buys and home.plain and home.phone.startswith("+5511"):
            return home
    raise LookupError("nobody is like that")


def row_of(story: Story, home: Household, campaign: str, **more: Any) -> Message:
    now = story.world.clock.now()
    uid = token_hex(8)
    Message.insert(
        {
            "uid": uid,
            "contact_id": Contact.get(Contact.phone == home.phone).id,
            "campaign": campaign,
            "subject": uid,
            "period": now.date().isoformat(),
            "state": "accepted",
            "reason": "somebody made it up",
            "template": campaign,
            "language": "en",
            "variables": {},
            "cap_day": now.date().isoformat(),
            "created_at": now,
            "not_before": now,
            "expires_at": now + DAY,
            "claimed_at": now,
            "accepted_at": now,
        }
        | more
    ).execute()
    return Message.get(Message.uid == uid)


def body_of(home: Household, campaign: str) -> list[str]:
    name = home.people[0].first_name
    more = {"we_miss_you": ["something nice"], "loyalty_reward": ["15%", "WBNONE", "9 March 2026"]}
    return [name, *more.get(campaign, ["something"]), "https://shop.example"]


def post(story: Story, home: Household, row: Message, body: list[str] | None = None) -> Accepted:
    """As the agent's own client does it."""
    values = body or body_of(home, row.campaign)
    parts = [{"type": "body", "parameters": [{"type": "text", "text": one} for one in values]}]
    template = {"name": row.template, "language": {"code": "en"}, "components": parts}
    return story.world.whatsapp.send(
        {
            "messaging_product": "whatsapp",
            "to": home.phone,
            "type": "template",
            "biz_opaque_callback_data": row.uid,
            "template": template,
        }
    )


def send(story: Story, home: Household, row: Message, body: list[str] | None = None) -> None:
    """It is checked at once."""
    post(story, home, row, body)
    story.check()


def no_consent(story: Story) -> None:
    home = someone(story, agreed=False)
    send(story, home, row_of(story, home, "we_miss_you"))


def bought_lately(story: Story) -> None:
    home = someone(story, quiet=False)
    send(story, home, row_of(story, home, "we_miss_you"))


def one_too_many(story: Story) -> None:
    home = someone(story, written=True)
    send(story, home, row_of(story, home, "price_drop"))


def twice(story: Story) -> None:
    home = someone(story, written=True)
    send(story, home, Message.get(Message.uid == home.got[0].callback_data))


def in_the_night(story: Story) -> None:
    home = someone(story)
    sent = post(story, home, row_of(story, home, "we_miss_you", expires_at=sent_at(story, 30)))
    story.skip_to_the_end()
    story.promises.check(replace(sent, at=sent_at(story, 7)))


def sent_at(story: Story, hours: float) -> datetime:
    return story.world.clock.now() + timedelta(hours=hours)


def never_written_down(story: Story) -> None:
    home = someone(story)
    row = row_of(story, home, "we_miss_you")
    row.delete_instance()
    send(story, home, row)


def too_old(story: Story) -> None:
    home = someone(story)
    send(story, home, row_of(story, home, "we_miss_you", expires_at=story.world.clock.now()))


def no_reason(story: Story) -> None:
    home = someone(story)
    send(story, home, row_of(story, home, "we_miss_you", reason="because"))


def somebody_else(story: Story) -> None:
    home = someone(story)
    body = ["Zacharias", "something nice", "https://shop.example"]
    send(story, home, row_of(story, home, "we_miss_you"), body)


def something_else(story: Story) -> None:
    home = someone(story)
    body = [home.people[0].first_name, "A Flying Carpet", "https://shop.example"]
    send(story, home, row_of(story, home, "we_miss_you"), body)


def an_open_placeholder(story: Story) -> None:
    home = someone(story)
    send(story, home, row_of(story, home, "we_miss_you"), ["there", "{last_product}", "x"])


def no_end(story: Story) -> None:
    home = someone(story)
    row = row_of(story, home, "we_miss_you")
    [forged] = [one for one in story.world.whatsapp.accepted if one.template == "we_miss_you"][:1]
    now = story.world.clock.now()
    home.got = [
        replace(forged, id=f"wamid.{n}", at=now - n * 10 * DAY, callback_data=f"{n}")
        for n in (1, 2, 3)
    ]
    try:
        send(story, home, row)
    finally:
        home.got = []


def no_coupon(story: Story) -> None:
    home = someone(story)
    send(story, home, row_of(story, home, "loyalty_reward"), [*body_of(home, "loyalty_reward")])


def somebody_elses_coupon(story: Story) -> None:
    home = someone(story)
    coupon = story.world.shop.new_coupon(f"WB{token_hex(4)}")
    coupon.email_restrictions = ["another@example.com"]
    story.world.shop.add_coupon(coupon)
    body = [home.people[0].first_name, "15%", coupon.code, "9 March 2026", "https://shop.example"]
    send(story, home, row_of(story, home, "loyalty_reward"), body)


def nothing_new(story: Story) -> None:
    home = someone(story)
    # not one that another breach has sold out
    for_sale = (one for one in story.world.shop.products if one.status == "publish")
    old = next(one for one in for_sale if one.stock_status == "instock" and one.type == "simple")
    row = row_of(story, home, "new_arrivals", about={"products": [old.id]})
    send(story, home, row, [home.people[0].first_name, old.name, "https://shop.example"])


def look(story: Story, home: Household, stock: int) -> int:
    """They looked at something an hour ago; returns what. It has `stock` pieces now."""
    shop = story.world.shop
    [seen] = [one for one in shop.products if one.type == "simple" and one.status == "publish"][:1]
    at = story.world.clock.now() - timedelta(hours=1)
    story.world.bustle.looks.append(
        Look(home.people[0], seen.id, 0, "view", seen.price, "outofstock", at)
    )
    story.interest.look()
    shop.set_stock(seen.id, stock)
    return seen.id


def gone_again(story: Story) -> None:
    home = someone(story)
    seen = look(story, home, 0)
    name = story.world.shop.product(seen).name
    send(story, home, row_of(story, home, "back_in_stock", product_id=seen), ["there", name, "x"])


def not_cheaper(story: Story) -> None:
    home = someone(story)
    seen = look(story, home, 5)
    name = story.world.shop.product(seen).name
    send(story, home, row_of(story, home, "price_drop", product_id=seen), ["there", name, "x"])


def nobody_looked(story: Story) -> None:
    home = someone(story, quiet=False)
    [seen] = [one for one in story.world.shop.products if one.status == "publish"][-1:]
    story.world.shop.set_stock(seen.id, 3)
    row = row_of(story, home, "price_drop", product_id=seen.id)
    send(story, home, row, ["there", seen.name, "x"])


def a_crowd(story: Story) -> None:
    home = someone(story)
    seen = look(story, home, 1)
    homes = [one for one in story.truth.homes.values() if one.phone.startswith("+5511")][:3]
    known = [one for one in homes if Contact.get_or_none(Contact.phone == one.phone)]
    for one in known:
        row_of(story, one, "back_in_stock", product_id=seen)
    story.require(story.alerts.waves())


def said_to_be_cancelled(story: Story) -> None:
    sent = story.world.whatsapp.accepted[0].callback_data
    Message.update(state="cancelled").where(Message.uid == sent).execute()
    story.require(story.books.complaints())


def never_sent(story: Story) -> None:
    row_of(story, someone(story), "we_miss_you", state="delivered")
    story.require(story.books.complaints())


def forgotten_in_the_queue(story: Story) -> None:
    home = someone(story)
    row_of(story, home, "we_miss_you", state="queued", expires_at=story.world.clock.now())
    story.require(story.books.complaints())


def deaf(story: Story) -> None:
    home = someone(story, written=True)
    Contact.update(marketing="no").where(Contact.phone == home.phone).execute()
    story.require(story.books.complaints())


def blind(story: Story) -> None:
    Order.update(status="on-hold").where(Order.status == "completed").execute()
    story.require(story.books.complaints())


def lazy(story: Story) -> None:
    Message.delete().execute()
    story.require(story.fairness.forgotten())


BREACHES: dict[Callable[[Story], None], str] = {
    no_consent: "no consent stands",
    bought_lately: "the last order was",
    one_too_many: "2 messages in 7 days",
    twice: "came for the 2th time",
    in_the_night: "it was 22:00 in America/Sao_Paulo",
    never_written_down: "no intent was written down",
    too_old: "was too old",
    no_reason: "nobody can understand the reason",
    somebody_else: "it calls",
    something_else: "was never bought there",
    an_open_placeholder: "body says",
    no_end: "3 messages came since the last order",
    no_coupon: "the shop has no coupon",
    somebody_elses_coupon: "the coupon is for",
    nothing_new: "was there when they last bought",
    gone_again: "is outofstock",
    not_cheaper: "and they saw",
    nobody_looked: "nobody there looked",
    a_crowd: "people were told",
    said_to_be_cancelled: "went out, and is said to be cancelled",
    never_sent: "WhatsApp never had it",
    forgotten_in_the_queue: "is queued since long",
    deaf: "and stands at",
    blind: "and the mirror has",
    lazy: "got nothing",
}
