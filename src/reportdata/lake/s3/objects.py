"""Objects below an address ``s3://bucket/prefix``, at Amazon's S3 or whatever speaks its protocol.

The client reads its settings from the usual variables: ``AWS_ACCESS_KEY_ID``, ``AWS_SECRET_ACCESS_KEY``,
``AWS_SESSION_TOKEN``, ``AWS_REGION``, ``AWS_ENDPOINT_URL``, ``AWS_VIRTUAL_HOSTED_STYLE_REQUEST`` and so on.

Only what every such service has is used: put, get, list and delete of single objects. There are no conditional
requests, no renames and no copies.
"""

from __future__ import annotations

import hashlib
import os
import time
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from datetime import timedelta
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from reportdata.errors import BadValue, LakeError
from reportdata.lake.membership import Entry
from reportdata.lake.objects import Missing
from reportdata.lake.place import Found
from reportdata.lake.s3.failures import failing

PATIENCE = 120.0
"""Seconds for which a request is tried again: servers that are overloaded or restarted come back."""
_SILENCE = 30.0
"""Seconds without a byte after which a connection counts as cut."""
_AT_ONCE = 8
_PART = 16 << 20
"""Bytes from which on an object is uploaded in parts of this size."""
_CHUNK = 1 << 20
_PAUSE = 0.1
"""Seconds before an answer that was cut off is asked for again; twice as many each time."""
_T = TypeVar("_T")


def read_address(address: str) -> tuple[str, str]:
    """The bucket and the prefix of an address ``s3://bucket/prefix``.

    :raises BadValue: when it is none.
    """
    parts = urlsplit(address)
    if parts.scheme != "s3" or not parts.netloc or parts.query or parts.fragment or parts.username:
        raise BadValue(f"{address!r} is not an address in object storage", "write it as s3://BUCKET/PREFIX")
    return parts.netloc, parts.path.strip("/")


class Objects:
    """The objects below an address.

    :param patience: seconds for which a request is tried again.
    """

    at_once = _AT_ONCE
    """Requests that are made at once."""

    def __init__(self, address: str, patience: float = PATIENCE) -> None:
        try:
            from obstore.store import S3Store
        except ImportError as error:
            raise LakeError(f"a lake at {address} needs the package obstore", "pip install 'reportdata[s3]'") from error
        self.bucket, self.prefix = read_address(address)
        self._patience = patience
        self.address = f"s3://{self.bucket}/{self.prefix}".rstrip("/")
        with self._failing("opened"):
            self._store = S3Store(
                self.bucket,
                prefix=self.prefix or None,
                # Alibaba Cloud's OSS has no deletion of several objects by S3's protocol.
                config={"disable_bulk_delete": True},
                client_options={
                    "allow_http": True,  # the endpoint says which it is
                    "connect_timeout": "5s",
                    "read_timeout": timedelta(seconds=min(_SILENCE, patience / 2)),
                    "timeout": "1h",  # of a large object, which comes as fast as it can
                },
                retry_config={"max_retries": 100, "retry_timeout": timedelta(seconds=patience)},
            )

    def put(self, key: str, content: bytes | Path) -> None:
        """Write an object. It is durable when this returns; written again with the same content, nothing changes.

        :raises LakeError: when it cannot be written; it may be there nevertheless.
        """
        import obstore

        with self._failing("written", key):
            obstore.put(self._store, key, content, chunk_size=_PART)

    def put_files(self, names: Mapping[Path, str]) -> dict[Path, str]:
        """Write files as objects of these keys, several at once; returns their SHA-256 in hexadecimal.

        :raises OSError: when a file cannot be read.
        """

        def put(path: Path) -> str:
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            self.put(names[path], path)
            return digest

        with several() as pool:
            return dict(zip(names, pool.map(put, names), strict=True))

    def get(self, key: str) -> bytes:
        """An object's content.

        :raises Missing: when there is none.
        """
        import obstore

        with self._failing("read", key):
            return self._again(lambda: bytes(obstore.get(self._store, key).bytes()))

    def fetch(self, key: str, target: Path) -> str:
        """Write an object's content to a new file, durably, and return its SHA-256 in hexadecimal.

        :raises Missing: when there is none.
        """

        def fetch() -> str:
            descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                _, digest = self._streamed(key, file.write)
                file.flush()
                os.fsync(file.fileno())
            return digest

        with self._failing("read", key):
            return self._again(fetch)

    def mark(self, key: str) -> tuple[int, str] | None:
        """An object's bytes and its ETag, which are others when it has changed; None when there is none."""
        import obstore

        try:
            with self._failing("read", key):
                found = self._again(lambda: obstore.head(self._store, key))
        except Missing:
            return None
        return found["size"], str(found["e_tag"])

    def content(self, key: str) -> tuple[int, str]:
        """An object's bytes and their SHA-256 in hexadecimal; it is read for that.

        :raises Missing: when there is none.
        """
        with self._failing("read", key):
            return self._again(lambda: self._streamed(key, len))

    def list(self, folder: str) -> list[Found]:
        """The objects whose keys begin with ``folder/``, or all, in the order of their keys."""
        import obstore

        with self._failing("listed"):
            pages = self._again(lambda: list(obstore.list(self._store, folder or None, chunk_size=1000)))
        found = [meta for page in pages for meta in page]
        return sorted(Found(meta["path"], meta["size"], meta["last_modified"].timestamp()) for meta in found)

    def keys(self, folder: str) -> Sequence[str]:
        """The keys of the objects whose keys begin with ``folder/``, in their order."""
        return [found.key for found in self.list(folder)]

    def unlogged(self) -> Entry | None:
        """None: nothing was ever kept here without a log."""
        return None

    def take_over(self) -> None:
        """Nothing: there was always a log."""

    def try_putting(self) -> None:
        """Write an object and remove it again.

        :raises LakeError: when that is not possible.
        """
        key = f"trial/{uuid.uuid4().hex}"
        self.put(key, b"An object that shows that more can be added; it may be removed.\n")
        self.remove([key])

    def remove(self, keys: Iterable[str]) -> None:
        """Remove objects, whether they are there or not."""
        import obstore

        def remove(key: str) -> None:
            with self._failing("removed", key):
                try:
                    obstore.delete(self._store, key)
                except FileNotFoundError:
                    return

        with several() as pool:
            list(pool.map(remove, keys))

    def _streamed(self, key: str, take: Callable[[bytes], object]) -> tuple[int, str]:
        """An object's bytes and their SHA-256 in hexadecimal; ``take`` is given its content, piece by piece."""
        import obstore

        digest, size = hashlib.sha256(), 0
        for chunk in obstore.get(self._store, key).stream(min_chunk_size=_CHUNK):
            take(chunk)
            digest.update(chunk)
            size += len(chunk)
        return size, digest.hexdigest()

    def _again(self, read: Callable[[], _T]) -> _T:
        """What ``read`` gives; when an answer is cut off, it is asked for again. Requests that are not answered well
        at all are tried again by the client itself."""
        from obstore.exceptions import BaseError

        end, pause = time.monotonic() + self._patience, _PAUSE
        while True:
            try:
                return read()
            except BaseError as error:
                if "response body error" not in str(error) or time.monotonic() + pause > end:
                    raise
            time.sleep(pause)
            pause *= 2

    def _failing(self, verb: str, key: str = "") -> AbstractContextManager[None]:
        return failing(f"{self.address}/{key}".rstrip("/"), verb)


def several() -> ThreadPoolExecutor:
    """Threads for requests that are made at once."""
    return ThreadPoolExecutor(_AT_ONCE, "objects")
