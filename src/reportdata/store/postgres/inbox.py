"""The inbox in PostgreSQL: a row a segment, which is finished as soon as it is committed."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from reportdata.errors import InboxError, StoreError
from reportdata.inbox import Concerned
from reportdata.inbox.writing import Batches
from reportdata.leases import FileLeases, folder_of_own
from reportdata.presence import Ground
from reportdata.store.postgres.connection import shown
from reportdata.store.postgres.database import COMMAND_TIMEOUT, SERVING_TIMEOUT, Database

MOST = 64 << 20
"""Bytes of segments that are fetched at a time."""
_FIRST = """
select id, begun_at from (
    select id, begun_at, sum(size) over (order by id) - size as before from inbox where not damaged
    order by id limit 10000) waiting
where before < %s order by id
"""


class PostgresWriter(Batches):
    """Adds a row for all that came while it added the one before. It is opened when lines come."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._database: Database | None = None
        super().__init__(f"in {shown(address)}")

    def _write(self, lines: bytes) -> None:
        if self._database is None:
            self._database = Database(self._address, SERVING_TIMEOUT)
        with self._database.writing() as cursor:
            cursor.execute("insert into inbox (size, content) values (%s, %s)", (len(lines), lines))

    def close(self) -> None:
        """Write what is queued."""
        super().close()
        if self._database is not None:
            self._database.close()


class PostgresInbox:
    """A `reportdata.inbox.Inbox` in the database at ``address``. Segments are fetched to files below ``folder`` when
    they are taken up. Several threads may use it; it is opened when it is first used."""

    def __init__(self, address: str, folder: Path) -> None:
        self._address = address
        self._folder = folder
        self._ground = Ground(folder)
        self._lock = threading.Lock()
        self._database: Database | None = None
        self._aside: Path | None = None
        self._held = ExitStack()

    def ready(self) -> Sequence[Path]:
        """The oldest segments as files, not too many at a time."""
        with self._asked() as database:
            rows = database.rows(_FIRST, [MOST])
            if not rows:
                return []
            paths = {self._place() / f"{begun_at:016x}-{number:016x}.jsonl": number for number, begun_at in rows}
            for path, number in paths.items():
                if not path.exists():
                    row = database.row("select content from inbox where id = %s", [number])
                    if row is not None:
                        path.write_bytes(row[0])
            return [path for path in paths if path.exists()]

    def remove(self, paths: Iterable[Path]) -> None:
        """Remove segments whose facts are in the lake. They are gone for good when this returns."""
        gone = list(paths)
        with self._asked() as database:
            with database.writing() as cursor:
                cursor.execute("delete from inbox where id = any(%s)", [[_number(path) for path in gone]])
            for path in gone:
                path.unlink(missing_ok=True)

    def set_aside(self, path: Path) -> str:
        """Keep a damaged segment where nobody looks for finished ones; returns where."""
        with self._asked() as database:
            with database.writing() as cursor:
                cursor.execute("update inbox set damaged = true where id = %s", [_number(path)])
            path.unlink(missing_ok=True)
        return f"row {_number(path)} of the table inbox"

    def backlog(self) -> int:
        """Bytes that wait."""
        with self._asked() as database:
            row = database.row("select coalesce(sum(size), 0) from inbox where not damaged")
        return int(row[0]) if row else 0

    def free(self) -> int:
        """No limit is known: a database that is full says so when it is written to."""
        return sys.maxsize

    def contents(self) -> Iterator[tuple[str, bytes]]:
        """A name and whole lines for each segment that is there."""
        with self._asked() as database:
            rows = database.rows("select id, begun_at from inbox where not damaged order by id")
            for number, begun_at in rows:
                found = database.row("select content from inbox where id = %s", [number])
                if found is not None:  # it may be taken up meanwhile
                    yield f"{begun_at:016x}-{number:016x}.jsonl", bytes(found[0])

    def holds(self, concerned: Concerned) -> bool:
        """Whether a segment has such a line."""
        return any(concerned(line) for _, content in self.contents() for line in content.splitlines())

    def drop(self, concerned: Concerned) -> int:
        """Remove such lines; returns how many. Who calls this is the only worker."""
        removed = 0
        for name, content in list(self.contents()):
            lines = content.splitlines(keepends=True)
            kept = b"".join(line for line in lines if not concerned(line))
            if len(kept) < len(content):
                removed += sum(map(concerned, lines))
                with self._asked() as database, database.writing() as cursor:
                    if kept:
                        sql = "update inbox set (size, content) = (%s, %s) where id = %s"
                        cursor.execute(sql, (len(kept), kept, _number(Path(name))))
                    else:
                        cursor.execute("delete from inbox where id = %s", [_number(Path(name))])
        return removed

    def close(self) -> None:
        """Let go of the inbox, and of the files."""
        if self._database is not None:
            self._database.close()
        self._held.close()
        self._aside = None

    def _place(self) -> Path:
        """A folder of this process alone, under a lock that ends with it. What dead ones left goes away."""
        if self._aside is None:
            leases = FileLeases(self._folder, of_folders=True)
            folder = self._ground.make()
            self._aside = self._held.enter_context(folder_of_own(folder, ".", leases, "fetched-", within=folder))
        return self._aside

    @contextmanager
    def _asked(self) -> Iterator[Database]:
        try:
            with self._lock:
                if self._database is None:
                    self._database = Database(self._address, COMMAND_TIMEOUT)
                yield self._database
        except StoreError as error:
            raise InboxError(f"the inbox cannot be used: {error.message}", error.hint) from error
        except OSError as error:
            raise InboxError(f"the inbox {self._folder} cannot be used: {error.strerror or error}") from error


def _number(path: Path) -> int:
    return int(path.stem.partition("-")[2], 16)
