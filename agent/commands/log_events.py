"""winback log-events: what the events of the status log mean."""

import textwrap

import click

from agent.config.complaints import nearest
from agent.errors import BadInput
from agent.log_events import Event, catalogue, counts, counts_of

WIDTH = 100
MARGIN = "    "


@click.command
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--warnings", is_flag=True, help="Only those that can be a warning or an error.")
def command(names: tuple[str, ...], warnings: bool) -> None:
    """Say what events of the status log mean, or what the counts of a job are.

    Without a NAME all of them. NAME is an event, the beginning of some, or a job.

    \b
    Examples:
      winback log-events alarm.begins
      winback log-events canary          all events of canaries
      winback log-events campaigns       what event=job.done job=campaigns counts
      winback log-events --warnings
    """
    for name in names:
        if not (_events(name) or counts_of(name)):
            known = [*catalogue(), *counts()]
            near = nearest(name, known)
            raise BadInput(
                f"there is no event and no job {name}",
                fix=f"did you mean {near}?" if near else "winback log-events lists them all",
            )
    chosen = {one.name: one for name in names or [""] for one in _events(name)}
    for event in chosen.values():
        if event.wants_somebody or not warnings:
            _show(event)
    for job in names or ["job"]:
        _show_counts(job)


def _events(name: str) -> list[Event]:
    """That of this name, or those that begin so."""
    everything = catalogue()
    if name in everything:
        return [everything[name]]
    return [one for one in everything.values() if not name or one.name.startswith(f"{name}.")]


def _show(event: Event) -> None:
    click.echo(f"{event.name} ({', '.join(event.levels)})")
    _say(event.means)
    fields = (*event.fields, *(("fix",) if event.wants_somebody else ()))
    if fields:
        _say(f"fields: {', '.join(fields)}")


def _show_counts(job: str) -> None:
    for word, means in counts_of(job).items():
        click.echo(f"{word}: {means}")


def _say(text: str) -> None:
    click.echo(textwrap.fill(text, WIDTH, initial_indent=MARGIN, subsequent_indent=MARGIN))
