"""What the files of an import show of days together: what one of them lacks, another one does not make whole.

A person who says that all facts of a kind are there says it of the import. A day of which a file lacks facts is
partial, whatever another file of the same import has of it; where a file has none of a kind and lacks some, they may be
of any day, and so may be records that withdrawals take back.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from zoneinfo import ZoneInfo

from reportdata.coverage import Observation, latest, partly
from reportdata.days import day_after, day_before
from reportdata.kinds import Kinds
from reportdata.pipeline.windows import Asked, within_windows


def combined(
    files: Sequence[Asked], kinds: Kinds, corp_id: str | None, zone_of: Callable[[str], ZoneInfo]
) -> tuple[list[Observation], list[str]]:
    """The looks of all files of an import, and what is to be said of them beyond what each says.

    :param corp_id: the organisation of files that name none.
    """
    unread = {kind for one in files for kind in one.found.unread}
    believed = [one._replace(looks=list(_beside(one, unread))) for one in files]
    looks, notes = within_windows(believed, corp_id, zone_of)
    lost: dict[tuple[str, str], list[Observation]] = {}
    for piece in latest(look for one in files for look in one.looks if look.kind in map(partly, one.found.lost)):
        lost.setdefault((piece.corp_id, piece.kind), []).append(piece)
    unplaced = {kind for one in files for kind in one.found.lost if partly(kind) not in {of.kind for of in one.looks}}
    unplaced |= {of for kind in unplaced if (of := kinds[kind].retracts) is not None}
    parts = (_parted(look, lost) if look.kind not in unplaced else [_in_part(look)] for look in looks)
    return [piece for pieces in parts for piece in pieces], notes


def _beside(one: Asked, unread: Collection[str]) -> Iterator[Observation]:
    """The looks of a file beside files in which facts of kinds were not read: that there are none, or all that stand
    within its records, is not to be said of these."""
    found = one.found
    for look in one.looks:
        if look.kind not in unread or (look.kind in found.told and look.kind not in found.within):
            yield look
        elif look.kind in found.spans:
            yield _in_part(look) if look.kind in found.within else look


def _in_part(look: Observation) -> Observation:
    return look._replace(kind=partly(look.kind))


def _parted(look: Observation, lost: Mapping[tuple[str, str], Sequence[Observation]]) -> Iterator[Observation]:
    """A look, its days of which a file lacks facts as a look at a part of them."""
    first = look.first_day
    for piece in lost.get((look.corp_id, partly(look.kind)), ()):
        begin, end = max(first, piece.first_day), min(look.last_day, piece.last_day)
        if begin > end:
            continue
        if first < begin:
            yield look._replace(first_day=first, last_day=day_before(begin))
        yield _in_part(look)._replace(first_day=begin, last_day=end)
        first = day_after(end)
    if first <= look.last_day:
        yield look._replace(first_day=first)
