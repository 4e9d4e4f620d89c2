"""Where in a webhook an element stands, so that it can be worked off, and shown, by itself.

A place is entry/change/list/element, each counted from 0, as "0/0/statuses/17". "0/0/statuses" is what
stands in the place of a list, "0/0" a change that has no elements of its own, and "" the whole webhook.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from agent.rules.webhook_values import elements

ELEMENTS: Final = ("statuses", "messages", "errors", "user_preferences")
"""Lists of a value whose elements stand for themselves."""


def alone(payload: object) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each element as a webhook of its own, with its place, in their order."""
    for first, entry in enumerate(elements(payload, "entry")):
        for second, change in enumerate(elements(entry, "changes")):
            found = False
            for name in ELEMENTS:
                held = _value(change).get(name)
                if isinstance(held, list):
                    parts = {f"{name}/{number}": [one] for number, one in enumerate(held)}
                else:  # in the place of a list
                    parts = {} if held is None else {name: held}
                for place, part in parts.items():
                    found = True
                    yield f"{first}/{second}/{place}", _holding(entry, change, name, part)
            if not found:
                yield f"{first}/{second}", {"entry": [{**entry, "changes": [change]}]}


def at_place(payload: object, place: str) -> object:
    """What stands there, as a webhook of its own. LookupError where the webhook has no such place."""
    if not place:
        return payload
    first, second, *rest = place.split("/")
    entry = elements(payload, "entry")[int(first)]
    change = elements(entry, "changes")[int(second)]
    if not rest:
        return {"entry": [{**entry, "changes": [change]}]}
    name, *numbers = rest
    held = _value(change)[name]
    return _holding(entry, change, name, [held[int(numbers[0])]] if numbers else held)


def _value(change: object) -> Mapping[str, Any]:
    value = change.get("value") if isinstance(change, Mapping) else None
    return value if isinstance(value, Mapping) else {}


def _holding(
    entry: Mapping[str, Any], change: Mapping[str, Any], name: str, held: object
) -> dict[str, Any]:
    """The webhook as it would have come with this alone."""
    value = {
        key: found
        for key, found in change["value"].items()
        if key not in ELEMENTS and not isinstance(found, list)
    }
    return {"entry": [{**entry, "changes": [{**change, "value": {**value, name: held}}]}]}
