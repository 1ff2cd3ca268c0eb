"""Files that people bring, as they come: they are put to the others of their upload when they are whole."""

from __future__ import annotations

import logging
import os
import shutil
import uuid
from collections.abc import AsyncIterable
from pathlib import Path

from starlette.concurrency import run_in_threadpool

from reportdata import files
from reportdata.api.bringing import LARGEST, LATER, MOST_FILES, NO_ROOM, TOO_MANY_FILES, UPLOAD_TOO_LARGE
from reportdata.cli.upload_folders import UploadFolders, file_name
from reportdata.http.answers import Failed

log = logging.getLogger("reportdata.imports")

_CHUNK = 1 << 20
_PATIENCE = 1.0
"""Seconds that a file waits for another one that comes to the same upload."""
_LEAST_FREE = 100_000_000
"""Bytes that the disk keeps free."""


class Uploads(UploadFolders):
    """The uploads of a data folder, to which files come."""

    async def take(
        self, corp_id: str, upload: str | None, file: tuple[str, int | None], content: AsyncIterable[bytes]
    ) -> str:
        """As `reportdata.api.bringing.Bringing.take`; returns the upload."""
        name = file_name(file[0])
        upload = await run_in_threadpool(self._place, corp_id, upload, name)
        aside = self.root / upload / uuid.uuid4().hex
        try:
            await self._receive(aside, upload, name, content)
            await run_in_threadpool(self._finish, aside, upload, name, file[1])
        except OSError as error:
            log.warning("a file cannot be taken: %s", error)
            raise Failed(NO_ROOM, headers=LATER) from error
        finally:
            aside.unlink(missing_ok=True)
        return upload

    def _place(self, corp_id: str, upload: str | None, name: str) -> str:
        """The upload that a file goes to."""
        if upload is None:
            upload = uuid.uuid4().hex
            self.make(corp_id, upload)
        self.require(corp_id, upload)
        os.close(self.hold(upload, _PATIENCE))
        if len({name, *(one.name for one in self.stored(upload))}) > MOST_FILES:
            raise Failed(TOO_MANY_FILES)
        return upload

    async def _receive(self, aside: Path, upload: str, name: str, content: AsyncIterable[bytes]) -> None:
        room = LARGEST - sum(one.size for one in self.stored(upload) if one.name != name)
        buffer = bytearray()
        with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb") as file:
            async for part in content:
                buffer += part
                room -= len(part)
                if room < 0:
                    raise Failed(UPLOAD_TOO_LARGE)
                if len(buffer) >= _CHUNK:
                    await run_in_threadpool(self._write, file.fileno(), bytes(buffer))
                    buffer.clear()
            await run_in_threadpool(self._write, file.fileno(), bytes(buffer))

    def _finish(self, aside: Path, upload: str, name: str, modified: int | None) -> None:
        """Put a file that came whole to the others, unless somebody works on these by now."""
        if modified is not None:
            os.utime(aside, ns=(modified * 1_000_000,) * 2)
        held = self.hold(upload, _PATIENCE)
        try:
            others = [one for one in self.stored(upload) if one.name != name]  # some may have come meanwhile
            if len(others) >= MOST_FILES:
                raise Failed(TOO_MANY_FILES)
            if sum(one.size for one in others) + aside.stat().st_size > LARGEST:
                raise Failed(UPLOAD_TOO_LARGE)
            aside.replace(self.files(upload) / name)
        finally:
            os.close(held)

    def _write(self, descriptor: int, content: bytes) -> None:
        if shutil.disk_usage(self.root).free < _LEAST_FREE:
            raise Failed(NO_ROOM, headers=LATER)
        files.write_all(descriptor, content)
