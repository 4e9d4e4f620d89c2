"""Whether the other side can have seen a request that failed."""

import logging
import socket
import ssl
import time

import pytest
import requests
from wire import answering, read_request, reply, reset

from agent.clients.session import open_session, require_address, require_header_safe, trouble
from agent.errors import ConfigError

SMALL, LARGE = b"x" * 100, b"x" * 20_000_000  # the large one cannot hide in socket buffers


@pytest.fixture
def session():
    with open_session(pool=4, headers={"User-Agent": "winback"}) as opened:
        yield opened


def failure_of(session, url, body=SMALL):
    with pytest.raises(requests.RequestException) as caught:
        session.post(url, data=body, timeout=(0.3, 0.3), allow_redirects=False)
    return trouble(caught.value)


# What provably never left


def test_a_refused_connection_never_left(session, nobody):
    why = failure_of(session, f"http://{nobody}/")
    assert (why.never_left, why.reason) == (True, "connection refused")


def test_an_unknown_host_never_left(session):
    why = failure_of(session, "http://shop.invalid/")
    assert why.never_left
    assert "name cannot be looked up" in why.reason


def test_a_connection_that_is_not_accepted_in_time_never_left(session):
    # given a full queue: nobody accepts, and the kernel drops further attempts
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        address = listener.getsockname()
        waiting = [socket.socket() for _ in range(3)]
        for each in waiting:
            each.setblocking(False)
            each.connect_ex(address)
        why = failure_of(session, f"http://127.0.0.1:{address[1]}/")
        for each in waiting:
            each.close()
    assert (why.never_left, why.reason) == (True, "timed out")


def test_a_handshake_that_hangs_never_left(session, serve):
    why = failure_of(session, f"https://{serve().host}/")
    assert (why.never_left, why.reason) == (True, "timed out")


def test_a_handshake_that_is_reset_never_left(session, serve):
    why = failure_of(session, f"https://{serve(reset).host}/")
    assert (why.never_left, why.reason) == (True, "connection reset by peer")


def test_tls_to_a_port_that_speaks_plain_http_never_left(session, serve):
    def talk(connection):
        connection.recv(1000)
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    why = failure_of(session, f"https://{serve(talk).host}/")
    assert why.never_left
    assert why.reason == "TLS failed: wrong version number"


def test_an_unknown_authority_never_left_and_is_named(session, serve, tls):
    why = failure_of(session, f"https://{serve(answering(reply(b'{}')), tls).host}/")
    assert why.never_left
    assert why.certificate
    assert "unable to get local issuer certificate" in why.reason


def test_a_certificate_for_another_host_never_left_and_is_named(serve, tls, ca_file):
    wire = serve(answering(reply(b"{}")), tls)
    with open_session(pool=1, ca_file=ca_file, headers={}) as session:
        why = failure_of(session, f"https://{wire.host.replace('127.0.0.1', 'localhost')}/")
    assert why.never_left
    assert why.certificate
    assert "not valid for 'localhost'" in why.reason


# What may have been carried out


def hang_up_in_the_body(connection):
    connection.recv(1000)
    reset(connection)


def hang_up_unanswered(connection):
    read_request(connection)


def reset_unanswered(connection):
    read_request(connection)
    reset(connection)


def stall_in_the_answer(connection):
    read_request(connection)
    connection.sendall(reply(b"{", length=100))
    time.sleep(0.6)


CHUNKS = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}"
GZIP = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}"


@pytest.mark.parametrize(
    ("talk", "reason"),
    [
        (None, "timed out"),
        (hang_up_unanswered, "the connection was closed without an answer"),
        (reset_unanswered, "connection reset by peer"),
        (stall_in_the_answer, "timed out"),
        (answering(reply(b"{}", length=100)), "the answer was cut short"),
        (answering(CHUNKS), "the answer was cut short"),
        (answering(GZIP), "the answer could not be unpacked"),
        (answering(b"SSH-2.0-example\r\n\r\n"), "what answered does not speak HTTP"),
    ],
)
def test_what_broke_after_the_request_may_have_arrived(session, serve, talk, reason):
    why = failure_of(session, f"http://{serve(talk).host}/")
    assert (why.never_left, why.reason) == (False, reason)


def test_a_reset_in_the_middle_of_the_body_may_have_arrived(session, serve):
    assert not failure_of(session, f"http://{serve(hang_up_in_the_body).host}/", LARGE).never_left


def test_tls_that_breaks_after_the_handshake_may_have_arrived(serve, tls, ca_file):
    # given a server that answers the encrypted request in plain text
    def talk(connection):
        read_request(connection)
        plain = socket.socket(fileno=connection.detach())
        plain.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
        plain.recv(1000)
        plain.close()

    wire = serve(talk, tls)
    with open_session(pool=1, ca_file=ca_file, headers={}) as session:
        why = failure_of(session, f"https://{wire.host}/")
    # then it is a TLS failure like that of a handshake, but not one that never left
    assert why.reason.startswith("TLS failed")
    assert not why.never_left


def test_a_failure_that_nobody_foresaw_is_named_and_counts_as_sent():
    why = trouble(requests.ConnectionError("https://shop.example/?oauth_signature=x"))
    assert (why.never_left, why.reason) == (False, "the connection broke off (ConnectionError)")


# The session itself


def test_a_connection_is_used_again_and_cookies_are_not_kept(session, serve):
    seen = []
    cookie = reply(b"{}", more="Set-Cookie: PHPSESSID=1; Path=/\r\n")
    wire = serve(answering(cookie, cookie, keep=seen))
    for _ in range(2):
        session.get(f"http://{wire.host}/", timeout=1)
    assert wire.connections == 1
    assert b"cookie" not in seen[1].lower()


def test_the_environment_is_not_asked(session, serve, monkeypatch, nobody, tmp_path):
    (tmp_path / ".netrc").write_text("default login someone password else\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("http_proxy", f"http://{nobody}")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "missing.pem"))
    seen = []
    wire = serve(answering(reply(b"{}"), keep=seen))
    assert session.get(f"http://{wire.host}/", timeout=1).status_code == 200
    assert b"authorization" not in seen[0].lower()


def test_the_trusted_authority_is_the_only_one(serve, tls, ca_file):
    wire = serve(answering(reply(b"{}")), tls)
    with open_session(pool=1, ca_file=ca_file, headers={}) as session:
        assert session.get(f"https://{wire.host}/", timeout=1).status_code == 200
        roots = session.get_adapter("https://")._roots
    assert roots.verify_mode is ssl.CERT_REQUIRED
    assert len(roots.get_ca_certs()) == 1


@pytest.mark.parametrize(
    ("content", "reason"),
    [(None, "No such file"), ("", "no certificate"), ("not a certificate", "no certificate")],
)
def test_a_ca_file_that_cannot_be_used_is_a_config_error(tmp_path, content, reason):
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_text(content)
    with pytest.raises(ConfigError) as caught:
        open_session(pool=1, ca_file=str(path), headers={})
    assert reason in str(caught.value)
    assert str(path) in caught.value.what


@pytest.mark.parametrize("secret", ["", "EAAG two", "EAAG\n", "EAAG\u2026", "\ufeffEAAG"])
def test_a_secret_that_no_header_can_carry_is_refused_without_quoting_it(secret):
    with pytest.raises(ConfigError) as caught:
        require_header_safe("[whatsapp] token", secret)
    assert "EAAG" not in str(caught.value)
    assert "[whatsapp] token" in caught.value.what


@pytest.mark.parametrize("url", ["", "shop.example", "http://", "http://shop.example:99999"])
def test_an_address_that_is_none_is_refused(url):
    with pytest.raises(ConfigError):
        require_address("[shop] url", url)


def test_no_address_reaches_the_log(session, serve, caplog):
    caplog.set_level(logging.DEBUG)
    wire = serve(answering(reply(b"{}")))
    session.get(f"http://{wire.host}/debug_token", params={"input_token": "EAAGsecret"}, timeout=1)
    assert "EAAGsecret" not in caplog.text
