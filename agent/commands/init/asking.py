"""Asking at a terminal, or reading the answers of a pipe, one a line. No answer is ever repeated."""

import sys

import click

from agent.commands.init.questions import Question, Values
from agent.config.complaints import Unfit
from agent.errors import BadInput


def ask(question: Question, before: str | None = None) -> tuple[str, Values]:
    """The answer, and what it puts into the file; asked again until it can be one.

    `before`: what was answered before; an empty line keeps it.
    """
    click.echo(f"\n{question.words}")
    if question.hint:
        click.echo(f"  {question.hint}")
    if before is not None:
        click.echo("  Enter keeps what you gave before")
    while True:
        answer = _line(question.words, hidden=question.secret)
        if not answer and before is not None:
            answer = before
        try:
            return answer, question.values(answer)
        except Unfit as unfit:
            for wrong in unfit.wrongs:
                click.echo(f"  This {wrong.what}; {wrong.remedy}.")


def choose(words: str, choices: dict[str, str], default: str) -> str:
    """One letter of several."""
    click.echo(f"\n{words}")
    for letter, means in choices.items():
        click.echo(f"  {letter}  {means}{' (Enter)' if letter == default else ''}")
    while True:
        answer = _line(words, hidden=False).lower()[:1] or default
        if answer in choices:
            return answer
        *letters, last = choices
        click.echo(f"  Type {', '.join(letters)} or {last}; Enter alone is {default}.")


def _line(words: str, *, hidden: bool) -> str:
    """Raises BadInput where the input ends, click.Abort at Ctrl-C."""
    if sys.stdin.isatty():
        prompt = "(not shown) " if hidden else ""
        answer: str = click.prompt(
            prompt, hide_input=hidden, default="", show_default=False, prompt_suffix="> "
        )
        return answer.strip()
    line = sys.stdin.readline()
    if not line:
        raise BadInput(
            f"the input ended before there was an answer: {words}",
            fix="give every answer a line of its own, or take flags and --non-interactive",
        )
    return line.strip()
