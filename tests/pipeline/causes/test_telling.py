"""How changes are told: in pages, since a moment, and by commands."""

from __future__ import annotations

import json
import time
from typing import Any
from urllib.parse import parse_qsl

import pytest

from reportdata.errors import BadValue
from reportdata.pipeline.changed import changed
from reportdata.statistics.changes import read_changes
from tests.support.changes import CORP, sent
from tests.support.folders import Folder, run
from tests.support.services import SERVICE
from tests.support.taking_back import (
    NOW,
    START,
    Bring,
    Import,
)


@pytest.mark.whole
def test_changes_come_in_pages_that_fit_together(folder: Folder, played: Any) -> None:
    played(Import([[sent(1)]]), *(Bring([sent(n)], pushed=True) for n in range(2, 7)))
    ask = {"since": "2026-09-21", "pageSize": "5"}
    rows: list[dict[str, Any]] = []
    now = time.time()
    while ask:
        found = changed(folder.store, SERVICE, CORP, read_changes(ask.items(), SERVICE), now)
        rows += found.data
        now += 100
        following = found.meta["nextPage"]
        ask = dict(_parameters(following)) if following else {}
    assert [row["is"] for row in rows if row["metric"] == "reports"] == [1, 2, 3, 4, 5, 6]
    assert all(row["state"] != "missing" for row in rows)
    late = changed(folder.store, SERVICE, CORP, read_changes({"since": "2030-01-01"}.items(), SERVICE), 2e9)
    assert (late.data, late.meta["emptyReason"]) == ([], "no number changed since then")


def test_changes_are_asked_for_since_the_first_day_of_all_and_since_the_last_answer(
    folder: Folder, played: Any
) -> None:
    """Which may have come from a machine whose clock is ahead; the next answer goes on from there."""
    played(Import([[sent(1)]]))
    whole = changed(folder.store, SERVICE, CORP, read_changes({"since": "2000-01-01"}.items(), SERVICE), NOW + 600)
    assert [row["is"] for row in whole.data if row["metric"] == "reports"] == [1]
    again = read_changes({"since": whole.meta["asOf"]}.items(), SERVICE)
    none = changed(folder.store, SERVICE, CORP, again, NOW + 597)
    assert (none.data, none.meta["asOf"]) == ([], whole.meta["asOf"])
    with pytest.raises(BadValue, match="lies ahead"):
        changed(folder.store, SERVICE, CORP, again, NOW - 3_600)
    for day in ("19991231", "2100-01-01"):
        with pytest.raises(BadValue, match="none of the days that facts may have"):
            read_changes({"since": day}.items(), SERVICE)


def _parameters(address: str) -> list[tuple[str, str]]:
    return parse_qsl(address.partition("?")[2])


@pytest.mark.whole
def test_commands_tell_the_same(folder: Folder, played: Any) -> None:
    played(Import([[sent(1)]]), Bring([sent(2)], pushed=True))
    day = f"{START:%Y%m%d}"
    found = run(folder, "changes", "--since", "2026-01-01", "--corp", CORP, "--format", "json")
    assert [row["is"] for row in json.loads(found.stdout)["data"] if row["metric"] == "reports"] == [1, 2]
    place = json.loads(found.stdout)["meta"]["nextSince"]
    later = run(folder, "changes", "--since", place, "--corp", CORP)
    assert "no number changed since then" in later.stdout
    assert later.stdout.endswith(f"Later changes: --since {place}\n")
    csv = run(folder, "changes", "--since", place, "--corp", CORP, "--format", "csv")
    assert (csv.stdout.count("\n"), csv.stderr) == (1, f"Later changes: --since {place}\n")
    table = run(folder, "changes", "--since", "2026-01-01", "--corp", CORP).stdout
    assert "push" in table
    explained = run(folder, "explain", "senders", day, "--corp", CORP, "--format", "json")
    answer = json.loads(explained.stdout)
    assert [row["user"] for row in answer["data"]] == ["user-1", "user-2"]
    assert [row["cause"] for row in answer["meta"]["history"]][1:] == ["push"]
    chinese = run(
        folder, "explain", "reports", day, "--corp", CORP, "--lang", "zh", "--than", f"asOf={START.isoformat()}"
    )
    assert "推送" in chinese.stdout
    assert "2 new, 0 gone, 0 both" in chinese.stdout
    assert run(folder, "explain", "colour", day, "--corp", CORP).exit_code == 1
    assert run(folder, "explain", "reports", "--corp", CORP).exit_code == 1
