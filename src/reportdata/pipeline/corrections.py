"""Corrections: numbers of the store that were not those of the facts, though nothing had changed, and were put right.

Something changed them at rest: a disk or memory that fails, or a person. So each correction is kept in a file of lines
beside the lake, for the doctor and the metrics, until somebody has seen to it and removes the file.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import msgspec

from reportdata.files import append, read


class Correction(msgspec.Struct, frozen=True):
    """When numbers of a day were put right (milliseconds since 1970), of which service, and of how many
    organisations."""

    at: int
    service: str
    day: str
    organisations: int


def file_of(root: Path) -> Path:
    """The file of the corrections of a lake, by where it keeps what is this machine's."""
    return root / "corrections.jsonl"


def corrections(root: Path) -> list[Correction]:
    """All that were kept, the earliest first. Lines that cannot be read are left out."""
    found: list[Correction] = []
    with suppress(FileNotFoundError):
        for line in read(file_of(root)).splitlines():
            with suppress(msgspec.DecodeError, UnicodeDecodeError):
                found.append(msgspec.json.decode(line, type=Correction))
    return found


def keep(root: Path, done: Iterable[Correction]) -> None:
    """Keep corrections, durably."""
    if lines := msgspec.json.Encoder().encode_lines(list(done)):
        append(file_of(root), lines)
