"""winback init: asks what is needed, tries it out, and writes the config."""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import click

from agent import log
from agent.commands.check_parties import Impatient, account_findings, guarded, shop_findings
from agent.commands.check_templates import Finding, template_findings
from agent.commands.findings import show
from agent.commands.init_asking import ask, choose
from agent.commands.init_file import require_free, rights_of, write_config, write_secrets
from agent.commands.init_next import next_steps
from agent.commands.init_questions import (
    CHOICES,
    SHOP,
    VERIFY_TOKEN,
    WHATSAPP,
    Place,
    Question,
    Values,
    answered_already,
    made_up,
    more_values,
)
from agent.commands.options import config_option
from agent.config import Settings, load_draft, render
from agent.config.complaints import Unfit
from agent.config.schema import keys_of
from agent.config.secrets import FILE_SUFFIX
from agent.config.settings import SECTIONS, Database
from agent.daemon import make_tools
from agent.errors import BadInput, ConfigError, WinbackError
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
    draft = _Draft(path, secrets_dir, answered_already(flags), force=force)
    draft.take(made_up(os.environ))
    draft.take(_database(path))
    draft.take_more(more)
    if non_interactive:
        _without_asking(draft, anyway=anyway)
    else:
        _asking(draft, anyway=anyway)
    draft.write()


class _Draft:
    """The config in the making."""

    def __init__(
        self, path: Path, secrets_dir: Path | None, answers: dict[Place, str], *, force: bool
    ) -> None:
        """Raises BadInput where a secret's file is there already."""
        self.path, self.force = path, force
        self.secrets_dir = secrets_dir.expanduser().absolute() if secrets_dir else None
        self.answers = answers
        self.values: dict[Place, object] = {}
        self._of_question: dict[Place, Values] = {}
        if self.secrets_dir is not None and self.secrets_dir.is_dir() and not force:
            there = [one.name for one in self.secrets_dir.iterdir()]
            names = {
                f"{section}_{key}" for section in SECTIONS for key in keys_of(SECTIONS[section])
            }
            if taken := sorted(names & {*there}):
                raise BadInput(
                    f"{self.secrets_dir} has secrets already: {', '.join(taken)}",
                    fix="--force replaces them; or name another folder",
                )

    def take(self, values: Values) -> None:
        self.values |= values

    def has(self, question: Question) -> bool:
        """By `--set`: the key itself, or the file of a secret."""
        places = {question.place, (question.section, question.key + FILE_SUFFIX)}
        return not places.isdisjoint(self.values)

    def take_more(self, more: Sequence[str]) -> None:
        """What `--set` says. Raises click.UsageError for what cannot be, all at once."""
        _, usual = self._read()
        try:
            self.take(more_values(more))
        except Unfit as unfit:
            told = "\n  ".join(f"{wrong.what}; {wrong.remedy}" for wrong in unfit.wrongs)
            raise click.UsageError(f"--set: {told}") from None
        _, complaints = self._read()
        if new := [one for one in complaints if one not in usual]:
            raise click.UsageError("--set: " + "\n  ".join(new))

    def answer(self, question: Question, answer: str, values: Values) -> None:
        """In the place of what was answered before."""
        for place in self._of_question.get(question.place, {}):
            self.values.pop(place, None)
        self.answers[question.place] = answer
        self._of_question[question.place] = values
        self.take(values)

    def settings(self) -> Settings:
        """What it says so far, with something in the place of what is not known yet."""
        return self._read()[0]

    def text(self) -> str:
        values, inside = self.values, self.secrets_dir is None
        if not inside:
            values = {p: v for p, v in values.items() if not _is_secret(p)}
        return render(values, secrets_inside=inside)

    def write(self) -> None:
        """Raises ConfigError where it cannot be read as it would stand there."""
        settings, complaints = self._read()
        if complaints:
            raise ConfigError("\n".join(complaints), fix="nothing was written; begin again")
        if self.secrets_dir is not None:
            write_secrets(self.secrets_dir, self._secrets(), force=self.force)
        kept = write_config(self.path, self.text(), force=self.force)
        click.echo(f"\nWritten: {self.path} ({rights_of(self.path)}).")
        if kept is not None:
            click.echo(f"The one before is kept as {kept}.")
        if self.secrets_dir is not None:
            click.echo(f"The secrets are in {self.secrets_dir}, one a file.")
        place = self.path if self.secrets_dir is None else self.secrets_dir / "_".join(VERIFY_TOKEN)
        click.echo(
            f"The verify token that Meta asks for with the webhook was made up; it stands in {place}."
        )
        for line in next_steps(settings, self.secrets_dir):
            click.echo(line)

    def _secrets(self) -> dict[str, str]:
        return {"_".join(p): str(value) for p, value in self.values.items() if _is_secret(p)}

    def _read(self) -> tuple[Settings, tuple[str, ...]]:
        environ = {}
        if self.secrets_dir is not None:
            environ = {f"WINBACK_{name}".upper(): value for name, value in self._secrets().items()}
        return load_draft(self.text(), self.path, environ=environ)


def _is_secret(place: Place) -> bool:
    section, name = place
    key = keys_of(SECTIONS[section]).get(name)
    return key is not None and key.secret


def _database(config: Path) -> Values:
    """Beside the config, where the usual folder is not there: winback was not installed for all."""
    if Database().path.parent.is_dir() or config.parent == Path("/etc/winback"):
        return {}
    return {("database", "path"): "winback.db"}


def _without_asking(draft: _Draft, *, anyway: bool) -> None:
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


def _asking(draft: _Draft, *, anyway: bool) -> None:
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


def _ask_missing(draft: _Draft, questions: Sequence[Question]) -> None:
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


def _try_out(part: str, look: Look, draft: _Draft) -> bool:
    """Ask that party with the answers so far, and show what it says; whether nothing is wrong."""
    click.echo("")
    settings, good = draft.settings(), True
    if not settings.whatsapp.token:  # not asked for yet, and no client is made without one
        settings = replace(settings, whatsapp=replace(settings.whatsapp, token="later"))  # noqa: S106
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
    return good


def _tell_of_templates(draft: _Draft) -> None:
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
