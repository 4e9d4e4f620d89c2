"""The status log: one line an event, as logfmt or JSON, on stderr for journald.

    log = Log(__name__)
    log.info("walk.step_back", kind="orders", walked=300)
    -> level=info event=walk.step_back kind=orders walked=300

journald stamps the lines itself; elsewhere `ts=` comes first.
"""

import json
import logging
import os
import re
import sys
from datetime import UTC, datetime

_PHONE = re.compile(
    r"(?<![\w.:])\+[1-9]\d{6,14}(?!\d)"
)  # as we write all of them; no offset of a zone
_EMAIL = re.compile(r"[^\s@\"'<>()=:;,\\]+(?:@|%40)[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")
_WAMID = re.compile(r"wamid\.[A-Za-z0-9+/=_-]+")  # WhatsApp's ids: the number in base64
_NO_KEY = re.compile(r'[\s="]+')  # what would end a key


class Log:
    """Events with fields, over the standard logging."""

    def __init__(self, name: str) -> None:
        self._logger = logging.getLogger(name)

    def debug(self, event: str, **fields: object) -> None:
        self._logger.debug(event, extra={"fields": fields})

    def info(self, event: str, **fields: object) -> None:
        """Nobody has to do anything: `fix`, where the event may be a warning as well, is left out."""
        fields.pop("fix", None)
        self._logger.info(event, extra={"fields": fields})

    def warning(self, event: str, **fields: object) -> None:
        self._logger.warning(event, extra={"fields": fields})

    def error(self, event: str, *, error: BaseException | None = None, **fields: object) -> None:
        """With `error`, its traceback follows: for faults of ours, never for expected failures."""
        self._logger.error(event, extra={"fields": fields}, exc_info=error)


class Logfmt(logging.Formatter):
    """key=value, a value quoted where it holds a space, a quote, an equals sign or what is no letter."""

    def __init__(self, *, stamped: bool) -> None:
        super().__init__()
        self._stamped = stamped

    def format(self, record: logging.LogRecord) -> str:
        pairs = (f"{_NO_KEY.sub('_', key)}={_quoted(v)}" for key, v in self._pairs(record).items())
        return _without_people(" ".join(pairs) + self._trace(record))

    def _pairs(self, record: logging.LogRecord) -> dict[str, object]:
        fields = getattr(record, "fields", None)
        pairs: dict[str, object] = {}
        if self._stamped:
            pairs["ts"] = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="seconds")
        pairs["level"] = record.levelname.lower()
        if fields is None:  # a library's own words
            return pairs | {"logger": record.name, "message": record.getMessage()}
        return pairs | {"event": record.getMessage()} | dict(fields)

    def _trace(self, record: logging.LogRecord) -> str:
        return "\n" + self.formatException(record.exc_info) if record.exc_info else ""


class JsonLines(Logfmt):
    """The same as one JSON object a line, a traceback in `trace`."""

    def format(self, record: logging.LogRecord) -> str:
        pairs = self._pairs(record)
        if record.exc_info:
            pairs["trace"] = self.formatException(record.exc_info)
        return _without_people(json.dumps(pairs, ensure_ascii=False, default=str))


def set_up(*, style: str, level: str) -> None:
    """Send all logging to stderr. `style` is logfmt or json; called again, it replaces itself."""
    stamped = "JOURNAL_STREAM" not in os.environ
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter((JsonLines if style == "json" else Logfmt)(stamped=stamped))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    # urllib3 tells of every connection, waitress of every slow client, schedule of every look
    for chatty in ("urllib3", "waitress", "schedule", "peewee", "peewee.migrations"):
        logging.getLogger(chatty).setLevel(logging.ERROR)


def _without_people(line: str) -> str:
    """Numbers, addresses and ids that hold a number, struck out of what others' words brought along:
    what WhatsApp or a shop's plugin says, and the lines of a fault."""
    line = _WAMID.sub("wamid...", _EMAIL.sub("...@...", line))
    return _PHONE.sub(lambda found: f"{found[0][:3]}...{found[0][-2:]}", line)


def _quoted(value: object) -> str:
    text = value.isoformat(timespec="seconds") if isinstance(value, datetime) else str(value)
    printable = text.isprintable()  # else a stranger's words could move the cursor or begin a line
    if text and printable and not any(letter in text for letter in ' "=\\'):
        return text
    return json.dumps(text, ensure_ascii=not printable)
