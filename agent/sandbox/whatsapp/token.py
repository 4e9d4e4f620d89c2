"""The access token: is it there, is it ours, is it still good, may it do this?"""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Any

from agent.sandbox.whatsapp.errors import GraphError
from agent.sandbox.whatsapp.number import APP_ID

if TYPE_CHECKING:
    from agent.sandbox.whatsapp.whatsapp import WhatsApp

MESSAGING, MANAGEMENT = "whatsapp_business_messaging", "whatsapp_business_management"


def token_in(authorization: str, query: str | None) -> str:
    """The token of "Bearer EAA...", else that of `?access_token=`, else nothing."""
    scheme, _, token = authorization.partition(" ")
    return (token.strip() if scheme.lower() in {"bearer", "oauth"} else "") or query or ""


def authenticate(whatsapp: WhatsApp, token: str) -> None:
    """GraphError 200 without a token, 190 with a wrong or an expired one."""
    if not token:
        raise GraphError(200, message="(#200) Provide valid app ID")
    if not _same(token, whatsapp.token):
        raise GraphError(190)
    expires = whatsapp.token_expires_at
    if expires is not None and expires <= whatsapp.clock.now():
        said = f"Session has expired on {expires:%A, %d-%b-%y %H:%M:%S} UTC."
        raise GraphError(190, message=f"Error validating access token: {said}", subcode=463)


def authorize(whatsapp: WhatsApp, token: str, right: str) -> None:
    """As `authenticate`; and without the right GraphError 10 for sending, 200 for the rest."""
    authenticate(whatsapp, token)
    if right not in whatsapp.token_rights:
        if right == MESSAGING:
            raise GraphError(10)
        said = f"(#200) You do not have the necessary permissions: {right}"
        raise GraphError(200, message=said)


def described(whatsapp: WhatsApp, asked: str) -> dict[str, Any]:
    """The `data` that `debug_token` gives about a token; `expires_at` 0 means never."""
    if not _same(asked, whatsapp.token):
        said = "The access token could not be decrypted"
        return {"error": {"code": 190, "message": said}, "is_valid": False, "scopes": []}
    expires = whatsapp.token_expires_at
    alive = expires is None or expires > whatsapp.clock.now()
    scopes, target = sorted(whatsapp.token_rights), [whatsapp.business_account_id]
    return {
        "app_id": APP_ID,
        "type": "SYSTEM_USER",
        "application": "Example Shop",
        "data_access_expires_at": 0,
        "expires_at": 0 if expires is None else int(expires.timestamp()),
        "is_valid": alive,
        "issued_at": 1760000000,
        "scopes": scopes,
        "granular_scopes": [{"scope": scope, "target_ids": target} for scope in scopes],
        "user_id": "122101234567890123",
    }


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())
