"""What the webhooks say of templates, the number and the account: values in, updates out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agent.sandbox.whatsapp.payloads import Update

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from agent.sandbox.whatsapp.templates import Template


def template_update(template: Template, *, reason: str = "NONE", title: str = "") -> Update:
    """The review or the quality of a template has changed its status. `title`: which pause it is."""
    item = {
        "event": template.status,
        **_about(template),
        "reason": reason,
        "message_template_category": template.category,
    }
    if title:
        item["other_info"] = {"title": title, "description": "Decided by the sandbox"}
    return Update("message_template_status_update", "", item)


def template_quality_update(template: Template, before: str) -> Update:
    item = {"previous_quality_score": before, "new_quality_score": template.quality}
    return Update("message_template_quality_update", "", item | _about(template))


def category_notice(template: Template) -> Update:
    """In a day it will be another: `correct_category` says which."""
    item = {"new_category": template.category, "correct_category": template.correct_category}
    return Update("template_category_update", "", _about(template) | item)


def category_update(template: Template) -> Update:
    """It is another now."""
    item = {"previous_category": template.previous_category, "new_category": template.category}
    return Update("template_category_update", "", _about(template) | item)


def number_update(display_digits: str, event: str, limit: str) -> Update:
    """The number's throughput or standing; the field's name is older than its meaning."""
    item = {
        "display_phone_number": display_digits,
        "event": event,
        "max_daily_conversations_per_business": limit,
    }
    return Update("phone_number_quality_update", "", item)


def capability_update(limit: int | str) -> Update:
    """How many people may be written to in a day: a number, -1 for no limit, or a word as TIER_2K."""
    item = {"max_daily_conversations_per_business": limit, "max_phone_numbers_per_waba": 25}
    return Update("business_capability_update", "", item)


def account_update(event: str, more: Mapping[str, Any]) -> Update:
    return Update("account_update", "", {"event": event, **more})


def restriction(kind: str, until: datetime) -> dict[str, Any]:
    """What an ACCOUNT_RESTRICTION adds."""
    one = {"restriction_type": kind, "expiration": int(until.timestamp())}
    return {"restriction_info": [one]}


def alert_update(entity_id: str, kind: str, severity: str, description: str) -> Update:
    item = {
        "entity_type": "BUSINESS",
        "entity_id": int(entity_id),
        "alert_severity": severity,
        "alert_status": "NONE",
        "alert_type": kind,
        "alert_description": description,
    }
    return Update("account_alerts", "", item)


def _about(template: Template) -> dict[str, Any]:
    return {
        "message_template_id": int(template.id),
        "message_template_name": template.name,
        "message_template_language": template.language,
    }
