"""The mail server that takes our alarms: one letter at a time, over smtplib."""

import smtplib
import socket
import ssl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from threading import Timer
from types import TracebackType
from typing import Final, Self

from agent.errors import Refused, Retryable, Unauthorized, WinbackError

TIMEOUT: Final = 10.0  # seconds of silence
LONGEST: Final = 60.0  # seconds until it must have taken a letter, however busily it talks
NONE, STARTTLS, TLS = "none", "starttls", "tls"


@dataclass(frozen=True, slots=True, kw_only=True)
class MailServer:
    """Where it is, and how we come in. TLS certificates are verified."""

    host: str
    port: int
    security: str = NONE
    user: str = ""
    password: str = ""

    def send(self, letter: EmailMessage) -> Mapping[str, str]:
        """Returns whom it refused, with its words: it has taken the letter for the others.

        Raises Retryable, Refused or Unauthorized, each with what the server said, where it took it for
        nobody.
        """
        with self._explained(), self._connected() as server:
            refused = server.send_message(letter)
            return {whom: _said(*answer) for whom, answer in refused.items()}

    def greet(self) -> None:
        """Connect, log in, and go. Raises as `send` does."""
        with self._explained(), self._connected() as server:
            server.noop()

    @property
    def _name(self) -> str:
        return f"{self.host}:{self.port}"

    @contextmanager
    def _connected(self) -> Iterator[smtplib.SMTP]:
        trusted = ssl.create_default_context()
        at_once = trusted if self.security == TLS else None
        with _Patience() as patience:
            try:
                server = _Line(self.host, self.port, at_once, patience)
                try:
                    if self.security == STARTTLS:
                        server.starttls(context=trusted)
                    if self.user:
                        server.login(self.user, self.password)
                    yield server
                    # the letter is taken: how it says goodbye changes nothing
                    with suppress(smtplib.SMTPException, OSError):
                        server.quit()
                finally:
                    server.close()
            except (OSError, smtplib.SMTPException) as error:
                if not patience.is_over:
                    raise
                raise Retryable(
                    f"the mail server {self._name} takes longer than {LONGEST:g} seconds",
                    fix="see smtp of [alarms], and what the mail server's own log says",
                ) from error

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except WinbackError:
            raise
        except smtplib.SMTPAuthenticationError as error:
            raise Unauthorized(
                f"the mail server {self._name} refuses the login: {_said(*error.args)}",
                fix="correct smtp_user and smtp_password of [alarms]",
            ) from error
        except smtplib.SMTPNotSupportedError as error:
            beyond = "internationalized" in str(error)
            raise Refused(
                f"the mail server {self._name}: {error}",
                fix="email_to and email_from of [alarms] have letters beyond ASCII, which it does not take"
                if beyond
                else "set smtp_security of [alarms] to what it offers (none, starttls, tls)",
            ) from error
        except UnicodeError:
            raise Refused(
                f"the mail server {self._name} cannot be told a name, password or address with letters "
                "beyond ASCII",
                fix="see smtp, smtp_user, smtp_password, email_from and email_to of [alarms]",
            ) from None  # it would quote the password
        except smtplib.SMTPRecipientsRefused as error:
            words = "; ".join(_said(*answer) for answer in error.recipients.values())
            raise _by_code(
                f"the mail server {self._name} does not take this mail: {words}",
                min(code for code, _ in error.recipients.values()),
                "see email_to of [alarms]; a server may only take mail after a login",
            ) from error
        except smtplib.SMTPResponseException as error:
            raise _by_code(
                f"the mail server {self._name} says {_said(error.smtp_code, error.smtp_error)}",
                error.smtp_code,
                "see email_from of [alarms], and what the mail server's own log says",
            ) from error
        except ssl.SSLError as error:
            raise Refused(
                f"the mail server {self._name}: TLS failed: {error.reason or error}",
                fix="smtp must name the server as its certificate does; smtp_security is tls for port "
                "465, starttls for 587",
            ) from error
        except (OSError, smtplib.SMTPException) as error:
            raise Retryable(
                f"the mail server {self._name} gives no answer: {error}",
                fix="see smtp of [alarms], and that the server runs and lets this machine in",
            ) from error


class _Patience:
    """Hangs up after LONGEST seconds: a timeout alone is over whenever another byte comes."""

    def __init__(self) -> None:
        self.is_over = False
        self._line: socket.socket | None = None
        self._timer = Timer(LONGEST, self._hang_up)
        self._timer.daemon = True

    def watch(self, line: socket.socket) -> None:
        self._line = line.dup()  # TLS takes the first handle away

    def _hang_up(self) -> None:
        self.is_over = True
        if self._line is not None:
            with suppress(OSError):  # it was over at this moment
                self._line.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._timer.cancel()
        self._timer.join()
        if self._line is not None:
            self._line.close()


class _Line(smtplib.SMTP):
    """A connection that is watched from its first byte on; under TLS from there, if `tls` says how."""

    def __init__(
        self, host: str, port: int, tls: ssl.SSLContext | None, patience: _Patience
    ) -> None:
        self._tls, self._patience = tls, patience
        super().__init__(host, port, timeout=TIMEOUT)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        """As smtplib's own SMTP_SSL does it."""
        line = socket.create_connection((host, port), timeout)
        self._patience.watch(line)
        return line if self._tls is None else self._tls.wrap_socket(line, server_hostname=host)


def compose(
    *, sender: str, to: Sequence[str], subject: str, text: str, at: datetime
) -> EmailMessage:
    """A letter in plain text that no holiday notice answers. `at` is aware."""
    letter = EmailMessage()
    letter["Subject"] = " ".join(subject.split())  # a line break would end the header
    letter["From"] = sender
    letter["To"] = ", ".join(to)
    letter["Date"] = format_datetime(at)
    letter["Message-ID"] = make_msgid(domain=sender.rpartition("@")[2])
    letter["Auto-Submitted"] = "auto-generated"  # RFC 3834
    letter.set_content(text)
    return letter


def _by_code(what: str, code: int, fix: str) -> WinbackError:
    """A code from 500 on stays no; the others say "later" (RFC 5321, 4.2.1)."""
    return Refused(what, fix=fix) if code >= 500 else Retryable(what, fix=fix)


def _said(code: int, words: bytes | str) -> str:
    text = words.decode(errors="replace") if isinstance(words, bytes) else words
    return f"{code} {' '.join(text.split())}"
