"""Damage to the lake: which files are gone or are not what was added, and whose numbers rest on them.

The store notes it, so that serving tells it, and the log says it once. A day that rests on a damaged file keeps its
numbers until the file is whole again, or is given up (`reportdata.pipeline.repairing`).
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Protocol

from reportdata.days import days_between, to_date
from reportdata.errors import Damaged, LakeError, StoreError
from reportdata.lake import Lake
from reportdata.lake.files import days_of_file
from reportdata.plurals import count_of
from reportdata.services import Service, Services
from reportdata.statistics.plan import pieces_of
from reportdata.store import Damage, Store

log = logging.getLogger("reportdata.lake")

_ELSEWHERE = (
    "bring it back, or say where it is with --lake; where it is lost, make a new data folder by `reportdata restore "
    "BACKUP`, or by importing everything again"
)

_NAMED = 5
"""Pieces of days that are told."""

SET_ASIDE = ".damaged"
"""How the name of a segment of the inbox ends that could not be read: what it held is lost until it is pushed again."""


class LakeAndStore(Protocol):
    """A lake, and the store of the numbers of services that are computed from it."""

    @property
    def lake(self) -> Lake: ...

    @property
    def store(self) -> Store: ...

    @property
    def services(self) -> Services: ...


def require_lake(lake: Lake, store: Store, services: Iterable[Service]) -> None:
    """A lake to which nothing was ever added is not that of a store with numbers, or with days that were observed: it
    was removed, is not mounted, or lies elsewhere. What was added to it would take the place of what is counted
    already.

    :raises LakeError: when it is so.
    """
    if not lake.is_blank():
        return
    counted = [service for service in services if service.has_facts]
    if any(store.fingerprints(service.id) for service in counted):
        raise LakeError(f"the lake {lake.address} is empty, but numbers were computed from its facts", _ELSEWHERE)
    kinds = {kind for service in counted for kind in service.reads()}
    if any(look.kind.partition(" ")[0] in kinds for look in store.observations()):
        raise LakeError(f"the lake {lake.address} is empty, but days were observed by what it told", _ELSEWHERE)


def damaged_days(damage: Iterable[Damage]) -> dict[str, dict[str, list[str]]]:
    """By service, the days that are not computed, and the damaged files that they rest on. Days of which pushed facts
    were lost are computed from the others."""
    found: dict[str, dict[str, list[str]]] = {}
    for service, day, file in damage:
        if day and not file.endswith(SET_ASIDE):
            found.setdefault(service, {}).setdefault(day, []).append(file)
    return found


def left(work: LakeAndStore) -> list[Damage]:
    """What of the damage that the store notes is there still: not a file that is whole again, or counts no more."""
    noted = work.store.damage()
    lost = {file for file in {one.file for one in noted} if _is_lost(work, file)}
    return [one for one in noted if one.file in lost]


def _is_lost(work: LakeAndStore, file: str) -> bool:
    path = work.lake.member(file)
    if path is not None:
        return bool(work.lake.lost([path]))
    return file.endswith(SET_ASIDE) and Path(file).exists()


def note_damage(
    work: LakeAndStore, found: Mapping[str, Mapping[str, Sequence[str]]], others: Collection[str] = ()
) -> list[Damage]:
    """Let the store note what is damaged, and say in the log what is new; returns all of it.

    :param found: by service and day, files that it rests on.
    :param others: files that are damaged, whatever rests on them.
    """
    noted = work.store.damage()
    damage = set(left(work)) if noted else set()
    damage |= {Damage(service, day, file) for service, days in found.items() for day in days for file in days[day]}
    for file in {*others, *(one.file for one in damage)}:
        damage |= set(_of_file(work, file))
    if damage != set(noted):
        work.store.put_damage(sorted(damage), noted)
        _tell({one.file for one in noted}, sorted(damage))
    return sorted(damage)


@contextmanager
def noting(work: LakeAndStore) -> Iterator[None]:
    """Within this block, who reads the lake and meets damaged files lets the store note them."""
    try:
        yield
    except Damaged as error:
        note_met(work, error)
        raise


def note_met(work: LakeAndStore, error: Damaged) -> None:
    """Let the store note the damage that somebody met who read the lake; not where all of the lake is gone, which was
    moved or unmounted. Where it cannot be noted, the next one meets it again."""
    with suppress(StoreError, LakeError):
        if work.lake.exists():
            note_damage(work, {}, error.files)


def told_days(work: LakeAndStore, files: Iterable[str]) -> str:
    """The days of the facts in damaged files, as ``2021-06-20, 2021-06-22 – 2021-06-24``; empty where these are all
    days: facts that take back others, or what was observed."""
    days: set[str] = set()
    for file in files:
        path = work.lake.member(file)
        if path is None:
            continue
        if path.suffix != ".parquet" or work.services.kinds[path.parents[1].name].retracts is not None:
            return ""
        days.update(days_between(*days_of_file(path)))
    pieces = [[to_date(day).isoformat() for day in dict.fromkeys(piece)] for piece in pieces_of(days)]
    return ", ".join([*map(" – ".join, pieces[:_NAMED]), *(["…"] if len(pieces) > _NAMED else [])])


def note_segment(work: LakeAndStore, file: str, places: Collection[tuple[str, str]]) -> None:
    """Let the store note that facts are lost which were pushed.

    :param file: the segment that held them, where it was set aside.
    :param places: kinds and stat days of facts that it holds still, as far as that can be read.
    """
    found: dict[str, dict[str, list[str]]] = {}
    for service in work.services:
        for kind, day in places:
            if kind in service.reads():
                found.setdefault(service.id, {})[day] = [file]
    note_damage(work, found, [file])


def _of_file(work: LakeAndStore, file: str) -> Iterable[Damage]:
    """A damaged file, and the days that rest on it by themselves: not those of facts that take back others, whose
    numbers were made when it was whole."""
    yield Damage("", "", file)
    path = work.lake.member(file)
    if path is None or path.suffix != ".parquet":
        return
    kind = path.parents[1].name
    for service in work.services:
        if kind in service.reads() and work.services.kinds[kind].retracts is None:
            computed = work.store.fingerprints(service.id, list(days_between(*days_of_file(path))))
            yield from (Damage(service.id, day, file) for day in computed)


def _tell(before: Collection[str], damage: Sequence[Damage]) -> None:
    files = {one.file for one in damage}
    for file in sorted(files - set(before)):
        days = len({one.stat_day for one in damage if one.file == file and one.stat_day})
        log.error(
            "%s is gone, or is not what was added: %s; see `reportdata repair`",
            file,
            count_of(
                days,
                "day that needs it keeps the numbers that it had",
                "days that need it keep the numbers that they had",
            ),
        )
    for file in sorted(set(before) - files):
        log.warning("%s is whole again, or counts no more", file)
