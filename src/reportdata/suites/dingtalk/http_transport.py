"""A transport over HTTP on connections that are kept. Whatever sends no request imports none of it.

The machine's settings hold: a proxy by HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY (or those of the system, on
macOS), certificates by SSL_CERT_FILE and SSL_CERT_DIR. Redirects are not followed: a token would go with them.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Mapping
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

import urllib3

from reportdata.suites.dingtalk.transport import NoAnswer, NotSent, Reply, Unreachable

TIMEOUT = 10.0
"""Seconds without a byte after which an answer is given up; DingTalk's gateway itself gives up after 3."""
_WHOLE = 60.0
"""Seconds after which an answer is given up that comes in drops."""
_LARGEST = 32 << 20
"""Bytes of an answer."""
_PIECE = 1 << 16


class HttpTransport:
    """Over HTTP/1.1."""

    def __init__(self, timeout: float = TIMEOUT, whole: float = _WHOLE) -> None:
        self._timeout = urllib3.Timeout(timeout)
        self._whole = whole
        self._pools: dict[tuple[str, bool], urllib3.PoolManager] = {}

    def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> Reply:
        """See `Transport`.

        :raises Unreachable: when the machine's settings are in the way.
        """
        proxy = proxy_of(url)
        try:
            response = self._pool(proxy, secure="https" in (urlsplit(url).scheme, urlsplit(proxy).scheme)).request(
                method,
                url,
                body=body,
                headers={"user-agent": "reportdata", **headers},
                redirect=False,
                preload_content=False,
            )
            try:
                content = self._read(response)
            finally:
                response.close()
        except urllib3.exceptions.SSLError as error:
            raise _untrusted(error, url) or NoAnswer(f"the connection by TLS ended: {error}") from error
        except urllib3.exceptions.ProxyError as error:  # before there was a way to the server
            untrusted = _untrusted(error.original_error, proxy)
            if untrusted is not None:
                raise untrusted from error
            raise NotSent(f"there is no way through the proxy {_shown(proxy)}: {error.original_error}") from error
        except (urllib3.exceptions.NewConnectionError, urllib3.exceptions.ConnectTimeoutError) as error:
            raise NotSent(f"there is no connection to {_shown(url)}: {_reason(error)}") from error
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise NoAnswer(f"there is no whole answer: {type(error).__name__}") from error
        headers = response.headers
        return Reply(response.status, content, headers.get("date", ""), headers.get("retry-after", ""))

    def close(self) -> None:
        """See `Transport`."""
        for pool in self._pools.values():
            pool.clear()

    def _read(self, response: urllib3.BaseHTTPResponse) -> bytes:
        until = time.monotonic() + self._whole
        content = bytearray()
        while piece := response.read1(_PIECE):
            content += piece
            if len(content) > _LARGEST:
                raise NoAnswer("the answer is too large")
            if time.monotonic() > until:
                raise NoAnswer(f"the answer did not end within {self._whole:g} s")
        return bytes(content)

    def _pool(self, proxy: str, *, secure: bool) -> urllib3.PoolManager:
        """The connections by way of a proxy, or without one. Certificates take long to read; none are where nothing is
        ``secure``."""
        found = self._pools.get((proxy, secure))
        if found is None:
            trusted = ssl.create_default_context() if secure else None  # heeds SSL_CERT_FILE and SSL_CERT_DIR
            if proxy:
                parts = urlsplit(proxy)
                user = f"{unquote(parts.username)}:{unquote(parts.password or '')}" if parts.username else None
                found = urllib3.ProxyManager(
                    proxy,
                    proxy_headers=urllib3.make_headers(proxy_basic_auth=user) if user else None,
                    proxy_ssl_context=ssl.create_default_context() if secure else None,
                    ssl_context=trusted,
                    retries=False,
                    timeout=self._timeout,
                    maxsize=1,
                )
            else:
                found = urllib3.PoolManager(ssl_context=trusted, retries=False, timeout=self._timeout, maxsize=1)
            self._pools[proxy, secure] = found
        return found


def proxy_of(url: str) -> str:
    """The address of the proxy by which the machine's settings let a URL be reached; empty when there is none.

    :raises Unreachable: when it is of a kind that is not spoken here.
    """
    parts = urlsplit(url)
    proxies = getproxies()
    proxy = proxies.get(parts.scheme) or proxies.get("all") or ""
    if not proxy or proxy_bypass(parts.netloc.rpartition("@")[2]):
        return ""
    if "://" not in proxy:
        proxy = f"http://{proxy}"
    if urlsplit(proxy).scheme not in ("http", "https") or not urlsplit(proxy).hostname:
        raise Unreachable(
            f"the proxy {_shown(proxy)} is not spoken to: it is none of HTTP",
            "set HTTPS_PROXY to one like http://host:3128, or name the host in NO_PROXY",
        )
    return proxy


def _shown(proxy: str) -> str:
    """A proxy's address without a password."""
    parts = urlsplit(proxy)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def _reason(error: BaseException) -> str:
    """What kept a connection from coming about, in a few words."""
    return str(getattr(error.__cause__, "strerror", "") or type(error).__name__)


def _untrusted(error: BaseException, address: str) -> Unreachable | None:
    """What says that a certificate is not trusted, when that is what was the matter."""
    cause: object = error
    while isinstance(cause, urllib3.exceptions.HTTPError) and cause.args:
        cause = cause.args[0]
    if not isinstance(cause, ssl.SSLCertVerificationError):
        return None
    said = f"the certificate of {_shown(address)} is not trusted: {cause.verify_message}"
    return Unreachable(said, "name your CA's file in SSL_CERT_FILE")
