"""A data folder that the first release wrote opens for ever, and everything goes on in it.

``tests/data/first-release`` was written by the first schema: the sample records of these tests, a report that was
withdrawn, a second organisation, an app and its secret.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from reportdata.services import REPORTS as REPORT_DATA
from reportdata.store.sqlite import schemas
from tests.support.calling import Call, connected
from tests.support.folders import Folder, run
from tests.support.paths import DATA
from tests.support.serving import serving

APP_KEY, SECRET = "dingjfjmxchox2no4dky", "WyfV8bpRXrxZWCttMD9rJl8gwdPa8uB09tNPyfUah9FCVvVaGiIgR4of1XTHa4bk"
WITHDRAWN_DAY = "20250111"


@pytest.fixture
def old(tmp_path: Path) -> Iterator[Folder]:
    """The folder of the first release, opened and so migrated."""
    shutil.copytree(DATA / "first-release", tmp_path / "data")
    (tmp_path / "data").chmod(0o700)  # as that release made it
    first, own = schemas(tmp_path / "data" / "store.db")
    assert (first, own) == (1, own)
    assert own > 1
    folder = Folder(tmp_path / "data")
    yield folder
    folder.store.close()


def _truth() -> dict[tuple[str, str], tuple[int, ...]]:
    days = json.loads((DATA / "truth.json").read_text("utf-8"))["days"]
    found = {("dingsample", day): tuple(kpis.values()) for day, kpis in days.items() if any(kpis.values())}
    reports, senders, commenters = found["dingsample", WITHDRAWN_DAY]
    found["dingsample", WITHDRAWN_DAY] = (reports - 1, senders - 1, commenters)
    return {**found, ("dingother", "20250120"): (1, 1, 0)}


def test_its_numbers_are_served_and_stay_the_same(old: Folder) -> None:
    assert old.days() == _truth()
    assert old.refresh().changed == 0
    assert old.refresh().days == []
    assert old.store.faults(thorough=True) == []
    with serving(old) as server:
        with connected(server.address) as ask:
            answer = ask(f"GET /gettoken?appkey={APP_KEY}&appsecret={SECRET} HTTP/1.1\r\nHost: h\r\n\r\n".encode())
        token = json.loads(answer.body)["access_token"]
        (row,) = json.loads(Call(server.address, token, "20250103").answer().body)["dataList"]
    assert (row["4100_DAY"], row["4101_DAY"], row["4102_DAY"]) == _truth()["dingsample", "20250103"]


@pytest.mark.whole
def test_new_facts_are_counted_beside_its_own(old: Folder, tmp_path: Path) -> None:
    again = old.import_(DATA / "reports.csv", DATA / "comments.csv", corp_id="dingsample")
    assert again.added == 0
    new = tmp_path / "new.jsonl"
    new.write_text(
        '{"corp_id":"dingsample","report_id":"new","user_id":"new","sent_at":"2025-01-03T12:00:00+08:00"}\n', "utf-8"
    )
    assert old.import_(new).added == 1
    reports, senders, commenters = _truth()["dingsample", "20250103"]
    assert old.days() == {**_truth(), ("dingsample", "20250103"): (reports + 1, senders + 1, commenters)}
    assert [version.values["4100"] for version in old.store.history(REPORT_DATA, "dingsample", "20250103")] == [
        25,
        25,
        26,
    ]


def test_it_is_refreshed_compacted_and_backed_up_without_a_change(old: Folder, tmp_path: Path) -> None:
    assert old.refresh(first_day="20000101").changed == 0
    assert run(old, "compact", "--json").exit_code == 0
    assert run(old, "backup", tmp_path / "backup").exit_code == 0
    assert old.days() == _truth()
    assert old.refresh().changed == 0
    assert old.refresh().days == []
