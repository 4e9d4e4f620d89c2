"""One message has one outcome: a message that may have left is never sent again."""

import json
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import responses
from wire import answering, read_request, reply, reset

from agent.clients.outcomes import Accepted, Action, Declined, Lost, NotSent
from agent.clients.whatsapp import NUMBER_FIELDS, TEMPLATE_FIELDS, WhatsApp
from agent.errors import (
    ConfigError,
    Garbled,
    Refused,
    Retryable,
    Unauthorized,
    Unsure,
    WinbackError,
)

TOKEN = "EAAGexample"
BODY = {"messaging_product": "whatsapp", "to": "+15550100", "template": {"name": "olá_😀"}}
GRAPH = "https://graph.example/v26.0"


class Waits(list):
    """A `sleep` that only remembers how long it was asked to."""

    def __call__(self, seconds):
        self.append(seconds)


@pytest.fixture
def waits():
    return Waits()


@pytest.fixture
def connect(waits):
    opened = []

    def make(base_url="https://graph.example", *, timeout=2.0, sleep=waits):
        client = WhatsApp(
            base_url=base_url,
            api_version="v26.0",
            phone_number_id="1001",
            business_account_id="2002",
            token=TOKEN,
            timeout=timeout,
            sleep=sleep,
        )
        opened.append(client)
        return client

    yield make
    for client in opened:
        client.close()


def accepted(wamid="wamid.1", **message):
    return {
        "messaging_product": "whatsapp",
        "contacts": [{"input": "+15550100", "wa_id": "15550100"}],
        "messages": [{"id": wamid, **message}],
    }


def graph_error(code, message="no", **more):
    return {"error": {"message": message, "type": "OAuthException", "code": code, **more}}


def outcome_of(connect, body, status=200, headers=None):
    body = body if isinstance(body, str) else json.dumps(body)
    with responses.RequestsMock() as mock:
        mock.post(f"{GRAPH}/1001/messages", body=body, status=status, headers=headers)
        return connect().send(BODY)


# The request


def test_a_message_is_one_compact_json_in_utf8_with_the_token(connect, serve):
    seen = []
    wire = serve(answering(reply(json.dumps(accepted()).encode()), keep=seen))
    assert connect(f"http://{wire.host}/").send(BODY) == Accepted("wamid.1", False, "15550100")
    head, _, body = seen[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /v26.0/1001/messages HTTP/1.1\r\n")
    assert b"\r\nAuthorization: Bearer EAAGexample" in head
    assert b"\r\nContent-Type: application/json" in head
    assert body == json.dumps(BODY, ensure_ascii=False, separators=(",", ":")).encode()


def test_half_an_emoji_in_a_name_does_not_stop_the_message(connect, serve):
    seen = []
    wire = serve(answering(reply(json.dumps(accepted()).encode()), keep=seen))
    connect(f"http://{wire.host}").send({"name": "Ana \ud83d"})
    assert seen[0].endswith(b'{"name":"Ana ?"}')


# Answers


@pytest.mark.parametrize(
    ("message", "held"),
    [
        ({}, False),
        ({"message_status": "accepted"}, False),
        ({"message_status": "held_for_quality_assessment"}, True),
        ({"message_status": "paused"}, True),
    ],
)
def test_an_answer_with_an_id_is_accepted_or_held(connect, message, held):
    assert outcome_of(connect, accepted(**message)) == Accepted("wamid.1", held, "15550100")


@pytest.mark.parametrize("contacts", [None, [], [{"input": "BR.1", "user_id": "BR.1"}], "x"])
def test_a_person_known_by_a_user_name_has_no_wa_id(connect, contacts):
    assert outcome_of(connect, accepted() | {"contacts": contacts}) == Accepted(
        "wamid.1", False, ""
    )


@pytest.mark.parametrize("status", [200, 400, 401, 403, 404, 429, 500, 503])
@pytest.mark.parametrize(
    ("code", "action"),
    [
        (131056, Action.PAIR),
        (130429, Action.SLOW),
        (131000, Action.RETRY),
        (190, Action.ACCOUNT),
        (132001, Action.TEMPLATE),
        (131050, Action.SUPPRESS_MARKETING),
        ("131049", Action.DEFER),
        (987654, Action.BUG),
    ],
)
def test_an_error_is_declined_by_its_code_under_whatever_status(connect, status, code, action):
    outcome = outcome_of(connect, graph_error(code, "(#1) no", fbtrace_id="Az8o"), status)
    assert outcome == Declined(int(code), action, "(#1) no", "Az8o")


@pytest.mark.parametrize(
    ("data", "detail"),
    [
        ({"messaging_product": "whatsapp", "details": "too fast"}, "no: too fast"),
        ("too fast", "no: too fast"),
        ({}, "no"),
        (None, "no"),
    ],
)
def test_the_details_of_an_error_come_in_three_forms(connect, data, detail):
    assert outcome_of(connect, graph_error(131056, error_data=data), 400).detail == detail


def test_a_token_that_meta_quotes_is_struck_out(connect):
    outcome = outcome_of(connect, graph_error(190, f"Malformed access token {TOKEN}"), 401)
    assert outcome.detail == "Malformed access token ***"


@pytest.mark.parametrize(
    ("status", "body", "headers"),
    [
        (200, "<html>Welcome to the hotel's network</html>", None),
        (502, "<html>Bad Gateway</html>", None),
        (429, "slow down", None),
        (200, "", None),
        (200, '{"messages":', None),
        (200, {}, None),
        (200, [], None),
        (200, accepted(""), None),
        (200, {"messages": []}, None),
        (200, {"messages": [{}]}, None),
        (500, accepted(), None),
        (500, {"error": "down"}, None),
        (500, {"error": {"message": "no code"}}, None),
        (500, {"error": {"code": True}}, None),
        (500, {"error": {"code": "many"}}, None),
        (301, "", {"Location": "https://other.example/v26.0/1001/messages"}),
        (307, "", {"Location": "/elsewhere"}),
    ],
)
def test_an_answer_that_tells_nothing_is_lost_and_not_sent_again(connect, status, body, headers):
    outcome = outcome_of(connect, body, status, headers)
    assert isinstance(outcome, Lost)


def test_a_redirect_is_not_followed_and_names_where_it_leads(connect):
    outcome = outcome_of(connect, "", 301, {"Location": "https://other.example/x"})
    assert outcome == Lost("redirected to other.example: is [whatsapp] base_url right?")


# No answer


def test_a_refused_connection_is_not_sent_after_two_tries(connect, nobody, waits):
    assert connect(f"http://{nobody}").send(BODY) == NotSent("connection refused", None)
    assert len(waits) == 1


def test_an_unknown_host_is_not_sent(connect):
    outcome = connect("http://graph.invalid").send(BODY)
    assert isinstance(outcome, NotSent)
    assert "looked up" in outcome.reason


def test_a_certificate_that_we_do_not_trust_is_not_sent(connect, serve, tls):
    seen = []
    wire = serve(answering(reply(b"{}"), keep=seen), tls)
    outcome = connect(f"https://{wire.host}").send(BODY)
    assert isinstance(outcome, NotSent)
    assert "certificate" in outcome.reason
    assert seen == []


def test_a_handshake_that_breaks_or_hangs_is_not_sent(connect, serve, waits):
    assert isinstance(connect(f"https://{serve(reset).host}").send(BODY), NotSent)
    hanging = connect(f"https://{serve().host}", timeout=0.2).send(BODY)
    assert hanging == NotSent("timed out", None)
    assert len(waits) == 2


def test_a_message_that_finds_a_connection_at_the_second_try_is_accepted(connect, serve, nobody):
    # given a server that comes up while we wait
    seen = []

    def sleep(_):
        talk = answering(reply(json.dumps(accepted()).encode()), keep=seen)
        serve(talk, port=int(nobody.rpartition(":")[2]))

    assert isinstance(connect(f"http://{nobody}", sleep=sleep).send(BODY), Accepted)
    assert len(seen) == 1


def hang_up(connection):
    read_request(connection)


def break_off(connection):
    read_request(connection)
    reset(connection)


def hang_up_in_the_body(connection):
    connection.recv(100)
    reset(connection)


CHUNKS = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}"


@pytest.mark.parametrize(
    ("talk", "reason"),
    [
        (None, "timed out"),
        (hang_up, "the connection was closed without an answer"),
        (break_off, "connection reset by peer"),
        (answering(reply(b"{}", length=100)), "the answer was cut short"),
        (answering(CHUNKS), "the answer was cut short"),
    ],
)
def test_a_message_whose_answer_is_lost_is_sent_once(connect, serve, waits, talk, reason):
    wire = serve(talk)
    assert connect(f"http://{wire.host}", timeout=0.3).send(BODY) == Lost(reason)
    assert (wire.connections, waits) == (1, [])


def test_a_reset_while_the_message_is_written_is_lost(connect, serve, waits):
    wire = serve(hang_up_in_the_body)
    outcome = connect(f"http://{wire.host}").send({"text": "x" * 20_000_000})
    assert isinstance(outcome, Lost)
    assert (wire.connections, waits) == (1, [])


def test_a_message_after_an_idle_close_is_accepted_and_arrives_once(connect, serve, waits):
    # given a server that closes a connection after each answer, as Meta does with idle ones
    seen, closed = [], threading.Event()

    def once(connection):
        seen.append(read_request(connection))
        connection.sendall(reply(json.dumps(accepted()).encode()))
        connection.shutdown(socket.SHUT_RDWR)
        closed.set()

    wire = serve(once)
    client = connect(f"http://{wire.host}")
    # when it is closed before the next message
    assert isinstance(client.send({"n": 1}), Accepted)
    assert closed.wait(2)
    time.sleep(0.05)  # until the FIN is here
    assert isinstance(client.send({"n": 2}), Accepted)
    # then that went out over a new one, once
    assert [each.rpartition(b"\r\n\r\n")[2] for each in seen] == [b'{"n":1}', b'{"n":2}']
    assert (wire.connections, waits) == (2, [])


def test_a_connection_that_closes_under_the_message_is_lost_not_repeated(connect, serve):
    # given a server that answers once and then reads the next message without an answer
    def fickle(connection):
        answering(reply(json.dumps(accepted()).encode()))(connection)
        read_request(connection)

    wire = serve(fickle)
    client = connect(f"http://{wire.host}")
    client.send(BODY)
    assert client.send(BODY) == Lost("the connection was closed without an answer")
    assert wire.connections == 1


def test_threads_share_the_connections(connect, serve):
    def echo(connection):
        while request := read_request(connection):
            number = json.loads(request.partition(b"\r\n\r\n")[2])["n"]
            connection.sendall(reply(json.dumps(accepted(f"wamid.{number}")).encode()))

    wire = serve(echo)
    client = connect(f"http://{wire.host}")
    with ThreadPoolExecutor(8) as threads:
        got = list(threads.map(lambda n: client.send({"n": n}).wamid, range(200)))
    assert got == [f"wamid.{n}" for n in range(200)]
    assert wire.connections <= 8


def test_what_sleep_raises_passes_through_before_anything_has_left(connect, nobody):
    class Stopping(BaseException):
        pass

    def stop(_):
        raise Stopping

    with pytest.raises(Stopping):
        connect(f"http://{nobody}", sleep=stop).send(BODY)


# Questions about the account


def test_all_pages_of_templates_are_read_without_following_an_address(connect):
    def page(names, after=None, cursor=True):
        paging = {"cursors": {"before": "a", "after": after}} if cursor else {}
        if after:
            paging["next"] = f"https://elsewhere.example/?access_token=x&after={after}"
        return {"data": [{"name": name} for name in names], "paging": paging}

    url, query = f"{GRAPH}/2002/message_templates", responses.matchers.query_param_matcher
    first = {"fields": TEMPLATE_FIELDS, "limit": "100"}
    with responses.RequestsMock() as mock:
        mock.get(url, json=page(["a", "b"], "c1"), match=[query(first)])
        mock.get(url, json=page(["c"], "c2", cursor=False), match=[query(first | {"after": "c1"})])
        mock.get(url, json=page(["d"]), match=[query(first | {"after": "c2"})])
        got = connect().templates()
        assert all(
            each.request.headers["Authorization"] == f"Bearer {TOKEN}" for each in mock.calls
        )
    assert [each["name"] for each in got] == ["a", "b", "c", "d"]


@pytest.mark.parametrize(
    ("paging", "says"),
    [
        ({"next": "https://x.example/?after=c1", "cursors": {"after": "c1"}}, "in a circle"),
        ({"next": "https://x.example/"}, "without a cursor"),
    ],
)
def test_pages_that_never_end_are_garbled_instead_of_a_part_of_the_list(connect, paging, says):
    with responses.RequestsMock() as mock:
        mock.get(f"{GRAPH}/2002/message_templates", json={"data": [], "paging": paging})
        with pytest.raises(Garbled, match=says):
            connect().templates()


def test_the_number_the_apps_and_the_token_are_asked(connect):
    query = responses.matchers.query_param_matcher
    with responses.RequestsMock() as mock:
        mock.get(f"{GRAPH}/1001", json={"id": "1001"}, match=[query({"fields": NUMBER_FIELDS})])
        mock.get(f"{GRAPH}/2002/subscribed_apps", json={"data": [{"id": "3"}]})
        mock.get(
            f"{GRAPH}/debug_token",
            json={"data": {"is_valid": True, "scopes": [], "expires_at": 0}},
            match=[query({"input_token": TOKEN})],
        )
        client = connect()
        assert client.phone_number() == {"id": "1001"}
        assert client.subscribed_apps() == [{"id": "3"}]
        assert client.token_info()["expires_at"] == 0


def failure_of(connect, status, body, headers=None):
    body = body if isinstance(body, str) else json.dumps(body)
    with responses.RequestsMock() as mock:
        route = mock.get(f"{GRAPH}/debug_token", body=body, status=status, headers=headers)
        with pytest.raises(WinbackError) as caught:
            connect().token_info()
    assert "GET /debug_token" in caught.value.what
    assert TOKEN not in str(caught.value)
    return caught.value, route.call_count


@pytest.mark.parametrize(
    ("code", "kind", "remedy", "tries"),
    [
        (190, Unauthorized, "expired or was withdrawn", 1),
        (0, Unauthorized, "system user", 1),
        (10, Unauthorized, "whatsapp_business_management", 1),
        (200, Unauthorized, "whatsapp_business_management", 1),
        (294, Unauthorized, "whatsapp_business_management", 1),
        (100, Refused, "business_account_id", 1),
        (33, Refused, "phone_number_id", 1),
        (368, Refused, "Business Support Home", 1),
        (131031, Refused, "Business Support Home", 1),
        (133010, Refused, "register the number", 1),
        (2500, Refused, "api_version", 1),
        (987654, Refused, "list of WhatsApp error codes", 1),
        (2, Retryable, "by itself", 5),
        (4, Retryable, "limit", 1),
        (80007, Retryable, "limit", 1),
    ],
)
def test_a_no_to_a_question_tells_the_shop_owner_what_to_do(connect, code, kind, remedy, tries):
    said = graph_error(code, f"Error at {TOKEN}", fbtrace_id="Az8o", error_data={"details": "why"})
    error, requests_made = failure_of(connect, 400, said)
    assert type(error) is kind
    assert remedy in error.fix
    assert f"answered {code} Error at ***: why (fbtrace_id Az8o)" in error.what
    assert requests_made == tries
    if isinstance(error, Refused):
        assert error.code == str(code)


def test_a_limit_on_questions_is_waited_for_a_quarter_of_an_hour(connect):
    assert failure_of(connect, 400, graph_error(80007))[0].after == 900


@pytest.mark.parametrize(
    ("status", "body", "headers", "kind", "tries"),
    [
        (502, "<html>", None, Retryable, 5),
        (429, "", None, Retryable, 5),
        (200, "<html>", None, Garbled, 1),
        (200, [], None, Garbled, 1),
        (200, {"data": []}, None, Garbled, 1),
        (404, "<html>", None, Garbled, 1),
        (401, "", None, Unauthorized, 1),
        (301, "", {"Location": "https://other.example/"}, Refused, 1),
    ],
)
def test_an_answer_that_is_not_metas_is_named(connect, status, body, headers, kind, tries):
    error, requests_made = failure_of(connect, status, body, headers)
    assert type(error) is kind
    assert requests_made == tries


def test_a_list_that_is_none_is_garbled(connect):
    with responses.RequestsMock() as mock:
        mock.get(f"{GRAPH}/2002/subscribed_apps", json={"data": {}})
        with pytest.raises(Garbled, match="no list of objects"):
            connect().subscribed_apps()


def test_a_question_that_gets_no_answer_is_asked_again_and_told(connect, nobody, waits, caplog):
    caplog.set_level("DEBUG")
    with pytest.raises(Retryable, match="no answer from WhatsApp: connection refused"):
        connect(f"http://{nobody}").token_info()
    assert len(waits) == 4
    told = [record.fields for record in caplog.records if record.message == "asking.again"]
    assert "connection refused" in told[0]["what"]
    assert TOKEN not in caplog.text + repr([vars(record) for record in caplog.records])


def test_a_token_with_a_line_break_is_a_config_error_that_does_not_quote_it():
    with pytest.raises(ConfigError) as caught:
        WhatsApp(
            base_url="https://graph.example",
            api_version="v26.0",
            phone_number_id="1001",
            business_account_id="2002",
            token=f"{TOKEN}\n",
            sleep=time.sleep,
        )
    assert TOKEN not in str(caught.value)


# Templates are made


TEMPLATE = {"name": "olá", "language": "pt_BR", "category": "MARKETING", "components": []}


def made_from(connect, status, body):
    body = body if isinstance(body, str) else json.dumps(body)
    with responses.RequestsMock() as mock:
        mock.post(f"{GRAPH}/2002/message_templates", body=body, status=status)
        return connect().create_template(TEMPLATE)


def test_a_template_is_submitted_as_one_json_with_the_token(connect, serve):
    answer = {"id": "546", "status": "PENDING", "category": "UTILITY"}
    seen = []
    wire = serve(answering(reply(json.dumps(answer).encode()), keep=seen))
    assert connect(f"http://{wire.host}").create_template(TEMPLATE) == answer
    head, _, body = seen[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /v26.0/2002/message_templates HTTP/1.1\r\n")
    assert b"\r\nAuthorization: Bearer EAAGexample" in head
    assert b"\r\nContent-Type: application/json" in head
    assert json.loads(body) == TEMPLATE


@pytest.mark.parametrize(
    ("error", "code", "remedy"),
    [
        (graph_error(100, error_subcode=2388024), "2388024", "is there already"),
        (graph_error(100, error_subcode="2388040"), "2388040", "too long"),
        (graph_error(2388299), "2388299", "begins or ends with a variable"),
        (graph_error(100, error_subcode=2388999), "2388999", "correct what Meta names"),
        (graph_error(100, error_subcode=33), "100", "compare [whatsapp]"),
        (graph_error(100, error_subcode=None), "100", "compare [whatsapp]"),
        (graph_error(100, error_subcode=[2388024]), "100", "compare [whatsapp]"),
    ],
)
def test_a_template_that_is_refused_says_which_rule_it_broke(connect, error, code, remedy):
    error["error"] |= {"error_user_title": "Body", "error_user_msg": f"It is wrong: {TOKEN}"}
    with pytest.raises(Refused) as caught:
        made_from(connect, 400, error)
    assert caught.value.code == code
    assert remedy in caught.value.fix
    assert "no: Body: It is wrong: ***" in caught.value.what


def test_a_template_that_the_token_may_not_make_is_unauthorized(connect):
    with pytest.raises(Unauthorized, match="POST /2002/message_templates"):
        made_from(connect, 403, graph_error(200))


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (502, "<html>Bad Gateway</html>"),
        (200, "<html>Welcome to the hotel's network</html>"),
        (200, {}),
        (200, []),
        (500, {"id": "546"}),
        (301, ""),
    ],
)
def test_an_answer_that_does_not_tell_whether_the_template_was_made_is_unsure(
    connect, status, body
):
    with pytest.raises(Unsure, match=str(status)):
        made_from(connect, status, body)


@pytest.mark.parametrize("talk", [None, hang_up, break_off, answering(reply(b"{}", length=100))])
def test_a_template_whose_answer_is_lost_is_submitted_once(connect, serve, waits, talk):
    wire = serve(talk)
    with pytest.raises(Unsure, match="no answer from WhatsApp"):
        connect(f"http://{wire.host}", timeout=0.3).create_template(TEMPLATE)
    assert (wire.connections, waits) == (1, [])


def test_a_template_that_never_left_is_tried_once_more(connect, nobody, waits):
    with pytest.raises(Retryable, match="connection refused"):
        connect(f"http://{nobody}").create_template(TEMPLATE)
    assert len(waits) == 1
