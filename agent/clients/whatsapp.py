"""The WhatsApp Cloud API: messages out, outcomes in; and what Meta says about our account."""

import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests
from requests import PreparedRequest
from urllib3.exceptions import HTTPError

from agent import retry
from agent.clients.outcomes import Accepted, Declined, Lost, NotSent, Outcome, action_of
from agent.clients.session import (
    LONGEST_CONNECT,
    log_the_wait,
    open_session,
    require_address,
    require_header_safe,
    trouble,
)
from agent.clients.whatsapp_failures import GraphError
from agent.errors import Garbled, Refused, Retryable, Unauthorized, Unsure

TEMPLATE_FIELDS = (
    "id,name,language,status,category,parameter_format,components,quality_score,rejected_reason"
)
NUMBER_FIELDS = (
    "id,display_phone_number,verified_name,status,quality_rating,name_status,"
    "code_verification_status,account_mode,platform_type,is_on_biz_app,throughput,"
    "whatsapp_business_manager_messaging_limit,health_status,webhook_configuration"
)

_REACH = "see that this server reaches [whatsapp] base_url: a firewall, the name server, the clock"

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class WhatsApp:
    """One sender's number and its account. Any number of threads may share it.

    `pool` connections are kept open: as many as there are threads that send. `timeout` is the
    longest silence in seconds. `sleep` waits between two tries; what it raises passes through, and
    out of `send` that means that nothing has left.
    """

    def __init__(
        self,
        *,
        base_url: str,
        api_version: str,
        phone_number_id: str,
        business_account_id: str,
        token: str,
        timeout: float = 30.0,
        pool: int = 32,
        sleep: Callable[[float], None],
    ) -> None:
        """Raises ConfigError when the token or the address cannot be one."""
        self._token = require_header_safe("[whatsapp] token", token)
        base_url = require_address("[whatsapp] base_url", base_url.rstrip("/"))
        self._graph = f"{base_url}/{api_version}"
        self._number, self._account = phone_number_id, business_account_id
        self._timeout = (min(timeout, LONGEST_CONNECT), timeout)
        self._session = open_session(
            pool=pool,
            headers={
                "Authorization": f"Bearer {token}",
                "Accept": "application/json",
                "User-Agent": "winback",
            },
        )
        self._adapter = self._session.get_adapter(self._graph)
        self._sending = retry.sends(sleep)
        self._reading = retry.reads(sleep).copy(before_sleep=log_the_wait)
        # Prepared once: requests spends a third of a message's CPU on building the same again.
        self._message = self._session.prepare_request(
            requests.Request(
                "POST",
                f"{self._graph}/{phone_number_id}/messages",
                headers={"Content-Type": "application/json"},
            )
        )

    def send(self, body: Mapping[str, Any]) -> Outcome:
        """POST one message. Never raises for what WhatsApp or the network do.

        There is no idempotency key, so a message is tried again here only while no connection came
        about. Everything after that is Lost unless an answer says otherwise: a Graph error, under
        whatever HTTP status, is Declined; a page of a proxy, an answer without an id or a redirect
        (nobody tells whether the message was taken before it) is Lost. Settle it by the status that
        carries the message's `biz_opaque_callback_data`.
        """
        # A lone half of an emoji, cut by someone's form, is no UTF-8: it becomes a question mark.
        payload = _encode(body).encode(errors="replace")
        try:
            return self._sending(self._post, payload)
        except Retryable as error:
            return NotSent(error.what, error.after)

    def templates(self) -> list[dict[str, Any]]:
        """All templates of the account, whatever their status, with TEMPLATE_FIELDS.

        This and the other questions about the account raise Unauthorized, Refused (`code` is
        Meta's), Retryable or Garbled.
        """
        path, found = f"{self._account}/message_templates", list[dict[str, Any]]()
        params: dict[str, str] = {"fields": TEMPLATE_FIELDS, "limit": "100"}
        seen = set[str]()
        while True:
            answer = self._get(path, params)
            found += _rows(path, answer)
            cursor = _next_cursor(path, answer)
            if cursor is None:
                return found
            if cursor in seen:
                raise _not_as_documented(path, "its pages turn in a circle")
            seen.add(cursor)
            params["after"] = cursor

    def create_template(self, template: Mapping[str, Any]) -> dict[str, Any]:
        """Submit a template for review; gives its `id`, `status` and `category` as Meta has them.

        Asked again only while no connection came about, or after an error that may pass. Raises
        Unsure when the request left and no answer came that we understand: it may exist now, so
        look for it in `templates`. Else Unauthorized, Refused (its `code` is the subcode where Meta
        gives one for templates) or Retryable.
        """
        return self._sending(self._create_template_once, template)

    def phone_number(self) -> dict[str, Any]:
        """The sender's number with NUMBER_FIELDS; Meta leaves out what does not apply."""
        return self._get(self._number, {"fields": NUMBER_FIELDS})

    def phone_numbers(self) -> list[dict[str, Any]]:
        """The first 100 numbers of the account, each with its `id`."""
        path = f"{self._account}/phone_numbers"
        return _rows(path, self._get(path, {"fields": "id,display_phone_number", "limit": "100"}))

    def subscribed_apps(self) -> list[dict[str, Any]]:
        """The apps that get the account's webhooks; without ours no status ever comes."""
        path = f"{self._account}/subscribed_apps"
        return _rows(path, self._get(path, {}))

    def token_info(self) -> dict[str, Any]:
        """What Meta knows of our token: `is_valid`, `scopes`, `expires_at` (unix time, 0 = never)."""
        answer = self._get("debug_token", {"input_token": self._token})
        if not isinstance(info := answer.get("data"), dict):
            raise _not_as_documented("debug_token", "data is no object")
        return info

    def close(self) -> None:
        self._session.close()

    def _post(self, payload: bytes) -> Outcome:
        request = PreparedRequest()
        request.method, request.url = self._message.method, self._message.url
        request.headers = self._message.headers.copy()
        request.headers["Content-Length"] = str(len(payload))
        request.body = payload
        try:
            # The adapter itself, because a session would look for redirects, cookies and hooks.
            response = self._adapter.send(request, timeout=self._timeout, proxies={})
            _ = response.content  # read it here, where a broken answer has its outcome
        except (requests.RequestException, HTTPError) as error:
            why = trouble(error)
            if why.never_left:
                raise Retryable(why.reason, fix=_REACH) from None
            return Lost(why.reason)
        return self._outcome(response)

    def _outcome(self, response: requests.Response) -> Outcome:
        answer = _parsed(response)
        match answer:
            case {"messages": [{"id": str() as wamid} as message, *_]} if wamid and _success(
                response
            ):
                status = message.get("message_status", "accepted")
                return Accepted(wamid, held=status != "accepted", wa_id=_wa_id(answer))
        if error := GraphError.found_in(answer, self._token):
            return Declined(error.code, action_of(error.code), error.detail, error.fbtrace_id)
        if response.is_redirect:
            host = urlsplit(response.headers["Location"]).netloc.rpartition("@")[2]
            return Lost(f"redirected to {host or 'another path'}: is [whatsapp] base_url right?")
        kind = "an answer without an id" if answer is not None else "an answer that is no JSON"
        return Lost(f"{kind} (HTTP {response.status_code})")

    def _create_template_once(self, template: Mapping[str, Any]) -> dict[str, Any]:
        path = f"{self._account}/message_templates"
        asked = f"POST /{path}"
        unsure = "look whether it is there now: winback templates list"
        try:
            response = self._session.post(
                f"{self._graph}/{path}",
                data=_encode(template).encode(errors="replace"),
                headers={"Content-Type": "application/json"},
                timeout=self._timeout,
                allow_redirects=False,
            )
        except (requests.RequestException, HTTPError) as error:
            why = trouble(error)
            what = f"{asked}: no answer from WhatsApp: {why.reason}"
            if why.never_left:
                raise Retryable(what, fix=_REACH) from None
            raise Unsure(what, fix=unsure) from None
        answer = _parsed(response)
        if refusal := GraphError.found_in(answer, self._token):
            raise refusal.failure(asked)
        if isinstance(answer, dict) and answer.get("id") and _success(response):
            return answer
        status = response.status_code
        raise Unsure(f"{asked}: WhatsApp answered {status}, but not in its own form", fix=unsure)

    def _get(self, path: str, params: Mapping[str, str]) -> dict[str, Any]:
        return self._reading(self._get_once, path, params)

    def _get_once(self, path: str, params: Mapping[str, str]) -> dict[str, Any]:
        asked = f"GET /{path}"
        try:
            response = self._session.get(
                f"{self._graph}/{path}", params=params, timeout=self._timeout, allow_redirects=False
            )
        except (requests.RequestException, HTTPError) as error:
            what = f"{asked}: no answer from WhatsApp: {trouble(error).reason}"
            raise Retryable(what, fix=_REACH) from None  # its text holds the whole address
        answer, status = _parsed(response), response.status_code
        if refusal := GraphError.found_in(answer, self._token):
            raise refusal.failure(asked)
        if isinstance(answer, dict) and _success(response):
            return answer
        what = f"{asked}: WhatsApp answered {status}, but not in its own form"
        if response.is_redirect:
            raise Refused(
                f"{what}: a redirect", fix="set [whatsapp] base_url right", code=str(status)
            )
        if status == 429 or status >= 500:
            raise Retryable(what, fix="winback asks again by itself: see metastatus.com")
        if status == 401:
            raise Unauthorized(what, fix="see that [whatsapp] token is right", code="401")
        raise Garbled(what, fix="see that [whatsapp] base_url is right and no proxy answers for it")


def _success(response: requests.Response) -> bool:
    return 200 <= response.status_code < 300


def _parsed(response: requests.Response) -> Any:
    """The body as JSON, or None when it is none."""
    try:
        return json.loads(response.content)
    except ValueError:
        return None


def _wa_id(answer: Mapping[str, Any]) -> str:
    match answer:
        case {"contacts": [{"wa_id": str() as wa_id}, *_]}:
            return wa_id
    return ""


def _rows(path: str, answer: Mapping[str, Any]) -> list[dict[str, Any]]:
    rows = answer.get("data")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise _not_as_documented(path, "data is no list of objects")
    return rows


def _next_cursor(path: str, answer: Mapping[str, Any]) -> str | None:
    """Where the next page begins; None after the last one. The address in `next` is not followed:
    it holds the token and could lead anywhere.
    """
    match answer:
        case {"paging": {"next": str(), "cursors": {"after": str() as after}}} if after:
            return after
        case {"paging": {"next": str() as address}}:
            if after := parse_qs(urlsplit(address).query).get("after", [""])[0]:
                return after
            raise _not_as_documented(path, "a next page without a cursor")
    return None


def _not_as_documented(path: str, how: str) -> Garbled:
    return Garbled(
        f"GET /{path}: WhatsApp's answer is not as documented: {how}",
        fix="try another [whatsapp] api_version, and tell winback's authors",
    )
