"""What is paused and what is tried out, as the commands tell it."""

from collections.abc import Iterable, Iterator
from zoneinfo import ZoneInfo

import click

from agent.config import Settings
from agent.jobs.canary import Trying
from agent.pauses import Resumed, in_words, way_out
from models import Pause
from models.delivery import EVERYTHING, MARKETING

WHAT = {EVERYTHING: "everything", MARKETING: "all marketing"}


def what(pause: Pause) -> str:
    """What it holds back: "everything", "all marketing", or a campaign's name."""
    return WHAT.get(pause.scope, pause.scope)


def told(pause: Pause, zone: ZoneInfo) -> str:
    """One pause, with its beginning and, where it has one, its end."""
    since = f"since {pause.since.astimezone(zone):%d %b %H:%M}"
    until = f", until {pause.until.astimezone(zone):%d %b %H:%M}" if pause.until else ""
    return f"{what(pause)} ({since}{until}) is {in_words(pause)}"


def paused_lines(pauses: Iterable[Pause], zone: ZoneInfo) -> Iterator[tuple[str, str]]:
    """The lines of `winback status`."""
    for pause in pauses:
        yield "PAUSED", f"{told(pause, zone)} -> {way_out(pause)}"


def trial_in_words(trying: Trying | None, settings: Settings, zone: ZoneInfo) -> str:
    """How far the trial of a campaign's template is, as "; its template ..."; '' where there is none."""
    if trying is None or not settings.campaigns[trying.campaign].enabled:
        return ""
    sizes = settings.whatsapp.canary
    which = f"; its template is tried out: batch {trying.batch + 1} of {len(sizes)}"
    if trying.filled_at is None:
        return f"{which}, {trying.left:,} of {sizes[trying.batch]:,} messages have left"
    until = trying.filled_at + settings.whatsapp.canary_wait
    return f"{which} has left, and is watched until {until.astimezone(zone):%d %b %H:%M}"


def tell(done: Resumed, zone: ZoneInfo) -> None:
    """What goes on, and what does not."""
    for pause in done.lifted:
        click.echo(f"lifted: {told(pause, zone)}")
    if not done.lifted:
        click.echo("nothing was paused that this command ends")
    for pause in done.left:
        click.echo(f"stays: {told(pause, zone)} -> {way_out(pause)}")
