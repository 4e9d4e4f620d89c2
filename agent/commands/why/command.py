"""winback why: why a person hears from the shop, or does not; now, or as it was on a day."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import click

from agent.commands.ending import ended_by_signals
from agent.commands.moments import DATE_OR_AT
from agent.commands.options import config_option, read_sound_settings
from agent.commands.plain_json import plain
from agent.commands.printable import printable
from agent.commands.template_look import mirror
from agent.commands.why.told import tell
from agent.config import Settings
from agent.database import shared
from agent.errors import BadInput
from agent.explain import daemon_away, explain, find_people
from agent.jobs.status import zone_of_the_shop
from agent.rehearse.rewind import as_of
from agent.rules.conditions import ASKED
from agent.service import WallClock
from models import Contact

UNKNOWN_THEN = "when the daemon ran, what was paused, and the config are taken as they are now"


@click.command
@click.argument("who", metavar="PHONE|CUSTOMER|E-MAIL")
@click.option(
    "--at",
    "moment",
    type=DATE_OR_AT,
    metavar="DATE",
    help="As of then: a date (when the campaigns of that day are decided) or a moment, in the shop's "
    "time unless it names another.",
)
@click.option("--json", "as_json", is_flag=True, help="For a program.")
@config_option
def command(who: str, moment: datetime | None, as_json: bool, config: Path) -> None:
    """Show all that the rules look at of a person, and what they come to: which campaign, why, and why
    not the others. Nothing is sent or changed.

    A person is found by phone, by the customer's number in the shop, by e-mail or by WhatsApp's id.

    \b
    Examples:
      winback why +12025550101
      winback why 17 --at 2026-03-02
      winback why ana@example.com --json
    """
    settings = read_sound_settings(config)
    now = WallClock().now()
    if moment is None:
        with mirror(settings):
            found = explain(settings, _one(who, settings).id, now)
            found = replace(found, holds=[*daemon_away(now), *found.holds])
    else:
        # the copy of the database goes, however this ends
        with ended_by_signals(), _then(settings, moment, now) as (then, notes):
            found = explain(settings, _one(who, settings).id, then, runs_at=then)
            found = replace(found, unknown=(*notes, UNKNOWN_THEN))
    if as_json:
        click.echo(json.dumps({**plain(found), "asked": dict(ASKED)}, indent=2))
        return
    tell(found)


@contextmanager
def _then(
    settings: Settings, moment: datetime, now: datetime
) -> Iterator[tuple[datetime, tuple[str, ...]]]:
    """The database as it was. Raises BadInput for what is yet to come."""
    with shared(settings.database.path):
        zone = zone_of_the_shop()
    if moment.tzinfo is None and moment.time() == datetime.min.time():
        moment = datetime.combine(moment.date(), settings.timetable.campaigns_at)
    then = moment if moment.tzinfo else moment.replace(tzinfo=zone)
    if then > now:
        raise BadInput(f"--at {then.isoformat()} is yet to come", fix="winback preview looks ahead")
    with as_of(settings, then) as rewound:
        yield then, rewound.notes


def _one(who: str, settings: Settings) -> Contact:
    """Raises BadInput where it is nobody, or several."""
    people = find_people(who, settings.shop.default_country)
    if len(people) == 1:
        return people[0]
    for one in people:
        name = f"{one.first_name} {one.last_name}".strip() or "without a name"
        click.echo(f"{one.phone}  {printable(name)}  {printable(one.email)}".rstrip())
    raise BadInput(
        f"{len(people)} people are known as {who!r}", fix="winback why PHONE, of one of them"
    )
