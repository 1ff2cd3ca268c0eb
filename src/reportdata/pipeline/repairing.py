"""Repair of the lake: damaged files are brought back from a backup, or given up by name.

A file that was given up counts no more. What its facts said is not known any more, which is not the same as nothing:
so nothing of its kind counts as observed on its days, until they are imported or collected again. Facts that take back
others may concern any day before: of what they take back, nothing counts as observed until their last day.
"""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from reportdata.causes import REPAIR
from reportdata.collector.ledger import Ledger
from reportdata.collector.recollection import Lost, collect_again
from reportdata.coverage import Coverage, Observation, latest, partly
from reportdata.days import days_between
from reportdata.errors import BadValue, NotKnown
from reportdata.kinds import REPEATS, Kind
from reportdata.lake import Replacement
from reportdata.lake.files import COVERAGE, COVERAGE_REPEATS, days_of_file
from reportdata.lake.looks import fewest, written
from reportdata.pipeline import Progress, silent
from reportdata.pipeline.causing import announce
from reportdata.pipeline.damage import note_damage, require_lake
from reportdata.pipeline.observed import outside
from reportdata.pipeline.verifying import damaged_files
from reportdata.pipeline.workspace import Workspace
from reportdata.states import State
from reportdata.store import FIRST_DAY, Announced, Damage
from reportdata.store.changing import EVERYBODY


@dataclass
class Repaired:
    """What a repair did: files that were brought back, files that were given up, what counts as observed no more, and
    the damage that is left."""

    back: list[str] = field(default_factory=list)
    given_up: list[str] = field(default_factory=list)
    unobserved: list[Coverage] = field(default_factory=list)
    left: list[Damage] = field(default_factory=list)

    @property
    def damaged(self) -> list[str]:
        """The files that are damaged still."""
        return sorted({one.file for one in self.left})


def repair(
    work: Workspace,
    backup: Path | None = None,
    give_up: Sequence[str] = (),
    progress: Progress = silent,
) -> Repaired:
    """Look for damaged files, bring back those that a backup has, give up those that are named, and let the store note
    what is left. Days are computed by the next refresh.

    :param backup: a backup, or another data folder or lake with the same files.
    :raises NotKnown: when a file that is to be given up is none of the lake's.
    :raises BadValue: when it is whole.
    """
    require_lake(work.lake, work.store, work.services)
    done = Repaired()
    damaged = damaged_files(work, progress)
    for name in damaged if backup is not None else ():
        path = work.lake.member(name)
        if backup is not None and path is not None and _bring_back(work, path, backup):
            done.back.append(name)
    damaged = [name for name in damaged if name not in done.back]
    with work.lake.refreshing():
        note_damage(work, {}, damaged)
    if give_up:
        _give_up(work, [_named(work, name, damaged) for name in give_up], done)
        damaged = [name for name in damaged if name not in done.given_up]
    with work.lake.refreshing():
        done.left = note_damage(work, {}, damaged)
        work.lake.mend()
    return done


def _bring_back(work: Workspace, path: Path, backup: Path) -> bool:
    key = work.lake.key(path)
    for source in (backup / "lake" / key, backup / key):
        if source.is_file():
            with work.lake.incoming() as incoming:
                copy = incoming.folder / source.name
                with source.open("rb") as there, copy.open("wb") as here:
                    shutil.copyfileobj(there, here)
                if work.lake.bring_back(path, copy):
                    return True
    return False


def _named(work: Workspace, name: str, damaged: Collection[str]) -> Path:
    path = work.lake.member(name) or next(
        (path for one in damaged if one.endswith(f"/{name}") and (path := work.lake.member(one)) is not None), None
    )
    if path is None:
        raise NotKnown(f"{name} is none of the lake's files", "name one as `reportdata repair` does")
    if work.lake.name(path) not in damaged:
        raise BadValue(f"{name} is whole", "`reportdata unimport` takes an import back, `reportdata forget` facts")
    return path


def _give_up(work: Workspace, paths: Sequence[Path], done: Repaired) -> None:
    """Let files count no more, and withdraw what was observed of what they held. The collector and the store are told
    first."""
    lake, kinds = work.lake, work.kinds
    withdrawn: list[tuple[str, str, str]] = []
    given_up: list[tuple[Kind, str]] = []
    for path in paths:
        kind = kinds.get(path.parents[1].name) if path.suffix == ".parquet" else None
        if kind is not None:
            first, last = days_of_file(path)
            withdrawn.append((kind.retracts, FIRST_DAY, last) if kind.retracts else (kind.name, first, last))
            given_up += [] if kind.retracts else [(kind, day) for day in days_between(first, last)]
            _collect_again(work, Lost(kind.name, first, last))
    _note_missing(work, withdrawn)
    with lake.taking_back(), lake.refreshing(), lake.incoming() as incoming:
        replacements = [Replacement([path], None) for path in paths]
        for files, folder in ((lake.observations(), COVERAGE), (lake.repeated_observations(), COVERAGE_REPEATS)):
            left = [path for path in files if path not in paths]
            concerned = [path for path in left if _concerned(lake.observed([path]), withdrawn, work)]
            if concerned:
                looks = fewest(_without(lake.observed(concerned), withdrawn, work))
                by = incoming.folder / f"{folder}.given-up"
                replacements.append(Replacement(concerned, written(by, sorted(looks))))
        _uncover(work, withdrawn, [path for path in paths if path.parent.name == COVERAGE], done)
        for kind, day in given_up:
            announce(work.store, work.services, kind, [Announced(EVERYBODY, day, REPAIR)])
        lake.replace_all(replacements)
        done.given_up += [lake.name(path) for path in paths]


def _collect_again(work: Workspace, lost: Lost) -> None:
    """Let what the collector brought be collected again; what else the file held, nobody can bring back."""
    if work.settings.ledger.exists():
        zones = {organisation.corp_id: organisation.time_zone for organisation in work.store.organisations()}
        with closing(Ledger(work.settings.ledger, new=False)) as ledger:
            collect_again(ledger, lost, zones)


def _note_missing(work: Workspace, withdrawn: Sequence[tuple[str, str, str]]) -> None:
    """What a collector noted of numbers holds no more; it notes them anew when it has seen their facts again."""
    for service in work.services:
        for kind, first, last in withdrawn:
            noted = work.store.states(service.id, None, first, last)
            work.store.put_states(
                service.id,
                [state._replace(state=State.MISSING) for state in noted if kind in service.observed(state.kpi_id)],
            )


def _by_kinds(look: Observation, work: Workspace) -> Iterator[Observation]:
    """A look kind by kind, with its origin."""
    if look.kind:
        yield look
    else:
        yield from (look._replace(kind=kind) for kind in work.kinds.before_kinds())


def _concerned(looks: Iterable[Observation], withdrawn: Sequence[tuple[str, str, str]], work: Workspace) -> bool:
    return any(
        one.kind in (kind, partly(kind)) and one.first_day <= last and one.last_day >= first
        for look in looks
        for one in _by_kinds(look, work)
        for kind, first, last in withdrawn
    )


def _without(
    looks: Iterable[Observation], withdrawn: Sequence[tuple[str, str, str]], work: Workspace
) -> list[Observation]:
    """Looks without the days of kinds that are withdrawn."""
    found = [one for look in looks for one in _by_kinds(look, work)]
    for kind, first, last in withdrawn:
        own = [look for look in found if look.kind in (kind, partly(kind))]
        begin = max([first, *([min(look.first_day for look in own)] if own else [])])
        end = min([last, *([max(look.last_day for look in own)] if own else [])])
        days = list(days_between(begin, end)) if own else []
        found = [look for look in found if look.kind not in (kind, partly(kind))] + list(outside(own, days))
    return found


def _uncover(
    work: Workspace, withdrawn: Sequence[tuple[str, str, str]], coverage: Sequence[Path], done: Repaired
) -> None:
    """Take from the store what is withdrawn, and what only files of coverage told that are given up."""
    told = work.store.observations()
    left = _without(told, withdrawn, work)
    if coverage:
        seen = set(work.lake.observed([path for path in work.lake.observations() if path not in coverage]))
        known = latest(one._replace(at=0) for look in seen for one in _by_kinds(look, work))
        left = [piece for look in left for piece in _known(look, known, work)]
    before, after = _by_place(told), _by_place(left)
    changed = {place: after.get(place, []) for place, looks in before.items() if latest(looks) != after.get(place, [])}
    if changed:
        work.store.replace_coverage(changed, cause=REPAIR)
    for (corp_id, kind), looks in changed.items():
        stays = {day for look in looks for day in days_between(look.first_day, look.last_day)}
        was = {day for look in before[corp_id, kind] for day in days_between(look.first_day, look.last_day)}
        lost = (Observation(corp_id, day, day, 0, kind) for day in was - stays)
        done.unobserved += [look.coverage for look in latest(lost)]


def _known(look: Observation, known: Sequence[Observation], work: Workspace) -> Iterator[Observation]:
    """What of a look the lake still tells; of what is no fact, all."""
    if look.kind.partition(" ")[0].removesuffix(REPEATS) not in work.kinds:
        yield look
        return
    for piece in known:
        first, last = max(look.first_day, piece.first_day), min(look.last_day, piece.last_day)
        if (piece.corp_id, piece.kind) == (look.corp_id, look.kind) and first <= last:
            yield look._replace(first_day=first, last_day=last)


def _by_place(looks: Iterable[Observation]) -> dict[tuple[str, str], list[Observation]]:
    found: dict[tuple[str, str], list[Observation]] = {}
    for look in latest(looks):
        found.setdefault((look.corp_id, look.kind), []).append(look)
    return found
