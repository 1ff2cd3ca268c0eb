"""What h11, another implementation of HTTP/1.1, reads of what was sent on a connection.

What is read here and refused by h11 is listed in `_LENIENT`, and harmless: it concerns the first line only, and the
request is read as it would be with a right one, so that it ends where others say that it ends.
"""

from __future__ import annotations

import re

import h11

from tests.support.kernel import Request


def judged(sent: bytes) -> list[Request]:
    """The requests that h11 reads, until one that it refuses or that does not end."""
    connection = _fed(sent)
    found: list[Request] = []
    request, body = None, b""
    while True:
        try:
            event = connection.next_event()
        except h11.RemoteProtocolError:
            return found
        if isinstance(event, h11.Request):
            request, body = event, b""
        elif isinstance(event, h11.Data):
            body += event.data
        elif isinstance(event, h11.EndOfMessage):
            assert request is not None
            found.append(Request(request.method, request.target, body, list(request.headers)))
            connection.send(h11.Response(status_code=404, headers=[("content-length", "0")]))
            connection.send(h11.EndOfMessage())
            if connection.our_state is not h11.DONE:
                return found
            connection = _fed(connection.trailing_data[0])
        else:
            return found


_LENIENT = (
    (re.compile(rb"\A[\r\n]+"), b""),  # empty lines before a request: RFC 9112, 2.2
    (re.compile(rb"\A([^ \r\n]+) +([^ \r\n]+) +(?=[A-Z]+/)"), rb"\1 \2 "),  # several spaces for one: RFC 9112, 3
    (re.compile(rb"\A([^ \r\n]+ [^ \r\n]+ )(?:RTSP|ICE)(?=/1\.[01]\r)"), rb"\1HTTP"),  # of HTTP's own family
)
"""What is let pass before h11 reads a request, and what stands for it."""


def _fed(sent: bytes) -> h11.Connection:
    """A connection on which that was sent, and nothing else."""
    for odd, right in _LENIENT:
        sent = odd.sub(right, sent)
    connection = h11.Connection(h11.SERVER, max_incomplete_event_size=1 << 20)
    connection.receive_data(sent)
    connection.receive_data(b"")
    return connection
