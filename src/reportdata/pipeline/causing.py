"""What changed the numbers of a day, by its files: those that came since it was last computed, and the origins of their
facts.

Where files went, they were merged, or written anew without some facts: a merged file brings nothing new then, and who
took facts away has announced it (`reportdata.store.Store.announce`). What nobody can tell has no cause.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from reportdata.causes import DEFINITION, of_origin, withdrawal
from reportdata.engines import Brought
from reportdata.kinds import Kind
from reportdata.lake.files import is_merged
from reportdata.pipeline.day_files import DayFiles, fingerprint, together
from reportdata.pipeline.workspace import Workspace
from reportdata.services import Service
from reportdata.store import Announced, Store
from reportdata.store.changing import EVERYBODY

OfDays = dict[str, dict[str, list[str]]]
"""What changed the numbers of days, by day and organisation."""


class Before(NamedTuple):
    """What days were computed from: the names of files, and the fingerprint, of those that were computed."""

    files: Mapping[str, frozenset[str]]
    fingerprints: Mapping[str, str]


def causes_of(work: Workspace, days: Mapping[str, DayFiles], before: Before, defined: str) -> OfDays:
    """What changes the numbers of days that are computed as a whole.

    :param defined: the definition of the service's numbers.
    """
    found: OfDays = {}
    came: dict[str, DayFiles] = {}
    redefined: set[str] = set()
    for day, files in days.items():
        was, names = before.files.get(day, frozenset()), files.names()
        fingerprint_ = before.fingerprints.get(day)
        if not was and fingerprint_ not in (None, fingerprint((), defined)):
            continue  # an older release noted no files
        if was and fingerprint_ and fingerprint_ != fingerprint(was, defined):
            redefined.add(day)
        new = _came(files, names - was, merged=was <= names)
        if new.paths():
            came[day] = new
    own = work.engine.sole_origins([path for files in came.values() for path in files.paths()])
    mixed: dict[str, DayFiles] = {}
    for day, files in came.items():
        origins = {own.get(path) for path in files.paths()}
        if len(origins) == 1 and (origin := origins.pop()) is not None:
            found[day] = {EVERYBODY: [of_origin(origin)]}
        else:
            mixed[day] = files
    found |= by_origin(brought(work, mixed.values()), mixed)
    for day in redefined:
        found.setdefault(day, {}).setdefault(EVERYBODY, []).append(DEFINITION)
    return found


def brought(work: Workspace, files: Iterable[DayFiles]) -> Iterable[Brought]:
    """What files of days brought, by organisation, day and origin."""
    paths = {work.kinds[kind]: found for kind, found in together(files).items()}
    return work.engine.brought(paths) if paths else ()


def by_origin(found: Iterable[Brought], days: Collection[str]) -> OfDays:
    """Facts that came as causes."""
    causes: OfDays = {}
    for corp_id, day, origin in found:
        if day in days:
            own = causes.setdefault(day, {}).setdefault(corp_id, [])
            if (cause := of_origin(origin)) not in own:
                own.append(cause)
    return {day: {corp_id: sorted(own) for corp_id, own in named.items()} for day, named in causes.items()}


def withdrawals_of(work: Workspace, unapplied: Mapping[str, Sequence[Path]]) -> dict[str, list[str]]:
    """The causes that files are whose facts take back others, by organisation."""
    files: dict[Kind, Sequence[Path]] = {work.kinds[kind]: paths for kind, paths in unapplied.items()}
    found: dict[str, set[str]] = {}
    for corp_id, _, origin in work.engine.brought(files):
        found.setdefault(corp_id, set()).add(withdrawal(origin))
    return {corp_id: sorted(causes) for corp_id, causes in found.items()}


def announce(store: Store, services: Iterable[Service], kind: Kind, announced: Collection[Announced]) -> None:
    """Announce what is about to change the numbers that are made of a kind."""
    for service in services:
        if kind.name in service.reads() and announced:
            store.announce(service.id, announced)


def make_stale(store: Store, service_id: str, day: str, fingerprint_: str) -> None:
    """Let a day be computed anew as a whole, though its files stay, unless others computed it meanwhile."""
    names = store.computed_files(service_id, [day]).get(day, frozenset())
    store.exchange_files(service_id, day, fingerprint_, "", names)


def _came(files: DayFiles, names: Collection[str], *, merged: bool) -> DayFiles:
    """The files of these names; merged ones only where they may bring something."""
    new = files.only(names)
    if merged:
        return new
    return DayFiles({kind: tuple(p for p in paths if not is_merged(p)) for kind, paths in new.kinds.items()})
