"""One template as a person would get it, with the values of somebody from the mirror."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import click

from agent.config import Settings
from agent.config.campaigns import Campaign
from agent.database import owned, shared
from agent.errors import AlreadyRunning, BadInput
from agent.jobs.decide.preview import preview, somebody
from agent.rules.as_seen import as_seen
from agent.rules.phones import read_phone
from agent.rules.templates import compile_template, components, mixes_languages
from agent.service import WallClock
from agent.templates import Templates, judge, usable
from models import Contact, ShopFact
from models.refresh import refresh


def standing(template: Mapping[str, Any] | None) -> tuple[str, str, str]:
    """Status, category and quality in WhatsApp's words."""
    if template is None:
        return "missing", "-", "-"
    status = str(template.get("status") or "-")
    why = str(template.get("rejected_reason") or "NONE")
    score = template.get("quality_score")
    quality = score.get("score") if isinstance(score, Mapping) else score
    return (
        status if why == "NONE" else f"{status}: {why}",
        str(template.get("category") or "-"),
        str(quality or "-"),
    )


def show_filled(
    settings: Settings,
    campaign: Campaign,
    contact: Contact,
    everything: Templates,
    found: Templates,
    language: str,
) -> bool:
    """Print what this campaign would write to this person. Returns whether it could be sent."""
    judged = judge(campaign, everything)
    mappings = usable(campaign, judge(campaign, found))
    if language or not mappings:
        wanted = language or campaign.language
        mappings = {wanted: campaign.mapping_in(wanted)}
    made = preview(settings, campaign, contact, mappings, now=WallClock().now())
    composed = made.composed
    mapping, key = mappings[composed.language], (composed.template, composed.language)
    if key not in everything:
        raise BadInput(
            f"neither the account nor winback has a template {key[0]!r} in the language {key[1]!r}",
            fix="winback templates list",
        )
    wrong = list(judged.get(composed.language, ()))
    if key not in found:
        wrong = ["it is not on the account yet: winback templates push"]
    try:
        parts = components(compile_template(everything[key]), mapping, composed.values)
    except ValueError as error:  # it does not fit: shown with its variables
        parts = []
        wrong = wrong or [str(error)]
    status, category, _ = standing(found.get(key))
    click.echo(f"campaign {campaign.name}, template {key[0]} in {key[1]} ({status}, {category})")
    click.echo(f"to {contact.phone} {contact.first_name} {contact.last_name}".rstrip() + "\n")
    for line in as_seen(everything[key], parts).lines:
        click.echo(f"    {line}".rstrip())
    click.echo()
    for note in _notes(
        campaign, contact, made.stand_ins, mixes_languages(mapping, composed.values)
    ):
        click.echo(f"note: {note}")
    for complaint in wrong:
        click.echo(f"could not be sent: {complaint}")
    return not wrong


def _notes(
    campaign: Campaign, contact: Contact, stand_ins: Sequence[str], foreign: Sequence[str]
) -> Iterator[str]:
    if stand_ins:
        yield f"made up for this look: {' and '.join(stand_ins)}"
    if foreign:
        yield (
            f'"{", ".join(foreign)}" is not in that language, so this person would be written to in '
            f"{campaign.language}"
        )
    if contact.marketing != "yes":
        yield "this person has not agreed to marketing, and would not be written to"
    if not campaign.enabled:
        yield "the campaign is off"


def show_unused(name: str, language: str, everything: Templates) -> None:
    """A template that no campaign uses has no values."""
    keys = [key for key in sorted(everything) if key[0] == name and language in ("", key[1])]
    if not keys:
        raise BadInput(
            f"there is no template or campaign {name!r}{f' in {language}' if language else ''}",
            fix="winback templates list",
        )
    for key in keys:
        status, category, _ = standing(everything[key])
        click.echo(f"template {key[0]} in {key[1]} ({status}, {category}); no campaign uses it\n")
        for line in as_seen(everything[key]).lines:
            click.echo(f"    {line}".rstrip())
        click.echo()


def person(settings: Settings, phone: str) -> Contact:
    """Who has this number; somebody suitable for "". Raises BadInput."""
    if not phone:
        return somebody()
    country = settings.shop.default_country or ShopFact.all().get("country", "")
    read = read_phone(phone, country)
    if not read.e164:
        raise BadInput(
            f"{phone!r} cannot be written to: {read.reason}", fix="write it as +44 7700 900123"
        )
    contact: Contact | None = Contact.get_or_none(Contact.phone == read.e164)
    if contact is None:
        raise BadInput(
            f"the mirror knows nobody with the number {read.e164}",
            fix="leave --to away for somebody who is known",
        )
    return contact


@contextmanager
def mirror(settings: Settings) -> Iterator[None]:
    """With what is known of everybody as new as it is; beside a daemon, as it left it."""
    path = settings.database.path
    if not path.exists():  # it is not made here: this may be another user than the daemon's
        with shared(path):
            yield
    try:
        with owned(path):
            if currency := ShopFact.all().get("currency"):
                refresh(settings.audience.paid_statuses, currency, beat=lambda: None)
            yield
    except AlreadyRunning:
        with shared(path):
            yield
