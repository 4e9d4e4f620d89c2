"""The form of a Graph answer: JSON and its headers, chosen fields, pages with cursors."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from flask import Response, g, request

from agent.sandbox.whatsapp.errors import BadGateway, GraphError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

USUAL_PAGE, LARGEST_PAGE = 25, 1000  # objects


def json_answer(answer: dict[str, Any], status: int = 200) -> Response:
    """`answer` as Graph sends it, with the version that was asked for."""
    response = Response(
        json.dumps(answer, separators=(",", ":")),
        status,
        content_type="application/json; charset=UTF-8",
    )
    if "version" in g:
        response.headers["facebook-api-version"] = f"v{g.version}.0"
    return response


def refusal_answer(error: GraphError) -> Response:
    """The error's body; a 401 names its reason in WWW-Authenticate, too."""
    response = json_answer(error.body(), error.http_status)
    if error.http_status == 401:
        response.headers["WWW-Authenticate"] = (
            f'OAuth "Facebook Platform" "invalid_token" "{error.message}"'
        )
    return response


def proxy_page(error: BadGateway) -> Response:
    """What stands between us and Meta speaks up, in HTML."""
    return Response(error.page, error.http_status, content_type="text/html; charset=utf-8")


def json_body() -> dict[str, Any]:
    """The JSON object of the request; empty if its content type is another. GraphError 100."""
    if request.mimetype != "application/json":
        return {}
    try:
        body = json.loads(request.get_data())
    except ValueError as error:
        raise GraphError(100, message="(#100) The body is not valid JSON") from error
    if not isinstance(body, dict):
        raise GraphError(100, message="(#100) The body must be a JSON object")
    return body


def chosen(fields: dict[str, Any], usual: Iterable[str]) -> dict[str, Any]:
    """What `?fields=` asks for, else the usual; `id` always comes, and what is None never does.

    GraphError 100 for a field that does not exist.
    """
    asked = request.args.get("fields")
    names = [name.strip() for name in asked.split(",")] if asked else list(usual)
    for name in names:
        if name not in fields:
            raise GraphError(100, message=f"(#100) Tried accessing nonexisting field ({name})")
    wanted = dict.fromkeys([*names, "id"])
    return {name: fields[name] for name in wanted if fields[name] is not None}


def paged(rows: Sequence[dict[str, Any]], usual: Iterable[str]) -> dict[str, Any]:
    """One page of `rows` by `?limit=` and `?after=`; `paging.next` is missing on the last one."""
    start, limit = _after(), _limit()
    page = rows[start : start + limit]
    answer: dict[str, Any] = {"data": [chosen(row, usual) for row in page]}
    if page:
        cursors = {"before": _cursor(start), "after": _cursor(start + len(page))}
        answer["paging"] = {"cursors": cursors}
        if start + limit < len(rows):
            question = request.args.to_dict() | {"after": cursors["after"]}
            answer["paging"]["next"] = f"{request.base_url}?{urlencode(question)}"
    return answer


def _cursor(position: int) -> str:
    return urlsafe_b64encode(f"position {position}".encode()).decode().rstrip("=")


def _after() -> int:
    cursor = request.args.get("after")
    if not cursor:
        return 0
    try:
        return int(urlsafe_b64decode(cursor + "==").removeprefix(b"position "))
    except ValueError as error:
        raise GraphError(100, message="(#100) Invalid cursor provided") from error


def _limit() -> int:
    asked = request.args.get("limit", str(USUAL_PAGE))
    if not asked.isdecimal() or not int(asked):
        raise GraphError(100, message="(#100) Param limit must be a positive integer")
    return min(int(asked), LARGEST_PAGE)
