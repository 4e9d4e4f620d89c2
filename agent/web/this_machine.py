"""Does a request come from this machine itself, and not through a web server in front of winback?

A proxy gives itself away by its headers, by the name that was asked for, or by HTTP/1.0, which is what a
bare `proxy_pass` of nginx speaks before 1.29.7. The name also keeps out a page of elsewhere whose
domain was made to lead to this machine (DNS rebinding).
"""

from contextlib import suppress
from ipaddress import ip_address

from flask import Request

FORWARDING = frozenset(
    {
        "forwarded", "via", "x-real-ip", "x-client-ip", "x-cluster-client-ip", "client-ip",
        "true-client-ip", "cf-connecting-ip", "fastly-client-ip", "x-original-host", "x-host",
        "x-forwarded",
    }
)  # fmt: skip
"""Headers by which proxies say for whom they ask, besides all that begin with X-Forwarded-."""


def comes_from_this_machine(request: Request) -> bool:
    return (
        is_loopback(request.remote_addr or "")
        and is_loopback(host_asked_for(request))
        and request.environ.get("SERVER_PROTOCOL") != "HTTP/1.0"
        and not was_forwarded(request)
    )


def was_forwarded(request: Request) -> bool:
    """Does it carry a header of a proxy?"""
    names = (name.lower() for name in request.headers.keys())  # noqa: SIM118 - no mapping
    return any(name in FORWARDING or name.startswith("x-forwarded-") for name in names)


def host_asked_for(request: Request) -> str:
    """The host that was asked for, without its port."""
    bare, bracket, _ = request.host.removeprefix("[").partition("]")
    return bare if bracket else request.host.partition(":")[0]


def is_loopback(host: str) -> bool:
    with suppress(ValueError):  # a name, not a number
        return ip_address(host).is_loopback
    return host.lower() == "localhost"


def who_asks(request: Request) -> str:
    """The address that logins are counted by: as the web server in front of us saw it, which writes it last,
    or else the peer's. Whoever forges the header can only be counted as somebody else."""
    last = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
    return (
        last[:64] if last and is_loopback(request.remote_addr or "") else request.remote_addr or ""
    )
