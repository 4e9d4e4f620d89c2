"""What goes wrong between us and a WooCommerce: each with what happened and what to do.

How real shops answer is measured: missing and wrong keys, read-only keys, plain permalinks,
maintenance, a fatal error in a plugin, a notice before the JSON. The shop's messages come in its
own language, so a decision stands on codes, headers and status; a word in a message only ever
chooses between remedies.
"""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

import requests

from agent.clients.absence import Sign
from agent.clients.session import Trouble
from agent.clients.shop_answers import Answer, Asked, beginning, cut_short, http_date, parsed
from agent.errors import Garbled, Refused, Retryable, Unauthorized, Unsure, WinbackError

OAUTH_WINDOW = 15 * 60  # seconds; WooCommerce refuses a signature that is older or younger
WORDPRESS_MAINTENANCE = "600"  # the Retry-After that WordPress's wp_maintenance() always sends

_KEYS = "WooCommerce -> Settings -> Advanced -> REST API"
_PRETTY = "WordPress -> Settings -> Permalinks: choose any structure but Plain, and save"


def unreachable(asked: Asked, why: Trouble) -> WinbackError:
    """The failure when no answer came."""
    what = f"{asked}: no answer from {asked.shop}: {why.reason}"
    if why.certificate:
        return Refused(
            what,
            fix="renew the shop's certificate, or use the host name that it is made for in "
            "[shop] url; if an own CA signed it, name that CA's file in [shop] ca_file",
            code="certificate",
        )
    if asked.changes and not why.never_left:
        return Unsure(what, fix="look in the shop whether it was done; it is not repeated blindly")
    return Retryable(
        what, fix=f"see that the shop is up and [shop] url is right: curl -I {asked.shop}"
    )


def sign_of_silence(why: Trouble) -> Sign:
    """What it tells of the shop that no answer came. One whose certificate has run out is there."""
    if why.certificate:
        return Sign.HERE
    return Sign.SHUT if why.never_left else Sign.BROKEN


def sign_of_answer(response: requests.Response, failure: WinbackError | None) -> Sign:
    """What an answer tells of the shop. With a decision of its own, even as a 500, it is there."""
    status = response.status_code
    if not isinstance(failure, (Retryable, Unsure)) or (status < 500 and status != 408):
        return Sign.HERE
    told = "Retry-After" in response.headers
    return Sign.SHUT if status == 503 and told else Sign.BROKEN


def failure_of(asked: Asked, response: requests.Response, body: Any) -> WinbackError | None:
    """The failure that an answer means, None for a success. `body`: its JSON, None if it is none."""
    if not 200 <= response.status_code < 300:
        return complaint(asked, response)
    if body is not None:
        return None
    if cut_short(response) and not asked.changes:
        return Retryable(
            f"{asked}: the answer of {asked.shop} was cut short",
            fix="winback asks again by itself; if it stays, see the log of the shop's web server",
        )
    return unusable(asked, response, "JSON")


def unusable(asked: Asked, response: requests.Response, wanted: str) -> WinbackError:
    """The failure when a success came with something else than the JSON that was asked for."""
    answer = Answer.read(asked, response)
    start = asked.quote(beginning(response), longest=80)
    what = f"{asked}: {asked.shop} answered {response.status_code}, but not {wanted}: {start!r}"
    if "rest_route=" in response.headers.get("Link", ""):
        fix = _permalinks(asked)
    elif start.lower().startswith(("<!doctype", "<html")):
        fix = (
            f"a page came instead of the API. {_permalinks(asked)}. Then see that [shop] url is right and "
            "that no plugin for logins, languages or a closed shop answers for /wp-json/"
        )
    elif answer.code or parsed(response) is not None:
        fix = "a plugin or a cache changes the shop's API answers: exempt /wp-json/ from it"
    else:
        fix = (
            "something in the shop writes into its answers, most often a PHP notice: set "
            "WP_DEBUG_DISPLAY to false in wp-config.php, and mend the plugin that it names"
        )
    if asked.changes:
        return Unsure(what, fix=f"it may have been done: look in the shop. {fix}")
    return Garbled(what, fix=fix)


def complaint(asked: Asked, response: requests.Response) -> WinbackError:
    """The failure that an answer other than a success means."""
    answer = Answer.read(asked, response)
    status = response.status_code
    if 300 <= status < 400:
        return _redirected(answer)
    if status == 429 or (status == 503 and _is_maintenance(answer)):
        return _later(answer)
    if status == 408 or (status >= 500 and status != 501):
        return _broken(answer)
    return _REFUSALS.get(status, _refused)(answer)


def _is_maintenance(answer: Answer) -> bool:
    """Whether the shop did not even look at the request.

    For a read any Retry-After will do. For a write only WordPress's own: Varnish answers a POST
    that broke off behind it, and may have been carried out, with 503 and Retry-After: 5.
    """
    told = answer.response.headers.get("Retry-After")
    return told == WORDPRESS_MAINTENANCE or (told is not None and not answer.asked.changes)


def _later(answer: Answer) -> WinbackError:
    if answer.response.status_code == 429:
        fix = "winback slows down by itself; if it stays, allow this server more requests"
    else:
        fix = (
            "the shop is in maintenance and winback comes back by itself; if it lasts, an update "
            "got stuck: remove the file .maintenance from WordPress's directory"
        )
    return Retryable(answer.what, fix=fix, after=answer.after)


def _broken(answer: Answer) -> WinbackError:
    fix = "winback asks again by itself; if it stays, the shop's PHP error log tells the cause"
    if not answer.asked.changes:
        return Retryable(answer.what, fix=fix, after=answer.after)
    # WordPress's handler of fatal errors says internal_server_error; any other code is a
    # decision of the shop, for example 500 woocommerce_rest_cannot_create_order_refund.
    if answer.code and answer.code != "internal_server_error":
        return _refused(answer)
    return Unsure(
        answer.what, fix="look in the shop whether it was done; its PHP error log tells the cause"
    )


def _refused(answer: Answer) -> WinbackError:
    if answer.response.status_code == 414:
        fix = "ask for fewer ids at a time: the shop's web server takes no address this long"
    else:
        fix = "the shop's own words say why; winback does not repeat this request by itself"
    return Refused(answer.what, fix=fix, code=answer.code or str(answer.response.status_code))


def _redirected(answer: Answer) -> WinbackError:
    """Never followed: the key would go along, and a POST would become a GET."""
    here = answer.response.url or answer.asked.shop
    there = urlsplit(urljoin(here, answer.response.headers.get("Location", "")))
    if there.query.startswith("rest_route="):  # we asked in the plain form, and are sent on in it
        base, api = there.path, "?rest_route="
    else:
        base, api, _ = there.path.partition("/wp-json")
    host = there.netloc.rpartition("@")[2]
    elsewhere = f"{there.scheme}://{host}{base.rstrip('/') if api else ''}"
    if api and elsewhere == answer.asked.shop and not _is_plain(answer.asked):
        # The plain form of permalinks: WordPress only adds a slash and then serves its home page.
        fix = f"the shop's API is not reachable at /wp-json/. {_permalinks(answer.asked)}"
    elif elsewhere != answer.asked.shop and (
        api or (there.scheme, host) != urlsplit(answer.asked.shop)[:2]
    ):
        fix = f'the shop lives at another address: set [shop] url = "{elsewhere}"'
    else:
        fix = (
            f"something sends API requests to {there.path}: exempt /wp-json/ from the plugin or "
            "the web server's rule that does it (logins, languages, a closed shop)"
        )
    status = answer.response.status_code
    what = f"{answer.asked}: {answer.asked.shop} redirects ({status}) to {elsewhere}"
    return Refused(what, fix=fix, code=str(status))


def _is_plain(asked: Asked) -> bool:
    return "?rest_route=" in asked.path


def _permalinks(asked: Asked) -> str:
    """What to do where the API does not answer at the address that the permalinks give it."""
    if _is_plain(asked):
        return f'{_PRETTY}; then set [shop] permalinks = "pretty"'
    return f'{_PRETTY}, or set [shop] permalinks = "plain"'


def _clock_is_off(answer: Answer) -> float:
    """Seconds between our clock and the shop's, when they are too many for OAuth; otherwise 0.

    Ours stands in the address that we signed, the shop's in the Date header of its answer.
    """
    signed = parse_qs(urlsplit(answer.response.url or "").query).get("oauth_timestamp", [""])[0]
    theirs = http_date(answer.response.headers.get("Date", ""))
    if not signed.isdecimal() or theirs is None:
        return 0.0
    apart = abs(theirs.timestamp() - int(signed))
    return apart if apart > OAUTH_WINDOW else 0.0


def _not_authenticated(answer: Answer) -> WinbackError:
    """401. WooCommerce says cannot_view to a key it does not know and to no key at all alike."""
    asked, words = answer.asked, answer.words.lower()
    what = answer.what
    if answer.code == "woocommerce_rest_authentication_error":
        if "nonce" in words:
            # Asked before the clocks: WooCommerce looks at the nonce only once the time was right.
            return Retryable(
                what,
                fix="something repeats our requests, a proxy or a cache: exempt /wp-json/",
                after=0,
            )
        if apart := _clock_is_off(answer):
            what += f" (this server's clock and the shop's are {apart:.0f} s apart)"
            fix = "set both clocks, for example: timedatectl set-ntp true"
        elif "permis" in words:
            fix = f"{_KEYS}: give the key the permission Read/Write"
        else:
            fix = f"copy [shop] key and secret again, or make a new key with Read/Write: {_KEYS}"
    elif answer.code.startswith("woocommerce_rest_cannot_"):
        fix = (
            f"the shop does not know the key: compare [shop] key with {_KEYS}; its user must be an "
            "administrator or a shop manager. "
        )
        if asked.shop.startswith("https:"):
            fix += "Or a proxy or Apache drops the Authorization header: let it pass"
        else:
            fix += "Or the shop speaks https behind its address: then [shop] url must say https://"
    else:
        return _forbidden(answer)
    return Unauthorized(what, fix=fix, code=answer.code)


def _forbidden(answer: Answer) -> WinbackError:
    """403, and a 401 in words that are not WooCommerce's."""
    code = answer.code or str(answer.response.status_code)
    if answer.code.startswith("woocommerce_rest_cannot_"):
        fix = f"{_KEYS}: the key's user must be an administrator or a shop manager"
    else:
        fix = (
            "this is not WooCommerce but a security plugin, a firewall or a password in front of "
            "it: allow /wp-json/wc/ and /wp-json/wc-analytics/ for this server's address"
        )
    return Unauthorized(answer.what, fix=fix, code=code)


def _not_found(answer: Answer) -> WinbackError:
    if answer.code == "rest_no_route":
        fix = "see that WooCommerce is active and up to date: it does not know this request"
    elif answer.code:
        return _refused(answer)
    elif found := re.search(
        r'<([^>]+)>; rel="https://api\.w\.org/"', answer.response.headers.get("Link", "")
    ):
        api = found[1].partition("/wp-json")
        fix = (
            f'the shop lives at another path: set [shop] url = "{api[0]}"'
            if api[1]
            else _permalinks(answer.asked)
        )
    else:
        fix = f"see that [shop] url is the shop's address and that WordPress answers there. {_permalinks(answer.asked)}"
    return Refused(answer.what, fix=fix, code=answer.code or "404")


_REFUSALS: dict[int, Callable[[Answer], WinbackError]] = {
    401: _not_authenticated,
    403: _forbidden,
    404: _not_found,
}
