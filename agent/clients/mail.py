"""The mail server that takes our alarms: one letter at a time, over smtplib."""

import smtplib
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from typing import Final

from agent.errors import Refused, Retryable, Unauthorized, WinbackError

TIMEOUT: Final = 10.0  # seconds of silence
NONE, STARTTLS, TLS = "none", "starttls", "tls"


@dataclass(frozen=True, slots=True, kw_only=True)
class MailServer:
    """Where it is, and how we come in. TLS certificates are verified."""

    host: str
    port: int
    security: str = NONE
    user: str = ""
    password: str = ""

    def send(self, letter: EmailMessage) -> None:
        """Raises Retryable, Refused or Unauthorized, each with what the server said."""
        with self._explained(), self._connected() as server:
            if refused := server.send_message(letter):
                words = "; ".join(_said(*answer) for answer in refused.values())
                raise Refused(
                    f"the mail server {self._name} does not take mail to everybody: {words}",
                    fix="see email_to of [alarms]",
                )

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
        if self.security == TLS:
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                self.host, self.port, timeout=TIMEOUT, context=trusted
            )
        else:
            server = smtplib.SMTP(self.host, self.port, timeout=TIMEOUT)
        with server:
            if self.security == STARTTLS:
                server.starttls(context=trusted)
            if self.user:
                server.login(self.user, self.password)
            yield server

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
            raise Refused(
                f"the mail server {self._name}: {error}",
                fix="set smtp_security of [alarms] to what it offers (none, starttls, tls)",
            ) from error
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
