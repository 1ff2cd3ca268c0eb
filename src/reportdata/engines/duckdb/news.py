"""Which staged facts are new: few days of one kind at a time, so that memory stays bounded by the largest day."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from reportdata.days import PARTITION, day_of_folder, from_date
from reportdata.engines import Files
from reportdata.engines.duckdb.connection import columns_of, facts, file, known, text
from reportdata.engines.duckdb.provenance import SOURCE, having_provenance
from reportdata.engines.duckdb.spans import Rows, Span, read_spans
from reportdata.facts import Provenance
from reportdata.files import made
from reportdata.kinds import Kind

_COMPARED = 32 << 20
"""Bytes of staged files whose facts are compared with each other at once; more, when a day has more."""


_FEW = 1 << 18
"""Bytes below which the staged facts of a day are few."""
_Day = tuple[str, Path, list[Path], Sequence[Path]]
"""A staged day, where it is kept, its files, and those that the lake has of it."""


class Staged(NamedTuple):
    """What was staged of a kind: records read, facts that are kept because the lake does not have them yet, their days,
    and the span of each organisation among all that was read. ``alike`` says that some may share an id; on the days in
    ``single``, of which the lake had none, no two do."""

    kind: Kind
    read: int
    added: int
    days: tuple[str, ...]
    spans: Mapping[str, Span]
    alike: bool = False
    single: frozenset[str] = frozenset()


class Comparing(NamedTuple):
    """What staged facts are compared with: how queries are run, where the parts lie and where facts are kept, what
    reads the lake's files, and the provenance of new facts."""

    rows: Rows
    parts: Path
    folder: Path
    lake: Files
    provenance: Provenance


def keep_new(comparing: Comparing, kind: Kind, there: Callable[[Kind, str], Sequence[Path]]) -> Staged:
    """Keep those of the staged facts that are not there yet, each once; apart, as repeats, those that are there from
    another import."""
    rows, parts, folder, lake, provenance = comparing
    read = read_spans(rows, kind, parts)
    days: list[str] = []
    added = 0
    staged = [(day, place, files, there(kind, day)) for day, place, files in _by_day(kind, parts, folder)]
    apart = {day: files for day, _, files, here in staged if not here}
    counts, alike = _counts_of_different(rows, kind, apart, read.of_days)
    repeated = _repeated_days(comparing, kind, staged)
    for day, place, files, here in staged:
        if day in repeated:
            _keep(files, folder / kind.repeats / place.name)
            continue
        count = counts.get(day)
        if count is None:
            made(place, folder)
            target = place / "facts-new.parquet"
            with lake.located(here) as places:
                new = f"{facts(kind, files)} except {facts(kind, places)}"
                new = f"select *, {known(provenance)} from ({new})"
                ((count,),) = rows(f"copy ({new}) to {text(str(target))} (format parquet, parquet_version v2)")
                _keep_repeats(comparing, kind, files, places, folder / kind.repeats / place.name, count)
            if count == 0:
                shutil.rmtree(place)
            alike = alike or count > 0  # ids of days that are compared with the lake's are not counted
        else:
            _keep(files, place)
        added += count
        days += [day] if count else []
    return Staged(kind, read.number, added, tuple(days), read.spans, alike, frozenset(counts))


def _repeated_days(comparing: Comparing, kind: Kind, staged: Sequence[_Day]) -> set[str]:
    """Of the days with few facts, those on which all staged facts are there, and all that is there is from other
    imports: a file that is imported again has many such days, and a query for each would take longer than all else."""
    rows, _, _, lake, provenance = comparing
    here = {day: there for day, _, files, there in staged if there and _size(files) < _FEW}
    files_of = {day: files for day, _, files, _ in staged if day in here}
    found: set[str] = set()
    for days in _together(files_of):
        with lake.located([path for day in days for path in here[day]]) as places:
            listed = having_provenance(rows, places)
            if len(listed) < len(places):  # some are older than provenance: each day is looked at
                continue
            new = f"{facts(kind, [path for day in days for path in files_of[day]])} except {facts(kind, places)}"
            differ = rows(f"select distinct stat_day from ({new})")
            differ += rows(
                f"select stat_day from read_parquet([{', '.join(map(file, listed))}], hive_partitioning = false) "
                f"group by stat_day having count(*) filter ({_from_others(provenance)}) < count(*)"
            )
        found |= set(days) - {from_date(day) for (day,) in differ}
    return found


def _from_others(provenance: Provenance) -> str:
    """Whether a fact of the lake is known from another import."""
    return f"{SOURCE} not in ('', {text(provenance.origin.partition('/')[0])})"


def _keep_repeats(
    comparing: Comparing, kind: Kind, files: Sequence[Path], there: Sequence[Path], place: Path, new: int
) -> None:
    """Keep those of the staged facts that are there from another import: they stay when that is taken back. What came
    from elsewhere is not taken back."""
    rows, provenance = comparing.rows, comparing.provenance
    having = having_provenance(rows, there)
    listed = ", ".join(map(file, having))
    ((staged,),) = rows(f"select count(*) from ({facts(kind, files)})")
    if staged == new or not listed:
        return
    source = f"from read_parquet([{listed}], hive_partitioning = false)"
    other = _from_others(provenance)
    ((others, all_),) = rows(f"select count(*) filter ({other}), count(*) {source}")
    if new == 0 and others == all_ and len(having) == len(there):  # all that is staged is there from other imports
        _keep(files, place)
        return
    known_from = f"select {', '.join(columns_of(kind))} {source} where {other}"
    repeats = f"select *, {known(provenance)} from ({facts(kind, files)} intersect {known_from})"
    made(place, place.parents[1])
    target = place / "facts-repeats.parquet"
    ((count,),) = rows(f"copy ({repeats}) to {text(str(target))} (format parquet, parquet_version v2)")
    if count == 0:
        shutil.rmtree(place)


def keep_all(kind: Kind, parts: Path, folder: Path) -> list[str]:
    """Keep the facts in ``parts`` as they are in ``folder``; returns their days."""
    found = list(_by_day(kind, parts, folder))
    for _, place, files in found:
        _keep(files, place)
    return [day for day, *_ in found]


def _by_day(kind: Kind, parts: Path, folder: Path) -> Iterator[tuple[str, Path, list[Path]]]:
    """Each staged day, where it is kept, and its files."""
    found: dict[str, list[Path]] = {}
    for path in sorted(parts.glob(f"*/{kind.name}/{PARTITION}*/*.parquet")):
        found.setdefault(path.parent.name, []).append(path)
    for name, files in sorted(found.items()):
        yield day_of_folder(name), folder / kind.name / name, files


def _counts_of_different(
    rows: Rows, kind: Kind, files_of: Mapping[str, Sequence[Path]], read: Mapping[str, int]
) -> tuple[dict[str, int], bool]:
    """How many facts there are on each day whose facts all differ, and whether some of any days may share an id.

    :param read: how many were read of each day.
    """
    # What differs in the hash of some columns are different facts; the reverse need not hold.
    differing = f"count(distinct hash({', '.join(kind.key)}))"
    counts: dict[str, int] = {}
    alike = False
    for days in _together(files_of):
        source = f"from ({facts(kind, [path for day in days for path in files_of[day]])})"
        ((different,),) = rows(f"select {differing} {source}")
        if different == sum(read[day] for day in days):  # on all days together, which is sooner counted than on each
            counts |= {day: read[day] for day in days}
            continue
        alike = True
        found = rows(f"select stat_day, {differing} {source} group by stat_day")
        of_days = {from_date(day): count for day, count in found}
        counts |= {day: count for day, count in of_days.items() if count == read[day]}
    return counts, alike


def _together(files_of: Mapping[str, Sequence[Path]]) -> Iterator[list[str]]:
    """Days, so many together that their files take little memory, or one day at least."""
    together: list[str] = []
    size = 0
    for day, files in files_of.items():
        if together and size >= _COMPARED:
            yield together
            together, size = [], 0
        together.append(day)
        size += _size(files)
    if together:
        yield together


def _size(files: Sequence[Path]) -> int:
    return sum(path.stat().st_size for path in files)


def _keep(files: Sequence[Path], place: Path) -> None:
    """Bring files to the place where they are kept."""
    if len({path.parent for path in files}) == 1:
        made(place.parent, place.parents[1])
        files[0].parent.rename(place)
        return
    made(place, place.parents[1])
    for number, path in enumerate(files):
        path.rename(place / f"facts-{number}.parquet")
