"""The shop's webhooks: which should be there, what is wrong with those that are, what one says.

    create   no webhook of ours has the topic
    keep     active, and at our address
    repair   paused, or at another address: put right where it is
    replace  switched off by the shop after failures: made anew, as one that is switched on again
             keeps its count of failures, and the next one would switch it off at once
    remove   ours, with a topic that another one of ours has already

Ours are those that go to our address, and those whose name we gave. Source: WOOCOMMERCE.md,
section 10, measured on WooCommerce 9.9.5.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple
from urllib.parse import urlsplit

RESOURCES = {"order": "orders", "product": "products", "customer": "customers"}  # -> kind of row
TOPICS = tuple(
    f"{resource}.{event}"
    for resource in RESOURCES
    for event in ("created", "updated", "deleted", "restored")
    if (resource, event) != ("customer", "restored")  # accounts know no trash
)
PATH = "/webhooks/shop"  # below the public address
NAMED = "winback: "  # how the names of ours begin
FIELDS = "id,name,status,topic,delivery_url"  # all of a webhook that is looked at
PORTS = {80, 443, 8080}  # WordPress delivers to no other, except to its own
_LARGEST = 2**63 - 1  # what an integer column holds

Row = Mapping[str, Any]
Action = Literal["create", "keep", "repair", "replace", "remove"]


class Unreadable(ValueError):
    """A signed payload that does not say which row it is about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What is to be done about one topic, or one webhook too many, and why."""

    topic: str
    action: Action
    woo_id: int | None = None  # None: there is none yet
    state: str = "not there"  # as a person reads it


class Changed(NamedTuple):
    """A row that a payload points at; of a variation, its product is known too."""

    kind: str
    woo_id: int
    bare: bool  # the payload has nothing but the id, as for what was deleted


def address(public_url: str) -> str:
    """Where the shop delivers to."""
    return public_url + PATH


def body(topic: str, url: str, secret: str) -> dict[str, str]:
    """A webhook of ours as the shop takes it."""
    return {
        "name": NAMED + topic,
        "topic": topic,
        "delivery_url": url,
        "secret": secret,
        "status": "active",
    }


def ours(rows: Iterable[Row], url: str) -> list[Row]:
    """Those of the shop's webhooks that we made, or that deliver to us. `url` may be ""."""
    return [
        row
        for row in rows
        if isinstance(row.get("id"), int)
        and (_same(row, url) or str(row.get("name") or "").startswith(NAMED))
    ]


def steps(rows: Iterable[Row], url: str) -> list[Step]:
    """One for each of TOPICS, in their order, and one for each of ours that is there twice.

    Of several with one topic the first that works stays. Ours of other topics are left alone:
    somebody wanted them, and what they deliver is ignored.
    """
    mine = ours(rows, url)
    found = []
    for topic in TOPICS:
        having = sorted(
            (_step(row, url) for row in mine if row.get("topic") == topic),
            key=lambda step: (step.action != "keep", step.woo_id),
        )
        if not having:
            found.append(Step(topic=topic, action="create"))
            continue
        found.append(having[0])
        found += [
            Step(topic=topic, action="remove", woo_id=one.woo_id, state="there twice")
            for one in having[1:]
        ]
    return found


def _step(row: Row, url: str) -> Step:
    topic, number, status = str(row["topic"]), int(row["id"]), str(row.get("status"))
    if status == "disabled":
        state = "switched off by the shop after failures"
        return Step(topic=topic, action="replace", woo_id=number, state=state)
    wrong = ["paused"] if status != "active" else []
    wrong += [] if _same(row, url) else ["goes to another address"]
    if wrong:
        return Step(topic=topic, action="repair", woo_id=number, state=" and ".join(wrong))
    return Step(topic=topic, action="keep", woo_id=number, state="active")


def _same(row: Row, url: str) -> bool:
    return bool(url) and str(row.get("delivery_url") or "").rstrip("/") == url


def finding(found: Sequence[Step]) -> str:
    """What is wrong, in one sentence that names the topics; "" when nothing is."""
    states: dict[str, list[str]] = {}
    for step in found:
        if step.action not in {"keep", "remove"}:  # one that is there twice does no harm
            states.setdefault(step.state, []).append(step.topic)
    return "; ".join(f"{state}: {', '.join(topics)}" for state, topics in states.items())


def undeliverable(url: str, shop_url: str) -> str:
    """Why WordPress will not deliver to `url`, as far as the address tells; "" when it may.

    Its own host and port are let through whatever they are; plain http is for tests. Source:
    wp_http_validate_url().
    """
    there, shop = urlsplit(url), urlsplit(shop_url)
    its_own = (there.hostname, there.port) == (shop.hostname, shop.port)
    if its_own or there.scheme == "http" or (there.port or 443) in PORTS:
        return ""
    return f"port {there.port} is none of 80, 443 and 8080"


def changed(topic: str, resource: str, payload: bytes) -> Changed | None:
    """The row that a verified delivery is about; None for a topic that is none of ours.

    Only the payload is signed. `topic` and `resource` are headers that anybody may have written: they
    choose the kind of row, so a wrong one costs a useless read at worst. Of the payload only the id
    is taken, and for a variation that of its product.

    Raises Unreadable for a payload that is no JSON object, or without a usable id.
    """
    kind = RESOURCES.get(topic.partition(".")[0], "")
    if topic not in TOPICS or (resource and not topic.startswith(f"{resource}.")):
        return None
    try:
        row = json.loads(payload)
    except (ValueError, RecursionError) as error:
        raise Unreadable("not JSON") from error
    if not isinstance(row, dict):
        raise Unreadable("not a JSON object")
    if kind == "products" and row.get("type") == "variation":
        return Changed("variations", _number(row, "parent_id"), bare=False)
    return Changed(kind, _number(row, "id"), bare=len(row) == 1)


def _number(row: Row, name: str) -> int:
    number = row.get(name)
    if not isinstance(number, int) or isinstance(number, bool) or not 0 < number <= _LARGEST:
        raise Unreadable(f"no usable {name}")
    return number
