"""load: what a file becomes, and that every complaint comes at once, with line and remedy."""

import dataclasses
import re
from datetime import time, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from config_file import MINIMAL, ConfigFile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.config import PLANNED, LoyaltyReward, Settings, WeMissYou, load
from agent.config.wordings import Translation
from agent.errors import ConfigError

EXAMPLE = Path(__file__).parents[2] / "config.example.toml"


def test_eight_values_are_enough(config: ConfigFile) -> None:
    settings = config.minimal()
    assert (settings.shop.url, settings.shop.key) == ("https://shop.example", "ck_a1")
    assert settings.whatsapp.token == "EAAtoken"
    assert settings.path == config.path
    assert settings.warnings == ()


def test_what_is_not_said_has_the_documented_default(config: ConfigFile) -> None:
    # given only what must be given, then the defaults of the whole program
    settings = config.minimal()
    assert settings.shop.ca_file is None
    assert settings.shop.timeout == timedelta(seconds=60)
    assert settings.shop.overlap == timedelta(minutes=2)
    assert settings.whatsapp.unsure_after == timedelta(hours=1)
    assert settings.web.listen == ("127.0.0.1", 8087)
    assert settings.database.path == Path("/var/lib/winback/winback.db")
    assert settings.timetable.campaigns_at == time(9)
    assert settings.consent.yes == ("yes", "1", "true", "on")
    assert {"STOP", "BAJA", "SALIR", "NO MÁS", "SAIR"} <= {*settings.consent.stop_words}
    assert (settings.limits.per_7_days, settings.limits.per_30_days) == (1, 4)
    assert settings.audience.inactive_after == timedelta(days=60)
    assert settings.attribution.window == timedelta(days=30)
    assert settings.priority[0] == "back_in_stock"


def test_campaigns_are_there_and_off_until_enabled(config: ConfigFile) -> None:
    settings = config.minimal()
    assert settings.campaigns.keys() == set(PLANNED)
    assert not any(one.enabled for one in settings.campaigns.values())
    assert all(one.name == name for name, one in settings.campaigns.items())
    loyalty = settings.campaigns["loyalty_reward"]
    assert isinstance(loyalty, LoyaltyReward)
    assert [(tier.spent, tier.percent) for tier in loyalty.tiers] == [(Decimal(500), 15)]
    assert loyalty.cooldown == timedelta(days=90)


def test_values_arrive_typed(config: ConfigFile) -> None:
    settings = config.minimal("""
[shop]
url = "http://127.0.0.1:8080/loja/"
page_size = 25
default_country = "br"
timezone = "America/Sao_Paulo"
[whatsapp]
phone_number_id = 106540352242922
[web]
listen = "[::1]:0"
[log]
level = "debug"
[timetable]
campaigns_at = 10:30:00
[audience]
exclude_countries = ["de", "FR"]
[campaigns.we_miss_you]
enabled = true
body = {nome = "{first_name|amiga}", loja = "{shop_url}"}
[campaigns.loyalty_reward]
tiers = [{spent = "99.90", percent = 5}, {spent = 500, percent = 15}]
""")
    assert (settings.shop.url, settings.shop.page_size) == ("http://127.0.0.1:8080/loja", 25)
    assert (settings.shop.default_country, settings.shop.timezone) == ("BR", "America/Sao_Paulo")
    assert settings.whatsapp.phone_number_id == "106540352242922"
    assert (settings.web.listen.host, settings.web.listen.port) == ("::1", 0)
    assert (str(settings.web.listen), settings.log.level) == ("[::1]:0", "debug")
    assert settings.timetable.campaigns_at == time(10, 30)
    assert settings.audience.exclude_countries == ("DE", "FR")
    assert settings.campaigns["we_miss_you"].enabled
    assert settings.campaigns["we_miss_you"].body == {
        "nome": "{first_name|amiga}",
        "loja": "{shop_url}",
    }
    loyalty = settings.campaigns["loyalty_reward"]
    assert isinstance(loyalty, LoyaltyReward)
    assert [tier.spent for tier in loyalty.tiers] == [Decimal("99.90"), Decimal(500)]


def test_tiers_may_stand_as_tables_of_their_own(config: ConfigFile) -> None:
    settings = config.minimal("""
[[campaigns.loyalty_reward.tiers]]
spent = 100
percent = 5
[[campaigns.loyalty_reward.tiers]]
spent = 200
percent = 10
""")
    loyalty = settings.campaigns["loyalty_reward"]
    assert isinstance(loyalty, LoyaltyReward)
    assert [tier.percent for tier in loyalty.tiers] == [5, 10]


def test_a_relative_path_starts_at_the_folder_of_the_file(
    config: ConfigFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given a config named by a relative path itself, and a certificate beside it
    (config.path.parent / "ca.pem").write_text("PEM")
    config.write(
        f'{MINIMAL}\n[database]\npath = "data/my.db"\n'.replace(
            "[shop]", '[shop]\nca_file = "ca.pem"'
        )
    )
    monkeypatch.chdir(config.path.parent)
    settings = load(Path("winback.toml"), environ={})
    # then all paths are absolute, wherever the daemon goes
    assert settings.database.path == config.path.parent / "data/my.db"
    assert settings.shop.ca_file == config.path.parent / "ca.pem"
    assert settings.path == config.path


def test_every_complaint_comes_at_once_with_its_line(config: ConfigFile) -> None:
    said = config.complaints("""\
colour = "blue"

[shop]
url = "shop.example"
key = "ck_a1"
secret = "cs_b2"
page_sise = 50

[whatsap]
token = "x"

[limits]
per_7_days = "7"   # per_7_days = 1
per_30_days = 31

[campaigns.we_miss_you]
body = [
    "{first_name|you}",
    "{frist_name|you}",
]
""")
    assert said == [
        "winback.toml:1: colour: stands outside of every section; move it below its section, such as [shop]",
        *(f"winback.toml:1: [whatsapp] {key}: is missing; {HINT[key]}" for key in HINT),
        'winback.toml:4: [shop] url: is the text "shop.example", not a web address; begin with https:// and '
        'the host: "https://shop.example" (WordPress > Settings > General > Site Address)',
        "winback.toml:7: [shop] page_sise: is not known; did you mean page_size?",
        "winback.toml:9: [whatsap]: is no section; did you mean [whatsapp]?",
        'winback.toml:13: [limits] per_7_days: is the text "7", not a whole number from 0 to 7; write a '
        "whole number, without quotes",
        "winback.toml:14: [limits] per_30_days: is the whole number 31, not a whole number from 0 to 30; "
        "the nearest that works is 30",
        "winback.toml:19: [campaigns.we_miss_you] body: entry 2: {frist_name} is not known; did you mean "
        "{first_name}?",
    ]


SETUP = "developers.facebook.com > your app > WhatsApp > API Setup shows it as"
HINT = {
    "phone_number_id": f'{SETUP} "Phone number ID"',
    "business_account_id": f'{SETUP} "WhatsApp Business Account ID"',
    "token": "Meta Business Settings > Users > System users > Generate token",
    "app_secret": 'developers.facebook.com > your app > App settings > Basic shows it as "App secret"',
    "verify_token": "make one up (openssl rand -hex 16) and give the same to Meta: your app > WhatsApp "
    "> Configuration > Verify token",
}


def test_the_error_says_what_next(config: ConfigFile) -> None:
    with pytest.raises(ConfigError, match="winback check") as caught:
        config.load("")
    assert caught.value.exit_code == 78


@pytest.mark.parametrize(
    ("more", "complaint"),
    [
        # sections and keys that do not exist
        ("[shop]\npage-size = 5", "[shop] page-size: is not known; did you mean page_size?"),
        (
            "[shop]\nverify_token = 'x'",
            "[shop] verify_token: does not belong here; move it to [whatsapp]",
        ),
        (
            "[log]\nzzz = 1",
            "[log] zzz: is not known; remove it; known are format, level, heartbeat",
        ),
        (
            "[shop.extra]\na = 1",
            "[shop] extra: is not known; remove it; known are url, key, key_file, secret",
        ),
        ("[zzz]\na = 1", "[zzz]: is no section; there are [shop], [whatsapp], [web],"),
        ("[we_miss_you]\na = 1", "[we_miss_you]: is no section; write [campaigns.we_miss_you]"),
        (
            '["campaigns.we_miss_you"]\na = 1',
            "[campaigns.we_miss_you]: is no section; did you mean [camp",
        ),
        (
            "[campaigns.we_mis_you]\na = 1",
            "[campaigns.we_mis_you]: is no campaign; did you mean [campaigns.we_m",
        ),
        (
            "[campaigns.zzz]\na = 1",
            "[campaigns.zzz]: is no campaign; there are we_miss_you, new_arrivals, loyalty_reward,",
        ),
        (
            "[campaigns.order_completed]\na = 1",
            "[campaigns.order_completed]: is no campaign; write [order_news.order_completed]",
        ),
        (
            "[order_news.order_shipped]\na = 1",
            "[order_news.order_shipped]: is no kind of order news; did you mean [order_news.order_delivered]? "
            "a status of the shop's own stands in [order_news.statuses.shipped]",
        ),
        (
            "[order_news.statusses.shipped]\na = 1",
            "[order_news.statusses]: is no kind of order news; did you mean [order_news.statuses]?",
        ),
        (
            "[order_completed]\na = 1",
            "[order_completed]: is no section; write [order_news.order_completed]",
        ),
        (
            '[order_news.statuses."Ready for pickup"]\nenabled = true',
            "[order_news.statuses] Ready for pickup: ",
        ),
        (
            "[order_news.statuses]\npacked = true",
            "[order_news.statuses.packed]: is the switch true, not a section; write [order_news.statuses.packed] above",
        ),
        (
            "[order_news.zzz]\na = 1",
            "[order_news.zzz]: is no kind of order news; there are order_confirmation, order_processing,",
        ),
        (
            "[order_news.statuses.completed]\nenabled = true",
            "[order_news.statuses.completed]: has a kind of its own; write [order_news.order_completed]",
        ),
        (
            "[order_news.statuses.trash]\nenabled = true",
            "[order_news.statuses.trash]: is told to nobody; remove the section",
        ),
        (
            "[order_news]\nenabled = true",
            "[order_news] enabled: is not known; each has its own switch, such as in [order_news.order_conf",
        ),
        ("[campaigns]\npriorty = []", "[campaigns] priorty: is not known; did you mean priority?"),
        (
            "[campaigns]\nwe_miss_you = true",
            "[campaigns.we_miss_you]: is the switch true, not a section; write [",
        ),
        ("[[web]]\nthreads = 1", "[web]: is a list, not a section; write [web] above its keys"),
        # keys that do not go together
        (
            "[timetable]\ncampaigns_at = '18:30'",
            "[timetable] campaigns_until: is not later than campaigns_at (18:30): no run has time; name a later",
        ),
        (
            "[interest]\nkept = '30d'\nlook_back = '90d'",
            "[interest] kept: is shorter than look_back (90 days): who waits would be forgotten before",
        ),
        (
            "[timetable]\npoll = '15m'",
            "[timetable] stale_after: is not longer than poll: no campaign would ever",
        ),
        (
            "[consent]\nrefusals = ['no', 'ON']",
            '[consent] refusals: entry 2: "ON" is among yes too; decide',
        ),
        (
            "[campaigns.we_miss_you]\nopt_out_payload = 'BYE'",
            '[campaigns.we_miss_you] opt_out_payload: "BYE" is not among stop_payloads of [consent]: the button',
        ),
        (
            "[campaigns]\npriority = ['loyalty_reward']\n[campaigns.we_miss_you]\nenabled = true",
            "[campaigns.we_miss_you] enabled: is true, but priority of [campaigns] does not name this campaign",
        ),
        (
            "[campaigns.loyalty_reward]\ntiers = [{spent = 500, percent = 15}, {spent = 500, percent = 20}]",
            "[campaigns.loyalty_reward] tiers: entry 2: spent: is not more than the 500 of the entry before; put",
        ),
        (
            "[campaigns.loyalty_reward]\ntiers = [{spent = 5, percent = 15}, {spent = 50, percent = 10}]",
            "[campaigns.loyalty_reward] tiers: entry 2: percent: is less than the 15 of the entry before: who",
        ),
        (
            "[web]\npublic_url = 'https://go.shop.example'\n[links]\ncount = true\nkept = '7d'\n"
            "[campaigns.we_miss_you]\nexpires_after = '7d'",
            "[campaigns.we_miss_you] expires_after: is not shorter than kept of [links]: a message that waits",
        ),
        (
            "[shop]\nca_file = 'nothing.pem'",
            "[shop] ca_file: cannot be read: nothing.pem: No such file or directory; c",
        ),
    ],
)
def test_a_mistake_is_named_with_its_remedy(config: ConfigFile, more: str, complaint: str) -> None:
    (said,) = config.complaints_of(more)
    assert said.startswith(complaint)


@pytest.mark.parametrize(
    "more",
    [
        "[campaigns.we_miss_you]\nopt_out_payload = 'OPTOUT_MARKETING'",
        "[campaigns.we_miss_you]\nenabled = true",
        "[campaigns]\npriority = ['loyalty_reward', 'price_drop']",
        "[campaigns.loyalty_reward]\ntiers = [{spent = 0, percent = 10}, {spent = 50, percent = 10}]",
        "[limits]\nquiet_from = '08:00'\nquiet_until = '08:00'",
    ],
)
def test_what_may_seem_odd_and_is_meant_passes(config: ConfigFile, more: str) -> None:
    assert config.minimal(more)


def test_a_section_that_is_a_value_is_one_complaint_not_one_a_key(config: ConfigFile) -> None:
    said = config.complaints(f"campaigns = 3\n{MINIMAL}")
    assert said == [
        "winback.toml:1: [campaigns]: is the whole number 3, not a section; write [campaigns] above its keys"
    ]


def test_keys_that_are_wrong_are_not_compared(config: ConfigFile) -> None:
    # given a poll that cannot be read, then nothing is said of stale_after being shorter
    (said,) = config.complaints_of("[timetable]\npoll = '15'\nstale_after = '1m'")
    assert said.startswith("[timetable] poll: is the text")


def test_a_comparison_comes_along_with_the_other_complaints(config: ConfigFile) -> None:
    said = config.complaints_of("[timetable]\npoll = '1h'\ntemplates = 5")
    assert [line.split(":")[0] for line in said] == [
        "[timetable] stale_after",
        "[timetable] templates",
    ]


def test_the_default_sections_can_be_made_in_code() -> None:
    from agent.config import Limits, WeMissYou

    assert Limits(per_7_days=2).per_30_days == 4
    assert WeMissYou(enabled=True).body == ("{first_name|there}", "{shop_url}")


def test_settings_cannot_be_changed(config: ConfigFile) -> None:
    settings = config.minimal()
    with pytest.raises(dataclasses.FrozenInstanceError):
        settings.limits.per_7_days = 7  # type: ignore[misc] # that is the point
    with pytest.raises(TypeError):
        settings.campaigns["other"] = settings.campaigns["we_miss_you"]  # type: ignore[index] # again


def test_every_declared_section_has_an_attribute() -> None:
    from agent.config.settings import SECTIONS

    fields = {field.name for field in dataclasses.fields(Settings)}
    assert {name for name in SECTIONS if "." not in name} | {
        "path",
        "warnings",
        "priority",
        "news",
    } == fields


@given(data=st.data())
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_a_person_types_is_settings_or_a_complaint(
    config: ConfigFile, data: st.DataObject
) -> None:
    # given the example with keys switched on, and something typed anywhere into it
    text = re.sub(r"(?m)^# (?=[a-z0-9_]+ = )", "", EXAMPLE.read_text(encoding="utf-8"))
    values = [
        "0",
        "-1",
        "1.5",
        "true",
        '""',
        '"x"',
        "[]",
        "[[1]]",
        "{a = 1}",
        "2026-01-01",
        "'0s'",
        "[{}]",
    ]
    for _ in range(data.draw(st.integers(1, 4))):
        lines = text.splitlines()
        at = data.draw(st.integers(0, len(lines) - 1))
        if " = " in lines[at] and data.draw(st.booleans()):
            lines[at] = f"{lines[at].split(' = ')[0]} = {data.draw(st.sampled_from(values))}"
        else:
            lines[at] = data.draw(st.text(max_size=12))
        text = "\n".join(lines)
    config.path.write_bytes(text.encode("utf-8", "surrogatepass"))
    # when it is read, then nothing but a ConfigError comes out, and each of its lines is whole
    with pytest.raises(ConfigError) as caught:
        load(config.path, environ={})
    for line in caught.value.what.split(f"\n{config.path}:"):
        number, label, _, remedy = re.fullmatch(
            r"(?s)(?:.*?/winback\.toml:)?(\d+): (.+?)(?:: (.+))?; (.+)", line
        ).groups()  # type: ignore[union-attr] # a line without remedy fails here, as it should
        assert 1 <= int(number) <= text.count("\n") + 1
        assert label
        assert remedy


def test_a_campaign_tells_what_it_needs_to_know() -> None:
    campaign = WeMissYou(
        header=("{shop_name}",),
        body={"x": "{last_product|it}"},
        url_suffix="?o={order.number|none}",
        translations={"es": Translation(body={"x": "{recommended_1|algo}"})},
    )
    assert campaign.placeholders == {"shop_name", "last_product", "order.number", "recommended_1"}
    assert WeMissYou(body=("a", "b")).placeholders == frozenset()
