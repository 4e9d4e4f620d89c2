"""winback contact: who is who, and what is known of somebody: put together, taken apart, handed out, erased."""

import json
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import click

from agent.by_hand import write_down
from agent.commands.options import config_option, read_settings, read_sound_settings
from agent.config import Settings
from agent.database import shared
from agent.errors import BadInput
from agent.explain.finding import find_people
from agent.forgetting import Forgetting, forget, look
from agent.jobs.export import everything_of
from agent.jobs.insight import keep_current
from agent.joining import KINDS, merge, split, would
from agent.person import Person, person_of
from agent.rules.phones import read_phone
from agent.service import Service, WallClock
from models import Contact, ShopFact
from models.erasures import PHONE

PATIENCE = 20  # seconds, in which the daemon has worked off whatever came of them
SHOP_TOO = (
    "the shop still has them, if nobody erased them there: Tools, Erase Personal Data (in WooCommerce's "
    'settings, "Remove personal data from orders on request"), and delete the account'
)
COPIES_TOO = (
    "copies of before (`winback backup`) still have them: `winback restore` erases them again, but delete "
    "the old ones in time"
)

dry_run_option = click.option(
    "--dry-run", is_flag=True, help="Show what would change, and change nothing."
)
yes_option = click.option("--yes", is_flag=True, help="Do not ask.")


@click.group
def command() -> None:
    """Put two contacts together, take a name off one, hand out or erase what is known of a person.

    WHO is a phone, an e-mail, or the customer's number in the shop. All of it works beside the daemon.

    \b
    Examples:
      winback contact export ana@example.com > ana.json
      winback contact merge +12025550101 +12025550102 --dry-run
    """


@command.command(name="merge")
@click.argument("kept", metavar="WHO")
@click.argument("other", metavar="OTHER")
@dry_run_option
@yes_option
@config_option
def merge_(kept: str, other: str, dry_run: bool, yes: bool, config: Path) -> None:
    """OTHER is the same person as WHO, and only WHO's number is written to from now on.

    Orders, interest, messages and names go over, also those that still come; caps count together; what
    was refused under either number holds. What waits for OTHER is called off.

    \b
    Examples:
      winback contact merge +12025550101 +12025550102 --dry-run
    """
    settings = read_settings(config)
    with shared(settings.database.path):
        first, second = _one(kept, settings), _one(other, settings)
        begun = WallClock().now()

        def act() -> Counter[str]:
            return merge(first, second, now=begun)

        _carry_out(
            "contact merge", f"{_named(second)} is {_named(first)}", act, settings,
            dry_run=dry_run, yes=yes, begun=begun,
        )  # fmt: skip


@command.command(name="split")
@click.argument("who")
@click.argument("name")
@click.option("--to", metavar="WHO", help="It is this one's; nobody's if left out.")
@dry_run_option
@yes_option
@config_option
def split_(who: str, name: str, to: str | None, dry_run: bool, yes: bool, config: Path) -> None:
    """Take NAME off a contact it does not belong to; it stays so, whatever the shop's orders say.

    NAME is customer:17, email:ana@example.com, wa_id:12025550101, user_id:US.123, or phone:+12025550102
    for a number that was merged. The orders under it follow; what was looked at and written stays.

    \b
    Examples:
      winback contact split +12025550101 email:office@example.com
      winback contact split +12025550101 customer:17 --to +12025550102
    """
    kind, _, value = name.partition(":")
    if kind not in KINDS or not value:
        raise click.BadParameter(f"{name!r} is no name: {', '.join(f'{one}:...' for one in KINDS)}")
    if kind == PHONE and to is not None:
        raise click.UsageError("a number is a contact of its own: leave out --to")
    settings = read_settings(config)
    with shared(settings.database.path):
        contact = _one(who, settings)
        other = _one(to, settings) if to is not None else None
        begun = WallClock().now()
        value = value.lower() if kind == "email" else value
        whose = _named(other) if other else "a contact of its own" if kind == PHONE else "nobody's"

        def act() -> Counter[str]:
            return split(contact, kind, value, other, now=begun)

        _carry_out(
            "contact split", f"{name} is not {_named(contact)}, but {whose}", act, settings,
            dry_run=dry_run, yes=yes, begun=begun,
        )  # fmt: skip


@command.command(name="forget")
@click.argument("who")
@dry_run_option
@yes_option
@config_option
def forget_(who: str, dry_run: bool, yes: bool, config: Path) -> None:
    """Erase a person: whatever tells who they are goes, from every table, for good.

    A refusal stays under a keyed hash of the number, also of who had refused nothing, so nobody writes to
    them if it turns up again;
    messages and orders stay under no name. The shop's copies of before bring nobody back.

    \b
    Examples:
      winback contact export +12025550101 > ana.json
      winback contact forget +12025550101 --dry-run
    """
    settings = read_sound_settings(config)
    with shared(settings.database.path):
        person = _person(who, settings)
        begun = WallClock().now()
        _tell(look(person))
        if dry_run:
            click.echo("nothing was changed")
            return
        if not yes:
            click.confirm(f"erase {who}? It cannot be undone", abort=True, err=True)
        done = _forget(person)
        write_down("contact forget", done.counts, begun=begun, now=WallClock().now())
    click.echo(
        "erased; a keyed hash of the number stays, as a refusal: nobody writes to it again"
        if person.phones
        else "erased; keyed hashes of their e-mail and account stay, so that old rows bring nobody back"
    )
    if done.left_in_log:
        click.echo("somebody reads the database at this moment: its log keeps bytes of them until "
                   "`winback db vacuum`, or until the daemon stops", err=True)  # fmt: skip
    click.echo(SHOP_TOO)
    click.echo(COPIES_TOO)


@command.command
@click.argument("who")
@config_option
def export(who: str, config: Path) -> None:
    """Print all that is known of a person as JSON, table by table, each described: for their right to
    know it.

    \b
    Examples:
      winback contact export ana@example.com > ana.json
    """
    settings = read_sound_settings(config)
    with shared(settings.database.path):
        found = everything_of(_person(who, settings))
    click.echo(json.dumps(found, indent=2))  # in ASCII: it does nothing to a terminal


def _carry_out(
    what: str,
    question: str,
    act: Callable[[], Counter[str]],
    settings: Settings,
    *,
    dry_run: bool,
    yes: bool,
    begun: datetime,
) -> None:
    for word, count in would(act).items():
        if count:
            click.echo(f"{word.replace('_', ' ')}: {count:,}")
    if dry_run:
        click.echo(f"{question}: nothing was changed")
        return
    if not yes:
        click.confirm(f"{question}?", abort=True, err=True)
    changed = act()
    keep_current(settings, beat=lambda: None)
    write_down(what, changed, begun=begun, now=WallClock().now())
    click.echo(f"done: {question}")


def _forget(person: Person) -> Forgetting:
    """Wait for what is under way. Raises BadInput where that takes too long."""
    service = Service(WallClock())
    for _ in range(PATIENCE):
        done = forget(person, now=service.clock.now())
        if not done.busy:
            return done
        service.sleep(1)
    raise BadInput(done.busy, fix="let the daemon run, and try it again in a minute")


def _tell(found: Forgetting) -> None:
    told = [f"{count:,} {what}" for what, count in found.counts.items() if count]
    click.echo(f"known of them: {', '.join(told) or 'their number alone'}")
    if found.busy:
        click.echo(f"{found.busy}: that is waited for", err=True)


def _one(who: str, settings: Settings) -> Contact:
    """Raises BadInput where several may be meant, or nobody."""
    found = find_people(who, settings.shop.default_country)
    if len(found) > 1:
        phones = ", ".join(one.phone for one in found)
        raise BadInput(f"{who} may be {len(found)} people: {phones}", fix="name one by the phone")
    return found[0]


def _person(who: str, settings: Settings) -> Person:
    """A contact; or somebody of whom only a number, an e-mail or an account is known."""
    try:
        return person_of(_one(who, settings))
    except BadInput as nobody:
        person = _without_contact(who.strip(), settings)
        if person is None or not look(person).counts.total():
            raise nobody from None
        return person


def _without_contact(who: str, settings: Settings) -> Person | None:
    if "@" in who:
        return Person(emails=frozenset({who.lower()}))
    country = settings.shop.default_country or ShopFact.all().get("country", "")
    phone = read_phone(who, country).e164
    if phone:
        return Person(phones=frozenset({phone}))
    return Person(accounts=frozenset({int(who)})) if who.isdecimal() and who.isascii() else None


def _named(contact: Contact) -> str:
    name = f"{contact.first_name} {contact.last_name}".strip()
    return f"{contact.phone} ({name})" if name else contact.phone
