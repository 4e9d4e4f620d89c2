"""The config in the making: what was answered so far, and what it would be as a file."""

from collections.abc import Sequence
from pathlib import Path

import click

from agent.commands.init.file import rights_of, write_config, write_secrets
from agent.commands.init.questions import VERIFY_TOKEN, Place, Question, Values, more_values
from agent.commands.init.what_next import next_steps
from agent.config import Settings, load_draft, render
from agent.config.complaints import Unfit
from agent.config.schema import keys_of
from agent.config.secrets import FILE_SUFFIX
from agent.config.settings import SECTIONS
from agent.errors import BadInput, ConfigError


class Draft:
    """Answers of questions, values of keys, and the file that they come to."""

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
