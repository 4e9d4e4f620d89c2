"""Posting a webhook as WhatsApp does."""

import hashlib
import hmac

import requests
from sending_world import APP_SECRET


def sign(body: bytes, secret: str = APP_SECRET) -> str:
    """The value of X-Hub-Signature-256."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def post(url: str, body: bytes, signature: str | None = None) -> requests.Response:
    """Signed rightly unless `signature` says otherwise."""
    headers = {"Content-Type": "application/json"}
    headers["X-Hub-Signature-256"] = sign(body) if signature is None else signature
    return requests.post(url, data=body, headers=headers, timeout=10)
