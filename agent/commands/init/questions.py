"""What `winback init` asks: one question a key of the config, in words of the shop's owner."""

import os
import secrets
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from agent.config.campaigns import PLANNED
from agent.config.complaints import Unfit, Wrong, nearest
from agent.config.schema import Key, keys_of
from agent.config.secrets import FILE_SUFFIX
from agent.config.settings import CAMPAIGNS, OWN_STATUS, SECTIONS

Place = tuple[str, str]
"""A section and a key of it."""

Values = Mapping[Place, object]
"""What goes into the file: place -> the value as TOML has it."""

VERIFY_TOKEN: Final = ("whatsapp", "verify_token")


@dataclass(frozen=True, slots=True)
class Question:
    """One key. `option` is the flag that answers it too, "" for secrets: what stands on a command line
    everybody on the machine can read."""

    section: str
    key: str
    words: str
    option: str = ""
    needed: bool = True
    read: "Callable[[Question, str], Values] | None" = None  # None: the key's own way
    where: str = ""  # a person finds the value; "" for what the key says of it

    @property
    def place(self) -> Place:
        return self.section, self.key

    @property
    def declared(self) -> Key[object]:
        key: Key[object] = keys_of(SECTIONS[self.section])[self.key]
        return key

    @property
    def secret(self) -> bool:
        return self.declared.secret

    @property
    def hint(self) -> str:
        return self.where or self.declared.hint

    @property
    def variable(self) -> str:
        """Of the environment."""
        named = self.section if self.section == "campaigns" else f"{self.section}_{self.key}"
        return f"WINBACK_{named}".upper()

    @property
    def ways(self) -> str:
        """How it is answered without being asked."""
        return f"{self.option} or {self.variable}" if self.option else self.variable

    def values(self, answer: str) -> Values:
        """What an answer puts into the file; nothing for an empty one that need not be given. Raises
        Unfit."""
        answer = answer.strip()
        if not answer and not self.needed:
            return {}
        if self.read is not None:
            return self.read(self, answer)
        return {self.place: self.declared.read(answer)}


def _address(question: Question, answer: str) -> Values:
    """As people write it: without https:// too."""
    return {question.place: question.declared.read(with_scheme(answer))}


def with_scheme(answer: str) -> str:
    """https:// before an address that names none."""
    return answer if "://" in answer or not answer else f"https://{answer}"


def _consent_key(question: Question, answer: str) -> Values:
    """In front of winback's own, which may come to be used later."""
    own = question.declared.default
    assert isinstance(own, list)  # noqa: S101 - for the type checker
    named = list(dict.fromkeys([*answer.replace(",", " ").split(), *own]))
    question.declared.read(named)
    return {question.place: named} if named != own else {}


def _several(question: Question, answer: str) -> Values:
    named = answer.replace(",", " ").split()
    question.declared.read(named)
    return {question.place: named}


def _campaigns(question: Question, answer: str) -> Values:  # noqa: ARG001 - the form of all readers
    values: dict[Place, object] = {}
    for name in answer.replace(",", " ").split():
        if name == "none":
            continue
        if name not in CAMPAIGNS:
            near = nearest(name, CAMPAIGNS)
            remedy = f"did you mean {near}?" if near else f"there are {', '.join(CAMPAIGNS)}"
            raise Unfit(Wrong(f"names no campaign: {name}", remedy))
        values[f"campaigns.{name}", "enabled"] = True
    return values


SHOP: Final = (
    Question("shop", "url", "Address of the shop's front page", "--shop-url", read=_address),
    Question(
        "shop", "key", "Consumer key of the shop's REST API, with the right to read and write"
    ),
    Question("shop", "secret", "Consumer secret that belongs to it"),
)
WHATSAPP: Final = (
    Question(
        "whatsapp",
        "phone_number_id",
        "Meta's id of the number that will write (not the number itself)",
        "--phone-number-id",
    ),
    Question(
        "whatsapp",
        "business_account_id",
        "Meta's id of the WhatsApp Business account",
        "--business-account-id",
    ),
    Question("whatsapp", "token", "Access token of a system user"),
    Question("whatsapp", "app_secret", "App secret, by which Meta signs what it tells winback"),
)
CHOICES: Final = (
    Question(
        "shop",
        "default_country",
        "Country of phone numbers whose order names none, such as BR",
        "--country",
        needed=False,
        where="Enter for the shop's own country",
    ),
    Question(
        "consent",
        "order_meta",
        "Meta key in which your checkout stores the consent to marketing",
        "--consent-key",
        needed=False,
        read=_consent_key,
        where="Enter if it is that of winback's own checkbox (winback bridge), or if there is none yet",
    ),
    Question(
        "campaigns",
        "priority",
        f"Campaigns to switch on: {', '.join(PLANNED)}",
        "--campaigns",
        needed=False,
        read=_campaigns,
        where="Enter for none yet: winback then mirrors the shop and writes to nobody",
    ),
    Question(
        "alarms",
        "email_to",
        "E-mail address that is told when something needs a person",
        "--alarms-to",
        needed=False,
        read=_several,
        where="Enter for none: alarms then stand in the log and in winback status",
    ),
)
ALL: Final = (*SHOP, *WHATSAPP, *CHOICES)


def answered_already(options: Mapping[str, str | None]) -> dict[Place, str]:
    """The answers that came by flags, else by the environment."""
    found: dict[Place, str] = {}
    for question in ALL:
        answer = options.get(question.option) if question.option else None
        answer = os.environ.get(question.variable) if answer is None else answer
        if answer is not None:
            found[question.place] = answer
    return found


def made_up(environ: Mapping[str, str]) -> Values:
    """What nobody has to think of: the word that Meta shows when the webhook is set up."""
    given = environ.get("WINBACK_WHATSAPP_VERIFY_TOKEN", "").strip()
    return {VERIFY_TOKEN: given or secrets.token_hex(16)}


def more_values(settings: Sequence[str]) -> Values:
    """Of `--set section.key=value`. Raises Unfit, with the whole of what was typed in its words only
    where it is no secret."""
    values: dict[Place, object] = {}
    for one in settings:
        place, _, raw = one.partition("=")
        section, _, name = place.strip().rpartition(".")
        keys = keys_of(SECTIONS[section]) if section in SECTIONS and section != OWN_STATUS else {}
        key, of_file = keys.get(name), keys.get(name.removesuffix(FILE_SUFFIX))
        if key is None and (of_file is None or not of_file.secret):
            remedy = "write --set section.key=value, as in --set web.listen=127.0.0.1:8087"
            raise Unfit(Wrong(f"{place.strip()} is no key of the config", remedy))
        try:
            values[section, name] = raw if key is None else _as_toml(key, raw)
        except Unfit as unfit:
            raise Unfit(
                *(w._replace(what=f"{place.strip()} {w.what}") for w in unfit.wrongs)
            ) from None
    return values


def _as_toml(key: Key[object], raw: str) -> object:
    """The text itself if the key takes one, else what it is in TOML."""
    try:
        key.read(raw)
    except Unfit:
        try:
            value: object = tomllib.loads(f"value = {raw}")["value"]
        except tomllib.TOMLDecodeError:
            value = raw
        key.read(value)
        return value
    return raw
