"""Who is written to in which language, and what is said differently there."""

import pytest
from config_file import MINIMAL, ConfigFile

from agent.config import PLANNED, WeMissYou
from agent.config.campaigns import Campaign
from agent.config.wordings import Translation, describe_placeholders
from agent.rules.placeholders import CAMPAIGNS

PORTUGUESE = "[campaigns.we_miss_you.translations.pt_BR]"


def test_the_rules_know_the_campaigns_of_the_config() -> None:
    assert set(PLANNED) == CAMPAIGNS


def test_by_default_the_plugins_are_known_and_the_rest_is_looked_up(config: ConfigFile) -> None:
    languages = config.minimal().languages
    assert languages.order_meta[:2] == ("wpml_language", "trp_language")
    assert languages.countries == {}
    assert languages.shop is None


def test_languages_can_be_set(config: ConfigFile) -> None:
    languages = config.minimal("""
[languages]
order_meta = ["_my_language"]
countries = {ch = "fr", US = "es_MX"}
shop = "pt_BR"
""").languages
    assert languages.order_meta == ("_my_language",)
    assert languages.countries == {"CH": "fr", "US": "es_MX"}
    assert languages.shop == "pt_BR"


@pytest.mark.parametrize(
    ("more", "complaint"),
    [
        ('order_meta = ["my language"]', 'order_meta: entry 1: is the text "my language", not the name of'),
        ('countries = "fr"', 'countries: is the text "fr", not a table of country = language'),
        ('countries = {Chile = "es"}', "countries: Chile: is no country; write its two letters"),
        ('countries = {CH = "french"}', 'countries: CH: is the text "french", not a language code'),
        ('shop = "English"', 'shop: is the text "English", not a language code of WhatsApp; write "en"'),
    ],
)  # fmt: skip
def test_a_mistake_about_languages_is_named_with_its_remedy(
    config: ConfigFile, more: str, complaint: str
) -> None:
    (said,) = config.complaints_of(f"[languages]\n{more}")
    assert said.startswith(f"[languages] {complaint}")


def test_a_translation_says_what_is_different(config: ConfigFile) -> None:
    campaign = config.minimal(f"""
[campaigns.we_miss_you]
header = ["{{shop_name}}"]
url_suffix = "?c=1"
opt_out_payload = "STOP_MARKETING"
[consent]
stop_payloads = ["STOP_MARKETING"]
{PORTUGUESE}
template = "saudades"
body = ["{{first_name|tudo bem}}", "{{shop_url}}"]
""").campaigns["we_miss_you"]
    assert campaign.translations == {
        "pt_BR": Translation(template="saudades", body=("{first_name|tudo bem}", "{shop_url}"))
    }
    mapping = campaign.mapping_in("pt_BR")
    assert (mapping.template, mapping.language) == ("saudades", "pt_BR")
    assert mapping.body == ("{first_name|tudo bem}", "{shop_url}")
    assert (mapping.header, mapping.url_suffix) == (("{shop_name}",), "?c=1")
    assert mapping.opt_out_payload == "STOP_MARKETING"
    assert campaign.mapping == campaign.mapping_in("en")
    assert campaign.mapping.template == "we_miss_you"


def test_everything_can_be_translated(config: ConfigFile) -> None:
    said = {
        "header": ("{shop_name}",),
        "body": {"name": "{first_name|tudo bem}"},
        "url_suffix": "",
        "template": "saudades",
    }
    campaign = config.minimal("""
[campaigns.we_miss_you]
translations = {pt_BR = {template = "saudades", header = ["{shop_name}"], url_suffix = "", body = {name = "{first_name|tudo bem}"}}}
""").campaigns["we_miss_you"]
    assert campaign.translations == {"pt_BR": Translation(**said)}  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("campaign", "language", "borrowed"),
    [
        (WeMissYou(language="en"), "es", True),
        (WeMissYou(language="es"), "es_MX", False),  # its words are Spanish there too
        (WeMissYou(language="es_ES"), "es", False),
        (WeMissYou(translations={"es": Translation(body=("a",))}), "es", False),
        (WeMissYou(translations={"es": Translation(header=("a",))}), "es", False),
        (WeMissYou(translations={"es": Translation(template="otra")}), "es", True),
        (WeMissYou(translations={"es": Translation(body=("a",))}), "fr", True),
    ],
)
def test_texts_are_borrowed_where_nobody_translated_them(
    campaign: Campaign, language: str, borrowed: bool
) -> None:
    assert campaign.mapping_in(language).borrowed is borrowed
    assert not campaign.mapping.borrowed


@pytest.mark.parametrize(
    ("more", "complaint"),
    [
        ("translations = 5", "translations: is the whole number 5, not a table such as"),
        ("translations = {pt-br = {}}", "translations: pt-br: is no language code of WhatsApp; write"),
        ('translations = {pt_BR = "x"}', 'translations: pt_BR: is the text "x", not a table; write'),
        ("translations = {pt_BR = {bodi = []}}", "translations: pt_BR: bodi: is not known; did you mean body?"),
        (
            'translations = {pt_BR = {body = ["{first_name}"]}}',
            "translations: pt_BR: body: entry 1: {first_name} can be empty",
        ),
        (
            'translations = {pt_BR = {body = ["{price}"]}}',
            "translations: pt_BR: body: entry 1: {price} is nothing that we_miss_you knows; use it in",
        ),
        ('translations = {pt_BR = {template = "É"}}', "translations: pt_BR: template: is the text"),
        ("translations = {en = {}}", "translations: en: is the language of the campaign itself; move"),
        ('language = "english"', 'language: is the text "english", not a language code of WhatsApp'),
    ],
)  # fmt: skip
def test_a_mistake_in_a_translation_is_named_with_its_remedy(
    config: ConfigFile, more: str, complaint: str
) -> None:
    (said,) = config.complaints_of(f"[campaigns.we_miss_you]\n{more}")
    assert said.startswith(f"[campaigns.we_miss_you] {complaint}")


def test_all_mistakes_of_translations_are_named_at_once_with_their_lines(
    config: ConfigFile,
) -> None:
    said = config.complaints(f"""{MINIMAL}
[campaigns.we_miss_you.translations.portuguese]
bodi = []
body = ["{{price}}"]

{PORTUGUESE}
header = ["{{shop_ulr}}"]
tempate = "x"
""")
    first = MINIMAL.count("\n") + 2
    assert [line.split(": ")[0] for line in said] == [
        f"winback.toml:{first + more}" for more in (0, 1, 2, 5, 6)
    ]
    assert "is no language code" in said[0]
    assert "did you mean body?" in said[1]
    assert "{price} is nothing that we_miss_you knows" in said[2]
    assert "did you mean {shop_url}?" in said[3]
    assert "did you mean template?" in said[4]


# which campaign can say what


@pytest.mark.parametrize(
    ("campaign", "text", "complaint"),
    [
        ("we_miss_you", "{product_list|x}", "{product_list} is nothing that we_miss_you knows; use it in back_in_stock or new_arrivals or price_drop"),
        ("we_miss_you", "{coupon_code}", "{coupon_code} is nothing that we_miss_you knows; use it in loyalty_reward"),
        ("new_arrivals", "{price}", "{price} is nothing that new_arrivals knows; use it in back_in_stock or price_drop"),
        ("back_in_stock", "{old_price}", "{old_price} is nothing that back_in_stock knows; use it in price_drop"),
        ("back_in_stock", "{price}", "{price} can be empty, and WhatsApp takes no empty value; say"),
        ("back_in_stock", "{recommended_1|x}", "{recommended_1} is nothing that back_in_stock knows"),
        ("price_drop", "{product_path|x}", "{product_path} is the end of an address; write {product_url} in"),
        ("price_drop", "{order.number}", "{order.number} can be empty"),
        ("price_drop", "{order.numbr|x}", "{order.numbr} is not known; did you mean {order.number}?"),
        ("price_drop", "{customer.emial|x}", "{customer.emial} is not known; did you mean {customer.email}?"),
        ("price_drop", "{zzzzzz}", "{zzzzzz} is not known; known are first_name, last_name"),
    ],
)  # fmt: skip
def test_a_text_says_only_what_its_campaign_knows(
    config: ConfigFile, campaign: str, text: str, complaint: str
) -> None:
    (said,) = config.complaints_of(f'[campaigns.{campaign}]\nbody = ["{text}"]')
    assert said.startswith(f"[campaigns.{campaign}] body: entry 1: {complaint}")


def test_each_campaign_says_what_it_knows(config: ConfigFile) -> None:
    settings = config.minimal("""
[campaigns.price_drop]
body = ["{product_name|it} {price} {old_price} {price_drop_percent} {product_url} {order.total|x}"]
url_suffix = "{product_path|shop}#reviews"
[campaigns.back_in_stock]
body = ["{price|a good price} {product_url} {review_url|the shop}"]
[campaigns.loyalty_reward]
body = ["{coupon_code} {discount_percent} {coupon_expires} {recommended_list|x} {customer.since|x}"]
""")
    assert settings.campaigns["price_drop"].url_suffix == "{product_path|shop}#reviews"


@pytest.mark.parametrize("campaign", PLANNED)
def test_the_example_tells_what_a_campaign_knows(campaign: str) -> None:
    told = describe_placeholders(campaign)
    assert "{first_name|...}, " in told
    assert "{shop_url}" in told
    assert ("{coupon_code}" in told) == (campaign == "loyalty_reward")
    assert ("{price}" in told) == (campaign == "price_drop")
    assert ("{price|...}" in told) == (campaign == "back_in_stock")
    assert "number, date, total" in told
