"""What ``doctor`` finds in a data folder."""

from __future__ import annotations

import time
from pathlib import Path

from reportdata.cli.doctor import examine
from reportdata.cli.doctor.findings import Examined, Finding, State
from reportdata.settings import Settings
from tests.support.folders import Folder

DAY = 86_400


def look(
    folder: Folder | Path, *, after: float = 0, certificate: Path | None = None, thorough: bool = False
) -> dict[str, list[Finding]]:
    """What is found some seconds from now, by check."""
    path = folder if isinstance(folder, Path) else folder.path
    found: dict[str, list[Finding]] = {}
    for name, finding in examine(Examined(Settings(path), time.time() + after, certificate, thorough=thorough)):
        found.setdefault(name, []).append(finding)
    return found


def one(found: dict[str, list[Finding]], name: str, state: State) -> Finding:
    """The only finding of a check, which is in that state and says what to do unless it is well."""
    (finding,) = found[name]
    assert finding.state is state, finding
    assert bool(finding.advice) == (state is not State.OK)
    return finding
