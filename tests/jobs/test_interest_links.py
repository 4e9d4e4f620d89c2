"""Views of people who followed a link: whose they are, and when they are nobody's."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from interest_stage import BEN, SHIRT, Story, rows, view, waiting
from jobs_stage import DAY, add_contact, add_message, file_orders, order_json

from agent.config import Settings
from models import Contact, Identity, Link

TOKEN = "AbCdEfGhI1"


@pytest.fixture
def story(database: Path, settings: Settings, now: datetime) -> Story:
    return Story(settings, now)


def link(story: Story, contact: int, token: str = TOKEN, age: timedelta = timedelta()) -> None:
    """A message to `contact` has this link in it."""
    made = story.now - age
    uid = add_message(contact, made, period=f"day of {token}").uid
    Link.put([{"token": token, "message_uid": uid, "target": "/", "created_at": made}])


def by_link(token: str = TOKEN, **more: Any) -> dict[str, Any]:
    return view(**({"customer_id": None, "link": token} | more))


def test_a_view_by_a_link_is_that_of_the_person_who_was_written_to(story: Story) -> None:
    link(story, story.ana)
    assert story.file(by_link()) == {"events": 1, "rows": 1}
    assert rows("contact_id", "product_id", "kind", "source") == [
        (story.ana, SHIRT, "view", "events")
    ]
    assert waiting() == []


@pytest.mark.parametrize("marketing", ["no", ""])
def test_without_consent_nothing_is_kept(story: Story, marketing: str) -> None:
    link(story, story.ana)
    story.tell(by_link())
    Contact.update(marketing=marketing).execute()  # between the view and its filing
    assert story.gather() == {"dropped, no consent": 1}
    assert (rows(), waiting()) == ([], [])


def test_a_link_that_nobody_knows_is_nobodys(story: Story) -> None:
    assert story.file(by_link()) == {"dropped, unknown link": 1}
    assert (rows(), waiting()) == ([], [])


def test_a_link_names_somebody_for_as_long_as_it_leads_somewhere(story: Story) -> None:
    link(story, story.ana, "AbCdEfGhI1", 180 * DAY)
    link(story, story.ana, "AbCdEfGhI2", 180 * DAY + timedelta(seconds=1))
    told = by_link("AbCdEfGhI1"), by_link("AbCdEfGhI2")
    assert story.file(*told) == {"events": 1, "rows": 1, "dropped, link too old": 1}


def test_one_that_is_dropped_takes_no_other_along(story: Story) -> None:
    ben = add_contact(BEN, story.now, marketing="no")
    link(story, story.ana, "AbCdEfGhI1")
    link(story, ben, "AbCdEfGhI2")
    told = by_link("AbCdEfGhI3"), by_link("AbCdEfGhI2"), by_link("AbCdEfGhI1")
    assert story.file(*told, view(product_id=50)) == {
        "events": 2,
        "rows": 2,
        "dropped, no consent": 1,
        "dropped, unknown link": 1,
    }


def test_who_has_logged_in_is_who_looks(story: Story) -> None:
    """Ben opens the link that Ana forwarded to him."""
    ben = add_contact(BEN, story.now)
    story.names(ben, "customer", "18")
    link(story, story.ana)
    assert story.file(by_link(customer_id=18)) == {"events": 1, "rows": 1}
    assert rows("contact_id") == [(ben,)]


def test_an_account_that_is_not_known_yet_waits_and_is_not_taken_for_the_link(story: Story) -> None:
    link(story, story.ana)
    assert story.file(by_link(customer_id=99)) == {"set aside": 1}
    assert (rows(), waiting()) == ([], ["person"])


def test_a_product_that_is_not_known_yet_waits_and_the_consent_is_asked_for_again(
    story: Story,
) -> None:
    link(story, story.ana)
    assert story.file(by_link(product_id=77)) == {"set aside": 1}
    assert waiting() == ["product"]
    Contact.update(marketing="no").execute()
    assert story.gather() == {"dropped, no consent": 1}
    assert waiting() == []


@pytest.mark.parametrize(("agrees", "whose"), [("yes", 1), ("", 0), ("no", 0)])
def test_of_somebody_who_changed_numbers_the_newer_one_must_have_agreed(
    story: Story, agrees: str, whose: int
) -> None:
    old = add_contact("+12025550103", story.now)
    link(story, old)
    file_orders(
        story.settings,
        story.now - DAY,
        order_json(7, story.now - DAY, "202-555-0103", customer_id=18),
    )
    new = add_contact(BEN, story.now, marketing=agrees)
    Identity.update(contact_id=new).where(Identity.value == "18").execute()
    story.file(by_link())
    assert rows("contact_id") == [(new,)] * whose
