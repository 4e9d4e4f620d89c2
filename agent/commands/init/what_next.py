"""What `winback init` says at its end: the commands that come next, to be copied."""

import shlex
from collections.abc import Iterator
from pathlib import Path

from agent.commands.options import DEFAULT_CONFIG
from agent.commands.program import as_typed
from agent.config import Settings

AS_THE_DAEMON = "CREDENTIALS_DIRECTORY=/run/credentials/winback.service "


def next_steps(settings: Settings, secrets_dir: Path | None) -> Iterator[str]:
    """The way from a config to a daemon at work. With the secrets in files of root's, only the daemon and
    who may look into its credentials can use them, so it starts first, and reads the shop itself."""
    installed = str(settings.path) == DEFAULT_CONFIG
    campaign = next(
        (name for name, one in settings.campaigns.items() if one.enabled), "we_miss_you"
    )
    is_on = any(occasion.enabled for occasion in settings.occasions.values())
    push = "templates push" if is_on else f"templates push {campaign}"
    texts = "the texts" if is_on else "the texts of what you mean to switch on"
    plans = any(one.enabled for one in settings.campaigns.values())
    look = "preview" if plans else f"preview --campaign {campaign}"
    steps = [
        (look, "who would be written to today, with what"),
        (f"send-test PHONE {campaign}", "one real message, to yourself"),
    ]
    starts_first = installed and secrets_dir is not None
    if not starts_first:
        steps.insert(0, ("once templates", "looks how far that review is"))
        steps.insert(0, ("sync", "reads the shop, sends nothing"))
    steps.insert(0, (push, f"submits {texts} to WhatsApp's review, which takes up to a day"))
    lines = [_line(_typed(command, settings, secrets_dir), means) for command, means in steps]
    start = "systemctl enable --now winback" if installed else _typed("run", settings, secrets_dir)
    lines.insert(0 if starts_first else len(lines), _line(start, "the daemon"))
    yield "\nNext:"
    yield from lines


def _typed(command: str, settings: Settings, secrets_dir: Path | None) -> str:
    if str(settings.path) == DEFAULT_CONFIG:
        return f"sudo -u winback {AS_THE_DAEMON if secrets_dir else ''}winback {command}"
    where = f"CREDENTIALS_DIRECTORY={shlex.quote(str(secrets_dir))} " if secrets_dir else ""
    return f"{where}{as_typed()} {command} --config {shlex.quote(str(settings.path))}"


def _line(command: str, means: str) -> str:
    return f"  # {means}\n  {command}"
