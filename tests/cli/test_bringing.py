"""What a process does with files that were brought: of the caller's kinds alone, and all of them or none; and how their
uploads are kept."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from reportdata.api.bringing import Run, Said
from reportdata.cli.bringing import carried_out
from reportdata.cli.import_process import Job
from reportdata.cli.import_runs import absolute
from reportdata.cli.upload_folders import MOST_OF_ONE
from reportdata.cli.uploads import Uploads
from reportdata.errors import BadValue
from reportdata.http.answers import Failed
from reportdata.pipeline import silent
from tests.support.folders import Folder

CORP = "ding1"
OF_REPORTS = ("sent", "commented", "withdrawn")
REPORTS = "report_id,user_id,sent_at\nr1,u1,2024-01-05 09:00\n"
CHECKINS = "user_id,checked_in_at\nu1,2024-01-05 08:00\n"


def _import(folder: Folder, at: Path, files: dict[str, str], kinds: tuple[str, ...]) -> dict[str, Any]:
    at.mkdir(exist_ok=True)
    for name, text in files.items():
        (at / name).write_text(text)
    return carried_out(absolute(folder.settings), Job("import", CORP, str(at), tuple(files), kinds=kinds), silent)


@pytest.mark.whole
def test_facts_of_a_service_are_brought_and_undone_by_its_own_scope_alone(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "data", services=(Path("counted/checkins"),))
    folder.add_organisation(CORP)
    refused = _import(folder, tmp_path / "a", {"c.csv": CHECKINS}, OF_REPORTS)
    assert (refused["import"], refused["added"], len(refused["failures"])) == (None, 0, 1)
    said = Said(covers=("checked_in",))
    with pytest.raises(BadValue, match="checked_in"):
        carried_out(
            absolute(folder.settings), Job("preview", CORP, str(tmp_path), ("c.csv",), said, kinds=OF_REPORTS), silent
        )
    done = _import(folder, tmp_path / "a", {"c.csv": CHECKINS}, (*OF_REPORTS, "checked_in"))
    assert done["added"] == 1
    undo = Job("undo", CORP, str(tmp_path), import_id=done["import"], kinds=OF_REPORTS)
    with pytest.raises(BadValue, match="brought facts of checked_in") as caught:
        carried_out(absolute(folder.settings), undo, silent)
    assert "DataCenter.Checkin.Write" in caught.value.hint
    undo = Job("undo", CORP, str(tmp_path), import_id=done["import"], kinds=("checked_in",))
    assert carried_out(absolute(folder.settings), undo, silent)["factsRemoved"] == 1


def test_a_file_that_cannot_be_imported_keeps_the_others_from_it(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "data")
    folder.add_organisation(CORP)
    files = {"good.csv": REPORTS, "bad.csv": REPORTS.replace("09:00", "noon")}
    done = _import(folder, tmp_path / "a", files, OF_REPORTS)
    assert (done["import"], done["added"], len(done["failures"])) == (None, 0, 1)
    assert folder.store.imports() == []
    assert not folder.lake.paths("sent")


def test_people_are_told_in_the_language_that_they_ask_for(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "data")
    folder.add_organisation(CORP)
    (tmp_path / "应交.csv").write_text("姓名,部门,应交,实交\n王一,人事部,22,20\n")
    (tmp_path / "bad.csv").write_text(REPORTS + "r2,u2,noon\n")

    def told(**said: Any) -> dict[str, Any]:
        job = Job("preview", CORP, str(tmp_path), ("应交.csv", "bad.csv"), Said(skip_bad=True, **said))
        return carried_out(absolute(folder.settings), job, silent)

    english, chinese = told(), told(lang="zh")
    assert "no column holds a time" in english["failures"][0]
    assert "没有列是时间" in chinese["failures"][0]
    assert chinese["hints"][0].startswith("这是按人或按天汇总的数字，无法据此统计")
    assert [text.startswith("bad.csv 第 3 行：") for text in chinese["skippedRecords"]] == [True]
    others = {name: english[name] for name in english if name not in ("notes", "failures", "hints", "skippedRecords")}
    assert others == {name: chinese[name] for name in others}, "what programs read is the same"


@pytest.mark.whole
def test_no_file_is_put_to_others_that_somebody_works_on(tmp_path: Path) -> None:
    uploads = Uploads(tmp_path)
    upload = asyncio.run(uploads.take(CORP, None, ("日志\u3000一.csv", None), _content(b"1")))
    assert [one.name for one in uploads.stored(upload)] == ["日志 一.csv"]
    held = 0

    async def come() -> AsyncIterator[bytes]:
        nonlocal held
        yield b"2"
        held = uploads.hold(upload)  # an import begins while the file comes

    with pytest.raises(Failed) as caught:
        asyncio.run(uploads.take(CORP, upload, ("b.csv", None), come()))
    assert held
    assert caught.value.fault.code == "Import.Running"
    assert [one.name for one in uploads.stored(upload)] == ["日志 一.csv"]


def test_imports_that_are_over_keep_nobody_from_bringing_more(tmp_path: Path) -> None:
    uploads = Uploads(tmp_path)
    for _ in range(2):
        made = [asyncio.run(uploads.take(CORP, None, ("a.csv", None), _content(b"1"))) for _ in range(MOST_OF_ONE)]
        with pytest.raises(Failed):
            asyncio.run(uploads.take(CORP, None, ("a.csv", None), _content(b"1")))
        for upload in made:
            uploads.empty(upload)
            uploads.note(upload, Run(what="import", state="done"))
    left = asyncio.run(uploads.take(CORP, None, ("a.csv", None), _content(b"1")))
    assert left
    uploads.require(CORP, made[-1])


async def _content(text: bytes) -> AsyncIterator[bytes]:
    yield text
