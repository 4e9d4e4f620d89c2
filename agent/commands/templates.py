"""winback templates: those of the account beside the config, one as a person sees it, and ours submitted."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from agent import log
from agent.clients.whatsapp import WhatsApp
from agent.commands.options import config_option, read_settings
from agent.commands.template_look import Look, mirror, show_unused, standing
from agent.config import Occasion, Settings
from agent.config.campaigns import Campaign
from agent.config.order_news import News
from agent.daemon import make_tools
from agent.errors import BadInput
from agent.jobs.submit import Submitted, submit
from agent.rules.as_seen import as_seen
from agent.rules.shipped import SHIPPED, ShippedTemplate, approved
from agent.rules.stopwords import is_stop
from agent.rules.templates import UTILITY
from agent.service import Service, WallClock
from agent.templates import Templates, judge

NAMES = tuple(dict.fromkeys(name for name, _ in SHIPPED))
CAMPAIGNS, ORDER_NEWS = "campaigns", "order_news"  # names for all of theirs
OF_NEWS = tuple(dict.fromkeys(one.name for one in SHIPPED.values() if one.category == UTILITY))
OF_CAMPAIGNS = tuple(name for name in NAMES if name not in OF_NEWS)
LANGUAGES = tuple(dict.fromkeys(language for _, language in SHIPPED))


@click.group
def command() -> None:
    """Message templates: list them, see one filled in, submit those that come with winback.

    \b
    Examples:
      winback templates push we_miss_you --dry-run
      winback templates list
    """


@command.command(name="list")
@config_option
def list_(config: Path) -> None:
    """List them beside the campaigns and order news that use them, and what does not fit.

    Order news that are off are only listed where the account has their template. The exit code is 1
    if something that is on cannot be sent.

    \b
    Examples:
      winback templates list
    """
    settings = read_settings(config)
    with _whatsapp(settings) as whatsapp:
        found = _by_key(whatsapp.templates())
    uses = _uses(settings, found)
    table = Table(box=SIMPLE, pad_edge=False, collapse_padding=True)
    for name in ("template", "language", "status", "category", "quality", "used by"):
        table.add_column(name, overflow="fold")
    for key in sorted({*found, *(one.key for one in uses if one.own)}):
        users = [f"{one.name} ({one.state})" for one in uses if one.key == key]
        table.add_row(*key, *standing(found.get(key)), ", ".join(users) or "-")
    Console(highlight=False, markup=False).print(table)
    for one in uses:
        if one.wrong and (one.key in found or one.occasion.enabled):
            click.echo(f"{one.in_words}: {'; '.join(one.wrong)}")
    if any(one.wrong and one.own and one.occasion.enabled for one in uses):
        click.echo("What is on and cannot be sent is not written: see above.")
        sys.exit(1)


@command.command
@click.argument("name")
@click.option("--language", default="", help="In this language, whoever it is for.")
@click.option("--to", "phone", default="", help="To the person with this number.")
@config_option
def show(name: str, language: str, phone: str, config: Path) -> None:
    """Print a template (or that of a campaign or of order news) as a person would get it.

    It is filled with the values of somebody from the mirror (order news: with their newest order), in
    the language that a run would choose for them. One that comes with winback and is not on the account
    yet can be seen too. Nothing is sent. The exit code is 1 if it could not be sent as things are.

    \b
    Examples:
      winback templates show we_miss_you
      winback templates show price_drop --to +12025550101 --language es
    """
    settings = read_settings(config)
    with _whatsapp(settings) as whatsapp:
        found = _by_key(whatsapp.templates())
    everything = {**approved(settings.shop.url), **found}
    users = [
        called
        for called, occasion in settings.occasions.items()
        if name in (called, *_templates_of(occasion, everything))
    ]
    if not users:
        show_unused(name, language, everything)
        return
    with mirror(settings):
        look = Look(settings, everything, found, language, phone)
        well = [look.show(one) for one in users]
    if not all(well):
        sys.exit(1)


@command.command
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--language", "languages", multiple=True, help="Only in this one; may be repeated.")
@click.option("--dry-run", is_flag=True, help="Print them, and submit nothing.")
@config_option
def push(names: tuple[str, ...], languages: tuple[str, ...], dry_run: bool, config: Path) -> None:
    """Submit those that come with winback to WhatsApp's review.

    NAME is that of a campaign or of order news, on or off: what you mean to switch on, because the review
    takes up to a day. campaigns are all of the first, order_news all of the others. If none is given,
    those that are on. Each in English (en), Spanish (es) and Portuguese (pt_BR). What is on the account
    already is left alone. The exit code is 1 if one could not be submitted.

    \b
    Examples:
      winback templates push campaigns --dry-run
      winback templates push we_miss_you price_drop --language es
    """
    settings = read_settings(config)
    wanted = _wanted(names, languages, settings)
    with _whatsapp(settings) as whatsapp:
        known = _by_key(whatsapp.templates())
        if dry_run:
            for one in wanted:
                _print_ours(one, settings, known)
            return
        failed, new = 0, []
        for done in submit(whatsapp, wanted, known=known, shop_url=settings.shop.url):
            click.echo(f"{done.template.name} in {done.template.language}: {_told(done)}")
            failed += done.error is not None
            if done.new and done.error is None:
                new.append(done.template)
    for line in _doubts(settings, new):
        click.echo(line)
    if failed:
        click.echo(f"{failed} of {len(wanted)} could not be submitted", err=True)
        sys.exit(1)
    if new:
        click.echo("WhatsApp's review takes up to a day: winback templates list")
    else:
        click.echo("All are there already. Whether they fit the config: winback templates list")


@dataclass(frozen=True, slots=True)
class Use:
    """A campaign or order news by its name, and a language in which it may be sent."""

    name: str
    occasion: Occasion
    language: str
    wrong: Sequence[str]

    @property
    def key(self) -> tuple[str, str]:
        return self.occasion.mapping_in(self.language).template, self.language

    @property
    def own(self) -> bool:
        return self.language == self.occasion.language

    @property
    def state(self) -> str:
        return "on" if self.occasion.enabled else "off"

    @property
    def in_words(self) -> str:
        what = "cannot be sent" if self.own else "is not used"
        return f"{self.name} ({self.state}) in {self.language} {what}"


def _uses(settings: Settings, found: Templates) -> list[Use]:
    uses = []
    for name, occasion in settings.occasions.items():
        judged = judge(occasion, found)
        own = [Use(name, occasion, language, wrong) for language, wrong in judged.items()]
        # a shop that tells nothing of its orders should not read of ten templates that it lacks
        if occasion.enabled or isinstance(occasion, Campaign) or any(u.key in found for u in own):
            uses += own
    return uses


def _templates_of(occasion: Occasion, templates: Templates) -> set[str]:
    """The names of the templates that it uses, in whatever language."""
    languages = {
        occasion.language,
        *occasion.translations,
        *(language for _, language in templates),
    }
    return {occasion.mapping_in(language).template for language in languages}


def _wanted(
    names: Sequence[str], languages: Sequence[str], settings: Settings
) -> list[ShippedTemplate]:
    """Raises BadInput for what does not come with winback, and where nothing is named and nothing is on."""
    # statuses of the shop's own share a template, by whichever name they are given
    names = [settings.news[one].name if one in settings.news else one for one in names]
    known_names = (*NAMES, CAMPAIGNS, ORDER_NEWS)
    for given, known, what in (
        (names, known_names, "template"),
        (languages, LANGUAGES, "language"),
    ):
        for one in given:
            if one not in known:
                raise BadInput(
                    f"winback comes with no {what} {one!r}",
                    fix=f"it has {', '.join(known)}; make others in WhatsApp Manager",
                )
    wanted = {*names} or {
        *(name for name, one in settings.campaigns.items() if one.enabled),
        *(one.name for one in settings.news.values() if one.enabled),
    }
    if not wanted:
        raise BadInput(
            "no campaign and no order news are on, and none is named: nothing is submitted",
            fix="name what you mean to switch on: winback templates push we_miss_you; all that it has: "
            "winback templates push campaigns order_news",
        )
    if CAMPAIGNS in wanted:
        wanted |= {*OF_CAMPAIGNS}
    if ORDER_NEWS in wanted:
        wanted |= {*OF_NEWS}
    return [
        one
        for (name, language), one in SHIPPED.items()
        if name in wanted and language in (languages or LANGUAGES)
    ]


def _print_ours(one: ShippedTemplate, settings: Settings, known: Templates) -> None:
    there = known.get((one.name, one.language))
    state = f"there already ({there.get('status')}), left alone" if there else "would be submitted"
    click.echo(f"{one.name} in {one.language}, {one.category}: {state}\n")
    request = one.request(settings.shop.url)
    [examples] = request["components"][0]["example"]["body_text"]
    body = {"type": "body", "parameters": [{"text": example} for example in examples]}
    for line in as_seen(request, [body]).lines:
        click.echo(f"    {line}".rstrip())
    click.echo()


def _told(done: Submitted) -> str:
    if done.error is not None:
        return f"not submitted: {done.error}"
    if not done.new:
        return f"there already{f' ({done.status})' if done.status else ''}, left alone"
    told = f"submitted, {done.status or 'without a status'}"
    if done.category and done.category != done.template.category:
        told += f"; WhatsApp made it {done.category}, not {done.template.category}"
    return told


def _doubts(settings: Settings, new: Sequence[ShippedTemplate]) -> Iterator[str]:
    """What of the config would keep these from being used, or their button from being heard.

    Only for what was submitted: one that was there already may say something else, and fit.
    """
    ours = approved(settings.shop.url)
    for one in new:
        for place, occasion in _written_with(one, settings):
            if wrong := judge(occasion, ours)[one.language]:
                yield f"[{place}] does not fit {one.name} in {one.language}: {'; '.join(wrong)}"
            if (
                one.stop
                and not occasion.opt_out_button
                and not is_stop(one.stop, settings.consent.stop_words)
            ):
                yield (
                    f'its button "{one.stop}" would stop nothing: add that to stop_words of [consent], '
                    f"or set opt_out_payload of [{place}]"
                )


def _written_with(shipped: ShippedTemplate, settings: Settings) -> Iterator[tuple[str, Occasion]]:
    """The sections of the config whose messages are made of this one, those that are off too."""
    for name, occasion in settings.occasions.items():
        place = "order_news" if isinstance(occasion, News) else "campaigns"
        if occasion.mapping_in(shipped.language).template == shipped.name:
            yield f"{place}.{name}", occasion


def _by_key(templates: Sequence[Mapping[str, Any]]) -> Templates:
    return {(str(one["name"]), str(one["language"])): one for one in templates}


@contextmanager
def _whatsapp(settings: Settings) -> Iterator[WhatsApp]:
    log.set_up(style=settings.log.format, level="error")
    with closing(make_tools(settings, Service(WallClock())).whatsapp) as whatsapp:
        yield whatsapp
