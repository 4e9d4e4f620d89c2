"""winback init: asks what is needed, tries it out, and writes the config."""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import click

from agent import log
from agent.commands.check.findings import show
from agent.commands.check.parties import Impatient, account_findings, guarded, shop_findings
from agent.commands.check.templates import Finding, template_findings
from agent.commands.init.asking import ask, choose
from agent.commands.init.draft import Draft
from agent.commands.init.file import require_free
from agent.commands.init.questions import (
    CHOICES,
    SHOP,
    WHATSAPP,
    Question,
    Values,
    answered_already,
    made_up,
    with_scheme,
)
from agent.commands.options import config_option
from agent.config.complaints import Unfit
from agent.config.settings import Database
from agent.daemon import make_tools
from agent.errors import ConfigError, WinbackError
from agent.service import WallClock
from agent.timetable import Tools

Look = Callable[[Tools], Iterator[Finding]]


@click.command
@config_option
@click.option("--shop-url", help="Address of the shop's front page.")
@click.option("--phone-number-id", help="Meta's id of the number that writes.")
@click.option("--business-account-id", help="Meta's id of the WhatsApp Business account.")
@click.option("--country", help="Country of phone numbers whose order names none; BR, ES ...")
@click.option("--consent-key", help="Meta key in which the checkout stores the consent.")
@click.option("--campaigns", help="Those to switch on, with commas between; none for none.")
@click.option("--alarms-to", help="E-mail addresses for alarms, with commas between.")
@click.option(
    "--set",
    "more",
    multiple=True,
    metavar="SECTION.KEY=VALUE",
    help="Any other key of the config. May be given several times.",
)
@click.option(
    "--secrets-dir",
    type=click.Path(path_type=Path, file_okay=False),
    help="Write the secrets into files there, for LoadCredential= of systemd.",
)
@click.option(
    "--non-interactive", is_flag=True, help="Ask nothing; tell at once all that is missing."
)
@click.option("--anyway", is_flag=True, help="Write it although the shop or WhatsApp said no.")
@click.option("--force", is_flag=True, help="Replace a config that is there; a copy of it is kept.")
def command(
    config: Path,
    more: Sequence[str],
    secrets_dir: Path | None,
    non_interactive: bool,
    anyway: bool,
    force: bool,
    **options: str | None,
) -> None:
    """Ask the few things that winback has to know, try each out at the shop and at WhatsApp, and write
    the config. Nothing is sent to anybody, and nothing is changed anywhere else.

    Whatever is given as an option or in the environment is not asked for. Secrets come from the
    environment alone: WINBACK_SHOP_KEY, WINBACK_SHOP_SECRET, WINBACK_WHATSAPP_TOKEN,
    WINBACK_WHATSAPP_APP_SECRET.

    \b
    Examples:
      winback init
      winback init --secrets-dir /etc/winback/credentials
      winback init --config try.toml --set database.path=try.db
    """
    path = config.expanduser().absolute().resolve()
    require_free(path, force=force)
    log.set_up(style="logfmt", level="error")
    flags = {f"--{name.replace('_', '-')}": value for name, value in options.items()}
    draft = Draft(path, secrets_dir, answered_already(flags), force=force)
    draft.take(made_up(os.environ))
    draft.take(_database(path))
    draft.take_more(more)
    if non_interactive:
        _without_asking(draft, anyway=anyway)
    else:
        _asking(draft, anyway=anyway)
    draft.write()


def _database(config: Path) -> Values:
    """Beside the config, where the usual folder is not there: winback was not installed for all."""
    if Database().path.parent.is_dir() or config.parent == Path("/etc/winback"):
        return {}
    return {("database", "path"): "winback.db"}


def _without_asking(draft: Draft, *, anyway: bool) -> None:
    """Raises click.UsageError with all that is missing or wrong, and WinbackError when a party says no."""
    wrong = list[str]()
    for question in (*SHOP, *WHATSAPP, *CHOICES):
        given = draft.answers.get(question.place)
        if given is None and draft.has(question):
            continue
        if given is None and question.needed:
            wrong.append(f"{question.words}: missing, {question.ways} ({question.hint})")
            continue
        try:
            draft.answer(question, given or "", question.values(given or ""))
        except Unfit as unfit:
            wrong += [f"{question.ways}: {one.what}; {one.remedy}" for one in unfit.wrongs]
    if wrong:
        raise click.UsageError("these answers are needed:\n  " + "\n  ".join(wrong))
    good = [
        _try_out(part, look, draft)
        for part, look in (("shop", shop_findings), ("whatsapp", _account))
    ]
    if not all(good) and not anyway:
        raise WinbackError("nothing was written", fix="correct what FAIL says, or add --anyway")
    _tell_of_templates(draft)


def _asking(draft: Draft, *, anyway: bool) -> None:
    click.echo(
        f"This asks some questions and writes {draft.path}. Nothing is sent to anybody. "
        "Ctrl-C ends it, and leaves nothing."
    )
    for title, part, questions, look in (
        ("The shop", "shop", SHOP, shop_findings),
        ("WhatsApp", "whatsapp", WHATSAPP, _account),
    ):
        click.echo(f"\n== {title} ==")
        _ask_missing(draft, questions)
        while not _try_out(part, look, draft) and not anyway:
            chosen = choose(
                "That did not work yet.",
                {
                    "t": "try again, with other answers",
                    "g": "go on with these; winback check tells the same again",
                    "s": "stop, and write nothing",
                },
                "t",
            )
            if chosen == "s":
                raise WinbackError("nothing was written", fix="begin again when FAIL is mended")
            if chosen == "g":
                break
            for question in questions:
                draft.answer(question, *ask(question, draft.answers.get(question.place)))
    click.echo("\n== What it should do ==")
    _ask_missing(draft, CHOICES)
    _tell_of_templates(draft)


def _ask_missing(draft: Draft, questions: Sequence[Question]) -> None:
    """Those that no flag, variable or --set has answered; a flag that cannot be is asked for again."""
    for question in questions:
        given = draft.answers.get(question.place)
        if given is None and draft.has(question):
            continue
        if given is not None:
            try:
                draft.answer(question, given, question.values(given))
            except Unfit as unfit:
                for wrong in unfit.wrongs:
                    click.echo(f"{question.ways}: {wrong.what}; {wrong.remedy}")
            else:
                continue
        draft.answer(question, *ask(question))


def _account(tools: Tools) -> Iterator[Finding]:
    yield from account_findings(tools)
    yield Finding(
        "whether the app secret is right, only Meta's first webhook tells",
        "look for webhook.unsigned in the log when the webhook is set up",
        fatal=False,
    )


def _try_out(part: str, look: Look, draft: Draft) -> bool:
    """Ask that party with the answers so far, and show what it says; whether nothing is wrong."""
    click.echo("")
    settings, good = draft.settings(), True
    if not settings.whatsapp.token:  # not asked for yet, and no client is made without one
        settings = replace(settings, whatsapp=replace(settings.whatsapp, token="later"))  # noqa: S106 - no token yet
    try:
        tools = make_tools(settings, Impatient(WallClock()))
    except ConfigError as error:  # a secret that can be none, by a file
        show(part, Finding(error.what, error.fix))
        return False
    try:
        for finding in guarded(look, tools):
            show(part, finding)
            good = good and not (finding.fix and finding.fatal)
    finally:
        tools.shop.close()
        tools.whatsapp.close()
    if part == "shop" and not good:
        _tell_of_the_scheme(draft.answers.get(SHOP[0].place, ""))
    return good


def _tell_of_the_scheme(answer: str) -> None:
    """That of an address which named none was ours, and nobody finds out from what went wrong."""
    if answer and (taken := with_scheme(answer)) != answer:
        show(
            "shop",
            Finding(
                f"{answer} was taken for {taken}",
                f"if the shop has no TLS (one on this machine, to try things out), write http://{answer}",
                fatal=False,
            ),
        )


def _tell_of_templates(draft: Draft) -> None:
    """Of the campaigns that are on: what is missing is no mistake of the config."""
    settings = draft.settings()
    if not any(occasion.enabled for occasion in settings.occasions.values()):
        return
    tools = make_tools(settings, Impatient(WallClock()))
    try:
        click.echo("")
        for finding in guarded(template_findings, tools):
            show("whatsapp", replace(finding, fatal=False))
    finally:
        tools.shop.close()
        tools.whatsapp.close()
