"""A token of one organisation never yields a byte of another's."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.support.examples import tried_with
from tests.support.folders import Folder
from tests.support.organisations import Organisations
from tests.support.serving import serving


@tried_with(10, 60)
def test_no_token_reads_another_organisation(tmp_path: Path, examples: int) -> None:
    folder = Folder(tmp_path / "data")
    with closing(folder.store), serving(folder) as found:
        run_state_machine_as_test(
            lambda: Organisations(folder, found.address),  # type: ignore[arg-type] # whatever makes a machine will do
            settings=settings(
                max_examples=examples,
                stateful_step_count=30,
                deadline=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
