"""One TOML file -> Settings, or every complaint about it at once."""

from collections.abc import Callable, Mapping
from operator import itemgetter
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar, cast

from agent.config.agreement import disagreements
from agent.config.alarms import Alarms
from agent.config.budget import Budget
from agent.config.campaigns import Campaign
from agent.config.changed import changed
from agent.config.complaints import Steps, Unfit, Wrong, found
from agent.config.dashboard import Dashboard
from agent.config.document import Document, parse_document, read_document
from agent.config.interest import Interest
from agent.config.languages import Languages
from agent.config.mirror import Mirror
from agent.config.order_news import NEWS, News, OrderNews, StatusUpdate
from agent.config.outcome import Attribution, Conversations, Holdout, Links
from agent.config.parties import Shop, WhatsApp
from agent.config.people import STATUS, Audience, Consent, Limits
from agent.config.retention import Retention
from agent.config.schema import Key, keys_of
from agent.config.secrets import FILE_SUFFIX, find_secret, readable_by_all
from agent.config.settings import (
    CAMPAIGNS,
    SECTIONS,
    Campaigns,
    Database,
    Log,
    Settings,
    Timetable,
    Web,
)
from agent.config.strangers import strangers
from agent.errors import ConfigError
from agent.rules.order_kinds import STATUSES, kind_of

S = TypeVar("S")

_FIX = "correct this, then run `winback check`; config.example.toml documents every key"


def load(path: Path, *, environ: Mapping[str, str]) -> Settings:
    """The settings in `path`. `environ` is the environment of the process, for secrets.

    Raises ConfigError with every complaint, one a line: `FILE:LINE: [section] key: what; remedy`.
    """
    return _Reading(read_document(path), environ).settings()


def load_changed(
    path: Path, changes: Mapping[Steps, object], *, environ: Mapping[str, str]
) -> Settings:
    """The settings in `path` as they would be with `changes`, checked as `load` does; raises ConfigError,
    and BadInput."""
    return _Reading(changed(read_document(path), changes), environ).settings()


def load_what_is_sound(path: Path, *, environ: Mapping[str, str]) -> tuple[Settings, int]:
    """The settings in `path`, with the default in the place of what is wrong, and how many mistakes
    there are: for what must work at any time and needs little more than the database.

    Raises ConfigError as `load` does where the file is no TOML, or may not tell which database it is.
    """
    reading = _Reading(read_document(path), environ)
    settings = reading.read()
    if reading.may_mean_another_database():
        raise reading.refusal()
    return settings, len(reading.complaints)


def load_draft(
    text: str, path: Path, *, environ: Mapping[str, str]
) -> tuple[Settings, tuple[str, ...]]:
    """The settings that `text` would be as the file `path`, with the default in the place of what is
    wrong or not there yet; and every complaint: `[section] key: what; remedy`.

    Raises ConfigError where it is no TOML.
    """
    reading = _Reading(parse_document(text.encode(), path, 0o600), environ)
    settings = reading.read()
    return settings, tuple(told for _, told in reading.complaints)


class _Reading:
    """One pass over a file, gathering what is wrong with it."""

    def __init__(self, document: Document, environ: Mapping[str, str]) -> None:
        self.document = document
        self.environ = environ
        self.folder = document.path.absolute().parent
        self.complaints: list[tuple[int, str]] = []  # line, sentence
        self.bad: list[Steps] = []  # what has a complaint, or is around one
        self.warnings: dict[str, None] = {}  # a set that keeps its order

    def settings(self) -> Settings:
        settings = self.read()
        if self.complaints:
            raise self.refusal()
        return settings

    def refusal(self) -> ConfigError:
        self.complaints.sort(key=itemgetter(0))
        path = self.document.path
        said = (f"{path}:{line}: {told}" if line else told for line, told in self.complaints)
        return ConfigError("\n".join(said), fix=_FIX)

    def may_mean_another_database(self) -> bool:
        """There is a complaint about [database]; or it names no path, and what nobody knows may have been
        meant for one: [databse], or a path in another place."""
        if self._is_bad(("database",)):
            return True
        database = self.document.tree.get("database")
        if isinstance(database, dict) and "path" in database:
            return False
        return any(
            not section or section[0] not in SECTIONS or "path" in wrong.inside
            for section, wrong in strangers(self.document.tree)
        )

    def read(self) -> Settings:
        """What the file has, with something in the place of all that has a complaint."""
        for section, wrong in strangers(self.document.tree):
            self._complain(section, wrong)
        settings = Settings(
            path=self.folder / self.document.path.name,
            shop=self._section(Shop, "shop"),
            whatsapp=self._section(WhatsApp, "whatsapp"),
            web=self._section(Web, "web"),
            database=self._section(Database, "database"),
            log=self._section(Log, "log"),
            timetable=self._section(Timetable, "timetable"),
            mirror=self._section(Mirror, "mirror"),
            consent=self._section(Consent, "consent"),
            limits=self._section(Limits, "limits"),
            audience=self._section(Audience, "audience"),
            languages=self._section(Languages, "languages"),
            interest=self._section(Interest, "interest"),
            budget=self._section(Budget, "budget"),
            links=self._section(Links, "links"),
            conversations=self._section(Conversations, "conversations"),
            attribution=self._section(Attribution, "attribution"),
            holdout=self._section(Holdout, "holdout"),
            alarms=self._section(Alarms, "alarms"),
            dashboard=self._section(Dashboard, "dashboard"),
            retention=self._section(Retention, "retention"),
            priority=self._section(Campaigns, "campaigns").priority,
            campaigns=self._campaigns(),
            order_news=self._section(OrderNews, "order_news"),
            news=self._news(),
            warnings=tuple(self.warnings),  # the last, when all have been read
        )
        for place, others, wrong in disagreements(settings):
            if not any(self._is_bad(steps) for steps in (place, *others)):
                depth = 2 if place[0] in {"campaigns", "order_news"} else 1
                self._complain(place[:depth], wrong._replace(inside=place[depth:]))
        return settings

    def _campaigns(self) -> Mapping[str, Campaign]:
        return MappingProxyType(
            {name: self._section(cls, "campaigns", name) for name, cls in CAMPAIGNS.items()}
        )

    def _news(self) -> Mapping[str, News]:
        named = {name: self._section(cls, "order_news", name) for name, cls in NEWS.items()}
        own: dict[str, News] = {}
        for status in self._table(("order_news", STATUSES)) or ():
            try:
                STATUS.read(status)
            except Unfit as unfit:
                for wrong in unfit.wrongs:
                    self._complain(("order_news", STATUSES), wrong._replace(inside=(status,)))
            else:
                own[kind_of(status)] = self._section(StatusUpdate, "order_news", STATUSES, status)
        return MappingProxyType(named | own)

    def _section(self, cls: type[S], *section: str) -> S:
        """The section; with something in the place of each key that is wrong, so that it exists."""
        values: dict[str, object] = {}
        table = self._table(section)
        for name, key in keys_of(cls).items():
            values[name] = key.stand_in()
            if table is not None:
                try:
                    value = self._value(section, name, key, table)
                except Unfit as unfit:
                    written = name if name in table else name + FILE_SUFFIX
                    for wrong in unfit.wrongs:
                        inside = (written if written in table else name, *wrong.inside)
                        self._complain(section, wrong._replace(inside=inside))
                else:
                    values[name] = self.folder / value if isinstance(value, Path) else value
        return cast("Callable[..., S]", cls)(**values)

    def _table(self, section: tuple[str, ...]) -> Mapping[str, object] | None:
        """What the file has for `section`; None, with a complaint, if that is no table."""
        table: Mapping[str, object] = self.document.tree
        for depth, name in enumerate(section, start=1):
            below = table.get(name, {})
            if not isinstance(below, dict):
                if depth == len(section):  # else it was said of the section around
                    remedy = f"write [{'.'.join(section)}] above its keys"
                    self._complain(section, Wrong(f"is {found(below)}, not a section", remedy))
                return None
            table = below
        return table

    def _value(
        self, section: tuple[str, ...], name: str, key: Key[object], table: Mapping[str, object]
    ) -> object:
        """The typed value of one key. Raises Unfit."""
        if not key.secret:
            return key.read(table.get(name))
        source = find_secret(
            "_".join(section), name, table, environ=self.environ, folder=self.folder
        )
        try:
            value = key.read(source.value)
        except Unfit as unfit:
            where = f" {source.origin}" if source.origin else ""
            raise Unfit(*(w._replace(what=w.what + where) for w in unfit.wrongs)) from None
        warning = source.warning
        if value and not source.origin:
            warning = readable_by_all(self.document.path, self.document.mode)
        if warning:
            self.warnings[warning] = None
        return value

    def _complain(self, section: Steps, wrong: Wrong) -> None:
        self.bad.append((*section, *wrong.inside))
        steps = [f"entry {step + 1}" if isinstance(step, int) else step for step in wrong.inside]
        header = f"[{'.'.join(map(str, section))}]" if section else ""
        label = " ".join(filter(None, (header, ": ".join(steps))))
        line = self.document.lines.of((*section, *wrong.inside))
        self.complaints.append((line, f"{label}: {wrong.what}; {wrong.remedy}"))

    def _is_bad(self, steps: Steps) -> bool:
        return any(bad[: len(steps)] == steps[: len(bad)] for bad in self.bad)
