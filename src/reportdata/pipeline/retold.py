"""Records without ids that are likely to be those of another file or source, told otherwise.

A digest stands for a record without an id (`reportdata.digests`), and changes with what it is of: the person's name and
departments, or the template. So where a department was renamed between two exports, or one of two has a column that the
other lacks, or has ids, all reports of a day count twice. Nobody can tell them from others by one record; but that all
of a file fall on the minutes of others that the file itself does not have is no chance.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import msgspec

from reportdata.days import PARTITION, day_of_folder
from reportdata.digests import PREFIX
from reportdata.errors import LakeError
from reportdata.kinds import Kind
from reportdata.pipeline.damage import noting
from reportdata.pipeline.imports import StagedImport
from reportdata.pipeline.workspace import Workspace
from reportdata.plurals import count_of
from reportdata.services.sql import Computation

LARGEST = 32 << 20
"""Bytes of a file's new facts, and of those that they are compared with, up to which they are."""
_SHARE = 0.9
"""How many of the records of both sides share a minute where they are the same."""


def told(work: Workspace, staged: StagedImport) -> Iterator[str]:
    """What is to be said of the new facts of files: that they are likely to be others that count already. Nothing is
    said where a file that would be compared cannot be read: that stops no import."""
    for kind in work.kinds.values():
        if kind.sheet is None:
            continue
        before: dict[str, list[Path]] = {}
        for (name, found), incoming in zip(staged.files, staged.incoming, strict=True):
            new = _by_day(incoming.folder / kind.name)
            if not new:
                continue
            known = work.lake.files(kind.name, list(new))
            others = list(dict.fromkeys(path for day in new for path in (*known.get(day, ()), *before.get(day, ()))))
            repeated = [path for paths in _by_day(incoming.folder / kind.repeats).values() for path in paths]
            files = [path for paths in new.values() for path in paths]
            if others and max(_size(files), sum(work.lake.info(path).size for path in others)) <= LARGEST:
                with suppress(LakeError), noting(work):
                    if count := retold(work, kind, _Files(files, others, repeated), found.known):
                        yield f"{name}: {_said(count, kind)}"
            for day, paths in new.items():
                before.setdefault(day, []).extend(paths)


class _Files(NamedTuple):
    """Files of new facts, of those of the same days that were known or came with the same import, and of those that the
    imported file repeats of other imports."""

    new: Sequence[Path]
    others: Sequence[Path]
    repeated: Sequence[Path]


def retold(work: Workspace, kind: Kind, files: _Files, known: int) -> int:
    """How many new facts are likely to be among others under another id; 0 when they are not.

    :param known: how many records of the file were known, from other imports or from files before it.
    """
    views = tuple(msgspec.structs.replace(kind, name=name) for name in ("facts", "others", "repeated"))
    held = {"facts": files.new, "others": files.others, "repeated": files.repeated}
    if not any(work.engine.rows(Computation(_digest_of(kind), ("id_",), (), views[:2]), held)):
        return 0
    what = Computation(_compared(kind), ("count",), (), views)
    ((shared, of_new, of_others, repeated),) = work.engine.rows(what, held)
    beside = of_others - max(0, known - repeated)  # what a file before it has, too, is in no file of repeats
    return int(shared) if shared >= max(1 if repeated else 2, _SHARE * max(of_new, beside)) else 0


def _digest_of(kind: Kind) -> str:
    """A record without an id, where there is one. Files of ids that begin otherwise are not read for it."""
    id_ = kind.sheet.id if kind.sheet is not None else ""
    return (
        f"select {id_} from (from facts where {id_} between '{PREFIX}' and '{PREFIX}~' union all "
        f"from others where {id_} between '{PREFIX}' and '{PREFIX}~') limit 1"
    )


def _compared(kind: Kind) -> str:
    """How many records of days share a minute, or a second where both sides tell it, of which one has no id; how many
    either side has in the time in which both have some; and how many both have under one id."""
    id_ = kind.sheet.id if kind.sheet is not None else ""
    second = f"cast(floor(epoch_us({kind.time}) / 1000000) as bigint)"
    one = f"select corp_id, stat_day, {id_} as id_, min({second}) as second_, max({second} % 60) > 0 as exact_ from"
    each = "group by all"
    return f"""
        with new_ as materialized (
            {one} facts where (corp_id, {id_}) not in (select (corp_id, {id_}) from others) {each}
        ), other_ as materialized (
            {one} others where (corp_id, {id_}) not in (select (corp_id, {id_}) from facts)
            and (corp_id, {id_}) not in (select (corp_id, {id_}) from repeated) {each}
        ), unit_ as (
            select case when (select bool_or(exact_) from new_) and (select bool_or(exact_) from other_)
            then 1 else 60 end as seconds_
        ), both_ as (
            select corp_id, stat_day, second_ // seconds_ as place_, starts_with(id_, '{PREFIX}') as named_,
                1 as fresh_, 0 as known_
            from new_, unit_
            union all
            select corp_id, stat_day, second_ // seconds_, starts_with(id_, '{PREFIX}'), 0, 1 from other_, unit_
        ), span_ as (
            select corp_id, stat_day,
                greatest(min(place_) filter (fresh_ = 1), min(place_) filter (known_ = 1)) as first_,
                least(max(place_) filter (fresh_ = 1), max(place_) filter (known_ = 1)) as last_
            from both_ group by all having sum(fresh_) > 0 and sum(known_) > 0
        ), place as (
            select corp_id, stat_day, place_, sum(fresh_) as fresh_, sum(known_) as known_, bool_or(named_) as named_
            from both_ join span_ using (corp_id, stat_day) where place_ between first_ and last_ group by all
        )
        select coalesce(sum(least(fresh_, known_)) filter (named_), 0), coalesce(sum(fresh_), 0),
            coalesce(sum(known_), 0), (select count(*) from repeated)
        from place
    """


def _by_day(folder: Path) -> dict[str, list[Path]]:
    found: dict[str, list[Path]] = {}
    for path in sorted(folder.glob(f"{PARTITION}*/*.parquet")):
        found.setdefault(day_of_folder(path.parent.name), []).append(path)
    return found


def _size(files: Sequence[Path]) -> int:
    return sum(path.stat().st_size for path in files)


def _said(count: int, kind: Kind) -> str:
    return (
        f"{count_of(count, f'{kind.name} fact is', f'{kind.name} facts are')} at the very minutes of others that are "
        "not in this file: if they are the same, told with another name, department, template or id, they count twice; "
        "keep one of the two, and take the other back with `reportdata unimport`"
    )
