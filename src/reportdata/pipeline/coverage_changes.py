"""What was observed, without what an import observed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from reportdata.coverage import Observation
from reportdata.lake import Incoming, Lake, Replacement
from reportdata.lake.looks import apart, fewest, written


class CoverageChange(NamedTuple):
    """The files of coverage that change, and what was observed before and afterwards, of the organisations that an
    import was the only one to tell something of, or the latest."""

    replacements: list[Replacement]
    corp_ids: set[str]
    before: set[Observation]
    after: set[Observation]


def without_origin(lake: Lake, import_id: str, incoming: Incoming) -> CoverageChange:
    """Write the files anew that hold what an import observed. Where it was the only one to tell something, or the
    latest, what other imports had told takes its place."""
    told, repeats = _by_file(lake, lake.observations()), _by_file(lake, lake.repeated_observations())
    files = [path for path, looks in told.items() if _holds(looks, import_id)]
    corp_ids = {look.corp_id for path in files for look in told[path] if look.origin == import_id}
    others = {look for path, looks in told.items() if path not in files for look in looks}
    again = [path for path, looks in repeats.items() if _holds(looks, import_id) or _names(looks, corp_ids)]
    left = {look for path in again for look in repeats[path] if look.origin != import_id}
    waiting = {look for look in left if look.corp_id in corp_ids}
    stays = {look for path in files for look in told[path] if look.origin != import_id}
    found = apart(fewest(stays | waiting), others)
    left = {*(left - waiting), *found.repeats}
    replacements = []
    if files:
        by, beside = written(incoming.coverage, sorted(found.told)), None
        if left and not again:
            beside = written(incoming.coverage_repeats, sorted(left))
        replacements.append(Replacement(files, by, beside))
    if again:
        replacements.append(Replacement(again, written(incoming.coverage_repeats, sorted(left))))
    before = {look for looks in told.values() for look in looks if look.corp_id in corp_ids}
    after = {look for look in {*others, *found.told} if look.corp_id in corp_ids}
    return CoverageChange(replacements, corp_ids, before, after)


def _by_file(lake: Lake, files: Sequence[Path]) -> dict[Path, set[Observation]]:
    return {path: set(lake.observed([path])) for path in files}


def _holds(looks: set[Observation], import_id: str) -> bool:
    return any(look.origin == import_id for look in looks)


def _names(looks: set[Observation], corp_ids: set[str]) -> bool:
    return any(look.corp_id in corp_ids for look in looks)
