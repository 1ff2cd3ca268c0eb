"""The audit: who read which day of which organisation, from where and when. ::

    audit/2026-11-22.jsonl     what was read on that day (UTC); a line: `Read`

Reads are noted in memory and written about once a second: equal ones of that second are one line. What was noted in
the last second before a power loss is lost; a stop loses nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from reportdata.errors import StoreError
from reportdata.files import append, reading
from reportdata.plurals import count_of
from reportdata.presence import Ground

_SUFFIX = ".jsonl"


class Read(msgspec.Struct, frozen=True, rename="camel"):
    """One or more equal reads within about a second. Times are in milliseconds since 1970."""

    at: int
    app_key: str
    corp_id: str
    stat_date: str
    address: str
    request_id: str
    """The request id of the first of them, which its answer had in a header."""
    reads: int = 1


class Audit:
    """The audit in a folder, which is made when something is written to it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._ground = Ground(folder)
        self._noted: dict[tuple[str, str, str, str], tuple[float, str, int]] = {}

    def note(self, app_key: str, corp_id: str, stat_date: str, address: str, request_id: str, now: float) -> None:
        """Note a read, in memory. ``now`` is in seconds since 1970."""
        who = (app_key, corp_id, stat_date, address)
        first, first_id, reads = self._noted.get(who, (now, request_id, 0))
        self._noted[who] = (first, first_id, reads + 1)

    def take(self) -> list[Read]:
        """What was noted since this was last called."""
        noted, self._noted = self._noted, {}
        return [
            Read(int(at * 1000), app_key, corp_id, stat_date, address, request_id, reads)
            for (app_key, corp_id, stat_date, address), (at, request_id, reads) in noted.items()
        ]

    def write(self, reads: Sequence[Read]) -> None:
        """Append reads to the file of the first one's day. Several processes may write at once.

        :raises StoreError: when they cannot be written.
        """
        if not reads:
            return
        day = datetime.fromtimestamp(reads[0].at / 1000, UTC).date().isoformat()
        lines = msgspec.json.Encoder().encode_lines(reads)
        try:
            append(self._ground.make() / f"{day}{_SUFFIX}", lines, durable=False)
        except OSError as error:
            raise StoreError(
                f"the audit in {self._folder} cannot be written ({error.strerror or error}): "
                f"{count_of(len(reads), 'entry is', 'entries are')} lost",
                "see that the folder can be written and that the disk is not full",
            ) from error

    def read(self, first_day: str | None = None, last_day: str | None = None) -> Iterator[Read]:
        """What was read between two days (UTC, yyyyMMdd), the oldest first. A line that was cut off is left out.

        :raises StoreError: when a file cannot be read.
        """
        for path in self._files():
            day = path.stem.replace("-", "")
            if (first_day or "") <= day <= (last_day or "99991231"):
                try:
                    with reading(path) as lines:
                        yield from _reads(lines)
                except OSError as error:
                    raise StoreError(f"the audit {path} cannot be read: {error.strerror or error}") from error

    def forget_before(self, day: str) -> int:
        """Remove the files of the days before ``day`` (yyyyMMdd); how many."""
        old = [path for path in self._files() if path.stem.replace("-", "") < day]
        for path in old:
            path.unlink(missing_ok=True)
        return len(old)

    def _files(self) -> list[Path]:
        return sorted(self._folder.glob(f"*{_SUFFIX}"))


def _reads(lines: Iterable[bytes]) -> Iterator[Read]:
    decoder = msgspec.json.Decoder(Read)
    for line in lines:
        try:
            yield decoder.decode(line)
        except msgspec.DecodeError:
            continue
