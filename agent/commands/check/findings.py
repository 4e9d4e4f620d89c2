"""How the findings of a check are told: a mark, the part, what was found, and what to do."""

import shutil
import sys
import textwrap

import click

from agent.commands.check.templates import Finding

MARGIN = " " * 16  # where the findings begin


def show(part: str, finding: Finding) -> None:
    """One finding, with its remedy below it."""
    mark = "ok" if not finding.fix else "FAIL" if finding.fatal else "note"
    _say(f"{mark:5} {part:9} ", finding.what)
    if finding.fix:
        _say(f"{MARGIN}-> ", finding.fix)


def _say(label: str, text: str) -> None:
    """Folded below itself on a terminal; one line elsewhere, so that it can be searched."""
    if sys.stdout.isatty():
        text = textwrap.fill(
            text,
            max(shutil.get_terminal_size().columns, 60),
            initial_indent=label,
            subsequent_indent=" " * len(label),
            break_long_words=False,
            break_on_hyphens=False,
        )
        click.echo(text)
    else:
        click.echo(label + text)
