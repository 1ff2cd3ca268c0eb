"""Records that share an id and are told differently: by two people, or on two days.

All of them count, by the rule that facts are a set: nobody knows which is right. So they are told: at import those
among its files, and those that share an id with facts of the nearest days of the lake, as far as that costs little; by
``reportdata doctor`` those of the newest files, whenever they came.

The id of a record is what another kind takes it back by, as a withdrawal does a report. A digest of a name that stands
for a person may be the person that another record gives an id for, so it differs from none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import msgspec

from reportdata.days import PARTITION, from_date, to_date
from reportdata.digests import PREFIX
from reportdata.errors import LakeError
from reportdata.kinds import Kind, Kinds
from reportdata.lake import Lake
from reportdata.lake.files import days_of_file
from reportdata.pipeline.damage import noting
from reportdata.pipeline.imports import StagedImport
from reportdata.pipeline.workspace import Workspace
from reportdata.plurals import count_of
from reportdata.services.sql import Computation

CHEAP = 16 << 20
"""Bytes of the lake's files that an import compares its own facts with."""
LARGE = 64 << 20
"""Bytes of a file's new facts from which on they are not compared at all."""
SHOWN = 3
"""Clashes that are named."""
_FEW = 4 << 20
"""Bytes of new facts up to which those of several files are compared at once."""
_UNPACKED = 16
"""How many times its size a file takes in memory while its ids are compared, at most."""


class Told(NamedTuple):
    """How a record is told: by whom, and on which stat day."""

    person: str
    stat_day: str


class Clash(NamedTuple):
    """An id of an organisation, and two ways in which it is told."""

    corp_id: str
    id: str
    one: Told
    other: Told

    def __str__(self) -> str:
        way, way2 = (f"by {told.person} on {told.stat_day}" for told in (self.one, self.other))
        return f"{self.id} of {self.corp_id}, {way} and {way2}"


class Clashes(NamedTuple):
    """How many ids clash, and some of them."""

    number: int
    some: Sequence[Clash]


def identified(kinds: Kinds) -> Iterator[tuple[Kind, Sequence[str]]]:
    """The kinds whose facts have ids and are somebody's, with the columns of their ids."""
    for by in kinds.retracting():
        kind = kinds[by.retracts or ""]
        if kind.person is not None and kind.person not in by.by:
            yield kind, by.by


def clashes(work: Workspace, kind: Kind, by: Sequence[str], new: Sequence[Path], others: Sequence[Path]) -> Clashes:
    """The ids in new files that are told differently in others, which may be the same."""
    one, other = (msgspec.structs.replace(kind, name=name) for name in ("facts", "others"))
    files: Mapping[str, Sequence[Path]] = {"facts": new, "others": others}
    joined = _differing(kind, by)
    ids = ", ".join(f"facts.{column}" for column in ("corp_id", *by))
    counted = Computation(f"select count(*) from (select distinct {ids} {joined})", ("count",), (), (one, other))
    ((count,),) = work.engine.rows(counted, files)
    if not count:
        return Clashes(0, ())
    ways = ", ".join(f"{side}.{column}" for side in ("facts", "others") for column in (kind.person, "stat_day"))
    named = Computation(f"select {ids}, {ways} {joined} order by all limit {SHOWN * 4}", ("corp_id",), (), (one, other))
    found: dict[tuple[str, str], Clash] = {}
    for corp_id, *rest in work.engine.rows(named, files):
        *own, person, day, other_person, other_day = rest
        ways_ = sorted((Told(person, from_date(day)), Told(other_person, from_date(other_day))), key=lambda t: t[::-1])
        id_ = "/".join(map(str, own))
        found.setdefault((corp_id, id_), Clash(corp_id, id_, *ways_))
    return Clashes(int(count), list(found.values())[:SHOWN])


class _New(NamedTuple):
    """The files of the new facts of an imported file, how many bytes they have, and whether they may share ids."""

    name: str
    files: Sequence[Path]
    size: int
    alike: bool


def told(work: Workspace, staged: StagedImport, memory: int | None = None) -> Iterator[str]:
    """What is to be said of the new facts of files: that they share ids with the lake's, or with each other, and are
    told differently. Nothing is said where a file that would be compared cannot be read: that stops no import.

    Small files are compared together first: each by itself, only if there is anything to say.

    :param memory: bytes that the import may take; comparing takes a multiple of the files' size, and is left out where
        that is too much.
    """
    large = LARGE if memory is None else min(LARGE, memory // _UNPACKED)
    for kind, by in identified(work.kinds):
        before: list[Path] = []
        for group in _together(_news(staged, kind), min(_FEW, large)):
            compared = [one for one in group if one.size <= large]
            new = [path for one in compared for path in one.files]
            near = nearest(work.lake, kind, [days_of_file(path)[0] for path in new]) if new else []
            if len(compared) < 2 or _clashing(work, kind, by, new, [*near, *before, *new]).number:
                for one in compared:
                    found = _clashing(work, kind, by, one.files, [*near, *before, *(one.files if one.alike else ())])
                    if found.number:
                        yield f"{one.name}: {said(found, kind)}: all of them count"
                    before += one.files
            else:
                before += new
            before += (path for one in group if one.size > large for path in one.files)


def _clashing(work: Workspace, kind: Kind, by: Sequence[str], new: Sequence[Path], others: Sequence[Path]) -> Clashes:
    with suppress(LakeError), noting(work):
        return clashes(work, kind, by, new, others) if others else Clashes(0, ())
    return Clashes(0, ())


def _news(staged: StagedImport, kind: Kind) -> Iterator[_New]:
    """The new facts of each file that has some of the kind."""
    for (name, found), incoming in zip(staged.files, staged.incoming, strict=True):
        files = sorted((incoming.folder / kind.name).glob(f"{PARTITION}*/*.parquet"))
        if files:
            yield _New(name, files, sum(path.stat().st_size for path in files), kind.name in found.alike)


def _together(news: Iterable[_New], most: int) -> Iterator[list[_New]]:
    """Files one after the other that have so many bytes together, or one at least."""
    group: list[_New] = []
    for one in news:
        if group and sum(other.size for other in group) + one.size > most:
            yield group
            group = []
        group.append(one)
    if group:
        yield group


def said(found: Clashes, kind: Kind) -> str:
    """Clashes in words."""
    some = "; ".join(map(str, found.some))
    more = f", and {found.number - len(found.some):,} more" if found.number > len(found.some) else ""
    return (
        f"{count_of(found.number, f'id of {kind.name} facts is', f'ids of {kind.name} facts are')} of two people or "
        f"two days: {some}{more}"
    )


def nearest(lake: Lake, kind: Kind, days: Sequence[str], most: int = CHEAP) -> list[Path]:
    """Files of the lake of these days and those that are nearest to them, so many as have so many bytes."""
    first, last = to_date(min(days)).toordinal(), to_date(max(days)).toordinal()

    def distance(path: Path) -> tuple[int, str]:
        begin, end = (to_date(day).toordinal() for day in days_of_file(path))
        return max(0, begin - last, first - end), path.name

    found: list[Path] = []
    for path in sorted(lake.paths(kind.name), key=distance):
        most -= lake.info(path).size
        if most < 0:
            break
        found.append(path)
    return found


def _differing(kind: Kind, by: Sequence[str]) -> str:
    """Facts with those of the others that have the same id, and another day or person."""
    same = " and ".join(f"facts.{column} = others.{column}" for column in ("corp_id", *by))
    named = " and ".join(f"not starts_with({side}.{kind.person}, '{PREFIX}')" for side in ("facts", "others"))
    differing = f"facts.{kind.person} <> others.{kind.person} and {named}"
    return f"from facts join others on {same} where facts.stat_day <> others.stat_day or ({differing})"
