"""Compaction: the small files of the lake merged, while everything goes on.

The files of a day and kind become one, sorted by organisation, so that little is read for one of them. Withdrawals of
all days become one, because a day's numbers need those of any other. Where a fact had several origins, those but the
first go to a file of repeats, so that an import can be taken back after any merge. Small files are merged among
themselves until they weigh enough beside a large one: so a fact is written anew a few times in all, not with each
merge.

A merge is one step under the lock for refreshing. A kill at any moment leaves the old files or the new one in the lake
(`reportdata.lake.replacements`). The store then notes the new file in place of the old ones, and the day need not be
computed again; a kill before that makes the day stale, nothing worse.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from reportdata.engines import Subject
from reportdata.kinds import Kind
from reportdata.lake import Lake, Replacement
from reportdata.lake.files import is_merged
from reportdata.lake.looks import apart, fewest
from reportdata.pipeline import Progress, silent
from reportdata.pipeline.day_files import NONE, day_kinds, files_of_days, fingerprint
from reportdata.pipeline.workspace import Workspace
from reportdata.services import Service
from reportdata.services.sql import definition

MANY = 8
"""Files of a day and kind, or of withdrawals, or of coverage: more than these are merged."""
QUIET = 3600.0
"""Seconds since a day's newest file after which even two files are merged, when none of them is a merged one."""
_LIGHT = 4
"""How many times as much as the smaller files together a file may weigh to be merged with them."""

Choice = Callable[[Sequence[Path]], list[Path]]
"""Which of some files are merged into one; none, or one alone when only its order can be bettered."""


def compact(
    work: Workspace,
    now: float,
    *,
    days: Collection[str] | None = None,
    quiet: float | None = QUIET,
    most: int | None = None,
    progress: Progress = silent,
) -> int:
    """Merge small files, in steps that each take the lock for refreshing; returns how many merges were made.

    Files that were merged go when nobody reads them: now, or in a later call.

    :param now: seconds since 1970, as the times when files were added.
    :param days: look at the files of these days only; at those of facts that take back others, and at coverage, always.
    :param quiet: seconds without a change after which a day that was never merged is, when it has but two files; None
        to make one file of whatever is more, or was never sorted.
    :param most: merges to make at most.
    """
    lake = work.lake
    _sweep(lake)

    def choose(files: Sequence[Path]) -> list[Path]:
        return _all(files) if quiet is None else _worthwhile(lake, files, now, quiet)

    steps = _steps(work, days, choose)
    merged = 0
    for number, step in enumerate(steps):
        if most is not None and merged >= most:
            break
        progress("merging files", number, len(steps))
        merged += _step(work, step, choose)
        _sweep(lake)
    progress("merging files", len(steps), len(steps))
    return merged


class _Step(NamedTuple):
    """What is merged: files of a kind and day, of a kind that takes back others, of all its days, or of coverage, which
    is no kind; or their repeats."""

    kind: Kind | None
    day: str = ""
    repeats: bool = False


def _steps(work: Workspace, days: Collection[str] | None, choose: Choice) -> list[_Step]:
    """What there is to merge."""
    lake, kinds = work.lake, work.kinds
    found: list[_Step] = []
    with lake.reading():
        found += [_Step(kind) for kind in kinds.retracting() if choose(lake.paths(kind.name))]
        found += [_Step(None)] * bool(choose(lake.observations()))
        for kind in kinds.counted():
            found += [_Step(kind, day) for day, files in lake.files(kind.name, days).items() if choose(files)]
            repeats = lake.files(kind.repeats, days)
            found += [_Step(kind, day, repeats=True) for day, files in repeats.items() if choose(files)]
        found += [_Step(kind, repeats=True) for kind in kinds.retracting() if choose(lake.paths(kind.repeats))]
        found += [_Step(None, repeats=True)] * bool(choose(lake.repeated_observations()))
    return found


def _step(work: Workspace, step: _Step, choose: Choice) -> bool:
    """Merge files; False when there are none any more, or one of them is damaged."""
    lake = work.lake
    kind, day, repeats = step

    def chosen(files: Sequence[Path]) -> list[Path]:
        found = choose(files)
        return [] if found and lake.lost(found) else found

    with lake.refreshing():
        if kind is None:
            return merge_coverage(lake, chosen(lake.repeated_observations() if repeats else lake.observations()))
        if repeats:
            files = lake.files(kind.repeats, [day]).get(day, ()) if day else lake.paths(kind.repeats)
            return merge_repeats(work, kind, chosen(files))
        if kind.retracts is not None:
            applied = applied_everywhere(work, kind)
            return merge_retracting(work, kind, chosen([p for p in lake.paths(kind.name) if p.name in applied]))
        files = lake.files(kind.name, [day]).get(day, ())
        for service in reading(work, kind):
            noted = work.store.computed_files(service.id, [day]).get(day, frozenset())
            there = files_of_days(lake, day_kinds(service, work.kinds), [day]).get(day, NONE).names()
            if noted and noted <= there:  # what was added since shows whom the day is stale for: it is left
                files = tuple(path for path in files if f"{kind.name}/{path.name}" in noted)
        return merge_day(work, kind, day, chosen(files))


def reading(work: Workspace, kind: Kind) -> list[Service]:
    """The services whose numbers are made of a kind."""
    return [service for service in work.services if kind.name in service.reads()]


def applied_everywhere(work: Workspace, kind: Kind) -> set[str]:
    """The files of facts that take back others that were applied to the days of these, for every service."""
    applied = [work.store.applied_withdrawals(service.id) for service in reading(work, kind)]
    return set.intersection(*applied) if applied else {path.name for path in work.lake.paths(kind.name)}


def merge_day(
    work: Workspace,
    kind: Kind,
    day: str,
    files: Sequence[Path],
    *,
    without: Subject | None = None,
    same: bool = True,
) -> bool:
    """Merge files of a day and kind; False when there are none. Who calls this holds the lock for refreshing.

    :param without: whose facts are left out.
    :param same: whether the day's numbers stay, so that it need not be computed.
    """
    if not files:
        return False
    place = _merge(work, kind, files, without)
    names = {f"{kind.name}/{path.name}" for path in files}
    for service in reading(work, kind) if same else ():
        noted = work.store.computed_files(service.id, [day]).get(day, frozenset())
        if names <= noted:
            now = (noted - names) | ({f"{kind.name}/{place.name}"} if place else set())
            defined = definition(service, work.kinds)
            was = fingerprint(noted, defined)
            work.store.exchange_files(service.id, day, was, fingerprint(now, defined), now)
    return True


def merge_retracting(work: Workspace, kind: Kind, files: Sequence[Path], without: Subject | None = None) -> bool:
    """Merge files of facts that take back others, which were all applied, or of which none was; False when there are
    none."""
    if not files:
        return False
    applied = {service.id: work.store.applied_withdrawals(service.id) for service in reading(work, kind)}
    place = _merge(work, kind, files, without)
    for service_id, names in applied.items():
        kept = place.name if place and all(path.name in names for path in files) else None
        work.store.exchange_withdrawals(service_id, [path.name for path in files], kept)
    return True


def merge_repeats(work: Workspace, kind: Kind, files: Sequence[Path], without: Subject | None = None) -> bool:
    """Merge files of repeats; False when there are none. No number is made of them."""
    if not files:
        return False
    with work.lake.incoming() as incoming:
        target = incoming.folder / "merged.parquet"
        facts = work.engine.merge_repeats(kind, files, target, without)
        work.lake.replace(files, target if facts else None)
    return True


def merge_coverage(lake: Lake, files: Sequence[Path], without: Subject | None = None) -> bool:
    """Merge files of coverage, or of its repeats; False when there are none."""
    if not files:
        return False
    kept = fewest(look for look in lake.observed(files) if without is None or look.corp_id != without.corp_id)
    of_repeats = files[0] in lake.repeated_observations()
    lake.replace_looks(files, *((kept, []) if of_repeats else apart(kept)))
    return True


def _merge(work: Workspace, kind: Kind, files: Sequence[Path], without: Subject | None) -> Path | None:
    with work.lake.incoming() as incoming:
        target, repeats = incoming.folder / "merged.parquet", incoming.folder / "repeats.parquet"
        added = {path: work.lake.info(path).added for path in files}
        facts = work.engine.merge(kind, added, target, without, repeats)
        beside = repeats if repeats.exists() else None
        (place,) = work.lake.replace_all([Replacement(files, target if facts else None, beside)])
        return place


def _sweep(lake: Lake) -> None:
    if lake.exists():
        with lake.refreshing():
            lake.sweep()


def _all(files: Sequence[Path]) -> list[Path]:
    sorted_ = len(files) == 1 and (is_merged(files[0]) or files[0].suffix != ".parquet")
    return [] if sorted_ else list(files)


def _worthwhile(lake: Lake, files: Sequence[Path], now: float, quiet: float) -> list[Path]:
    """All, when they are several that were never merged and have not changed for a while; of many, the small ones."""
    if len(files) < 2:
        return []
    infos = {path: lake.info(path) for path in files}
    if not any(map(is_merged, files)) and max(info.added for info in infos.values()) <= now - quiet:
        return list(files)
    return list(_light({path: info.size for path, info in infos.items()})) if len(files) > MANY else []


def _light(sizes: dict[Path, int]) -> Iterator[Path]:
    """The smallest files, each light beside those before it."""
    total = 0
    for number, path in enumerate(sorted(sizes, key=sizes.__getitem__)):
        if number > 1 and sizes[path] > _LIGHT * total:
            return
        total += sizes[path]
        yield path
