"""The cookie of a session: how it is set and taken back, and which requests that bring it are a page's own."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from starlette.requests import Request

COOKIE = "reportdata_session"
MOST_COOKIES = 4
"""Cookies of this name that are looked at; several servers on a host may each have set one."""
_PORTS = {"http": 80, "https": 443}


def sessions_in(request: Request) -> list[str]:
    """The secrets of sessions that a request brings. A browser sends several cookies of one name where they were set
    for several paths of a host."""
    return [value for header in request.headers.getlist("cookie") for value in _values(header) if value]


def set_cookie(request: Request, base_path: str, secret: str, seconds: int) -> str:
    """The header ``Set-Cookie`` that gives a session to a browser; ``seconds`` of 0 take it back.

    It is kept from scripts, from other sites, and from servers that share a host under other paths; and from
    connections without TLS, when the request came by TLS, as a trusted proxy may say.
    """
    secure = "; Secure" if request.scope.get("scheme") == "https" else ""
    return f"{COOKIE}={secret}; Path={base_path or '/'}; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}"


def is_own(request: Request) -> bool:
    """Whether a page of this server sends a request, or somebody who typed its address.

    Browsers say so in ``Sec-Fetch-Site``, to servers with TLS and to their own machine. Elsewhere ``Origin`` tells,
    where there is one; a request without either comes from a program, or reads, and then no other site is given the
    answer.
    """
    sites = request.headers.getlist("sec-fetch-site")
    if sites:
        return all(site in ("same-origin", "none") for site in sites)
    hosts = request.headers.getlist("host")
    return all(_is_at(origin, hosts) for origin in request.headers.getlist("origin"))


def _is_at(origin: str, hosts: list[str]) -> bool:
    """Whether an origin is that of a host. Of the scheme only the port counts: before a proxy it may be another."""
    try:
        scheme, host, port = _parts(origin)
        _, own, own_port = _parts(f"//{hosts[0]}" if hosts else "")
    except ValueError:
        return False
    return bool(host) and scheme in _PORTS and host == own and port == (own_port or _PORTS[scheme])


def _parts(address: str) -> tuple[str, str | None, int | None]:
    found = urlsplit(address)
    return found.scheme, found.hostname, found.port or _PORTS.get(found.scheme)


def _values(header: str) -> Iterator[str]:
    """The values of the cookie in a header, whatever other cookies look like."""
    for pair in header.split(";"):
        name, _, value = pair.strip().partition("=")
        if name == COOKIE:
            yield value
