"""HTTP as it comes from the network: limits on what a request's head may be and on how long a client may take, and JSON
even for what is no HTTP."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping

from reportdata.http.answers import BODY_TOO_LARGE, ON_EOF, TOO_BUSY, TOO_SLOW, Answer, Fault, new_ids
from reportdata.http.connections import Connections
from reportdata.http.limits import LARGEST_BODY, BodyLimit, Phase
from reportdata.http.requests import StrictProtocol
from reportdata.http.uvicorn_private import ASGI3Application, Config, HttpToolsProtocol, RequestResponseCycle

Direct = Callable[[list[tuple[bytes, bytes]], bytes, str], Answer | None]
"""Answers a ``GET``, given its headers, its query and the caller's address; None leaves it to the application."""


class ServerProtocol(StrictProtocol):
    """A connection: what it answers at once, what it waits for, and how it ends.

    :param direct: by path, what is answered as soon as a request has come whole, without a task and the application:
        most of the time of a call would go there.
    :param body_limit: the limit of bodies that are sent to a path.
    """

    server_state: Connections
    _direct: Direct | None = None  # what will answer the request that is being read
    _running: RequestResponseCycle | None = None
    _left = False
    _waited = 0
    _seen: tuple[Phase, int] = (Phase.REQUEST, 0)

    def __init__(
        self,
        config: Config,
        connections: Connections,
        direct: Mapping[bytes, Direct],
        body_limit: Callable[[bytes], BodyLimit],
    ) -> None:
        super().__init__(config, connections, {})
        self._all_direct = direct
        self._limit_of = body_limit

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if self.client is not None and self.client[0].startswith("::ffff:"):  # IPv4 on a socket of both kinds
            self.client = (self.client[0].removeprefix("::ffff:"), self.client[1])
        if not self.server_state.make_room(self):
            self._refuse(TOO_BUSY)

    def eof_received(self) -> bool:  # type: ignore[override]
        """The client sends no more and may still read: what came whole is answered before the connection closes."""
        if self._running is None or self._is_idle() or self._running.more_body or not self.transport.can_write_eof():
            return False
        if not self.refused:  # else that is the last answer
            if self.pipeline and self.cycle.more_body:  # its body will not come
                self.pipeline.popleft()
            (self.pipeline[0][0] if self.pipeline else self._running).keep_alive = False
        if callable(ended := self._running.scope.get(ON_EOF)):
            ended()
        return True

    def on_head(self) -> None:
        path, _, query = self.url.partition(b"?")
        direct, running = self._all_direct.get(path), self._running
        if (
            direct is not None
            and self.parser.get_method() == b"GET"
            and (running is None or running.response_complete)
            and not self.flow.write_paused
            and not self.expect_100_continue
        ):
            self._direct, self._query = direct, query
            return
        self._ask_application()

    def _ask_application(self) -> None:
        url, headers, expect = self.url, self.headers, self.expect_100_continue
        HttpToolsProtocol.on_message_begin(self)  # makes the scope, and forgets what was read
        self.url, self.headers, self.expect_100_continue = url, headers, expect
        self.scope["headers"] = headers
        HttpToolsProtocol.on_headers_complete(self)
        if self.server_state.draining:
            self.cycle.keep_alive = False

    def on_message_complete(self) -> None:
        if self.upgrade is not None:
            return
        self._is_chunked = False
        if self._direct is None:
            super().on_message_complete()
            return
        answer = self._direct(self.headers, self._query, self.client[0] if self.client else "")
        self._direct = None
        if answer is None:
            self._ask_application()
            super().on_message_complete()
            return
        if self.transport.is_closing():
            return
        last = self.last or self.server_state.draining
        self.transport.write(answer.written(self.server_state.date, close=last))
        if last:
            self.transport.close()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        self._running = cycle
        super()._start_asgi_task(cycle, app)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._running is not None:  # uvicorn tells the newest one only, which may be a later one
            self._running.disconnected = True
        super().connection_lost(exc)

    def on_body(self, body: bytes) -> None:
        self.body_bytes += len(body)
        if self.body_bytes > LARGEST_BODY and self.body_bytes > self._body_limit().largest:
            self.fault = BODY_TOO_LARGE
            raise ValueError(BODY_TOO_LARGE.code)
        if self._direct is None:
            super().on_body(body)

    def on_response_complete(self) -> None:
        """As uvicorn's, without a timer for each answer: `tick` sees what a connection waits for."""
        if self.transport.is_closing():
            return
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
        elif self.refused:
            self._refuse(self.fault)
        else:
            self.flow.resume_reading()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - the fault says more
        """Answer what could not be read, after all that came whole before it, and close."""
        self.refused = True
        if self.pipeline and self.cycle.more_body:  # its body cannot be read
            self.pipeline.popleft()
        elif self._is_idle() or self.cycle.more_body:
            self._refuse(self.fault)
            return
        self.flow.pause_reading()

    def tick(self) -> None:
        """A second has passed. A client that was waited for too long is told so, where it began to ask, and closed."""
        seen = (self._phase(), self.requests)
        if seen != self._seen:
            self._seen = seen
            self._waited = 0
            return
        self._waited += 1
        phase = seen[0]
        longest = self._body_limit().seconds if phase is Phase.BODY else phase.value
        if self._waited < longest or self.transport.is_closing():
            return
        answering = self._running is not None and self._running.response_started
        if phase is Phase.HEAD or (phase is Phase.BODY and (self._direct is not None or not answering)):
            self._refuse(TOO_SLOW)
        elif phase is Phase.READING:
            self.transport.abort()
        else:
            self.transport.close()

    def give_way(self) -> bool:
        """Close the connection if it waits for its client; whether it did."""
        phase = self._phase()
        if phase is Phase.ANSWER or self.transport.is_closing():
            return False
        self.transport.abort() if phase is Phase.READING else self.transport.close()
        return True

    def drain(self) -> None:
        """Answer what has come, and say that the connection closes."""
        if not self._is_idle():
            self.cycle.keep_alive = False

    def close_if_idle(self) -> None:
        """Close the connection if it has nothing to answer."""
        if self._phase() in (Phase.REQUEST, Phase.HEAD, Phase.LEAVING):
            self.transport.close()

    def _phase(self) -> Phase:
        if self.flow.write_paused:
            return Phase.READING
        if self._left:
            return Phase.LEAVING
        if self._running is not None and not self._running.response_complete:
            return Phase.BODY if self._running.more_body else Phase.ANSWER
        if self.head_bytes is not None:
            return Phase.HEAD
        if self._direct is not None:
            return Phase.BODY
        return Phase.BODY if self._running is not None and self._running.more_body else Phase.REQUEST

    def _body_limit(self) -> BodyLimit:
        path, _, _ = self.url.partition(b"?")
        return self._limit_of(b"/" + path.lstrip(b"/"))

    def _is_idle(self) -> bool:
        return self._running is None or self._running.response_complete

    def _refuse(self, fault: Fault) -> None:
        self.refused = self._left = True
        self.server_state.refused[fault.code] += 1
        if self._running is not None:  # it has no answer of its own any more
            self._running.disconnected = True
            self._running.waiting_for_100_continue = False
            self._running.message_event.set()
        ids = new_ids(time.time())
        answer = Answer(fault.status, fault.body(ids.request), ids)
        self.transport.write(answer.written(self.server_state.date, close=True))
        self.flow.resume_reading()
        if self.transport.can_write_eof():
            self.transport.write_eof()
