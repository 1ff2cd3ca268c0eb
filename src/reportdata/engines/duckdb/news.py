"""Which staged facts are new: a day of one kind after the other, so that memory stays bounded by the largest day."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from reportdata.days import PARTITION, day_of_folder, from_date
from reportdata.engines import Files
from reportdata.engines.duckdb.connection import COLUMNS, facts, file, text
from reportdata.facts import Kind

Rows = Callable[[str], list[tuple[Any, ...]]]
"""Runs a query."""


class Staged(NamedTuple):
    """What was staged of a kind: records read, facts that are kept because the lake does not have them yet, their days,
    and each organisation's first and last day among all that was read."""

    kind: Kind
    read: int
    added: int
    days: tuple[str, ...]
    spans: Mapping[str, tuple[str, str]]


def keep_new(
    rows: Rows, kind: Kind, parts: Path, folder: Path, known: Callable[[Kind, str], Sequence[Path]], lake: Files
) -> Staged:
    """Keep those of the facts in ``parts`` that are not known, each once, in ``folder``."""
    read, spans = _read(rows, kind, parts)
    days: list[str] = []
    added = 0
    for day, place, files in _by_day(kind, parts, folder):
        here = known(kind, day)
        count = None if here else _count_of_different(rows, kind, files)
        if count is None:
            place.mkdir(parents=True)
            target = place / "facts-new.parquet"
            with lake.located(here) as places:
                new = f"{facts(kind, files)} except {facts(kind, places)}"
                ((count,),) = rows(f"copy ({new}) to {text(str(target))} (format parquet, parquet_version v2)")
            if count == 0:
                shutil.rmtree(place)
        else:
            _keep(files, place, parts)
        added += count
        days += [day] if count else []
    return Staged(kind, read, added, tuple(days), spans)


def keep_all(rows: Rows, kind: Kind, parts: Path, folder: Path) -> Staged:
    """Keep the facts in ``parts`` as they are in ``folder``."""
    read, spans = _read(rows, kind, parts)
    found = list(_by_day(kind, parts, folder))
    for _, place, files in found:
        _keep(files, place, parts)
    return Staged(kind, read, read, tuple(day for day, *_ in found), spans)


def _read(rows: Rows, kind: Kind, parts: Path) -> tuple[int, dict[str, tuple[str, str]]]:
    """How many records were read, and each organisation's first and last day."""
    files = f"{file(parts)[:-1]}/*/{kind}/{PARTITION}*/*.parquet'"
    groups = rows(
        "select corp_id, min(stat_day), max(stat_day), count(*) "
        f"from read_parquet({files}, hive_partitioning = false) group by corp_id"
    )
    spans = {corp: (from_date(first), from_date(last)) for corp, first, last, _ in groups}
    return sum(count for *_, count in groups), spans


def _by_day(kind: Kind, parts: Path, folder: Path) -> Iterator[tuple[str, Path, list[Path]]]:
    """Each staged day, where it is kept, and its files."""
    found: dict[str, list[Path]] = {}
    for path in sorted(parts.glob(f"*/{kind}/{PARTITION}*/*.parquet")):
        found.setdefault(path.parent.name, []).append(path)
    for name, files in sorted(found.items()):
        yield day_of_folder(name), folder / kind / name, files


def _count_of_different(rows: Rows, kind: Kind, files: Sequence[Path]) -> int | None:
    """How many facts are in the files, if they all differ."""
    # What differs in the hash of its id, or of all its columns, are different facts; the reverse need not hold.
    differing = "report_id" if kind == "sent" else ", ".join(COLUMNS[kind])
    ((count, different),) = rows(f"select count(*), count(distinct hash({differing})) from ({facts(kind, files)})")
    return int(count) if count == different else None


def _keep(files: Sequence[Path], place: Path, parts: Path) -> None:
    """Bring files to the place where they are kept. Parts that outlive this keep them, too: if it is interrupted, it
    is done once more."""
    if parts.is_relative_to(place.parents[1]) and len({path.parent for path in files}) == 1:
        place.parent.mkdir(exist_ok=True)
        files[0].parent.rename(place)
        return
    place.mkdir(parents=True)
    for number, path in enumerate(files):
        target = place / f"facts-{number}.parquet"
        try:
            os.link(path, target)
        except OSError:  # this file system has no second names
            shutil.copyfile(path, target)
