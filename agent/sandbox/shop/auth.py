"""Who may ask: the keys over https, OAuth 1.0a over http, exactly as WooCommerce takes them.

Source: WooCommerce 9.9.5, `includes/class-wc-rest-authentication.php`, and the recordings q08_*.
"""

from __future__ import annotations

import binascii
import hashlib
import hmac
import threading
import time
from base64 import b64decode, b64encode
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from agent.sandbox.shop.errors import AuthError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from agent.sandbox.shop.params import PhpValue
    from agent.sandbox.shop.shop import Shop

WINDOW = 15 * 60  # seconds that a client's clock may be off
OAUTH = (
    "oauth_consumer_key",
    "oauth_timestamp",
    "oauth_nonce",
    "oauth_signature",
    "oauth_signature_method",
)
HASHES = {"HMAC-SHA1": hashlib.sha1, "HMAC-SHA256": hashlib.sha256}
READS = ("GET", "HEAD", "OPTIONS")
SECRETS = (*OAUTH, "consumer_key", "consumer_secret")  # never in the log of requests


class Gate:
    """Checks keys and signatures, and remembers which signatures were used."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._nonces: dict[str, float] = {}  # nonce -> the timestamp it came with
        self._lock = threading.Lock()

    def admit(
        self,
        method: str,
        base: str,
        address: str,
        query: Mapping[str, PhpValue],
        authorization: str,
    ) -> bool:
        """Whether the request has proven itself; AuthError if it tried and failed.

        `base` is the address without query ("http://127.0.0.1:8080/wp-json/wc/v3/orders") and
        `address` path and query as sent: WooCommerce does not look at keys unless the raw address
        holds "wp-json/wc/" or "wp-json/wc-".
        """
        if "wp-json/wc/" not in address and "wp-json/wc-" not in address:
            return False
        if base.startswith("https://"):
            key, secret = _keys(query, authorization)
            if key == self._shop.consumer_key:
                if not hmac.compare_digest(secret.encode(), self._shop.consumer_secret.encode()):
                    raise AuthError("Consumer secret is invalid.")
                return True
            # an unknown key over https is a stranger, not a mistake
        return self._oauth(method, base, query)

    def permit(self, method: str) -> None:
        """AuthError if the key may not do that."""
        rights = self._shop.permissions
        if method in READS and rights == "write":
            raise AuthError("The API key provided does not have read permissions.")
        if method not in READS and rights == "read":
            raise AuthError("The API key provided does not have write permissions.")

    def _oauth(self, method: str, base: str, query: Mapping[str, PhpValue]) -> bool:
        missing = [name for name in OAUTH if not query.get(name)]
        if len(missing) == len(OAUTH):
            return False
        if missing:
            plural = "s" if len(missing) > 1 else ""
            raise AuthError(
                f"Missing OAuth parameter{plural} {', '.join(missing)}",
                "woocommerce_rest_authentication_missing_parameter",
            )
        if query["oauth_consumer_key"] != self._shop.consumer_key:
            raise AuthError("Consumer key is invalid.")
        self._check_signature(method, base, query)
        self._check_nonce(str(query["oauth_timestamp"]), str(query["oauth_nonce"]))
        return True

    def _check_signature(self, method: str, base: str, query: Mapping[str, PhpValue]) -> None:
        kind = str(query["oauth_signature_method"])
        if kind not in HASHES:
            raise AuthError("Invalid signature - signature method is invalid.")
        pairs = []
        for name, value in sorted(query.items()):
            if name == "oauth_signature":
                continue
            if isinstance(value, dict):
                # a[]=1 is signed as a[0]=1: clients that sign what they sent are refused
                pairs += [
                    f"{_twice(name)}%255B{_twice(place)}%255D%3D{_twice(one)}"
                    for place, one in value.items()
                ]
            else:
                pairs.append(f"{_twice(name)}%3D{_twice(value)}")
        signed = "&".join([method.upper(), quote(base, safe="~"), "%26".join(pairs)])
        secret = f"{self._shop.consumer_secret}&"
        digest = hmac.new(secret.encode(), signed.encode(), HASHES[kind]).digest()
        given = unquote(str(query["oauth_signature"]).replace(" ", "+"))
        if not hmac.compare_digest(b64encode(digest), given.encode()):
            raise AuthError("Invalid signature - provided signature does not match.")

    def _check_nonce(self, timestamp: str, nonce: str) -> None:
        """Against the machine's clock, also if the shop lives in another time: clients sign by it."""
        now = time.time()
        said = float(timestamp) if timestamp.isdigit() else 0.0
        if abs(now - said) > WINDOW:
            raise AuthError("Invalid timestamp.")
        with self._lock:
            if nonce in self._nonces:
                raise AuthError("Invalid nonce - nonce has already been used.")
            # stricter than WooCommerce, which forgets all but the last nonce of each second
            self._nonces[nonce] = said
            while self._nonces[oldest := next(iter(self._nonces))] < now - WINDOW:
                del self._nonces[oldest]


def _keys(query: Mapping[str, PhpValue], authorization: str) -> tuple[str, str]:
    """Key and secret from the query, or else from the Basic header; empty if there are none."""
    key, secret = query.get("consumer_key"), query.get("consumer_secret")
    if isinstance(key, str) and isinstance(secret, str):
        return key, secret
    kind, _, value = authorization.partition(" ")
    if kind.lower() != "basic":
        return "", ""
    try:
        user, _, password = b64decode(value).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return user, password


def _twice(value: str) -> str:
    """Percent-encoded, and its percent signs once more: `wc_rest_urlencode_rfc3986` in PHP."""
    return quote(unquote(value), safe="~").replace("%", "%25")
