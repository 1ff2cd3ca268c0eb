"""What can go wrong between a client and its server."""

from __future__ import annotations


class ClientError(Exception):
    """Anything that a `reportdata.client.Client` raises."""


class Unreachable(ClientError):
    """No whole answer came: no connection, a certificate that is not trusted, a time-out, or what is no answer of a
    `reportdata` server."""


class ApiError(ClientError):
    """The server answered with an error.

    :ivar status: of HTTP.
    :ivar code: the error's name, like ``InvalidParameter``.
    :ivar message: what the server says of it.
    :ivar request_id: by which the server's operator finds the request in the log and the audit; empty without one.
    :ivar retry_after: seconds to wait before the next try, when the server says so.
    :ivar detail: what else it says, like the scopes that are required.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        request_id: str = "",
        *,
        retry_after: float | None = None,
        detail: object = None,
    ) -> None:
        super().__init__(status, code, message, request_id)
        self.status = status
        self.code = code
        self.message = message
        self.request_id = request_id
        self.retry_after = retry_after
        self.detail = detail

    def __str__(self) -> str:
        more = f" {self.detail}" if self.detail else ""
        return f"{self.message}{more} ({self.code}, status {self.status}, request {self.request_id or 'without id'})"


class NotSignedIn(ApiError):
    """The key, the secret or the token is wrong, or the token has ended."""


class NotAllowed(ApiError):
    """The app lacks the scope, or calls from an address that is not in its list."""


class Unavailable(ApiError):
    """The server is too busy, or is stopping; it was asked again as often as the client's `Patience` allows."""


_SIGN_IN = ("InvalidAuthentication", "AuthenticationFailed", "invalidClientIdOrSecret")
"""What codes begin with that the contract answers with a status of 400."""


def kind_of(status: int, code: str) -> type[ApiError]:
    """The class of an error."""
    if status == 401 or code.startswith(_SIGN_IN):
        return NotSignedIn
    if status in (429, 502, 503, 504) or code == QPS_LIMIT:
        return Unavailable
    return NotAllowed if status == 403 else ApiError


QPS_LIMIT = "Forbidden.AccessDenied.QpsLimitForAppkeyAndApi"
"""What the contract answers, with a status of 403, when an app has made all the calls of a second."""
