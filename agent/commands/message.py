"""winback message: one message looked at, called off, or tried once more."""

import sys
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from agent.by_hand import write_down
from agent.commands.options import config_option, read_settings, read_sound_settings
from agent.commands.printable import printable
from agent.config import Settings
from agent.database import shared
from agent.errors import BadInput
from agent.jobs.outbox_by_hand import UNSENT, Done, cancel, find, find_of, retried_for, retry
from agent.jobs.status import zone_of_the_shop
from agent.service import WallClock
from models import Contact, Coupon, Link, Message, Status

SHOWN = 20  # reasons that are written out

ids_argument = click.argument("ids", metavar="ID...", nargs=-1)
campaign_option = click.option(
    "--campaign", help="Instead of ids: all of this campaign, or kind of order news."
)
yes_option = click.option("--yes", is_flag=True, help="Do not ask.")


@click.group
def command() -> None:
    """Look at a message, call it off, or try it once more.

    ID is the number of the message, winback's own id of it, or WhatsApp's (wamid...).

    \b
    Examples:
      winback message show 1204
      winback message cancel --campaign price_drop
    """


@command.command
@click.argument("name", metavar="ID")
@config_option
def show(name: str, config: Path) -> None:
    """Show all that is known of one message.

    \b
    Examples:
      winback message show 1204
      winback message show wamid.HBgLMTIwMjU1NTAxMDEVAgAR
    """
    settings = read_sound_settings(config)
    with shared(settings.database.path):
        [message] = find([name])
        zone = zone_of_the_shop()
        lines = list(_lines(message, zone))
    width = max(len(label) for label, _ in lines)
    for label, value in lines:
        click.echo(f"{label:{width}}  {printable(value)}")


@command.command(name="cancel")
@ids_argument
@campaign_option
@yes_option
@config_option
def cancel_(ids: Sequence[str], campaign: str | None, yes: bool, config: Path) -> None:
    """Call off messages that are still queued; they count for no cap then.

    What has left, or is leaving at this moment, cannot be called back: that is said.

    \b
    Examples:
      winback message cancel 1204 1207
      winback message cancel --campaign price_drop
    """
    settings = read_sound_settings(config)
    with shared(settings.database.path):
        wanted = _wanted(ids, campaign, ("queued",), settings)
        _confirm(f"call off {_count(len(wanted))}", campaign, yes)
        now = WallClock().now()
        done = cancel(wanted, now=now)
        _keep("message cancel", done, now)
    _say(done, "called off")


@command.command(name="retry")
@ids_argument
@campaign_option
@click.option(
    "--state",
    type=click.Choice([state.value for state in UNSENT]),
    default="expired",
    show_default=True,
    help="With --campaign: those in this state.",
)
@yes_option
@config_option
def retry_(ids: Sequence[str], campaign: str | None, state: str, yes: bool, config: Path) -> None:
    """Queue messages once more that were certainly not sent: refused, expired or cancelled.

    What may have been sent never is sent again, and neither is what is old: it was decided at most twice
    its `expires_after` ago, or three days if that is longer. Consent, caps and budget are asked at once,
    all else just before it leaves.

    \b
    Examples:
      winback message retry 1204
      winback message retry --campaign we_miss_you --state refused
    """
    settings = read_settings(config)
    with shared(settings.database.path):
        now = WallClock().now()
        longest = retried_for(campaign, settings) if campaign else None
        since = now - longest if longest else None
        wanted = _wanted(ids, campaign, (state,), settings, since=since)
        _confirm(f"queue {_count(len(wanted))} once more", campaign, yes)
        now = WallClock().now()
        done = retry(wanted, settings, now=now, zone=zone_of_the_shop())
        _keep("message retry", done, now)
    _say(done, "queued once more")


def _wanted(
    ids: Sequence[str],
    campaign: str | None,
    states: Sequence[str],
    settings: Settings,
    *,
    since: datetime | None = None,
) -> list[Message]:
    """Those that are named, or all of a campaign that were decided `since`: of older ones it is told how
    many there are."""
    if (campaign is None) == (not ids):
        raise click.UsageError("name messages by their ids, or --campaign NAME")
    if campaign is None:
        return find(ids)
    _require_known(campaign, settings)
    found = find_of(campaign, states, since=since)
    if since is not None and (older := len(find_of(campaign, states)) - len(found)):
        day = f"{since.astimezone(zone_of_the_shop()):%d %b %Y}"
        click.echo(
            f"{_count(older)} decided before {day} stay as they are: the next run writes new ones",
            err=True,
        )
    return found


def _require_known(campaign: str, settings: Settings) -> None:
    """Raises BadInput where it is neither in the config nor, from a version of before, in the outbox."""
    was_there = Message.select(Message.id).where(Message.campaign == campaign)
    if campaign not in settings.occasions and not was_there.exists():
        raise BadInput(
            f"there is no campaign or order news {campaign!r}",
            fix=f"there are {', '.join(settings.occasions)}",
        )


def _confirm(what: str, campaign: str | None, yes: bool) -> None:
    """Only for many: who names ids knows what they name."""
    if campaign is not None and not yes:
        click.confirm(f"{what} of {campaign}?", abort=True, err=True)


def _keep(what: str, done: Sequence[Done], now: datetime) -> None:
    counts = {"messages": sum(not one.why_not for one in done)}
    write_down(what, counts, begun=now, now=WallClock().now())


def _say(done: Sequence[Done], what: str) -> None:
    """Exit code 1 where one of them was not done."""
    left = [one for one in done if one.why_not]
    for one in left[:SHOWN]:
        click.echo(f"{one.message.id} ({one.message.state}): {printable(one.why_not)}", err=True)
    if len(left) > SHOWN:
        click.echo(f"and {len(left) - SHOWN:,} more", err=True)
    click.echo(f"{_count(len(done) - len(left))} {what}{f', {len(left):,} not' if left else ''}")
    if left:
        sys.exit(1)


def _count(number: int) -> str:
    return "1 message" if number == 1 else f"{number:,} messages"


def _lines(message: Message, zone: ZoneInfo) -> Iterator[tuple[str, str]]:
    contact = Contact.get_or_none(Contact.id == message.contact_id)
    name = "" if contact is None else f"{contact.first_name} {contact.last_name}".strip()
    code = f" (error {message.code})" if message.code else ""
    detail = f": {message.detail}" if message.detail else ""
    yield "message", f"{message.id}, {message.campaign} of {message.period}, {message.kind}"
    yield "to", "somebody who was erased" if contact is None else f"{contact.phone} {name}".strip()
    yield "state", f"{message.state}{detail}{code}"
    if message.reason:
        yield "why", message.reason
    yield "template", f"{message.template} ({message.language})"
    for placeholder, value in sorted(message.variables.items()):
        yield f"  {placeholder}", str(value)
    if message.order_id:
        yield "about order", str(message.order_id)
    if message.product_id:
        yield "about product", f"{message.product_id}, variation {message.variation_id or 'any'}"
    yield "counts on", f"{message.cap_day} for the caps"
    yield from _moments(message, zone)
    yield "tries", f"{message.attempts}{', once more' if message.resent else ''}"
    yield "our id", message.uid
    yield "WhatsApp's id", message.wamid or "none"
    if message.charged:
        yield "charged as", message.charged
    for status in Status.select().where(Status.message_id == message.id).order_by(Status.at):
        yield f"told {status.status}", f"{_at(status.at, zone)} {status.detail}".strip()
    for coupon in Coupon.select().where(Coupon.message_uid == message.uid):
        made = f"in the shop as {coupon.woo_id}" if coupon.woo_id else "not in the shop yet"
        yield (
            "coupon",
            f"{coupon.code}, {coupon.percent} %, until {_at(coupon.expires_at, zone)}, {made}",
        )
    for link in Link.select().where(Link.message_uid == message.uid):
        yield "link", f"{link.target or '/'}, followed {link.clicks} times"


def _moments(message: Message, zone: ZoneInfo) -> Iterator[tuple[str, str]]:
    for label, moment in (
        ("decided", message.created_at),
        ("not before", message.not_before),
        ("expires", message.expires_at),
        ("left", message.claimed_at),
        ("taken", message.accepted_at),
        ("sent", message.sent_at),
        ("delivered", message.delivered_at),
        ("read", message.read_at),
        ("ended", message.ended_at),
    ):
        if moment is not None:
            yield label, _at(moment, zone)


def _at(moment: datetime, zone: ZoneInfo) -> str:
    return f"{moment.astimezone(zone):%d %b %Y %H:%M:%S}"
