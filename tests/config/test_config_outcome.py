"""What comes back: confirmations, links, replies, attribution and the group that is held out."""

from datetime import timedelta

import pytest
from config_file import ConfigFile


def test_by_default_stops_are_confirmed_some_are_held_out_and_nothing_else_is_asked_for(
    config: ConfigFile,
) -> None:
    settings = config.minimal()
    assert (settings.consent.confirm_stop, settings.consent.confirmations) == (True, {})
    assert (settings.holdout.everything, settings.holdout.share) == (2, 10)
    assert not settings.links.count
    assert settings.conversations.forward_url == ""
    assert (settings.attribution.tax, settings.attribution.shipping) == (False, False)


def test_all_of_it_can_be_set(config: ConfigFile) -> None:
    settings = config.minimal("""
[web]
public_url = "https://shop.example"
[consent]
confirm_stop = false
confirmations = {en = "Done.", pt_BR = "Pronto."}
[links]
count = true
kept = "60d"
[conversations]
forward_url = "https://desk.example/wp-json/desk/v1/in/?inbox=7"
forward_secret = "example-of-a-forward-secret"
[attribution]
window = "7d"
tax = true
[holdout]
everything = 0
share = 5
[campaigns.we_miss_you]
holdout = 50
""")
    assert settings.consent.confirmations == {"en": "Done.", "pt_BR": "Pronto."}
    assert settings.links.kept == timedelta(days=60)
    assert settings.conversations.forward_url == "https://desk.example/wp-json/desk/v1/in/?inbox=7"
    assert settings.attribution.tax
    assert settings.campaigns["we_miss_you"].holdout == 50
    assert settings.campaigns["price_drop"].holdout is None


@pytest.mark.parametrize(
    ("more", "complaint"),
    [
        ('[consent]\nconfirmations = "Done."', 'confirmations: is the text "Done.", not a table of language = text'),
        ('[consent]\nconfirmations = {English = "Done."}', "confirmations: English: is no language; write it as"),
        ('[consent]\nconfirmations = {en = ""}', 'confirmations: en: is the text "", not a text that says something; write something'),
        ('[links]\ncount = true', "count: is true, but public_url of [web] does not say"),
        ('[conversations]\nforward_url = "http://desk.example"\nforward_secret = "sixteen-or-longer"', "forward_url: is the text \"http://desk.example\", not an https address, or \"\"; begin with https://: what goes there names people"),
        ('[conversations]\nforward_url = "https://desk.example/in#letmein"\nforward_secret = "sixteen-or-longer"', "forward_url: has a fragment: what follows the #; leave away everything from # on"),
        ('[conversations]\nforward_url = "https://desk.example"', "forward_url: is set without forward_secret: nobody there could tell that a reply comes from winback; make one up"),
        ('[conversations]\nforward_url = "https://desk.example"\nforward_secret = "short"', "forward_secret: has fewer than 16 characters"),
        ('[conversations]\nforward_secret = "short"', "forward_secret: has fewer than 16 characters"),
        ('[holdout]\nshare = 60', "share: is the whole number 60, not"),
        ('[campaigns.we_miss_you]\nholdout = 99', "holdout: is the whole number 99, not"),
    ],
)  # fmt: skip
def test_a_mistake_about_what_comes_back_is_named_with_its_remedy(
    config: ConfigFile, more: str, complaint: str
) -> None:
    (said,) = config.complaints_of(more)
    section, _, _ = more.partition("\n")
    assert said.startswith(f"{section} {complaint}")
