"""Group commit: a thread that writes all that came while it wrote."""

from __future__ import annotations

import threading
from concurrent.futures import Future

from reportdata.errors import FolderGone, InboxError, ReportDataError


class Batches:
    """A `reportdata.inbox.Writer` whose subclass says how a batch is made durable.

    :param place: what the inbox is called in errors.
    """

    def __init__(self, place: str) -> None:
        self.commits = 0
        """How often lines were made durable."""
        self._place = place
        self._wake = threading.Condition()
        self._queue: list[tuple[bytes, Future[None]]] = []
        self._closing = False
        self._thread = threading.Thread(target=self._work, name="inbox", daemon=True)
        self._thread.start()

    def append(self, lines: bytes) -> Future[None]:
        """Add whole lines, each a `Fact` in JSON. They are durable when the future is done; when it fails with
        `InboxError`, they were not acknowledged."""
        future: Future[None] = Future()
        with self._wake:
            if self._closing:
                raise InboxError(f"the inbox {self._place} is closed")
            self._queue.append((lines, future))
            self._wake.notify()
        return future

    def close(self) -> None:
        """Write what is queued, and finish what is open."""
        with self._wake:
            self._closing = True
            self._wake.notify()
        self._thread.join()

    def _write(self, lines: bytes) -> None:
        """Make lines durable."""
        raise NotImplementedError

    def _pause(self) -> float | None:
        """Seconds after which to look at what is open though nothing came; None when nothing is."""
        return None

    def _written(self, *, ended: bool) -> None:
        """Look at what is open: lines were written, or none came for a while."""

    def _failed(self) -> None:
        """Writing failed."""

    def _work(self) -> None:
        ended = False
        while not ended:
            with self._wake:
                if not self._queue and not self._closing:
                    self._wake.wait(self._pause())
                taken, self._queue = self._queue, []
                ended = self._closing
            wanted = [(lines, future) for lines, future in taken if future.set_running_or_notify_cancel()]
            if wanted:
                self._commit(wanted)
            self._written(ended=ended)

    def _commit(self, wanted: list[tuple[bytes, Future[None]]]) -> None:
        try:
            self._write(b"".join(lines for lines, _ in wanted))
        except Exception as error:  # whatever it is, somebody waits for an answer
            self._failed()
            failed: ReportDataError
            if isinstance(error, FolderGone):
                failed = error
            else:
                reason = error.strerror if isinstance(error, OSError) else error
                failed = InboxError(f"the inbox {self._place} cannot be written: {reason}")
                failed.__cause__ = error
            for _, future in wanted:
                future.set_exception(failed)
        else:
            self.commits += 1
            for _, future in wanted:
                future.set_result(None)
