"""A mail server of our own, for the tests: SMTP over a real socket, with the troubles that they have."""

import base64
import email
import socketserver
import ssl
import threading
from types import TracebackType
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from email.message import Message


class MailRoom:
    """Takes letters. `answers` are what it says instead of yes: how a command begins -> its line
    ("RCPT": "550 no"; "" says nothing)."""

    def __init__(
        self,
        *,
        tls: ssl.SSLContext | None = None,
        starttls: ssl.SSLContext | None = None,
        user: str = "",
        password: str = "",
    ) -> None:
        self.letters: list[Message] = []
        self.recipients: list[list[str]] = []
        self.answers: dict[str, str] = {}
        self.logins: list[str] = []
        self.tls, self.starttls = tls, starttls
        self.wanted = f"\0{user}\0{password}" if user else ""
        room = self

        class Talk(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                try:
                    _talk(room, self)
                except (OSError, ValueError):
                    return  # it hung up, or spoke no TLS

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = allow_reuse_address = True

        self._server = Server(("127.0.0.1", 0), Talk)
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.02,), daemon=True
        )

    def instead(self, words: str) -> str | None:
        """What it says to this command instead of yes."""
        said = (said for begins, said in self.answers.items() if words.upper().startswith(begins))
        return next(said, None)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _talk(room: MailRoom, talk: socketserver.StreamRequestHandler) -> None:
    line, reader = talk.request, talk.rfile
    if room.tls is not None:
        line = room.tls.wrap_socket(line, server_side=True)
        reader = line.makefile("rb")

    def say(text: str) -> None:
        line.sendall(text.encode() + b"\r\n" if text else b"")

    say(room.answers.get("CONNECT", "220 mail room"))
    to: list[str] = []
    while raw := reader.readline():
        words = raw.decode().strip()
        verb = words[:4].upper()
        if (said := room.instead(words)) is not None:
            say(said)
        elif verb == "EHLO":
            offers = ["mail room", *(["STARTTLS"] if room.starttls else [])]
            offers += ["AUTH PLAIN"] if room.wanted else []
            say("\r\n".join(f"250-{one}" for one in offers) + "\r\n250 8BITMIME")
        elif verb == "STAR":
            say("220 go on")
            assert room.starttls is not None
            line = room.starttls.wrap_socket(line, server_side=True)
            reader = line.makefile("rb")
        elif verb == "AUTH":
            said = base64.b64decode(words.split()[-1]).decode()
            room.logins.append(said)
            say("235 come in" if said == room.wanted else "535 wrong password")
        elif verb == "RCPT":
            to.append(words.partition("<")[2].rstrip(">"))
            say("250 ok")
        elif verb == "DATA":
            say("354 go on")
            text = b""
            while (part := reader.readline()) != b".\r\n":
                text += part[part.startswith(b".") :]  # what begins with a dot was given one more
            room.letters.append(email.message_from_bytes(text))
            room.recipients.append(to)
            say("250 taken")
        elif verb == "QUIT":
            say("221 bye")
            line.close()
            return
        else:
            say("250 ok")
