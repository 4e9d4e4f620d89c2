"""One template as a person would get it, with the values of somebody from the mirror."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import click

from agent.commands.printable import printable
from agent.config import Occasion, Settings
from agent.config.campaigns import Campaign
from agent.config.order_news import News
from agent.database import owned, shared
from agent.errors import AlreadyRunning, BadInput
from agent.examples import are_examples, example_contact
from agent.jobs.decide.preview import preview, somebody
from agent.jobs.order_news.preview import preview as preview_news
from agent.rules.as_seen import as_seen
from agent.rules.composing import Composed
from agent.rules.phones import Phone, read_phone
from agent.rules.templates import MARKETING, compile_template, components, mixes_languages
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


@dataclass(frozen=True, slots=True)
class Letter:
    """One message as it would be written. `wrong`: why it could not be sent; () where it could."""

    name: str
    occasion: Occasion
    contact: Contact  # whose values it has
    composed: Composed
    stand_ins: tuple[str, ...]
    wrong: tuple[str, ...]

    @property
    def key(self) -> tuple[str, str]:
        """(template, language)"""
        return self.composed.template, self.composed.language

    @property
    def is_news(self) -> bool:
        return isinstance(self.occasion, News)


@dataclass(frozen=True, slots=True)
class Look:
    """How somebody wants to see templates: in which language ("" for theirs), and whose phone ("" for anybody's).

    `everything` are the templates of the account (`found`), and those that come with winback. `nobodys`
    is a number that the shop does not know: what it gets are examples.
    """

    settings: Settings
    everything: Templates
    found: Templates
    language: str
    phone: str
    nobodys: Phone | None = None

    def show(self, name: str) -> bool:
        """Print what this campaign, or news of this kind, would write. Returns whether it could be sent.

        Raises BadInput where the mirror, the account or winback does not have what it takes.
        """
        letter = self.write(name)
        self.tell(letter, to=letter.contact.phone)
        return not letter.wrong

    def write(self, name: str) -> Letter:
        """The message of this campaign, or news of this kind. Raises as `show` does."""
        occasion = self.settings.occasions[name]
        judged = judge(occasion, self.everything)
        contact, composed, stand_ins = self._compose(name, occasion)
        key = (composed.template, composed.language)
        if key not in self.everything:
            raise BadInput(
                f"neither the account nor winback has a template {key[0]!r} in the language {key[1]!r}",
                fix="winback templates list",
            )
        wrong = list(judged.get(composed.language, ()))
        if key not in self.found:
            wrong = [f"it is not on the account yet: winback templates push {key[0]}"]
        letter = Letter(name, occasion, contact, composed, tuple(stand_ins), tuple(wrong))
        try:
            self.parts_of(letter, composed.values)
        except ValueError as error:
            return letter if wrong else replace(letter, wrong=(str(error),))
        return letter

    def parts_of(self, letter: Letter, values: Mapping[str, str]) -> list[dict[str, Any]]:
        """`template.components` of the message with these values. Raises ValueError where they do not fit."""
        mapping = letter.occasion.mapping_in(letter.composed.language)
        return components(compile_template(self.everything[letter.key]), mapping, values)

    def category_of(self, letter: Letter) -> str:
        """As the account has it: MARKETING, UTILITY, or "-" where it does not have it."""
        return standing(self.found.get(letter.key))[1]

    def tell(self, letter: Letter, *, to: str) -> None:
        """Print it, and what is to be said of it."""
        composed, contact = letter.composed, letter.contact
        try:
            parts = self.parts_of(letter, composed.values)
        except ValueError:  # it does not fit: shown with its variables
            parts = []
        status, category, _ = standing(self.found.get(letter.key))
        what = "order news" if letter.is_news else "campaign"
        click.echo(
            f"{what} {letter.name}, template {letter.key[0]} in {letter.key[1]} ({status}, {category})"
        )
        named = "" if self.nobodys else f"{contact.first_name} {contact.last_name}"
        click.echo(f"to {to} {printable(named)}".rstrip() + "\n")
        for line in as_seen(self.everything[letter.key], parts).lines:
            click.echo(f"    {printable(line)}".rstrip())
        click.echo()
        mapping = letter.occasion.mapping_in(composed.language)
        foreign = mixes_languages(mapping, composed.values)
        marketing = not letter.is_news or category == MARKETING
        if self.nobodys:
            click.echo(f"note: {_examples(letter)}")
        # an order that is an example is named above
        stand_ins = () if self.nobodys and letter.is_news else letter.stand_ins
        for note in _notes(letter.occasion, contact, stand_ins, foreign, marketing=marketing):
            click.echo(f"note: {note}")
        for complaint in letter.wrong:
            click.echo(f"could not be sent: {complaint}")

    def _compose(self, name: str, occasion: Occasion) -> tuple[Contact, Composed, Sequence[str]]:
        mappings = usable(occasion, judge(occasion, self.found))
        if self.language or not mappings:
            wanted = self.language or occasion.language
            mappings = {wanted: occasion.mapping_in(wanted)}
        now = WallClock().now()
        person = (
            example_contact(self.nobodys) if self.nobodys else _person(self.settings, self.phone)
        )
        if isinstance(occasion, Campaign):
            contact = person or somebody()
            made = preview(self.settings, occasion, contact, mappings, now=now)
            return contact, made.composed, made.stand_ins
        told = preview_news(self.settings, name, person, mappings, now=now)
        return told.contact, told.composed, told.stand_ins


def _examples(letter: Letter) -> str:
    """What of it is said of somebody who does not exist."""
    mapping = letter.occasion.mapping_in(letter.composed.language)
    named = are_examples(mapping.placeholders, letter.composed.values)
    what = (
        f"these values are examples: {', '.join(named)}" if named else "it says nothing of anybody"
    )
    return f"the shop knows nobody with this number; {what}"


def _notes(
    occasion: Occasion,
    contact: Contact,
    stand_ins: Sequence[str],
    foreign: Sequence[str],
    *,
    marketing: bool,
) -> Iterator[str]:
    if stand_ins:
        yield f"made up for this look: {' and '.join(stand_ins)}"
    if foreign:
        yield (
            f'"{", ".join(foreign)}" is not in that language, so this person would be written to in '
            f"{occasion.language}"
        )
    if isinstance(occasion, News) and contact.order_news != "yes":
        yield "this person has not agreed to order news, and would not be written to"
    if marketing and contact.marketing != "yes":
        yield "this person has not agreed to marketing, and would not be written to"
    if not occasion.enabled:
        yield "they are off" if isinstance(occasion, News) else "the campaign is off"


def show_unused(name: str, language: str, everything: Templates) -> None:
    """A template that nothing uses has no values."""
    keys = [key for key in sorted(everything) if key[0] == name and language in ("", key[1])]
    if not keys:
        raise BadInput(
            f"there is no template, campaign or order news {name!r}{f' in {language}' if language else ''}",
            fix="winback templates list",
        )
    for key in keys:
        status, category, _ = standing(everything[key])
        click.echo(f"template {key[0]} in {key[1]} ({status}, {category}); nothing uses it\n")
        for line in as_seen(everything[key]).lines:
            click.echo(f"    {line}".rstrip())
        click.echo()


def _person(settings: Settings, phone: str) -> Contact | None:
    """Who has this number; None for "". Raises BadInput."""
    if not phone:
        return None
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
