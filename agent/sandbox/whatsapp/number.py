"""The sender's number, as the API shows it."""

from __future__ import annotations

from typing import Any

APP_ID = "670843887433847"

# what GET /{phone_number_id} says when no fields are asked for
USUAL_FIELDS = (
    "id", "verified_name", "code_verification_status", "display_phone_number", "quality_rating",
    "platform_type", "throughput", "webhook_configuration",
)  # fmt: skip


def healthy_number(
    phone_number_id: str, business_account_id: str, display_phone_number: str
) -> dict[str, Any]:
    """All fields of a connected number of good quality that may reach 2,000 people a day."""
    able = {"can_send_message": "AVAILABLE"}
    entities = (
        ("PHONE_NUMBER", phone_number_id),
        ("WABA", business_account_id),
        ("BUSINESS", "2729063490586005"),
        ("APP", APP_ID),
    )
    return {
        "id": phone_number_id,
        "verified_name": "Example Shop",
        "display_phone_number": display_phone_number,
        "status": "CONNECTED",
        "quality_rating": "GREEN",
        "quality_score": {"score": "GREEN"},
        "name_status": "APPROVED",
        "new_name_status": "NONE",
        "code_verification_status": "VERIFIED",
        "account_mode": "LIVE",
        "platform_type": "CLOUD_API",
        "is_on_biz_app": False,
        "throughput": {"level": "STANDARD"},
        "whatsapp_business_manager_messaging_limit": "TIER_2K",
        "health_status": able
        | {"entities": [{"entity_type": kind, "id": key} | able for kind, key in entities]},
        "is_official_business_account": False,
        "is_pin_enabled": True,
        "webhook_configuration": {},
    }
