"""The links of messages, from the decision on: which are counted, and where they lead to."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from jobs_stage import (
    FACTS,
    approve_templates,
    contact_at,
    file_orders,
    nothing,
    open_shop,
    order_json,
)

from agent.config import Settings
from agent.jobs.decide import decide
from agent.jobs.decide.preview import preview
from agent.jobs.send.request import Requests
from agent.templates import usable_mappings
from models import Link, Message, Template

ANA = "+12025550101"
NEW_YORK = ZoneInfo("America/New_York")
QUIET = timedelta(days=60)
GO = "https://go.shop.example"
CONFIG = f"""\
[web]
public_url = "{GO}"

[links]
count = true

[campaigns.loyalty_reward]
enabled = false

[campaigns.we_miss_you]
enabled = true
"""
Write = Callable[..., Settings]


@pytest.fixture
def now() -> datetime:
    """When campaigns run."""
    return datetime(2026, 3, 2, 9, 0, tzinfo=NEW_YORK).astimezone(UTC)


@pytest.fixture(autouse=True)
def _opened(database: Path, settings: Settings, now: datetime) -> None:
    open_shop(country="US", zone="America/New_York", currency="USD")
    approve_templates(settings, now)


def templates(now: datetime, *languages: str, button: str = "", **more: str) -> None:
    """we_miss_you is approved in these languages, with a button if there is an address for it."""
    text = more.get("body", "Hello {{1}}, have a look at {{2}} again.")
    parts: list[dict[str, Any]] = [{"type": "BODY", "text": text}]
    if button:
        parts.append(
            {"type": "BUTTONS", "buttons": [{"type": "URL", "text": "Look", "url": button}]}
        )
    Template.replace_all(
        [
            {
                "name": "we_miss_you",
                "language": language,
                "status": "APPROVED",
                "category": "MARKETING",
                "read_at": now,
                "body": {
                    "name": "we_miss_you", "language": language, "status": "APPROVED",
                    "category": "MARKETING", "components": parts,
                },
            }
            for language in languages
        ]
    )  # fmt: skip


def quiet(settings: Settings, now: datetime, number: int = 1, **more: Any) -> None:
    """Somebody who agreed ordered long ago; the first of them is Ana."""
    phone = f"202-555-01{number:02}"
    told = {"consent": "yes", "currency": "USD", "email": f"e{number}@example.com"} | more
    file_orders(settings, now, order_json(number, now - QUIET, phone, **told))


def run(settings: Settings, now: datetime) -> dict[str, int]:
    return decide(settings, now=now, beat=nothing)


def sent(settings: Settings, message: Message) -> list[list[str]]:
    """The values that WhatsApp would get, part by part."""
    parts = Requests(settings).body(message, ANA)["template"]["components"]
    return [[one["text"] for one in part["parameters"]] for part in parts]


def test_a_message_has_its_own_link_and_the_link_has_the_page(
    write_settings: Write, now: datetime
) -> None:
    settings = write_settings(CONFIG)
    templates(now, "en")
    quiet(settings, now, 1)
    quiet(settings, now, 2)
    assert run(settings, now) == {"chosen": 2}
    links = {one.message_uid: one for one in Link.select()}
    assert len(links) == 2
    for message in Message.select():
        link = links[message.uid]
        assert (link.target, link.created_at, link.clicks) == ("/", now, 0)
        assert sent(settings, message) == [["Ana", f"{GO}/r/{link.token}"]]
    assert len({one.token for one in links.values()}) == 2


def test_where_they_are_not_counted_nothing_changes(write_settings: Write, now: datetime) -> None:
    settings = write_settings(CONFIG.replace("count = true", "count = false"))
    templates(now, "en")
    quiet(settings, now)
    run(settings, now)
    assert sent(settings, Message.get()) == [["Ana", FACTS["url"]]]
    assert Link.select().count() == 0


def test_a_message_keeps_its_link_when_counting_is_switched_off(
    write_settings: Write, now: datetime
) -> None:
    settings = write_settings(CONFIG)
    templates(now, "en")
    quiet(settings, now)
    run(settings, now)
    later = write_settings(CONFIG.replace("count = true", "count = false"))
    assert sent(later, Message.get()) == [["Ana", f"{GO}/r/{Link.get().token}"]]


def test_links_are_counted_in_every_language(write_settings: Write, now: datetime) -> None:
    portuguese = 'pt_BR = {body = ["{first_name|tudo bem}", "{shop_url}"]}'
    spanish = 'es = {body = ["{first_name|amiga}", "{review_url|la tienda}"]}'
    settings = write_settings(f"{CONFIG}translations = {{{portuguese}, {spanish}}}\n")
    templates(now, "en", "pt_BR", "es")
    for number, language in ((1, "en"), (2, "pt_BR"), (3, "es")):
        quiet(settings, now, number, meta_data=[
            {"key": "_winback_marketing", "value": "yes"}, {"key": "wpml_language", "value": language[:2]},
        ])  # fmt: skip
    run(settings, now)
    languages = {one.language: one for one in Message.select()}
    assert set(languages) == {"en", "pt_BR", "es"}
    for language in ("en", "pt_BR"):
        link = Link.get(Link.message_uid == languages[language].uid)
        assert sent(settings, languages[language])[0][1] == f"{GO}/r/{link.token}"
    # nothing is known that she could review, and what the config says itself is no link of ours
    assert sent(settings, languages["es"])[0][1] == "la tienda"
    assert Link.select().count() == 2


@pytest.mark.parametrize(
    ("button", "counted"), [(f"{GO}/{{{{1}}}}", True), ("https://shop.example/{{1}}", False)]
)
def test_a_button_is_counted_where_its_address_is_ours(
    write_settings: Write, now: datetime, button: str, counted: bool
) -> None:
    settings = write_settings(
        CONFIG + 'body = ["{first_name|you}"]\nurl_suffix = "sale/?from={country|us}"\n'
    )
    templates(now, "en", button=button, body="Hello {{1}}, have a look.")
    quiet(settings, now)
    run(settings, now)
    [[name], [end]] = sent(settings, Message.get())
    assert name == "Ana"
    if counted:
        link = Link.get()
        assert (end, link.target) == (f"r/{link.token}", "/sale/?from=United%20States")
        # each person has their own
        quiet(settings, now, 2)
        quiet(settings, now, 3)
        run(settings, now)
        assert Link.select().count() == 3
    else:
        assert (end, Link.select().count()) == ("sale/?from=United%20States", 0)


def test_a_button_without_its_template_is_left_alone(write_settings: Write, now: datetime) -> None:
    settings = write_settings(CONFIG + 'body = ["{first_name|you}"]\nurl_suffix = "sale/"\n')
    quiet(settings, now)
    assert run(settings, now) == {"chosen": 1}
    assert Link.select().count() == 0


def test_who_is_chosen_and_hears_nothing_has_no_link(write_settings: Write, now: datetime) -> None:
    settings = write_settings(f"{CONFIG}\n[holdout]\neverything = 50\nshare = 50\n")
    templates(now, "en")
    for number in range(1, 41):
        quiet(settings, now, number)
    run(settings, now)
    told = {one.uid for one in Message.select() if one.state == "queued"}
    assert 0 < len(told) < Message.select().count()
    assert {one.message_uid for one in Link.select()} == told


def test_what_is_only_looked_at_makes_no_link(write_settings: Write, now: datetime) -> None:
    settings = write_settings(CONFIG)
    templates(now, "en")
    quiet(settings, now)
    shown = preview(
        settings,
        settings.campaigns["we_miss_you"],
        contact_at(ANA),
        usable_mappings(settings)["we_miss_you"],
        now=now,
    )
    assert shown.composed.values["shop_url"] == FACTS["url"]
    assert Link.select().count() == 0


def test_a_second_run_makes_no_second_link(write_settings: Write, now: datetime) -> None:
    settings = write_settings(CONFIG)
    templates(now, "en")
    quiet(settings, now)
    run(settings, now)
    run(settings, now + timedelta(minutes=5))
    assert (Message.select().count(), Link.select().count()) == (1, 1)


def test_a_shop_at_another_address_than_the_config_says_is_not_linked(
    write_settings: Write, now: datetime
) -> None:
    """Nobody may be led to a host that the config does not name."""
    open_shop(
        country="US", zone="America/New_York", currency="USD", url="https://elsewhere.example"
    )
    settings = write_settings(CONFIG)
    templates(now, "en")
    quiet(settings, now)
    run(settings, now)
    assert sent(settings, Message.get()) == [["Ana", "https://elsewhere.example"]]
    assert Link.select().count() == 0
