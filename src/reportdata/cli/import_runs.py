"""What is done with files that people bring: each run in a process of its own, one after the other."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import AsyncIterable, AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace

from starlette.concurrency import run_in_threadpool

from reportdata.api.bringing import LATER, RUNNING, TOO_MANY_RUNS, Brought, Lang, Run, Said, Upload, What
from reportdata.cli.handover import Handover
from reportdata.cli.import_process import Job, Running
from reportdata.cli.places import presence_of
from reportdata.cli.upload_folders import GOING_ON
from reportdata.cli.uploads import Uploads
from reportdata.http.answers import Failed
from reportdata.services.counting import is_counted
from reportdata.settings import Settings

log = logging.getLogger("reportdata.imports")

MOST_WAITING = 8
"""Runs that wait for the one that is computed, of each process that serves."""
_TIDY = 60.0
"""Seconds between two looks for uploads that have ended."""


class ImportRuns:
    """Keeps uploads and runs what is asked of them, as `reportdata.api.bringing.Bringing`.

    :param log_format: the form of the log of what is started.
    """

    def __init__(self, settings: Settings, log_format: str) -> None:
        self.brought = Brought()
        self._uploads = Uploads(settings.data)
        self._handover = Handover(absolute(settings), log_format, presence_of(settings)).encoded()
        self._thread = ThreadPoolExecutor(1, "imports")
        self._lock = threading.Lock()
        self._running: dict[str, Running] = {}
        self._tidied = 0.0

    async def take(
        self, corp_id: str, upload: str | None, file: tuple[str, int | None], content: AsyncIterable[bytes]
    ) -> Upload:
        """See `Bringing`."""
        if upload is not None:
            self._uploads.require(corp_id, upload)
            await run_in_threadpool(self._end_earlier, upload)
        return self.found(corp_id, await self._uploads.take(corp_id, upload, file, self._counted(content)))

    async def _counted(self, content: AsyncIterable[bytes]) -> AsyncIterator[bytes]:
        async for part in content:
            self.brought.bytes += len(part)
            yield part

    def found(self, corp_id: str, upload: str) -> Upload:
        """See `Bringing`."""
        self._uploads.require(corp_id, upload)
        with self._lock:
            running = self._running.get(upload)
        run = running.run if running is not None else self._uploads.noted(upload)
        return Upload(upload, self._uploads.stored(upload), run)

    def remove(self, corp_id: str, upload: str, name: str | None) -> None:
        """See `Bringing`."""
        try:
            self._uploads.require(corp_id, upload)
        except Failed:
            return
        self._end_earlier(upload)
        self._uploads.remove(upload, name)

    def run(self, corp_id: str, upload: str, what: What, said: Said, kinds: tuple[str, ...]) -> Upload:
        """See `Bringing`."""
        before = self.found(corp_id, upload)
        if before.run is not None and before.run.what == "import":
            is_going_on = before.run.state in GOING_ON
            if _is_imported(before.run) or (is_going_on and what == "import"):
                return before
            if is_going_on:
                raise Failed(RUNNING)
        self._end_earlier(upload)
        names = tuple(one.name for one in self._uploads.stored(upload))
        folder = str(self._uploads.files(upload).absolute())
        return self._begin(upload, Job(what, corp_id, folder, names, said, kinds=kinds))

    def undo(self, corp_id: str, import_id: str, kinds: tuple[str, ...], lang: Lang) -> Upload:
        """See `Bringing`."""
        upload = f"undo-{import_id}"
        self._uploads.make(corp_id, upload)
        before = self.found(corp_id, upload)
        if before.run is not None and before.run.state in GOING_ON:
            return before
        self._end_earlier(upload)
        folder = str(self._uploads.files(upload).absolute())
        return self._begin(upload, Job("undo", corp_id, folder, said=Said(lang=lang), import_id=import_id, kinds=kinds))

    def tidy(self) -> None:
        """Remove uploads that have ended, now and then."""
        if time.monotonic() > self._tidied + _TIDY:
            self._tidied = time.monotonic()
            self._uploads.tidy()

    def close(self) -> None:
        """End all processes and remove what was brought. What a run had not done is not done at all."""
        with self._lock:
            running = list(self._running.values())
        for one in running:
            one.end()
        self._thread.shutdown()
        self._uploads.close()

    def _begin(self, upload: str, job: Job) -> Upload:
        held = self._uploads.hold(upload)
        with self._lock:
            if len(self._running) > MOST_WAITING:
                os.close(held)
                raise Failed(TOO_MANY_RUNS, headers=LATER)
            running = self._running[upload] = Running(job, held)
            self._uploads.note(upload, running.run)
            running.ended = self._thread.submit(self._do, upload, running)
        return self.found(job.corp_id, upload)

    def _do(self, upload: str, running: Running) -> None:
        def note(run: Run) -> None:
            self._uploads.note(upload, run)

        try:
            ended = running.go(self._handover, note)
            if _is_imported(ended):
                self._uploads.empty(upload)
            running.run = ended
        except Exception:
            log.exception("a run of files that were brought ended")
            running.run = running.failed()
        finally:
            self._let_go(upload, running)

    def _let_go(self, upload: str, running: Running) -> None:
        self.brought.note(running.run)
        self._uploads.note(upload, running.run)
        with self._lock:
            self._running.pop(upload, None)
        os.close(running.held)

    def _end_earlier(self, upload: str) -> None:
        """End a preview that something else takes the place of, and wait until it has, or any other run that ends now.

        :raises Failed: when another one goes on.
        """
        with self._lock:
            running = self._running.get(upload)
        if running is None:
            return
        if running.run.what != "preview" and running.run.state in GOING_ON:
            raise Failed(RUNNING)
        running.end()
        if running.ended is not None and running.ended.cancel():  # others are before it
            self._let_go(upload, running)
        elif running.ended is not None:
            with suppress(OSError):
                running.ended.result()


def _is_imported(run: Run) -> bool:
    """Whether the files were imported. Of an import with failures none was, and they stay, to be imported otherwise."""
    return run.what == "import" and run.state == "done" and not (run.result or {}).get("failures")


def absolute(settings: Settings) -> Settings:
    """The settings for a process that works in another folder."""
    at = settings.lake_at
    return replace(
        settings,
        data=settings.data.absolute(),
        lake_at=at if at is None or "://" in at else str(settings.lake.absolute()),
        services=tuple(folder if is_counted(folder.parts) else folder.absolute() for folder in settings.services),
    )
