"""What changed a number is told rightly after anything that may happen, in any order."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from reportdata.store import Store
from reportdata.store.replay import Change
from reportdata.store.standing import standing
from tests.support.changes import changes_in
from tests.support.examples import tried_with
from tests.support.folders import Folder
from tests.support.oracle import Commented, Sent, Withdrawn
from tests.support.services import SERVICE
from tests.support.taking_back import (
    FIRST,
    LAST,
    NOW,
    ZONES,
    Bring,
    Import,
    Played,
    Step,
    Tidy,
    Undo,
    play,
    steps,
)


@pytest.mark.whole
@tried_with(3, 150)
def test_whatever_happens_each_change_has_its_cause(examples: int) -> None:
    """And the last value of each number is what is served."""

    @settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck))
    @given(steps)
    def check(sequence: list[Step]) -> None:
        with tempfile.TemporaryDirectory() as temporary:
            folder = Folder(Path(temporary) / "data")
            before: dict[str, list[Change]] = {corp_id: [] for corp_id in ZONES}

            def after(number: int, done: Played) -> None:
                for corp_id in ZONES:
                    found = changes_in(folder.store, corp_id)
                    assert found[: len(before[corp_id])] == before[corp_id]
                    new = found[len(before[corp_id]) :]
                    _check(sequence, number, done, Path(temporary) / "files", corp_id, new)
                    _check_values(folder.store, corp_id, found)
                    before[corp_id] = found

            with closing(folder.store):
                play(folder, sequence, Path(temporary) / "files", after=after)

    check()


def _check(
    sequence: Sequence[Step], number: int, done: Played, files: Path, corp_id: str, new: Sequence[Change]
) -> None:
    step = sequence[number]
    if isinstance(step, Tidy):
        assert new == []
        return
    for change in new:
        assert change.was != change.now
        assert change.causes, change
        for cause in change.causes:
            assert cause in _causes(sequence, number, done, files, (corp_id, change.stat_day)), (cause, step)


def _causes(sequence: Sequence[Step], number: int, done: Played, files: Path, place: tuple[str, str]) -> set[str]:
    """What may have changed an organisation's day, which is the place, at a step."""
    corp_id, day = place
    step = sequence[number]
    if isinstance(step, Undo):
        order = [before for before, one in enumerate(sequence[:number]) if isinstance(one, Import)]
        return {f"unimport {done.ids[order[step.number % len(order)]]}"} if order else set()
    origins = [("push" if step.pushed else "collection", step.facts)] if isinstance(step, Bring) else []
    if isinstance(step, Import):
        folders = (files / str(number) / str(of) for of in range(len(step.files)))
        contents = [facts for facts, of in zip(step.files, folders, strict=True) for _ in of.iterdir()]
        origins = [(f"import {done.ids[number]} file {of}", facts) for of, facts in enumerate(contents, 1)]
    found = {"coverage"}
    for origin, facts in origins:
        own = [fact for fact in facts if fact.corp_id == corp_id]
        if any(isinstance(fact, Withdrawn) for fact in own):
            found.add(f"withdrawal by {origin}")
        if any(
            isinstance(fact, Sent | Commented) and f"{fact.at.astimezone(ZONES[corp_id]):%Y%m%d}" == day for fact in own
        ):
            found.add(origin)
    return found


def _check_values(store: Store, corp_id: str, found: Sequence[Change]) -> None:
    last: dict[tuple[str, str], Any] = {}
    for change in found:
        assert last.get((change.stat_day, change.kpi_id)) == change.was
        last[change.stat_day, change.kpi_id] = change.now
    for day in standing(store, SERVICE, corp_id, FIRST, LAST, NOW + 1e6):
        for kpi in SERVICE.kpis:
            assert last.get((day.stat_day, kpi.id)) == day.values.get(kpi.id), (day.stat_day, kpi.id)
