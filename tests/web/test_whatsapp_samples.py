"""Every sample of Meta's documentation, signed and posted as Meta does, with its effect in the tables.

`whatsapp_samples.json` holds one change of a webhook each, as of September 2026, with numbers that are
reserved for fiction.
"""

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sending_world import World
from web_signing import sign

from agent.config import Settings
from agent.consent import Heard, record
from agent.jobs.track import track
from agent.web import intake
from models import (
    Contact,
    Identity,
    JobCall,
    Message,
    Pause,
    Received,
    Reply,
    SetAside,
    Status,
    UnsettledEvent,
    Webhook,
)

SAMPLES: dict[str, Any] = json.loads(
    Path(__file__).with_name("whatsapp_samples.json").read_text(encoding="utf-8")
)
ANA, ANAS_ID = "+12025550101", "US.13491208655302741918"
WAMID = "wamid.HBgLMzQ2MDAxMTEyMjIVAgARGBI1RjQyNQA="
NOW = datetime.fromisoformat("2026-11-21T23:00:00+00:00")
Told = Callable[[str], None]


@pytest.fixture
def settings(world: World) -> Settings:
    return world.settings(consent__stop_payloads=["OPTOUT_MARKETING"])


@pytest.fixture
def told(database: Path, settings: Settings) -> Told:
    """Ana agreed and was written to; WhatsApp tells a sample, twice, and it is worked off each time."""
    contact = Contact.insert(
        phone=ANA, first_name="Ana", region="US", marketing="", created_at=NOW
    ).execute()
    agreed = datetime.fromisoformat("2026-01-01T00:00:00+00:00")
    record(
        [
            Heard(phone=ANA, says="yes", source="test", said_at=agreed, purpose=purpose)
            for purpose in ("marketing", "order_news")
        ],
        now=agreed,
    )
    sent = datetime.fromisoformat("2026-11-21T20:00:00+00:00")
    Message.insert(
        uid="uid-1", contact_id=contact, campaign="we_miss_you", period="2026-11-21", state="accepted",
        template="we_miss_you", language="en", cap_day="2026-11-21", created_at=sent, not_before=sent,
        expires_at=NOW, claimed_at=sent, accepted_at=sent, wamid=WAMID,
    ).execute()  # fmt: skip
    client = intake(lambda: settings, lambda: NOW).test_client()

    def tell(name: str) -> None:
        for _ in range(2):
            body = as_meta_writes(
                {"entry": [{"id": "102290129340398", "changes": [SAMPLES[name]]}]}
            )
            headers = {"X-Hub-Signature-256": sign(body)}
            answer = client.post("/webhooks/whatsapp", data=body, headers=headers)
            assert answer.status_code == 200
            track(settings, now=NOW, beat=lambda: None)
        assert Webhook.select().where(Webhook.done_at.is_null(False)).count() == 2
        assert not SetAside.select().exists()

    return tell


def as_meta_writes(payload: object) -> bytes:
    """Every letter beyond ASCII as \\uXXXX, every slash escaped."""
    written = json.dumps(payload | {"object": "whatsapp_business_account"})  # type: ignore[operator]
    return written.replace("/", "\\/").encode()


def message() -> Message:
    found: Message = Message.get()
    return found


def replies() -> list[tuple[str, str, str]]:
    return [(one.kind, one.sender, one.text) for one in Reply.select().order_by(Reply.wamid)]


def counted(kind: str) -> int:
    return Received.totals().get(kind, 0)


def standing() -> tuple[str, str]:
    contact = Contact.get(Contact.phone == ANA)
    return str(contact.marketing), str(contact.order_news)


# what became of a message


@pytest.mark.parametrize(
    ("name", "state", "charged"),
    [
        ("sent", "sent", "marketing"),
        ("delivered", "delivered", "marketing"),
        ("read", "read", ""),
        ("played", "read", ""),
    ],
)
def test_a_status_moves_its_message(told: Told, name: str, state: str, charged: str) -> None:
    told(name)
    assert (message().state, message().charged) == (state, charged)
    assert Status.select().count() == 1
    assert counted(f"status {name}") == 2


def test_a_failed_one_that_may_be_tried_later_waits_for_that(told: Told) -> None:
    """131049, whose rest of a day ends after this message has expired."""
    told("failed")
    one = message()
    assert (one.state, one.code) == ("failed", 131049)
    assert one.detail.startswith("In order to maintain a healthy ecosystem engagement")


def test_an_error_of_the_account_is_told(told: Told, caplog: pytest.LogCaptureFixture) -> None:
    told("account_error")
    [first, _] = [one for one in caplog.records if one.getMessage() == "account.error"]
    assert vars(first)["fields"]["code"] == 130429
    assert vars(first)["fields"]["said"].startswith("Message failed to send because")
    assert counted("account error 130429") == 2


# what people say


def test_a_stop_ends_it(told: Told) -> None:
    told("text_stop")
    assert standing() == ("no", "yes")
    assert replies() == [("text", "12025550101", "STOP")]
    assert message().stopped
    assert Identity.holders("user_id", [ANAS_ID])[ANAS_ID] == Contact.get().id


def test_a_stop_of_somebody_who_hides_the_number_is_kept(told: Told) -> None:
    told("text_stop_without_a_number")
    assert replies() == [("text", ANAS_ID, "STOP")]
    assert standing() == ("yes", "yes")  # nobody knows whose it is: kept for a person to see


def test_a_stop_of_a_hidden_number_that_is_known_by_its_id_ends_it(told: Told) -> None:
    Identity.put(
        [{"kind": "user_id", "value": ANAS_ID, "contact_id": Contact.get().id, "seen_at": NOW}]
    )
    told("text_stop_without_a_number")
    assert standing()[0] == "no"


def test_a_tap_on_the_button_that_says_stop_ends_it(told: Told) -> None:
    told("quick_reply")
    assert standing()[0] == "no"
    assert replies() == [("button", "12025550101", "No más promos")]


@pytest.mark.parametrize(
    ("name", "kind", "text"),
    [
        ("button_reply", "interactive", "Yes"),
        ("list_reply", "interactive", "Order status"),
        ("cart", "order", ""),
        ("product_enquiry", "text", "Is this still available?"),
        ("unsupported", "unsupported", ""),
        ("reaction", "reaction", ""),
        ("from_an_advertisement", "text", "Hello"),
        ("forwarded", "text", "Look"),
        ("identity_changed", "system", ""),
    ],
)
def test_whatever_they_send_is_kept_once(told: Told, name: str, kind: str, text: str) -> None:
    told(name)
    assert replies() == [(kind, "12025550101", text)]
    assert standing() == ("yes", "yes")
    assert counted(f"message {kind}") == 2


@pytest.mark.parametrize(("name", "products"), [("cart", 2), ("product_enquiry", 1)])
def test_what_they_ask_about_becomes_interest(told: Told, name: str, products: int) -> None:
    told(name)
    assert UnsettledEvent.select().count() == products


def test_another_number_takes_the_refusal_along_and_not_the_consent(told: Told) -> None:
    told("number_changed")
    assert [(kind, text) for kind, _, text in replies()] == [
        ("system", "12025550101 -> 12025550102")
    ]
    assert counted("number changed") == 2
    assert Contact.select().where(Contact.marketing == "yes", Contact.phone != ANA).count() == 0


def test_another_id_is_kept(told: Told) -> None:
    told("user_id_changed")
    assert [(kind, text) for kind, _, text in replies()] == [("system", "US.111 -> US.222")]


@pytest.mark.parametrize(
    ("name", "value", "marketing"),
    [
        ("preference_stop", "stop", "no"),
        ("preference_resume", "resume", "yes"),
        ("preference_signup", "signup", "yes"),
    ],
)
def test_whatsapps_own_switch(told: Told, name: str, value: str, marketing: str) -> None:
    told(name)
    assert standing()[0] == marketing
    assert counted(f"preference {value}") == 2


# templates and the account


@pytest.mark.parametrize(
    ("name", "job", "kind"),
    [
        ("template_rejected", "templates", "template status"),
        ("template_quality", "templates", "template quality"),
        ("template_category", "templates", "template category"),
        ("number_quality", "account", "number change"),
        ("business_capability", "account", "capability"),
        ("account_restriction", "account", "account update"),
        ("account_to_be_disabled", "account", "account update"),
        ("account_violation", "account", "account update"),
    ],
)
def test_what_is_told_of_templates_and_account_is_read_again(
    told: Told, name: str, job: str, kind: str
) -> None:
    told(name)
    assert set(JobCall.all()) == {job}
    assert counted(kind) == 2
    assert message().state == "accepted"


@pytest.mark.parametrize(
    ("name", "scope"),
    [
        ("account_restriction", "*"),
        ("account_to_be_disabled", "marketing"),
        ("account_violation", "marketing"),
    ],
)
def test_a_restriction_pauses(told: Told, name: str, scope: str) -> None:
    told(name)
    assert [pause.scope for pause in Pause.in_force(NOW)] == [scope]


def test_a_field_that_is_not_read_is_counted_and_told_once_a_day(
    told: Told, caplog: pytest.LogCaptureFixture
) -> None:
    told("security")
    assert counted("unknown field security") == 2
    assert [one.getMessage() for one in caplog.records] == ["webhook.unknown"]


def test_every_sample_is_played_here() -> None:
    source = Path(__file__).read_text(encoding="utf-8")
    assert [name for name in SAMPLES if f'"{name}"' not in source] == []
