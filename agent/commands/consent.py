"""winback consent: what people said elsewhere, brought onto the ledger; and the proof of what they said."""

import json
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from agent import by_hand
from agent.commands.options import config_option, read_settings, read_sound_settings
from agent.commands.printable import printable, printable_lines
from agent.database import shared
from agent.jobs.consent_import import ABOUT, import_consent
from agent.jobs.consent_proof import (
    Entry,
    Proof,
    prove,
    read_known_number,
    read_number,
    write_down,
)
from agent.jobs.status import zone_of_the_shop
from agent.rules.consent import COUNTS, MARKETING, NO, ORDER_NEWS, UNSAID, YES, Standing
from agent.service import WallClock

NAMES = {MARKETING: "marketing", ORDER_NEWS: "order news"}
ANSWERS = {YES: "yes", NO: "NO", UNSAID: "never said: nothing is sent"}


@click.group
def command() -> None:
    """Bring consent in, take it back, and show who said what.

    \b
    Examples:
      winback consent show +12025550101
      winback consent import newsletter.csv
    """


@command.command(name="import")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--purpose",
    type=click.Choice(sorted(ABOUT)),
    default=MARKETING,
    show_default=True,
    help="What was said is about this, in a file without a column `purpose`.",
)
@config_option
def import_(file: Path, purpose: str, config: Path) -> None:
    """Put the consents of a CSV FILE on the ledger.

    Its first line names the columns: `phone`, and if you like `says` (yes or no; yes if missing),
    `date` (2026-03-01, or with a time and offset), `country` (for numbers without +), `wording` and
    `purpose` (marketing, order_news or both). An import never overrides a STOP. Lines that cannot be used are shown, the others are taken.

    \b
    Examples:
      winback consent import newsletter.csv
      winback consent import stops.csv --purpose both
    """
    settings = read_settings(config)
    now = WallClock().now()
    with shared(settings.database.path):
        done = import_consent(file, country=settings.shop.default_country, now=now, purpose=purpose)
        counts = {"added": done.added, "known": done.known, "set_aside": len(done.set_aside)}
        by_hand.write_down("consent import", counts, begun=now, now=WallClock().now())
    for line, reason in done.set_aside:
        click.echo(f"{file}:{line}: {reason}; set aside", err=True)
    aside = len(done.set_aside)
    outweighed = f"{done.outweighed:,} outweighed by a refusal, " if done.outweighed else ""
    click.echo(
        f"{done.added:,} {'statement' if done.added == 1 else 'statements'} added, {outweighed}"
        f"{done.known:,} known already, {aside:,} {'line' if aside == 1 else 'lines'} set aside"
    )
    if done.set_aside:
        sys.exit(1)


SAID_AT = click.DateTime(
    ["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M%z", "%Y-%m-%dT%H:%M:%S%z"]
)
_SAID_AT_HELP = "When they said it, in the shop's time unless it names another; now if left out."


@command.command
@click.argument("phone")
@click.option(
    "--purpose", type=click.Choice(sorted(ABOUT)), required=True, help="What it is about."
)
@click.option(
    "--words", required=True, help="What they agreed to, as it was put to them, and where."
)
@click.option("--said-at", type=SAID_AT, help=_SAID_AT_HELP)
@config_option
def add(phone: str, purpose: str, words: str, said_at: datetime | None, config: Path) -> None:
    """Write down that the person with this PHONE agreed: at the till, by telephone, on paper.

    It is a word of the person's own, so it counts over a STOP that is older. Keep what proves it.

    \b
    Examples:
      winback consent add +12025550101 --purpose marketing \\
          --words "offers by WhatsApp, signed at the till" --said-at 2026-03-02
    """
    if not words.strip():
        raise click.BadParameter(
            "say what they agreed to, and where: it is what proves it", param_hint="--words"
        )
    _say(phone, purpose, YES, words, said_at, config)


@command.command
@click.argument("phone")
@click.option(
    "--purpose", type=click.Choice(sorted(ABOUT)), default="both", show_default=True,
    help="What it is about.",
)  # fmt: skip
@click.option("--words", default="", help="What they said, and where.")
@click.option("--said-at", type=SAID_AT, help=_SAID_AT_HELP)
@config_option
def withdraw(phone: str, purpose: str, words: str, said_at: datetime | None, config: Path) -> None:
    """Write down that the person with this PHONE wants no more; in force at once, also for what waits.

    \b
    Examples:
      winback consent withdraw +12025550101 --words "asked by telephone"
    """
    _say(phone, purpose, NO, words, said_at, config)


@command.command
@click.argument("phone")
@click.option("--json", "as_json", is_flag=True, help="For a program.")
@config_option
def show(phone: str, as_json: bool, config: Path) -> None:
    """Print the proof: all that the person with this PHONE ever said, where and in which words, and what
    counts of it.

    \b
    Examples:
      winback consent show +12025550101
      winback consent show +12025550101 --json > proof.json
    """
    settings = read_sound_settings(config)
    with shared(settings.database.path):
        proof = prove(read_known_number(phone, settings.shop.default_country).e164)
        zone = zone_of_the_shop()
    if as_json:
        click.echo(json.dumps(_as_json(proof), indent=2))  # in ASCII: it does nothing to a terminal
        return
    # people's words may have brackets, and colons
    console = Console(highlight=False, markup=False, emoji=False)
    console.print(_who(proof))
    for purpose, (standing, entries) in proof.purposes.items():
        since = f" since {_at(standing.since, zone)}" if standing.since else ""
        console.print(f"{NAMES[purpose]}: {ANSWERS[standing.answer]}{since}")
        if entries:
            console.print(_table(entries, zone))


def _say(
    phone: str, purpose: str, says: str, words: str, said_at: datetime | None, config: Path
) -> None:
    settings = (read_settings if says == YES else read_sound_settings)(config)
    read = read_number if says == YES else read_known_number
    now = WallClock().now()
    with shared(settings.database.path):
        zone = zone_of_the_shop()
        moment = said_at.replace(tzinfo=zone) if said_at and said_at.tzinfo is None else said_at
        number = read(phone, settings.shop.default_country)
        new, standing = write_down(
            number, ABOUT[purpose], says, words=words, said_at=moment, now=now
        )
        what = "consent add" if says == YES else "consent withdraw"
        by_hand.write_down(what, {purpose: 1}, begun=now, now=now)
    known = "" if new else " (it was on the ledger already)"
    for about in ABOUT[purpose]:
        click.echo(
            f"{number.e164}, {NAMES[about]}: {_outcome(says, moment or now, standing[about], zone)}{known}"
        )


def _outcome(says: str, said_at: datetime, standing: Standing, zone: ZoneInfo) -> str:
    stays = f"{ANSWERS[standing.answer]} since {_at(standing.since, zone)}"
    if standing.answer == says and (standing.since is None or standing.since <= said_at):
        return stays
    if standing.answer == says:
        return f"written down, and does not count: it stays at {stays}, which is newer"
    return (
        f"written down, and it stays at {ANSWERS[standing.answer]}: something newer was said on "
        f"{_at(standing.since, zone)}: winback consent show"
    )


def _who(proof: Proof) -> str:
    contact = proof.contact
    if contact is None:
        return f"{proof.phone}: nobody whom the shop knows"
    name = f"{contact.first_name} {contact.last_name}".strip() or "without a name"
    reach = f"; WhatsApp cannot reach them: {contact.unreachable}" if contact.unreachable else ""
    return f"{proof.phone}: {printable(name)}{reach}"


def _table(entries: Sequence[Entry], zone: ZoneInfo) -> Table:
    table = Table(box=SIMPLE, pad_edge=False, collapse_padding=True)
    for heading in ("said", "", "where", "in which words", "written down", "what it weighs"):
        table.add_column(heading, overflow="fold")
    for one in entries:
        table.add_row(
            _at(one.said_at, zone),
            one.says,
            printable(one.source),
            printable_lines(one.words),
            _at(one.recorded_at, zone),
            "IT COUNTS" if one.weight == COUNTS else one.weight,
        )
    return table


def _as_json(proof: Proof) -> Mapping[str, Any]:
    """Instants are ISO 8601 in UTC."""
    return {
        "phone": proof.phone,
        "known": proof.contact is not None,
        "unreachable": proof.contact.unreachable if proof.contact else "",
        "purposes": {
            purpose: {
                "answer": standing.answer or None,
                "since": standing.since.isoformat() if standing.since else None,
                "statements": [
                    {
                        "said_at": one.said_at.isoformat(),
                        "says": one.says,
                        "source": one.source,
                        "words": one.words,
                        "recorded_at": one.recorded_at.isoformat(),
                        "counts": one.weight == COUNTS,
                        "why_not": "" if one.weight == COUNTS else one.weight,
                    }
                    for one in entries
                ],
            }
            for purpose, (standing, entries) in proof.purposes.items()
        },
    }


def _at(moment: datetime | None, zone: ZoneInfo) -> str:
    return f"{moment.astimezone(zone):%d %b %Y %H:%M:%S}" if moment else "never"
