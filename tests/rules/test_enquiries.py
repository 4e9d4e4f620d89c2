"""What a WhatsApp message says of interest."""

from datetime import UTC, datetime, timedelta

from agent.rules.enquiries import enquiries
from agent.rules.events import CART, MOST_IN_A_CART, VIEW, Event, What, Who
from agent.rules.inbound import Inbound, InCart

AT = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
ANA = Who(wa_id="12025550101", user_id="US.17")


def said(**more: object) -> Inbound:
    fields = {"kind": "text", "sender": ANA.wa_id, "user_id": ANA.user_id} | more
    return Inbound("wamid.1", AT, **fields)  # type: ignore[arg-type]


def test_a_question_about_a_product_is_a_view_of_it() -> None:
    view = Event(kind=VIEW, who=ANA, what=What(retailer_id="42"), at=AT)
    assert enquiries(said(asked_about="42"), AT) == [view]


def test_each_product_of_a_cart_counts() -> None:
    cart = (InCart("42", "30", "USD"), InCart("wc_post_id_43"))
    assert enquiries(said(kind="order", cart=cart), AT) == [
        Event(kind=CART, who=ANA, what=What(retailer_id="42"), at=AT, price="30", currency="USD"),
        Event(kind=CART, who=ANA, what=What(retailer_id="wc_post_id_43"), at=AT),
    ]


def test_any_other_message_says_nothing_of_interest() -> None:
    assert enquiries(said(text="Hello"), AT) == []


def test_a_message_from_nobody_says_nothing() -> None:
    assert enquiries(said(asked_about="42", sender="", user_id=""), AT) == []


def test_nothing_was_asked_after_we_heard_it() -> None:
    an_hour_ago = AT - timedelta(hours=1)
    assert enquiries(said(asked_about="42"), an_hour_ago)[0].at == an_hour_ago


def test_a_cart_without_end_has_one() -> None:
    cart = tuple(InCart(str(number)) for number in range(1000))
    assert len(enquiries(said(cart=cart), AT)) == MOST_IN_A_CART
