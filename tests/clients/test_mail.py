"""The mail server, over a real socket, well and in trouble."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from email.message import EmailMessage

import pytest
from mail_room import MailRoom

import agent.clients.mail as mail
from agent.clients.mail import MailServer, compose
from agent.errors import Refused, Retryable, Unauthorized, WinbackError

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def letter(*to: str, subject: str = "1 alarm") -> EmailMessage:
    return compose(
        sender="winback@shop.example", to=to or ("you@shop.example",), subject=subject,
        text="¿Qué pasa?\n.\nAll that stands: winback alarms\n", at=NOON,
    )  # fmt: skip


def server(room: MailRoom, **more: str) -> MailServer:
    return MailServer(host="127.0.0.1", port=room.port, **more)  # type: ignore[arg-type]


@pytest.fixture
def room() -> Iterator[MailRoom]:
    with MailRoom() as opened:
        yield opened


@pytest.fixture
def trusted(ca_file: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """This machine trusts the tests' own authority."""
    monkeypatch.setenv("SSL_CERT_FILE", ca_file)


def test_a_letter_arrives_as_it_was_written(room: MailRoom) -> None:
    server(room).send(letter("you@shop.example", "admin@shop.example"))
    [got] = room.letters
    assert room.recipients == [["you@shop.example", "admin@shop.example"]]
    text = got.get_payload(decode=True)
    assert isinstance(text, bytes)
    assert text.decode().splitlines()[:2] == ["¿Qué pasa?", "."]
    assert got["Auto-Submitted"] == "auto-generated"
    assert got["Date"] == "Mon, 02 Mar 2026 12:00:00 +0000"
    assert got["Message-ID"].endswith("@shop.example>")


def test_what_a_shop_calls_itself_ends_no_header(room: MailRoom) -> None:
    server(room).send(letter(subject="[winback] A\r\nBcc: all@shop.example\nShop"))
    [got] = room.letters
    assert got["Bcc"] is None
    assert got["Subject"] == "[winback] A Bcc: all@shop.example Shop"


@pytest.mark.parametrize(
    ("verb", "answer", "error", "told"),
    [
        ("CONNECT", "421 too busy", Retryable, "421 too busy"),
        ("MAIL", "451 later", Retryable, "451 later"),
        ("MAIL", "553 not your address", Refused, "553 not your address"),
        ("RCPT", "450 mailbox busy", Retryable, "450 mailbox busy"),
        ("RCPT", "550 nobody there", Refused, "550 nobody there"),
        ("DATA", "554 looks like spam", Refused, "554 looks like spam"),
    ],
)
def test_what_it_says_is_told_with_a_remedy(
    room: MailRoom, verb: str, answer: str, error: type[WinbackError], told: str
) -> None:
    room.answers[verb] = answer
    with pytest.raises(error) as raised:
        server(room).send(letter())
    assert told in raised.value.what
    assert f"127.0.0.1:{room.port}" in raised.value.what
    assert raised.value.fix
    assert room.letters == []


def test_a_login(room: MailRoom) -> None:
    with MailRoom(user="ana", password="secret") as guarded:
        server(guarded, user="ana", password="secret").send(letter())
        assert len(guarded.letters) == 1
        with pytest.raises(Unauthorized) as raised:
            server(guarded, user="ana", password="sesame").greet()
        assert "sesame" not in str(raised.value)
    with pytest.raises(Refused, match="AUTH"):  # it knows no logins
        server(room, user="ana", password="secret").greet()


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_the_way_there_is_protected(tls: ssl.SSLContext, security: str) -> None:
    ways = {"tls": tls} if security == "tls" else {"starttls": tls}
    with MailRoom(**ways) as room:
        server(room, security=security).send(letter())
        assert len(room.letters) == 1


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_a_certificate_that_nobody_knows_is_refused(tls: ssl.SSLContext, security: str) -> None:
    ways = {"tls": tls} if security == "tls" else {"starttls": tls}
    with MailRoom(**ways) as room, pytest.raises(Refused, match="TLS failed") as raised:
        server(room, security=security, user="ana", password="secret").send(letter())
    assert "certificate" in str(raised.value)
    assert room.letters == room.logins == []


def test_no_word_goes_unprotected_where_it_was_to_be(room: MailRoom) -> None:
    with pytest.raises(Refused, match="STARTTLS"):
        server(room, security="starttls", user="ana", password="secret").send(letter())
    assert room.letters == room.logins == []


def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(Retryable, match="no answer"):
        MailServer(host="127.0.0.1", port=port).greet()


def test_a_server_that_says_nothing_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail, "TIMEOUT", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        quiet = MailServer(host="127.0.0.1", port=silent.getsockname()[1])
        with pytest.raises(Retryable, match="timed out"):
            quiet.greet()


def test_where_one_of_several_is_refused_the_letter_is_sent_and_it_is_told(room: MailRoom) -> None:
    room.answers["RCPT TO:<GONE"] = "550 gone"
    refused = server(room).send(letter("gone@shop.example", "you@shop.example"))
    assert refused == {"gone@shop.example": "550 gone"}
    assert room.recipients == [["you@shop.example"]]


@pytest.mark.parametrize("answer", ["421 timeout", "250 what?", ""])
def test_how_it_says_goodbye_does_not_matter(
    room: MailRoom, answer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail, "TIMEOUT", 0.5)
    room.answers["QUIT"] = answer
    assert server(room).send(letter()) == {}
    assert len(room.letters) == 1


@pytest.mark.parametrize("line", [b"220-still greeting\r\n", b"x"])
def test_a_server_that_never_comes_to_an_end_holds_nobody_up(
    monkeypatch: pytest.MonkeyPatch, line: bytes
) -> None:
    monkeypatch.setattr(mail, "LONGEST", 0.3)
    over = threading.Event()

    def talk(listening: socket.socket) -> None:
        heard, _ = listening.accept()
        with heard, suppress(OSError):
            while not over.wait(0.02):
                heard.sendall(line)

    with socket.create_server(("127.0.0.1", 0)) as slow:
        thread = threading.Thread(target=talk, args=(slow,))
        thread.start()
        try:
            with pytest.raises(Retryable, match="takes longer than"):
                MailServer(host="127.0.0.1", port=slow.getsockname()[1]).greet()
        finally:
            over.set()
            thread.join()


def test_a_password_in_other_letters_is_told(room: MailRoom) -> None:
    with MailRoom(user="ana", password="secret") as guarded:
        with pytest.raises(Refused, match="ASCII") as raised:
            server(guarded, user="ana", password="contraseña").greet()
        assert "contrase" not in str(raised.value)


def test_an_address_in_other_letters_is_told_as_one(room: MailRoom) -> None:
    with pytest.raises(Refused, match="beyond ASCII") as raised:
        server(room).send(letter("josé@shop.example"))
    assert "email_to" in raised.value.fix
