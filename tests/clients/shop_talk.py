"""How the tests speak to a shop, and what WooCommerce computes of a request."""

import base64
import hashlib
import hmac
from urllib.parse import parse_qsl, quote, unquote, urlsplit

KEY, SECRET = "ck_EXAMPLE", "cs_EXAMPLE"


class Waits(list):
    """A `sleep` that only remembers how long it was asked to."""

    def __call__(self, seconds):
        self.append(seconds)


def target_of(request):
    return request.split(b" ")[1].decode()


def signature_is_right(method, url, secret=SECRET):
    """What WooCommerce computes of a request (`check_oauth_signature`)."""
    parts = urlsplit(url)
    given = parse_qsl(parts.query, keep_blank_values=True)
    signature = dict(given)["oauth_signature"]
    php = {quote(unquote(k), safe="~"): quote(unquote(v), safe="~") for k, v in given}
    del php["oauth_signature"]
    pairs = [f"{k.replace('%', '%25')}%3D{v.replace('%', '%25')}" for k, v in sorted(php.items())]
    base = f"{method}&{quote(url.partition('?')[0], safe='')}&{'%26'.join(pairs)}"
    digest = hmac.new(f"{secret}&".encode(), base.encode(), hashlib.sha256).digest()
    return base64.b64encode(digest).decode() == signature
