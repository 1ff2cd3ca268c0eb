"""Compaction: the small files of the lake merged, while everything goes on.

The files of a day and kind become one, sorted by organisation, so that little is read for one of them. Withdrawals of
all days become one, because a day's numbers need those of any other. Small files are merged among themselves until they
weigh enough beside a large one: so a fact is written anew a few times in all, not with each merge.

A merge is one step under the lock for refreshing. A kill at any moment leaves the old files or the new one in the lake
(`reportdata.lake.replacements`). The store then notes the new file in place of the old ones, and the day need not be
computed again; a kill before that makes the day stale, nothing worse.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path

import msgspec

from reportdata.catalogue import Service
from reportdata.days import latest
from reportdata.engines import Engine, Subject, definition
from reportdata.facts import Kind
from reportdata.lake import DayFiles, Lake
from reportdata.lake.files import fingerprint, is_merged
from reportdata.pipeline import Progress, silent
from reportdata.store import Store

MANY = 8
"""Files of a day and kind, or of withdrawals, or of coverage: more than these are merged."""
QUIET = 3600.0
"""Seconds since a day's newest file after which even two files are merged, when none of them is a merged one."""
_LIGHT = 4
"""How many times as much as the smaller files together a file may weigh to be merged with them."""

Choice = Callable[[Sequence[Path]], list[Path]]
"""Which of some files are merged into one; none, or one alone when only its order can be bettered."""


def compact(
    lake: Lake,
    store: Store,
    engine: Engine,
    service: Service,
    *,
    now: float,
    days: Collection[str] | None = None,
    everything: bool = False,
    quiet: float = QUIET,
    most: int | None = None,
    progress: Progress = silent,
) -> int:
    """Merge small files, in steps that each take the lock for refreshing; returns how many merges were made.

    Files that were merged go when nobody reads them: now, or in a later call.

    :param now: seconds since 1970, as the times when files were added.
    :param days: look at the reports and comments of these days only; at withdrawals and coverage always.
    :param everything: make one file of whatever is more, or was never sorted.
    :param quiet: seconds without a change after which a day that was never merged is, when it has but two files.
    :param most: merges to make at most.
    """
    _sweep(lake)

    def choose(files: Sequence[Path]) -> list[Path]:
        return _all(files) if everything else _worthwhile(lake, files, now, quiet)

    steps = _steps(lake, days, choose)
    merged = 0
    for number, (kind, day) in enumerate(steps):
        if most is not None and merged >= most:
            break
        progress("merging files", number, len(steps))
        merged += _step(lake, store, engine, service.id or "", kind, day, choose)
        _sweep(lake)
    progress("merging files", len(steps), len(steps))
    return merged


def _steps(lake: Lake, days: Collection[str] | None, choose: Choice) -> list[tuple[Kind | None, str]]:
    """What there is to merge: kinds and days; no kind for coverage."""
    found: list[tuple[Kind | None, str]] = []
    with lake.reading():
        found += [("withdrawn", "")] * bool(choose(lake.withdrawals()))
        found += [(None, "")] * bool(choose(lake.observations()))
        kinds: tuple[Kind, ...] = ("sent", "commented")
        found += [(kind, day) for kind in kinds for day, files in lake.files(kind, days).items() if choose(files)]
    return found


def _step(lake: Lake, store: Store, engine: Engine, service: str, kind: Kind | None, day: str, choose: Choice) -> bool:
    """Merge files of a day, of withdrawals or of coverage; False when there are none any more."""
    with lake.refreshing():
        if kind is None:
            return merge_coverage(lake, choose(lake.observations()))
        if kind == "withdrawn":
            applied = store.applied_withdrawals(service)
            chosen = choose([path for path in lake.withdrawals() if path.name in applied])
            return merge_withdrawals(lake, store, engine, service, chosen)
        files = lake.days([day]).get(day, DayFiles((), ()))
        noted = store.computed_files(service, [day]).get(day, frozenset())
        if noted and noted <= files.names():  # what was added since shows whom the day is stale for: it is left
            files = files.only(noted)
        chosen = choose(files.sent if kind == "sent" else files.commented)
        return merge_day(lake, store, engine, service, kind, day, chosen)


def merge_day(
    lake: Lake,
    store: Store,
    engine: Engine,
    service: str,
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
    place = _merge(lake, engine, kind, files, without)
    noted = store.computed_files(service, [day]).get(day, frozenset())
    names = {f"{kind}/{path.name}" for path in files}
    if same and names <= noted:
        now = (noted - names) | ({f"{kind}/{place.name}"} if place else set())
        was = fingerprint(noted, definition())
        store.exchange_files(service, day, was, fingerprint(now, definition()), now)
    return True


def merge_withdrawals(
    lake: Lake, store: Store, engine: Engine, service: str, files: Sequence[Path], without: Subject | None = None
) -> bool:
    """Merge files of withdrawals that were all applied, or of which none was; False when there are none."""
    if not files:
        return False
    applied = files[0].name in store.applied_withdrawals(service)
    place = _merge(lake, engine, "withdrawn", files, without)
    store.exchange_withdrawals(service, [path.name for path in files], place.name if place and applied else None)
    return True


def merge_coverage(lake: Lake, files: Sequence[Path], without: Subject | None = None) -> bool:
    """Merge files of coverage; False when there are none."""
    if not files:
        return False
    kept = latest(look for look in lake.observed(files) if without is None or look.corp_id != without.corp_id)
    with lake.incoming() as incoming:
        incoming.coverage.write_bytes(msgspec.json.Encoder().encode_lines(kept))
        lake.replace(files, incoming.coverage if kept else None)
    return True


def _merge(lake: Lake, engine: Engine, kind: Kind, files: Sequence[Path], without: Subject | None) -> Path | None:
    with lake.incoming() as incoming:
        target = incoming.folder / "merged.parquet"
        facts = engine.merge(kind, files, target, without)
        return lake.replace(files, target if facts else None)


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
