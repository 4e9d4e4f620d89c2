"""winback check: every mistake of a first evening is named, with what to do about it."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

import pytest
from daemon_process import DaemonProcess, run_winback
from sending_world import APP_SECRET, VERIFY_TOKEN, World
from typing_in import typed, typed_on_a_terminal

from agent.database import owned
from agent.sandbox.server import Server
from agent.sandbox.shop.api import shop_app
from agent.sandbox.shop.trouble import Guarded, Maintenance, PlainPermalinks, Trouble

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

LOYALTY = {"campaigns__loyalty_reward__enabled": True}
SECRETS = ("ck_sandbox", "ck_of", "cs_", "EAAexample", APP_SECRET, VERIFY_TOKEN, "oauth_signature")


@dataclass(frozen=True, slots=True)
class Checked:
    """What the check ended with."""

    code: int
    told: str

    def lines(self, mark: str, part: str = "") -> list[str]:
        """The findings of this mark (ok, note, FAIL) about this part."""
        return [
            line
            for line in self.told.splitlines()
            if line.startswith(f"{mark} ") and part in line.split()[1]
        ]

    def only_complaint(self, mark: str, part: str) -> str:
        """The one finding that is not ok, with its remedy."""
        [line] = [*self.lines("FAIL"), *self.lines("note")]
        assert self.lines(mark, part) == [line]
        told = self.told.splitlines()
        remedy = told[told.index(line) + 1].strip()
        assert remedy.startswith("-> ")
        return f"{line} {remedy}"


def check(world: World, **changes: object) -> Checked:
    """Whatever is wrong: no secret is told, the exit code and the last line fit what was found."""
    config = world.write_config(**changes)
    ended = typed("check", "--config", str(config))
    done = Checked(ended.exit_code, ended.output)
    hidden = [*SECRETS, *(str(v) for k, v in changes.items() if k.endswith(("key", "secret")))]
    assert not [one for one in hidden if one in done.told]
    assert "Traceback" not in done.told
    fails = done.lines("FAIL")
    assert done.code == (1 if fails else 0), done.told
    last = f"{len(fails)} to correct" if fails else "winback can work"
    assert done.told.splitlines()[-1].startswith(last)
    return done


@pytest.fixture
def world(world: World) -> World:
    """Both campaigns have their template."""
    world.whatsapp.add_template(
        "loyalty_reward",
        "en",
        body="Hello {{1}}! Here is {{2}} off with the code {{3}}, until {{4}}. See you.",
    )
    return world


def test_all_well(world: World) -> None:
    world.shop.place_order([(world.shop.add_product(name="Shirt", price="40"), 0, 1)], billing={})
    done = check(world, **LOYALTY)
    assert done.code == 0
    assert (done.lines("FAIL"), done.lines("note")) == ([], [])
    assert [len(done.lines("ok", part)) for part in ("config", "database", "shop", "whatsapp")] == [
        1, 1, 4, 5,
    ]  # fmt: skip
    assert "the key can read: 1 orders" in done.told
    assert "WooCommerce 9.9.5, GBP" in done.told
    assert "quality is" in done.told


def test_nothing_is_changed_by_looking(world: World) -> None:
    check(world)
    assert {path.name for path in world.folder.iterdir()} == {"winback.toml"}
    assert len(world.shop.coupons) == 0
    assert not world.whatsapp.accepted


def test_no_campaign_is_on(world: World) -> None:
    done = check(world, campaigns__we_miss_you__enabled=False)
    assert "enabled = true" in done.only_complaint("note", "config")


def test_alerts_that_the_shop_tells_nothing_for_are_noted(world: World) -> None:
    for name in ("back_in_stock", "price_drop"):
        world.whatsapp.add_template(name, "en", body="Hello {{1}}! It is {{2}}, at {{3}} now.")
    on = {"campaigns__price_drop__enabled": True}
    said = check(world, **on).only_complaint("note", "config")
    assert "price_drop will know" in said
    assert "back_in_stock" not in said
    assert "events_token" in said
    both = on | {"campaigns__back_in_stock__enabled": True}
    assert "back_in_stock and price_drop" in check(world, **both).only_complaint("note", "config")
    done = check(world, **both, web__events_token="0123456789abcdef")
    assert (done.lines("FAIL"), done.lines("note")) == ([], [])
    for name in ("back_in_stock", "price_drop"):
        assert f"campaign {name} (on): its template fits" in done.told


# the shop


@pytest.mark.long
@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"shop__key": "ck_of_another_shop"}, "copy [shop] key and secret again"),
        ({"shop__secret": "cs_of_another_shop"}, "copy [shop] key and secret again"),
        ({"shop__url": "{shop}/blog"}, "[shop] url"),
        ({"shop__url": "http://127.0.0.1:9"}, "see that the shop is up"),
    ],
)
def test_a_config_that_does_not_lead_to_the_shop(
    world: World, changes: dict[str, str], says: str
) -> None:
    leading = {key: value.format(shop=world.shop_url) for key, value in changes.items()}
    done = check(world, **leading)
    assert says in done.only_complaint("FAIL", "shop")
    assert len(done.lines("ok", "whatsapp")) == 5  # the check goes on


@pytest.mark.parametrize(
    ("trouble", "says"),
    [
        (PlainPermalinks(), "Permalinks: choose any structure but Plain"),
        (PlainPermalinks(), 'or set [shop] permalinks = "plain"'),
        (Maintenance(), "the shop is in maintenance"),
        (Guarded(), "security plugin"),
    ],
)
def test_a_shop_that_answers_otherwise(world: World, trouble: Trouble, says: str) -> None:
    world.shop.trouble = trouble
    done = check(world)
    assert says in done.only_complaint("FAIL", "shop")
    assert len(done.lines("ok", "whatsapp")) == 5


@pytest.mark.parametrize("trouble", [None, PlainPermalinks()])
def test_plain_permalinks_are_no_complaint_once_the_config_says_so(
    world: World, trouble: Trouble | None
) -> None:
    world.shop.trouble = trouble
    done = check(world, shop__permalinks="plain", **LOYALTY)
    assert (done.lines("FAIL"), done.lines("note")) == ([], [])


def test_a_read_only_key_matters_only_to_a_campaign_with_coupons(world: World) -> None:
    world.shop.permissions = "read"
    off = check(world).only_complaint("note", "shop")
    assert "only needed once loyalty_reward or note_on_order is on" in off
    notes = check(world, order_news__note_on_order=True).only_complaint("FAIL", "shop")
    assert "note_on_order leaves notes on orders" in notes
    on = check(world, **LOYALTY).only_complaint("FAIL", "shop")
    assert "loyalty_reward makes coupons" in on
    assert "Read/Write" in on


class NoCoupons(Trouble):
    """Coupons are switched off in the shop's settings."""

    def spoil(self, body: str) -> str:
        rows = json.loads(body)
        for row in rows if isinstance(rows, list) else ():
            if row.get("id") == "woocommerce_enable_coupons":
                row["value"] = "no"
        return json.dumps(rows)


def test_coupons_that_are_switched_off_matter_only_to_a_campaign_with_coupons(
    world: World,
) -> None:
    world.shop.trouble = NoCoupons()
    assert check(world).lines("FAIL") == []
    told = check(world, **LOYALTY).only_complaint("FAIL", "shop")
    assert "Enable the use of coupon codes" in told


class Bare(Trouble):
    """A plugin takes everything out of the system status."""

    def spoil(self, body: str) -> str:
        rows = json.loads(body)
        return "{}" if isinstance(rows, dict) and "environment" in rows else body


def test_a_shop_that_hides_its_version_can_still_be_checked(world: World) -> None:
    world.shop.trouble = Bare()
    assert "WooCommerce of an unknown version" in check(world).told


@contextmanager
def in_front_of(
    world: World, answer: Callable[["WSGIApplication"], "WSGIApplication"]
) -> Iterator[str]:
    """A proxy's address, which changes what the world's shop says."""
    with Server(answer(shop_app(world.shop))) as url:
        yield url


def test_clocks_that_are_apart_are_told_before_the_shop_refuses_for_it(world: World) -> None:
    def late(app: "WSGIApplication") -> "WSGIApplication":
        def answer(environ: "WSGIEnvironment", start: "StartResponse") -> Any:
            then = datetime.now(UTC) - timedelta(minutes=5)
            stamp = {"Date": format_datetime(then, usegmt=True)}
            return app(
                environ,
                lambda status, headers, *_: start(status, [*(dict(headers) | stamp).items()]),
            )

        return answer

    with in_front_of(world, late) as url:
        told = check(world, shop__url=url).only_complaint("note", "shop")
    assert "300 s apart" in told or "301 s apart" in told
    assert "NTP" in told


def test_a_shop_that_takes_a_coupon_without_a_code_is_told(world: World) -> None:
    def careless(app: "WSGIApplication") -> "WSGIApplication":
        def answer(environ: "WSGIEnvironment", start: "StartResponse") -> Any:
            if environ["REQUEST_METHOD"] == "POST":
                start("201 Created", [("Content-Type", "application/json")])
                return [b'{"id": 7, "code": ""}']
            return app(environ, start)

        return answer

    with in_front_of(world, careless) as url:
        told = check(world, shop__url=url).only_complaint("note", "shop")
    assert "look for an empty one" in told


# WhatsApp


def test_an_expired_token(world: World) -> None:
    world.whatsapp.token_expires_at = datetime.now(UTC) - timedelta(hours=1)
    told = check(world).only_complaint("FAIL", "whatsapp")
    assert "the token has expired or was withdrawn" in told


def test_a_token_that_will_expire_is_told_with_its_day(world: World) -> None:
    world.whatsapp.token_expires_at = datetime(2100, 2, 3, tzinfo=UTC)
    told = check(world).only_complaint("note", "whatsapp")
    assert "03 February 2100" in told


@pytest.mark.parametrize("right", ["whatsapp_business_messaging", "whatsapp_business_management"])
def test_a_token_without_a_right_is_told_which(world: World, right: str) -> None:
    world.whatsapp.token_rights.remove(right)
    told = check(world).only_complaint("FAIL", "whatsapp")
    assert f"the token lacks {right} " in told
    assert "System users" in told


def test_a_number_that_is_not_connected(world: World) -> None:
    world.whatsapp.number["status"] = "FLAGGED"
    told = check(world).only_complaint("FAIL", "whatsapp")
    assert "is FLAGGED" in told
    assert "WhatsApp Manager" in told


def test_no_app_that_gets_the_webhooks(world: World) -> None:
    world.whatsapp.app_subscribed = False
    told = check(world).only_complaint("FAIL", "whatsapp")
    assert "subscribed_apps" in told


@pytest.mark.long
def test_a_whatsapp_that_does_not_answer(world: World) -> None:
    config = {"whatsapp__base_url": "http://127.0.0.1:9"}
    told = check(world, **config).only_complaint("FAIL", "whatsapp")
    assert "[whatsapp] base_url" in told


@pytest.mark.parametrize(
    ("changes", "status", "says"),
    [
        ({"language": "pt_BR"}, "APPROVED", "no template 'we_miss_you' in the language 'pt_BR'"),
        ({}, "REJECTED", "the template is REJECTED"),
        ({"body": ["{first_name|you}"]}, "APPROVED", "expects 2 values, the config gives 1"),
    ],
)
def test_a_template_that_does_not_fit_is_fatal_for_a_campaign_that_is_on(
    world: World, changes: dict[str, object], status: str, says: str
) -> None:
    world.whatsapp.set_template_status("we_miss_you", status)
    section = {f"campaigns__we_miss_you__{key}": value for key, value in changes.items()}
    on = check(world, **section).only_complaint("FAIL", "whatsapp")
    assert says in on
    assert "campaign we_miss_you (on)" in on

    section["campaigns__we_miss_you__enabled"] = False
    off = check(world, **section)
    assert off.code == 0
    notes = [line for line in off.lines("note", "whatsapp") if "we_miss_you" in line]
    if "no template" in says:  # what nobody wants needs none
        assert notes == []
        return
    [note] = notes
    assert says in note
    assert "campaign we_miss_you (off)" in note


@pytest.mark.parametrize("status", ["PENDING", "IN_APPEAL", "PAUSED"])
def test_what_meta_makes_well_again_is_nothing_to_correct(world: World, status: str) -> None:
    world.whatsapp.set_template_status("we_miss_you", status)
    done = check(world)
    assert done.code == 0
    told = done.only_complaint("note", "whatsapp")
    assert f"campaign we_miss_you (on): the template is {status}: " in told
    assert "correct" not in told


@pytest.mark.parametrize("status", ["REJECTED", "DISABLED", "PENDING_DELETION", "LIMIT_EXCEEDED"])
def test_what_meta_refuses_is_mended_there_and_not_in_the_config(world: World, status: str) -> None:
    world.whatsapp.set_template_status("we_miss_you", status)
    told = check(world).only_complaint("FAIL", "whatsapp")
    assert f"the template is {status}: " in told
    assert "correct [campaigns.we_miss_you]" not in told
    assert "WhatsApp Manager > Message templates" in told


def test_each_language_of_a_campaign_is_told(world: World) -> None:
    in_portuguese = "Oi {{1}}! Veja em {{2}} o que há de novo."
    world.whatsapp.add_template("we_miss_you", "pt_BR", body=in_portuguese)
    world.whatsapp.add_template("we_miss_you", "es", body="¡Hola {{1}}! Hay novedades, ven a ver.")
    done = check(world)
    assert done.code == 0  # a translation stops nothing
    notes = [line for line in done.lines("note") if "we_miss_you" in line]
    assert "(on) in es: the template's body expects 1 value, the config gives 2" in notes[0]
    assert "(on) in pt_BR: its template fits, but not for people to whom we would say" in notes[1]
    assert '"there": they are written to in en' in notes[1]
    assert "-> translate that in [campaigns.we_miss_you.translations.pt_BR]" in done.told

    section = "campaigns__we_miss_you__translations__pt_BR__body"
    done = check(world, **{section: ["{first_name|tudo bem}", "{shop_url}"]})
    assert [line for line in done.lines("ok") if "(on) in pt_BR: its template fits" in line]


# the database


@pytest.mark.long
def test_a_database_on_which_a_daemon_works(world: World) -> None:
    config = world.write_config()
    with DaemonProcess(config) as daemon:
        daemon.ready()
        ended = typed("check", "--config", str(config))
        assert ended.exit_code == 0
        assert "winback.db: a daemon works on it" in ended.output
        assert daemon.process.poll() is None


def test_a_database_that_is_there(world: World) -> None:
    with owned(world.folder / "winback.db"):
        pass
    assert "winback.db can be written" in check(world).lines("ok", "database")[0]


def test_a_database_in_a_folder_that_is_not_there(world: World) -> None:
    told = check(world, database__path="nowhere/winback.db").only_complaint("FAIL", "database")
    assert "mkdir -p" in told


def test_a_file_that_is_no_database(world: World) -> None:
    (world.folder / "winback.db").write_text("a shopping list\n" * 100)
    told = check(world).only_complaint("FAIL", "database")
    assert "another kind of file" in told


# how it looks


def test_a_terminal_gets_it_folded_and_a_pipe_in_one_line_each(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.shop.trouble = Maintenance()
    code, told = typed_on_a_terminal("check", "--config", str(world.write_config()))
    assert code == 1
    long = [line for line in told.splitlines() if len(line) > 80]
    assert all(str(world.folder) in line.split()[-1] for line in long)  # a path is not broken
    piped = check(world).told
    assert max(map(len, piped.splitlines())) > 120
    assert told.split() == piped.split()


@pytest.mark.long
def test_as_a_process_it_tells_the_same_exit_codes(world: World) -> None:
    config = str(world.write_config())
    assert run_winback("check", "--config", config).returncode == 0
    world.whatsapp.app_subscribed = False
    ended = run_winback("check", "--config", config)
    assert (ended.returncode, ended.stderr) == (1, "")


@pytest.mark.parametrize(
    ("base", "counted"), [("http://127.0.0.1:9/", True), ("https://shop.example/", False)]
)
def test_a_button_that_is_not_counted_is_told(world: World, base: str, counted: bool) -> None:
    world.whatsapp.add_template(
        "with_button",
        "en",
        body="Hello {{1}}! It is {{2}} now.",
        buttons=[{"type": "URL", "text": "Look", "url": f"{base}{{{{1}}}}"}],
    )
    done = check(
        world,
        links__count=True,
        web__public_url="http://127.0.0.1:9",  # nobody listens there, which is told apart
        campaigns__we_miss_you__template="with_button",
        campaigns__we_miss_you__url_suffix="sale/",
    )
    assert done.code == 0
    told = [one for one in done.lines("note") if "is not counted" in one]
    assert [base in one for one in told] == [True] * (not counted)


def test_order_news_are_held_against_their_templates(world: World) -> None:
    world.whatsapp.add_template(
        "order_completed", "en", "MARKETING", body="Order {{1}} is {{2}} now {{3}}: {{4}} to do."
    )
    done = check(
        world,
        order_news__order_completed__enabled=True,
        order_news__order_cancelled__enabled=True,
    )
    assert any(
        "order news order_completed (on): its template fits" in one for one in done.lines("ok")
    )
    [moved] = [one for one in done.lines("note") if "MARKETING" in one]
    assert "order news order_completed: WhatsApp counts the template order_completed" in moved
    [wrong] = done.lines("FAIL")
    assert "order news order_cancelled (on): WhatsApp has no template" in wrong


def test_with_order_news_alone_it_does_not_say_that_nobody_is_written_to(world: World) -> None:
    done = check(
        world, campaigns__we_miss_you__enabled=False, order_news__order_completed__enabled=True
    )
    assert not any("writes to nobody" in one for one in done.lines("note"))


def test_a_status_that_the_shop_does_not_have_is_told(world: World) -> None:
    world.shop.add_order_status("ready-for-pickup", "Ready for pickup")
    done = check(
        world,
        **{
            "order_news__order_delivered__enabled": True,
            "order_news__statuses__ready_for_pickup__enabled": True,
            "order_news__statuses__ready-for-pickup__enabled": True,
            "order_news__statuses__zzz__enabled": True,
        },
    )
    delivered, *own = sorted(done.lines("note", "shop"))
    assert "no order status delivered: order_delivered is never told" in delivered
    assert ["ready_for_pickup" in one or "status zzz:" in one for one in own] == [True, True]
    assert "-> did you mean ready-for-pickup?" in done.told
    assert "-> it has pending, processing," in done.told


def test_news_that_no_status_of_its_own_has_to_tell_ask_for_none(world: World) -> None:
    done = check(world, order_news__order_completed__enabled=True)
    assert not done.lines("note", "shop")


def test_words_that_winback_has_in_a_language_are_no_foreign_ones(world: World) -> None:
    for language in ("en", "es", "fr"):
        body = "Order {{1}} is {{2}} now {{3}}: {{4}} to do."
        for name in ("order_completed", "order_status_update"):
            world.whatsapp.add_template(name, language, "UTILITY", body=body)
    world.shop.add_order_status("packed", "Packed")
    done = check(
        world,
        order_news__order_completed__enabled=True,
        order_news__statuses__packed__enabled=True,
    )
    fits = "(on) in es: its template fits"
    assert [one for one in done.lines("ok") if f"order news order_completed {fits}" in one]
    told = [one for one in done.lines("note") if "would say" in one]
    assert [one.split("to whom")[1] for one in told] == [
        ' we would say "updated, nothing to do": they are written to in en',
        ' we would say "updated": they are written to in en',
        ' we would say "updated, just ask us if you have a question": they are written to in en',
    ]


def test_english_words_in_a_message_of_another_language_are_told(world: World) -> None:
    body = "Order {{1}} is {{2}} now {{3}}: {{4}} to do."
    for language in ("es", "fr"):
        world.whatsapp.add_template("order_completed", language, "UTILITY", body=body)
    section = "order_news__order_completed"
    for changes, told in (
        ({"language": "fr"}, ['"updated, nothing to do" would read that in English']),
        ({"language": "es"}, []),
        ({"language": "fr", "body": ["{order_number}", "{status_text|là}", "x", "x"]}, []),
    ):
        named = {f"{section}__{key}": value for key, value in changes.items()}
        done = check(world, **{f"{section}__enabled": True, **named})
        found = [one for one in done.lines("note") if "order_completed (on): its template" in one]
        assert [one.split("would say ")[1] for one in found] == told
